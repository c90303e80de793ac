"""What each worker of a Spark job does: it opens the bundle once, and scores stretches of the list as they are handed.

A stretch is rows that one worker reads in their order: a partition of a DataFrame, or a piece of a Parquet list. The
stretches have numbers, their places, which say their order. A first pass over the ids tells what lies before each: how
many rows, and which of the ids that stand in several stretches. Then the scorer answers for a stretch as it answers for
the rest of a list of which a part lies behind.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa

from icp_ml.errors import InputError
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.known import Hashes, KnownAccounts, Seen
from icp_ml.serve.list_scorer import REASONS
from icp_ml.serve.loading import AnyScorer, load
from icp_ml.serve.notes import ScoringNotes
from icp_ml.serve.output_rows import OutputRows
from icp_ml.serve.placed import Passed
from icp_ml.serve.scoring import Scorer
from icp_ml.serve.trusted_keys import check_files_trusted

Records: TypeAlias = Any
Cluster: TypeAlias = Any
"""A value that Spark keeps for all workers: a Broadcast or an Accumulator."""
V = TypeVar("V")

MET: Final = pa.schema([("place", pa.int32()), ("bucket", pa.int32()), ("keys", pa.binary())])
"""What the first pass says of a stretch: the hashes of the keys of its ids, each once, as bytes, a row a bucket."""
SEVERAL: Final = pa.schema([("key", pa.int64()), ("first", pa.int32())])
"""The hash of an id that stands in several stretches, and the first of them."""
BUCKET_BITS: Final = 6
"""The hashes are dealt out by their first six bits. We chose it: a billion ids make buckets of 125 MB, and a stretch
has no more than 64 rows to send for each chunk of `Seen`, whatever its length."""


@dataclass(frozen=True)
class Shipped:
    """A bundle's files on their way to the workers. digest: SHA-256 of all of them with their names."""

    digest: str
    files: Mapping[str, bytes] = field(compare=False, repr=False)

    @staticmethod
    def from_folder(folder: Path) -> Shipped:
        """All files of a bundle folder, which was verified before. Raises `BundleInvalid` as `check_trusted` does.

        What was verified before was read before: a signature that this machine demands is asked of what is sent.
        """
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        check_files_trusted(files)
        parts = (name.encode() + b"\0" + sha256(data).digest() for name, data in files.items())
        return Shipped(sha256(b"".join(parts)).hexdigest(), files)

    def opened(self) -> AnyScorer:
        """The scorer, loaded and verified as any other bundle is, from a private folder that is gone afterwards."""
        with TemporaryDirectory(prefix="icp-bundle-") as folder:
            for name, data in self.files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            return load(folder)


@dataclass(frozen=True)
class Asked:
    """What is asked of a list, as for one process; see `ListScorer.score_stream`, `Scorer.with_level`, `OutputRows`."""

    as_of: date | None = None
    reasons: int = REASONS
    known: KnownAccounts | None = None
    base_rate: float | None = None
    intervals: bool = False
    wanted: OutputRows = OutputRows()

    def ready(self, scorer: AnyScorer) -> AnyScorer:
        """The scorer with what is known, at the level that is asked for."""
        knowing = scorer.knowing(self.known)
        if not isinstance(knowing, Scorer):
            return knowing
        return knowing.with_level(self.base_rate, intervals=self.intervals)


@lru_cache(maxsize=2)
def scorer_for(shipped: Shipped, asked: Asked) -> AnyScorer:
    """One scorer for all the tasks of a worker's process."""
    return asked.ready(shipped.opened())


@dataclass(frozen=True)
class Read:
    """Some rows as they were read. kept: arrays that stand beside the answers. total: see `Counted`."""

    batch: NamedBatch
    kept: tuple[Records, ...] = ()
    total: int = 0


@dataclass(frozen=True)
class Stretch:
    """Rows that are read in their order, and their place among the stretches."""

    place: int
    reads: Iterator[Read]


class Source(Protocol):
    """How a worker comes from what Spark hands to it to the rows of a list."""

    def ids(self, handed: Iterable[Records]) -> Iterator[Stretch]:
        """The ids of each stretch and nothing else."""

    def rows(self, handed: Iterable[Records], scorer: AnyScorer) -> Iterator[Stretch]:
        """The columns that the scorer reads."""


@dataclass(frozen=True)
class Counted:
    """rows: in a stretch. total: the sum of the hashes of its ids, modulo 2^64, 0 where nothing was summed.

    It does not depend on the order of the rows; that a stretch holds other rows than before shows in it.
    """

    rows: int = 0
    total: int = 0

    def plus(self, read: Read) -> Counted:
        """With the rows of one more batch."""
        return Counted(self.rows + read.batch.records.num_rows, (self.total + read.total) % 2**64)


@dataclass(frozen=True)
class Places:
    """What the first pass found. counted: each stretch by its place.

    keys: uint64, ascending: hashes of the ids that stand in several stretches. first: where each is met first.
    """

    counted: Mapping[int, Counted]
    keys: Hashes
    first: np.ndarray[Any, np.dtype[np.int32]]

    def before(self, place: int) -> Passed:
        """What of the list lies before a stretch, as far as it can matter to the rows in it."""
        return Passed(self._rows_before.get(place, 0), Seen((self.keys[self.first < place],)))

    def check(self, place: int, found: Counted) -> None:
        """Raise `InputError` where a stretch is not what the first pass found there."""
        expected = self.counted.get(place)
        if expected != found:
            before = "none" if expected is None else f"{expected.rows:,}"
            raise InputError(
                f"partition {place} was expected to hold the rows that it held when ids were counted ({before}), and "
                f"holds others ({found.rows:,}), so that repeated accounts would be told wrongly; persist the frame, "
                "or write it down and read it again, before it is scored"
            )

    @cached_property
    def _rows_before(self) -> Mapping[int, int]:
        places = sorted(self.counted)
        ends = np.cumsum([0, *(self.counted[place].rows for place in places)]).tolist()
        return dict(zip(places, ends[:-1], strict=True))


