"""Learning from deals twice: as they are, and as empty as the list that will be scored.

Each deal has copies with its outcome, its account and fewer known values. Members learn from both, each deal counting
as much as before: a deal with m copies lends 1 / (m + 1) of its weight to each of its m + 1 rows.

    rows 0 .. n - 1 are the deals, rows k n .. k n + n - 1 their k-th copies: copy k of deal i is row i + k n

Members, their stack and the search look at deals and copies alike; tiers, the profile and every figure at the deals as
they are. A leaf that only copies reach has no count among the deals, and contributions along it would be 0 / 0; so the
reference population of a model that learned from copies is the deals together with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.vocabulary import ModelColumn, Vocabulary

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Learnt:
    """What members are fitted to: rows (m, p), outcomes (m,), weights (m,) or None.

    deals: how many of the rows, the first ones, are deals; the others are their copies in the same order.
    """

    rows: Floats
    won: NDArray[np.int8]
    weights: Floats | None
    deals: int

    def and_copies(self, deals: Rows) -> Rows:
        """The rows of these deals and of their copies; the deals themselves, in their order, come first."""
        return np.concatenate([deals + start for start in range(0, len(self.rows), max(self.deals, 1))])


def with_copies(rows: Floats, won: NDArray[np.int8], weights: Floats | None, copies: Sequence[Floats]) -> Learnt:
    """Deals and their copies, one below the other. rows, and each of the copies: (n, p). Without copies: the deals."""
    if not copies:
        return Learnt(rows, won, weights, len(won))
    times = len(copies) + 1
    each = (np.ones(len(won)) if weights is None else weights) / times
    return Learnt(np.concatenate([rows, *copies]), np.tile(won, times), np.tile(each, times), len(won))


def ready_for_gaps(vocabulary: Vocabulary, copies: Sequence[ParsedTable]) -> Vocabulary:
    """The same vocabulary, where a column that only the copies lack keeps its gaps: members learn an answer to them."""
    gaps: Mapping[str, bool] = {
        name: any(copy.missing(name).any() for copy in copies) for name in {c.attribute for c in vocabulary.columns}
    }
    return Vocabulary(tuple(_ready(column) if gaps[column.attribute] else column for column in vocabulary.columns))


def _ready(column: ModelColumn) -> ModelColumn:
    return replace(column, fill=None)
