"""The work of `icp score --engine spark`: a Parquet list into a folder that Spark writes, there whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from icp_ml.cli.scoring_job import Done, Job, check_enough
from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from icp_ml.serve.spark_lists import ScoredList
    from icp_ml.serve.spark_tasks import Asked, Told

NOT_WITH_SPARK = {
    "previous": None,
    "changed_only": False,
    "unusable": None,
    "neighbours": False,
    "resume": False,
    "part_rows": 1_000_000,
    "threads": None,
    "tables": None,
    "delimiter": None,
    "encoding": None,
    "sheet": None,
}
"""Options that one process has and Spark has not, with what each is unless it was asked for."""

_GET_JAVA = "install Java 17 or newer and put it on the PATH, or name its folder in JAVA_HOME"


def check_spark(asked: Mapping[str, Any]) -> None:
    """Whether Spark can do what was asked, before any work is done. asked: the options as they were given.

    Raises `ConfigError` for an option that it does not have, a list that is not Parquet, an output that is not a folder
    or holds something, and where pyspark is not installed.
    """
    from importlib.util import find_spec

    for name, default in NOT_WITH_SPARK.items():
        if asked[name] not in (default, []):
            raise ConfigError(
                f"--{name.removesuffix('s') if name == 'tables' else name.replace('_', '-')} was given, and "
                "--engine spark does not have it; leave it out, or score with --engine local"
            )
    _check_list(asked["prospects"])
    _check_folder(asked["output"], force=asked["force"])
    if find_spec("pyspark") is None:
        raise ConfigError("--engine spark needs pyspark, not installed here; run: pip install 'icp-ml[spark]'")
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise ConfigError(f"--engine spark needs Java, and there is none here; {_GET_JAVA}")


def run_spark(job: Job, asked: Mapping[str, Any]) -> Done:
    """Score into the folder `job.output`. asked: the options as they were given.

    Raises `TooManyUnusable`, after which nothing is kept; `ConfigError` where attributes would be made of tables, or
    there is no Java; and what workers raise.
    """
    from icp_ml.deals.parquet_pieces import pieces_of
    from icp_ml.serve.spark_lists import score_pieces
    from icp_ml.serve.spark_passes import told_plainly
    from icp_ml.serve.spark_sources import ListSource

    if job.tables is not None:
        raise ConfigError(
            "attributes of this model are made of tables, which --engine spark does not do; say --no-tables, or score "
            "with --engine local"
        )
    began = time.monotonic()
    path = Path(asked["prospects"]).absolute()  # workers have a current folder of their own
    next(job.batches())  # what cannot be read is told before Spark is started
    with _session() as spark, _whole_folder(job.output, force=asked["force"]) as partial:
        pieces = pieces_of(path, spark.sparkContext.defaultParallelism)
        source = ListSource(job.prospects, pieces, job.batch_rows)
        scored = score_pieces(spark, source, job.model, _asked(job, asked))
        with told_plainly():
            _write(scored, partial)
        done = _done(scored.told())
        check_enough(job, done.notes)
    return Done(done.notes, done.rows_out, None, seconds=time.monotonic() - began)


@contextmanager
def _session() -> Iterator[SparkSession]:
    """The session that there is, or a new one, by the environment and Spark's own files, that is stopped at the end."""
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    with warnings.catch_warnings():
        # The Arrow way that is taken here has nothing of pandas in it.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        active = SparkSession.getActiveSession()
        if active is not None:
            yield active
            return
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        try:
            spark = SparkSession.builder.appName("icp score").getOrCreate()
        except PySparkRuntimeError as error:
            if error.getCondition() != "JAVA_GATEWAY_EXITED":
                raise
            raise ConfigError(f"--engine spark could not start the Java that is here; {_GET_JAVA}") from None
        try:
            spark.sparkContext.setLogLevel("OFF")  # what goes wrong in a worker is raised here, in a sentence
            yield spark
        finally:
            spark.stop()


@contextmanager
def _whole_folder(folder: Path, *, force: bool) -> Iterator[Path]:
    """A hidden folder beside `folder` to write to, which takes its place at the end, and is removed after an error.

    force: what stands there gives way; else it must be empty, or nothing.
    """
    from icp_ml.serve.writing import telling_of

    hidden = folder.resolve().with_name(f".{folder.name}.{uuid4().hex}")
    partial, before = hidden.with_suffix(".partial"), hidden.with_suffix(".before")
    try:
        yield partial
        with telling_of(folder):
            if force and folder.is_dir():
                folder.rename(before)
            partial.rename(folder)
    finally:
        for left in (partial, before):
            shutil.rmtree(left, ignore_errors=True)


def _asked(job: Job, asked: Mapping[str, Any]) -> Asked:
    from icp_ml.serve.spark_tasks import Asked

    return Asked(
        as_of=job.as_of,
        reasons=job.reasons,
        known=job.scorer.known,
        base_rate=asked["base_rate"],
        intervals=asked["intervals"],
        wanted=job.wanted,
    )


def _write(scored: ScoredList, folder: Path) -> None:
    """Parquet, below folders of the keys where the list has such folders."""
    scored.frame.write.partitionBy(*scored.keys).parquet(f"file://{folder}")


def _done(told: list[Told]) -> Done:
    from icp_ml.serve.notes import ScoringNotes

    notes = ScoringNotes()
    for each in told:
        notes = notes.plus(each.notes)
    return Done(notes, sum(each.rows_out for each in told), None)


def _check_list(path: Path) -> None:
    from icp_ml.deals.reading import is_parquet

    if path.exists() and not is_parquet(path):
        raise ConfigError(f"--engine spark reads Parquet, and {path.name} is none; score it with --engine local")
    if (path / "_delta_log").is_dir():
        raise ConfigError(
            f"{path.name} is a Delta table, of which not every file counts; read it with Spark and score the frame "
            "with icp_ml.serve.spark.score_frame"
        )


def _check_folder(path: Path, *, force: bool) -> None:
    """The output can take the place of what is there: of nothing, or, if asked, of what Spark wrote."""
    if path.suffix and not path.is_dir():
        raise ConfigError(f"--engine spark writes a folder, and {path.name} has the name of a file; drop its end")
    found = sorted(path.rglob("*")) if path.is_dir() else []
    if path.is_file() or (found and not force):
        raise ConfigError(f"{path} exists already; name another folder, or allow it to be replaced (--force)")
    strange = [each for each in found if each.is_file() and not _is_of_spark(each.name)]
    if strange:
        raise ConfigError(
            f"a folder that Spark wrote was expected at {path}, and it holds '{strange[0].name}'; name another one"
        )


def _is_of_spark(name: str) -> bool:
    return name == "_SUCCESS" or name.startswith(("part-", ".part-", "._SUCCESS"))
