"""Types of deals that hold up: beyond what a search finds by chance, and measured on deals that did not choose them.

    searched on all deals            1st find  2nd find  ...     what is reported, and how many deals lie in it
    searched without a fifth         1st find  2nd find  ...     the fifth's deals in it are measured
    (five times, by account)
    pooled over the five             1st rate  2nd rate  ...     the win rate reported for the 1st, the 2nd, ...
    searched with outcomes dealt     best score                  how good the best is where there is nothing
    out anew among accounts

The rate beside the k-th find is therefore that of the k-th finds of the same search on other accounts' deals: it says
what such a find is worth and not what these deals happened to do. Taking from each fold the find that is most like the
one reported would choose by the very deals that are to judge it. (Cross-validated subgroups: Freidlin, Jiang and Simon
2010. That this measures the procedure: Bates, Hastie and Tibshirani 2023. The best score of permuted searches as the
measure of all: Westfall and Young 1993.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.profile.subgroup_conditions import ConditionTable, Mask, Rows, SearchedDeals, conditions_of, overlap
from icp_ml.profile.subgroups import Aim, Family, Floats, Outcomes, outcomes_of, score_of

FOLDS: Final = 5
PERMUTATIONS: Final = 299
"""With 299 permutations the seven best of them make the 2.5 % of each direction."""
EACH_WAY: Final = 0.025
"""The chance that anything is found where there is nothing, for types that win and for types that do not; 5 % in all.
"""
MOST_FINDS: Final = 5
SLACK: Final = 1e-4
"""Scores of searches by chance are summed in single precision; one that is as good to this much counts as better."""
SAME: Final = 0.5
"""A type that shares more than this part of its deals with a better one (Jaccard) is that one again (issue 6)."""

Spared = Callable[[SearchedDeals, Mask, Mask], bool]
"""Whether a condition can be spared: deals searched, those that meet all conditions, and those that meet the others."""


@dataclass(frozen=True)
class Plan:
    """An aim, and when one of a type's conditions can be spared. Masks that `spared` gets are of the deals searched."""

    aim: Aim
    spared: Spared


@dataclass(frozen=True)
class Subgroup:
    """A type. holds: bool[n], the deals in it. score: see `subgroups`. p_value: share of searches where there is
    nothing to find whose best score is as good. unseen: bool[n], the deals in the finds of the same place made without
    their accounts. place: among the finds, 0 for the best.
    """

    conditions: tuple[ConditionSettings, ...]
    holds: Mask
    score: float
    p_value: float
    unseen: Mask
    place: int


@dataclass(frozen=True)
class Search:
    """finds: for each plan those beyond chance, best first. tried: types of one and two conditions that were scored.

    permutations: so many searches where there is nothing to find told what chance would find.
    """

    finds: tuple[tuple[Subgroup, ...], ...]
    tried: int
    permutations: int


@dataclass(frozen=True)
class _Find:
    conditions: tuple[ConditionSettings, ...]
    holds: Mask
    score: float


def search_subgroups(
    deals: SearchedDeals, plans: tuple[Plan, ...], seed: int, permutations: int = PERMUTATIONS
) -> Search:
    """Search for every plan at once; up to five types for each. Without enough accounts, or where all deals went alike,
    nothing is found. The same seed, the same finds.

    Assumes that accounts are exchangeable but for the time at which they came. Raises what `conditions_of` raises.
    """
    rows = np.arange(len(deals.won))
    outcomes = outcomes_of(deals, rows)
    if outcomes is None:
        return Search(tuple(() for _ in plans), 0, 0)
    conditions = conditions_of(deals, rows)
    family = Family(conditions, rows, outcomes)
    finds = _ranked_finds(deals, conditions, rows, plans)
    best = np.array([max((each.score for each in found), default=0.0) for found in finds])
    chance = _best_by_chance(family, outcomes, plans, best, (seed, permutations))
    p_values = [
        [_p_value(each.score, searched) for each in found] for found, searched in zip(finds, chance, strict=True)
    ]
    if not any(p_value <= EACH_WAY for found in p_values for p_value in found):
        return Search(tuple(() for _ in plans), family.size, chance.shape[1])
    unseen = _unseen(deals, plans, seed)
    found = tuple(_beyond_chance(*each) for each in zip(finds, p_values, unseen, strict=True))
    return Search(found, family.size, chance.shape[1])


def _beyond_chance(finds: list[_Find], p_values: list[float], unseen: list[Mask]) -> tuple[Subgroup, ...]:
    return tuple(
        Subgroup(each.conditions, each.holds, each.score, p_value, unseen[place], place)
        for place, (each, p_value) in enumerate(zip(finds, p_values, strict=True))
        if p_value <= EACH_WAY
    )


def _p_value(score: float, chance: Floats) -> float:
    return (1 + int((chance >= score - SLACK).sum())) / (1 + len(chance))


