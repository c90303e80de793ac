"""The line from a configuration to a bundle: read, judge, and only then fit, explain and write.

A model that shows no reliable ranking is not fitted and not written: the verdict is the result.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

import icp_ml
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.list_tables import carried
from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.sources import digest_of
from icp_ml.deals.sufficiency import account_floor, check_floors
from icp_ml.errors import NoSignal
from icp_ml.model.judgement import Judgement, plan_judgement
from icp_ml.model.levels import Calibration, calibrate
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.win_model import TrainingRows, WinModel, anchored, fit_members
from icp_ml.profile.closed_won_records import ClosedWon
from icp_ml.profile.definition import Definition
from icp_ml.profile.dependence import draw_dependence
from icp_ml.profile.dependence_records import Dependence
from icp_ml.profile.icp import Evidence, Voices, cross_contributions, draw_profile
from icp_ml.profile.neighbours import Neighbours, SoldDeals, draw_neighbours
from icp_ml.profile.potential import Potential
from icp_ml.profile.records import ColumnLeak, Profile, Provenance, Verdict
from icp_ml.profile.reference import DriftReference, draw_reference
from icp_ml.profile.tiering import Tiering
from icp_ml.serve.bundle import Bundle
from icp_ml.serve.golden import make_golden
from icp_training.adapting import emptied
from icp_training.config import Config
from icp_training.cores import one_core_each
from icp_training.evaluation import USUAL_TIERS, Evaluation, evaluate, rows_to_learn_from
from icp_training.hashed_ids import hashed, key_in
from icp_training.honesty import larger_sample, not_nested, steadiness_of
from icp_training.ideal import ideal_notes, predicted_note
from icp_training.masking import Patterns
from icp_training.personal_attributes import personal_attributes, refuse_personal
from icp_training.potential import Ground, asked_of, potential_of
from icp_training.search import Budget, SearchResult, search
from icp_training.sufficiency import sufficiency_of
from icp_training.tiering import tiers_of
from icp_training.tiers_defended import defended
from icp_training.verdict import verdict_of

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Judged:
    """The data, and what it says about the way of making a model. tiers: what its tiers are cut for."""

    deals: DealTable
    judgement: Judgement
    evaluation: Evaluation
    verdict: Verdict
    tiers: TiersSettings

    def beside(self, leakage: tuple[ColumnLeak, ...]) -> Judged:
        """The same with what was found about columns in its verdict."""
        return replace(self, verdict=self.verdict.model_copy(update={"leakage": leakage}))


@dataclass(frozen=True)
class Learnt:
    """What was learned from deals, before it is explained: rows, search, model, and voices out of fold."""

    data: TrainingRows
    found: SearchResult
    model: WinModel
    voices: Voices


@dataclass(frozen=True)
class Fitted:
    """The model on all deals, its tiers, its profile, what the deals looked like, and what the search tried.

    calibration: the interval of each probability, at the level of the deals. verdict: that of the judgement, with what
    the search would have claimed beside it.
    dependence: how attributes act. evidence: what the profile was drawn from. potential: what a win brings and how long
    it takes, None where it is not asked for. definition, closed_won: the ICP, and the analysis of closed deals; None
    before they are made.
    """

    model: WinModel
    tiering: Tiering
    profile: Profile
    reference: DriftReference
    found: SearchResult
    calibration: Calibration
    verdict: Verdict
    dependence: Dependence
    evidence: Evidence
    potential: Potential | None = None
    definition: Definition | None = None
    closed_won: ClosedWon | None = None


@dataclass(frozen=True)
class Stamp:
    """What only the edge knows: the version's number, the time, and the run in which it was made."""

    version: int
    created: str
    run_id: str | None


def silent(_label: str, _done: int, _total: int) -> None:
    """The progress of nobody watching: there is nothing to do, and no step has to ask whether somebody looks."""


def read(config: Config, root: Path) -> DealTable:
    """The deals that one may learn from.

    Raises `TooFewDeals` under the floor of accounts, and `ConfigError` for an attribute that is about people.
    """
    deals = read_deals(
        config.deals,
        config.tables,
        config.resolved(),
        root,
        besides=config.besides(),
    )
    check_floors(account_floor(deals.won, deals.accounts), deals.predicted)
    refuse_personal(personal_attributes(deals.attributes, deals.parsed))
    return deals


