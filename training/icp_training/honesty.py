"""What is said of a model beside its figures: what the search would claim, what more accounts would buy, how steady.

Three figures are printed side by side. As judged: every deal by a search and a model that had not seen its account.
Not nested: the same deals as the final search saw its own winner do on them, out of fold; parameters were chosen by
these very losses, and forward in time the later deals were learned from too. By a random split: accounts and dates
ignored. The first is the one to believe (Varma and Simon 2006; Cawley and Talbot 2010).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.contract import DealTable
from icp_ml.model.cells.contributing import explained
from icp_ml.model.metrics import estimate_all
from icp_ml.model.win_model import CrossFit, TrainingRows, WinModel
from icp_ml.profile.icp import Voices
from icp_ml.profile.records import FactorSteadiness, Interval, LargerSample
from icp_ml.profile.steadiness import FoldVoice, Voice, VoicesOverTime, steadiness
from icp_training.evaluation import Evaluation, FoldResult
from icp_training.sufficiency import MORE, Gain, Sufficiency
from icp_training.verdict import intervals

MOST_ASKED = 1_000
"""Deals that each judging model is asked about: a rank correlation of so many is sure to 0.03."""


def not_nested(evaluation: Evaluation, crossed: CrossFit, seed: int) -> dict[str, Interval]:
    """Every metric on the judged deals, by the final search's winner out of fold. crossed: of all deals, in order."""
    rows = np.concatenate([result.fold.test for result in evaluation.results])
    judged = evaluation.judged
    return intervals(estimate_all(crossed.log_odds[rows], judged.won, judged.groups, seed))


def larger_sample(found: Sufficiency) -> LargerSample:
    """What more accounts would buy, as a record."""
    bought = ((MORE, found.gain), (found.accounts, found.doubled))
    return LargerSample(
        rarer=found.rarer,
        accounts=found.accounts,
        curve=tuple((point.accounts, point.log_loss) for point in found.curve),
        more=tuple((more, _interval(gain)) for more, gain in bought if gain is not None),
        sentences=found.sentences,
    )


def _interval(gain: Gain) -> Interval:
    return Interval(value=gain.log_loss, low=gain.low, high=gain.high)


def steadiness_of(
    deals: DealTable, evaluation: Evaluation, model: WinModel, data: TrainingRows, voices: Voices
) -> tuple[FactorSteadiness, ...]:
    """Each factor in the judging models, and from quarter to quarter. data, voices: of all deals, in order."""
    asked = _at_most(np.arange(len(deals.won)))
    over_time = VoicesOverTime(
        names=tuple(column.factor for column in model.vocabulary.columns),
        contributions=voices.contributions,
        won=data.won,
        groups=data.groups,
        opened=deals.opened,
    )
    folds = [_fold_voice(deals, result, asked) for result in evaluation.results]
    return steadiness(_voice(deals, model, asked), folds, over_time)


def _fold_voice(deals: DealTable, result: FoldResult, asked: NDArray[np.intp]) -> FoldVoice:
    unseen = _at_most(result.fold.test)
    model = result.fitted
    return FoldVoice(_voice(deals, model, asked), _voice(deals, model, unseen), deals.won[unseen])


def _voice(deals: DealTable, model: WinModel, rows: NDArray[np.intp]) -> Voice:
    values = explained(model, model.vocabulary.encode(deals.parsed.take(rows))).values
    return {column.factor: values[:, place] for place, column in enumerate(model.vocabulary.columns)}


def _at_most(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Every so many of them, in order, so that all times are there."""
    return rows[:: -(-len(rows) // MOST_ASKED)] if len(rows) > MOST_ASKED else rows
