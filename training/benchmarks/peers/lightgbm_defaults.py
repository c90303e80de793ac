"""LightGBM as it comes: 100 rounds of 31 leaves; categories are its own."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
from peer_fold import PeerFold, Spend


def predict(fold: PeerFold, spend: Spend) -> np.ndarray:
    """Log-odds of the test rows."""
    settings = {"objective": "binary", "verbosity": -1, "seed": spend.seed, "num_threads": spend.threads}
    booster = lgb.train(settings, lgb.Dataset(fold.train, fold.won))
    return np.asarray(booster.predict(fold.test, raw_score=True))
