"""One past quarter: would there have been a model on its first day, and which tiers would it have given?

On the first day T of a quarter, with maturity gap m as the deals known by then show it:

    known      deals whose outcome was known before T, within the configured window: what an export would have held
    refused    under the floor of accounts, or where the judgement on the known deals finds no reliable ranking
    learnt     known deals that opened by T - m: the quick ones of the last weeks would stand for all
    told       deals that opened in the quarter and have had m days since; those of accounts that were learnt from are
               returning ones, reported apart

Search, stack, cuts and anchor see nothing but known deals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.contract import DealTable
from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.sufficiency import account_floor, check_floors
from icp_ml.errors import IcpError, NoSignal, TooFewDeals
from icp_ml.model.judgement import LEAST_OUTCOMES_LEARNT, plan_judgement
from icp_ml.model.metrics import Judged
from icp_ml.model.quarters import Quarter
from icp_ml.model.skill import Skill, measure_skill
from icp_ml.model.stack import base_rate_log_odds
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.win_model import WinModel, anchored, fit_members
from icp_ml.profile.tiering import Tiering
from icp_training.backtest.as_known import History, as_known_on, maturity_on, rows_known_on
from icp_training.evaluation import pool, rows_to_learn_from, run_folds
from icp_training.search import Budget, search
from icp_training.tiering import tiers_by

Rows = NDArray[np.intp]

LEAST_TOLD = 20
"""Fewer deals of new accounts than this make no quarter: their tiers would hold a handful each. We chose it."""


@dataclass(frozen=True)
class Asked:
    """How models are made: budget of a full search, seed, and what tiers are cut for.

    matured: the last opening day on which deals have had time to close, as it is seen today.
    """

    budget: Budget
    seed: int
    tiers: TiersSettings
    matured: np.datetime64


@dataclass(frozen=True)
class Told:
    """What would have been said. learnt, told, returning: rows of the history. base: log-odds of the win rate."""

    quarter: Quarter
    learnt: Rows
    told: Rows
    returning: Rows
    model: WinModel
    tiering: Tiering
    base: float


@dataclass(frozen=True)
class Refused:
    """Why nothing would have been said, or why nothing can be held against it.

    deals: that opened in the quarter and have had time to close. no_signal: the judgement then found none.
    """

    quarter: Quarter
    deals: int
    reason: str
    no_signal: bool = False


def replay(history: History, quarter: Quarter, asked: Asked) -> Told | Refused:
    """Stand on the first day of a quarter. Nothing but refusals is caught."""
    opened = quarter.holds(history.opened) & (history.opened <= asked.matured)
    try:
        return _told(history, quarter, asked, np.flatnonzero(opened))
    except (TooFewDeals, NoSignal) as refusal:
        return Refused(quarter, int(opened.sum()), short_of(refusal), isinstance(refusal, NoSignal))


def short_of(refusal: IcpError) -> str:
    """Without what to do about it: nobody can go back."""
    return refusal.sentence.partition(";")[0]


def _told(history: History, quarter: Quarter, asked: Asked, opened: Rows) -> Told:
    at = as_known_on(history, quarter.start)
    check_floors(account_floor(at.won, at.accounts), at.predicted)
    known = rows_known_on(history, quarter.start)
    learnt = known[history.opened[known] <= quarter.start - np.timedelta64(maturity_on(at).gap, "D")]
    _check_learnt(history.deals, learnt)
    new, returning = _parted(history.groups, learnt, opened)
    if len(new) < LEAST_TOLD:
        raise TooFewDeals(
            f"{len(new):,} of {len(opened):,} deals that opened in it are of accounts not learned from, and "
            f"{LEAST_TOLD} are needed"
        )
    model, tiering = _model_of(history, at, learnt, asked)
    return Told(quarter, learnt, new, returning, model, tiering, base_rate_log_odds(history.deals.won[learnt]))


def _check_learnt(deals: DealTable, learnt: Rows) -> None:
    counts = account_floor(deals.won[learnt], deals.accounts[learnt])
    fewest = min(counts.won_accounts, counts.lost_accounts)
    if fewest < LEAST_OUTCOMES_LEARNT:
        raise TooFewDeals(
            f"of the deals that had had time to close, {fewest} accounts were won or lost, whichever is fewer, and "
            f"{LEAST_OUTCOMES_LEARNT} are needed"
        )


def _parted(groups: NDArray[np.int64], learnt: Rows, opened: Rows) -> tuple[Rows, Rows]:
    """Deals of accounts that were not learnt from, and of those that were."""
    seen = np.isin(groups[opened], groups[learnt])
    return opened[~seen], opened[seen]


def _model_of(history: History, at: DealTable, learnt: Rows, asked: Asked) -> tuple[WinModel, Tiering]:
    """Judge on the known deals as training does, and where that passes, fit on the matured ones and cut tiers."""
    judgement = plan_judgement(at, asked.seed)
    results = tuple(run_folds(at, judgement, asked.budget, asked.seed, tiers=asked.tiers))
    judged = pool(at, results)
    skill = measure_skill(judged, asked.seed, judgement.widening)
    _refuse_without_signal(skill)
    data = rows_to_learn_from(history.deals, learnt)
    found = search(data, asked.budget.fifth(), asked.seed)
    model = fit_members(data, found.best, found.crossed, asked.seed)
    if judgement.kind == "forward" and skill.level_is_off:
        latest = at.take(judgement.folds[-1].test)
        model = anchored(model, model.vocabulary.encode(latest.parsed), latest.won)
    own = fit_cuts(found.crossed.log_odds, data.won, data.groups, asked.tiers, model.anchor)
    return model, tiers_by(results, judged, own, asked.tiers)


def _refuse_without_signal(skill: Skill) -> None:
    if skill.is_reliable:
        return
    ranking = skill.ranking
    raise NoSignal(
        f"no reliable signal then: {ranking.value:.1%} of pairs in the right order, 99 % interval {ranking.low:.1%} to "
        f"{ranking.high:.1%}, on {skill.deals:,} deals known by then"
    )


def judged_by(history: History, told: Told, rows: Rows, block: int) -> Judged:
    """What the model says of these deals. log-odds with the anchor: as they would have been told."""
    deals = history.deals
    log_odds = told.model.log_odds(told.model.vocabulary.encode(deals.parsed.take(rows)))
    return Judged(
        log_odds=log_odds + told.model.anchor,
        base=np.full(len(rows), told.base),
        won=deals.won[rows],
        groups=history.groups[rows],
        block=np.full(len(rows), block, dtype=np.intp),
    )
