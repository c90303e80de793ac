"""The market boundary: what nearly all won and nearly all lost deals have in common.

A state that at least 90 % of the won and 90 % of the lost accounts are in, with a difference that is shown to be small,
tells no win from a loss: it tells who is in the market at all. The rule that is proposed holds at least 97.5 % of the
deals on each side, won and lost: a range between round cuts, or the most frequent levels. Where that would be all that
is possible, or all that was seen, the rule is the state itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn
from icp_ml.deals.rule_settings import Bound, ConditionSettings
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.profile.account_shares import Shares
from icp_ml.profile.candidates import round_cuts
from icp_ml.profile.segmenting import condition, cuts_of, having

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Outcomes = NDArray[np.int8]

NEARLY_ALL: Final = 0.90
"""Share of won and of lost accounts that are in a state which may be a boundary."""
SMALL: Final = 0.05
"""The difference is shown to be small where its 95 % interval lies within 5 points of none (an equivalence test)."""
HELD: Final = 0.975
"""Share of the won and of the lost deals that a rule keeps on either side."""
FINE_CUTS: Final = 39
"""Round cuts near fortieths, the outermost of which leave 2.5 %."""
MOST_MEMBERS: Final = 5
"""Members of a set of which a company in the market has one, at most. We chose it."""


@dataclass(frozen=True)
class Held:
    """Deals by which a rule is drawn: one parsed column, and how they ended, int8[n]."""

    attribute: Attribute
    parsed: ParsedTable
    won: Outcomes

    def is_held(self, inside: Mask, known: Mask) -> bool:
        """Whether enough of the won and enough of the lost deals whose value is known are inside."""
        sides = [known & (self.won == outcome) for outcome in (1, 0)]
        return all(not side.any() or inside[side].mean() >= HELD for side in sides)


def nearly_all(shares: Shares) -> list[int]:
    """The places of the states that nearly all won and nearly all lost accounts are in."""
    return np.flatnonzero((shares.won >= NEARLY_ALL) & (shares.lost >= NEARLY_ALL)).tolist()


def boundary_state(shares: Shares) -> int | None:
    """The place of the state that is a boundary: of those shown to be equally frequent the narrowest; None for none."""
    equal = [place for place in nearly_all(shares) if is_small(shares, place)]
    return min(equal, key=lambda place: float(shares.won[place] + shares.lost[place]), default=None)


def is_small(shares: Shares, state: int) -> bool:
    """Whether the difference is shown to be small."""
    found = shares.difference(state)
    return found.low >= -SMALL and found.high <= SMALL


def boundary_condition(held: Held, state: ConditionSettings, settings: SegmentsSettings) -> ConditionSettings:
    """The rule that holds nearly all deals, for the state that was found to be a boundary."""
    column = held.parsed.columns[held.attribute.name]
    if isinstance(column, CategoryColumn):
        return _levels(held, column, state)
    if isinstance(column, SetColumn):
        return _members(held, column, state)
    return state if held.attribute.kind == "flag" else _range(held, column, state, settings)


def _range(held: Held, column: NumberColumn, state: ConditionSettings, settings: SegmentsSettings) -> ConditionSettings:
    """From the highest cut that holds enough deals at or above it, to under the lowest that holds enough below it."""
    known = ~np.isnan(column.values)
    cuts = _cuts(held.attribute, column.values, settings)
    low = _last(cuts, lambda number: held.is_held(column.values >= number, known))
    high = _last(cuts[::-1], lambda number: held.is_held(column.values < number, known))
    asked = {name: bound for name, bound in (("at_least", low), ("under", high)) if bound is not None}
    return condition(held.attribute, **asked) if asked else state


def _cuts(attribute: Attribute, values: Floats, settings: SegmentsSettings) -> Sequence[tuple[float, Bound]]:
    """Cuts in ascending order, each as the number that is compared and as what is written."""
    if attribute.order:
        return [(float(rank), level) for rank, level in enumerate(attribute.order) if rank]
    numbers = {*cuts_of(attribute, values, settings), *round_cuts(attribute, values, FINE_CUTS)}
    return [(number, number) for number in sorted(numbers)]


def _last(cuts: Iterable[tuple[float, Bound]], holds_enough: Callable[[float], bool]) -> Bound | None:
    """Of cuts that hold less and less, the last one that holds enough; None where none does."""
    found = None
    for number, bound in cuts:
        if not holds_enough(number):
            break
        found = bound
    return found


def _levels(held: Held, column: CategoryColumn, state: ConditionSettings) -> ConditionSettings:
    known = column.codes >= 0
    counts = np.bincount(column.codes[known], minlength=len(column.levels))
    order = np.lexsort((np.arange(len(counts)), -counts))[: int((counts > 0).sum())]
    for used in range(1, len(order)):
        if held.is_held(np.isin(column.codes, order[:used]), known):
            return having(held.attribute, [column.levels[level] for level in order[:used]])
    return state


def _members(held: Held, column: SetColumn, state: ConditionSettings) -> ConditionSettings:
    """The member that was found, and others that most companies without it have."""
    rows = np.repeat(np.arange(len(column.missing)), column.sizes())
    chosen, inside = list(state.values), np.zeros(len(column.missing), dtype=bool)
    inside[rows[np.isin(column.indices, [column.levels.index(member) for member in chosen])]] = True
    while not held.is_held(inside, ~column.missing) and len(chosen) < MOST_MEMBERS:
        added = np.bincount(column.indices[~inside[rows]], minlength=len(column.levels))
        if not added.any():
            return state
        chosen.append(column.levels[int(added.argmax())])
        inside[rows[column.indices == added.argmax()]] = True
    return having(held.attribute, chosen) if held.is_held(inside, ~column.missing) else state
