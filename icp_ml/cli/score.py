"""`icp score`: a list in, the same rows out with tier, score, probability and the reasons for it.

Reads the clock once, for the day to which ages count; everything else is in the list and the bundle.
"""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from icp_ml.cli.scoring_job import Job
    from icp_ml.serve.loading import AnyScorer
    from icp_ml.serve.neighbour_columns import Comparer
    from icp_ml.serve.output_rows import OutputRows
    from icp_ml.serve.previous import PreviousList

_BATCH_ROWS = 32_768
_PART_ROWS = 1_000_000
_MAX_UNSCORED = 0.5


Prospects = Annotated[
    Path, typer.Argument(help="The list: CSV, Parquet, a folder of Parquet files, or a query (.sql).")
]
Model = Annotated[
    str | None, typer.Option(help="A bundle folder or the name of a model. Default: what is live, else the newest.")
]
Pairs = Annotated[
    list[str] | None,
    typer.Option("--map", help='"List Column=attribute column", as often as needed; adds to the model\'s map.'),
]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to which ages count. Default: today.")
]
MaxUnscored = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Share of rows without a score above which nothing is written.")
]
Known = Annotated[Path | None, typer.Option(help="The deals in which customers and open deals are recognised today.")]
NoKnown = Annotated[bool, typer.Option("--no-known", help="Recognise no customers and open deals.")]
Tables = Annotated[
    list[str] | None,
    typer.Option("--table", help='"TABLE=FILE", as often as needed: a table beside the list, such as signals.'),
]
NoTables = Annotated[bool, typer.Option("--no-tables", help="Make no attributes of tables; they count as missing.")]
Previous = Annotated[
    Path | None, typer.Option(help="An earlier output: adds tier before, change of score and its cause.")
]
ChangedOnly = Annotated[
    bool, typer.Option("--changed-only", help="With --previous: write only rows that are new or changed tier.")
]
Unusable = Annotated[
    Path | None, typer.Option(help="Where rows without a score go as they were read: .parquet or .csv.")
]
BaseRate = Annotated[
    float | None, typer.Option(help="A base rate to state, such as 0.02: moves the probability and nothing else.")
]
Intervals = Annotated[bool, typer.Option("--intervals", help="Add the interval of each probability.")]
Neighbours = Annotated[
    bool, typer.Option("--neighbours", help="Name the won and lost accounts that each row of tier 1 is most like.")
]
Output = Annotated[
    Path,
    typer.Option("--output", "-o", help="Where scored rows go: .parquet, .csv, a folder of parts, or table:NAME."),
]
MinTier = Annotated[str | None, typer.Option(help="Write only rows of this tier and better ones, such as 2.")]
Only = Annotated[
    str | None, typer.Option("--columns", help='Output columns to write beside the id: "tier,score,reason_for_1".')
]
Threads = Annotated[int | None, typer.Option(min=1, help="Batches scored side by side. Default: as many as cores.")]
PartRows = Annotated[int, typer.Option(min=1, help="Rows of the list in each part, where the output is a folder.")]
Resume = Annotated[bool, typer.Option("--resume", help="Finish what a stopped job left in the folder of parts.")]
Engine = Annotated[
    Literal["local", "spark"], typer.Option(help="What scores: this process, or Spark (Parquet lists, into a folder).")
]
Connection = Annotated[
    str | None, typer.Option(help="env:NAME of the variable with the URL of the database that answers a .sql list.")
]
Into = Annotated[
    str | None, typer.Option(help="env:NAME, the same for the table that is written. Default: as --connection.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON and nothing else.")]


