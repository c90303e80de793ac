"""Combinations of two or three attributes that win together, each with what it is worth on deals that did not find it.

    employees 51 to 200 and stage: Series A or later     41 of 96 deals won; on other accounts' deals 38 %, 24 % overall

A condition stays in a cluster only where the deals that it keeps out win clearly less often, so that a cluster is not
one good condition with others for company.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.rule_settings import RuleSettings, rule_of
from icp_ml.profile.condition_words import rule_words
from icp_ml.profile.rates import Z, win_rate, win_rate_gap
from icp_ml.profile.records import Interval, Record
from icp_ml.profile.subgroup_conditions import Mask, SearchedDeals
from icp_ml.profile.subgroup_finds import Plan, Search, Subgroup
from icp_ml.profile.subgroups import Aim

EARNS_ITS_PLACE: Final = 3.7
"""Standard errors by which the deals that meet a condition have to win more often than those that do not, of the deals
that meet the others: one-sided 5 %, shared among the 450 conditions that it may have been chosen from."""
CLEAR: Final = 0.7
"""Share of wins from which a company's customers are of one kind (mission B3: 70 % in one cohort is a clear ICP)."""
FEWEST: Final = 2


class Cluster(Record):
    """A combination. rule: its conditions. deals, accounts, won: all that are in it.

    win_rate: of the deals that the find of this place holds when it is made without their accounts, and lift: that over
    the win rate of all deals; both with 95 % intervals over accounts. share_of_wins: of all wins, the part of those
    deals. p_value: share of searches where there is nothing to find that find as much.
    """

    rule: RuleSettings
    words: str
    deals: int
    accounts: int
    won: int
    win_rate: Interval
    lift: Interval
    share_of_wins: float
    p_value: float


class Clusters(Record):
    """Best first, at most five; none shares over half of its deals with a better one. note: what they come to.

    win_rate: of all deals. tried: combinations of up to two conditions that the search looked at.
    """

    win_rate: Interval
    tried: int
    clusters: tuple[Cluster, ...]
    note: str


def _can_be_spared(deals: SearchedDeals, inside: Mask, wider: Mask) -> bool:
    """Whether the deals that a condition keeps out win about as often as those that it lets in."""
    gap = win_rate_gap(deals.won, deals.groups, inside, wider & ~inside)
    error = (gap.high - gap.value) / Z
    return gap.value < EARNS_ITS_PLACE * error or gap.value <= 0


CLUSTERS: Final = Plan(Aim(sign=1.0, fewest=FEWEST, allowance=0.0), _can_be_spared)
"""What the search is asked for."""


def clusters_of(deals: SearchedDeals, finds: tuple[Subgroup, ...], search: Search) -> Clusters:
    """The finds that go beyond chance and hold on deals that did not find them.

    finds: those of the plan `CLUSTERS`. deals: all that were searched.
    """
    found = [_cluster(deals, each) for each in finds]
    held = tuple(each for each in found if each.lift.low > 1)
    everyone = np.ones(len(deals.won), dtype=bool)
    return Clusters(
        win_rate=win_rate(deals.won, deals.groups, everyone), tried=search.tried, clusters=held, note=_note(held)
    )


def _cluster(deals: SearchedDeals, found: Subgroup) -> Cluster:
    name = " and ".join(dict.fromkeys(each.attribute for each in found.conditions))
    rule = rule_of(name, found.conditions)
    return Cluster(
        rule=rule,
        words=rule_words(rule, deals.attributes),
        deals=int(found.holds.sum()),
        accounts=len(np.unique(deals.groups[found.holds])),
        won=int(deals.won[found.holds].sum()),
        win_rate=win_rate(deals.won, deals.groups, found.unseen),
        lift=lift(deals.won, deals.groups, found.unseen),
        share_of_wins=int(deals.won[found.unseen].sum()) / max(int(deals.won.sum()), 1),
        p_value=found.p_value,
    )


def lift(won: NDArray[np.int8], groups: NDArray[np.int64], among: Mask) -> Interval:
    """Win rate of the deals `among` over that of all, with its 95 % interval over accounts.

    Delta method on the logarithm, from account totals (Cochran 1977, chapter 6). [0, infinity) without wins on either
    side, and without deals.
    """
    inside, overall = int(won[among].sum()), float(won.mean()) if len(won) else 0.0
    if not inside:
        return Interval(value=0.0 if among.any() and overall else math.nan, low=0.0, high=math.inf)
    rate = inside / int(among.sum())
    part = np.where(among, (won - rate) / inside, 0.0) - (won - overall) / int(won.sum())
    _, member = np.unique(groups, return_inverse=True)
    error = math.sqrt(float(np.sum(np.bincount(member, weights=part) ** 2)))
    value = rate / overall
    return Interval(value=value, low=value * math.exp(-Z * error), high=value * math.exp(Z * error))


def _note(clusters: tuple[Cluster, ...]) -> str:
    if not clusters:
        return "No combination of attributes wins more often than a search would find by chance."
    most = max(clusters, key=lambda each: each.share_of_wins)
    if most.share_of_wins >= CLEAR:
        return f"{most.share_of_wins:.0%} of wins are of one kind, a clear ICP: {most.words}."
    return f"No combination holds {CLEAR:.0%} of wins; the largest part is {most.share_of_wins:.0%}: {most.words}."
