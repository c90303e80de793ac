"""Does an attribute go with winning, given what all others say, beyond what chance would give?

Accounts are the unit. Each deal's outcome is taken relative to what the other attributes let expect (computed without
the deal's account) and to the deals of its time, so that an attribute that only tells old deals from new ones is not
credited with the base rate's drift; what remains is then dealt out again among accounts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PERMUTATIONS = 2_000
AT_ONCE = 200
ENOUGH = 100
TIME_BLOCKS = 8


def relative_to_time(residuals: Floats, opened: NDArray[np.datetime64] | None) -> Floats:
    """Residuals minus their mean among the deals opened about the same time (eighths of the openings), shape (n,)."""
    if opened is None:
        return residuals - float(residuals.mean())
    order = np.argsort(opened, kind="stable")
    left = np.empty(len(residuals))
    for block in np.array_split(order, TIME_BLOCKS):
        if len(block):
            left[block] = residuals[block] - float(residuals[block].mean())
    return left


def permuted_p_value(
    codes: NDArray[np.intp],
    residuals: Floats,
    groups: NDArray[np.int64],
    seed: int,
    count: int = PERMUTATIONS,
) -> float:
    """Share of permutations in which levels differ as much as observed; at least 1 / (count + 1).

    Once `ENOUGH` permutations did so the rest is not dealt out: the p-value is then that number over the permutations
    so far (Besag and Clifford 1991), which is known to a tenth of itself.

    codes: level of each deal, (n,). The statistic is Pearson's: squared sum of residuals in each level over its
    deals. Accounts exchange their mean residuals; an account that holds several deals keeps them together.
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - loaded where deals are counted

    _, member = np.unique(groups, return_inverse=True)
    deals = np.bincount(member)
    mean = np.bincount(member, weights=residuals) / deals
    table = csr_matrix((np.ones(len(codes)), (codes, member)), shape=(int(codes.max()) + 1, len(deals)))
    size = np.asarray(table.sum(axis=1)).ravel()
    used = size > 0
    observed = _pearson(table @ (mean - (deals @ mean) / deals.sum()), size, used)
    rng = np.random.default_rng(seed)
    as_large = 0
    for start in range(0, count, AT_ONCE):
        width = min(AT_ONCE, count - start)
        dealt = rng.permuted(np.tile(mean, (width, 1)), axis=1).T
        dealt -= (deals @ dealt) / deals.sum()
        is_as_large = _pearson(table @ dealt, size, used) >= observed - 1e-12
        if as_large + is_as_large.sum() >= ENOUGH:
            drawn = start + 1 + int(np.searchsorted(np.cumsum(is_as_large), ENOUGH - as_large))
            return ENOUGH / drawn
        as_large += int(is_as_large.sum())
    return (1 + as_large) / (1 + count)


def _pearson(sums: Floats, size: Floats, used: NDArray[np.bool_]) -> Floats:
    squared = np.square(sums[used])
    return np.asarray((squared.T / size[used]).T.sum(axis=0))
