"""From what a model says of deals to the condition that says it in the user's words.

Of all conditions on one attribute the one is taken whose two sides differ most in contributions: the split that leaves
the least squared error (Breiman et al. 1984; for categories Fisher 1958: the best set of levels is a run of them in
the order of their means). Cuts lie at round numbers, ages and declared levels. What is not known takes no side.

    employees   -0.4 -0.3 | +0.2 +0.3 +0.2 | -0.1        at_least 50, under 500
    tools       HubSpot +0.3, without it -0.2            is HubSpot
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.profile.candidates import NO, YES, round_cuts

Floats = NDArray[np.float64]

SIMPLER: Final = 0.05
"""A band has to leave this share less error than the best single cut does. We chose it."""
LEAST_SHARE: Final = 0.05
LEAST_DEALS: Final = 10
"""Either side of a condition holds a twentieth of the deals, and at least ten. We chose it."""
HALF: Final = 0.5


def least_deals(deals: int) -> int:
    """How many deals each side of a condition needs at least."""
    return max(LEAST_DEALS, round(LEAST_SHARE * deals))


def find_condition(
    attribute: Attribute, column: ModelColumn, parsed: ParsedTable, voice: Floats
) -> ConditionSettings | None:
    """The condition on one factor that a model's contributions speak for; None where no split has enough deals.

    parsed: n deals. voice: float64[n], the factor's contributions to them, in log-odds, by a model whose vocabulary has
    `column`. The number of members of a set is none that a condition can ask about.
    """
    if column.kind == "count":
        return None
    if column.kind == "member":
        return _of_member(attribute, column, parsed, voice)
    values = parsed.columns[attribute.name]
    if isinstance(values, CategoryColumn):
        return _of_levels(attribute, column, values, voice)
    if not isinstance(values, NumberColumn):
        return None
    if column.kind == "flag":
        return _of_flag(attribute, values, voice)
    return _of_range(attribute, values, voice)


def _of_flag(attribute: Attribute, values: NumberColumn, voice: Floats) -> ConditionSettings | None:
    is_for = _side(values.values > HALF, ~np.isnan(values.values), voice)
    return None if is_for is None else _condition(attribute, **{"is": [YES if is_for else NO]})


def _of_member(
    attribute: Attribute, column: ModelColumn, parsed: ParsedTable, voice: Floats
) -> ConditionSettings | None:
    has = _condition(attribute, **{"is": [column.member]})
    lacks = _condition(attribute, **{"is_not": [column.member]})
    is_for = _side(_lists(parsed, attribute.name, column.member), ~parsed.missing(attribute.name), voice)
    return None if is_for is None else (has if is_for else lacks)


def _lists(parsed: ParsedTable, name: str, member: str) -> NDArray[np.bool_]:
    column = parsed.columns[name]
    if isinstance(column, NumberColumn | CategoryColumn):
        raise TypeError(f"'{name}' is no set and has no members")
    listed = np.array([level == member for level in column.levels], dtype=bool)[column.indices]
    so_far = np.append(0, np.cumsum(listed))
    return np.asarray(so_far[column.indptr[1:]] > so_far[column.indptr[:-1]], dtype=bool)


def _side(on: NDArray[np.bool_], known: NDArray[np.bool_], voice: Floats) -> bool | None:
    """Whether the voice speaks for the side `on`; None where a side has too few deals, or both sound the same."""
    with_it, without = on & known, ~on & known
    if min(with_it.sum(), without.sum()) < least_deals(int(known.sum())):
        return None
    gap = float(voice[with_it].mean() - voice[without].mean())
    return None if gap == 0 else gap > 0


def _of_levels(
    attribute: Attribute, column: ModelColumn, values: CategoryColumn, voice: Floats
) -> ConditionSettings | None:
    """By the levels that the model tells apart; all others count as one, which cannot be listed and may be excepted."""
    told = [level for level in column.levels if level in values.levels]
    place = {level: k for k, level in enumerate(told)}
    of_level = np.array([place.get(level, len(told)) for level in values.levels] or [0], dtype=np.intp)
    known = values.codes >= 0
    codes = of_level[values.codes[known]]
    count = np.bincount(codes, minlength=len(told) + 1)
    sums = np.bincount(codes, voice[known], len(told) + 1).astype(np.float64)
    present = np.flatnonzero(count)
    ranked = present[np.argsort(-sums[present] / count[present], kind="stable")]
    best = _best_run(count[ranked], sums[ranked], [(0, j) for j in range(len(ranked) - 1)])
    if best is None:
        return None
    chosen, rest = ranked[: best.last + 1], ranked[best.last + 1 :]
    if len(told) in chosen:
        return _condition(attribute, is_not=sorted(told[k] for k in rest))
    return _condition(attribute, **{"is": sorted(told[k] for k in chosen)})


def _of_range(attribute: Attribute, values: NumberColumn, voice: Floats) -> ConditionSettings | None:
    known = ~np.isnan(values.values)
    has_order = attribute.kind == "ordered" and bool(attribute.order)
    cuts = tuple(range(1, len(attribute.order))) if has_order else round_cuts(attribute, values.values)
    bins = np.searchsorted(np.asarray(cuts, dtype=np.float64), values.values[known], side="right")
    count = np.bincount(bins, minlength=len(cuts) + 1)
    sums = np.bincount(bins, voice[known], len(cuts) + 1).astype(np.float64)
    last = len(cuts)
    single = _best_run(count, sums, [*((0, j) for j in range(last)), *((i, last) for i in range(1, last + 1))])
    band = _best_run(count, sums, [(i, j) for i in range(1, last) for j in range(i, last)])
    best = _simpler(single, band)
    if best is None:
        return None
    return _level_condition(attribute, best) if has_order else _number_condition(attribute, cuts, best)


def _simpler(single: _Run | None, band: _Run | None) -> _Run | None:
    if single is None or band is None:
        return single or band
    return band if band.gain > single.gain * (1 + SIMPLER) else single


def _number_condition(attribute: Attribute, cuts: Sequence[float], run: _Run) -> ConditionSettings:
    asked: dict[str, object] = {}
    if run.first > 0:
        asked["at_least"] = cuts[run.first - 1]
    if run.last < len(cuts):
        asked["under"] = cuts[run.last]
    return _condition(attribute, **asked)


def _level_condition(attribute: Attribute, run: _Run) -> ConditionSettings:
    order, asked = attribute.order, dict[str, object]()
    if run.first == run.last:
        return _condition(attribute, **{"is": [order[run.first]]})
    if run.first > 0:
        asked["at_least"] = order[run.first]
    if run.last < len(order) - 1:
        asked["at_most"] = order[run.last]
    return _condition(attribute, **asked)


@dataclass(frozen=True)
class _Run:
    """Bins first to last, both included. gain: the squared error that splitting there takes away."""

    first: int
    last: int
    gain: float


def _best_run(count: NDArray[np.intp], sums: Floats, runs: Sequence[tuple[int, int]]) -> _Run | None:
    """The run of bins that the voice speaks for and whose gain is largest; the first of those as good."""
    total, voice = int(count.sum()), float(sums.sum())
    least = least_deals(total)
    before, said = np.append(0, np.cumsum(count)), np.append(0.0, np.cumsum(sums))
    best: _Run | None = None
    for first, last in runs:
        inside = int(before[last + 1] - before[first])
        if min(inside, total - inside) < least:
            continue
        within = float(said[last + 1] - said[first])
        gap = within / inside - (voice - within) / (total - inside)
        gain = gap * abs(gap) * inside * (total - inside) / total
        if gain > 0 and (best is None or gain > best.gain):
            best = _Run(first, last, gain)
    return best


def _condition(attribute: Attribute, **asked: object) -> ConditionSettings:
    return ConditionSettings.model_validate({"attribute": attribute.name, **asked})
