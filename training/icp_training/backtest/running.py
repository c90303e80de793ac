"""All quarters, one after the other, and what they come to together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from icp_ml.errors import IcpError, NoSignal, TooFewDeals
from icp_ml.model.held_up import Held, measure_held_up, ranking_of, wins_in_as_many
from icp_ml.model.metrics import Judged
from icp_ml.model.quarters import Quarter, quarters_between
from icp_ml.model.tier_outcomes import ToldDeals, measure_lead, measure_told, pooled
from icp_training.backtest.as_known import ONE_DAY, History, as_known_on, maturity_on
from icp_training.backtest.hand_weights import OURS, ScorecardOf
from icp_training.backtest.records import Backtest, Outcomes, Pooled, QuarterReport
from icp_training.backtest.replay import Asked, Refused, Told, replay, short_of
from icp_training.backtest.telling import Placed, Sample, sample_of
from icp_training.config import Config
from icp_training.search import Budget

OnQuarter = Callable[[int, int], None]

LEAST_QUARTERS = 2
"""One quarter may be luck, and cannot show whether what held goes on holding."""


def _nobody_watches(_done: int, _total: int) -> None:
    """Progress that nobody asked for: there is nothing to do, and no quarter has to ask whether somebody looks."""


@dataclass(frozen=True)
class _Limits:
    """gap: days that every told deal has been watched for. seed: of resampling."""

    gap: int
    seed: int


def run_backtest(
    config: Config,
    history: History,
    scorecards: Mapping[str, ScorecardOf],
    budget: Budget,
    *,
    latest: int | None = None,
    on_quarter: OnQuarter = _nobody_watches,
) -> Backtest:
    """Replay the quarters of a history, or the `latest` ones. A refusal is returned, with the quarters that led to it.

    scorecards: by name, compared on the same deals. on_quarter: called with the number done and of all.
    """
    gap = maturity_on(as_known_on(history, history.extracted + ONE_DAY)).gap
    matured = history.until - np.timedelta64(gap, "D")
    quarters = quarters_between(history.opened.min(), matured)
    quarters = quarters if latest is None else quarters[-latest:]
    asked = Asked(budget, config.seed, config.tiers, matured)
    limits = _Limits(gap, config.seed)
    reports: list[QuarterReport] = []
    samples: list[Sample] = []
    on_quarter(0, len(quarters))
    for number, quarter in enumerate(quarters, start=1):
        report, sample = _tell(history, quarter, asked, scorecards, block=len(samples), limits=limits)
        reports.append(report)
        if sample is not None:
            samples.append(sample)
        on_quarter(number, len(quarters))
    sentence = _sentence(gap, matured, budget)
    refusal = None if len(samples) >= LEAST_QUARTERS else _nothing(reports, len(samples))
    together = None if refusal else _pooled(samples, limits)
    return Backtest(tuple(reports), gap, history.deals.predicted, sentence, together, refusal)


def _tell(
    history: History,
    quarter: Quarter,
    asked: Asked,
    scorecards: Mapping[str, ScorecardOf],
    *,
    block: int,
    limits: _Limits,
) -> tuple[QuarterReport, Sample | None]:
    """What is reported of a quarter, and its deals where something was told."""
    found = replay(history, quarter, asked)
    if isinstance(found, Refused):
        return _refused(found), None
    try:
        sample = sample_of(history, found, scorecards, block)
    except NoSignal as refusal:  # by equal weights, where no side of any attribute was won more often
        return _refused(Refused(quarter, len(found.told), short_of(refusal), no_signal=True)), None
    return _told(found, sample, limits), sample


def _sentence(gap: int, matured: np.datetime64, budget: Budget) -> str:
    return (
        f"Each quarter was told by a model of what was known on its first day, its search included "
        f"({budget.fifth().trials} trials). Deals count that opened by {matured}: each has had {gap} days to close. "
        f"Intervals are at 90 %."
    )


def _nothing(reports: Sequence[QuarterReport], told: int) -> IcpError:
    """Why there is nothing to backtest, in one sentence, with the latest reason for all."""
    begun = (
        f"there is nothing to backtest: expected at least {LEAST_QUARTERS} quarters in which something could be told, "
        f"found {told} among {len(reports)}"
    )
    silent = [report for report in reports if report.reason is not None]
    if not silent:
        return TooFewDeals(f"{begun}; bring deals of a longer time, or ask for more with --quarters")
    last, without = silent[-1], sum(report.no_signal for report in silent)
    why = (
        f"{begun}: {without} without a reliable signal and {len(silent) - without} with too few deals (in {last.name}, "
        f"{last.reason})"
    )
    if without == len(silent):
        return NoSignal(f"{why}; bring attributes that say more, or more accounts")
    return TooFewDeals(f"{why}; bring deals of more accounts, or of a longer time")


def _refused(found: Refused) -> QuarterReport:
    quarter = found.quarter
    days = str(quarter.start), str(quarter.end)
    return QuarterReport(quarter.name, *days, opened=found.deals, reason=found.reason, no_signal=found.no_signal)


def _told(found: Told, sample: Sample, limits: _Limits) -> QuarterReport:
    quarter, ours = found.quarter, sample.placed[OURS].told
    methods = {name: _outcomes(each, sample.judged, _held(ours), limits) for name, each in sample.placed.items()}
    return QuarterReport(
        name=quarter.name,
        start=str(quarter.start),
        end=str(quarter.end),
        opened=len(found.told) + len(found.returning),
        learnt=len(found.learnt),
        told=len(found.told),
        won=int(sample.judged.won.sum()),
        returning=len(found.returning),
        still_open=int(ours.is_open.sum()),
        held_up=measure_held_up(sample.judged, limits.seed),
        outcomes=methods[OURS],
        scorecards=_others(methods),
    )


def _held(told: ToldDeals) -> Held:
    """What the model's first tier held of the decided deals."""
    return Held(told.first[told.decided], told.parted[told.decided])


