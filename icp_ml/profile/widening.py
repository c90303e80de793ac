"""What a criterion looks like when it is asked one step more widely, and who comes in then.

    employees 51 to under 500    20 to under 500, and 51 to under 1,000: the next round number outward, 1, 2 or 5 times
                                 a power of ten, that lies a fifth away or more
    founded under 2 years ago    under 3: the next round age
    stage: Series B or later     Series A or later: the next level of the declared order
    industry: Software           Software or Retail, Software or Energy: one more level, of those that most deals have
    tools: no Rivalo, no Other   no Rivalo; no Other
    any of them                  not asked at all, which is the widest that it can be

A company matches where it meets at least so many criteria. Asked more widely, one criterion lets in the companies
that meet exactly one too few, not this one, and the wider form of this one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition, bind_condition
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.texts import Flags
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE, ModelColumn
from icp_ml.profile.candidates import AGES, BROAD
from icp_ml.profile.condition_words import condition_words
from icp_ml.profile.rates import win_rate
from icp_ml.profile.records import Interval, Record
from icp_ml.profile.reference import DriftReference

Outward = Literal[-1, 1]
"""-1: to lower values, as a lower bound goes; 1: to higher ones."""

A_FIFTH: Final = 0.8
"""A step leads to at most this share of a lower bound, or to an upper one over this. We chose it: from 51 to 50 is
none."""
MOST_LEVELS: Final = 5
"""Levels of which each is tried as one more. We chose it: the commonest are those that a list holds."""
NOT_ASKED: Final = "not asked"
"""The words of a criterion that is dropped."""

_LOWER, _UPPER = ("over", "at_least"), ("under", "at_most")


@dataclass(frozen=True)
class Widening:
    """criterion: its place. condition: what is asked instead, None for nothing. words: the same for people."""

    criterion: int
    condition: Condition | None
    words: str


class Widened(Record):
    """What a widening brings on deals. criterion: its name. condition: what is asked instead, None for nothing.

    deals, won: those that would come in. win_rate: theirs, with its 95 % interval. They are the deals that the criteria
    were found on, and the criteria were chosen so that they are left out: the rate may be a little low.
    """

    criterion: str
    condition: ConditionSettings | None
    words: str
    deals: int
    won: int
    win_rate: Interval


def common_levels(columns: Sequence[ModelColumn], reference: DriftReference) -> Mapping[str, tuple[str, ...]]:
    """By category, the values that the training deals had, the commonest first; by set, the members in their order.

    Values under the support floor of the model are left out.
    """
    shares = {each.column: each.shares for each in reference.columns}
    found: dict[str, tuple[str, ...]] = {}
    for column in columns:
        if column.is_category:
            of_level = list(zip(shares[column.name], column.levels, strict=True))[FIRST_VALUE_CODE:]
            ordered = sorted(of_level, key=lambda each: (-each[0], each[1]))
            found[column.attribute] = tuple(level for share, level in ordered if share > 0)
        elif column.member:
            found[column.attribute] = (*found.get(column.attribute, ()), column.member)
    return found


def widenings(
    criteria: Sequence[Condition], attribute_of: Mapping[str, Attribute], levels: Mapping[str, Sequence[str]]
) -> tuple[Widening, ...]:
    """For each criterion in its order: one step more widely in each way there is, and not asked at all.

    levels: of a category or a set, the values that deals have, the commonest first.
    """
    return tuple(
        widening
        for place, condition in enumerate(criteria)
        for widening in _of_one(place, condition, attribute_of, levels.get(condition.attribute.name, ()))
    )


def who_comes_in(met: Flags, least: int, widened: Sequence[Widening], parsed: ParsedTable) -> Flags:
    """bool[n, widenings]: the rows that match by the widening and not without it.

    met: bool[n, criteria]. least: how many of them make a match. parsed: the same n rows.
    """
    one_too_few = met.sum(axis=1) == least - 1
    found = np.zeros((parsed.n_rows, len(widened)), dtype=bool)
    for place, widening in enumerate(widened):
        comes = one_too_few & ~met[:, widening.criterion]
        found[:, place] = comes if widening.condition is None else comes & widening.condition.holds(parsed)
    return found


@dataclass(frozen=True)
class AnsweredDeals:
    """n deals: met: bool[n, criteria], those that they meet. won, groups: (n,), outcome and account."""

    parsed: ParsedTable
    met: Flags
    won: NDArray[np.int8]
    groups: NDArray[np.int64]


def widened_on_deals(
    names: Sequence[str], least: int, widened: Sequence[Widening], deals: AnsweredDeals
) -> tuple[Widened, ...]:
    """What each widening brings on deals. names: of the criteria. least: how many of them make a match."""
    comes = who_comes_in(deals.met, least, widened, deals.parsed)
    won, groups = deals.won, deals.groups
    return tuple(
        Widened(
            criterion=names[each.criterion],
            condition=None if each.condition is None else each.condition.settings,
            words=each.words,
            deals=int(comes[:, place].sum()),
            won=int(won[comes[:, place]].sum()),
            win_rate=win_rate(won, groups, comes[:, place]),
        )
        for place, each in enumerate(widened)
    )


def step_outward(attribute: Attribute, bound: float, outward: Outward) -> float | None:
    """The next bound outward; None where there is no further one: then nothing bounds on that side."""
    if attribute.kind in ("date", "year"):
        beyond = [age for age in AGES if (age - bound) * outward > 0]
        return None if not beyond else min(beyond, key=lambda age: abs(age - bound))
    if bound == 0:
        return None
    away = outward if bound > 0 else -outward
    return math.copysign(_next_broad(abs(bound), larger=away > 0), bound)


def _next_broad(size: float, *, larger: bool) -> float:
    """The nearest of 1, 2 and 5 times powers of ten that is a fifth away from `size`, which is above 0."""
    power = math.floor(math.log10(size))
    around = sorted(float(f"{step * 10.0**each:.6g}") for each in range(power - 1, power + 3) for step in BROAD)
    if larger:
        return min(each for each in around if each * A_FIFTH >= size)
    return max(each for each in around if each <= size * A_FIFTH)


def _of_one(
    place: int, condition: Condition, attribute_of: Mapping[str, Attribute], levels: Sequence[str]
) -> Iterator[Widening]:
    attribute = condition.attribute
    for settings in _wider(condition, levels):
        bound = bind_condition(settings, attribute_of, f"the wider form of '{condition.settings.attribute}'")
        yield Widening(place, bound, condition_words(settings, attribute))
    yield Widening(place, None, NOT_ASKED)


def _wider(condition: Condition, levels: Sequence[str]) -> Iterator[ConditionSettings]:
    asked = condition.settings
    if asked.values and condition.attribute.kind in ("category", "set"):
        others = [level for level in levels if level.casefold() not in condition.texts][:MOST_LEVELS]
        yield from (_asking(asked, **{"is": [*asked.values, level]}) for level in others)
    elif len(asked.others) > 1:
        yield from (_asking(asked, is_not=[each for each in asked.others if each != one]) for one in asked.others)
    elif condition.bounds:
        yield from _wider_bounds(condition)


def _wider_bounds(condition: Condition) -> Iterator[ConditionSettings]:
    """One side after the other. A side that has no further bound falls away; a condition without any is none."""
    asked = condition.settings
    bounds = {key: getattr(asked, key) for key in asked.asked()}
    for keys, outward in ((_LOWER, -1), (_UPPER, 1)):
        for key in keys:
            if key not in bounds:
                continue
            further = _further(condition.attribute, bounds[key], -1 if outward < 0 else 1)
            changed = {**bounds, key: further}
            kept = {name: bound for name, bound in changed.items() if bound is not None}
            if kept:
                yield _asking(asked, **kept)


def _further(attribute: Attribute, bound: float | str, outward: Outward) -> float | str | None:
    if isinstance(bound, float):
        return step_outward(attribute, bound, outward)
    folded = [level.casefold() for level in attribute.order]
    place = folded.index(bound.strip().casefold()) + outward
    return attribute.order[place] if 0 <= place < len(attribute.order) else None


def _asking(asked: ConditionSettings, **question: object) -> ConditionSettings:
    return ConditionSettings.model_validate({"attribute": asked.attribute, **question})
