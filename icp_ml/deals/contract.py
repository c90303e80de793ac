"""From the declared sources to the table of deals, with an account of every row.

Two rows are *identical* where the raw text of every attribute agrees and at least `ENOUGH_TO_BE_A_COPY` of
the attributes are known, or where they agree and carry the same id. Copies of a deal in two rows would let a
model recognise in one fold what it learned in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from icp_ml.deals import admission
from icp_ml.deals.accounts import respelled
from icp_ml.deals.admission import Broken, Fates
from icp_ml.deals.answers import answer_texts
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.companies import company_marks
from icp_ml.deals.company_settings import CompanySettings
from icp_ml.deals.date_orders import check_date_orders
from icp_ml.deals.deal_types import LeftOut, columns_to_leave_out_by, left_out
from icp_ml.deals.grading import predicted_of
from icp_ml.deals.ideal_settings import IdealSettings
from icp_ml.deals.joining import join_tables
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.ledger import RejectedRow
from icp_ml.deals.measures import Dates
from icp_ml.deals.measuring import DealRows, Measured, check_left, columns_in_deals, grade_deals, measure_wins
from icp_ml.deals.moments import Days
from icp_ml.deals.openings import Openings, as_known_at_opening, standing
from icp_ml.deals.parsing import ReadDays, parse_days
from icp_ml.deals.potential_settings import PotentialSettings, place_of_amount
from icp_ml.deals.rates import as_of_extract, settle_currencies
from icp_ml.deals.row_order import in_order
from icp_ml.deals.settings import DealsSettings, TablesSettings, WindowSettings
from icp_ml.deals.sources import columns_of, first_line_of, rows_of
from icp_ml.deals.table import Codes, DealTable, Names, OpenDeals
from icp_ml.deals.texts import Column, Flags, Ints, Texts, encode_texts
from icp_ml.deals.win_amounts import read_amounts
from icp_ml.errors import ConfigError, InputError, TooFewDeals

__all__ = ["ENOUGH_TO_BE_A_COPY", "Besides", "DealTable", "identical_rows", "read_deals"]

ENOUGH_TO_BE_A_COPY = 8
"""Known attributes from which two rows that agree in all of them are taken for copies. We chose it: with few
and coarse attributes companies agree by chance (four sizes, seven regions), and agreement is no evidence of
copying."""

_NO_DAYS = np.array([], dtype="datetime64[D]")


@dataclass(frozen=True)
class Besides:
    """What is read of a deal besides its attributes.

    company: by what companies are recognised. ideal: how wins are graded, and whether the grade is what is predicted
    (`grading`). potential: where the amount of a win stands. parted_by: columns whose texts are kept, by which profiles
    part the deals.
    """

    company: CompanySettings = CompanySettings()
    ideal: IdealSettings | None = None
    potential: PotentialSettings | None = None
    parted_by: Sequence[str] = ()


_NOTHING_BESIDES = Besides()


@dataclass(frozen=True)
class _Source:
    """The columns of the contract, read, for every row of the source."""

    ids: Texts
    accounts: Texts | None
    opened: ReadDays | None
    closed: ReadDays | None
    meaning: npt.NDArray[np.int8]
    left_out: tuple[LeftOut, ...]
    first_line: int

    @property
    def decided(self) -> Flags:
        """bool[n]: won, lost, or without an outcome value, and not left out."""
        return ~np.isin(self.meaning, (admission.OPEN, admission.IGNORE, admission.LEFT_OUT))


def read_deals(
    deals: DealsSettings,
    tables: TablesSettings,
    attributes: Sequence[Attribute],
    root: Path,
    besides: Besides = _NOTHING_BESIDES,
) -> DealTable:
    """Read, check and join the declared tables, and parse the attributes of the accepted deals.

    `root`: the folder that the sources are relative to. `besides`: what is read of a deal besides its attributes.

    Raises `ConfigError` where no attribute is declared or the declarations do not fit together, `InputError`
    where a source breaks the contract (see `admission`), `TooFewDeals` where all accepted deals end alike.
    """
    ideal, potential = besides.ideal, besides.potential
    wanted = _wanted(attributes, besides)
    table = _read_columns(deals, tables, wanted, root)
    on_deals = table.schema.names
    source = _read_contract(table, deals, tables, first_line_of(deals, root))
    table, unmatched, joined = join_tables(table, source.accounts, tables, wanted, root, on=deals.account)
    extracted = _extract_day(source, deals)
    why = admission.reasons(_rules(source, deals), source.decided)
    deal_rows = _deal_rows(table, source, extracted)
    measured = measure_wins(ideal, deal_rows, deals, tables.rates, root)
    amounts = read_amounts(potential, measured, deal_rows, deals=deals, rates=tables.rates, root=root)
    fates = _fates(source, deals, why, extracted, measured)
    rows = _in_order(np.flatnonzero(fates.accepted), deals, source, table)
    won = source.meaning[rows]
    _check_what_is_left(won, fates, extracted, measured)
    graded = grade_deals(measured, won, rows)
    openings = _openings(source, deals, rows)
    chosen, dated = as_known_at_opening(table.take(rows), openings, attributes, tables, root, on_deals=on_deals)
    attributes = settle_currencies(chosen, attributes, tables.rates, root)
    parsed = parse_attributes(chosen, attributes, openings.days)
    check_date_orders(parsed, attributes)
    return DealTable(
        ids=source.ids.texts(rows),
        accounts=(source.accounts or source.ids).texts(rows),
        opened=openings.days,
        closed=None if source.closed is None else source.closed.values[rows],
        won=won if graded is None else predicted_of(graded),
        attributes=as_of_extract(attributes, extracted),
        parsed=parsed,
        extracted=extracted,
        open_deals=OpenDeals(_open_since(source, fates.open, deals.window)),
        ledger=admission.ledger_of(fates, deals),
        rejected=_rejected(source, why),
        unmatched_accounts=int(unmatched[rows].sum()),
        identical=identical_rows(chosen, attributes, source.ids.codes[rows]),
        tables=joined,
        company=company_marks(table, source.accounts, besides.company).take(rows),
        dated=dated,
        graded=graded,
        too_recent=OpenDeals(_open_since(source, fates.too_recent, deals.window)),
        unmatched_wins=0 if measured is None else measured.unmatched,
        amounts=None if amounts is None else amounts[rows],
        parted_by={name: encode_texts(table.column(name)).texts(rows) for name in dict.fromkeys(besides.parted_by)},
    )


def _wanted(attributes: Sequence[Attribute], besides: Besides) -> Sequence[str]:
    """The columns to be read beside those of the contract. Raises `ConfigError` where no attribute is declared."""
    if not attributes:
        raise ConfigError("expected at least one attribute to learn from, found none in use; declare attributes")
    place = place_of_amount(besides.potential, besides.ideal)
    of_attributes = (name for each in standing(attributes) for name in each.columns)
    of_wins = (*columns_in_deals(besides.ideal), *columns_in_deals(place.settings if place else None))
    return list(dict.fromkeys([*of_attributes, *besides.company.columns(), *of_wins, *besides.parted_by]))


def _in_order(
    rows: npt.NDArray[np.intp], deals: DealsSettings, source: _Source, table: pa.Table
) -> npt.NDArray[np.intp]:
    """A row's own number tells nothing where it stands for its id."""
    opened, closed = (None if read is None else read.values for read in (source.opened, source.closed))
    return in_order(rows, (opened, None if deals.id is None else source.ids, source.accounts, closed), table)


