"""Where tiers are cut, as a function of log-odds out of fold and an objective.

    wins      tier 1 is the smallest top set that holds 70 % of the wins; the cut below it is the highest one at which
              tier 1 surely wins 1.5 times as often as tier 3; below the third lie at most 5 % of the wins
    capacity  tiers hold stated shares of the deals
    cost      a tier starts where probability x value of a win pays for its cost
    fixed     a tier starts at a stated probability

Deals with equal log-odds never lie on both sides of a cut that deals decided. Nothing here is random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from icp_ml.deals.policy import MOST_CUTS, TiersSettings
from icp_ml.model.tier_rates import Sets, growing_sets, rate_bounds, rate_ratio
from icp_ml.model.tiers import MARGIN, Cuts, labels_between, tier_labels

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

LEAST_SHARE = 0.1
"""Tiers 2 and 3, and a tier 1 that was narrowed, hold at least this share of the deals. We chose it: the highest cut
at which a good model tells tier 1 from tier 3 is the one right below tier 1, and would leave nobody in tier 2."""
WINS_OUT_OF_SCOPE = 0.05
NARROWING = 0.05
"""Tier 1 is narrowed by this share of the wins at a time. We chose it: every set tried is a chance to be fooled."""
MOST_TRIED = 40
"""Places tried for the third cut, where the highest one leaves no second cut."""
OUTER = 0.001
"""Scores 0 and 100 lie at this quantile of the log-odds and at its mirror image."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class FittedCuts:
    """Cuts, and what had to be said about them: one sentence each."""

    cuts: Cuts
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Ranked:
    """Deals from the highest log-odds to the lowest, and the places where a cut may lie.

    counts: int[m], deals above each place, rising; a place lies between two different log-odds. top: the sets above.
    """

    log_odds: Floats
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    counts: Indices
    top: Sets

    @property
    def least(self) -> float:
        return LEAST_SHARE * len(self.won)

    @property
    def wins(self) -> int:
        return int(self.won.sum())

    def cut(self, place: int) -> float:
        """The log-odds halfway between the neighbours of a place; where no number lies between, the upper one."""
        upper, lower = self.log_odds[self.counts[place] - 1], self.log_odds[self.counts[place]]
        middle = float(lower + (upper - lower) / 2)
        return middle if middle > lower else float(upper)


Chosen: TypeAlias = tuple[int | None, ...]
"""A place for each score, or None where there is no such cut."""


def fit_cuts(
    log_odds: Floats,
    won: NDArray[np.int8],
    groups: NDArray[np.int64],
    settings: TiersSettings,
    anchor: float = 0.0,
) -> FittedCuts:
    """Cuts for an objective.

    log_odds: (n,), out of fold, finite, n at least 1. won, groups: (n,), outcome and account of each deal.
    anchor: what is added to log-odds before they are called a probability; only `cost` and `fixed` know it.
    Cuts that cannot be had are left out, and the tiers that they would have parted are merged and named in a note.
    """
    if settings.cost is not None:
        return _at_probabilities(log_odds, settings.cost.probabilities(), settings, anchor)
    if settings.fixed is not None:
        return _at_probabilities(log_odds, settings.fixed, settings, anchor)
    ranked = _ranked(log_odds, won, groups)
    if settings.capacity is not None:
        chosen, notes = _by_capacity(ranked, settings.capacity)
    else:
        chosen, notes = _by_wins(ranked, settings)
    kept = [tier for tier, place in enumerate(chosen) if place is not None]
    bounds = [ranked.cut(place) for place in chosen if place is not None]
    return FittedCuts(_cuts(bounds, kept, log_odds, settings), notes)


def _ranked(log_odds: Floats, won: NDArray[np.int8], groups: NDArray[np.int64]) -> _Ranked:
    order = np.argsort(-log_odds, kind="stable")
    ordered = log_odds[order]
    counts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return _Ranked(ordered, won[order], groups[order], counts, growing_sets(won[order], groups[order])[counts - 1])


def _cuts(bounds: Sequence[float], kept: Sequence[int], log_odds: Floats, settings: TiersSettings) -> Cuts:
    """Cuts at these bounds, falling. kept: for each, which of the scores it is the cut of."""
    low, high = (float(outer) for outer in np.quantile(log_odds, [OUTER, 1 - OUTER]))
    inner = bounds or [float(np.median(log_odds))]
    return Cuts(
        log_odds=tuple(bounds),
        scores=tuple(settings.scores[tier] for tier in kept),
        labels=labels_between(tier_labels(len(settings.scores)), kept),
        low=min(low, inner[-1] - MARGIN),
        high=max(high, inner[0] + MARGIN),
    )


def _at_probabilities(
    log_odds: Floats, probabilities: Sequence[float], settings: TiersSettings, anchor: float
) -> FittedCuts:
    bounds = [float(bound) for bound in logit(np.array(probabilities)) - anchor]
    cuts = _cuts(bounds, range(len(bounds)), log_odds, settings)
    held = np.bincount(cuts.tiers(log_odds), minlength=len(cuts.labels))
    notes = (
        f"None of {len(log_odds)} deals lies in tier {label} (from probability {probability:.3g})."
        for label, probability, deals in zip(cuts.labels[:-1], probabilities, held[:-1], strict=True)
        if not deals
    )
    return FittedCuts(cuts, tuple(notes))


