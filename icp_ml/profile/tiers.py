"""What the tiers turned out to be worth, on deals that their cuts did not see.

Each tier has its win rate, and the odds of winning in it over those in the next one; odds ratios do not depend on
the base rate. Neighbours whose odds ratio may as well be 1 cannot be told apart: they are merged, and it is said.
All intervals are at 90 % and count accounts (see `icp_ml.model.tier_rates`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.policy import OUT_OF_SCOPE, TOP_SCORE, Quadrant, TiersSettings
from icp_ml.model.tier_rates import Sets, odds_ratio, one_set, rate_bounds, rate_ratio
from icp_ml.model.tiers import Cuts, Places, merged
from icp_ml.profile.ideal_wins import IdealTierRow
from icp_ml.profile.layers_added import LayerStep
from icp_ml.profile.records import Interval, Record
from icp_ml.profile.yardsticks_of_tiers import TierYardsticks

Floats = NDArray[np.float64]

QUADRANTS: Final[tuple[Quadrant, ...]] = ("both", "fit", "intent", "neither")
DISCRIMINATES = 1.5
"""Tier 1 over tier 3: a model under it does not discriminate, by the field's own figure."""


class TierRow(Record):
    """One tier. Scores run from `score_from` to below `score_to`; shares are of all judged deals and wins.

    odds_ratio_to_next: odds of winning here over those in the next lower tier, None for the lowest.
    """

    label: str
    score_from: float
    score_to: float
    deals: int
    accounts: int
    won: int
    share_of_deals: float
    share_of_wins: float
    win_rate: Interval
    odds_ratio_to_next: Interval | None


class TierTable(Record):
    """The tiers, best first, measured on deals that the cuts did not see; intervals at 90 %.

    objective: what the cuts were made for, a sentence. first_to_last_*: tier 1 to tier 3, None where they are merged.
    notes: what was done, warnings: what to be careful about; sentences. ideal: wins of the best grade by tier, empty
    where wins are not graded. layers: what each layer of attributes adds. yardsticks: the field's working figures
    beside the tiers. Both are empty in bundles made before they were measured.
    """

    objective: str
    rows: tuple[TierRow, ...]
    first_to_last_odds_ratio: Interval | None
    first_to_last_ratio: Interval | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    ideal: tuple[IdealTierRow, ...] = ()
    layers: tuple[LayerStep, ...] = ()
    yardsticks: TierYardsticks | None = None


@dataclass(frozen=True)
class TieredDeals:
    """Judged deals: places int8[n] in the labels of some cuts that did not see them, outcomes and accounts (n,)."""

    places: Places
    won: NDArray[np.int8]
    groups: NDArray[np.int64]

    def among(self, place: int) -> Sets:
        """The deals of one tier."""
        rows = self.places == place
        return one_set(self.won[rows], self.groups[rows])


def objective_sentence(settings: TiersSettings) -> str:
    """What the cuts were made for, in words."""
    if settings.capacity is not None:
        shares = ", ".join(f"tier {tier} {share:.0%}" for tier, share in enumerate(settings.capacity, start=1))
        return f"Tiers hold shares of the deals, counted from the top: {shares}."
    if settings.cost is not None:
        costs = ", ".join(f"tier {tier} {cost:g}" for tier, cost in enumerate(settings.cost.of_pursuing, start=1))
        return f"A tier starts where probability x {settings.cost.value_of_win:g} pays for its cost: {costs}."
    if settings.fixed is not None:
        starts = ", ".join(f"tier {tier} {start:.3g}" for tier, start in enumerate(settings.fixed, start=1))
        return f"Tiers start at stated probabilities: {starts}."
    return (
        f"Tier 1 is cut to hold {settings.wins:.0%} of the wins, tier 3 so that tier 1 wins at least "
        f"{settings.ratio:g} times as often."
    )


