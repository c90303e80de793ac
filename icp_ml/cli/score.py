"""`icp score`: a list in, the same rows out with a probability and the reasons for it.

Reads the clock once, for the day to which ages count; everything else is in the list and the bundle.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.errors import ConfigError, TooManyUnusable

if TYPE_CHECKING:
    from icp_ml.deals.prospects import ProspectList
    from icp_ml.deals.settings import ProspectsSettings
    from icp_ml.serve.notes import Oddity, ScoringNotes
    from icp_ml.serve.scoring import ScoredBatch, Scorer

_BATCH_ROWS = 65_536
_MAX_UNSCORED = 0.5


@dataclass(frozen=True)
class _Job:
    """What was asked for, after the command line was checked."""

    scorer: Scorer
    model: Path
    prospects: ProspectList
    output: Path
    as_of: date
    reasons: int
    batch_rows: int
    max_unscored: float


def score(
    prospects: Annotated[Path, typer.Argument(help="The list: CSV, Parquet, or a folder of Parquet files.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the scored rows go: .parquet or .csv.")],
    model: Annotated[
        str | None, typer.Option(help="A bundle folder or the name of a model. Default: the newest one there is.")
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="The list's id column.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help='"List Column=attribute column", as often as needed; adds to the model\'s map.'),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day to which ages count. Default: today."),
    ] = None,
    reasons: Annotated[int, typer.Option(min=0, help="How many reasons for and against each row.")] = 3,
    batch_rows: Annotated[int, typer.Option(min=1, help="Rows held in memory at once.")] = _BATCH_ROWS,
    delimiter: Annotated[str | None, typer.Option(help="What separates the columns of a CSV list.")] = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding of a CSV list, such as cp1252.")] = None,
    max_unscored: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Share of rows without a score above which nothing is written."),
    ] = _MAX_UNSCORED,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON and nothing else.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an output file that exists.")] = False,
) -> None:
    """Score a list of prospects, with reasons for and against each."""
    from icp_ml.cli.places import find_model
    from icp_ml.deals.prospects import open_prospects
    from icp_ml.serve.scoring import Scorer
    from icp_ml.serve.writing import check_keeps, check_output

    check_keeps(prospects, output, "the list")
    check_output(output, "replace" if force else "refuse")
    folder = find_model(model)
    scorer = Scorer.load(folder)
    pairs = dict(_column_pair(text) for text in columns or [])
    settings = _settings(scorer.bundle.prospects, pairs, delimiter, encoding)
    _check_pairs(pairs, prospects, settings, scorer)
    job = _Job(
        scorer=scorer,
        model=folder,
        prospects=open_prospects(prospects, settings, scorer.attributes, id_column),
        output=output,
        as_of=as_of.date() if as_of else date.today(),
        reasons=reasons,
        batch_rows=batch_rows,
        max_unscored=max_unscored,
    )
    done = _run(job)
    if as_json:
        typer.echo(json.dumps(_summary(job, done), indent=2, ensure_ascii=False))
    else:
        _print_summary(job, done)


def _settings(
    stored: ProspectsSettings, pairs: Mapping[str, str], delimiter: str | None, encoding: str | None
) -> ProspectsSettings:
    """The bundle's settings for lists with those of the command line over them."""
    from icp_ml.deals.settings import ProspectsSettings, parse_settings

    given = {"delimiter": delimiter, "encoding": encoding}
    changed = {key: value for key, value in given.items() if value is not None}
    return parse_settings(ProspectsSettings, {**stored.model_dump(), **changed, "map": {**stored.map, **pairs}})


def _column_pair(text: str) -> tuple[str, str]:
    column, equals, target = (part.strip() for part in text.rpartition("="))
    if not (column and equals and target):
        raise ConfigError(f"--map was expected as 'List Column=attribute column', and '{text}' was found; write it so")
    return column, target


def _check_pairs(pairs: Mapping[str, str], path: Path, settings: ProspectsSettings, scorer: Scorer) -> None:
    """A name that was just typed must exist on either side; a stored map may serve other lists too."""
    from icp_ml.deals.reading import column_names
    from icp_ml.deals.words import suggestion

    if not pairs:
        return
    columns = column_names(path, delimiter=settings.delimiter, encoding=settings.encoding)
    wanted = sorted({attribute.column for attribute in scorer.attributes})
    for column, target in pairs.items():
        if column not in columns:
            raise ConfigError(
                f"--map was expected to name a column of the list, and {path.name} has no '{column}'; "
                f"{suggestion(column, columns)}"
            )
        if target not in wanted:
            raise ConfigError(
                f"--map was expected to lead to a column that the model reads, and '{target}' is none; "
                f"{suggestion(target, wanted)}"
            )


