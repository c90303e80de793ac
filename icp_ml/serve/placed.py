"""Where a batch stands in its list: what an answer needs to know of the rows before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.known import Seen
from icp_ml.serve.outgoing import row_ids
from icp_ml.serve.repeats import Repeats


@dataclass(frozen=True)
class Passed:
    """What of a list lies behind. rows: how many. seen: the ids met among them.

    repeats: the repeated rows of the whole list, where they were found beforehand; then no id is remembered.
    """

    rows: int = 0
    seen: Seen = Seen()
    repeats: Repeats | None = None

    def and_then(self, batch: NamedBatch) -> tuple[NDArray[np.bool_], Passed]:
        """bool[n]: the rows of the batch whose id was met before; and what lies behind once it is passed too."""
        count = batch.records.num_rows
        if batch.id is None:
            repeated, seen = np.zeros(count, dtype=bool), self.seen
        elif self.repeats is not None:
            repeated, seen = self.repeats.at(self.rows, count), self.seen
        else:
            repeated, seen = self.seen.meet(row_ids(batch, 1)[1])
        return repeated, Passed(self.rows + count, seen, self.repeats)


NOTHING_PASSED: Final = Passed()


@dataclass(frozen=True)
class Placed:
    """A batch at its place in the list. first_row: the number of its first row. repeated: rows of an id met before."""

    batch: NamedBatch
    first_row: int
    repeated: NDArray[np.bool_]


def placed_in(batches: Iterable[NamedBatch], after: Passed) -> Iterator[Placed]:
    """Each batch with its place, `after` lying before the first."""
    passed = after
    for batch in batches:
        first_row = passed.rows + 1
        repeated, passed = passed.and_then(batch)
        yield Placed(batch, first_row, repeated)
