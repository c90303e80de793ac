"""The work of `icp score`: batches through the scorer, beside an earlier list, into the output and the side file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icp_ml.cli.lists import batches_in
from icp_ml.errors import TooManyUnusable

if TYPE_CHECKING:
    from icp_ml.deals.list_tables import ListTables
    from icp_ml.deals.prospects import ProspectList
    from icp_ml.serve.incoming import NamedBatch
    from icp_ml.serve.list_scorer import ScoredBatch
    from icp_ml.serve.loading import AnyScorer
    from icp_ml.serve.neighbour_columns import Comparer
    from icp_ml.serve.notes import ScoringNotes
    from icp_ml.serve.output_rows import OutputRows
    from icp_ml.serve.previous import Changes, Movement, Moves, PreviousList
    from icp_ml.serve.sidefile import SideFile
    from icp_ml.serve.table_writing import Table


@dataclass(frozen=True)
class Job:
    """What was asked for, after the command line was checked.

    previous: the list as it was scored before. tables: what attributes that the list lacks are made of. unusable: where
    rows without a score go. changed_only: write only rows that are new or in another tier. comparer: what names the
    accounts that rows of the first tier are most like, None where that was not asked. wanted: which rows and columns
    are written. threads: batches that are scored side by side. table: where rows go in the place of a file `output`.
    """

    scorer: AnyScorer
    model: Path
    prospects: ProspectList
    output: Path
    as_of: date
    reasons: int
    batch_rows: int
    max_unscored: float
    wanted: OutputRows
    previous: PreviousList | None = None
    changed_only: bool = False
    unusable: Path | None = None
    tables: ListTables | None = None
    comparer: Comparer | None = None
    threads: int = 1
    table: Table | None = None

    def batches(self) -> Iterator[NamedBatch]:
        """The rows of the list as they are read."""
        return batches_in(self.prospects, self.scorer, self.tables, self.as_of, self.batch_rows)


@dataclass(frozen=True)
class Done:
    """notes: on the rows read. rows_out: rows in the output. movement: against the earlier list, where there is one.

    resumed: rows that an earlier job had done already. seconds: from the first row that was read to the last written.
    """

    notes: ScoringNotes
    rows_out: int
    movement: Movement | None
    resumed: int = 0
    seconds: float = 0.0


def run(job: Job) -> Done:
    """Score and write. Where too few rows got a score the output is not kept, and the side file says which.

    Raises `TooManyUnusable`.
    """
    from icp_ml.cli.progress import rows_done
    from icp_ml.cli.repeats_first import passed_at_first
    from icp_ml.deals.reading import rows_known
    from icp_ml.serve.sidefile import side_file

    refusal: TooManyUnusable | None = None
    written, began = 0, time.monotonic()
    with ExitStack() as files:
        side = None if job.unusable is None else files.enter_context(side_file(job.unusable))
        tally, first = Tally(job, side), passed_at_first(job)
        try:
            with rows_done("scoring", rows_known(job.prospects.path)) as done:
                stream = job.scorer.score_stream(
                    job.batches(), as_of=job.as_of, reasons=job.reasons, threads=job.threads, after=first
                )
                written = _write(job, _rows_out(job, tally, stream, done))
        except TooManyUnusable as too_many:
            refusal = too_many
    if refusal is not None:
        raise refusal
    seconds = time.monotonic() - began
    return Done(tally.notes, written, movement_of(job, tally.moves), seconds=seconds)


def _rows_out(job: Job, tally: Tally, stream: Iterator[ScoredBatch], done: Callable[[int], None]) -> Iterator[Any]:
    """The rows to write, and after the last of them a refusal where too few got a score."""
    for batch in stream:
        yield tally.written(batch, done)
    check_enough(job, tally.notes)


def _write(job: Job, batches: Iterator[Any]) -> int:
    """All rows or none, into the table or the file; how many they were."""
    from icp_ml.serve.table_writing import write_table
    from icp_ml.serve.writing import whole_file, write_batches

    if job.table is not None:
        return write_table(job.table, batches)
    with whole_file(job.output) as partial:
        return write_batches(partial, batches)


def movement_of(job: Job, moves: Moves | None) -> Movement | None:
    """What moved since the earlier list, where there is one."""
    return None if job.previous is None or moves is None else job.previous.movement(moves)


class Tally:
    """Adds up what there is to say about batches that pass by on their way to the file."""

    def __init__(self, job: Job, side: SideFile | None, rows_before: int = 0) -> None:
        from icp_ml.serve.notes import ScoringNotes

        self.notes = ScoringNotes()
        self.moves: Moves | None = None
        self._job = job
        self._side = side
        self._rows_before = rows_before

    def written(self, batch: ScoredBatch, done: Callable[[int], None]) -> Any:
        """The output rows of a batch that are to be written, after it was counted. done: is told of its rows."""
        job = self._job
        if self._side is not None:
            first = self._rows_before + self.notes.rows + 1
            self._side.add(batch.source, first, batch.records.column("status"), ~batch.is_scored)
        self.notes = self.notes.plus(batch.notes)
        done(batch.notes.rows)
        beside = _beside_accounts(batch, job)
        records = beside.records if job.previous is None else self._compared(beside, job.previous)
        return job.wanted.of(records)

    def _compared(self, batch: ScoredBatch, previous: PreviousList) -> Any:
        changes = previous.compare(_current(batch, self._job.scorer), self._job.scorer.content_hash)
        self.moves = changes.moves if self.moves is None else self.moves.plus(changes.moves)
        return _with_changes(batch.records, changes, changed_only=self._job.changed_only)


def _beside_accounts(batch: ScoredBatch, job: Job) -> ScoredBatch:
    """The batch with the accounts that its rows are most like, where that was asked."""
    if job.comparer is None:
        return batch
    return replace(batch, records=job.comparer.with_columns(batch.records, batch.source, job.as_of))


def _current(batch: ScoredBatch, scorer: AnyScorer) -> Any:
    import numpy as np

    from icp_ml.serve.previous import CurrentRows

    records = batch.records
    names = [name for name in records.schema.names if name.startswith("score")]
    numbers = {name: records.column(name).to_numpy(zero_copy_only=False) for name in names}
    layers = [part for part in scorer.tier_book.parts if part not in {"fit", "intent"}]
    return CurrentRows(
        ids=records.column(0),
        tiers=records.column("tier"),
        scores=np.asarray(numbers["score"], dtype=np.float64),
        sub_scores={layer: np.asarray(numbers[f"score_{layer}"], dtype=np.float64) for layer in layers},
        repeated=batch.repeated,
    )


def _with_changes(records: Any, changes: Changes, *, changed_only: bool) -> Any:
    import pyarrow as pa

    from icp_ml.serve.previous import CHANGE_FIELDS, CHANGED_ONLY

    metadata = dict(records.schema.metadata or {})
    if changed_only:
        metadata[CHANGED_ONLY] = b"yes"
    schema = pa.schema([*records.schema, *CHANGE_FIELDS], metadata=metadata)
    whole = pa.RecordBatch.from_arrays([*records.columns, *changes.columns()], schema=schema)
    return whole.filter(pa.array(changes.changed())) if changed_only else whole


def check_enough(job: Job, notes: ScoringNotes) -> None:
    """Raise `TooManyUnusable` where more rows than are allowed got no score."""
    if notes.unscored_share > job.max_unscored:
        raise TooManyUnusable(
            f"{notes.rows - notes.scored:,} of {notes.rows:,} rows could not be scored "
            f"({_reasons_not_scored(notes)}), and {job.max_unscored:.0%} are allowed; "
            + ("nothing was written" if job.unusable is None else f"only {job.unusable} was written, which names them")
            + "; check the list's columns and --map, or raise --max-unscored"
        )


def _reasons_not_scored(notes: ScoringNotes) -> str:
    of_each = notes.by_status.items()
    found = [f"{t.removeprefix('not scored: ')}: {rows:,}" for t, rows in of_each if t.startswith("not scored")]
    return ", ".join(found)