def _outcomes(placed: Placed, judged: Judged, held: Held, limits: _Limits) -> Outcomes:
    return Outcomes(
        tiers=measure_told(placed.told, limits.gap, limits.seed),
        lead=measure_lead(placed.told, limits.gap, limits.seed),
        ranking=ranking_of(placed.scores, judged, limits.seed),
        wins_in_as_many=wins_in_as_many(placed.scores, judged, held, limits.seed),
    )


def _others(methods: Mapping[str, Outcomes]) -> tuple[tuple[str, Outcomes], ...]:
    return tuple((name, found) for name, found in methods.items() if name != OURS)


def _pooled(samples: Sequence[Sample], limits: _Limits) -> Pooled:
    judged, returning = _joined([each.judged for each in samples]), _joined([each.returning for each in samples])
    placed = {name: _in_all_quarters([each.placed[name] for each in samples]) for name in samples[0].placed}
    held = _held(placed[OURS].told)
    methods = {name: _outcomes(each, judged, held, limits) for name, each in placed.items()}
    return Pooled(
        quarters=len(samples),
        told=len(judged),
        accounts=len(np.unique(judged.groups)),
        won=int(judged.won.sum()),
        still_open=int(placed[OURS].told.is_open.sum()),
        held_up=measure_held_up(judged, limits.seed),
        outcomes=methods[OURS],
        scorecards=_others(methods),
        returning=len(returning),
        returning_ranking=ranking_of(returning.log_odds, returning, limits.seed),
    )


def _joined(several: Sequence[Judged]) -> Judged:
    return Judged(
        log_odds=np.concatenate([each.log_odds for each in several]),
        base=np.concatenate([each.base for each in several]),
        won=np.concatenate([each.won for each in several]),
        groups=np.concatenate([each.groups for each in several]),
        block=np.concatenate([each.block for each in several]),
    )


def _in_all_quarters(several: Sequence[Placed]) -> Placed:
    return Placed(pooled([each.told for each in several]), np.concatenate([each.scores for each in several]))