@dataclass(frozen=True)
class Told:
    """What there is to say about a stretch once it is done."""

    notes: ScoringNotes
    rows_out: int


class ByPlace(Generic[V]):
    """Values by place, in the form of pyspark's AccumulatorParam: a task that ran twice says the same thing twice."""

    def zero(self, _value: dict[int, V]) -> dict[int, V]:
        """Nothing said yet."""
        return {}

    def addInPlace(self, ours: dict[int, V], theirs: dict[int, V]) -> dict[int, V]:
        """Both together; the name is Spark's."""
        ours.update(theirs)
        return ours


@dataclass(frozen=True)
class FirstPass:
    """The task of the first pass. counted: an accumulator of `Counted` by place."""

    source: Source
    counted: Cluster

    def met(self, handed: Iterable[Records]) -> Iterator[Records]:
        """The ids of each stretch, as `MET` has them."""
        for stretch in self.source.ids(handed):
            passed, counted = Passed(), Counted()
            for read in stretch.reads:
                passed, counted = passed.and_then(read.batch)[1], counted.plus(read)
            self.counted.add({stretch.place: counted})
            for keys in passed.seen.chunks:
                yield _in_buckets(stretch.place, keys)


def in_several(handed: Iterable[Records]) -> Iterator[Records]:
    """From whole buckets, as `MET` has them, to the ids that stand in several stretches, as `SEVERAL` has them."""
    found = [row for batch in handed for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
    keys = np.concatenate([np.empty(0, np.uint64), *(np.frombuffer(data, np.uint64) for _, _, data in found)])
    places = np.repeat(np.array([place for place, _, _ in found], np.int32), [len(data) // 8 for _, _, data in found])
    order = np.lexsort((places, keys))
    keys, places = keys[order], places[order]
    is_first = np.diff(keys, prepend=~keys[:1]) != 0
    is_followed = ~np.append(is_first, True)[1:]
    several = is_first & is_followed
    columns = [pa.array(keys[several].view(np.int64)), pa.array(places[several])]
    yield pa.RecordBatch.from_arrays(columns, schema=SEVERAL)


def _in_buckets(place: int, keys: Hashes) -> Records:
    """keys: ascending, so that each bucket is a run of them."""
    ends = np.searchsorted(keys >> np.uint64(64 - BUCKET_BITS), np.arange(2**BUCKET_BITS), side="right")
    parts = [part.tobytes() for part in np.split(keys, ends[:-1])]
    filled = [bucket for bucket, part in enumerate(parts) if part]
    columns = [
        pa.array(np.full(len(filled), place, dtype=np.int32)),
        pa.array(np.array(filled, dtype=np.int32)),
        pa.array([parts[bucket] for bucket in filled], pa.binary()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=MET)


@dataclass(frozen=True)
class Order:
    """What all workers are told once. schema: of the output, in plain types; kept: the names of what is kept."""

    shipped: Shipped
    asked: Asked
    places: Places
    schema: Records
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scoring:
    """The task of the second pass. order: a broadcast `Order`. told: an accumulator of `Told` by place, or None."""

    source: Source
    order: Cluster
    told: Cluster | None = None

    def scored(self, handed: Iterable[Records]) -> Iterator[Records]:
        """The output rows of each stretch, in the order of its rows."""
        order: Order = self.order.value
        scorer = scorer_for(order.shipped, order.asked)
        for stretch in self.source.rows(handed, scorer):
            yield from self._stretch(stretch, order, scorer)

    def _stretch(self, stretch: Stretch, order: Order, scorer: AnyScorer) -> Iterator[Records]:
        waiting: deque[Read] = deque()
        passed, asked = order.places.before(stretch.place), order.asked
        stream = scorer.score_stream(
            _noted(stretch.reads, waiting), as_of=asked.as_of, reasons=asked.reasons, after=passed
        )
        counted, notes, rows_out = Counted(), ScoringNotes(), 0
        for answered in stream:
            read = waiting.popleft()
            counted, notes = counted.plus(read), notes.plus(answered.notes)
            records = asked.wanted.of(beside(answered.records, order.kept, read.kept))
            rows_out += records.num_rows
            yield plain(records, order.schema)
        order.places.check(stretch.place, counted)
        if self.told is not None:
            self.told.add({stretch.place: Told(notes, rows_out)})


def _noted(reads: Iterable[Read], waiting: deque[Read]) -> Iterator[NamedBatch]:
    for read in reads:
        waiting.append(read)
        yield read.batch


def beside(records: Records, names: Iterable[str], kept: Iterable[Records]) -> Records:
    """The output rows with what is kept after their last column."""
    arrays = [*records.columns, *kept]
    return pa.RecordBatch.from_arrays(arrays, names=[*records.schema.names, *names])


def plain(records: Records, schema: Records) -> Records:
    """The rows in types that Spark has: no dictionaries."""
    columns = zip(records.columns, schema.types, strict=True)
    return pa.RecordBatch.from_arrays([column.cast(kind) for column, kind in columns], schema=schema)
