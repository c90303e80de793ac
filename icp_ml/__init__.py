"""icp-ml: which companies are worth selling to, why, and how sure one can be.

The folders read top to bottom as data flows: deals, model, profile, serve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from icp_ml.serve.loading import AnyScorer

__version__ = "0.1.0"


def load(path: str | Path) -> AnyScorer:
    """Open a bundle folder, verify it, and return the object that scores with it.

    That is a `Scorer`; or a `LookalikeScorer` for a model of resemblance, or a `WeightedScorer` for a hand-weighted
    scorecard, neither of which gives a probability.
    Raises `BundleInvalid` where a hash or a golden row does not agree, `ModelNotFound` where there is no bundle.
    """
    from icp_ml.serve.loading import load as load_any

    return load_any(path)
