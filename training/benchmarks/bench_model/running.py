"""Running what is missing: jobs of one method, in processes of their own, small ones side by side on one core each.

Cells of fewer than 5,000 deals get one core whatever the method, `workers` of them side by side, so that seconds mean
the same for all; larger ones, and AutoGluon whatever the size, run alone with all cores.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from threading import Lock

from benchmarks.bench_model.cells import CellKey, fold_folder, path_of
from benchmarks.bench_model.code import ROOT
from benchmarks.bench_model.folds import Plan
from benchmarks.bench_model.methods import METHODS
from benchmarks.bench_model.places import PEERS_BIN, PEERS_CODE
from benchmarks.bench_model.sets import SETS

CELLS_A_JOB = 20
"""Starting a process takes some seconds, of which the first cell alone should not have to pay for all."""
Plans = Mapping[tuple[str, int], Plan]


@dataclass(frozen=True)
class Job:
    """Cells of one method that one process makes, one after the other. alone: with all cores."""

    method: str
    cells: tuple[CellKey, ...]
    alone: bool


def missing(keys: Sequence[CellKey], plans: Plans) -> list[CellKey]:
    """Those that are not kept."""
    return [key for key in keys if not path_of(key, plans[key.name, key.seed]).exists()]


def jobs_of(keys: Sequence[CellKey]) -> list[Job]:
    """Jobs for cells, in the order of the cells."""
    jobs = []
    for (method, name), group in groupby(keys, key=lambda key: (key.method, key.name)):
        cells = tuple(group)
        alone = METHODS[method].alone or SETS[name].large
        jobs += [Job(method, cells[at : at + CELLS_A_JOB], alone) for at in range(0, len(cells), CELLS_A_JOB)]
    return jobs


class Runner:
    """Runs jobs and says on standard error how far it is. failures: a sentence for each job that ended early."""

    def __init__(self, plans: Plans, cells: int, workers: int) -> None:
        self.failures: list[str] = []
        self._plans = plans
        self._cells, self._done = cells, 0
        self._workers = workers
        self._lock = Lock()

    def run(self, jobs: Sequence[Job]) -> None:
        """First the small ones side by side, then those that want all cores."""
        with ThreadPoolExecutor(self._workers) as pool:
            list(pool.map(self._run, [job for job in jobs if not job.alone]))
        for job in jobs:
            if job.alone:
                self._run(job)

    def _run(self, job: Job) -> None:
        threads = (os.cpu_count() or 1) if job.alone else 1
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "job.json"
            file.write_text(json.dumps(self._described(job, threads)), encoding="utf-8")
            with (Path(folder) / "said.txt").open("w+", encoding="utf-8") as said:
                done = self._follow(job, [*_command(job.method), str(file)], threads, said.fileno())
                said.seek(0)
                lines = [line for line in said.read().splitlines() if line.strip()]
        if done < len(job.cells):
            key = job.cells[done]
            why = lines[-1] if lines else "it said nothing"
            place = f"{job.method} on {key.name}, seed {key.seed}, fold {key.fold + 1}"
            self.failures.append(f"{place} gave no predictions: {why}")

    def _described(self, job: Job, threads: int) -> dict[str, object]:
        cells = [
            {
                "fold": str(fold_folder(key)),
                "out": str(path_of(key, self._plans[key.name, key.seed])),
                "seed": key.seed,
            }
            for key in job.cells
        ]
        method, trials = METHODS[job.method], job.cells[0].trials
        return {"method": job.method, "peer": method.peer, "threads": threads, "trials": trials, "cells": cells}

    def _follow(self, job: Job, command: Sequence[str], threads: int, errors: int) -> int:
        """How many cells were made."""
        limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        made = {str(path_of(key, self._plans[key.name, key.seed])) for key in job.cells}
        done = 0
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, **limits}, cwd=ROOT
        ) as process:
            for line in process.stdout or ():
                if line.strip() in made:
                    self._say(job.cells[done])
                    done += 1
        return done

    def _say(self, key: CellKey) -> None:
        with self._lock:
            self._done += 1
            at = f"{self._done:,} of {self._cells:,} cells"
            sys.stderr.write(f"{at}: {key.method} on {key.name}, seed {key.seed}, fold {key.fold + 1}\n")


def _command(method: str) -> list[str]:
    if METHODS[method].peer:
        return [str(PEERS_BIN / "python"), str(PEERS_CODE / "run_peer.py")]
    return [sys.executable, "-m", "benchmarks.bench_model.ours"]
