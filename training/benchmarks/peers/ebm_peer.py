"""The Explainable Boosting Machine of interpret, with its defaults; its bags hold out whole accounts."""

from __future__ import annotations

import numpy as np
from interpret.glassbox import ExplainableBoostingClassifier
from peer_fold import PeerFold, Spend

HELD_OUT = 0.15
"""The library's own share."""


def predict(fold: PeerFold, spend: Spend) -> np.ndarray:
    """Log-odds of the test rows."""
    kinds = ["nominal" if name in fold.categories else "continuous" for name in fold.train.columns]
    model = ExplainableBoostingClassifier(feature_types=kinds, n_jobs=spend.threads, random_state=spend.seed)
    model.fit(_plain(fold, test=False), fold.won, bags=_bags(fold, int(model.outer_bags), spend.seed))
    return np.asarray(model.decision_function(_plain(fold, test=True)))


def _bags(fold: PeerFold, count: int, seed: int) -> np.ndarray:
    """(n, count): 1 learn from it, -1 stop by it. Accounts are drawn until the share is reached."""
    rng = np.random.default_rng(seed)
    _, member = np.unique(fold.group, return_inverse=True)
    size = np.bincount(member)
    bags = np.ones((count, len(member)), dtype=np.int8)
    for bag in bags:
        order = rng.permutation(len(size))
        taken = order[: max(1, int(np.searchsorted(np.cumsum(size[order]), HELD_OUT * len(member))))]
        bag[np.isin(member, taken)] = -1
    return bags.T


def _plain(fold: PeerFold, *, test: bool) -> object:
    rows = (fold.test if test else fold.train).copy()
    for name in fold.categories:
        rows[name] = rows[name].astype(str)
    return rows
