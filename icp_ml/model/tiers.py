"""From log-odds to a tier and to a score of 0 to 100 that mean the same.

A tier starts at a cut on the log-odds. The score is the piecewise-linear map that takes each cut to its
conventional score (70, 50, 30), so that a score of 70 is tier 1 whatever the data were. Where two tiers could not
be told apart the cut between them goes and a label such as "2-3" covers both.

Log-odds here are un-anchored: a shift of the probability's level changes no score and no tier.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icp_ml.deals.policy import MOST_CUTS, OUT_OF_SCOPE, TOP_SCORE

Floats = NDArray[np.float64]
Places = NDArray[np.int8]

COINCIDE = 1e-13
"""Log-odds nearer to the base than this take the local slope: the difference of scores would be rounding only."""
MARGIN = 0.1
"""Least distance in log-odds from the outer cuts to the scores 0 and 100. We chose it; no data reach it as a rule."""


@dataclass(frozen=True)
class Cuts:
    """Where tiers start.

    log_odds: falling, the lower bound of every tier but the last; a prospect at the bound is in the tier.
    scores: the score at each bound, falling, in (0, 100). labels: one more than bounds, best tier first.
    low, high: log-odds at score 0 and at score 100; all bounds lie strictly between them.
    """

    log_odds: tuple[float, ...]
    scores: tuple[float, ...]
    labels: tuple[str, ...]
    low: float
    high: float

    def __post_init__(self) -> None:
        knots = (self.low, *self.log_odds[::-1], self.high)
        if len(self.scores) != len(self.log_odds) or len(self.labels) != len(self.log_odds) + 1:
            raise ValueError("expected a score for each bound and one label more than bounds, found other numbers")
        if not (np.diff(knots) > 0).all() or not (np.diff((0.0, *self.scores[::-1], TOP_SCORE)) > 0).all():
            raise ValueError(f"expected bounds and scores that fall, between low and high, found {knots}")

    def tiers(self, log_odds: Floats) -> Places:
        """int8[n]: the place in `labels` of each row. log_odds: (n,), finite."""
        bounds = np.negative(np.asarray(self.log_odds, dtype=np.float64))
        return np.searchsorted(bounds, -log_odds, side="left").astype(np.int8)

    def score(self, log_odds: ArrayLike) -> Floats:
        """The score of each row, in [0, 100], never falling in the log-odds; 0 below `low`, 100 above `high`."""
        given = np.asarray(log_odds, dtype=np.float64)
        knots, scores = self._knots()
        segment = _segment(knots, given)
        reached = scores[segment] + (given - knots[segment]) * (np.diff(scores) / np.diff(knots))[segment]
        return np.clip(reached, scores[segment], scores[segment + 1])

    def slope(self, log_odds: ArrayLike) -> Floats:
        """Points of score per unit of log-odds at each row, to the right of a knot; 0 where the score is clipped."""
        given = np.asarray(log_odds, dtype=np.float64)
        knots, scores = self._knots()
        inside = (given >= knots[0]) & (given < knots[-1])
        return np.where(inside, (np.diff(scores) / np.diff(knots))[_segment(knots, given)], 0.0)

    def _knots(self) -> tuple[Floats, Floats]:
        """Log-odds and scores between which the map is linear, both rising."""
        knots = np.array([self.low, *self.log_odds[::-1], self.high])
        return knots, np.array([0.0, *self.scores[::-1], TOP_SCORE])


def _segment(knots: Floats, log_odds: Floats) -> NDArray[np.intp]:
    return np.clip(np.searchsorted(knots, log_odds, side="right") - 1, 0, len(knots) - 2)


def sub_scores(cuts: Cuts, contributions: Floats, log_odds: Floats, base: float) -> Floats:
    """What each part adds to the score, (n, k), in points: score(base) + their sum = score(log_odds) to 1e-9.

    contributions: (n, k), in log-odds; each row sums to log_odds - base. A part's points are its contribution times
    the slope of the chord from the base to the row, or the local slope where the two coincide.
    """
    distance = log_odds - base
    coincides = np.abs(distance) <= COINCIDE
    gained = cuts.score(log_odds) - cuts.score(base)
    chord = gained / np.where(coincides, 1.0, distance)
    return contributions * np.where(coincides, cuts.slope(base), chord)[:, np.newaxis]


def tier_labels(count: int) -> tuple[str, ...]:
    """The labels of unmerged tiers. count: the number of scores; with three, what lies below is out of scope."""
    return ("1", "2", "3", OUT_OF_SCOPE) if count == MOST_CUTS else ("1", "2", "3")


def joined_label(labels: Sequence[str]) -> str:
    """One label for neighbouring tiers: "1" and "2-3" are "1-3".

    Out of scope gives way to the tier that it cannot be told apart from: then nothing shows that it is out of scope.
    """
    tiers = [label for label in labels if label != OUT_OF_SCOPE]
    if not tiers:
        return OUT_OF_SCOPE
    first, last = tiers[0].partition("-")[0], tiers[-1].rpartition("-")[2]
    return first if first == last else f"{first}-{last}"


def merged(cuts: Cuts, pairs: Iterable[tuple[str, str]]) -> Cuts:
    """The same with neighbouring tiers merged: the bound between them goes, the others keep log-odds and score.

    pairs: labels of `cuts` that are neighbours, the better one first. Raises `ValueError` for any other pair.
    """
    neighbours = list(pairwise(cuts.labels))
    return without_bounds(cuts, {neighbours.index(pair) for pair in pairs})


def without_bounds(cuts: Cuts, gone: Iterable[int]) -> Cuts:
    """The same without the bounds at these places of `log_odds`."""
    kept = sorted(set(range(len(cuts.log_odds))) - set(gone))
    return replace(
        cuts,
        log_odds=tuple(cuts.log_odds[bound] for bound in kept),
        scores=tuple(cuts.scores[bound] for bound in kept),
        labels=labels_between(cuts.labels, kept),
    )


def labels_between(labels: Sequence[str], kept: Sequence[int]) -> tuple[str, ...]:
    """The labels that remain where only the bounds at the places `kept`, rising, part them."""
    edges = [0, *(bound + 1 for bound in kept), len(labels)]
    return tuple(joined_label(labels[start:end]) for start, end in pairwise(edges))


def in_common(several: Sequence[Cuts]) -> tuple[Cuts, ...]:
    """Each of several cuts merged to the bounds that all of them have, told by their scores.

    Cuts fitted on different deals may have merged different tiers; afterwards their tiers are comparable.
    """
    shared = set(several[0].scores).intersection(*(cuts.scores for cuts in several))
    return tuple(
        without_bounds(cuts, [place for place, score in enumerate(cuts.scores) if score not in shared])
        for cuts in several
    )