def _by_capacity(ranked: _Ranked, shares: Sequence[float]) -> tuple[Chosen, tuple[str, ...]]:
    """Each cut is the lowest one above which no more than the share lies; none where even the first tie is more."""
    chosen: list[int | None] = []
    for share in shares:
        place = int(np.searchsorted(ranked.counts, share * len(ranked.won) + ROUNDING, side="right")) - 1
        above = [other for other in chosen if other is not None]
        chosen.append(place if place > max(above, default=-1) else None)
    notes = (
        f"There is no cut for tier {tier + 1}: too many of {len(ranked.won)} deals have equal log-odds "
        f"where {share:.0%} of the list ends."
        for tier, (share, place) in enumerate(zip(shares, chosen, strict=True))
        if place is None
    )
    return tuple(chosen), tuple(notes)


def _by_wins(ranked: _Ranked, settings: TiersSettings) -> tuple[Chosen, tuple[str, ...]]:
    has_third = len(settings.scores) == MOST_CUTS
    first = _first_cut(ranked, settings.wins)
    if first is None:
        note = "No top set of deals wins clearly more often than all deals do, so that all tiers are merged."
        return (None,) * len(settings.scores), (note,)
    notes = _first_notes(ranked, settings.wins, first)
    second, third = _lower_cuts(ranked, first, settings.ratio, _third_places(ranked, first) if has_third else ())
    if second is None:
        notes += (
            "Tiers 2 and 3 are merged: no cut that leaves a tenth of the deals in each brings the lower 90 % bound "
            f"of the tier 1 : tier 3 win-rate ratio to {settings.ratio:g}.",
        )
    if has_third and third is None:
        notes += (
            "Nothing is out of scope: no cut with at most 5 % of the wins below it leaves tiers 2 and 3 enough deals.",
        )
    return ((first, second, third) if has_third else (first, second)), notes


def _first_cut(ranked: _Ranked, share: float) -> int | None:
    """Place of the smallest top set that holds the share of wins, or of the first narrower one that beats the base.

    Narrower sets hold 5 % of the wins less at a time. None where no set of enough deals wins clearly more than all.
    """
    if not len(ranked.counts):
        return None
    low, _ = rate_bounds(ranked.top)
    is_above = low > ranked.wins / len(ranked.won)
    widest = _smallest_set(ranked, share)
    if widest is not None and is_above[widest]:
        return widest
    for wanted in np.arange(share - NARROWING, ROUNDING, -NARROWING):
        place = _smallest_set(ranked, float(wanted))
        if place is not None and is_above[place] and ranked.counts[place] >= ranked.least:
            return place
    return None


def _smallest_set(ranked: _Ranked, share: float) -> int | None:
    """Place of the smallest top set with at least this share of the wins; None where only all deals have it."""
    place = int(np.searchsorted(ranked.top.won, share * ranked.wins - ROUNDING, side="left"))
    return place if place < len(ranked.counts) else None


def _first_notes(ranked: _Ranked, share: float, first: int) -> tuple[str, ...]:
    held = ranked.top.won[first] / ranked.wins
    if held >= share - ROUNDING:
        return ()
    return (
        f"Tier 1 holds {held:.0%} of the wins instead of {share:.0%}: no larger set that was tried has a win rate "
        f"clearly above {ranked.wins / len(ranked.won):.0%}, that of all deals (lower 90 % bound).",
    )


def _third_places(ranked: _Ranked, first: int) -> tuple[int, ...]:
    """Places for the third cut, highest first: at most 5 % of the wins below, room for tiers 2 and 3 above."""
    below = ranked.wins - ranked.top.won
    room = ranked.counts - ranked.counts[first]
    places = np.flatnonzero((below <= WINS_OUT_OF_SCOPE * ranked.wins + ROUNDING) & (room >= 2 * ranked.least))
    picked = np.linspace(0, len(places) - 1, min(len(places), MOST_TRIED)).round().astype(np.intp)
    return tuple(int(place) for place in places[picked])


def _lower_cuts(ranked: _Ranked, first: int, ratio: float, thirds: Sequence[int]) -> tuple[int | None, int | None]:
    """The second and the third cut: the highest third one that leaves a second one, then the highest second one."""
    for third in (*thirds, None):
        second = _second_cut(ranked, first, third, ratio)
        if second is not None:
            return second, third
    return None, (thirds[0] if thirds else None)


def _second_cut(ranked: _Ranked, first: int, third: int | None, ratio: float) -> int | None:
    """The highest place at which tier 1 wins `ratio` times as often as tier 3, beyond doubt; tier 3 ends at `third`."""
    end = len(ranked.won) if third is None else int(ranked.counts[third])
    start = int(ranked.counts[first])
    upwards = slice(end - 1, start - 1, -1)  # from the bottom of tier 3; tier 1 is never empty, so that start > 0
    growing = growing_sets(ranked.won[upwards], ranked.groups[upwards])
    in_third = end - ranked.counts
    has_room = (in_third >= ranked.least) & (ranked.counts - start >= ranked.least)
    places = np.flatnonzero(has_room)
    if not len(places):
        return None
    _, low, _ = rate_ratio(ranked.top[np.array([first])], growing[in_third[places] - 1])
    reached = places[low >= ratio]
    return int(reached[0]) if len(reached) else None
