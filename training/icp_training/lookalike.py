"""From won accounts and a universe to a bundle: read, compare the lists, judge, and only then fit and write.

A resemblance that does not rank won accounts above the universe is not written: the verdict is the result.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
from scipy.stats import false_discovery_control

import icp_ml
from icp_ml.deals.lookalike_settings import LookalikeSettings
from icp_ml.deals.lookalikes import CompanyTable, read_companies
from icp_ml.deals.rules import bind_rules
from icp_ml.deals.sources import digest_of as source_digest
from icp_ml.errors import NoSignal
from icp_ml.model.resemblance import fit_resemblance
from icp_ml.model.win_model import fit_members
from icp_ml.profile.icp import FALSE_DISCOVERY_RATE, LEAST_SHARE, STEADY, Evidence, cross_contributions, draw_profile
from icp_ml.profile.lookalike_records import (
    LookalikeAttribute,
    LookalikeProfile,
    LookalikeProvenance,
    LookalikeVerdict,
    SharedState,
)
from icp_ml.profile.records import Condition, IcpAttribute, Profile
from icp_ml.profile.reference import draw_reference
from icp_ml.profile.tiering import Policy
from icp_ml.serve.golden import make_golden
from icp_ml.serve.lookalike_bundle import LookalikeBundle, LookalikeTiering, resembling
from icp_training.config import digest_of
from icp_training.cores import one_core_each
from icp_training.lookalike_columns import compared
from icp_training.lookalike_judging import JudgedLookalike, judge_lookalike, rows_of, tier_table, universe_cuts
from icp_training.personal_attributes import personal_attributes, refuse_personal
from icp_training.pipeline import OnStep, Stamp, silent
from icp_training.search import Budget, search

JUDGING = "judging on companies it did not see"


@dataclass(frozen=True)
class Likened:
    """What a training of this kind came to. folder, version, profile: None where the ranking is not reliable; refusal

    says why. counts: rows of both lists by what became of them.
    """

    name: str
    verdict: LookalikeVerdict
    run_id: str
    counts: dict[str, int]
    profile: LookalikeProfile | None = None
    folder: Path | None = None
    version: int | None = None
    refusal: NoSignal | None = None
    cut_short: bool = False


@dataclass(frozen=True)
class Made:
    """table: both lists with all attributes. judged: what they say, without the attributes that were left out."""

    table: CompanyTable
    judged: JudgedLookalike


def judge(settings: LookalikeSettings, root: Path, budget: Budget, on_step: OnStep = silent) -> Made:
    """Read both lists, compare them, and judge. Raises what reading raises, and `ConfigError` for an attribute about
    people and where nothing is left.
    """
    table = read_companies(settings, root)
    refuse_personal(personal_attributes(table.attributes, table.parsed))
    lists = compared(table, settings.asked_for(), settings.seed)
    on_step(JUDGING, 0, 1)
    judged = judge_lookalike(
        lists, settings.tiers, budget, settings.seed, lambda done, total: on_step(JUDGING, done, total)
    )
    return Made(table, judged)


def refusal_of(verdict: LookalikeVerdict) -> NoSignal | None:
    """Why nothing is written; None where the ranking is reliable."""
    if verdict.reliable:
        return None
    ranking = verdict.ranking
    return NoSignal(
        f"no reliable resemblance in these attributes: of a held-out won account and a company of the universe the won "
        f"one was ranked higher in {ranking.value:.1%} of pairs, and the 99 % interval from {ranking.low:.1%} to "
        f"{ranking.high:.1%} should lie above 50 %; bring more than {verdict.won:,} won accounts, or attributes that "
        f"tell them from the market"
    )


def bundle_of(
    settings: LookalikeSettings,
    root: Path,
    made: Made,
    stamp: Stamp,
    budget: Budget,
    *,
    on_step: OnStep = silent,
) -> tuple[LookalikeBundle, bool]:
    """Search and fit on all companies, cut, and draw the profile; and whether the time limit ended the search."""
    table, judged = made.table, made.judged
    kept, seed = judged.compared.table, settings.seed
    data = rows_of(kept, np.arange(len(kept.won)))
    with one_core_each(len(kept.won)):
        found = search(data, budget, seed, lambda so_far: on_step(so_far.words, so_far.done, so_far.total))
        model = fit_members(data, found.best, found.crossed, seed)
        voices = cross_contributions(data, found.best, found.crossed, seed)
        profile = draw_profile(Evidence(kept.attributes, data, model, voices, None), "won", seed)
    out_of_fold, universe = found.crossed.log_odds, data.won == 0
    cuts, tiers = tier_table(judged, universe_cuts(out_of_fold, data, settings.tiers), settings.tiers)
    scale = fit_resemblance(out_of_fold[universe])
    day = settings.as_of or date.fromisoformat(stamp.created[:10])
    bundle = LookalikeBundle(
        provenance=LookalikeProvenance(
            name=settings.name,
            version=stamp.version,
            created=stamp.created,
            code_version=icp_ml.__version__,
            config_hash=digest_of(settings),
            data_hash=_data_hash(settings, root),
            run_id=stamp.run_id,
            extracted=None if settings.as_of is None else str(settings.as_of),
            ledger=dict(table.counts),
            params={"scorecard": vars(found.best.scorecard), "trees": asdict(found.best.trees)},
            trials=len(found.tried),
            seed=seed,
        ),
        attributes=table.attributes,
        prospects=settings.prospects,
        model=model,
        resemblance=scale,
        tiering=LookalikeTiering(settings.tiers, cuts, tiers),
        policy=policy_of(settings),
        profile=shared_profile(profile, int((data.won == 1).sum()), int(universe.sum())),
        reference=draw_reference(data.rows[universe], data.vocabulary.columns, out_of_fold[universe]),
        verdict=judged.verdict,
        golden=resembling(make_golden(model, table.attributes, day, seed), scale),
    )
    return bundle, found.cut_short


def policy_of(settings: LookalikeSettings) -> Policy:
    """What is done with prospects. Raises `ConfigError` where a rule's attribute is not among those in use."""
    bind_rules((*settings.exclusions, *settings.boundary), settings.resolved())
    return Policy(
        actions=settings.actions, exclusions=settings.exclusions, boundary=settings.boundary, known=settings.known
    )


