"""Which column of an export is the outcome, and what each of its values means, from flags where there are any."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.parsing import parse_flags
from icp_ml.deals.words import listed
from icp_ml.errors import InputError, TooFewDeals
from icp_training.guessing import Texts
from icp_training.presets.matching import Recognised

_WON = re.compile(r"\b(won|win|closed.?won|yes|true|1)\b", re.IGNORECASE)
_LOST = re.compile(r"\b(lost|loss|lose|closed.?lost|no|false|0)\b", re.IGNORECASE)
_NOT_WON = re.compile(r"\bnot[ _-]?won\b", re.IGNORECASE)
_IGNORED = re.compile(r"duplicate|\btest\b", re.IGNORECASE)
_OUTCOME_NAMES = ("outcome", "result", "stage", "status", "won")
MOST_OUTCOMES = 30
MOST_ANSWERS = 4
"""Values of an outcome that is told by yes and no, or 1 and 0, with room for "open" and the like. A column with more
of them, such as the days in a stage, only happens to hold a 0 and a 1; we chose it."""
NEARLY_ONLY = 0.05
"""Share of deals of one stage that may contradict the flags: somebody always moves a deal by hand. We chose it."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Outcome:
    """The outcome column and what its values mean; `evidence` says how that is known."""

    column: Texts
    won: tuple[str, ...]
    lost: tuple[str, ...]
    open: tuple[str, ...]
    ignore: tuple[str, ...]
    evidence: str = ""

    def rows(self, values: tuple[str, ...]) -> Flags:
        """bool[n]: the rows with one of these values."""
        return np.array([*(value in values for value in self.column.values), False])[self.column.codes]


def outcome_of(columns: Mapping[str, Texts], seen: Recognised | None) -> Outcome:
    """The outcome of an export of deals.

    Raises `InputError` where no column tells won from lost deals, `TooFewDeals` where all of them end alike.
    """
    if seen is None:
        return outcome_by_words(_column_by_words(columns))
    flags = [_flag(columns, seen.part(part)) for part in ("won", "decided")]
    stages = [columns[name] for part in ("stage", "stage_like") for name in seen.parts.get(part, ()) if name in columns]
    if flags[0] is not None:
        return _outcome_by_flags(stages, columns, seen, flags)
    spoken = next(
        (texts for texts in stages if any(map(is_won, texts.values)) and any(map(is_lost, texts.values))), None
    )
    if spoken is None:
        _refuse_one_outcome(columns)
        raise InputError(
            f"expected stages that say which deals were won and lost, found {listed(stages[0].values)} in "
            f"'{stages[0].name}'; export the columns that say whether a deal is closed and won too"
        )
    return outcome_by_words(spoken)


def outcome_by_words(texts: Texts) -> Outcome:
    """What the values say by themselves; those that say nothing are open."""
    won = tuple(value for value in texts.values if is_won(value))
    lost = tuple(value for value in texts.values if is_lost(value))
    ignore = tuple(value for value in texts.values if _IGNORED.search(value) and value not in won + lost)
    rest = tuple(value for value in texts.values if value not in won + lost + ignore)
    return Outcome(texts, won, lost, rest, ignore)


def is_lost(value: str) -> bool:
    """Whether a value says lost in words."""
    return bool(_NOT_WON.search(value) or (_LOST.search(value) and not _WON.search(value)))


def is_won(value: str) -> bool:
    """Whether a value says won in words."""
    return bool(_WON.search(value) and not _LOST.search(value) and not _NOT_WON.search(value))


def _flag(columns: Mapping[str, Texts], name: str | None) -> NDArray[np.float64] | None:
    """1, 0 or NaN for each row of a column of yes and no; None where there is no such column."""
    if name is None or name not in columns or not columns[name].values:
        return None
    texts = columns[name]
    read = parse_flags(pa.array(texts.values)).values
    return None if np.isnan(read).any() else np.append(read, np.nan)[texts.codes]


