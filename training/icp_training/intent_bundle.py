"""The bundle of a version whose intent side alone was learned anew: what stays, what moves, and what is older now.

Cuts, rules, actions and the criteria of the ICP stay, and so do the verdict and the table of tiers, with a note that
says since when they are older than the intent points; the criteria's points follow. What intent attributes say of
winning, how all attributes act, the reference for drift and the intervals of probabilities are those of the new deals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np

import icp_ml
from icp_ml.model.correction import Correction, corrected
from icp_ml.model.levels import calibrate
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.win_model import TrainingRows, WinModel, anchored
from icp_ml.profile.criteria import Ground as CriteriaGround
from icp_ml.profile.defining import Tiered, reweighed
from icp_ml.profile.definition import Definition
from icp_ml.profile.dependence import draw_dependence
from icp_ml.profile.icp import Evidence, draw_profile
from icp_ml.profile.records import IcpAttribute, Profile
from icp_ml.profile.reference import draw_reference
from icp_ml.profile.wording import state_words
from icp_ml.serve.bundle import Bundle
from icp_ml.serve.golden import make_golden
from icp_training.intent_points import INTENT, Found, Ground
from icp_training.pipeline import Stamp, data_digest, neighbours_of

LEAST_TOLD: Final = 0.05
"""A step of fewer log-odds moves a probability by about one point in a hundred, and is not told."""


def refreshed_bundle(ground: Ground, found: Found, stamp: Stamp) -> Bundle:
    """The live version with its intent side as the new deals have it."""
    config, deals, new = ground.config, ground.deals, ground.new
    before = ground.live.bundle
    model = replace(corrected(before.model, found.correction), stated=None)
    if found.level_is_off:
        model = anchored(model, new.rows, new.won)
    evidence = _evidence(ground, found, model)
    profile = _profile(before.profile, draw_profile(evidence, deals.predicted, config.seed), ground)
    calibration = calibrate(found.log_odds, new.won, new.groups, config.seed)
    extracted = None if deals.extracted is None else str(deals.extracted)
    golden_day = date.fromisoformat(extracted or stamp.created[:10])
    kept = before.provenance.refreshed_from or before.provenance.version
    said = f"The fit side is that of version {kept}; the intent side was learned anew: {found.sentence}."
    provenance = before.provenance.model_copy(
        update={
            "version": stamp.version,
            "created": stamp.created,
            "code_version": icp_ml.__version__,
            "config_hash": config.digest(),
            "data_hash": data_digest(config, ground.root),
            "run_id": stamp.run_id,
            "extracted": extracted,
            "ledger": deals.counts(),
            "trials": 0,
            "refreshed_from": kept,
            "refreshed": (said, *changes_told(before, found.correction)),
        }
    )
    older = (
        f"Figures of tiers and of how good it is are those of version {kept}; what companies do was learned anew since."
    )
    table = before.tiering.table
    notes, warnings = (
        (*(each for each in of if each != older), older) for of in (table.notes, before.verdict.warnings)
    )
    bundle = replace(
        before,
        provenance=provenance,
        model=model,
        tiering=replace(before.tiering, table=table.model_copy(update={"notes": notes})),
        profile=profile,
        reference=draw_reference(new.rows, model.vocabulary.columns, found.log_odds, new.won),
        definition=_definition(ground, found, evidence),
        verdict=before.verdict.model_copy(update={"warnings": warnings}),
        golden=make_golden(model, before.attributes, golden_day, config.seed, calibration.band),
        calibration=calibration,
        dependence=draw_dependence(evidence, profile),
        neighbours=None if before.neighbours is None else neighbours_of(config, ground.parsed, deals, model),
    )
    stated = None if before.calibration is None else before.calibration.base_rate
    return bundle if stated is None else bundle.at_base_rate(stated)


def _evidence(ground: Ground, found: Found, model: WinModel) -> Evidence:
    """The new deals, and what the refreshed model makes of them."""
    new, deals = ground.new, ground.deals
    opened = None if deals.opened is None else deals.opened[ground.rows]
    data = TrainingRows(model.vocabulary, new.rows, new.won, new.groups, new.weights)
    return Evidence(ground.live.bundle.attributes, data, model, found.voices, opened)


def _definition(ground: Ground, found: Found, evidence: Evidence) -> Definition | None:
    """The criteria as they were, weighed as the new deals have it."""
    bundle = ground.live.bundle
    if bundle.definition is None:
        return None
    return reweighed(
        bundle.definition,
        CriteriaGround(evidence, ground.parsed.take(ground.rows), ScorecardParams(), ground.config.seed),
        Tiered(bundle.tiering.cuts, found.log_odds),
    )


def _profile(before: Profile, since: Profile, ground: Ground) -> Profile:
    """Fit attributes with the evidence that they had, intent attributes with that of the new deals; shares are new."""
    now = {each.factor: each for each in since.attributes}
    words = f"by {len(ground.new.won):,} deals opened since {ground.since}: "
    attributes = [_told(each, now[each.factor], words) for each in before.attributes]
    ranked = tuple(sorted(attributes, key=lambda each: (-each.share, each.factor)))
    steady = {each.factor: each for each in before.steadiness}
    return before.model_copy(
        update={
            "attributes": ranked,
            "layer_shares": since.layer_shares,
            "axis_shares": since.axis_shares,
            "steadiness": tuple(steady[each.factor] for each in ranked if each.factor in steady),
        }
    )


def _told(before: IcpAttribute, now: IcpAttribute, words: str) -> IcpAttribute:
    if before.axis != INTENT:
        return before.model_copy(update={"share": now.share})
    return now.model_copy(update={"reason": words + now.reason, "asked": before.asked})


def changes_told(before: Bundle, correction: Correction) -> Iterator[str]:
    """For each attribute whose points moved by what people would notice: the state that moved most, and how far."""
    attributes = {each.name: each for each in before.attributes}
    for place, steps in correction.steps.items():
        column, points = before.model.vocabulary.columns[place], before.model.scorecard.columns[place]
        most = int(np.argmax(np.abs(steps)))
        if abs(steps[most]) >= LEAST_TOLD:
            attribute = attributes[column.attribute]
            state = state_words(attribute, column, points, [most])
            yield f"{column.factor}: {state} counts {steps[most]:+.2f} log-odds against before."