def _data_hash(settings: LookalikeSettings, root: Path) -> str:
    digests = (source_digest(declared, root) for declared in (settings.won, settings.universe))
    return hashlib.sha256(b"".join(digests)).hexdigest()


def shared_profile(profile: Profile, won: int, universe: int) -> LookalikeProfile:
    """The profile in shares of either side: a share of wins among won accounts and drawn companies would mean nothing.

    won, universe: rows that were learned from.
    """
    q_values = false_discovery_control([each.p_value for each in profile.attributes]) if profile.attributes else ()
    return LookalikeProfile(
        won=won,
        universe=universe,
        attributes=tuple(
            _shared(each, float(q), won, universe) for each, q in zip(profile.attributes, q_values, strict=True)
        ),
        layer_shares=profile.layer_shares,
        axis_shares=profile.axis_shares,
    )


def _shared(found: IcpAttribute, q_value: float, won: int, universe: int) -> LookalikeAttribute:
    return LookalikeAttribute(
        factor=found.factor,
        attribute=found.attribute,
        layer=found.layer,
        axis=found.axis,
        share=found.share,
        p_value=found.p_value,
        stability=found.stability,
        more_common=tuple(_state(each, won, universe) for each in found.helps),
        less_common=tuple(_state(each, won, universe) for each in found.hurts),
        presented=found.presented,
        reason=_reason(found, q_value),
    )


def _state(found: Condition, won: int, universe: int) -> SharedState:
    beside = found.deals - found.won
    return SharedState(
        text=found.text,
        effect=found.effect,
        won=found.won,
        universe=beside,
        share_of_won=found.won / won,
        share_of_universe=beside / universe,
    )


def _reason(found: IcpAttribute, q_value: float) -> str:
    """Why a factor is in the profile or not, in words that fit a comparison with a universe."""
    if found.presented:
        return "sets won accounts apart given the others, and in companies it was not learned from"
    if q_value > FALSE_DISCOVERY_RATE:
        return f"given the others it does not set won accounts apart beyond chance (p = {found.p_value:.3f})"
    if found.stability < STEADY:
        return f"its direction held in only {found.stability:.0%} of the folds"
    if found.share < LEAST_SHARE:
        return f"it carries {found.share:.1%} of the explanation"
    return "in companies it was not learned from, its direction did not hold beyond chance"
