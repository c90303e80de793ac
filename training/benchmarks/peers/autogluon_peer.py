"""AutoGluon, best quality, 60 seconds, without neural networks; its bags are the inner folds of whole accounts."""

from __future__ import annotations

import tempfile

import numpy as np
from autogluon.tabular import TabularPredictor
from peer_fold import PeerFold, Spend

SECONDS = 60
NO_NETWORKS = ["NN_TORCH", "FASTAI"]
CERTAIN = 1e-7
"""Probabilities are kept this far from 0 and 1, so that log-odds are finite."""


def predict(fold: PeerFold, spend: Spend) -> np.ndarray:
    """Log-odds of the test rows.

    Where a quarter of the time is too short for its own test of whether to stack, which leaves it in a state that it
    cannot go on from, it has the whole time once more, without stacking.
    """
    try:
        probability = _probability(fold, spend, {})
    except AssertionError:
        probability = _probability(fold, spend, {"dynamic_stacking": False, "num_stack_levels": 0})
    kept = np.clip(probability, CERTAIN, 1.0 - CERTAIN)
    return np.asarray(np.log(kept / (1.0 - kept)))


def _probability(fold: PeerFold, spend: Spend, stacking: dict[str, object]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(
            label="won",
            problem_type="binary",
            eval_metric="log_loss",
            groups="inner",
            path=f"{folder}/models",
            verbosity=0,
        )
        predictor.fit(
            fold.train.assign(won=fold.won, inner=fold.inner),
            presets="best_quality",
            time_limit=SECONDS,
            excluded_model_types=NO_NETWORKS,
            num_cpus=spend.threads,
            num_gpus=0,
            **stacking,
        )
        return np.asarray(predictor.predict_proba(fold.test, as_multiclass=False), dtype=np.float64)
