"""Counts how each attribute acts among the deals: contributions by state, the swarm of each factor, the quadrants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.vocabulary import MISSING_CODE, ModelColumn
from icp_ml.profile.dependence_records import (
    Dependence,
    FactorDependence,
    QuadrantRow,
    StateContribution,
    Swarm,
)
from icp_ml.profile.icp import Evidence
from icp_ml.profile.rates import win_rate
from icp_ml.profile.records import Profile
from icp_ml.profile.tiers import QUADRANTS, quadrants
from icp_ml.profile.wording import state_words

Floats = NDArray[np.float64]

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
SWARM_BINS: Final = 60
MOST_FACTORS: Final = 30
"""Beyond them a factor carries too little for a picture of its own."""


def draw_dependence(evidence: Evidence, profile: Profile) -> Dependence:
    """Of the profile's factors that carry most, at most `MOST_FACTORS`; a factor that adds nothing is left out."""
    columns = evidence.model.vocabulary.columns
    place = {column.factor: j for j, column in enumerate(columns)}
    named = {attribute.name: attribute for attribute in evidence.attributes}
    shown = [each for each in profile.attributes if each.share > 0][:MOST_FACTORS]
    chosen = [place[each.factor] for each in shown]
    reach = max((float(np.abs(evidence.used[:, j]).max()) for j in chosen), default=0.0)
    edges = np.linspace(-reach, reach, SWARM_BINS + 1)
    return Dependence(
        low=-reach,
        high=reach,
        factors=tuple(_factor(evidence, j, named[columns[j].attribute], edges) for j in chosen),
        quadrants=_quadrants(evidence),
    )


def _factor(evidence: Evidence, position: int, attribute: Attribute, edges: Floats) -> FactorDependence:
    column = evidence.model.vocabulary.columns[position]
    points = evidence.model.scorecard.columns[position]
    values, used = evidence.data.rows[:, position], evidence.used[:, position]
    codes = points.codes(values)
    texts = {code: state_words(attribute, column, points, [code]) for code in np.unique(codes).tolist()}
    order = sorted(texts, key=lambda code: _place(column, codes, code))
    return FactorDependence(
        factor=column.factor,
        states=tuple(_state(evidence, texts[code], codes == code, used) for code in order),
        swarm=_swarm(used, None if column.is_category else values, edges),
    )


def _place(column: ModelColumn, codes: NDArray[np.intp], code: int) -> tuple[int, int]:
    """The sort key of a state. A category's code 0 is missing; a number's missing code is its last."""
    if column.is_category:
        return int(code == MISSING_CODE), -int((codes == code).sum())
    return 0, code


def _state(evidence: Evidence, text: str, here: NDArray[np.bool_], used: Floats) -> StateContribution:
    won, groups = evidence.data.won, evidence.data.groups
    low, lower, middle, upper, high = np.quantile(used[here], QUANTILES).tolist()
    return StateContribution(
        text=text,
        deals=int(here.sum()),
        won=int(won[here].sum()),
        win_rate=win_rate(won, groups, here),
        contributions=(low, lower, middle, upper, high),
    )


def _swarm(used: Floats, values: Floats | None, edges: Floats) -> Swarm:
    counts, _ = np.histogram(used, edges)
    if values is None or np.isnan(values).all():
        return Swarm(counts=tuple(counts.tolist()), height=(None,) * len(counts))
    known = ~np.isnan(values)
    height = (rankdata(values[known]) - 0.5) / known.sum()
    standing, _ = np.histogram(used[known], edges)
    total, _ = np.histogram(used[known], edges, weights=height)
    mean = [float(t / n) if n else None for t, n in zip(total, standing, strict=True)]
    return Swarm(counts=tuple(counts.tolist()), height=tuple(mean))


def _quadrants(evidence: Evidence) -> tuple[QuadrantRow, ...]:
    columns = evidence.model.vocabulary.columns
    fit, intent = (_axis(evidence, [column.axis == axis for column in columns]) for axis in ("fit", "intent"))
    if fit is None or intent is None:
        return ()
    standing = quadrants(fit, intent)
    won, groups = evidence.data.won, evidence.data.groups
    return tuple(
        QuadrantRow(
            quadrant=name,
            deals=int((standing == at).sum()),
            won=int(won[standing == at].sum()),
            win_rate=win_rate(won, groups, standing == at),
        )
        for at, name in enumerate(QUADRANTS)
    )


def _axis(evidence: Evidence, of_axis: Sequence[bool]) -> Floats | None:
    """What an axis says of each deal, (n,); None where the model has no column of it."""
    if not any(of_axis):
        return None
    return np.asarray(evidence.voices.contributions[:, np.array(of_axis)].sum(axis=1), dtype=np.float64)