def _outcome_by_flags(
    stages: Sequence[Texts],
    columns: Mapping[str, Texts],
    seen: Recognised,
    flags: Sequence[NDArray[np.float64] | None],
) -> Outcome:
    won, decided = flags
    assert won is not None
    told = [seen.part("won"), *([seen.part("decided")] if decided is not None else [])]
    for texts in stages:
        found = _by_flags(texts, won, decided)
        if found is not None:
            _check_both(found)
            return found
    if decided is None or (decided[~np.isnan(decided)] == 1).all():
        found = outcome_by_words(columns[str(seen.part("won"))])
        _check_both(found)
        return found
    raise InputError(
        f"expected stages that are won, lost or open throughout by {listed([str(name) for name in told])}, found none "
        f"among {listed([texts.name for texts in stages])}; export a column with one value for each outcome"
    )


def _by_flags(texts: Texts, won: NDArray[np.float64], decided: NDArray[np.float64] | None) -> Outcome | None:
    """What each value means by the flags of the deals that carry it; None where one value means several things."""
    meaning: dict[str, list[str]] = {"won": [], "lost": [], "open": [], "ignore": []}
    for code, value in enumerate(texts.values):
        rows = texts.codes == code
        share, over = _share(won[rows]), _share(decided[rows]) if decided is not None else _over_by_words(value)
        if NEARLY_ONLY < share < 1 - NEARLY_ONLY or (share < NEARLY_ONLY < over < 1 - NEARLY_ONLY):
            return None
        if share > 0.5:
            meaning["won"].append(value)
        elif _IGNORED.search(value):
            meaning["ignore"].append(value)
        else:
            meaning["lost" if over > 0.5 else "open"].append(value)
    kept = {name: tuple(values) for name, values in meaning.items()}
    return Outcome(texts, **kept, evidence="by the flags of won and closed deals")


def _share(flags: NDArray[np.float64]) -> float:
    known = flags[~np.isnan(flags)]
    return float(known.mean()) if len(known) else 0.0


def _over_by_words(value: str) -> float:
    return 1.0 if is_lost(value) else 0.0


def _check_both(outcome: Outcome) -> None:
    for name, values in (("won", outcome.won), ("lost", outcome.lost)):
        if not values:
            raise TooFewDeals(
                f"expected won and lost deals, found none that is {name} by '{outcome.column.name}'; export those "
                f"deals too"
            )


def _column_by_words(columns: Mapping[str, Texts]) -> Texts:
    def fits(texts: Texts) -> bool:
        few = 2 <= len(texts.values) <= MOST_OUTCOMES
        return few and any(map(is_won, texts.values)) and any(map(is_lost, texts.values))

    found = [texts for texts in columns.values() if fits(texts)]
    named = [t for word in _OUTCOME_NAMES for t in found if word in t.name.casefold()]
    spoken = [t for t in found if any(re.search("won|lost|loss", v, re.IGNORECASE) for v in t.values)]
    if spoken:
        return next((t for t in named if t in spoken), spoken[0])
    _refuse_one_outcome(columns)
    answers = [t for t in named if len(t.values) <= MOST_ANSWERS]
    if answers:
        return answers[0]
    raise InputError(
        f"expected a column with the outcome of each deal (values such as 'Closed Won' and 'Closed Lost'), found none "
        f"among {listed(list(columns))}; add one to the export"
    )


def _refuse_one_outcome(columns: Mapping[str, Texts]) -> None:
    """A stage that speaks of won deals and of no lost ones, or the other way round, is half an outcome."""
    for texts in columns.values():
        if len(texts.values) > MOST_OUTCOMES or not any(word in texts.name.casefold() for word in _OUTCOME_NAMES):
            continue
        for there, lacking in (("won", "lost"), ("lost", "won")):
            if any(re.search(rf"\b{there}\b", value, re.IGNORECASE) for value in texts.values):
                raise TooFewDeals(
                    f"expected won and lost deals, found in column '{texts.name}' only {listed(texts.values)}, none of "
                    f"which is {lacking}; export those deals too"
                )
