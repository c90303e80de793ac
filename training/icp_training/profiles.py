"""Several ICPs in one training: each profile's model, tiers and criteria, with strength borrowed from all deals.

A profile is judged in the same folds as the whole, on its own deals alone. Where these are enough to judge by and its
model ranks them reliably, it has tiers and criteria of its own. Else it keeps those of all deals, and only the level of
its probabilities moves towards its own win rate, by as much as so few deals bear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.profile_settings import ProfileSettings
from icp_ml.deals.sufficiency import NOISE_FLOOR, AccountCounts, account_floor
from icp_ml.deals.table import DealTable
from icp_ml.deals.texts import Flags
from icp_ml.errors import ConfigError, NoSignal
from icp_ml.model.baseline import logistic_log_odds
from icp_ml.model.borrowing import Borrowed, borrow, shrunken_level
from icp_ml.model.judgement import LEAST_OUTCOMES_LEARNT, Judgement
from icp_ml.model.skill import LEAST_JUDGED, measure_skill
from icp_ml.model.splits import Fold
from icp_ml.model.stack import base_rate_log_odds
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.tiers import Cuts
from icp_ml.profile.icp import cross_contributions
from icp_ml.profile.records import Interval
from icp_ml.profile.several import ProfileRecord
from icp_training.config import Config
from icp_training.cores import one_core_each
from icp_training.defining import with_definition
from icp_training.evaluation import Evaluation, FoldResult, figures_of, pool, random_split, rows_to_learn_from
from icp_training.honesty import larger_sample
from icp_training.pipeline import Fitted, Judged, Learnt, OnStep, explained, silent, with_potential
from icp_training.search import SearchResult
from icp_training.sufficiency import sufficiency_of
from icp_training.verdict import verdict_of

Rows = NDArray[np.intp]

TOO_FEW: Final = "too few to judge a model by"
ALIKE: Final = "alike in every attribute"


@dataclass(frozen=True)
class ProfileFit:
    """One profile as it came out. judged, fitted: None for a profile that borrows all."""

    record: ProfileRecord
    judged: Judged | None
    fitted: Fitted | None


@dataclass(frozen=True)
class _Whole:
    """All deals, what came of them, and the parameters that were found on them."""

    config: Config
    judged: Judged
    fitted: Fitted

    @property
    def deals(self) -> DealTable:
        return self.judged.deals


def fit_profiles(config: Config, judged: Judged, fitted: Fitted, on_step: OnStep = silent) -> tuple[ProfileFit, ...]:
    """Every profile of the configuration. judged, fitted: of all deals.

    Raises `ConfigError` where a profile has no deal.
    """
    whole = _Whole(config, judged, fitted)
    masks = {each.name: members(each, judged.deals) for each in config.profiles}
    found = []
    for done, each in enumerate(config.profiles):
        on_step("learning each profile", done, len(config.profiles))
        with one_core_each(len(judged.deals.won)):
            found.append(_fit_profile(whole, each, masks))
    if config.profiles:
        on_step("learning each profile", len(config.profiles), len(config.profiles))
    return tuple(found)


def check_profiles(config: Config, deals: DealTable) -> None:
    """Raise `ConfigError` where a profile has no deal or asks what no attribute answers."""
    for each in config.profiles:
        members(each, deals)


def members(profile: ProfileSettings, deals: DealTable) -> Flags:
    """bool[n]: the deals of a profile. Raises `ConfigError` where there is none, or a condition does not fit."""
    by_name = {each.name: each for each in deals.attributes}
    inside = np.ones(len(deals.won), dtype=bool)
    for condition in profile.where:
        inside &= bind_condition(condition, by_name, f"the profile '{profile.name}'").holds(deals.parsed)
    if profile.deals is not None:
        asked = {value.strip().casefold() for value in profile.deals.values}
        texts = deals.parted_by[profile.deals.column]
        inside &= np.array([str(text).strip().casefold() in asked for text in texts], dtype=bool)
    if not inside.any():
        raise ConfigError(
            f"expected deals in the profile '{profile.name}', found none among {len(inside):,}; correct its 'where' or "
            "'deals', or leave it out"
        )
    return inside


def _fit_profile(whole: _Whole, profile: ProfileSettings, masks: dict[str, Flags]) -> ProfileFit:
    own = masks[profile.name]
    shared = {name: int((own & mask).sum()) for name, mask in masks.items() if name != profile.name}
    shared = {name: count for name, count in shared.items() if count}
    try:
        judged = _judged(whole, own)
    except NoSignal:
        return ProfileFit(_borrowing_all(whole, profile, own, shared, ALIKE), None, None)
    if judged is None:
        return ProfileFit(_borrowing_all(whole, profile, own, shared, TOO_FEW), None, None)
    if not judged.verdict.reliable:
        record = _borrowing_all(whole, profile, own, shared, _by_chance(judged.verdict.ranking))
        return ProfileFit(record.model_copy(update={"ranking": judged.verdict.ranking}), None, None)
    fitted, borrowed = _fitted(whole, own, judged)
    fitted = with_definition(whole.config, judged, with_potential(whole.config, judged, fitted))
    record = _record(profile, judged.deals, shared).model_copy(
        update={
            "discount": borrowed.discount,
            "ranking": judged.verdict.ranking,
            "sentence": _own_sentence(profile, judged, borrowed),
        }
    )
    return ProfileFit(record, judged, fitted)


def _record(profile: ProfileSettings, deals: DealTable, shared: dict[str, int]) -> ProfileRecord:
    return ProfileRecord(
        asked=profile,
        deals=len(deals.won),
        accounts=len(np.unique(deals.groups())),
        won=int(deals.won.sum()),
        borrows_all=False,
        discount=1.0,
        level=0.0,
        ranking=None,
        shared=shared,
        sentence="",
    )


def _own_sentence(profile: ProfileSettings, judged: Judged, borrowed: Borrowed) -> str:
    beside = {
        0.0: "its model knows its own deals alone",
        1.0: "its model learns from all deals alike; level, tiers and criteria are its own",
    }
    words = beside.get(borrowed.discount, f"a deal outside of it counts {borrowed.discount:g} in its model")
    ranking = judged.verdict.ranking
    return (
        f"'{profile.name}' has a model of its own: on {judged.verdict.deals:,} of its deals that it had not seen it "
        f"ranked the won one of a won and a lost deal higher in {ranking.value:.1%} of pairs (99 % interval from "
        f"{ranking.low:.1%} to {ranking.high:.1%}); {words}."
    )


def _by_chance(ranking: Interval) -> str:
    return (
        f"on which the ranking cannot be told from chance ({ranking.value:.1%} of pairs, 99 % interval from "
        f"{ranking.low:.1%} to {ranking.high:.1%})"
    )


def _borrowing_all(
    whole: _Whole, profile: ProfileSettings, own: Flags, shared: dict[str, int], why: str
) -> ProfileRecord:
    """why: it has no model of its own, as part of a sentence about its deals."""
    log_odds = whole.fitted.found.crossed.log_odds[own] + whole.fitted.model.anchor
    deals = whole.deals.take(np.flatnonzero(own))
    level = shrunken_level(log_odds, deals.won)
    return _record(profile, deals, shared).model_copy(
        update={
            "borrows_all": True,
            "level": level,
            "sentence": (
                f"'{profile.name}' keeps the model, tiers and criteria of all deals: it has {len(deals.won):,} deals, "
                f"{int(deals.won.sum()):,} of them won, {why}; only its probabilities are moved, by {level:+.2f} in "
                "log-odds."
            ),
        }
    )


def _judged(whole: _Whole, own: Flags) -> Judged | None:
    """The profile's own deals in the folds of the whole; None where they are too few to judge by.

    Raises `NoSignal` where they are alike in every attribute.
    """
    deals = whole.deals.take(np.flatnonzero(own))
    counts = account_floor(deals.won, deals.accounts)
    if _fewest(counts) < NOISE_FLOOR:
        return None
    results = tuple(
        each for result in whole.judged.evaluation.results if (each := _judged_fold(whole, own, result)) is not None
    )
    if sum(len(each.fold.test) for each in results) < LEAST_JUDGED:
        return None
    seed = whole.config.seed
    judgement = replace(whole.judged.judgement, folds=tuple(each.fold for each in results))
    judgement = replace(judgement, sentence=_sentence(judgement))
    judged = pool(deals, results)
    if not 0 < judged.won.sum() < len(judged.won):
        return None
    evaluation = Evaluation(
        judgement=judgement,
        results=results,
        judged=judged,
        skill=measure_skill(judged, seed, judgement.widening),
        figures=figures_of(deals, judged, results, seed),
        returning=None,
        random_split=random_split(deals, seed),
    )
    sample = larger_sample(sufficiency_of(deals, seed))
    return Judged(deals, judgement, evaluation, verdict_of(evaluation, deals, sample), whole.judged.tiers)


def _fewest(counts: AccountCounts) -> int:
    return min(counts.won_accounts, counts.lost_accounts)


def _sentence(judgement: Judgement) -> str:
    judged = sum(len(fold.test) for fold in judgement.folds)
    return (
        f"Judged on {judged:,} deals of the profile, in the folds of all deals; the model had seen other deals, those "
        "outside of the profile among them, and no account that is judged."
    )


def _judged_fold(whole: _Whole, own: Flags, result: FoldResult) -> FoldResult | None:
    """One fold of the whole, on the profile's deals. None where it holds none of them to judge."""
    deals, fold = whole.deals, result.fold
    test = fold.test[own[fold.test]]
    if not len(test):
        return None
    place = np.cumsum(own) - 1
    inside = np.flatnonzero(own[fold.train])
    train = fold.train[inside]
    mine = replace(fold, train=place[train], test=place[test], returning=place[fold.returning[own[fold.returning]]])
    if _fewest(account_floor(deals.won[train], deals.accounts[train])) < LEAST_OUTCOMES_LEARNT:
        return _by_the_whole(result, mine, own, deals, train)
    data = rows_to_learn_from(deals, fold.train)
    found = borrow(data, inside, result.params, whole.config.seed)
    rows = found.model.vocabulary.encode(deals.parsed.take(test))
    return FoldResult(
        fold=mine,
        model=found.model.log_odds(rows),
        logistic=logistic_log_odds(data.rows, data.won, rows, data.vocabulary.columns),
        base=base_rate_log_odds(deals.won[train]),
        returning=np.empty(0),
        cuts=_cuts_of(found, whole.judged.tiers),
        fitted=found.model,
        params=result.params,
    )


