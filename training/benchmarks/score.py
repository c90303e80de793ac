"""Batch scoring with reasons beside peers: whole processes, alternating in one run, and where their seconds go.

    python training/benchmarks/score.py                      all of it; within an hour on two quiet cores
    python training/benchmarks/score.py --no-large           without 20 million rows, where memory is short
    python training/benchmarks/score.py --rows 50000 --peer-rows 5000 --naive-rows 2000 --repetitions 1 --no-memory
                                                             a look at it, in minutes
    python training/benchmarks/score.py --go-on              after an interruption: what was timed is kept

Models and lists are made up and kept in .cache/bench-score. A contestant that does not write what `icp score` writes is
not timed. A run of the default size writes docs/bench-score.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bench_score.making import agreeing, kept
from benchmarks.bench_score.page import page_of, write_page
from benchmarks.bench_score.places import CACHE, PAGE
from benchmarks.bench_score.plan import Asked, runs
from benchmarks.bench_score.running import Timed, from_line, timed, to_line
from benchmarks.bench_score.sizes import SIZES
from icp_ml.errors import IcpError

MEASURED = CACHE / "measured.jsonl"


@dataclass(frozen=True)
class Wanted:
    """What is to be timed, and whether to go on where an earlier run was."""

    asked: Asked
    go_on: bool


def read_command_line(words: Sequence[str] | None = None) -> Wanted:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", action="append", choices=list(SIZES), dest="sizes")
    parser.add_argument("--threads", type=int, action="append", help="1 and 2 unless given")
    parser.add_argument("--rows", type=int, default=Asked.rows, help="of icp-ml and the floor")
    parser.add_argument("--peer-rows", type=int, help="of streaming and woodelf, instead of each size's own")
    parser.add_argument("--naive-rows", type=int, help="of naive, instead of each size's own")
    parser.add_argument("--repetitions", type=int, default=Asked.repetitions)
    parser.add_argument("--no-large", action="store_true", help="leave out 20 million rows, which take 10 GiB to make")
    parser.add_argument("--no-memory", action="store_true", help="leave out the runs for memory alone")
    parser.add_argument("--go-on", action="store_true", help="keep what an interrupted run of the same code timed")
    given = parser.parse_args(words)
    asked = Asked(
        sizes=tuple(given.sizes or Asked.sizes),
        threads=tuple(given.threads or Asked.threads),
        rows=given.rows,
        peer_rows=given.peer_rows,
        naive_rows=given.naive_rows,
        repetitions=given.repetitions,
        large=not given.no_large,
        memory=not given.no_memory,
    )
    return Wanted(asked, given.go_on)


def measure(wanted: Wanted) -> list[str]:
    """Time all runs; the lines of the page."""
    place = kept()
    contestants, left_out = agreeing(wanted.asked, place)
    for sentence in left_out:
        sys.stderr.write(f"{sentence}\n")
    before = {each.run: each for each in _measured()} if wanted.go_on else {}
    if not wanted.go_on:
        MEASURED.unlink(missing_ok=True)
    found: list[Timed] = []
    for run in runs(wanted.asked, contestants):
        done = before.get(run)
        if done is None:
            done = timed(run, place.files(run))
            with MEASURED.open("a", encoding="utf-8") as file:
                file.write(to_line(done) + "\n")
        found.append(done)
        sys.stderr.write(f"{run.part}: {run.contestant}, {run.size}, {run.threads} threads: {done.seconds:,.1f} s\n")
    return page_of(wanted.asked, found, left_out)


def _measured() -> list[Timed]:
    if not MEASURED.exists():
        return []
    return [from_line(line) for line in MEASURED.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """What the command line asks for."""
    wanted = read_command_line()
    try:
        lines = measure(wanted)
    except IcpError as error:
        sys.exit(error.sentence)
    except KeyboardInterrupt:
        sys.exit("Interrupted. What was timed is kept: --go-on goes on from there.")
    print("\n".join(lines))
    if wanted.asked.is_whole:
        write_page(PAGE, lines)


if __name__ == "__main__":
    main()
