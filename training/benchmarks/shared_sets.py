"""Accuracy on the shared data sets, beside the base rate, a logistic regression and LightGBM with its defaults.

Every method sees the same outer folds of whole accounts (identical rows are on one side). Each cell (set, seed, fold)
is kept in .cache/bench-model by a hash of the code that made it, so that an interrupted run goes on where it was.

    python training/benchmarks/shared_sets.py [--set NAME]... [--seeds 10] [--trials 30]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter

from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.model.baseline import logistic_log_odds
from icp_ml.model.metrics import auc, brier, calibration, log_losses
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.model.stack import base_rate_log_odds
from icp_ml.model.win_model import TrainingRows, fit_win_model
from icp_training.config import load_config
from icp_training.evaluation import rows_to_learn_from
from icp_training.search import Budget, search

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bench-model"
OUTER_FOLDS = 5
METHODS = ("icp-ml", "icp-ml, inner folds not grouped", "logistic regression", "LightGBM defaults", "base rate")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DataSet:
    """A configuration, attributes left out of it, and on how many fold seeds it is judged."""

    config: str
    without: tuple[str, ...] = ()
    seeds: int = 10
    ungrouped: bool = False


SETS: Mapping[str, DataSet] = {
    "bohanec": DataSet("bohanec", ungrouped=True),
    "ibm, deal columns": DataSet("ibm-deal", seeds=1),
    "ibm, deal columns without the suspect one": DataSet("ibm-deal", ("revenue from client",), seeds=1),
    "ibm, cold columns": DataSet("ibm-cold", seeds=1),
}


def code_hash() -> str:
    """SHA-256 over the code whose figures these are, 12 digits."""
    digest = hashlib.sha256()
    for pattern in ("icp_ml/deals/*.py", "icp_ml/model/*.py", "training/icp_training/search.py"):
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def read_set(wanted: DataSet) -> DealTable:
    """The deals of a set. The folder of shared data lies beside the project."""
    path = ROOT / "training" / "configs" / f"{wanted.config}.yaml"
    config = load_config(path)
    attributes = tuple(a for a in config.resolved() if a.name not in wanted.without)
    return read_deals(config.deals, config.tables, attributes, config.project_root(path))


def fold_log_odds(
    deals: DealTable, wanted: DataSet, *, test: NDArray[np.intp], seed: int, trials: int
) -> Iterator[tuple[str, Floats, float]]:
    """Method, log-odds of the test rows, and seconds taken."""
    train = complement(test, len(deals.won))
    data = rows_to_learn_from(deals, train)
    rows = data.vocabulary.encode(deals.parsed.take(test))
    columns = data.vocabulary.columns
    start = time.perf_counter()
    yield "icp-ml", _ours(data, rows, seed, trials), time.perf_counter() - start
    if wanted.ungrouped:
        start = time.perf_counter()
        alone = replace(data, groups=np.arange(len(train), dtype=np.int64))
        yield "icp-ml, inner folds not grouped", _ours(alone, rows, seed, trials), time.perf_counter() - start
    start = time.perf_counter()
    yield "logistic regression", logistic_log_odds(data.rows, data.won, rows, columns), time.perf_counter() - start
    start = time.perf_counter()
    yield "LightGBM defaults", _lightgbm_defaults(data, rows), time.perf_counter() - start
    yield "base rate", np.full(len(test), base_rate_log_odds(data.won)), 0.0


def _ours(data: TrainingRows, rows: Floats, seed: int, trials: int) -> Floats:
    best = search(data, Budget(trials).fifth(), seed).best
    return fit_win_model(data, best, seed).log_odds(rows)


def _lightgbm_defaults(data: TrainingRows, rows: Floats) -> Floats:
    categories = [j for j, column in enumerate(data.vocabulary.columns) if column.is_category]
    dataset = lgb.Dataset(data.rows, data.won, categorical_feature=categories)
    booster = lgb.train({"objective": "binary", "verbosity": -1}, dataset)
    return np.asarray(booster.predict(rows, raw_score=True), dtype=np.float64)


class Cell(BaseModel):
    """One method on one fold: log-odds of the test rows, and seconds taken."""

    log_odds: list[float]
    seconds: float


CELLS = TypeAdapter(dict[str, Cell])


def cell(name: str, deals: DealTable, seed: int, fold: int, trials: int) -> dict[str, Cell]:
    """One fold of one seed, by method; from the cache where it is there."""
    path = CACHE / code_hash() / f"{name.replace(', ', '-').replace(' ', '-')}-{trials}-{seed}-{fold}.json"
    if path.exists():
        return CELLS.validate_json(path.read_bytes())
    test = grouped_folds(deals.groups(), deals.won, OUTER_FOLDS, seed)[fold]
    made = {
        method: Cell(log_odds=log_odds.tolist(), seconds=seconds)
        for method, log_odds, seconds in fold_log_odds(deals, SETS[name], test=test, seed=seed, trials=trials)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_bytes(CELLS.dump_json(made))
    path.with_suffix(".part").rename(path)
    return made


def judge_set(name: str, seeds: int, trials: int) -> Iterator[str]:
    """Rows of the table for one set: means over fold seeds, and every seed's log loss."""
    deals = read_set(SETS[name])
    folds = {seed: grouped_folds(deals.groups(), deals.won, OUTER_FOLDS, seed) for seed in range(1, seeds + 1)}
    figures: dict[str, list[tuple[float, ...]]] = {}
    for seed, held_out in folds.items():
        cells = [cell(name, deals, seed, fold, trials) for fold in range(OUTER_FOLDS)]
        for method in cells[0]:
            log_odds = np.empty(len(deals.won))
            for rows, made in zip(held_out, cells, strict=True):
                log_odds[rows] = made[method].log_odds
            seconds = sum(made[method].seconds for made in cells)
            figures.setdefault(method, []).append((*measured(log_odds, deals.won), seconds))
        sys.stderr.write(f"{name}: seed {seed} done\n")
    base = np.mean(figures["base rate"], axis=0)[0]
    for method in (m for m in METHODS if m in figures):
        loss, area, square, slope, seconds = np.mean(figures[method], axis=0)
        each = " ".join(f"{row[0]:.4f}" for row in figures[method])
        yield (
            f"| {name} | {method} | {loss:.4f} | {1 - loss / base:.1%} | {area:.3f} | {square:.4f} | {slope:.2f} "
            f"| {seconds:.0f} | {each} |"
        )


