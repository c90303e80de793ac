"""The intent side of the live version learned anew, alone: who fits stays as it was, what companies do counts anew.

Signals age faster than companies do. Between two trainings the live version's fit side is kept to the last bit, and the
points of its intent attributes are corrected by the deals that opened since its extract, of accounts that it has not
met: steps on the scorecard's bins, as far as these deals ask for them (`icp_ml.model.correction`). What the correction
is worth is measured on deals that it did not see, beside the live version at the same level. Where that is not better
beyond doubt, nothing is written.

Cuts, rules, actions and the definition of the ICP stay, and so do the verdict and the table of tiers, with a note that
says since when they are older than the intent points. What intent attributes say of winning, how all attributes act,
the reference for drift and the intervals of probabilities are those of the new deals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import icp_ml
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.table import DealTable
from icp_ml.errors import ConfigError, ModelNotFound, TooFewDeals
from icp_ml.model.correction import (
    Correction,
    NewDeals,
    can_be_corrected,
    corrected,
    cross_correction,
    fit_correction,
)
from icp_ml.model.levels import calibrate
from icp_ml.model.win_model import TrainingRows, WinModel, anchored
from icp_ml.profile.dependence import draw_dependence
from icp_ml.profile.icp import Evidence, Voices, draw_profile
from icp_ml.profile.records import IcpAttribute, Profile
from icp_ml.profile.reference import draw_reference
from icp_ml.profile.wording import state_words
from icp_ml.serve.bundle import Bundle, StoredBundle, as_stored, write_bundle
from icp_ml.serve.golden import make_golden
from icp_ml.watch.comparison import LEAST_COMPARED, Comparison, Rival, SharedDeals, figures_of, gap_of
from icp_training.comparing import as_champion_reads, asked_of, champion_rival, ground_of
from icp_training.config import Config
from icp_training.cores import one_core_each
from icp_training.leakage.questions import refuse_questions
from icp_training.pipeline import OnStep, Stamp, data_digest, neighbours_of, silent
from icp_training.registry import register, registry_of
from icp_training.report.drawing import report
from icp_training.tracking import closing_run, open_run, record_bundle, record_comparison, record_profile
from icp_training.training import next_version

Floats = NDArray[np.float64]

INTENT = "intent"
LEAST_TOLD = 0.05
"""A step of fewer log-odds moves a probability by about one point in a hundred, and is not told."""


@dataclass(frozen=True)
class Ground:
    """What a refresh stands on: the live version, all deals as it reads them, and those since its extract.

    rows: places of the new deals among all. places: the intent columns of the vocabulary. since: the extract's day.
    """

    config: Config
    root: Path
    live: StoredBundle
    deals: DealTable
    parsed: ParsedTable
    rows: NDArray[np.intp]
    new: NewDeals
    places: tuple[int, ...]
    since: np.datetime64
    asked: Comparison


@dataclass(frozen=True)
class Found:
    """What the new deals say. log_odds: of each by a correction that had not seen it, at the level in use, (n,).

    comparison: beside the live version as it is, for the gates. gap: of the log loss at the same level, in nats a deal,
    below zero where the correction is better; each bound is wrong one time in ten. level_is_off: whether the new deals
    were won more or less often than expected.
    """

    correction: Correction
    voices: Voices
    log_odds: Floats
    comparison: Comparison
    sentence: str
    is_better: bool
    level_is_off: bool


@dataclass(frozen=True)
class Refreshed:
    """What came of it. version: of the new bundle, None where the intent side stands. sentence: what was measured."""

    version: int | None
    sentence: str


def refresh_intent(
    config: Config,
    root: Path,
    deals: DealTable,
    live: StoredBundle | None,
    *,
    now: str,
    on_step: OnStep = silent,
) -> Refreshed:
    """Write the live version with its intent side learned anew as a new version, and register it as the challenger.

    deals: as the configuration reads them. now: ISO date and time. Raises what `intent_ground` raises, and
    `LeakageQuestion`.
    """
    refuse_questions(config, root)
    ground = intent_ground(config, root, deals, live)
    on_step("learning the intent side anew", 0, 1)
    found = learn_intent(ground)
    on_step("learning the intent side anew", 1, 1)
    if not found.is_better:
        return Refreshed(None, found.sentence)
    registry = registry_of(root, config.name)
    run = open_run(root, config.name, {"config": config.digest(), "started": now, "kind": INTENT})
    with closing_run(run):
        version = next_version(root, config.name, [each.version for each in registry.versions()])
        bundle = refreshed_bundle(ground, found, Stamp(version, now, run.run_id))
        folder = root / "models" / config.name / f"v{version}"
        page = report(as_stored(bundle), ground.live)
        record_bundle(run, bundle.provenance, write_bundle(bundle, folder, page), folder)
        record_profile(run, bundle.profile)
        record_comparison(run, found.comparison)
        register(run, registry, folder, found.comparison, config.refresh.expires_after_days)
    return Refreshed(version, found.sentence)


def intent_ground(config: Config, root: Path, deals: DealTable, live: StoredBundle | None) -> Ground:
    """Raises `ModelNotFound` where nothing that learned from deals is live, `ConfigError` where what is live cannot be
    refreshed by this configuration, and `TooFewDeals` where too few new deals have matured.
    """
    if live is None:
        raise ModelNotFound(
            f"a live version of {config.name} that learned from deals was expected, and there is none; icp quarter "
            "without --intent makes the first"
        )
    places = _places(config, deals, live)
    reading, everything, since = ground_of(config, root, deals, live)
    asked = asked_of(everything, live, since)
    rows = np.array([], dtype=np.intp) if since is None else since.fold.test
    if since is None or len(rows) < LEAST_COMPARED or not 0 < asked.won < asked.deals:
        raise TooFewDeals(_too_few(asked))
    parsed, lacking = as_champion_reads(reading, root, everything, live.bundle.attributes)
    if lacking:
        raise ConfigError(
            f"the attributes of the live version were expected in the deals, and {len(lacking)} of them cannot be read "
            f"({', '.join(lacking)}); train anew with icp quarter"
        )
    weights = None if everything.weights is None else everything.weights[rows]
    model = live.bundle.model
    encoded = model.vocabulary.encode(parsed.take(rows))
    new = NewDeals(encoded, model.log_odds(encoded), everything.won[rows], everything.groups()[rows], weights)
    return Ground(config, root, live, everything, parsed, rows, new, places, since.cut, asked)


def _places(config: Config, deals: DealTable, live: StoredBundle) -> tuple[int, ...]:
    bundle = live.bundle
    if bundle.profiles is not None:
        raise ConfigError("the live version has several ICPs, whose intent sides are not refreshed alone; train anew")
    if bundle.provenance.target != deals.predicted:
        raise ConfigError(
            f"the live version predicts '{bundle.provenance.target}', and this configuration '{deals.predicted}'; "
            "train anew"
        )
    columns = bundle.model.vocabulary.columns
    places = tuple(place for place, column in enumerate(columns) if column.axis == INTENT)
    if not places:
        raise ConfigError(
            f"an attribute of the layers behavioural or product was expected in {config.name}, and the live version "
            "learned from none; there is no intent side to refresh"
        )
    if not can_be_corrected(bundle.model):
        raise ConfigError("the live version's scorecard counts for nothing, and cannot carry a correction; train anew")
    return places


def _too_few(asked: Comparison) -> str:
    if asked.since is None:
        return "dates were expected, by which deals are known to be newer than the live version, and there are none"
    return (
        f"{LEAST_COMPARED} matured deals with both outcomes, opened after {asked.since} by accounts that the live "
        f"version has not met, were expected, and there are {asked.deals:,}, {asked.won:,} of them won; wait for more, "
        "or train anew with icp quarter"
    )


def learn_intent(ground: Ground) -> Found:
    """What the new deals say about the intent side."""
    model, new, seed = ground.live.bundle.model, ground.new, ground.config.seed
    shared = SharedDeals(new.won, new.groups)
    live = champion_rival(ground.live, ground.parsed.take(ground.rows))
    with one_core_each(0):
        crossed = cross_correction(model, ground.places, new, seed)
        correction = fit_correction(model, ground.places, new, seed)
    figures = figures_of(live, shared, seed)
    observed = figures.observed_over_expected
    is_off = not observed.low <= 1.0 <= observed.high
    plain = new.log_odds
    added = crossed.added.sum(axis=1)
    beside = Rival(plain + crossed.plain, live.tiers, live.labels)
    cuts = ground.live.bundle.tiering.cuts
    tiers = cuts.tiers(plain + added)
    alike = gap_of(beside, Rival(plain + added + crossed.level, tiers, live.labels), shared, seed).log_loss
    refreshed = Rival(plain + added + (crossed.level if is_off else model.anchor), tiers, live.labels)
    comparison = ground.asked.model_copy(
        update={
            "champion": figures,
            "challenger": figures_of(refreshed, shared, seed),
            "gap": gap_of(live, refreshed, shared, seed),
        }
    )
    change = [each / figures.log_loss for each in (alike.value, alike.low, alike.high)]
    return Found(
        correction=correction,
        voices=_voices(model, new.rows, crossed.added, crossed.fold),
        log_odds=plain + added,
        comparison=comparison,
        sentence=(
            f"on {len(new.won):,} deals opened since {ground.since}, by corrections that had not seen them, the log "
            f"loss changes by {change[0]:+.1%} [{change[1]:+.1%}, {change[2]:+.1%}]"
        ),
        is_better=alike.high < 0,
        level_is_off=is_off,
    )


def _voices(model: WinModel, rows: Floats, added: Floats, fold: NDArray[np.intp]) -> Voices:
    """The live version has not met these deals, and each correction not its own fold's."""
    said = model.contributions(rows)
    values = said.values + added
    return Voices(values, said.base + values.sum(axis=1), fold)


