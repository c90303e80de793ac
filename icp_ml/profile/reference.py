"""What the training deals looked like, column by column: that against which a later list is held.

Counts in bins, and no row of any deal. A number's bins lie between its deciles; a category's are its levels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

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


class ColumnMisfit(Record):
    """How far predictions without the deal's account were off, by the `places` of a column.

    counts: deals at each place. excess: mean of won less predicted; spread: mean of the probability times its
    complement. Both 0 where nobody stands.
    """

    counts: tuple[int, ...]
    excess: tuple[float, ...]
    spread: tuple[float, ...]


class DriftReference(Record):
    """deals: how many. columns: one for each model column. log_odds: their 0 %, 10 %, ... 100 % quantiles.

    misfit: one for each column; none in bundles made before it was kept. A model of few deals is off somewhere, and a
    later cohort shows a change only where it is off otherwise.
    """

    deals: int
    columns: tuple[ColumnReference, ...]
    log_odds: tuple[float, ...]
    misfit: tuple[ColumnMisfit, ...] = ()


def draw_reference(
    rows: Floats, columns: Sequence[ModelColumn], log_odds: Floats, won: NDArray[np.int8] | None = None
) -> DriftReference:
    """rows: (n, p) encoded training deals, n at least 1. log_odds: (n,) predicted without the deal's account.

    won: (n,) what became of them, None where nothing is known to have been lost.
    """
    drawn = tuple(_column(rows[:, j], column) for j, column in enumerate(columns))
    at = [places(rows[:, j], each) for j, each in enumerate(drawn)]
    return DriftReference(
        deals=len(rows),
        columns=drawn,
        log_odds=tuple(np.quantile(log_odds, np.arange(BINS + 1) / BINS).tolist()),
        misfit=() if won is None else tuple(_misfit(each, log_odds, won) for each in at),
    )


def places(values: Floats, reference: ColumnReference) -> NDArray[np.intp]:
    """intp[n]: where each value of a column stands: its level, or its bin, after the last of which the missing ones do.

    values: (n,) as encoded for the model.
    """
    if is_category(reference):
        return values.astype(np.intp)
    bins = np.searchsorted(np.asarray(reference.edges), values, side="left")
    return np.where(np.isnan(values), len(reference.edges) + 1, bins)


def is_category(reference: ColumnReference) -> bool:
    """Whether the shares are of levels, the first of which stands for missing, and not of bins between edges."""
    return len(reference.shares) != len(reference.edges) + 1


def _misfit(at: NDArray[np.intp], log_odds: Floats, won: NDArray[np.int8]) -> ColumnMisfit:
    p = expit(log_odds)
    counts = np.bincount(at)
    sums = (np.bincount(at, weights=each) for each in (won - p, p * (1.0 - p)))
    excess, spread = (tuple((each / np.maximum(counts, 1)).tolist()) for each in sums)
    return ColumnMisfit(counts=tuple(counts.tolist()), excess=excess, spread=spread)


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