def measured(log_odds: Floats, won: NDArray[np.int8]) -> tuple[float, float, float, float]:
    """Log loss, AUC, Brier score and calibration slope of predictions that did not see the rows."""
    once = np.ones(len(won))
    slope = calibration(log_odds, won, once)[1] if np.ptp(log_odds) > 1e-3 else float("nan")
    return float(log_losses(log_odds, won).mean()), auc(log_odds, won, once), brier(log_odds, won, once), slope


def main() -> None:
    """Judge the sets that were asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", action="append", choices=list(SETS), dest="sets")
    parser.add_argument("--seeds", type=int, help="fold seeds 1 to this, instead of each set's own number")
    parser.add_argument("--trials", type=int, default=30)
    asked = parser.parse_args()
    if not (ROOT.parent / "shared" / "data").is_dir():
        sys.exit("The shared data sets are expected in ../shared/data beside the project, and are not there.")
    print(f"code {code_hash()}, {asked.trials} trials for a whole search, a fifth of them in each fold\n")
    print("| set | method | log loss | skill | AUC | Brier | slope | seconds | log loss by fold seed |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in asked.sets or SETS:
        for row in judge_set(name, asked.seeds or SETS[name].seeds, asked.trials):
            print(row, flush=True)


if __name__ == "__main__":
    main()
