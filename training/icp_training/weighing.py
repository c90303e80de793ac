"""From what people wrote down to a bundle: a hand-weighted scorecard needs no deals, no search and no run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import icp_ml
from icp_ml.deals.rules import bind_rules
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_ml.model.weighted import bind_weighted
from icp_ml.profile.tiering import Policy
from icp_ml.profile.weighted_records import WeightedProvenance
from icp_ml.serve.weighted_bundle import WeightedBundle, make_weighted_golden, write_weighted
from icp_training.config import digest_of

_GOLDEN_SEED: Final = 7
_GOLDEN_DAY: Final = date(2025, 1, 1)
"""Of the golden rows. Any seed and day would do: being fixed, one configuration makes one content hash."""


@dataclass(frozen=True)
class Weighed:
    """A scorecard that was written. notes: what was done to the weights as they stood in the configuration."""

    name: str
    version: int
    folder: Path
    notes: tuple[str, ...]


def weigh_into(root: Path, settings: WeightedSettings, version: int, now: str) -> Weighed:
    """Write models/NAME/vVERSION below `root`.

    now: ISO date and time. Raises `ConfigError` where a rule does not fit its attribute, or the folder exists.
    """
    bundle = weighted_bundle_of(settings, version, now)
    folder = root / "models" / settings.name / f"v{version}"
    write_weighted(bundle, folder)
    return Weighed(settings.name, version, folder, bundle.provenance.notes)


def weighted_bundle_of(settings: WeightedSettings, version: int, now: str) -> WeightedBundle:
    """The bundle of a configuration, ready to be written."""
    attributes = settings.resolved()
    scorecard = bind_weighted(settings, attributes)
    bind_rules((*settings.exclusions, *settings.boundary), attributes)
    return WeightedBundle(
        provenance=WeightedProvenance(
            name=settings.name,
            version=version,
            created=now,
            code_version=icp_ml.__version__,
            config_hash=digest_of(settings),
            notes=settings.weight_notes(),
        ),
        attributes=attributes,
        prospects=settings.prospects,
        scorecard=scorecard,
        tiers=settings.tiers,
        policy=Policy(actions=settings.actions, exclusions=settings.exclusions, boundary=settings.boundary),
        golden=make_weighted_golden(scorecard, _GOLDEN_DAY, _GOLDEN_SEED),
    )
