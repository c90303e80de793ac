"""Wins and their grades: which customers are the ones to have more of.

Each measure becomes a rank among the wins for which it is known: 0 the worst, 1 the best, equal values the middle of
their ranks. A win's score is the weighted mean of its ranks; what is not known of it is left out. A customer that left
early is of grade C, whatever else it brought.

    measure of five wins     acv 10, 20, 20, 50, not known    ranks 1/8, 1/2, 1/2, 7/8, none
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from icp_ml.deals.ideal_settings import GRADES, KEPT, GradesSettings, GradeWeights, IdealSettings, MeasureSettings
from icp_ml.deals.measures import Measure
from icp_ml.deals.texts import Flags, Floats

NOT_GRADED = -1
"""The code of a deal that was lost, and of a win of which no measure is known."""

BEST_GRADE = 0
"""The place of grade A in `GRADES`."""

_SAME = 12
"""Decimals to which scores are compared, so that sums in another order do not part equal wins."""


@dataclass(frozen=True)
class Graded:
    """Grades of the deals, one a row.

    won: int8[n], 1 where the deal was won, whatever is predicted. grade: int8[n], a place in `GRADES` or `NOT_GRADED`.
    score: float64[n] in [0, 1], NaN where not graded. weights: float64[n] by which deals count in fitting, with mean 1
    over the deals graded together and over their wins, so that the win rate stays; None where they are unused.
    A win without a grade counts as the mean of those that have one.
    """

    settings: IdealSettings
    won: npt.NDArray[np.int8]
    grade: npt.NDArray[np.int8]
    score: Floats
    weights: Floats | None
    measures: tuple[Measure, ...]

    def take(self, rows: npt.NDArray[np.integer]) -> Graded:
        """The same for the given rows, in their order; nothing is graded anew."""
        return replace(
            self,
            won=self.won[rows],
            grade=self.grade[rows],
            score=self.score[rows],
            weights=None if self.weights is None else self.weights[rows],
            measures=tuple(measure.take(rows) for measure in self.measures),
        )


def grade(won: npt.NDArray[np.int8], measures: Sequence[Measure], settings: IdealSettings) -> Graded:
    """Grade the wins among themselves. won: int8[n]; rows that were lost are not graded."""
    score = np.full(len(won), np.nan)
    wins = np.flatnonzero(won == 1)
    ranks = {measure.name: _ranks(measure.values[wins], measure.settings) for measure in measures}
    score[wins] = _mean(ranks, settings.measures)
    left = _left(measures, len(won))
    grades = np.full(len(won), NOT_GRADED, dtype=np.int8)
    graded = np.flatnonzero(~np.isnan(score))
    order = np.where(left[graded], -1.0, np.round(score[graded], _SAME))
    grades[graded] = np.where(left[graded], GRADES.index("C"), _cut(order, settings.grades))
    weights = _weights(grades, settings.weights) if settings.use == "weight" else None
    return Graded(settings, won, grades, score, weights, tuple(measures))


def _weights(grades: npt.NDArray[np.int8], declared: GradeWeights) -> Floats:
    graded = grades >= 0
    raw = np.array([declared.A, declared.B, declared.C])[grades]
    return np.where(graded, raw / raw[graded].mean(), 1.0) if graded.any() else np.ones(len(grades))


def _ranks(values: Floats, settings: MeasureSettings) -> Floats:
    """Mid-ranks in (0, 1) of the known values, the best the highest; NaN where not known."""
    from scipy.stats import rankdata  # noqa: PLC0415 - loaded where wins are graded

    known = ~np.isnan(values)
    ranks = np.full(len(values), np.nan)
    ranks[known] = (rankdata(values[known]) - 0.5) / max(int(known.sum()), 1)
    return 1.0 - ranks if settings.better == "lower" else ranks


def _mean(ranks: Mapping[str, Floats], settings: Mapping[str, MeasureSettings]) -> Floats:
    """The weighted mean of what is known of each win, NaN where nothing is."""
    stacked = np.vstack([ranks[name] for name in settings])
    weights = np.array([measure.weight for measure in settings.values()])[:, None] * ~np.isnan(stacked)
    total = weights.sum(axis=0)
    mean = (np.nan_to_num(stacked) * weights).sum(axis=0) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, mean, np.nan)


def _left(measures: Sequence[Measure], rows: int) -> Flags:
    left = np.zeros(rows, dtype=bool)
    for measure in measures:
        if measure.settings.kind == "left":
            left |= measure.values == 0.0
    return left


def _cut(score: Floats, settings: GradesSettings) -> npt.NDArray[np.int8]:
    """int8[k]: the grade of each score. Equal scores have one grade: that of the middle of their ranks."""
    from scipy.stats import rankdata  # noqa: PLC0415 - loaded where wins are graded

    if settings.by == "score":
        return np.where(score >= settings.A, 0, np.where(score >= settings.B, 1, 2)).astype(np.int8)
    from_the_top = (rankdata(-score) - 0.5) / max(len(score), 1)
    is_a, is_b = from_the_top < settings.A, from_the_top < settings.A + settings.B
    return np.where(is_a, 0, np.where(is_b, 1, 2)).astype(np.int8)


def judgeable(won: npt.NDArray[np.int8], measures: Sequence[Measure], settings: IdealSettings) -> Flags:
    """bool[n]: deals of which it can be said whether they are what is predicted: all losses, and wins measured."""
    asked = [measure for measure in measures if settings.target != KEPT or measure.settings.kind == "left"]
    measured = np.any([~np.isnan(measure.values) for measure in asked], axis=0)
    return np.asarray((won != 1) | measured, dtype=bool)


def predicted_of(graded: Graded) -> npt.NDArray[np.int8]:
    """int8[n]: 1 for the deals that are what is predicted, 0 for all others. Without a target that is: won."""
    target = graded.settings.target
    if graded.settings.use != "target":
        return graded.won
    if target == KEPT:
        kept = [measure.values == 1.0 for measure in graded.measures if measure.settings.kind == "left"]
        return np.asarray((graded.won == 1) & kept[0], dtype=np.int8)
    return np.isin(graded.grade, [GRADES.index(name) for name in target]).astype(np.int8)