def _best_by_chance(
    family: Family, outcomes: Outcomes, plans: tuple[Plan, ...], best: Floats, draws: tuple[int, int]
) -> Floats:
    """The best score of the same search for each plan, (plans, permutations), accounts exchanging their outcomes.

    best: the best score found for each plan. draws: the seed, and how many permutations at most. It ends as soon as so
    many searches by chance have done as well that nothing can be found any more (Besag and Clifford 1991).
    """
    seed, permutations = draws
    rng = np.random.default_rng(seed)
    aims = tuple(plan.aim for plan in plans)
    too_many = EACH_WAY * (permutations + 1)
    chance = np.zeros((len(plans), permutations))
    for column in range(permutations):
        pools = family.pools(outcomes.voice(rng.permutation(outcomes.mean)), outcomes.base, aims)
        chance[:, column] = [pool.scores.max(initial=0.0) for pool in pools]
        as_good = (chance[:, : column + 1] >= best[:, None] - SLACK).sum(axis=1)
        if (as_good + 1 > too_many).all():
            return chance[:, : column + 1]
    return chance


def _unseen(deals: SearchedDeals, plans: tuple[Plan, ...], seed: int) -> list[list[Mask]]:
    """For each plan and place, the deals of each fold in the find that the others' deals put there."""
    unseen = [[np.zeros(len(deals.won), dtype=bool) for _ in range(MOST_FINDS)] for _ in plans]
    for held_out in grouped_folds(deals.groups, deals.won, FOLDS, seed):
        rest = complement(held_out, len(deals.won))
        finds = _ranked_finds(deals, conditions_of(deals, rest), rest, plans)
        for masks, found in zip(unseen, finds, strict=True):
            for mask, each in zip(masks, found, strict=False):
                mask[held_out] = each.holds[held_out]
    return unseen


def _ranked_finds(
    deals: SearchedDeals, conditions: ConditionTable, rows: Rows, plans: tuple[Plan, ...]
) -> list[list[_Find]]:
    """For each plan up to five types found on the deals `rows`, without what can be spared; none is there twice."""
    outcomes = outcomes_of(deals, rows)
    if outcomes is None:
        return [[] for _ in plans]
    family = Family(conditions, rows, outcomes)
    pools = family.pools(outcomes.voice(outcomes.mean), outcomes.base, tuple(plan.aim for plan in plans))
    searched = _Searched(_taken(deals, rows), conditions, rows, outcomes)
    return [_best_unlike(searched, plan, list(pool.ranked())) for plan, pool in zip(plans, pools, strict=True)]


def _taken(deals: SearchedDeals, rows: Rows) -> SearchedDeals:
    opened = None if deals.opened is None else deals.opened[rows]
    return SearchedDeals(deals.attributes, deals.parsed, deals.won[rows], deals.groups[rows], opened)


@dataclass(frozen=True)
class _Searched:
    """deals, outcomes: those searched; `parsed` is of all. rows: their places among all."""

    deals: SearchedDeals
    conditions: ConditionTable
    rows: Rows
    outcomes: Outcomes

    def holds(self, places: tuple[int, ...]) -> Mask:
        """bool[all deals]: where all the conditions at these places hold."""
        met: Mask = self.conditions.holds[places[0]]
        for place in places[1:]:
            met = met & self.conditions.holds[place]
        return met

    def inside(self, places: tuple[int, ...]) -> Mask:
        """The same for the deals searched."""
        return self.holds(places)[self.rows]


def _best_unlike(searched: _Searched, plan: Plan, ranked: list[tuple[int, ...]]) -> list[_Find]:
    kept: list[_Find] = []
    for places in ranked:
        if len(kept) == MOST_FINDS:
            break
        inside = searched.inside(places)
        if any(overlap(inside, each.holds[searched.rows]) > SAME for each in kept):
            continue
        found = _find(searched, plan, _without_spared(searched, plan, places))
        if found is not None and all(overlap(found.holds, each.holds) <= SAME for each in kept):
            kept.append(found)
    return kept


def _find(searched: _Searched, plan: Plan, places: tuple[int, ...]) -> _Find | None:
    """The type, or None where too few conditions are left or it no longer does what is looked for."""
    score = score_of(searched.inside(places), searched.outcomes, plan.aim)
    if len(places) < plan.aim.fewest or score <= 0:
        return None
    settings = tuple(searched.conditions.settings[place] for place in places)
    return _Find(settings, searched.holds(places), score)


def _without_spared(searched: _Searched, plan: Plan, places: tuple[int, ...]) -> tuple[int, ...]:
    """Conditions that can be spared left out one at a time, the one first without which the score is best."""
    while len(places) > 1:
        inside = searched.inside(places)
        shorter = [tuple(each for each in places if each != left_out) for left_out in places]
        spared = [each for each in shorter if plan.spared(searched.deals, inside, searched.inside(each))]
        if not spared:
            break
        places = max(spared, key=lambda each: round(score_of(searched.inside(each), searched.outcomes, plan.aim), 4))
    return places
