"""The states that wins and losses are compared by: one condition each, without a look at how the deals ended.

category    each level that enough deals have
set         each member that enough deals have; each is a factor of its own
flag        yes
number, age each band, from each cut on, under each cut
ordered     each level, from each level on, before each level

What companies lack is no state: a tool that hardly anybody has, or a flag that is hardly ever set, would otherwise be
something that all won and lost accounts have in common. Whom to leave out for what it has is asked by exclusions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import NumberColumn, ParsedTable, SetColumn
from icp_ml.deals.rule_settings import Bound, ConditionSettings
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.profile.candidates import YES
from icp_ml.profile.segmenting import LEAST_DEALS, condition, cuts_of, frequent_levels, having, holds, segments_of

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Factor:
    """An attribute, or one member of a set, with its states. known: bool[n]. states: bool[s, n], where each holds."""

    name: str
    attribute: Attribute
    known: Mask
    conditions: tuple[ConditionSettings, ...]
    states: Mask


def factors_of(attribute: Attribute, parsed: ParsedTable, settings: SegmentsSettings) -> Iterator[Factor]:
    """The factors of an attribute that have a state which at least ten deals are in."""
    known = ~parsed.missing(attribute.name)
    is_set = isinstance(parsed.columns[attribute.name], SetColumn)
    found = [(each, holds(each, attribute, parsed)) for each in _conditions(attribute, parsed, settings)]
    kept = [(each, held) for each, held in found if held.sum() >= LEAST_DEALS]
    for name, group in groupby(kept, key=lambda pair: _factor_name(attribute, pair[0], is_set=is_set)):
        states = list(group)
        yield Factor(
            name=name,
            attribute=attribute,
            known=known,
            conditions=tuple(each for each, _ in states),
            states=np.array([held for _, held in states]),
        )


def _factor_name(attribute: Attribute, asked: ConditionSettings, *, is_set: bool) -> str:
    return f"{attribute.name}:{asked.values[0]}" if is_set else attribute.name


def _conditions(attribute: Attribute, parsed: ParsedTable, settings: SegmentsSettings) -> Iterator[ConditionSettings]:
    column = parsed.columns[attribute.name]
    if not isinstance(column, NumberColumn):
        yield from (having(attribute, [level]) for level in frequent_levels(column))
    elif attribute.kind == "flag":
        yield having(attribute, [YES])
    else:
        yield from segments_of(attribute, parsed, settings)
        yield from _on_either_side(attribute, bounds_of(attribute, column, settings))


def bounds_of(attribute: Attribute, column: NumberColumn, settings: SegmentsSettings) -> tuple[Bound, ...]:
    """Where a range may begin or end: the levels of a declared order but the first, else the cuts of the bands."""
    return attribute.order[1:] if attribute.order else cuts_of(attribute, column.values, settings)


def _on_either_side(attribute: Attribute, bounds: Sequence[Bound]) -> Iterator[ConditionSettings]:
    for bound in bounds:
        yield condition(attribute, at_least=bound)
        yield condition(attribute, under=bound)


def distinct_partitions(factor: Factor) -> tuple[list[int], list[int]]:
    """The places of states that divide the known deals differently, and for each state which of them it is.

    A state and its opposite are one question: it counts once in a family of tests.
    """
    held = factor.states[:, factor.known]
    seen: dict[bytes, int] = {}
    places: list[int] = []
    of_state = []
    for place, row in enumerate(held):
        key = np.packbits(row ^ row[0]).tobytes()
        if key not in seen:
            seen[key] = len(places)
            places.append(place)
        of_state.append(seen[key])
    return places, of_state
