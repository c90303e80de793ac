"""Faults put into real commands, each judged by what it left behind; writes docs/faults.md.

    python -m benchmarks.faults                                     all of them; half an hour of one core
    python -m benchmarks.faults --kind "promote: disk full" --seeds 2

Rows are kept in .cache/faults by a hash of the code, so that an interrupted run goes on. As root on Linux a small file
system in memory stands for the disk; without that, disks that fill up are played by a limit on the size of files, and
read-only ones are left out; so are clocks that jump, without a C compiler.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from multiprocessing import util
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from benchmarks.bench_model.code import ROOT, code_hash
from benchmarks.faults.clock import can_jump, made_library
from benchmarks.faults.database import server
from benchmarks.faults.languages import made_locales
from benchmarks.faults.page import page_of
from benchmarks.faults.plan import SEEDS
from benchmarks.faults.records import Row
from benchmarks.faults.room import furnish, made_room
from benchmarks.faults.running import Bench, Task, met
from benchmarks.seeded_rows import hash_of, make_rows
from tests import forked_cli

PAGE: Final = ROOT / "docs" / "faults.md"
CACHE: Final = ROOT / ".cache" / "faults"
TRAINED_BY: Final = ("icp_ml/model/*.py", "training/benchmarks/faults/room.py")
"""What decides what is trained once and then only served."""
_benches: list[Bench] = []


def own_hash() -> str:
    """Of everything that a row depends on, which the page is not."""
    modules = ("benchmarks.faults.running", "icp_ml.cli.main", "icp_training.line")
    return code_hash(modules, ("icp_ml", "icp_training", "benchmarks.faults"))


def bench() -> Bench:
    """This process's own, made when the first fault asks for it."""
    if not _benches:
        forked_cli.SERVED.set_forkserver_preload(["tests.forked_cli", "benchmarks.faults.warm"])
        held = ExitStack()
        util.Finalize(None, held.close, exitpriority=10)
        place = Path(tempfile.gettempdir()) / f"icp-faults-{os.getpid()}"
        room = held.enter_context(made_room(place))
        database = held.enter_context(server())
        furnish(room, CACHE / f"trained-{hash_of(ROOT, TRAINED_BY)}")
        clock = made_library(place.with_name(f"{place.name}-clock")) if can_jump() else None
        _benches.append(Bench(room, database, made_locales(place.with_name(f"{place.name}-locales")), clock))
        database.fill(pq.read_table(room.kept("live") / "list.parquet"))
    return _benches[0]


def row_of(task: tuple[str, int]) -> Row:
    """One fault's row, from the cache where it is there."""
    kind, seed = task
    path = CACHE / own_hash() / f"{kind.replace(': ', '-').replace(' ', '_')}-{seed}.json"
    if path.exists():
        return Row.model_validate_json(path.read_text())
    command, _, fault = kind.partition(": ")
    row = met(bench(), command, fault, Task(seed, SEEDS[kind], kind))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(f".{os.getpid()}").write_text(row.model_dump_json())
    path.with_suffix(f".{os.getpid()}").rename(path)
    if row.is_wrong:
        sys.stderr.write(f"WRONG {row.model_dump_json(indent=1)}\n")
    return row


def main() -> None:
    """Make the rows that were asked for, and write the page where they are all there are."""
    rows, is_whole = make_rows(__doc__ or "", SEEDS, row_of)
    lines = "\n".join(page_of(rows, own_hash())) + "\n"
    sys.stdout.write(lines)
    if is_whole:
        PAGE.write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()
