"""How long a search takes beside LightGBM tuned by Optuna's own integration. Prints a table; asserts nothing.

    search and final fit         20,000 deals x 40 attributes, 50 trials    target: at most 1.5 times the tuner's
    icp train                    the same, evaluation included              target: under 480 seconds on two cores

Both have the same deals, folds of whole accounts, number of trials and cores. The tuner is stepwise; it is ended after
as many trials and its best parameters are fitted on all deals.

    python training/benchmarks/search_time.py [--deals 20000] [--trials 50]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml
from pyarrow import parquet

from benchmarks.bench_model.folds import write_for_peers
from benchmarks.bench_model.places import PEERS_BIN, PEERS_CODE
from benchmarks.speed import NOISE, cost_of
from icp_ml.deals.contract import read_deals
from icp_ml.deals.settings import parse_settings
from icp_ml.model.win_model import TrainingRows, fit_members
from icp_training.config import Config
from icp_training.evaluation import rows_to_learn_from
from icp_training.search import Budget, search
from icp_training.world import WorldSettings, make_world, world_config, write_world

DEALS, TRIALS, SEED = 20_000, 50, 1
TIMES, SECONDS = 1.5, 480


def written_world(deals: int, folder: Path) -> TrainingRows:
    """The world in the folder, with its configuration; and its deals as they are learnt from."""
    world = make_world(WorldSettings(deals=deals, prospects=0, noise=NOISE, seed=SEED, name="search"))
    write_world(world, folder)
    settings = world_config(world)
    (folder / "icp.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    config = parse_settings(Config, settings)
    table = read_deals(config.deals, config.tables, config.resolved(), folder)
    return rows_to_learn_from(table, np.arange(len(table.won)))


def our_seconds(data: TrainingRows, trials: int) -> float:
    """Search and final fit."""
    start = time.perf_counter()
    found = search(data, Budget(trials), SEED)
    fit_members(data, found.best, found.crossed, SEED)
    return time.perf_counter() - start


def tuner_seconds(data: TrainingRows, trials: int, folder: Path) -> float:
    """The same of the tuner, as it says itself: without starting and reading."""
    fold, out = folder / "fold", folder / "predicted.parquet"
    fold.mkdir()
    write_for_peers(data, data.rows[:1], SEED, fold)
    cells = [{"fold": str(fold), "out": str(out), "seed": SEED}]
    job = {"peer": "lightgbm_stepwise", "threads": os.cpu_count() or 1, "trials": trials, "cells": cells}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    command = [str(PEERS_BIN / "python"), str(PEERS_CODE / "run_peer.py"), str(folder / "job.json")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return float(parquet.read_table(out).column("seconds")[0].as_py())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=DEALS)
    parser.add_argument("--trials", type=int, default=TRIALS)
    asked = parser.parse_args()
    if not PEERS_BIN.is_dir():
        sys.exit("The environment of the peers is expected in .venv-peers and is not there; run make bench-search.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = written_world(asked.deals, folder)
        print(f"{len(data.won):,} deals, {len(data.vocabulary.columns)} columns, {asked.trials} trials, ", end="")
        print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}\n")
        print("| what | seconds | target |\n|---|---|---|", flush=True)
        tuner = tuner_seconds(data, asked.trials, folder)
        print(f"| LightGBM tuned by Optuna's integration | {tuner:.1f} | |", flush=True)
        ours = our_seconds(data, asked.trials)
        print(f"| search and final fit | {ours:.1f} ({ours / tuner:.2f} times) | at most {TIMES} times |", flush=True)
        line = cost_of(("train", "icp.yaml", "--trials", str(asked.trials)), folder)
        print(f"| icp train, evaluation included | {line.seconds:.1f} | under {SECONDS} |")


if __name__ == "__main__":
    main()
