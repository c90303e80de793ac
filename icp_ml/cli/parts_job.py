"""The work of `icp score` into a folder of parts, which a killed job can be asked to finish."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from icp_ml.cli.scoring_job import Done, Job, Tally, check_enough, movement_of
from icp_ml.errors import InputError, TooManyUnusable

if TYPE_CHECKING:
    from icp_ml.serve.incoming import NamedBatch
    from icp_ml.serve.list_scorer import ScoredBatch
    from icp_ml.serve.notes import ScoringNotes
    from icp_ml.serve.parts import FinishedPart, JobRecord, ListFile
    from icp_ml.serve.placed import Passed
    from icp_ml.serve.previous import Moves

NOTES, MOVES, UNUSABLE = "notes", "moves", ".unusable.parquet"
R = TypeVar("R")
Told: TypeAlias = Callable[[int], None]
"""What is told of rows that are done."""


@dataclass(frozen=True)
class Parts:
    """How parts are to be made. rows: of the list in each. facts, files: what makes two jobs the same."""

    rows: int
    facts: dict[str, str]
    files: tuple[ListFile, ...] = ()
    resume: bool = False
    replace: bool = False

    def record(self) -> JobRecord:
        """What the folder says of the job."""
        from icp_ml.serve.parts import JobRecord

        return JobRecord(part_rows=self.rows, facts=self.facts, files=self.files)


def run_parts(job: Job, parts: Parts) -> Done:
    """Score into the folder `job.output`, on from where an earlier job was stopped.

    Raises `Locked` while another job writes there, what `parts.begun` raises, and `TooManyUnusable`, after which
    nothing is kept but the side file.
    """
    from icp_ml.serve import parts as places

    folder, record, began = job.output, parts.record(), time.monotonic()
    with places.held(folder):
        before = places.begun(folder, record, resume=parts.resume, replace=parts.replace)
        is_new = not places.is_finished(folder)
        finished = (*before, *_made(job, parts, before)) if is_new else before
        notes, moves = _totals(finished)
        if is_new:
            _keep(job, record, finished, notes)
    resumed = sum(each.part.rows_in for each in before)
    rows_out, seconds = sum(each.part.rows for each in finished), time.monotonic() - began
    return Done(notes, rows_out, movement_of(job, moves), resumed=resumed, seconds=seconds)


def _keep(job: Job, record: JobRecord, finished: Sequence[FinishedPart], notes: ScoringNotes) -> None:
    """Say that the output is whole, where enough rows were scored; else remove it. The side file stays."""
    from icp_ml.serve import parts as places

    _write_side_file(job, len(finished))
    try:
        check_enough(job, notes)
    except TooManyUnusable:
        places.discard(job.output)
        raise
    places.finish(job.output, record, tuple(finished))


def _made(job: Job, parts: Parts, before: Sequence[FinishedPart]) -> Iterator[FinishedPart]:
    """The parts that were not there yet."""
    from icp_ml.cli.progress import rows_done
    from icp_ml.cli.repeats_first import passed_at_first
    from icp_ml.deals.reading import rows_known

    first = passed_at_first(job)
    with rows_done("scoring", rows_known(job.prospects.path)) as done:
        stream = cut_at(job.batches(), parts.rows)
        passed = _pass_by(stream, sum(each.part.rows_in for each in before), first, done)
        scored = job.scorer.score_stream(
            stream, as_of=job.as_of, reasons=job.reasons, threads=job.threads, after=passed
        )
        counted = _numbered(scored, passed.rows, parts.rows)
        for number, batches in itertools.groupby(counted, key=lambda each: each[0]):
            yield _part(job, number, parts.rows, (batch for _, batch in batches), done)


def _part(job: Job, number: int, rows: int, batches: Iterator[ScoredBatch], done: Told) -> FinishedPart:
    from icp_ml.serve import parts as places
    from icp_ml.serve.sidefile import side_file
    from icp_ml.serve.writing import write_batches

    path = places.hidden(job.output, number)
    with ExitStack() as files:
        place = places.progress_of(job.output, number, UNUSABLE)
        side = None if job.unusable is None else files.enter_context(side_file(place))
        tally = Tally(job, side, number * rows)
        written = write_batches(path, (tally.written(batch, done) for batch in batches))
    said = {NOTES: _plain(tally.notes), **({} if tally.moves is None else {MOVES: _plain(tally.moves)})}
    return places.add(job.output, number, places.Written(path, tally.notes.rows, written, said))


def cut_at(batches: Iterator[NamedBatch], rows: int) -> Iterator[NamedBatch]:
    """The same rows, no batch on both sides of a multiple of `rows`."""
    passed = 0
    for batch in batches:
        start = 0
        while start < batch.records.num_rows:
            room = rows - passed % rows
            piece = batch.records.slice(start, room)
            yield replace(batch, records=piece)
            start, passed = start + piece.num_rows, passed + piece.num_rows


def _pass_by(stream: Iterator[NamedBatch], rows: int, first: Passed, done: Told) -> Passed:
    """Take the rows that are done from the stream, and remember what is to be known of them."""
    passed = first
    while passed.rows < rows:
        batch = next(stream, None)
        if batch is None:
            raise InputError(
                f"expected at least {rows:,} rows, which were scored already, found {passed.rows:,}; the list has "
                "changed, so begin anew with --force instead of --resume"
            )
        passed = passed.and_then(batch)[1]
        done(batch.records.num_rows)
    return passed


def _numbered(batches: Iterator[ScoredBatch], rows_before: int, rows: int) -> Iterator[tuple[int, ScoredBatch]]:
    """Each batch with the number of its part."""
    passed = rows_before
    for batch in batches:
        yield passed // rows, batch
        passed += batch.notes.rows


def _totals(finished: Sequence[FinishedPart]) -> tuple[ScoringNotes, Moves | None]:
    from icp_ml.serve.notes import ScoringNotes
    from icp_ml.serve.previous import Moves

    notes, moves = ScoringNotes(), None
    for each in finished:
        notes = notes.plus(_read_as(ScoringNotes, each.said[NOTES]))
        if MOVES in each.said:
            found = _read_as(Moves, each.said[MOVES])
            moves = found if moves is None else moves.plus(found)
    return notes, moves


def _plain(record: object) -> object:
    from pydantic import TypeAdapter

    return TypeAdapter(type(record)).dump_python(record, mode="json")


def _read_as(kind: type[R], value: object) -> R:
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(value)


def _write_side_file(job: Job, parts: int) -> None:
    """The unusable rows of all parts in the file that was asked for; only its header where there are none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from icp_ml.serve import parts as places
    from icp_ml.serve.writing import whole_file, write_batches

    if job.unusable is None:
        return
    found = [places.progress_of(job.output, number, UNUSABLE) for number in range(parts)]
    header = pa.RecordBatch.from_pylist([], schema=pq.read_schema(found[0]))
    rows = (batch for path in found for batch in pq.ParquetFile(path).iter_batches())
    with whole_file(job.unusable) as partial:
        write_batches(partial, itertools.chain([header], rows))
