"""From a bundle folder to what is in it and what scores with it, whatever its kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE
from icp_ml.serve.folder import kind_of
from icp_ml.serve.manifests import KIND

# What only one kind of bundle needs is loaded where a bundle is of that kind: scoring a list starts with this module.
# ruff: noqa: PLC0415

if TYPE_CHECKING:
    from icp_ml.serve.bundle import Bundle, StoredBundle
    from icp_ml.serve.lookalike_bundle import LookalikeBundle, StoredLookalike
    from icp_ml.serve.lookalike_scoring import LookalikeScorer
    from icp_ml.serve.scoring import Scorer
    from icp_ml.serve.weighted_bundle import StoredWeighted, WeightedBundle
    from icp_ml.serve.weighted_scoring import WeightedScorer

AnyScorer: TypeAlias = "Scorer | WeightedScorer | LookalikeScorer"
AnyBundle: TypeAlias = "Bundle | WeightedBundle | LookalikeBundle"
AnyStored: TypeAlias = "StoredBundle | StoredWeighted | StoredLookalike"


def load(path: str | Path) -> AnyScorer:
    """Open and verify a bundle folder, and compile its model.

    The golden rows of a model that learned from deals are answered by what then answers for prospects: its tables, or
    its members where it has none. Those of other kinds are answered as `open_any` has them answered.

    Raises `ModelNotFound` where there is none, `BundleInvalid` where a hash or a golden row does not agree.
    """
    folder = Path(path)
    kind = kind_of(folder)
    if kind == LOOKALIKE:
        from icp_ml.serve.lookalike_scoring import LookalikeScorer

        return LookalikeScorer.load(folder)
    if kind != KIND:
        from icp_ml.serve.weighted_scoring import WeightedScorer

        return WeightedScorer.load(folder)
    from icp_ml.serve.bundle import open_unanswered

    return _verified(_scorer_of(open_unanswered(folder)))


def _scorer_of(stored: StoredBundle) -> Scorer:
    """What scores with a bundle that learned from deals: by one ICP, or by several."""
    if stored.bundle.profiles is None:
        from icp_ml.serve.scoring import Scorer

        return Scorer(stored.bundle, stored.content_hash)
    from icp_ml.serve.profiled_scoring import ProfiledScorer

    return ProfiledScorer(stored.bundle, stored.content_hash)


def _verified(scorer: Scorer) -> Scorer:
    """The same scorer, after it has answered the golden rows of each of its models."""
    from icp_ml.serve.bundle import check_answering

    for each in scorer.of_each_model:
        check_answering(each.bundle, each.row_answers)
    return scorer


def open_any(folder: Path) -> AnyStored:
    """Read and verify the bundle in `folder`. Raises as `load` does."""
    kind = kind_of(folder)
    if kind == LOOKALIKE:
        from icp_ml.serve.lookalike_bundle import open_lookalike

        return open_lookalike(folder)
    if kind != KIND:
        from icp_ml.serve.weighted_bundle import open_weighted

        return open_weighted(folder)
    from icp_ml.serve.bundle import open_bundle

    return open_bundle(folder)


def write_any(bundle: AnyBundle, folder: Path) -> str:
    """Write `bundle` into the new folder `folder`, all of it or nothing, and return its content hash.

    Raises `ConfigError` where the folder exists or cannot be written.
    """
    from icp_ml.serve.bundle import Bundle, write_bundle
    from icp_ml.serve.lookalike_bundle import LookalikeBundle, write_lookalike
    from icp_ml.serve.weighted_bundle import write_weighted

    if isinstance(bundle, LookalikeBundle):
        return write_lookalike(bundle, folder)
    return write_bundle(bundle, folder) if isinstance(bundle, Bundle) else write_weighted(bundle, folder)
