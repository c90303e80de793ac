"""The same deals trained on in several ways: one `icp train` for each set of deals and way, in a process of its own."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel

from benchmarks.bench_model.code import ROOT, code_hash
from benchmarks.faults.languages import LANGUAGES, environment, made_locales
from benchmarks.fuzz.project import write_tables
from icp_ml.serve.file_names import MANIFEST
from icp_training.world import make_planted_world
from tests.cli_projects import write_project

CACHE: Final = ROOT / ".cache" / "one-hash"
TRIALS: Final = 2
SEED: Final = 3
ONE_THREAD, TWO_THREADS = 1, 2
RUN: Final = """\
import atexit, json, sys, time
from threadpoolctl import threadpool_info

def tell():
    threads = max(each["num_threads"] for each in threadpool_info() if each["user_api"] == "openmp")
    with open(told, "w") as out:
        json.dump({"threads": threads, "beside": time.process_time() - time.thread_time()}, out)

told = sys.argv.pop(1)
atexit.register(tell)
from icp_ml.cli.main import main
main()
"""
"""`icp`, which at its end tells how many threads OpenMP had, and how many seconds others than the first one worked."""


class Run(BaseModel):
    """One training. kind, seed: of which deals, and which of the `WAYS`. threads: that it had, by its own word.

    content, model: the bundle's hashes. files: the hash of each of its files. deals: rows of
    the file. seconds: how long it took. beside: seconds of work by other threads than the first.
    """

    kind: str
    seed: int
    threads: int
    content: str
    model: str
    files: dict[str, str]
    deals: int
    seconds: float
    beside: float


@dataclass(frozen=True)
class Way:
    """How a training is run. shuffled: by which seed the rows are, None for as they stand. language: None for C.UTF-8.

    sets: PYTHONHASHSEED, from which the order of Python's own sets follows.
    """

    threads: int
    shuffled: int | None = None
    language: int | None = None
    sets: int = 0


WAYS: Final = (
    Way(ONE_THREAD),
    Way(TWO_THREADS),
    Way(ONE_THREAD, shuffled=1, language=0, sets=1),
    Way(TWO_THREADS, shuffled=2, language=2, sets=2),
)


def _planted(deals: int) -> Callable[[Path], object]:
    return lambda folder: write_project(folder, make_planted_world(SEED, deals=deals))


SETS: Final[Mapping[str, Callable[[Path], object]]] = {
    "planted-240": _planted(240),
    "every kind of attribute": lambda folder: write_tables(folder, np.random.default_rng(1)),
    "planted-1500": _planted(1_500),
    "planted-6000": _planted(6_000),
}
"""What writes deals.csv and icp.yaml. LightGBM gets a second thread from 5,000 deals on, in the search as in the last
fit."""
SEEDS: Final = dict.fromkeys(SETS, len(WAYS))


def own_hash() -> str:
    """Of everything that a run depends on."""
    modules = ("benchmarks.one_hash_runs", "icp_ml.cli.train", "icp_training.line")
    return code_hash(modules, ("icp_ml", "icp_training", "benchmarks"))


def row_of(task: tuple[str, int]) -> Run:
    """One run, from the cache where it is there."""
    kind, seed = task
    path = CACHE / own_hash() / f"{kind.replace(' ', '-')}-{seed}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="icp-one-hash-") as place:
            text = trained(kind, seed, Path(place)).model_dump_json()
        path.with_suffix(f".{os.getpid()}").write_text(text)
        path.with_suffix(f".{os.getpid()}").rename(path)
    return Run.model_validate_json(path.read_text())


def trained(kind: str, seed: int, place: Path) -> Run:
    """Train once in an empty folder. Raises `RuntimeError` where that fails, or not as many threads were there."""
    way, folder, told = WAYS[seed - 1], place / "project", place / "told"
    folder.mkdir()
    SETS[kind](folder)
    if way.shuffled is not None:
        shuffle(folder / "deals.csv", way.shuffled)
    words = ["train", "icp.yaml", "--trials", str(TRIALS), "--json"]
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(told), *words],
        cwd=folder,
        env=_environment(way, place),
        capture_output=True,
        check=False,
    )
    seconds = time.monotonic() - begun
    if done.returncode:
        told_last = done.stderr.decode(errors="replace")[-2000:]
        raise RuntimeError(f"{kind}, way {seed}: training ended with {done.returncode}: {told_last}")
    said = json.loads(told.read_text())
    if said["threads"] != way.threads:
        raise RuntimeError(f"{way.threads} threads were asked for, and {said['threads']} were there")
    (manifest,) = (json.loads(found.read_bytes()) for found in folder.glob(f"models/*/v1/{MANIFEST}"))
    return Run(
        kind=kind,
        seed=seed,
        threads=said["threads"],
        content=manifest["content_hash"],
        model=manifest["model_hash"],
        files=manifest["files"],
        deals=len((folder / "deals.csv").read_text().splitlines()) - 1,
        seconds=seconds,
        beside=said["beside"],
    )


def _environment(way: Way, place: Path) -> Mapping[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(way.threads))
    where = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
    if way.language is not None:
        where = dict(environment(LANGUAGES[way.language], made_locales(place / "locales")))
    own = {key: value for key, value in os.environ.items() if key not in ("ICP_HOME", "MLFLOW_TRACKING_URI")}
    return {**own, **threads, **where, "PYTHONHASHSEED": str(way.sets)}


def shuffle(path: Path, seed: int) -> None:
    """Write a file's rows, of which each is one line below the header, in another order."""
    header, *rows = path.read_bytes().splitlines(keepends=True)
    random.Random(seed).shuffle(rows)
    path.write_bytes(b"".join([header, *rows]))
