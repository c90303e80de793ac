"""Two tests for a few dozen deals: are two samples alike, and are predictions off otherwise than they were?

Both statistics are sums of squares over places, compared with the chi-squared distribution where nothing hangs on it,
and with simulated draws where the answer could be an alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from icp_ml.profile.reference import ColumnMisfit

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Places = NDArray[np.intp]

SIMULATED: Final = 100_000
"""Draws behind a p-value that matters: it is known to a tenth of itself down to one in a thousand."""
AT_ONCE: Final = 5_000
"""Draws held in memory at once."""
WORTH_SIMULATING: Final = 0.02
"""A p-value above which no simulation could bring it under a level that is asked."""
FEWEST: Final = 5.0
"""Deals expected at a place, below which it is joined with its neighbour (Cochran 1954)."""
MOST_PLACES: Final = 4
"""Places of a number that are told apart where predictions are compared with outcomes: a rise from few to many drowns
in the noise of ten."""


@dataclass(frozen=True)
class Found:
    """p_value: of the whole column. was, now: the figure at the place that moved most. place: in the column's terms."""

    p_value: float
    was: float
    now: float
    place: int


NOTHING: Final = Found(1.0, 0.0, 0.0, 0)


def alike(table: Counts, rng: np.random.Generator) -> Found:
    """Whether two rows of counts, (2, k), are draws from one distribution: Pearson's statistic (1900)."""
    sizes = table.sum(axis=1)
    if not sizes.all():
        return NOTHING
    group = _joined(table.sum(axis=0) * sizes.min() / sizes.sum())
    if group.max() < 1:
        return NOTHING
    joined = np.array([np.bincount(group, weights=row) for row in table])
    pooled = joined.sum(axis=0) / sizes.sum()

    def drawn(count: int) -> Floats:
        return _pearson(np.stack([rng.multinomial(size, pooled, size=count) for size in sizes], axis=1))

    shares = table / sizes[:, np.newaxis]
    place = int(np.argmax(np.abs(shares[1] - shares[0])))
    p_value = _p_value(float(_pearson(joined[np.newaxis])[0]), len(pooled) - 1, drawn)
    return Found(p_value, float(shares[0, place]), float(shares[1, place]), place)


def _pearson(tables: NDArray[np.floating] | Counts) -> Floats:
    """Pearson's statistic of each of several tables, (t, 2, k)."""
    rows, columns = tables.sum(axis=2, keepdims=True), tables.sum(axis=1, keepdims=True)
    expected = rows * columns / tables.sum(axis=(1, 2), keepdims=True)
    excess = np.where(expected > 0, (tables - expected) ** 2 / np.where(expected > 0, expected, 1.0), 0.0)
    return np.asarray(excess.sum(axis=(1, 2)), dtype=np.float64)


def _joined(expected: Floats) -> Places:
    """The group of each place, rising: neighbours are joined until a group expects `FEWEST`."""
    group = np.zeros(len(expected), dtype=np.intp)
    number, held = 0, 0.0
    for place, count in enumerate(expected):
        if held >= FEWEST and expected[place:].sum() >= FEWEST:
            number, held = number + 1, 0.0
        group[place], held = number, held + count
    return group


@dataclass(frozen=True)
class Before:
    """What was known of a column by groups of its places. group: of each place. excess: of won over predicted, and
    variance: of that mean, and stands: whether any deal stood there, all by group.
    """

    group: Places
    excess: Floats
    variance: Floats
    stands: NDArray[np.bool_]


def shrunken(known: Sequence[Before]) -> list[Before]:
    """The same with each excess pulled towards 0 as far as noise explains it, over all columns (empirical Bayes; Efron
    and Morris 1973): where a model is off nowhere in particular, nothing is taken from a later cohort's surprise.
    """
    excess, variance = (np.concatenate([getattr(each, name) for each in known]) for name in ("excess", "variance"))
    stands = variance > 0
    real = max(float((excess[stands] ** 2 - variance[stands]).mean()), 0.0) if stands.any() else 0.0
    return [
        Before(
            each.group, each.excess * kept, np.where(each.variance > 0, each.variance * kept, 0.0), each.variance > 0
        )
        for each in known
        for kept in [real / np.maximum(real + each.variance, 1e-300)]
    ]