def score(
    prospects: Prospects,
    *,
    output: Output,
    model: Model = None,
    connection: Connection = None,
    into: Into = None,
    id_column: Annotated[str | None, typer.Option("--id", help="The list's id column.")] = None,
    columns: Pairs = None,
    as_of: Day = None,
    reasons: Annotated[int, typer.Option(min=0, help="How many reasons for and against each row.")] = 3,
    batch_rows: Annotated[int, typer.Option(min=1, help="Rows held in memory at once.")] = _BATCH_ROWS,
    delimiter: Annotated[str | None, typer.Option(help="What separates the columns of a CSV list.")] = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding of a CSV list, such as cp1252.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of an Excel list, where several hold rows.")] = None,
    max_unscored: MaxUnscored = _MAX_UNSCORED,
    known: Known = None,
    no_known: NoKnown = False,
    tables: Tables = None,
    no_tables: NoTables = False,
    previous: Previous = None,
    changed_only: ChangedOnly = False,
    unusable: Unusable = None,
    base_rate: BaseRate = None,
    intervals: Intervals = False,
    neighbours: Neighbours = False,
    min_tier: MinTier = None,
    only: Only = None,
    threads: Threads = None,
    part_rows: PartRows = _PART_ROWS,
    resume: Resume = False,
    engine: Engine = "local",
    as_json: AsJson = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an output that exists.")] = False,
) -> None:
    """Score a list of prospects, with reasons for and against each."""
    asked = dict(locals())  # the options as they were given, for the record of a job in parts
    from icp_ml.cli.lists import known_accounts, open_list
    from icp_ml.cli.score_places import check_places, place_of_list, table_to_write
    from icp_ml.cli.scoring_job import Job
    from icp_ml.cli.tables_beside import can_make, tables_for

    check_places(asked)
    folder, scorer = _opened(model, base_rate, intervals)
    opened = open_list(
        place_of_list(prospects, connection, folder), scorer, id_column=id_column, columns=columns or [],
        delimiter=delimiter, encoding=encoding, sheet=sheet, makes=can_make(scorer, no_tables=no_tables),
    )  # fmt: skip
    day = as_of.date() if as_of else date.today()
    job = Job(
        scorer.knowing(None if no_known else known_accounts(scorer, folder, known)), folder, opened, output, day,
        reasons=reasons, batch_rows=batch_rows, max_unscored=max_unscored, wanted=_wanted(scorer, min_tier, only),
        previous=_earlier(previous, opened.id), changed_only=_is_changed_only(changed_only, previous),
        unusable=unusable, tables=None if no_tables else tables_for(opened, scorer, folder, tables or [], day),
        comparer=_comparer(scorer) if neighbours else None,
        threads=threads or _cores(), table=table_to_write(asked, folder),
    )  # fmt: skip
    _do(job, asked)


def _comparer(scorer: AnyScorer) -> Comparer:
    from icp_ml.serve.neighbour_columns import comparer

    return comparer(scorer, "--neighbours")


def _cores() -> int:
    """The cores that this process may use; all there are where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _do(job: Job, asked: Mapping[str, Any]) -> None:
    """Score, here or on Spark, and say what was done. asked: the options as they were given."""
    from icp_ml.cli.job_facts import facts_of, files_of
    from icp_ml.cli.parts_job import Parts, run_parts
    from icp_ml.cli.score_places import is_in_parts
    from icp_ml.cli.scoring_job import run
    from icp_ml.cli.scoring_summary import report
    from icp_ml.cli.spark_job import run_spark

    as_json = asked["as_json"]
    if asked["engine"] == "spark":
        report(job, run_spark(job, asked), as_json=as_json)
        return
    if not is_in_parts(job.output):
        report(job, run(job), as_json=as_json)
        return
    facts, files = facts_of(job, asked), files_of(job)
    parts = Parts(asked["part_rows"], facts, files, resume=asked["resume"], replace=asked["force"])
    report(job, run_parts(job, parts), as_json=as_json)


def _opened(model: str | None, base_rate: float | None, intervals: bool) -> tuple[Path, AnyScorer]:  # noqa: FBT001
    from icp_ml.cli.levels import at_level
    from icp_ml.cli.places import find_model
    from icp_ml.serve.loading import load

    folder = find_model(model)
    scorer = at_level(load(folder), base_rate, intervals=intervals)
    _tell_of_tables(scorer)
    return folder, scorer


def _tell_of_tables(scorer: AnyScorer) -> None:
    """Say where a model has no tables: its answers are as exact, and come far more slowly."""
    from icp_ml.model.cells.compiling import NotCompiled
    from icp_ml.serve.learned_scoring import LearnedScorer

    if isinstance(scorer, LearnedScorer) and isinstance(scorer.tables, NotCompiled):
        typer.echo(f"ATTENTION: LightGBM explains each row, which is slow, because {scorer.tables.reason}.", err=True)


def _wanted(scorer: AnyScorer, min_tier: str | None, only: str | None) -> OutputRows:
    from icp_ml.serve.output_rows import OutputRows, least_tier

    names = None if only is None else tuple(name.strip() for name in only.split(",") if name.strip())
    return OutputRows(least_tier(min_tier, scorer.tier_book.cuts.labels), names)


def _earlier(path: Path | None, id_name: str | None) -> PreviousList | None:
    from icp_ml.serve.previous import read_previous

    return None if path is None else read_previous(path, id_name)


def _is_changed_only(asked: bool, previous: Path | None) -> bool:  # noqa: FBT001 - it is what was asked
    if asked and previous is None:
        raise ConfigError("--changed-only was expected beside --previous, and there is none; name an earlier output")
    return asked
