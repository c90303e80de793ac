"""From a bundle folder to what is in it and what scores with it, whatever its kind."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE
from icp_ml.serve.bundle import Bundle, StoredBundle, open_bundle, write_bundle
from icp_ml.serve.folder import kind_of
from icp_ml.serve.lookalike_bundle import LookalikeBundle, StoredLookalike, open_lookalike, write_lookalike
from icp_ml.serve.lookalike_scoring import LookalikeScorer
from icp_ml.serve.manifests import KIND
from icp_ml.serve.profiled_scoring import ProfiledScorer
from icp_ml.serve.scoring import Scorer
from icp_ml.serve.weighted_bundle import StoredWeighted, WeightedBundle, open_weighted, write_weighted
from icp_ml.serve.weighted_scoring import WeightedScorer

AnyScorer: TypeAlias = Scorer | WeightedScorer | LookalikeScorer
AnyBundle: TypeAlias = Bundle | WeightedBundle | LookalikeBundle
AnyStored: TypeAlias = StoredBundle | StoredWeighted | StoredLookalike


def load(path: str | Path) -> AnyScorer:
    """Open and verify a bundle folder.

    Raises `ModelNotFound` where there is none, `BundleInvalid` where a hash or a golden row does not agree.
    """
    folder = Path(path)
    kind = kind_of(folder)
    if kind == LOOKALIKE:
        return LookalikeScorer.load(folder)
    return scorer_of(open_bundle(folder)) if kind == KIND else WeightedScorer.load(folder)


def scorer_of(stored: StoredBundle) -> Scorer:
    """What scores with a bundle that learned from deals: by one ICP, or by several."""
    kind = Scorer if stored.bundle.profiles is None else ProfiledScorer
    return kind(stored.bundle, stored.content_hash)


def open_any(folder: Path) -> AnyStored:
    """Read and verify the bundle in `folder`. Raises as `load` does."""
    kind = kind_of(folder)
    if kind == LOOKALIKE:
        return open_lookalike(folder)
    return open_bundle(folder) if kind == KIND else open_weighted(folder)


def write_any(bundle: AnyBundle, folder: Path) -> str:
    """Write `bundle` into the new folder `folder`, all of it or nothing, and return its content hash.

    Raises `ConfigError` where the folder exists or cannot be written.
    """
    if isinstance(bundle, LookalikeBundle):
        return write_lookalike(bundle, folder)
    return write_bundle(bundle, folder) if isinstance(bundle, Bundle) else write_weighted(bundle, folder)
