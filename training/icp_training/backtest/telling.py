"""What each method said of the deals of one quarter: a score, a tier, and beside it what came of the deal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import ParsedTable
from icp_ml.model.metrics import Judged
from icp_ml.model.tier_outcomes import ToldDeals, told_by_cuts
from icp_ml.model.tiers import Cuts
from icp_ml.model.weighted import WeightedScorecard
from icp_ml.model.win_model import WinModel
from icp_training.backtest.as_known import History
from icp_training.backtest.hand_weights import OURS, ScorecardOf, score_of
from icp_training.backtest.replay import Told, judged_by

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Placed:
    """One method's order of a quarter's deals. scores: of the decided ones, higher is better, in its own unit.

    told: the decided deals, then those still open.
    """

    told: ToldDeals
    scores: Floats


@dataclass(frozen=True)
class Sample:
    """One quarter's deals of new accounts. judged: what the model said of those decided; returning: the same of
    returning accounts. placed: by method, the model's first."""

    judged: Judged
    returning: Judged
    placed: Mapping[str, Placed]


@dataclass(frozen=True)
class _Watched:
    """Whom a quarter's tiers are told of. parsed: attributes of the decided and of the open deals, None where there is
    none open. groups, days, is_open: of both, the decided ones first. won: 0 for open ones."""

    parsed: tuple[ParsedTable, ParsedTable | None]
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    days: Floats
    is_open: NDArray[np.bool_]


def sample_of(history: History, told: Told, scorecards: Mapping[str, ScorecardOf], block: int) -> Sample:
    """What was said of a quarter. block: its number among those in which something was said."""
    judged = judged_by(history, told, told.told, block)
    watched = _watched(history, told, judged)
    scorers = {OURS: (_log_odds_of(told.model), told.tiering.cuts)}
    for name, scorecard_of in scorecards.items():
        scorecard, cuts = scorecard_of(history.deals, told.learnt)
        scorers[name] = (_score_of(scorecard), cuts)
    placed = {name: _placed(score, cuts, watched, block) for name, (score, cuts) in scorers.items()}
    return Sample(judged, judged_by(history, told, told.returning, block), placed)


def _log_odds_of(model: WinModel) -> Callable[[ParsedTable], Floats]:
    """Un-anchored, as tiers are cut."""
    return lambda parsed: model.log_odds(model.vocabulary.encode(parsed))


def _score_of(scorecard: WeightedScorecard) -> Callable[[ParsedTable], Floats]:
    return lambda parsed: score_of(scorecard, parsed)


def _placed(score: Callable[[ParsedTable], Floats], cuts: Cuts, watched: _Watched, block: int) -> Placed:
    decided, undecided = watched.parsed
    scores = score(decided)
    everyone = scores if undecided is None else np.concatenate([scores, score(undecided)])
    told = told_by_cuts(
        cuts.labels,
        cuts.tiers(everyone),
        watched.won,
        watched.groups,
        days=watched.days,
        is_open=watched.is_open,
        block=block,
    )
    return Placed(told, scores)


def _watched(history: History, told: Told, judged: Judged) -> _Watched:
    days = (history.closed - history.opened)[told.told].astype(np.float64)
    decided = history.deals.parsed.take(told.told)
    rows = _open_of(history, told)
    if history.still_open is None or not len(rows):
        return _Watched((decided, None), judged.won, judged.groups, days, np.zeros(len(days), dtype=bool))
    waited = (history.until - history.still_open.opened[rows]).astype(np.float64)
    return _Watched(
        parsed=(decided, history.still_open.parsed.take(rows)),
        won=np.concatenate([judged.won, np.zeros(len(rows), dtype=np.int8)]),
        groups=np.concatenate([judged.groups, history.still_open.groups[rows]]),
        days=np.concatenate([days, waited]),
        is_open=np.arange(len(days) + len(rows)) >= len(days),
    )


def _open_of(history: History, told: Told) -> Rows:
    """The quarter's open deals of accounts that were not learnt from."""
    still = history.still_open
    if still is None:
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(told.quarter.holds(still.opened) & ~np.isin(still.groups, history.groups[told.learnt]))