def _deal_rows(table: pa.Table, source: _Source, extracted: np.datetime64 | None) -> DealRows:
    opened = None if source.opened is None else source.opened.values
    closed = None if source.closed is None else source.closed.values
    return DealRows(table, source.ids, source.accounts, source.meaning, Dates(opened, closed, extracted))


def identical_rows(table: pa.Table, attributes: Sequence[Attribute], ids: Ints) -> Codes:
    """int64[n]: rows that are copies of one another share a code. ids: a code for the id of each row."""
    same = np.zeros(table.num_rows, dtype=np.int64)
    known = np.zeros(table.num_rows, dtype=np.int64)
    for attribute in attributes:
        codes = encode_texts(_told_apart_by(table, attribute)).without_tokens(attribute.missing).codes
        same = _pair_codes(same, codes + 1)
        known += codes >= 0
    return _pair_codes(same, np.where(known < ENOUGH_TO_BE_A_COPY, ids + 1, 0))


def _told_apart_by(table: pa.Table, attribute: Attribute) -> Column:
    """The text of an attribute: its column, or its own answer in it, because two copies may be reasoned differently."""
    if attribute.answer is None:
        return table.column(attribute.column)
    return answer_texts(table, attribute.column, attribute.answer)


def _pair_codes(one: Codes, other: npt.NDArray[np.integer]) -> Codes:
    pairs = one * (int(other.max(initial=0)) + 1) + other
    return np.asarray(pa.array(pairs).dictionary_encode().indices, dtype=np.int64)


def _read_columns(deals: DealsSettings, tables: TablesSettings, wanted: Sequence[str], root: Path) -> pa.Table:
    """The deals with the columns that the contract needs, and of the wanted ones those that they have.

    The tables beside the deals may hold the rest.
    """
    if tables.accounts is not None and deals.account is None:
        raise ConfigError("tables.accounts is declared, but deals.account does not say which column refers to it")
    declared = (deals.id, deals.account, deals.opened, deals.closed, deals.outcome.column)
    needed = [column for column in (*declared, *columns_to_leave_out_by(deals)) if column is not None]
    needed += [lookup.column for lookup in tables.lookups]
    here = wanted
    if tables.accounts is not None or tables.lookups:
        names = columns_of(deals, root)
        here = [column for column in wanted if column in names]
    return rows_of(deals, root, [*needed, *here])


