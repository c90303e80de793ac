"""LightGBM tuned by Optuna as someone would who knows small tables.

Each trial is `lgb.cv` over the inner folds of whole accounts with early stopping on their mean loss; the best is
refitted on all training rows with its number of rounds. The first trials are LightGBM's own leaves at a slower rate,
and shallow trees; the sampler (TPE) draws the others.
"""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import optuna
from peer_fold import PeerFold, Spend

MOST_ROUNDS = 2_000
PATIENCE = 50
FIRST = (
    {"num_leaves": 31, "learning_rate": 0.05, "min_data_in_leaf": 20, "feature_fraction": 0.9, "lambda_l2": 0.01},
    {"num_leaves": 7, "learning_rate": 0.05, "min_data_in_leaf": 20, "feature_fraction": 0.8, "lambda_l2": 1.0},
)


def predict(fold: PeerFold, spend: Spend) -> np.ndarray:
    """Log-odds of the test rows."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    fixed = _fixed(spend)
    data = lgb.Dataset(fold.train, fold.won, params={"feature_pre_filter": False}, free_raw_data=False)

    def loss(trial: optuna.Trial) -> float:
        crossed: Any = lgb.cv(
            {**fixed, **_drawn(trial)},
            data,
            num_boost_round=MOST_ROUNDS,
            folds=fold.inner_folds,
            callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
        )
        means = crossed["valid binary_logloss-mean"]
        trial.set_user_attr("rounds", len(means))
        return float(means[-1])

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=spend.seed))
    for first in FIRST[: spend.trials]:
        study.enqueue_trial({**first, "subsample": 0.8})
    study.optimize(loss, n_trials=spend.trials)
    best = study.best_trial
    booster = lgb.train({**fixed, **_named(best.params)}, data, num_boost_round=max(1, int(best.user_attrs["rounds"])))
    return np.asarray(booster.predict(fold.test, raw_score=True))


def _fixed(spend: Spend) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "verbosity": -1,
        "seed": spend.seed,
        "num_threads": spend.threads,
        "bagging_freq": 1,
        "feature_pre_filter": False,
        "deterministic": True,
        "force_col_wise": True,
    }


def _drawn(trial: optuna.Trial) -> dict[str, Any]:
    trial.suggest_int("num_leaves", 3, 63, log=True)
    trial.suggest_float("learning_rate", 0.02, 0.1, log=True)
    trial.suggest_int("min_data_in_leaf", 5, 100, log=True)
    trial.suggest_float("feature_fraction", 0.4, 1.0)
    trial.suggest_float("subsample", 0.5, 1.0)
    trial.suggest_float("lambda_l2", 1e-3, 30.0, log=True)
    return _named(trial.params)


def _named(params: dict[str, Any]) -> dict[str, Any]:
    return {("bagging_fraction" if name == "subsample" else name): value for name, value in params.items()}
