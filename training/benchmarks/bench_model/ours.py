"""Our own methods on folds that are on disk. A process of its own: `python -m benchmarks.bench_model.ours job.json`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.bench_model.cells import Cell, write_cell
from benchmarks.bench_model.folds import BenchFold, read_fold
from benchmarks.bench_model.hand_weighted import score_log_odds
from benchmarks.bench_model.methods import BASE, HAND, METHODS, OURS
from icp_ml.deals.vocabulary import Vocabulary
from icp_ml.model.baseline import logistic_log_odds
from icp_ml.model.stack import base_rate_log_odds
from icp_ml.model.trees import Trees, fit_trees
from icp_ml.model.win_model import TrainingRows, WinModel, fit_members
from icp_training.search import Budget, SearchResult, search

Floats = NDArray[np.float64]
Predictions = dict[str, Floats]

DEMOGRAPHIC = "firmographic"


@dataclass(frozen=True)
class Predicted:
    """Log-odds of a fold's test rows. beside: makes further ones, by name, that do not count as the method's time."""

    log_odds: Floats
    beside: Callable[[], Predictions] = dict


Predict = Callable[[BenchFold, int, int], Predicted]


def learnt(fold: BenchFold, seed: int, trials: int) -> Predicted:
    """icp-ml as `icp train` judges it; beside it each of its members alone, and with trees grown once."""
    found = search(fold.data, Budget(trials), seed)
    model = fit_members(fold.data, found.best, found.crossed, seed)

    def parts() -> Predictions:
        once = replace(model, trees=_grown_once(fold.data, found, seed))
        return {**members_alone(model, fold.test), "trees grown once": once.log_odds(fold.test)}

    return Predicted(model.log_odds(fold.test), parts)


def members_alone(model: WinModel, rows: Floats) -> Predictions:
    """Log-odds of everything in the model that has them, by the name of its field."""
    members = {field.name: getattr(model, field.name) for field in fields(model)}
    return {f"{name} alone": part.log_odds(rows) for name, part in members.items() if hasattr(part, "log_odds")}


def _grown_once(data: TrainingRows, found: SearchResult, seed: int) -> Trees:
    """On all rows, instead of the mean of the folds' boosters."""
    columns, rounds = data.vocabulary.columns, found.crossed.trees.rounds
    return fit_trees(data.rows, data.won, columns, found.best.trees, rounds=rounds, seed=seed, weights=data.weights)


def _searched(data: TrainingRows, test: Floats, seed: int, trials: int) -> Predicted:
    found = search(data, Budget(trials), seed)
    return Predicted(fit_members(data, found.best, found.crossed, seed).log_odds(test))


def ungrouped(fold: BenchFold, seed: int, trials: int) -> Predicted:
    """As if every deal were an account of its own, inside the training deals."""
    alone = replace(fold.data, groups=np.arange(len(fold.data.won), dtype=np.int64))
    return _searched(alone, fold.test, seed, trials)


def demographic(fold: BenchFold, seed: int, trials: int) -> Predicted:
    """With the attributes of what a company is and no others; the base rate where there are none."""
    kept = [j for j, column in enumerate(fold.data.vocabulary.columns) if column.layer == DEMOGRAPHIC]
    if not kept:
        return base_rate(fold, seed, trials)
    columns = Vocabulary(tuple(fold.data.vocabulary.columns[j] for j in kept))
    data = replace(fold.data, vocabulary=columns, rows=np.ascontiguousarray(fold.data.rows[:, kept]))
    return _searched(data, np.ascontiguousarray(fold.test[:, kept]), seed, trials)


def base_rate(fold: BenchFold, _seed: int, _trials: int) -> Predicted:
    """The share of wins among the training deals, for everyone."""
    return Predicted(np.full(len(fold.test), base_rate_log_odds(fold.data.won)))


def logistic(fold: BenchFold, _seed: int, _trials: int) -> Predicted:
    """The logistic regression that `icp train` shows beside the model."""
    data = fold.data
    return Predicted(logistic_log_odds(data.rows, data.won, fold.test, data.vocabulary.columns))


def hand(name: str, fold: BenchFold, _seed: int, _trials: int) -> Predicted:
    """A hand-weighted scorecard."""
    train, test = fold.hand[name]
    return Predicted(score_log_odds(train, fold.data.won, test))


OWN: Mapping[str, Predict] = {
    OURS: learnt,
    BASE: base_rate,
    "logistic regression": logistic,
    "inner folds not grouped": ungrouped,
    "demographic attributes alone": demographic,
    **{name: partial(hand, name.removeprefix(HAND)) for name in METHODS if name.startswith(HAND)},
}


def main() -> None:
    """Run a job: a method, how many threads it may use, and the folds that are wanted. A line for each one done."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    predict = OWN[job["method"]]
    for cell in job["cells"]:
        fold = read_fold(Path(cell["fold"]))
        start = time.perf_counter()
        with threadpool_limits(job["threads"]):
            predicted = predict(fold, cell["seed"], job["trials"])
            seconds = time.perf_counter() - start
            beside = predicted.beside()
        write_cell(Path(cell["out"]), Cell({"log_odds": predicted.log_odds, **beside}, seconds))
        print(cell["out"], flush=True)


if __name__ == "__main__":
    main()
