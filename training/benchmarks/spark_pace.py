"""Spark beside one process: seconds of an identity `mapInArrow`, and of the two passes of `score_frame`.

    python training/benchmarks/spark_pace.py                      three turns of a million rows; ten minutes
    python training/benchmarks/spark_pace.py --rows 200000 --turns 1

List and model are those of the first size of `make bench-score`. All take turns in one local session of two threads, in
which each has been warmed by one turn that does not count; nothing is written (`noop`), so that the file format is
nobody's cost. The single process is `icp score` from Parquet to Parquet, its start included. A run of the default size
writes its table into docs/spark.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.bench_score.making import kept
from benchmarks.bench_score.page import write_page
from benchmarks.bench_score.places import ICP, ROOT
from benchmarks.bench_score.plan import FIRST
from benchmarks.bench_score.sizes import AS_OF, ID
from icp_ml.serve.spark import score_frame

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PAGE: Final = ROOT / "docs" / "spark.md"
MARKS: Final = (
    "<!-- what follows is written by make bench-spark -->",
    "<!-- end of what is written by make bench-spark -->",
)
ROWS, TURNS, THREADS = 1_000_000, 3, 2
TARGET: Final = 0.7
LIST, OUTPUT, FIRST_PASS, SECOND_PASS, ALONE = (
    "identity over the list's columns",
    "identity over the output's columns",
    "first pass: the ids",
    "second pass: the scores",
    "one process, Parquet to Parquet",
)


def measured(rows: int, turns: int) -> Mapping[str, list[float]]:
    """Seconds by contestant, turn by turn."""
    place = kept()
    listed, model = place.list(FIRST, rows), place.model(FIRST) / "bundle"
    with tempfile.TemporaryDirectory() as room, session() as spark:
        seconds: dict[str, list[float]] = {name: [] for name in (LIST, OUTPUT, FIRST_PASS, SECOND_PASS, ALONE)}
        for turn in range(turns + 1):
            scored = Path(room) / f"scored {turn}.parquet"
            seconds[ALONE].append(_timed(partial(_score_alone, listed, model, scored)))
            frame = spark.read.parquet(str(listed))
            seconds[LIST].append(_timed(partial(_work, _handed_back(frame))))
            answers = spark.read.parquet(str(scored))
            seconds[OUTPUT].append(_timed(partial(_work, _handed_back(answers))))
            started = time.perf_counter()
            lazy = score_frame(frame, model, id_column=ID, as_of=date.fromisoformat(AS_OF))
            seconds[FIRST_PASS].append(time.perf_counter() - started)
            seconds[SECOND_PASS].append(_timed(partial(_work, lazy)))
        return {name: each[1:] for name, each in seconds.items()}


@contextmanager
def session() -> Iterator[SparkSession]:
    """A local session of two threads, as quiet as Spark can be."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - it takes seconds

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    builder = SparkSession.builder.master(f"local[{THREADS}]").appName("bench").config("spark.ui.enabled", "false")
    made = builder.config("spark.ui.showConsoleProgress", "false").config("spark.driver.memory", "2g").getOrCreate()
    made.sparkContext.setLogLevel("OFF")
    try:
        yield made
    finally:
        made.stop()


def _handed_back(frame: DataFrame) -> DataFrame:
    return frame.mapInArrow(lambda batches: batches, frame.schema)


def _work(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()


def _score_alone(listed: Path, model: Path, scored: Path) -> None:
    words = (str(listed), "-o", str(scored), "--model", str(model), "--as-of", AS_OF, "--no-known", "--threads", "2")
    subprocess.run([ICP, "score", *words], check=True, capture_output=True)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def table_of(rows: int, seconds: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """The lines of the page."""
    middle = {name: median(each) for name, each in seconds.items()}
    yield (
        f"{rows:,} rows, {len(seconds[ALONE])} turns, {os.cpu_count()} cores, load while this was written "
        f"{os.getloadavg()[0]:.1f}. Medians, with the least and the most."
    )
    yield ""
    yield "| what | seconds | rows/s |"
    yield "|---|---|---|"
    for name, each in seconds.items():
        yield f"| {name} | {middle[name]:.1f} ({min(each):.1f} to {max(each):.1f}) | {rows / middle[name]:,.0f} |"
    yield ""
    both = middle[FIRST_PASS] + middle[SECOND_PASS]
    for name in (LIST, OUTPUT):
        second, whole = middle[name] / middle[SECOND_PASS], middle[name] / both
        met = "met" if second >= TARGET else "missed"
        yield (
            f"Of the {name} the second pass reaches {second:.2f} times the rate (asked for: {TARGET}; {met}), both "
            f"passes together {whole:.2f}."
        )


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and write the page where the size is the default one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--turns", type=int, default=TURNS)
    given = parser.parse_args(words)
    lines = list(table_of(given.rows, measured(given.rows, given.turns)))
    print("\n".join(lines))
    if (given.rows, given.turns) == (ROWS, TURNS):
        write_page(PAGE, lines, MARKS)


if __name__ == "__main__":
    main()
