"""Values taken away by luck, so that one table knows as little of each attribute as another does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable

Flags = NDArray[np.bool_]


def masked_to(parsed: ParsedTable, known: Mapping[str, float], seed: int) -> ParsedTable:
    """The same rows with each attribute known in at most a share `known` of them, 0 to 1.

    Which values go is luck and depends on nothing else; an attribute that is known less often, or is not in `known`,
    stays as it is.
    """
    columns = dict(parsed.columns)
    for place, name in enumerate(sorted(columns)):
        now = float((~parsed.missing(name)).mean()) if parsed.n_rows else 0.0
        if known.get(name, 1.0) < now:
            luck = np.random.default_rng([seed, place]).random(parsed.n_rows)
            columns[name] = _without(columns[name], luck >= known[name] / now)
    return replace(parsed, columns=columns)


def _without(column: ParsedColumn, rows: Flags) -> ParsedColumn:
    if isinstance(column, NumberColumn):
        return NumberColumn(np.where(rows, np.nan, column.values))
    if isinstance(column, CategoryColumn):
        return CategoryColumn(np.where(rows, -1, column.codes).astype(np.int32), column.levels)
    sizes = column.sizes()
    indptr = np.concatenate([[0], np.cumsum(np.where(rows, 0, sizes))]).astype(np.int64)
    return replace(
        column, indptr=indptr, indices=column.indices[np.repeat(~rows, sizes)], missing=column.missing | rows
    )