def coarser(misfit: ColumnMisfit, at: Places, *, in_levels: bool) -> Before:
    """The misfit by groups that are large enough among the deals that stand at the places `at`.

    in_levels: whether places are levels, which have no neighbours: rare ones are joined, however far apart.
    """
    counts, size = np.array(misfit.counts), max(len(misfit.counts), int(at.max(initial=0)) + 1)
    counts = np.pad(counts, (0, size - len(counts)))
    now = np.bincount(at, minlength=size)
    expected = np.minimum(now, counts).astype(np.float64)
    group = _levels(expected) if in_levels else _bins(expected)
    weights = np.bincount(group, weights=counts)
    excess, spread = (np.pad(np.array(each), (0, size - len(each))) for each in (misfit.excess, misfit.spread))
    known = np.maximum(weights, 1.0)
    means = (np.bincount(group, weights=counts * each) / known for each in (excess, spread))
    mean_excess, mean_spread = means
    return Before(group, mean_excess, mean_spread / known, weights > 0)


def _levels(expected: Floats) -> Places:
    """Frequent levels by themselves, all rare ones in the first group."""
    frequent = expected >= FEWEST
    return np.where(frequent, np.cumsum(frequent), 0).astype(np.intp)


def _bins(expected: Floats) -> Places:
    """At most `MOST_PLACES` groups of neighbouring bins with about as many deals in each; the missing ones, which stand
    last, by themselves where they are many enough.
    """
    known = expected[:-1]
    upto = np.cumsum(known) - known / 2.0
    group = np.minimum(upto * MOST_PLACES / max(known.sum(), 1.0), MOST_PLACES - 1).astype(np.intp)
    _, group = np.unique(group, return_inverse=True)
    last = group.max(initial=0) + 1 if expected[-1] >= FEWEST else group.max(initial=0)
    return np.append(group, last).astype(np.intp)


def off_otherwise(before: Before, at: Places, won: NDArray[np.int8], p: Floats, rng: np.random.Generator) -> Found:
    """Whether what was won less what was predicted, by groups, is another than before.

    at: (n,) places. won: (n,). p: (n,) probabilities whose mean is the win rate, so that the level is left out.
    """
    group = before.group[at]
    size = len(before.excess)
    counts = np.bincount(group, minlength=size)
    stands = np.flatnonzero((counts >= FEWEST) & before.stands)
    if len(stands) < 2:
        return NOTHING
    now = (np.bincount(group, weights=won - p, minlength=size) / np.maximum(counts, 1))[stands]
    was = (before.excess - before.excess[group].mean())[stands]
    variance = (np.bincount(group, weights=p * (1.0 - p), minlength=size) / np.maximum(counts, 1) ** 2)[stands]
    variance = variance + before.variance[stands]
    expected = np.clip(p + before.excess[group], 0.0, 1.0)

    def drawn(count: int) -> Floats:
        outcomes = rng.random((count, len(p)), dtype=np.float32) < expected
        excess = outcomes - p
        excess -= excess.mean(axis=1, keepdims=True)
        means = np.column_stack([excess[:, group == each].mean(axis=1) for each in stands])
        noise = rng.normal(size=means.shape) * np.sqrt(before.variance[stands])
        return np.asarray(((means - was + noise) ** 2 / variance).sum(axis=1), dtype=np.float64)

    statistic = float(((now - was) ** 2 / variance).sum())
    p_value = _p_value(statistic, len(stands) - 1, drawn)
    most = int(np.argmax((now - was) ** 2 / variance))
    return Found(p_value, float(was[most]), float(now[most]), int(np.flatnonzero(before.group == stands[most])[0]))


def _p_value(statistic: float, degrees: int, drawn: Callable[[int], Floats]) -> float:
    looked_up = float(chi2.sf(statistic, degrees))
    if looked_up > WORTH_SIMULATING:
        return looked_up
    larger = sum(int((drawn(AT_ONCE) >= statistic - 1e-9).sum()) for _ in range(SIMULATED // AT_ONCE))
    return (1 + larger) / (1 + SIMULATED)
