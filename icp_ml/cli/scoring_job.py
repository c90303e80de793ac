"""The work of `icp score`: batches through the scorer, beside an earlier list, into the output and the side file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from icp_ml.cli.lists import batches_in
from icp_ml.errors import TooManyUnusable

if TYPE_CHECKING:
    from icp_ml.deals.list_tables import ListTables
    from icp_ml.deals.prospects import ProspectList
    from icp_ml.serve.list_scorer import ScoredBatch
    from icp_ml.serve.loading import AnyScorer
    from icp_ml.serve.neighbour_columns import Comparer
    from icp_ml.serve.notes import ScoringNotes
    from icp_ml.serve.previous import Changes, Movement, Moves, PreviousList
    from icp_ml.serve.sidefile import SideFile


@dataclass(frozen=True)
class Job:
    """What was asked for, after the command line was checked.

    previous: the list as it was scored before. tables: what attributes that the list lacks are made of. unusable: where
    rows without a score go. changed_only: write only rows that are new or in another tier. comparer: what names the
    accounts that rows of the first tier are most like, None where that was not asked.
    """

    scorer: AnyScorer
    model: Path
    prospects: ProspectList
    output: Path
    as_of: date
    reasons: int
    batch_rows: int
    max_unscored: float
    previous: PreviousList | None = None
    changed_only: bool = False
    unusable: Path | None = None
    tables: ListTables | None = None
    comparer: Comparer | None = None


@dataclass(frozen=True)
class Done:
    """notes: on the rows read. rows_out: rows in the file. movement: against the earlier list, where there is one."""

    notes: ScoringNotes
    rows_out: int
    movement: Movement | None


def run(job: Job) -> Done:
    """Score and write. Where too few rows got a score the output is not kept, and the side file says which.

    Raises `TooManyUnusable`.
    """
    from icp_ml.serve.sidefile import side_file
    from icp_ml.serve.writing import whole_file, write_batches

    refusal: TooManyUnusable | None = None
    written = 0
    with ExitStack() as files:
        side = None if job.unusable is None else files.enter_context(side_file(job.unusable))
        tally = _Tally(job, side)
        try:
            with whole_file(job.output) as partial:
                written = write_batches(partial, tally.records())
                _check_enough(job, tally.notes)
        except TooManyUnusable as too_many:
            refusal = too_many
    if refusal is not None:
        raise refusal
    movement = None if job.previous is None or tally.moves is None else job.previous.movement(tally.moves)
    return Done(tally.notes, written, movement)


class _Tally:
    """Adds up what there is to say about batches that pass by on their way to the file."""

    def __init__(self, job: Job, side: SideFile | None) -> None:
        from icp_ml.serve.notes import ScoringNotes

        self.notes = ScoringNotes()
        self.moves: Moves | None = None
        self._job = job
        self._side = side

    def records(self) -> Iterator[Any]:
        """Output rows, batch by batch."""
        job = self._job
        named = batches_in(job.prospects, job.scorer, job.tables, job.as_of, job.batch_rows)
        with _progress() as advance:
            for batch in job.scorer.score_stream(named, as_of=job.as_of, reasons=job.reasons):
                self._set_aside(batch)
                self.notes = self.notes.plus(batch.notes)
                advance.rows(batch.notes.rows)
                beside = _beside_accounts(batch, job)
                yield beside.records if job.previous is None else self._compared(beside, job.previous)

    def _set_aside(self, batch: ScoredBatch) -> None:
        if self._side is not None:
            self._side.add(batch.source, self.notes.rows + 1, batch.records.column("status"), ~batch.is_scored)

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


def _check_enough(job: Job, notes: ScoringNotes) -> None:
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


class _Advance:
    """Told of rows that are done; counts them where nobody looks."""

    done = 0

    def rows(self, count: int) -> None:
        """`count` more rows are done."""
        self.done += count


@contextmanager
def _progress() -> Iterator[_Advance]:
    """A bar on a terminal, elsewhere a line; on stderr, so that stdout stays the answer's."""
    if not sys.stderr.isatty():
        typer.echo("Scoring ...", err=True)
        yield _Advance()
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    shown = TextColumn("{task.completed:,.0f} rows")
    speed = TextColumn("{task.fields[speed]:,.0f} rows/s")
    console = Console(stderr=True)
    with Progress(SpinnerColumn(), "scoring", shown, speed, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task("scoring", total=None, speed=0.0)

        class _OnBar(_Advance):
            def rows(self, count: int) -> None:
                bar.advance(task, count)
                bar.update(task, speed=bar.tasks[0].speed or 0.0)

        yield _OnBar()
