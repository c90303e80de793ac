"""Where the workers of a Spark job find rows: in what Spark hands them, or in a Parquet list that they read themselves.

A list in files is read by the same library as in one process, so that every type and every odd value is what it is
there. Its pieces are numbered in the order of the list, and the numbers are what Spark hands out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.parquet_pieces import Piece, piece_batches
from icp_ml.deals.prospects import ProspectList
from icp_ml.deals.reading import BATCH_ROWS
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.serve.incoming import Incoming, NamedBatch
from icp_ml.serve.loading import AnyScorer
from icp_ml.serve.spark_tasks import Read, Records, Stretch

PLACE: Final = "__icp_place"
"""The column of a handed frame that says which partition a row is of."""
CHECK: Final = "__icp_check"
"""The column that holds a hash of the id as Spark sees it, 0 where there is no id column."""


@dataclass(frozen=True)
class FrameSource:
    """A DataFrame's partitions, with the columns `PLACE` and `CHECK`.

    settings: how a list is read, the name of its id column in `id`. id_name: that name where the frame has it, else
    None. keep: columns that stand beside the answers.
    """

    settings: ProspectsSettings
    id_name: str | None
    keep: tuple[str, ...] = ()

    def ids(self, handed: Iterable[Records]) -> Iterator[Stretch]:
        """See `Source.ids`."""
        return _stretches(handed, self._ids_of)

    def rows(self, handed: Iterable[Records], scorer: AnyScorer) -> Iterator[Stretch]:
        """See `Source.rows`."""
        incoming = Incoming(scorer.read_attributes, self.settings)
        return _stretches(handed, lambda batch: self._rows_of(batch, incoming))

    def _ids_of(self, batch: Records) -> Read:
        names = [PLACE if self.id_name is None else self.id_name]
        return Read(NamedBatch(batch.select(names), self.id_name, frozenset()), total=_total(batch))

    def _rows_of(self, batch: Records, incoming: Incoming) -> Read:
        (named,) = incoming.batches(batch)
        return Read(named, tuple(batch.column(name) for name in self.keep), _total(batch))


@dataclass(frozen=True)
class ListSource:
    """Pieces of a Parquet list, which the workers find under the same paths; what is handed are the pieces' numbers."""

    prospects: ProspectList
    pieces: tuple[Piece, ...]
    batch_rows: int = BATCH_ROWS

    def ids(self, handed: Iterable[Records]) -> Iterator[Stretch]:
        """See `Source.ids`."""
        return (self._stretch(number, ()) for number in _numbers(handed))

    def rows(self, handed: Iterable[Records], scorer: AnyScorer) -> Iterator[Stretch]:
        """See `Source.rows`."""
        return (self._stretch(number, scorer.read_attributes) for number in _numbers(handed))

    @property
    def keep(self) -> tuple[str, ...]:
        """The names of the folders' keys."""
        return tuple(name for name, _ in self.pieces[0].keys)

    def columns(self, attributes: Iterable[Attribute]) -> dict[str, str]:
        """The list's columns by the names that they have from here on: the id, and those of attributes it has."""
        listed = self.prospects
        raw_of = dict(zip(listed.renamed, listed.columns, strict=True))
        wanted = [] if listed.id is None else [listed.id]
        wanted += [column for each in attributes for column in each.columns if column in raw_of]
        return {name: raw_of[name] for name in wanted}

    def _stretch(self, number: int, attributes: Iterable[Attribute]) -> Stretch:
        piece, columns = self.pieces[number], self.columns(attributes)
        batches = piece_batches(piece, list(columns.values()), self.batch_rows)
        return Stretch(number, (self._read(batch.rename_columns(list(columns)), piece) for batch in batches))

    def _read(self, batch: Records, piece: Piece) -> Read:
        values = (pa.scalar(value, pa.string()) for _, value in piece.keys)
        kept = tuple(pa.repeat(value, batch.num_rows) for value in values)
        return Read(NamedBatch(batch, self.prospects.id, frozenset(self.prospects.absent)), kept)


def _stretches(handed: Iterable[Records], read: Callable[[Records], Read]) -> Iterator[Stretch]:
    """What Spark hands to one task is one stretch, or none where it is empty."""
    batches = (batch for batch in handed if batch.num_rows)
    for first in batches:
        place = first.column(PLACE)[0].as_py()
        yield Stretch(place, (read(part) for part in _gathered(chain([first], batches))))


def _gathered(batches: Iterable[Records]) -> Iterator[Records]:
    """The same rows in batches of `BATCH_ROWS`, the last one smaller: Spark's are small, and a text that comes often is
    read once a batch.
    """
    held: list[Records] = []
    for batch in batches:
        held.append(batch)
        while sum(each.num_rows for each in held) >= BATCH_ROWS:
            whole = _as_one(held)
            yield whole.slice(0, BATCH_ROWS)
            held = [whole.slice(BATCH_ROWS)]
    if any(each.num_rows for each in held):
        yield _as_one(held)


def _as_one(batches: list[Records]) -> Records:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _numbers(handed: Iterable[Records]) -> Iterator[int]:
    return (number for batch in handed for number in batch.column(0).to_pylist())


def _total(batch: Records) -> int:
    """The sum of the hashes modulo 2^64."""
    hashes = batch.column(CHECK).to_numpy(zero_copy_only=False).view(np.uint64)
    return int(hashes.sum(dtype=np.uint64))
