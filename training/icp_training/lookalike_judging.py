"""Does the model rank won accounts above the universe that it has not seen? Judged before anything is promised.

Folds of companies; in each the search, the fit and the cuts of the tiers see the other folds only. The universe holds
companies that could be won too, so that no ranking can be perfect, and the figures are lower bounds of how well
companies that could be won are told from those that could not (Bekker and Davis 2020, 5.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from icp_ml.deals.lookalikes import THIN_WON, CompanyTable
from icp_ml.deals.policy import TiersSettings
from icp_ml.model.baseline import logistic_log_odds
from icp_ml.model.metrics import Estimate, Judged, auc
from icp_ml.model.skill import Skill, measure_skill
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.model.stack import base_rate_log_odds
from icp_ml.model.tier_cuts import FittedCuts, fit_cuts
from icp_ml.model.tiers import Cuts, in_common
from icp_ml.model.win_model import TrainingRows, fit_members, training_rows
from icp_ml.profile.lookalike_records import (
    ASSUMPTION,
    LookalikeTierRow,
    LookalikeTierTable,
    LookalikeVerdict,
)
from icp_ml.profile.records import Interval
from icp_ml.watch.gates import TOO_GOOD
from icp_training.cores import one_core_each
from icp_training.lookalike_columns import Compared
from icp_training.search import Budget, search
from icp_training.verdict import interval

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

FOLDS = 5
TOP = 0.2
"""The share of the universe that is asked for won accounts: what a team can work through."""
TIER_CONFIDENCE = 0.9


@dataclass(frozen=True)
class Fold:
    """One judgement: row numbers judged, their log-odds by the model and by a logistic regression, and the cuts."""

    test: Rows
    model: Floats
    logistic: Floats
    base: float
    cuts: Cuts


@dataclass(frozen=True)
class JudgedLookalike:
    """What the two lists say of the way of making a model. skill: the test of the ranking."""

    compared: Compared
    folds: tuple[Fold, ...]
    judged: Judged
    skill: Skill
    verdict: LookalikeVerdict


OnFold = Callable[[int, int], None]


def rows_of(table: CompanyTable, rows: Rows) -> TrainingRows:
    """These companies as rows to learn from: won accounts as 1, the universe as 0, all counting alike."""
    return training_rows(table.parsed.take(rows), table.attributes, table.won[rows], table.groups[rows])


def judge_lookalike(
    compared: Compared, tiers: TiersSettings, budget: Budget, seed: int, on_fold: OnFold | None = None
) -> JudgedLookalike:
    """Judge on companies that were not learned from. Raises `NoSignal` where no attribute has two values."""
    table = compared.table
    held_out = grouped_folds(table.groups, table.won, FOLDS, seed)
    folds = []
    with one_core_each(len(table.won)):
        for done, test in enumerate(held_out, start=1):
            folds.append(judge_fold(table, test, tiers, budget, seed))
            if on_fold is not None:
                on_fold(done, FOLDS)
    judged = _pooled(table, folds)
    skill = measure_skill(judged, seed, widening(FOLDS))
    return JudgedLookalike(compared, tuple(folds), judged, skill, _verdict(compared, folds, judged, skill))


def widening(folds: int) -> float:
    """By how much an interval over crossed folds is too narrow; see `Judgement.widening`."""
    return float((1.0 + folds / (folds - 1)) ** 0.5)


def judge_fold(table: CompanyTable, test: Rows, tiers: TiersSettings, budget: Budget, seed: int) -> Fold:
    """Search with a fifth of the trials on the other folds, fit, cut, and predict this one."""
    data = rows_of(table, complement(test, len(table.won)))
    found = search(data, budget.fifth(), seed)
    model = fit_members(data, found.best, found.crossed, seed)
    encoded = model.vocabulary.encode(table.parsed.take(test))
    return Fold(
        test=test,
        model=model.log_odds(encoded),
        logistic=logistic_log_odds(data.rows, data.won, encoded, model.vocabulary.columns),
        base=base_rate_log_odds(data.won),
        cuts=universe_cuts(found.crossed.log_odds, data, tiers).cuts,
    )


def universe_cuts(log_odds: Floats, data: TrainingRows, tiers: TiersSettings) -> FittedCuts:
    """Cuts at shares of the universe. log_odds: (n,) out of fold, of all rows."""
    universe = data.won == 0
    return fit_cuts(log_odds[universe], data.won[universe], data.groups[universe], tiers)


def _pooled(table: CompanyTable, folds: Sequence[Fold]) -> Judged:
    rows, sizes = np.concatenate([fold.test for fold in folds]), [len(fold.test) for fold in folds]
    return Judged(
        log_odds=np.concatenate([fold.model for fold in folds]),
        base=np.repeat([fold.base for fold in folds], sizes),
        won=table.won[rows],
        groups=table.groups[rows],
        block=np.repeat(np.arange(len(folds)), sizes),
    )


def _verdict(compared: Compared, folds: Sequence[Fold], judged: Judged, skill: Skill) -> LookalikeVerdict:
    won = int(judged.won.sum())
    in_top = _in_top(judged)
    sentence = (
        f"Judged by {len(folds)} folds of companies: {won:,} won accounts and {len(judged) - won:,} companies of the "
        f"universe, none of which the model had seen. This is not forward in time."
    )
    return LookalikeVerdict(
        sentence=sentence,
        assumption=ASSUMPTION,
        reliable=skill.is_reliable,
        won=won,
        universe=len(judged) - won,
        ranking=interval(skill.ranking),
        top=_share(in_top, won, 0.95),
        logistic=_ranking(np.concatenate([fold.logistic for fold in folds]), judged),
        questions=compared.questions,
        warnings=(*compared.notes, *_warnings(won, skill.ranking)),
    )


def _warnings(won: int, ranking: Estimate) -> list[str]:
    found = []
    if won < THIN_WON:
        found.append(
            f"Only {won} won accounts, which is thin: from {THIN_WON} on the interval is narrow enough to plan with. "
            f"Read the interval, not the figure."
        )
    if ranking.value > TOO_GOOD:
        found.append(
            f"The ranking is too good to be true ({ranking.value:.1%} of pairs): look for a column that is filled or "
            f"written otherwise for customers, or take their attributes from the universe (won.attributes: universe)."
        )
    return found


def _in_top(judged: Judged) -> int:
    """Held-out won accounts that lie above the top fifth of the held-out universe of their own fold."""
    found = 0
    for block in np.unique(judged.block):
        here = judged.block == block
        universe, won = judged.log_odds[here & (judged.won == 0)], judged.log_odds[here & (judged.won == 1)]
        found += int((won > np.quantile(universe, 1.0 - TOP)).sum()) if len(universe) else 0
    return found


def _ranking(log_odds: Floats, judged: Judged) -> float:
    """Area under the curve within folds, folds counting by their won accounts."""
    areas, counts = [], []
    for block in np.unique(judged.block):
        here = judged.block == block
        areas.append(auc(log_odds[here], judged.won[here], np.ones(int(here.sum()))))
        counts.append(int(judged.won[here].sum()))
    return float(np.average(np.nan_to_num(areas, nan=0.5), weights=counts))


def _share(part: int, whole: int, confidence: float) -> Interval:
    """A share with its Wilson interval (1927); companies are drawn one by one."""
    if not whole:
        return Interval(value=0.0, low=0.0, high=1.0)
    bounds = binomtest(part, whole).proportion_ci(confidence, method="wilson")
    return Interval(value=part / whole, low=float(bounds.low), high=float(bounds.high))


def tier_table(judged: JudgedLookalike, own: FittedCuts, tiers: TiersSettings) -> tuple[Cuts, LookalikeTierTable]:
    """The bundle's cuts, and what such cuts did with companies that they had not seen.

    own: cuts fitted on the out-of-fold log-odds of the whole universe; of them those are kept that every fold has.
    """
    *folds, cuts = in_common([*(fold.cuts for fold in judged.folds), own.cuts])
    places = np.concatenate([cut.tiers(fold.model) for cut, fold in zip(folds, judged.folds, strict=True)])
    bounds = (0.0, *cuts.scores[::-1], 100.0)[::-1]
    won = judged.judged.won == 1
    rows = [_row(label, bounds[p + 1], bounds[p], places == p, won) for p, label in enumerate(cuts.labels)]
    shares = ", ".join(f"tier {tier} {share:.0%}" for tier, share in enumerate(tiers.capacity or (), start=1))
    objective = f"Tiers hold shares of the universe, counted from the top: {shares}."
    return cuts, LookalikeTierTable(objective=objective, rows=tuple(rows), notes=own.notes)


def _row(label: str, start: float, end: float, here: NDArray[np.bool_], won: NDArray[np.bool_]) -> LookalikeTierRow:
    universe, held = int((here & ~won).sum()), int((here & won).sum())
    of_universe = universe / max(int((~won).sum()), 1)
    of_won = _share(held, int(won.sum()), TIER_CONFIDENCE)
    per = max(of_universe, 1.0 / max(int((~won).sum()), 1))
    return LookalikeTierRow(
        label=label,
        score_from=start,
        score_to=end,
        universe=universe,
        won=held,
        share_of_universe=of_universe,
        share_of_won=of_won,
        times=Interval(value=of_won.value / per, low=of_won.low / per, high=of_won.high / per),
    )
