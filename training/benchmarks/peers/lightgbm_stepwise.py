"""LightGBM tuned by Optuna's own integration: its stepwise tuner over the inner folds of whole accounts."""

from __future__ import annotations

import contextlib

import lightgbm as lgb
import numpy as np
import optuna
from optuna_integration.lightgbm import LightGBMTunerCV
from peer_fold import PeerFold, Spend

MOST_ROUNDS = 1_000
PATIENCE = 50


class _Enough(Exception):
    """The trials are used up: the tuner itself ends with its steps, not with a number of trials."""


def predict(fold: PeerFold, spend: Spend) -> np.ndarray:
    """Log-odds of the test rows: the best parameters, refitted on all rows with their number of rounds."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    reached, rounds = [0], dict[int, int]()

    def watch(env: lgb.callback.CallbackEnv) -> None:
        reached[0] = env.iteration + 1

    def count(asked: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        rounds[trial.number] = reached[0] if reached[0] == MOST_ROUNDS else max(1, reached[0] - PATIENCE)
        if len(asked.trials) >= spend.trials:
            raise _Enough

    fixed = {
        "objective": "binary",
        "metric": "binary_logloss",
        "verbosity": -1,
        "seed": spend.seed,
        "num_threads": spend.threads,
    }
    tuner = LightGBMTunerCV(
        fixed,
        lgb.Dataset(fold.train, fold.won),
        num_boost_round=MOST_ROUNDS,
        folds=fold.inner_folds,
        study=study,
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False), watch],
        optuna_seed=spend.seed,
        optuna_callbacks=[count],
        show_progress_bar=False,
    )
    with contextlib.suppress(_Enough):
        tuner.run()
    settings = {**fixed, **tuner.best_params}
    best = rounds[study.best_trial.number]
    booster = lgb.train(settings, lgb.Dataset(fold.train, fold.won), num_boost_round=best)
    return np.asarray(booster.predict(fold.test, raw_score=True))