def measure_tiers(deals: TieredDeals, cuts: Cuts, objective: str, notes: Sequence[str] = ()) -> TierTable:
    """The table of tiers. deals: not seen by the cuts that placed them. cuts: give labels and scores only."""
    sets = [deals.among(place) for place in range(len(cuts.labels))]
    bounds = (TOP_SCORE, *cuts.scores, 0.0)
    rows = tuple(
        TierRow(
            label=label,
            score_from=bounds[place + 1],
            score_to=bounds[place],
            deals=int(sets[place].deals[0]),
            accounts=int(sets[place].accounts[0]),
            won=int(sets[place].won[0]),
            share_of_deals=_share(sets[place].deals[0], len(deals.won)),
            share_of_wins=_share(sets[place].won[0], int(deals.won.sum())),
            win_rate=_win_rate(sets[place]),
            odds_ratio_to_next=_interval(odds_ratio(*sets[place : place + 2])) if place + 1 < len(sets) else None,
        )
        for place, label in enumerate(cuts.labels)
    )
    last = _last_tier(cuts.labels)
    ratio = _interval(rate_ratio(sets[0], sets[last])) if last else None
    odds = _interval(odds_ratio(sets[0], sets[last])) if last else None
    return TierTable(
        objective=objective,
        rows=rows,
        first_to_last_odds_ratio=odds,
        first_to_last_ratio=ratio,
        notes=tuple(notes),
        warnings=_warnings(cuts.labels[0], cuts.labels[last], ratio, odds),
    )


def not_told_apart(table: TierTable) -> tuple[tuple[str, str], ...]:
    """Neighbouring tiers whose odds ratio may as well be 1 or less, those with the most deals first."""
    found = [
        (upper, lower)
        for upper, lower in pairwise(table.rows)
        if upper.odds_ratio_to_next is not None and upper.odds_ratio_to_next.low <= 1
    ]
    found.sort(key=lambda pair: -(pair[0].deals + pair[1].deals))
    return tuple((upper.label, lower.label) for upper, lower in found)


def merge_until_told_apart(
    deals: TieredDeals, cuts: Cuts, objective: str, notes: Sequence[str] = ()
) -> tuple[Cuts, TierTable]:
    """Merge neighbours that cannot be told apart, one pair at a time, and measure again.

    Returns the remaining cuts and their table, with a note for each merger. Every pair of neighbours that is left has
    an odds ratio whose 90 % interval lies above 1.
    """
    said = list(notes)
    while True:
        table = measure_tiers(deals, cuts, objective, said)
        pairs = not_told_apart(table)
        if not pairs:
            return cuts, table
        said.append(_merger(table, pairs[0]))
        gone = cuts.labels.index(pairs[0][0])
        cuts = merged(cuts, pairs[:1])
        deals = TieredDeals(np.where(deals.places > gone, deals.places - 1, deals.places), deals.won, deals.groups)


def quadrants(fit: Floats, intent: Floats) -> Places:
    """int8[n]: places in `QUADRANTS`. fit, intent: (n,), each axis's contribution in log-odds.

    An axis is high where it speaks for the prospect at least as much as it does for the average training deal: 0.
    """
    return (2 * (fit < 0) + (intent < 0)).astype(np.int8)


def _share(part: float, whole: int) -> float:
    return float(part) / whole if whole else 0.0


def _interval(found: tuple[Floats, Floats, Floats]) -> Interval:
    value, low, high = (float(bound[0]) for bound in found)
    return Interval(value=value, low=low, high=high)


def _win_rate(deals: Sets) -> Interval:
    return _interval((deals.rate, *rate_bounds(deals)))


def _last_tier(labels: Sequence[str]) -> int:
    """Place of the lowest label that is a tier: out of scope is none."""
    return len(labels) - 1 - (labels[-1] == OUT_OF_SCOPE)


def _merger(table: TierTable, pair: tuple[str, str]) -> str:
    upper, lower = (row for row in table.rows if row.label in pair)
    names = (
        f"Tier {upper.label} and what is out of scope" if lower.label == OUT_OF_SCOPE else f"Tiers {' and '.join(pair)}"
    )
    return (
        f"{names} cannot be told apart on {upper.deals + lower.deals:,} judged deals "
        f"(odds ratio {_words(upper.odds_ratio_to_next)}) and are merged."
    )


def _warnings(first: str, last: str, ratio: Interval | None, odds: Interval | None) -> tuple[str, ...]:
    if ratio is None:
        return ("There is one tier only: the model does not discriminate between prospects.",)
    if ratio.value >= DISCRIMINATES:
        return ()
    return (
        f"The model does not discriminate: tier {first} won {_words(ratio)} times as often as tier {last} "
        f"(odds ratio {_words(odds)}), under {DISCRIMINATES:g} times.",
    )


def _words(figure: Interval | None) -> str:
    return "not known" if figure is None else f"{figure.value:.2g}, {figure.low:.2g} to {figure.high:.2g}"