def judge(
    deals: DealTable,
    budget: Budget,
    seed: int,
    on_step: OnStep = silent,
    tiers: TiersSettings = USUAL_TIERS,
    *,
    patterns: Patterns | None = None,
) -> Judged:
    """Judge on deals that were not learnt from, forward in time where there are dates.

    patterns: how the rows of the list that will be scored are empty; the deals are then judged once more as empty.
    """
    judgement = plan_judgement(deals, seed)
    on_step("judging on deals it did not see", 0, len(judgement.folds))
    with one_core_each(len(deals.won)):
        evaluation = evaluate(
            deals,
            judgement,
            budget,
            seed,
            lambda done, total: on_step("judging on deals it did not see", done, total),
            tiers=tiers,
            emptied=None if patterns is None else emptied(deals, patterns, seed),
        )
        sample = larger_sample(sufficiency_of(deals, seed))
    return Judged(deals, judgement, evaluation, verdict_of(evaluation, deals, sample), tiers)


def fit(judged: Judged, budget: Budget, seed: int, on_step: OnStep = silent) -> Fitted:
    """Search on all deals, fit, cut tiers, and draw the profile.

    Raises `NoSignal` where the ranking is not reliable.
    """
    refuse_without_signal(judged.verdict)
    with one_core_each(len(judged.deals.won)):
        return _fitted(judged, budget, seed, on_step)


def _fitted(judged: Judged, budget: Budget, seed: int, on_step: OnStep) -> Fitted:
    deals = judged.deals
    data = rows_to_learn_from(deals, np.arange(len(deals.won)))
    found = search(data, budget, seed, lambda so_far: on_step(so_far.words, so_far.done, so_far.total))
    on_step("fitting and explaining", 0, 1)
    model = fit_members(data, found.best, found.crossed, seed)
    voices = cross_contributions(data, found.best, found.crossed, seed)
    fitted = explained(judged, Learnt(data, found, model, voices), seed)
    on_step("fitting and explaining", 1, 1)
    return fitted


def explained(judged: Judged, learnt: Learnt, seed: int) -> Fitted:
    """The model at the level of its deals, its tiers, its profile, and what the deals looked like.

    learnt: of the deals that were judged, in their order.
    """
    deals, data, found, model = judged.deals, learnt.data, learnt.found, learnt.model
    if judged.judgement.kind == "forward" and judged.evaluation.skill.level_is_off:
        latest = judged.judgement.folds[-1].test
        model = anchored(model, data.rows[latest], deals.won[latest])
    out_of_fold = found.crossed.log_odds
    own = fit_cuts(out_of_fold, data.won, data.groups, judged.tiers, model.anchor)
    own = replace(own, notes=(*own.notes, *predicted_note(deals)))
    evidence = Evidence(deals.attributes, data, model, learnt.voices, deals.opened)
    profile = draw_profile(evidence, deals.predicted, seed)
    steady = steadiness_of(deals, judged.evaluation, model, data, learnt.voices)
    order = {each.factor: each for each in steady}
    profile = profile.model_copy(update={"steadiness": tuple(order[each.factor] for each in profile.attributes)})
    claimed = not_nested(judged.evaluation, found.crossed, seed)
    return Fitted(
        model=model,
        tiering=defended(tiers_of(judged.evaluation, own, judged.tiers, deals.ideal()), deals, judged.evaluation, seed),
        profile=profile,
        reference=draw_reference(data.rows, data.vocabulary.columns, out_of_fold, data.won),
        found=found,
        calibration=calibrate(out_of_fold, data.won, data.groups, seed),
        verdict=judged.verdict.model_copy(update={"not_nested": claimed}),
        dependence=draw_dependence(evidence, profile),
        evidence=evidence,
    )


