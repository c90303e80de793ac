"""The verdict on a model, from the evaluation to the record that travels in the bundle."""

from __future__ import annotations

import numpy as np

from icp_ml.deals.contract import DealTable
from icp_ml.deals.sufficiency import SOUND_START, account_floor
from icp_ml.model.judgement import Judgement
from icp_ml.model.metrics import Estimate
from icp_ml.profile.base_rates import base_rates
from icp_ml.profile.ideal_wins import ideal_record
from icp_ml.profile.records import AdaptedRecord, BaseRates, IdealRecord, Interval, LargerSample, LevelRecord, Verdict
from icp_ml.profile.reliability import reliability
from icp_ml.watch.gates import TOO_GOOD
from icp_training.adapting import Adaptation
from icp_training.evaluation import Evaluation, judged_rows
from icp_training.ideal import predicted_note


def verdict_of(evaluation: Evaluation, deals: DealTable, sample: LargerSample | None = None) -> Verdict:
    """What is said about the model: how it was judged, whether its ranking is reliable, and what to beware of.

    sample: what more accounts would buy, where it was asked.
    """
    skill, judged = evaluation.skill, evaluation.judged
    rates = base_rates_of(deals, evaluation.judgement)
    return Verdict(
        kind=evaluation.judgement.kind,
        sentence=" ".join((evaluation.judgement.sentence, *predicted_note(deals))),
        reliable=skill.is_reliable,
        deals=skill.deals,
        accounts=skill.accounts,
        skill=skill.share,
        ranking=interval(skill.ranking),
        gain=interval(skill.gain),
        levels=tuple(
            LevelRecord(
                block=evaluation.results[level.block].fold.name,
                deals=level.deals,
                observed_over_expected=interval(level.observed_over_expected),
                is_off=level.is_off,
            )
            for level in skill.levels
        ),
        figures={method: intervals(figures) for method, figures in evaluation.figures.items()},
        returning=None if evaluation.returning is None else intervals(evaluation.returning),
        random_split=intervals(evaluation.random_split),
        warnings=(*_warnings(evaluation, deals), *([rates.sentence] if rates is not None and rates.has_left else [])),
        predicted=deals.predicted,
        adapted=None if evaluation.adaptation is None else _adapted(evaluation.adaptation),
        ideal=_ideal(evaluation, deals),
        reliability=reliability(judged.log_odds, judged.won, judged.groups),
        base_rates=rates,
        sample=sample,
    )


def _ideal(evaluation: Evaluation, deals: DealTable) -> IdealRecord | None:
    rows = judged_rows(evaluation.results)
    won = np.zeros(len(rows), dtype=bool) if deals.graded is None else deals.graded.won[rows] == 1
    return ideal_record(evaluation.judged, deals.ideal()[rows], won)


def _adapted(found: Adaptation) -> AdaptedRecord:
    return AdaptedRecord(
        emptied=interval(found.emptied), as_they_are=interval(found.as_they_are), sentence=found.sentence
    )


def base_rates_of(deals: DealTable, judgement: Judgement | None) -> BaseRates | None:
    """The base rate over time; None without dates, or where it cannot be said when deals have matured."""
    horizon = deals.horizon()
    if deals.opened is None or horizon is None or judgement is None or judgement.maturity is None:
        return None
    matured = horizon.until - np.timedelta64(judgement.maturity.gap, "D")
    return base_rates(deals.opened, deals.won, deals.groups(), matured)


def _warnings(evaluation: Evaluation, deals: DealTable) -> list[str]:
    found = []
    auc = evaluation.figures["icp-ml"]["auc"].value
    if auc > TOO_GOOD:
        found.append(
            f"The ranking is too good to be true (AUC {auc:.3f}); look for a column that is filled in or changed "
            f"after the outcome, and mark it 'known: after'."
        )
    if evaluation.skill.is_reliable and evaluation.skill.gain.low <= 0:
        found.append(
            "The order is reliable, but how far apart the probabilities are is not yet: use the ranking, and read a "
            "probability with its interval."
        )
    if evaluation.judgement.kind == "forward" and evaluation.skill.level_is_off:
        level = evaluation.skill.levels[-1].observed_over_expected
        found.append(
            f"The level has moved: in the latest block {level.value:.2f} times the expected wins were won "
            f"(99 % interval {level.low:.2f} to {level.high:.2f}). The order stands; probabilities are re-anchored "
            f"to that block's win rate."
        )
    counts = account_floor(deals.won, deals.accounts)
    fewest = min(counts.won_accounts, counts.lost_accounts)
    if fewest < SOUND_START:
        found.append(
            f"Only {counts.won_accounts} accounts with a win and {counts.lost_accounts} with a loss: a sound start is "
            f"{SOUND_START} of each, so read the intervals before the figures."
        )
    return found


def interval(estimate: Estimate) -> Interval:
    """The same figure as a record."""
    return Interval(value=estimate.value, low=estimate.low, high=estimate.high)


def intervals(figures: dict[str, Estimate]) -> dict[str, Interval]:
    """The same figures as records, by metric."""
    return {name: interval(estimate) for name, estimate in figures.items()}
