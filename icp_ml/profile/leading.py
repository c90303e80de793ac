"""Which segment of a dimension leads, and whether it is the one with the most deals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from icp_ml.profile.closed_won_records import (
    ENOUGH_LEADS,
    LOWER_IS_BETTER,
    METRICS,
    Figure,
    Leader,
    Metric,
    Segment,
)
from icp_ml.profile.segmenting import LEAST_DEALS

_TIED: Final = 1e-9
"""Figures that differ by less are one and the same but for rounding, as all drawn fully to the whole are."""


def leader_of(segments: Sequence[Segment], whole: Mapping[Metric, Figure]) -> Leader | None:
    """The segment that is best in three or more figures; None where none is. Only those with ten deals can lead.

    Two segments that are best together lead neither of them.
    """
    able = [segment for segment in segments if segment.deals >= LEAST_DEALS]
    best = {metric: place for metric in METRICS if (place := _best(able, metric)) is not None}
    for place, segment in enumerate(able):
        leads = tuple(metric for metric in METRICS if best.get(metric) == place)
        if len(leads) >= ENOUGH_LEADS:
            clearly = tuple(metric for metric in leads if _is_clear(segment.figures[metric], whole[metric]))
            return Leader(words=segment.words, leads=leads, clearly=clearly)
    return None


def largest_is_not_best(segments: Sequence[Segment], leader: Leader | None) -> str:
    """That the segment with the most deals is not the best; empty where it is, or where that may be chance.

    Another is the best where it leads and does so clearly on some figure, or where it is won more often by intervals
    that do not meet.
    """
    able = [segment for segment in segments if segment.deals >= LEAST_DEALS]
    if len(able) < 2:
        return ""
    largest = max(able, key=lambda segment: segment.deals)
    start = f"Most deals are in '{largest.words}' ({largest.deals:,})"
    if leader is not None and leader.clearly:
        many = f"{len(leader.leads)} of {len(METRICS)} figures"
        return "" if leader.words == largest.words else f"{start}; '{leader.words}' leads on {many}."
    best = max(able, key=lambda segment: segment.figures["win rate"].drawn.value)
    here, there = (segment.figures["win rate"].drawn for segment in (largest, best))
    if there.low <= here.high:
        return ""
    return f"{start}, of which {here.value:.0%} are won; of those in '{best.words}' {there.value:.0%} are."


def _best(able: Sequence[Segment], metric: Metric) -> int | None:
    """The place of the one best segment; None where fewer than two have the figure, or the best are equal."""
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    ranked = sorted(
        (
            (sign * segment.figures[metric].drawn.value, place)
            for place, segment in enumerate(able)
            if metric in segment.figures
        ),
        reverse=True,
    )
    if len(ranked) < 2 or ranked[0][0] - ranked[1][0] <= _TIED * abs(ranked[0][0]):
        return None
    return ranked[0][1]


def _is_clear(figure: Figure, whole: Figure) -> bool:
    return not figure.drawn.low <= whole.drawn.value <= figure.drawn.high