def _read_contract(table: pa.Table, deals: DealsSettings, tables: TablesSettings, first_line: int) -> _Source:
    lines = range(first_line, table.num_rows + first_line)
    numbered = Texts(np.arange(table.num_rows, dtype=np.int32), [str(line) for line in lines])
    accounts = None if deals.account is None else encode_texts(table.column(deals.account))
    if accounts is not None and tables.accounts is not None:
        accounts = respelled(accounts, tables.accounts.spelled)
    meaning = admission.meanings(encode_texts(table.column(deals.outcome.column)), deals.outcome)
    left = left_out(table, deals, lost=meaning == admission.LOST, ignored=meaning == admission.IGNORE)
    return _Source(
        ids=numbered if deals.id is None else encode_texts(table.column(deals.id)),
        accounts=accounts,
        opened=None if deals.opened is None else parse_days(table.column(deals.opened), deals.date_order),
        closed=None if deals.closed is None else parse_days(table.column(deals.closed), deals.date_order),
        meaning=admission.without(meaning, left),
        left_out=left,
        first_line=first_line,
    )


def _openings(source: _Source, deals: DealsSettings, rows: npt.NDArray[np.int64]) -> Openings:
    return Openings(
        ids=None if deals.id is None else source.ids.texts(rows),
        accounts=None if source.accounts is None else source.accounts.texts(rows),
        days=None if source.opened is None else source.opened.values[rows],
    )


def _extract_day(source: _Source, deals: DealsSettings) -> np.datetime64 | None:
    """The declared day, else the last day on which something happened.

    An open deal's closing date is a plan.
    """
    if deals.extracted is not None:
        return np.datetime64(deals.extracted, "D")
    opened = source.opened.values if source.opened else _NO_DAYS
    closed = source.closed.values[source.decided] if source.closed else _NO_DAYS
    days = np.concatenate([opened, closed])
    days = days[~np.isnat(days)]
    return days.max() if len(days) else None


def _rules(source: _Source, deals: DealsSettings) -> Iterator[Broken]:
    no_outcome = source.meaning == admission.NO_OUTCOME
    yield Broken("no outcome", no_outcome, "check deals.outcome.column, or list '' under open or ignore")
    yield from admission.broken_rules(deals, source.ids, source.accounts, source.opened, source.closed)


def _fates(
    source: _Source, deals: DealsSettings, why: Names, extracted: np.datetime64 | None, measured: Measured | None
) -> Fates:
    rejected = why != ""
    kept = source.decided & ~rejected
    opened, closed = (None if read is None else read.values for read in (source.opened, source.closed))
    out = kept & admission.outside_window(opened, closed, extracted, deals.window)
    none = np.zeros(len(kept), dtype=bool)
    too_recent = none if measured is None else kept & ~out & measured.too_recent
    unmeasured = none if measured is None else kept & ~out & ~too_recent & measured.unmeasured
    out_or_not_judged = out | too_recent | unmeasured
    repeated = admission.repeats(source.ids, kept & ~out_or_not_judged, deals)
    return Fates(
        rejected=rejected,
        ignored=source.meaning == admission.IGNORE,
        left_out=source.left_out,
        out_of_window=out,
        open=source.meaning == admission.OPEN,
        too_recent=too_recent,
        unmeasured=unmeasured,
        repeated=repeated,
        accepted=kept & ~out_or_not_judged & ~repeated,
    )


def _check_what_is_left(
    won: npt.NDArray[np.int8], fates: Fates, extracted: np.datetime64 | None, measured: Measured | None
) -> None:
    check_left(won, measured, (fates.too_recent, fates.unmeasured))
    if len(won) == 0 and fates.out_of_window.any():
        raise InputError(
            f"expected deals closed within the window before {extracted}, found none and "
            f"{fates.out_of_window.sum()} "
            "before it; set deals.window.months to null for all, or check deals.window.since, deals.extracted and "
            "deals.date_order"
        )
    for code, outcome in ((admission.WON, "won"), (admission.LOST, "lost")):
        if not (won == code).any():
            raise TooFewDeals(
                f"expected won and lost deals, found none that is {outcome} among {len(won)} accepted rows; "
                f"list its outcome values under deals.outcome.{outcome}, or export those deals too"
            )


def _open_since(source: _Source, is_open: Flags, window: WindowSettings) -> Days:
    """Those that would count, had they closed: of a time that is over they would say that deals take longer."""
    opened = _NO_DAYS if source.opened is None else source.opened.values[is_open]
    opened = np.sort(opened[~np.isnat(opened)])
    return opened if window.since is None else opened[opened >= np.datetime64(window.since, "D")]


def _rejected(source: _Source, why: Names) -> tuple[RejectedRow, ...]:
    rows = np.flatnonzero(why != "")
    deals = source.ids.texts(rows)
    return tuple(
        RejectedRow(int(row) + source.first_line, deal, str(why[row])) for row, deal in zip(rows, deals, strict=True)
    )
