"""Would a test notice? Small faults are put into chosen modules, one at a time, and their own tests run against each.

    deals     which rows count, how they are read, graded, dated    tiers     where they are cut, what became of them
    model     splits, metrics, level, scorecard, trees, stack       bundle    what is written, what is refused when read
    scoring   the tables and loops of contributions, what goes in, what comes out

Faults are drawn by lot (`mutating.mutants`): the first draw before tests were added for what had survived it, the
second afterwards, the third and the fourth over other modules (`mutating.targets`). What came of each is kept in
.cache/mutants by a hash of the code and of the tests, so that an interrupted run goes on; the page goes to
docs/mutation.md when all of every draw was tried on the code as it is. What survives is judged in
training/benchmarks/mutating/judged.yaml.

    python training/benchmarks/mutants.py [--group deals]... [--draw 1] [--each 5] [--workers 2]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import yaml
from pydantic import TypeAdapter

from benchmarks.bench_model.code import ROOT, code_hash
from benchmarks.mutating.mutants import Fault, Source, drawn, read_source
from benchmarks.mutating.page import page_of, summary_of
from benchmarks.mutating.rows import BEFORE, JUDGED, Before, Fate, Judgement, Row
from benchmarks.mutating.targets import DRAWS, FIRST, Target
from benchmarks.mutating.trials import LEAST_SECONDS, TIMES_AS_LONG, Outcome, Trial, file_of, load, outcomes

CACHE: Final = ROOT / ".cache" / "mutants"
PAGE: Final = ROOT / "docs" / "mutation.md"
CRASHES: Final = (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL, -signal.SIGABRT)
"""How a process ends in which compiled code was given what it cannot bear: by a fault, which is noticed."""


def code() -> str:
    """The hash of the modules that faults are put into, and of what puts them there."""
    modules = {target.module for draw in DRAWS.values() for targets in draw.groups.values() for target in targets}
    return code_hash(
        (*sorted(modules), "benchmarks.mutating.trials", "benchmarks.mutating.mutants"), ("icp_ml", "benchmarks")
    )


def tests_hash(target: Target) -> str:
    """The hash of a module's tests and of what tests share."""
    named = {ROOT / each.partition("::")[0] for each in target.tests if not each.startswith("-")}
    digest = hashlib.sha256(repr((target.tests, target.interpreted)).encode())
    for path in sorted(named | set((ROOT / "tests").glob("*.py"))):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def rows_of(group: str, draw: int, count: int, workers: int) -> Iterator[Row]:
    """What came of the faults of a group, from the cache where it is there. Raises where a test fails without one."""
    sources = {
        target: read_source(file_of(target.module).read_text(encoding="utf-8")) for target in DRAWS[draw].groups[group]
    }
    for target, share in zip(sources, _shares(list(sources.values()), count), strict=True):
        faults = drawn(sources[target].faults, share, draw)
        folder = CACHE / f"{code()}-{tests_hash(target)}"
        places = {
            fault: folder / target.module / f"{hashlib.sha256(fault.name.encode()).hexdigest()[:16]}.json"
            for fault in faults
        }
        missing = [fault for fault in faults if not places[fault].exists()]
        if missing:
            allowed = _allowed(target, folder)
            trials = [replace(_trial(target, allowed), source=sources[target].with_fault(fault)) for fault in missing]
            for place, outcome in outcomes(trials, workers):
                row = _row(group, target, draw, missing[place], outcome)
                _keep(places[missing[place]], row.model_dump_json())
                sys.stderr.write(f"{target.module}:{row.line} {row.fate} ({outcome.seconds:.0f} s)\n")
        for fault in faults:
            kept = Row.model_validate_json(places[fault].read_text(encoding="utf-8"))
            yield kept.model_copy(update={"draw": draw, "line": fault.line})