@dataclass(frozen=True)
class _Done:
    """notes: on the rows read. rows_out: rows in the file."""

    notes: ScoringNotes
    rows_out: int


def _run(job: _Job) -> _Done:
    """Score and write. Where too few rows got a score the file is not kept."""
    from icp_ml.serve.writing import whole_file, write_batches

    with whole_file(job.output) as partial:
        tally = _Tally()
        written = write_batches(partial, tally.records_of(_scored(job)))
        _check_enough(job, tally.notes)
    return _Done(tally.notes, written)


class _Tally:
    """Adds up the notes of batches that pass by on their way to the file, and shows how far the work is."""

    def __init__(self) -> None:
        from icp_ml.serve.notes import ScoringNotes

        self.notes = ScoringNotes()

    def records_of(self, batches: Iterable[ScoredBatch]) -> Iterator[object]:
        with _progress() as advance:
            for batch in batches:
                self.notes = self.notes.plus(batch.notes)
                advance.rows(batch.notes.rows)
                yield batch.records


def _scored(job: _Job) -> Iterator[ScoredBatch]:
    from icp_ml.deals.prospects import batches_of
    from icp_ml.serve.incoming import NamedBatch

    absent = frozenset(job.prospects.absent)
    raw = batches_of(job.prospects, job.scorer.attributes, batch_rows=job.batch_rows)
    named = (NamedBatch(batch, job.prospects.id, absent) for batch in raw)
    return job.scorer.score_stream(named, as_of=job.as_of, reasons=job.reasons)


def _check_enough(job: _Job, notes: ScoringNotes) -> None:
    if notes.unscored_share > job.max_unscored:
        raise TooManyUnusable(
            f"{notes.rows - notes.scored:,} of {notes.rows:,} rows could not be scored "
            f"({_reasons_not_scored(notes)}), and {job.max_unscored:.0%} are allowed; nothing was written; check the "
            "list's columns and --map, or raise --max-unscored"
        )


def _reasons_not_scored(notes: ScoringNotes) -> str:
    found = [
        f"{text.removeprefix('not scored: ')}: {rows:,}" for text, rows in notes.by_status.items() if "not" in text
    ]
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


def _summary(job: _Job, done: _Done) -> dict[str, object]:
    notes = done.notes
    return {
        "list": str(job.prospects.path),
        "output": str(job.output),
        "model": str(job.model),
        "target": job.scorer.bundle.provenance.target,
        "as_of": job.as_of.isoformat(),
        "rows_in": notes.rows,
        "rows_out": done.rows_out,
        "scored": notes.scored,
        "by_status": dict(notes.by_status),
        "attributes_absent": list(job.prospects.absent),
        "unreadable": {name: _oddity(each) for name, each in notes.unreadable.items()},
        "unseen": {name: _oddity(each) for name, each in notes.unseen.items()},
        "mean_probability": notes.mean_probability,
    }


def _oddity(found: Oddity) -> dict[str, object]:
    return {"values": found.values, "examples": list(found.examples)}


def _print_summary(job: _Job, done: _Done) -> None:
    notes = done.notes
    provenance = job.scorer.bundle.provenance
    typer.echo(f"{notes.rows:,} rows in, {done.rows_out:,} rows out, {notes.scored:,} of them scored.")
    for text, rows in _grouped_status(notes).items():
        typer.echo(f"  {rows:>10,}  {text}")
    if job.prospects.absent:
        typer.echo(f"ATTENTION: the list has no column for {', '.join(job.prospects.absent)}; every row lacks it.")
    for title, found in (("could not be read", notes.unreadable), ("are new to the model or rare", notes.unseen)):
        for name, oddity in found.items():
            typer.echo(f"{name}: {oddity.values:,} values {title}, such as {_quoted(oddity.examples)}.")
    if notes.mean_probability is not None:
        typer.echo(
            f"Mean probability ({provenance.target}, as of {job.as_of}): {notes.mean_probability:.3f}; for companies "
            "that are no opportunity yet the order is supported by the deals, the level is an assumption."
        )
    typer.echo(f"Scored with {job.model} ({provenance.name} version {provenance.version}). Written to {job.output}.")


def _grouped_status(notes: ScoringNotes) -> dict[str, int]:
    """Rows by status, without telling apart how many attributes are missing; the file and --json do."""
    rows_by: dict[str, int] = {}
    for text, rows in notes.by_status.items():
        group = "scored with attributes missing" if text.startswith("scored with") else text
        rows_by[group] = rows_by.get(group, 0) + rows
    return rows_by


def _quoted(examples: Iterable[str]) -> str:
    return ", ".join(f"'{example}'" for example in examples)