def _cuts_of(found: Borrowed, tiers: TiersSettings) -> Cuts:
    rows = found.own
    return fit_cuts(found.log_odds, found.data.won[rows], found.data.groups[rows], tiers).cuts


def _by_the_whole(result: FoldResult, mine: Fold, own: Flags, deals: DealTable, train: Rows) -> FoldResult:
    """The same fold by the model of all deals: too few of its own had closed by then."""
    kept = own[result.fold.test]
    return replace(
        result,
        fold=mine,
        model=result.model[kept],
        logistic=result.logistic[kept],
        base=base_rate_log_odds(deals.won[train]) if len(train) else result.base,
        returning=np.empty(0),
        unadapted=None,
    )


def _fitted(whole: _Whole, own: Flags, judged: Judged) -> tuple[Fitted, Borrowed]:
    seed, params = whole.config.seed, whole.fitted.found.best
    data = rows_to_learn_from(whole.deals, np.arange(len(own)))
    found = borrow(data, np.flatnonzero(own), params, seed)
    voices = cross_contributions(found.data, params, found.crossed, seed).take(found.own)
    own_crossed = replace(found.crossed, log_odds=found.log_odds)
    learnt = Learnt(
        data=found.data.take(found.own),
        found=SearchResult(params, own_crossed, (), cut_short=False),
        model=found.model,
        voices=voices,
    )
    return explained(judged, learnt, seed), found