def with_potential(config: Config, judged: Judged, fitted: Fitted, on_step: OnStep = silent) -> Fitted:
    """The same with deal potential, where the configuration says what a win brings."""
    asked = asked_of(config)
    if asked is None:
        return fitted
    on_step("learning what a win brings", 0, 1)
    deals = judged.deals
    with one_core_each(len(deals.won)):
        ground = Ground(
            deals=deals,
            judgement=judged.judgement,
            results=judged.evaluation.results,
            model=fitted.model,
            cuts=fitted.tiering.cuts,
            rows=fitted.model.vocabulary.encode(deals.parsed),
            seed=config.seed,
        )
        found = potential_of(ground, asked)
    on_step("learning what a win brings", 1, 1)
    return replace(fitted, potential=found)


def refuse_without_signal(verdict: Verdict) -> None:
    """Raise `NoSignal` with what was found and what would be needed."""
    if verdict.reliable:
        return
    ranking = verdict.ranking
    raise NoSignal(
        f"no reliable signal in these attributes: on {verdict.deals:,} deals of {verdict.accounts:,} accounts that the "
        f"model had not seen, it ranked the won one of a won and a lost deal higher in {ranking.value:.1%} of pairs, "
        f"and the 99 % interval from {ranking.low:.1%} to {ranking.high:.1%} should lie above 50 %; bring attributes "
        f"that say more, or more accounts"
    )


def bundle_of(config: Config, root: Path, judged: Judged, fitted: Fitted, stamp: Stamp) -> Bundle:
    """Everything that is promised, ready to be written."""
    deals = judged.deals
    extracted = None if deals.extracted is None else str(deals.extracted)
    golden_day = date.fromisoformat(extracted or stamp.created[:10])
    bundle = Bundle(
        provenance=Provenance(
            name=config.name,
            version=stamp.version,
            created=stamp.created,
            code_version=icp_ml.__version__,
            target=deals.predicted,
            config_hash=config.digest(),
            data_hash=data_digest(config, root),
            run_id=stamp.run_id,
            extracted=extracted,
            ledger=deals.counts(),
            params={"scorecard": vars(fitted.found.best.scorecard), "trees": asdict(fitted.found.best.trees)},
            trials=len(fitted.found.tried),
            seed=config.seed,
            ideal=ideal_notes(deals),
        ),
        attributes=deals.attributes,
        prospects=config.prospects,
        model=fitted.model,
        tiering=fitted.tiering,
        policy=config.policy(),
        profile=fitted.profile,
        reference=fitted.reference,
        verdict=fitted.verdict,
        golden=make_golden(fitted.model, deals.attributes, golden_day, config.seed, fitted.calibration.band),
        tables=carried(config.tables, deals.attributes, root),
        potential=fitted.potential,
        calibration=fitted.calibration,
        neighbours=neighbours_of(config, deals.parsed, deals, fitted.model),
        definition=fitted.definition,
        closed_won=fitted.closed_won,
        dependence=fitted.dependence,
    )
    return bundle if config.base_rate is None else bundle.at_base_rate(config.base_rate)


def neighbours_of(config: Config, parsed: ParsedTable, deals: DealTable, model: WinModel) -> Neighbours | None:
    """The accounts that prospects are compared with, None where the bundle is to name none.

    parsed: the attributes of the deals as the model reads them. Raises `ConfigError` where ids are to be hashed and the
    environment holds no key.
    """
    if not config.neighbours:
        return None
    accounts = hashed(deals.accounts, key_in(os.environ)) if config.neighbours == "hashed" else deals.accounts
    return draw_neighbours(model, SoldDeals(parsed, accounts, deals.won, deals.opened), config.seed)


def data_digest(config: Config, root: Path) -> str:
    """SHA-256 over what `digest_of` makes of each source, in the order of the configuration."""
    digest = hashlib.sha256()
    for declared in (config.deals, *config.tables.declared()):
        digest.update(digest_of(declared, root))
    taxonomy = config.tables.taxonomy_file(root)
    if taxonomy is not None:
        digest.update(taxonomy.read_bytes())
    for beside in (config.ideal, config.potential):
        if beside is not None and beside.source is not None:
            digest.update(digest_of(beside, root))
    return digest.hexdigest()
