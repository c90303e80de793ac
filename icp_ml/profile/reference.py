"""What the training deals looked like, column by column: that against which a later list is held.

Counts in bins, and no row of any deal. A number's bins lie between its deciles; a category's are its levels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.profile.records import Record

Floats = NDArray[np.float64]

BINS = 10


class ColumnReference(Record):
    """edges: ascending inner bounds of a number's bins (a value on a bound belongs below it); empty for a category.

    shares: of the deals whose value is known, by bin or by level; they add up to 1, or are all 0 where none is.
    missing: share of all deals without a value.
    """

    column: str
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    missing: float


class DriftReference(Record):
    """deals: how many. columns: one for each model column. log_odds: their 0 %, 10 %, ... 100 % quantiles."""

    deals: int
    columns: tuple[ColumnReference, ...]
    log_odds: tuple[float, ...]


def draw_reference(rows: Floats, columns: Sequence[ModelColumn], log_odds: Floats) -> DriftReference:
    """rows: (n, p) encoded training deals, n at least 1. log_odds: (n,) predicted without the deal's account."""
    return DriftReference(
        deals=len(rows),
        columns=tuple(_column(rows[:, j], column) for j, column in enumerate(columns)),
        log_odds=tuple(np.quantile(log_odds, np.arange(BINS + 1) / BINS).tolist()),
    )


def _column(values: Floats, column: ModelColumn) -> ColumnReference:
    if column.is_category:
        counts = np.bincount(values.astype(np.intp), minlength=len(column.levels)).astype(np.float64)
        missing, counts[0] = counts[0], 0.0
        return ColumnReference(
            column=column.name, edges=(), shares=_shares(counts), missing=float(missing / len(values))
        )
    known = values[~np.isnan(values)]
    edges = _edges(known)
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1).astype(np.float64)
    return ColumnReference(
        column=column.name,
        edges=tuple(edges.tolist()),
        shares=_shares(counts),
        missing=float(1.0 - len(known) / len(values)),
    )


def _edges(known: Floats) -> Floats:
    """Distinct inner deciles, the largest value left out: nothing lies above it."""
    if not len(known):
        return np.empty(0)
    deciles = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="lower"))
    return np.asarray(deciles[deciles < known.max()], dtype=np.float64)


def _shares(counts: Floats) -> tuple[float, ...]:
    return tuple((counts / max(float(counts.sum()), 1.0)).tolist())