def _shares(sources: Sequence[Source], count: int) -> list[int]:
    """How many faults of each module are drawn: at least one, the others by the lines that can have one."""
    lines = [len({fault.line for fault in source.faults}) for source in sources]
    return [max(1, round(count * each / sum(lines))) for each in lines]


def _trial(target: Target, allowed: int) -> Trial:
    return Trial(target.module, target.tests, target.interpreted, seconds=allowed)


def _allowed(target: Target, folder: Path) -> int:
    """Seconds of processor time for a trial, from what the tests take where there is no fault."""
    path = folder / "without.json"
    if not path.exists():
        ((_, outcome),) = outcomes([_trial(target, 1200)], 1)
        if outcome.code != 0:
            raise RuntimeError(f"the tests of {target.module} fail without a fault:\n{outcome.words}")
        _keep(path, str(outcome.seconds))
    return int(max(LEAST_SECONDS, TIMES_AS_LONG * float(path.read_text())))


def _row(group: str, target: Target, draw: int, fault: Fault, outcome: Outcome) -> Row:
    _check_that_it_ran(target, outcome)
    noticed: Fate = "out of time" if outcome.is_out_of_time else "noticed"
    return Row(
        group=group,
        module=target.module,
        draw=draw,
        line=fault.line,
        text=fault.text,
        was=fault.was,
        now=fault.now,
        fate="survived" if outcome.code == 0 else noticed,
        seconds=outcome.seconds,
    )


def _check_that_it_ran(target: Target, outcome: Outcome) -> None:
    """Raise where the tests did not end by themselves, and no fault of a module can be why: nobody noticed anything.

    A process that was killed for want of memory, and one whose libraries went while it ran, do not say what they took.
    """
    if outcome.seconds == 0.0 and not outcome.is_out_of_time and outcome.code not in CRASHES:
        raise RuntimeError(f"the tests of {target.module} ended with {outcome.code} before they ran:\n{outcome.words}")


def _keep(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.rename(path)


def judgements() -> tuple[Judgement, ...]:
    """What was made of the faults that survived."""
    return TypeAdapter(tuple[Judgement, ...]).validate_python(yaml.safe_load(JUDGED.read_text(encoding="utf-8")))


def _record(rows: Sequence[Row], draw: int) -> None:
    """Keep a draw as it is now as what was before tests were added for it."""
    found = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    before = Before.model_validate_json(BEFORE.read_text(encoding="utf-8"))
    others = [row for row in before.rows if row.draw != draw]
    commits = {**before.commits, draw: found.stdout.decode().strip()}
    kept = Before(commits=dict(sorted(commits.items())), rows=(*others, *rows))
    BEFORE.write_text(kept.model_dump_json(indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Try what was asked for; the page only where that was everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", action="append", choices=list(FIRST), dest="groups")
    parser.add_argument("--draw", type=int, choices=list(DRAWS), help="one of the draws, instead of all")
    parser.add_argument("--each", type=int, help="faults of each group, instead of as many as the draw says")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--record", action="store_true", help="keep this draw as what was before tests were added")
    asked = parser.parse_args()
    if asked.record and asked.draw is None:
        parser.error("--record keeps one draw; name it with --draw")
    load()
    draws = list(DRAWS) if asked.draw is None else [asked.draw]
    tasks = [(group, draw) for draw in draws for group in asked.groups or DRAWS[draw].groups]
    rows = [row for group, draw in tasks for row in rows_of(group, draw, asked.each or DRAWS[draw].each, asked.workers)]
    if asked.record:
        _record(rows, asked.draw)
    before = Before.model_validate_json(BEFORE.read_text(encoding="utf-8"))
    print("\n".join(summary_of(rows, before)))
    for row in rows:
        if row.fate == "survived":
            print(f"{row.module}:{row.line}: {row.text} | {row.was} -> {row.now}")
    if not asked.groups and asked.draw is None and asked.each is None:
        PAGE.write_text(page_of(rows, before, judgements(), code()), encoding="utf-8")
        print(f"\nThe page: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
