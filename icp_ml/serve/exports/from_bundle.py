"""From a bundle to what is exported of it."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

from icp_ml.errors import ConfigError
from icp_ml.serve.bundle import Bundle, StoredBundle
from icp_ml.serve.exports.stamp import Exported, TierStart
from icp_ml.serve.loading import AnyStored


def exported_of(stored: AnyStored) -> Exported:
    """The ICP of a bundle as it was read.

    Raises `ConfigError` where there is none: in a bundle of another kind, and in one made before definitions were.
    """
    bundle, provenance = stored.bundle, stored.bundle.provenance
    if not isinstance(stored, StoredBundle) or not isinstance(bundle, Bundle) or bundle.definition is None:
        raise ConfigError(
            f"a model with the definition of an ICP was expected, and version {provenance.version} of "
            f"{provenance.name} has none; train it anew with `icp train`"
        )
    return Exported(
        definition=bundle.definition,
        policy=bundle.policy,
        attributes=bundle.attributes,
        prospects=bundle.prospects,
        name=provenance.name,
        version=provenance.version,
        content_hash=stored.content_hash,
        created=provenance.created,
        extracted=bundle.provenance.extracted,
        tiers=_tiers(bundle),
    )


def _tiers(bundle: Bundle) -> tuple[TierStart, ...]:
    cuts = bundle.tiering.cuts
    starts = bundle.model.probability(np.array(cuts.log_odds)).tolist()
    rows = zip_longest(cuts.labels, cuts.scores, starts)
    return tuple(TierStart(label, score or 0.0, start) for label, score, start in rows)
