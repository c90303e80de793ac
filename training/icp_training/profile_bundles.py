"""The bundles of several ICPs, each whole, within the bundle of all deals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from icp_ml.deals.table import DealTable
from icp_ml.profile.several import ProfileRecord, ProfilesRecord, notes_on
from icp_ml.serve.bundle import Bundle, Profiles
from icp_ml.serve.golden import make_golden
from icp_training.config import Config
from icp_training.pipeline import Stamp, bundle_of
from icp_training.profiles import ProfileFit, members


@dataclass(frozen=True)
class Making:
    """What bundles are made from: the configuration, its folder, all deals, and what only the edge knows."""

    config: Config
    root: Path
    deals: DealTable
    stamp: Stamp


def with_profiles(bundle: Bundle, making: Making, fits: Sequence[ProfileFit]) -> Bundle:
    """The bundle of all deals with those of its profiles in it."""
    if not fits:
        return bundle
    config = making.config
    own = config.model_copy(update={"base_rate": None})
    plain = bundle.at_base_rate(None)
    bundles = tuple(
        _borrowed_bundle(plain, each.record, config)
        if each.judged is None or each.fitted is None
        else bundle_of(own, making.root, each.judged, each.fitted, making.stamp)
        for each in fits
    )
    named = tuple(_named(made, each.record, bundle) for made, each in zip(bundles, fits, strict=True))
    profiles = Profiles(_record_of(fits, config, making.deals), named).under(bundle.policy)
    return replace(bundle, profiles=profiles.moved_by(None if bundle.calibration is None else bundle.calibration.shift))


def _borrowed_bundle(plain: Bundle, record: ProfileRecord, config: Config) -> Bundle:
    model = replace(plain.model, anchor=plain.model.anchor + record.level)
    band = None if plain.calibration is None else plain.calibration.band
    return replace(
        plain,
        model=model,
        golden=make_golden(model, plain.attributes, plain.golden.as_of, config.seed, band),
        verdict=plain.verdict.model_copy(update={"warnings": (record.sentence, *plain.verdict.warnings)}),
    )


def _named(made: Bundle, record: ProfileRecord, whole: Bundle) -> Bundle:
    """With the name of the model and the profile, and what the ledger of rows says of the profile."""
    ledger = {**whole.provenance.ledger, f"in the profile {record.name}": record.deals}
    update = {"name": f"{whole.provenance.name}-{record.name}", "ledger": ledger}
    return replace(made, provenance=made.provenance.model_copy(update=update))


def _record_of(fits: Sequence[ProfileFit], config: Config, deals: DealTable) -> ProfilesRecord:
    """What the bundle says of them."""
    records = tuple(each.record for each in fits)
    inside = np.zeros(len(deals.won), dtype=bool)
    for each in config.profiles:
        inside |= members(each, deals)
    in_none = int((~inside).sum())
    return ProfilesRecord(
        profiles=records, deals=len(inside), in_none=in_none, notes=notes_on(records, len(inside), in_none)
    )