def refreshed_bundle(ground: Ground, found: Found, stamp: Stamp) -> Bundle:
    """The live version with its intent side as the new deals have it."""
    config, deals, new = ground.config, ground.deals, ground.new
    before = ground.live.bundle
    model = replace(corrected(before.model, found.correction), stated=None)
    if found.level_is_off:
        model = anchored(model, new.rows, new.won)
    opened = None if deals.opened is None else deals.opened[ground.rows]
    vocabulary = model.vocabulary
    data = TrainingRows(vocabulary, new.rows, new.won, new.groups, new.weights)
    evidence = Evidence(before.attributes, data, model, found.voices, opened)
    profile = _profile(before.profile, draw_profile(evidence, deals.predicted, config.seed), ground)
    calibration = calibrate(found.log_odds, new.won, new.groups, config.seed)
    extracted = None if deals.extracted is None else str(deals.extracted)
    golden_day = date.fromisoformat(extracted or stamp.created[:10])
    kept = before.provenance.version
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
    older = f"Measured before the intent side was learned anew (that was version {kept})."
    table = before.tiering.table
    table = table.model_copy(update={"notes": (*(note for note in table.notes if note != older), older)})
    bundle = replace(
        before,
        provenance=provenance,
        model=model,
        tiering=replace(before.tiering, table=table),
        profile=profile,
        reference=draw_reference(new.rows, vocabulary.columns, found.log_odds, new.won),
        verdict=before.verdict.model_copy(update={"warnings": (*before.verdict.warnings, older)}),
        golden=make_golden(model, before.attributes, golden_day, config.seed, calibration.band),
        calibration=calibration,
        dependence=draw_dependence(evidence, profile),
        neighbours=None if before.neighbours is None else neighbours_of(config, ground.parsed, deals, model),
    )
    stated = None if before.calibration is None else before.calibration.base_rate
    return bundle if stated is None else bundle.at_base_rate(stated)


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
            attribute: Attribute = attributes[column.attribute]
            state = state_words(attribute, column, points, [most])
            yield f"{column.factor}: {state} counts {steps[most]:+.2f} log-odds against before."
