"""From a bundle folder to what scores with it, whatever its kind."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from icp_ml.serve.folder import KIND, kind_of
from icp_ml.serve.scoring import Scorer
from icp_ml.serve.weighted_scoring import WeightedScorer

AnyScorer: TypeAlias = Scorer | WeightedScorer


def load(path: str | Path) -> AnyScorer:
    """Open and verify a bundle folder.

    Raises `ModelNotFound` where there is none, `BundleInvalid` where a hash or a golden row does not agree.
    """
    folder = Path(path)
    return Scorer.load(folder) if kind_of(folder) == KIND else WeightedScorer.load(folder)
