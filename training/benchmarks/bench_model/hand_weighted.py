"""Hand-weighted scorecards on the sets that have their columns: the weights of training/configs/scorecards, bound to
the names that our own worlds use.

Nothing in them is learnt. A score becomes a probability by a logistic regression of one variable on the training
deals, which may also turn it round.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.bench_model.code import ROOT
from icp_ml.deals.contract import DealTable
from icp_ml.model.weighted import bind_weighted, score
from icp_training.config import load_weighted

Floats = NDArray[np.float64]

SCORECARDS = tuple(sorted((ROOT / "training" / "benchmarks" / "scorecards").glob("*.yaml")))
WEAKEST_PENALTY = 1e6


def scorecards_hash() -> str:
    """Of what the scorecards say, 8 digits."""
    digest = hashlib.sha256()
    for path in SCORECARDS:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:8]


def hand_scores(deals: DealTable) -> dict[str, Floats]:
    """0 to 100 for each deal, shape (n,), by the name of each scorecard whose attributes the deals all have."""
    known = {attribute.name for attribute in deals.attributes}
    found = {}
    for path in SCORECARDS:
        settings = load_weighted(path)
        if {name for _, layer in settings.attributes.layers() for name in layer} <= known:
            scorecard = bind_weighted(settings, deals.attributes)
            found[settings.name] = score(scorecard.points(deals.parsed))
    return found


def score_log_odds(train: Floats, won: NDArray[np.int8], test: Floats) -> Floats:
    """Log-odds of the test rows, shape (n,), by a logistic regression on the score alone."""
    if np.ptp(train) == 0.0:
        return np.full(len(test), np.log(won.mean() / (1.0 - won.mean())))
    fitted = LogisticRegression(C=WEAKEST_PENALTY)
    fitted.fit(train[:, None] / 100.0, won)
    return np.asarray(fitted.decision_function(test[:, None] / 100.0), dtype=np.float64)
