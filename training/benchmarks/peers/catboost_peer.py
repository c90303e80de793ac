"""CatBoost with categories as its own, and the number of rounds from its cross-validation over whole accounts."""

from __future__ import annotations

import catboost
import numpy as np
from peer_fold import PeerFold, Spend

MOST_ROUNDS = 1_000
PATIENCE = 50
ROWS_WITH_ALL_FOLDS = 1_000
"""From here on one inner fold tells the number of rounds well enough."""


def predict(fold: PeerFold, spend: Spend) -> np.ndarray:
    """Log-odds of the test rows. The rate of learning is CatBoost's own choice for that many rows and rounds."""
    settings = {
        "loss_function": "Logloss",
        "random_seed": spend.seed,
        "thread_count": spend.threads,
        "logging_level": "Silent",
        "allow_writing_files": False,
        "iterations": MOST_ROUNDS,
    }
    wanted = fold.inner_folds if len(fold.won) < ROWS_WITH_ALL_FOLDS else fold.inner_folds[:1]
    stopped = [_stopped(fold, settings, learn, held_out) for learn, held_out in wanted]
    curves = [model.get_evals_result()["validation"]["Logloss"] for model in stopped]
    shortest = min(len(curve) for curve in curves)
    rounds = int(np.argmin(np.mean([curve[:shortest] for curve in curves], axis=0))) + 1
    # Left to itself it would take another rate for fewer rounds.
    rate = float(stopped[0].get_all_params()["learning_rate"])
    model = catboost.CatBoostClassifier(**{**settings, "iterations": rounds, "learning_rate": rate})
    model.fit(_pool(fold, np.arange(len(fold.won))))
    return np.asarray(model.predict(fold.test, prediction_type="RawFormulaVal"))


def _stopped(
    fold: PeerFold, settings: dict[str, object], learn: np.ndarray, held_out: np.ndarray
) -> catboost.CatBoostClassifier:
    model = catboost.CatBoostClassifier(**{**settings, "od_type": "Iter", "od_wait": PATIENCE, "use_best_model": False})
    model.fit(_pool(fold, learn), eval_set=_pool(fold, held_out))
    return model


def _pool(fold: PeerFold, rows: np.ndarray) -> catboost.Pool:
    return catboost.Pool(fold.train.iloc[rows], fold.won[rows], cat_features=list(fold.categories))
