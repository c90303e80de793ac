"""What becomes of each row of the deals: rejected, ignored, open, out of the window, repeated, or accepted.

The first rule that applies decides, in this order:

    ignored         its outcome value is listed under `ignore`
    left out        it is deleted, a test, another deal type or not a loss (see `deal_types`)
    open            its outcome value is listed under `open`
    rejected        it is won or lost and breaks a rule of the contract
    out of window   it closed before the window, or opened before the day since which deals count
    too recent      whether it is what is predicted will only be known later (`measuring`)
    unmeasured      it is won, and nothing is known by which it could be judged as what is predicted
    repeated        its id stands on an earlier accepted row and `repeated_ids` is keep_first
    accepted        all others

Open deals are not rejected: a deal that is not decided often lacks its account or its dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from icp_ml.deals.date_orders import how_to_declare
from icp_ml.deals.deal_types import LeftOut
from icp_ml.deals.ledger import LedgerStep, RowLedger
from icp_ml.deals.moments import Days
from icp_ml.deals.parsing import ReadDays
from icp_ml.deals.settings import DateOrder, DealsSettings, OutcomeSettings, WindowSettings
from icp_ml.deals.texts import Flags, Texts, gather
from icp_ml.deals.words import listed
from icp_ml.errors import InputError

WON, LOST, OPEN, IGNORE, LEFT_OUT, NO_OUTCOME = 1, 0, 2, 3, 4, -1
"""Codes of `meanings`."""

TOO_MANY_BROKEN = 0.5
"""The share of decided deals over which a broken rule is a mistake in the configuration, not in the rows. We
chose it: with most rows broken, the rest are no sample of anything."""

_FORMAT_OF: dict[DateOrder, str] = {"iso": "2024-12-31", "mdy": "12/31/2024", "dmy": "31/12/2024"}

Meanings = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Broken:
    """One rule of the contract: the rows that break it, and what to do where most of them do."""

    reason: str
    rows: Flags
    fix: str


@dataclass(frozen=True)
class Fates:
    """What became of each row; the arrays are bool[n], and every row is in exactly one of them."""

    rejected: Flags
    ignored: Flags
    left_out: tuple[LeftOut, ...]
    out_of_window: Flags
    open: Flags
    too_recent: Flags
    unmeasured: Flags
    repeated: Flags
    accepted: Flags


def meanings(outcomes: Texts, settings: OutcomeSettings) -> Meanings:
    """int8[n]: what each row's outcome value means.

    Raises `InputError` where a value is not listed: whether it counts as lost is not ours to guess.
    """
    code_of: dict[str, int] = {}
    for code, values in (
        (WON, settings.won),
        (LOST, settings.lost),
        (OPEN, settings.open),
        (IGNORE, settings.ignore),
    ):
        code_of |= {value.strip().casefold(): code for value in values}
    blank = code_of.get("", NO_OUTCOME)
    of_text = [code_of.get(text.casefold()) for text in outcomes.distinct]
    _check_listed(outcomes, np.array([code is None for code in of_text], dtype=bool), settings)
    return gather(np.array([code or 0 for code in of_text], dtype=np.int8), outcomes.codes, blank)


def without(meaning: Meanings, left: Sequence[LeftOut]) -> Meanings:
    """The same with `LEFT_OUT` for the rows that a rule leaves out."""
    settled = np.zeros(len(meaning), dtype=bool)
    for rule in left:
        settled |= rule.rows
    return np.where(settled, LEFT_OUT, meaning).astype(np.int8)


def _check_listed(outcomes: Texts, unlisted: Flags, settings: OutcomeSettings) -> None:
    rows_of = np.bincount(outcomes.codes[outcomes.codes >= 0], minlength=len(outcomes.distinct)) * unlisted
    if not rows_of.any():
        return
    order = [code for code in np.argsort(-rows_of, kind="stable").tolist() if rows_of[code]]
    found = [f"{outcomes.distinct[code]} ({rows_of[code]} rows)" for code in order]
    raise InputError(
        f"expected every value of '{settings.column}' under won, lost, open or ignore of deals.outcome, "
        f"found {listed(found)} under none; add each to one of the four lists"
    )


def broken_rules(
    settings: DealsSettings,
    ids: Texts,
    accounts: Texts | None,
    opened: ReadDays | None,
    closed: ReadDays | None,
) -> Iterator[Broken]:
    """The rules of the contract in the order in which they are told.

    A row is rejected for the first it breaks.
    """
    yield Broken("no deal id", ids.codes < 0, "check deals.id")
    if accounts is not None:
        yield Broken("no account id", accounts.codes < 0, "check deals.account, or leave it out")
    for name, read in (("opening", opened), ("closing", closed)):
        if read is not None:
            yield Broken(f"no {name} date", read.blank, f"check the column that deals names for the {name} date")
            yield _unreadable(name, read, settings.date_order)
            yield from _dated_after_extract(name, read.values, settings)
    if opened is not None and closed is not None:
        fix = "check that deals.opened and deals.closed are not exchanged, and deals.date_order"
        yield Broken("closed before it opened", closed.values < opened.values, fix)


def _unreadable(name: str, read: ReadDays, order: DateOrder) -> Broken:
    example = f" and '{read.trouble.examples[0]}' was found" if read.trouble.examples else ""
    rows = np.isnat(read.values) & ~read.blank
    declare = how_to_declare(read.trouble.examples, "deals.date_order") if order == "iso" else None
    end = "; set deals.date_order (iso, mdy or dmy)" if declare is None else f", which {declare}"
    fix = f"dates like {_FORMAT_OF[order]} were expected{example}{end}"
    return Broken(f"unreadable {name} date", rows, fix)


def _dated_after_extract(name: str, days: Days, settings: DealsSettings) -> Iterator[Broken]:
    if settings.extracted is not None:
        late = days > np.datetime64(settings.extracted, "D")
        yield Broken(f"{name} date after the extract", late, "check deals.extracted and deals.date_order")


def reasons(rules: Iterator[Broken], decided: Flags) -> npt.NDArray[np.object_]:
    """object[n]: the reason why a decided row is rejected, the empty text where it is not.

    Raises `InputError` where a rule is broken by more than `TOO_MANY_BROKEN` of the decided rows.
    """
    found = np.full(len(decided), "", dtype=object)
    total = int(decided.sum())
    for rule in rules:
        rows = rule.rows & decided
        count = int(rows.sum())
        if count > TOO_MANY_BROKEN * total:
            raise InputError(
                f"expected deals with few faults, found the fault '{rule.reason}' in {count} of {total} won "
                f"or lost deals; {rule.fix}"
            )
        found[rows & (found == "")] = rule.reason
    return found


def outside_window(
    opened: Days | None, closed: Days | None, extracted: np.datetime64 | None, window: WindowSettings
) -> Flags:
    """bool[n]: closed before the day that lies `months` calendar months before the extract, or opened before `since`.

    Both days are inside. opened, closed: datetime64[D][n], None where not declared; bool[] where nothing is outside.
    """
    out = np.zeros((), dtype=bool)
    if window.months is not None and extracted is not None and closed is not None:
        out = closed < months_before(extracted, window.months)
    if window.since is not None and opened is not None:
        out = out | (opened < np.datetime64(window.since, "D"))
    return out


def months_before(day: np.datetime64, months: int) -> np.datetime64:
    """The same day of the month, `months` earlier; the last day of that month where it is shorter."""
    month = day.astype("datetime64[M]")
    into = day - month.astype("datetime64[D]")
    target = month - np.timedelta64(months, "M")
    last = (target + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    same_day = target.astype("datetime64[D]") + into
    return min(same_day, last)


def repeats(ids: Texts, candidates: Flags, settings: DealsSettings) -> Flags:
    """bool[n]: candidates to leave out because their id stands on an earlier candidate.

    Raises `InputError` where `repeated_ids` is refuse and there are any.
    """
    places = np.flatnonzero(candidates)
    first = np.unique(ids.codes[places], return_index=True)[1]
    repeated = candidates.copy()
    repeated[places[first]] = False
    if settings.repeated_ids == "keep_all":
        return np.zeros(len(candidates), dtype=bool)
    if settings.repeated_ids == "refuse" and repeated.any():
        example = ids.texts(np.flatnonzero(repeated))[0]
        raise InputError(
            f"expected every deal id of column '{settings.id}' on one row, found {repeated.sum()} rows that "
            f"repeat one, for example '{example}'; set deals.repeated_ids to keep_first or keep_all"
        )
    return repeated


def _window_words(window: WindowSettings) -> str:
    closed = None if window.months is None else f"closed more than {window.months} months before the extract"
    opened = None if window.since is None else f"opened before {window.since}"
    return " or ".join(words for words in (closed, opened) if words) or "no window is set"


def ledger_of(fates: Fates, settings: DealsSettings) -> RowLedger:
    """Count the fates, with a sentence about each."""
    explained = {
        "rejected": (fates.rejected, "won or lost, and break a rule of the contract"),
        "ignored": (fates.ignored, "their outcome value is listed under ignore"),
        **{rule.name: (rule.rows, rule.explanation) for rule in fates.left_out},
        "out of window": (fates.out_of_window, _window_words(settings.window)),
        "open": (fates.open, "not decided yet"),
        "too recent to judge": (fates.too_recent, "closed too late to know whether they are what is predicted"),
        "not measured": (fates.unmeasured, "won, and no measure is known by which to judge them"),
        "repeated": (fates.repeated, "their deal id stands on an earlier row"),
        "accepted": (fates.accepted, "won or lost, and learned from"),
    }
    rows_of = {name: int(rows.sum()) for name, (rows, _) in explained.items()}
    read = LedgerStep("read", len(fates.accepted), "rows of the source")
    seldom = ("too recent to judge", "not measured")
    told = [name for name in explained if rows_of[name] or name not in seldom]
    steps = tuple(LedgerStep(name, rows_of[name], explained[name][1]) for name in told)
    ledger = RowLedger(
        read=read.rows,
        rejected=rows_of["rejected"],
        ignored=rows_of["ignored"],
        out_of_window=rows_of["out of window"],
        open=rows_of["open"],
        too_recent=rows_of["too recent to judge"],
        unmeasured=rows_of["not measured"],
        repeated=rows_of["repeated"],
        accepted=rows_of["accepted"],
        left_out=sum(rows_of[rule.name] for rule in fates.left_out),
        steps=(read, *steps),
    )
    ledger.check()
    return ledger
