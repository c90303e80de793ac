"""The order in which deals stand, whatever the order of the export: by opening, id, account, closing, and all they say.

Folds, draws and sums go by position, so that the same deals in another order would make another model. Rows that are
alike in all of it are interchangeable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.moments import Days
from icp_ml.deals.texts import Texts, encode_texts

Rows = npt.NDArray[np.intp]
Keys = npt.NDArray[np.int64]


def in_order(rows: Rows, keys: Sequence[Days | Texts | None], table: pa.Table) -> Rows:
    """The same rows in their order.

    keys: what tells first, each for all rows, None where not declared. table: the rest.
    """
    ranks = [_ranks(key, rows) for key in keys if key is not None]
    order = _sorted(ranks, len(rows))
    if not _has_ties(ranks, order):
        return rows[order]
    return rows[_sorted([*ranks, *_all_said(table, rows)], len(rows))]


def _sorted(ranks: Sequence[Keys], count: int) -> Rows:
    """Stable, the first key first."""
    return np.lexsort(ranks[::-1]) if ranks else np.arange(count)


def _has_ties(ranks: Sequence[Keys], order: Rows) -> bool:
    alike = np.ones(max(len(order) - 1, 0), dtype=bool)
    for each in ranks:
        alike &= each[order][1:] == each[order][:-1]
    return bool(alike.any())


def _all_said(table: pa.Table, rows: Rows) -> Iterator[Keys]:
    for name in sorted(set(table.schema.names)):
        yield _ranks(encode_texts(table.column(name)), rows)


def _ranks(key: Days | Texts, rows: Rows) -> Keys:
    """int64[k]: days as they are, texts by their place in the alphabet, a missing one before all others."""
    if not isinstance(key, Texts):
        return key[rows].astype(np.int64)
    place = np.empty(len(key.distinct) + 1, dtype=np.int64)
    place[pc.array_sort_indices(pa.array(key.distinct, pa.string())).to_numpy()] = np.arange(len(key.distinct))
    place[-1] = -1
    return place[key.codes[rows]]
