"""icp-ml: which companies are worth selling to, why, and how sure one can be.

The folders read top to bottom as data flows: deals, model, profile, serve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from icp_ml.serve.scoring import Scorer

__version__ = "0.1.0"


def load(path: str | Path) -> Scorer:
    """Open a bundle folder, verify it, and return the object that scores with it.

    Raises `BundleInvalid` where a hash or a golden row does not agree, `ModelNotFound` where there is no bundle.
    """
    from icp_ml.serve.scoring import Scorer

    return Scorer.load(path)
