"""Accuracy beside other methods, on the same outer folds: real sets, a third party's simulator, our own worlds.

    python training/benchmarks/accuracy.py             the default size: within 90 minutes on two quiet cores
    python training/benchmarks/accuracy.py --full      all seeds and sets
    python training/benchmarks/accuracy.py --set bohanec --method icp-ml
                                                       one method on one set, beside what is kept of the others

Each cell (set, seed, fold, method) is kept in .cache/bench-model by a hash of the method's own code and of the fold's
data: an interrupted run goes on where it was, and a change of icp-ml leaves the peers' cells alone. A run of the
default or the full size writes docs/bench-model.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bench_model.cells import CellKey
from benchmarks.bench_model.folds import Plan, all_prepared
from benchmarks.bench_model.methods import BASE, HAND, METHODS
from benchmarks.bench_model.page import page_of, write_page
from benchmarks.bench_model.places import PAGE, PEERS_BIN
from benchmarks.bench_model.results import Bench
from benchmarks.bench_model.running import Plans, Runner, jobs_of, missing
from benchmarks.bench_model.sets import SETS, BenchSet
from icp_ml.errors import IcpError
from icp_training.search import Budget

ABLATED = {"bohanec": 5, "ibm-deal-4000": 1, "leadforge-intro": 1, "world-500": 1, "world-2000": 1}
"""The sets of the second table, and on how many seeds."""


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. is_whole: a run whose page is kept."""

    sets: tuple[BenchSet, ...]
    methods: tuple[str, ...]
    seeds: int | None
    trials: int
    workers: int
    full: bool

    @property
    def to_run(self) -> tuple[str, ...]:
        """The methods, and the base rate, without which there is no skill."""
        return self.methods if BASE in self.methods else (BASE, *self.methods)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return len(self.sets) == len(SETS) and self.is_of_all_methods and self.seeds is None

    @property
    def named(self) -> tuple[str, ...]:
        """The methods that were named one by one."""
        return () if self.is_of_all_methods else self.methods

    @property
    def is_of_all_methods(self) -> bool:
        """Whether no method was named: then --seeds makes fewer of them, and never more, for some are slow."""
        return len(self.methods) == len(METHODS)

    def seeds_of(self, wanted: BenchSet, method: str) -> range:
        """On which seeds a method is judged on a set."""
        count = (wanted.full if self.full else wanted.default).of(method)
        if self.seeds is not None:
            count = min(count, self.seeds) if self.is_of_all_methods else self.seeds
        if METHODS[method].ablation and method not in self.named:
            count = min(count, ABLATED.get(wanted.name, 0))
        return range(1, count + 1)


def read_command_line(words: Sequence[str] | None = None) -> Asked:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", choices=list(SETS), dest="sets")
    parser.add_argument("--method", action="append", choices=list(METHODS), dest="methods")
    parser.add_argument("--seeds", type=int, help="seeds 1 to this, instead of each set's own number")
    parser.add_argument("--trials", type=int, default=30, help="of a whole search; a fold may spend a fifth")
    parser.add_argument("--workers", type=int, default=2, help="small cells side by side, one core each")
    parser.add_argument("--full", action="store_true", help="all seeds and sets")
    asked = parser.parse_args(words)
    return Asked(
        sets=tuple(SETS[name] for name in asked.sets or SETS),
        methods=tuple(asked.methods or METHODS),
        seeds=asked.seeds,
        trials=asked.trials,
        workers=asked.workers,
        full=asked.full,
    )


def keys_of(asked: Asked, methods: Sequence[str], plans: Plans) -> list[CellKey]:
    """All cells of these methods. Of a scorecard only those whose columns the set has."""
    trials = Budget(asked.trials).fifth().trials
    return [
        CellKey(wanted.name, seed, fold, method, trials)
        for method in methods
        for wanted in asked.sets
        for seed in asked.seeds_of(wanted, method)
        if (wanted.name, seed) in plans and _applies(method, plans[wanted.name, seed])
        for fold in range(len(plans[wanted.name, seed].folds))
    ]


def _applies(method: str, plan: Plan) -> bool:
    return not method.startswith(HAND) or method.removeprefix(HAND) in plan.scorecards


def judge(asked: Asked) -> None:
    """Make what is missing and show the tables."""
    sets = readable(asked.sets)
    seeds = {(each.name, seed) for each in sets for name in asked.to_run for seed in asked.seeds_of(each, name)}
    plans = dict(all_prepared(sorted(seeds), asked.workers))
    todo = missing(keys_of(asked, asked.to_run, plans), plans)
    runner = Runner(plans, len(todo), asked.workers)
    runner.run(jobs_of(todo))
    lines = page_of(Bench(plans, tuple(keys_of(asked, tuple(METHODS), plans)), asked.trials, asked.full))
    print("\n".join(lines))
    if runner.failures:
        sys.exit(f"{len(runner.failures)} jobs ended early, the first: {runner.failures[0]}")
    if asked.is_whole and len(sets) == len(SETS):
        write_page(PAGE, lines)


def readable(sets: Sequence[BenchSet]) -> list[BenchSet]:
    """Those that can be read; of the others it is said why not."""
    found = []
    for wanted in sets:
        why = wanted.missing()
        if why is None:
            found.append(wanted)
        else:
            sys.stderr.write(f"{wanted.name} is left out: {why}.\n")
    return found


def main() -> None:
    """What the command line asks for."""
    asked = read_command_line()
    if not PEERS_BIN.is_dir() and any(METHODS[name].peer for name in asked.to_run):
        sys.exit("The environment of the peers is expected in .venv-peers and is not there; run make peers.")
    try:
        judge(asked)
    except IcpError as error:
        sys.exit(error.sentence)
    except KeyboardInterrupt:
        sys.exit("Interrupted. What was made is kept, and the same command goes on from there.")


if __name__ == "__main__":
    main()
