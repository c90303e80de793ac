"""Does broken or hostile input end in an answer or in one sentence, and never in anything else? Numbered cases by kind.

    configurations            YAML as `icp check` reads it
    CSV, Parquet, workbooks   lists as `icp score` reads and scores them, and deals as `icp check` reads them
    answers                   the same where a column holds answers in JSON
    HTTP                      requests, by MLflow's own function
    bundle texts              one file changed, every hash right, in bundles of every kind
    bundle folders            links, pipes, sparse files, names that lead elsewhere, payloads

A case is made of its kind and number alone: `--kind "bundle texts" --case 123` tries one again and says what came of
it. Hundreds of cases are kept together in .cache/fuzz by a hash of the code, so that an interrupted run goes on; the
table goes to docs/fuzzing.md when every case of every kind was tried.

    python training/benchmarks/hostile.py [--kind CSV]... [--cases 500] [--case 123]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from benchmarks.bench_model.code import code_hash
from benchmarks.fuzz.cases import FAULTS, Watch
from benchmarks.fuzz.page import Row, page_of, summary_of
from benchmarks.fuzz.project import make_project
from benchmarks.fuzz.workers import ROOT, maker_of, outcomes, tried, work

CACHE: Final = ROOT / ".cache" / "fuzz"
PAGE: Final = ROOT / "docs" / "fuzzing.md"
CASES: Final[Mapping[str, int]] = {
    "configurations": 56_000,
    "CSV": 20_000,
    "Parquet": 6_000,
    "workbooks": 2_000,
    "answers": 2_000,
    "HTTP": 8_000,
    "bundle texts": 14_000,
    "bundle folders": 2_000,
}
TOGETHER: Final = 400
"""Cases that are kept together: seconds to some minutes of work."""
SHOWN: Final = 20
"""Faults of a row that are kept in words."""
MODULES: Final = ("benchmarks.fuzz.workers",)
WITHIN: Final = ("benchmarks.fuzz", "icp_ml", "icp_training.config", "icp_training.pyfunc")


def code() -> str:
    """The hash of the cases and of everything that reads them."""
    return code_hash(MODULES, WITHIN)


def rows_of(kind: str, project: Path, count: int) -> Iterator[Row]:
    """A row for each few hundred cases of a kind, from the cache where it is there."""
    for first in range(0, count, TOGETHER):
        cases = range(first, min(first + TOGETHER, count))
        path = CACHE / code() / f"{kind.replace(' ', '-')}-{cases.start}-{cases.stop}.json"
        if not path.exists():
            keep(path, row_of(kind, project, cases))
        yield Row.model_validate_json(path.read_text())
        sys.stderr.write(f"{kind}: {cases.stop:,} of {count:,}\n")


def row_of(kind: str, project: Path, cases: range) -> Row:
    """What came of some cases of a kind."""
    began, command = time.monotonic(), [sys.executable, __file__, "--worker"]
    found = list(tried(kind, project, cases, command))
    faults = [f"{each.case}: {each.fate}: {each.words}" for each in found if each.fate in FAULTS]
    return Row(
        kind=kind,
        code=code(),
        cases=len({each.case for each in found}),
        fates=dict(Counter(each.fate for each in found)),
        faults=tuple(faults[:SHOWN]),
        mib=max(each.mib for each in found),
        seconds=time.monotonic() - began,
    )


def keep(path: Path, row: Row) -> None:
    """Write a row whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(row.model_dump_json())
    partial.rename(path)


def project_of_this_code() -> Path:
    """The project to spoil, made where it is not there yet."""
    folder = CACHE / f"project-{code_hash(('benchmarks.fuzz.project',), ('benchmarks.fuzz.project',))}"
    return folder if folder.exists() else make_project(folder)


def say(kind: str, case: int) -> None:
    """Try one case in this process and print what came of it."""
    with tempfile.TemporaryDirectory() as room:
        make = maker_of(kind, project_of_this_code(), Path(room))
        for _, outcome in outcomes(make, range(case, case + 1), Watch()):
            print(f"{kind} {case}: {outcome.fate}: {outcome.words}")


def main() -> None:
    """Try what was asked for; the page only where that was everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", action="append", choices=list(CASES), dest="kinds")
    parser.add_argument("--cases", type=int, help="cases 0 to this of each kind, instead of all")
    parser.add_argument("--case", type=int, help="one case of the kind, and what came of it")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        kind, project, first, stop = asked.worker
        work(kind, Path(project), range(int(first), int(stop)))
        return
    kinds = asked.kinds or list(CASES)
    if asked.case is not None:
        say(kinds[0], asked.case)
        return
    project = project_of_this_code()
    rows = [row for kind in kinds for row in rows_of(kind, project, min(asked.cases or CASES[kind], CASES[kind]))]
    print("\n".join(summary_of(rows)))
    if not asked.kinds and not asked.cases:
        PAGE.write_text(page_of(rows), encoding="utf-8")
        print(f"\nThe page: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
