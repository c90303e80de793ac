"""The five figures of closed deals by segment, and which segment leads.

    win rate         of all deals that were won or lost
    deal size        mean amount of a win
    cycle            median days from opening to closing of a win
    expansion rate   of the wins of which it is known whether they grew
    churn rate       of the wins of which it is known whether they left

Figures are drawn towards the whole where a segment is small (see `shrinkage`). Sizes and cycles are drawn on the log
scale, and come back by the factor that leads from the mean logarithm of all wins to their mean or median (smearing,
Duan 1983), which assumes that amounts spread alike in every segment. A cycle is of wins that have closed: deals that
are still open are not in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, SetColumn
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.profile.closed_won_records import (
    METRICS,
    Dimension,
    Figure,
    Metric,
    Segment,
    Segments,
    StaleDeals,
)
from icp_ml.profile.condition_words import condition_words
from icp_ml.profile.leading import largest_is_not_best, leader_of
from icp_ml.profile.records import Interval
from icp_ml.profile.segmenting import check_bands, holds, segments_of
from icp_ml.profile.shrinkage import Alike, Observed, alike, drawn_means, drawn_rates

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SAME_DAY: Final = 0.5
"""A deal that closed on the day it was opened took half a day."""
ON_LOG_SCALE: Final[tuple[Metric, ...]] = ("deal size", "cycle")


@dataclass(frozen=True)
class ClosedDeals:
    """Deals that were won or lost, one a row, with what is known of the wins.

    won: int8[n], 1 where won. groups: int64[n], accounts. sizes: float64[n], amounts above zero. cycles: float64[n],
    days. expanded, left: float64[n], 1 where the customer grew, or left, 0 where not. All four are NaN where the deal
    was lost or nobody knows, and None where nobody says where they stand. opened: datetime64[D][n], None without
    dates; stale: what is known of deals still open. unit: of the sizes.
    """

    attributes: tuple[Attribute, ...]
    parsed: ParsedTable
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    opened: NDArray[np.datetime64] | None = None
    sizes: Floats | None = None
    cycles: Floats | None = None
    expanded: Floats | None = None
    left: Floats | None = None
    stale: StaleDeals | None = None
    unit: str = ""

    def values(self) -> dict[Metric, Floats]:
        """What each figure is made of, float64[n], NaN where not known; figures that nobody declared are left out."""
        of_wins = (self.sizes, self.cycles, self.expanded, self.left)
        all_five = (self.won.astype(np.float64), *of_wins)
        return {name: values for name, values in zip(METRICS, all_five, strict=True) if values is not None}


@dataclass(frozen=True)
class _Measure:
    """One figure on its way. values: as they are averaged, logarithms for sizes and cycles. plain: as they came."""

    metric: Metric
    plain: Floats
    values: Floats
    alike: Alike
    whole: Observed
    variance: float = 0.0
    factor: float = 1.0

    @property
    def is_rate(self) -> bool:
        return self.metric not in ON_LOG_SCALE

    def drawn(self, segments: Sequence[Observed]) -> tuple[Interval | None, ...]:
        """The figures of the segments, in their own unit."""
        if self.is_rate:
            return drawn_rates(segments, self.whole)
        found = drawn_means(segments, self.whole, self.variance)
        return tuple(None if each is None else _back(each, self.factor) for each in found)

    def counted(self, among: Mask) -> float:
        """The figure as counted; of at least one deal it is known."""
        known = self.plain[among & ~np.isnan(self.plain)]
        return float(np.median(known) if self.metric == "cycle" else known.mean())


@dataclass(frozen=True)
class _Measured:
    """All figures, and everybody. measures: those of which at least one deal is known."""

    deals: ClosedDeals
    everyone: Mask
    measures: tuple[_Measure, ...]
    whole: Mapping[Metric, Figure] = field(default_factory=dict)


def by_segment(deals: ClosedDeals, settings: SegmentsSettings | None = None) -> Segments:
    """The five figures for every attribute by its segments, in the order of the attributes.

    Raises `ConfigError` where `settings` gives bands to what is not there or has none.
    """
    bands = settings or SegmentsSettings()
    check_bands(bands, deals.attributes)
    everyone = np.ones(len(deals.won), dtype=bool)
    measures = tuple(_measure(name, values, deals) for name, values in deals.values().items())
    known = tuple(measure for measure in measures if measure.whole.deals)
    whole = _figures(known, [everyone])[0]
    measured = _Measured(deals, everyone, known, whole)
    return Segments(
        deals=len(deals.won),
        won=int(deals.won.sum()),
        accounts=len(np.unique(deals.groups)),
        whole=whole,
        dimensions=tuple(_dimension(attribute, measured, bands) for attribute in deals.attributes),
        unit=deals.unit,
        stale=deals.stale,
    )


def _measure(metric: Metric, plain: Floats, deals: ClosedDeals) -> _Measure:
    values = plain
    if metric in ON_LOG_SCALE:
        values = np.log(np.maximum(plain, SAME_DAY) if metric == "cycle" else plain)
    same = alike(values, deals.groups)
    whole = same.observed(values, np.ones(len(values), dtype=bool))
    made = _Measure(metric, plain, values, same, whole)
    if made.is_rate or not whole.deals:
        return made
    everyone = np.ones(len(values), dtype=bool)
    factor = made.counted(everyone) / math.exp(whole.mean)
    return _Measure(metric, plain, values, same, whole, float(np.nanvar(values)), factor)


def _dimension(attribute: Attribute, measured: _Measured, settings: SegmentsSettings) -> Dimension:
    deals = measured.deals
    asked = segments_of(attribute, deals.parsed, settings)
    held = [(condition, holds(condition, attribute, deals.parsed)) for condition in asked]
    shown = [(each, mask) for each, mask in held if mask.any() or not each.others]
    masks = [mask for _, mask in shown]
    segments = tuple(
        Segment(
            condition=condition,
            words=condition_words(condition, attribute),
            deals=int(mask.sum()),
            won=int(deals.won[mask].sum()),
            accounts=len(np.unique(deals.groups[mask])),
            figures=figures,
        )
        for (condition, mask), figures in zip(shown, _figures(measured.measures, masks), strict=True)
    )
    gaps = deals.parsed.missing(attribute.name)
    leader = leader_of(segments, measured.whole)
    return Dimension(
        attribute=attribute.name,
        layer=attribute.layer,
        overlapping=isinstance(deals.parsed.columns[attribute.name], SetColumn),
        segments=segments,
        not_known=int(gaps.sum()),
        not_known_won=int(deals.won[gaps].sum()),
        leader=leader,
        warning=largest_is_not_best(segments, leader),
    )


def _figures(measures: Sequence[_Measure], masks: Sequence[Mask]) -> list[dict[Metric, Figure]]:
    """For each of the segments of one dimension, its figures."""
    found: list[dict[Metric, Figure]] = [{} for _ in masks]
    for measure in measures:
        observed = [measure.alike.observed(measure.values, mask) for mask in masks]
        for place, drawn in enumerate(measure.drawn(observed)):
            if drawn is not None:
                found[place][measure.metric] = Figure(
                    deals=observed[place].deals,
                    accounts=observed[place].accounts,
                    observed=measure.counted(masks[place]),
                    drawn=drawn,
                )
    return found


def _back(found: Interval, factor: float) -> Interval:
    """From the mean logarithm to the unit of the figure."""
    value, low, high = (factor * math.exp(each) for each in (found.value, found.low, found.high))
    return Interval(value=value, low=low, high=high)
