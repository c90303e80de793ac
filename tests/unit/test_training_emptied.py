"""A model judged once more on deals from which values were taken away."""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.model.judgement import plan_judgement
from icp_training.evaluation import EMPTIED, Evaluation, evaluate, judged_again
from icp_training.masking import masked_to
from icp_training.search import Budget
from tests.deal_tables import table_of

DEALS = table_of(120, seed=3)
SEED = 7
NOTHING_LEFT = masked_to(DEALS.parsed, dict.fromkeys(DEALS.parsed.columns, 0.0), SEED)


@pytest.fixture(scope="module")
def judged() -> Evaluation:
    """A judgement that was also made of deals of which nothing is known."""
    return evaluate(DEALS, plan_judgement(DEALS, SEED), Budget(1), SEED, emptied=NOTHING_LEFT)


def test_nothing_taken_away_changes_nothing(judged: Evaluation) -> None:
    for result in judged.results:
        assert (judged_again(result, DEALS.parsed) == result.model).all()


def test_everything_taken_away_leaves_nothing_to_rank_by_within_a_fold(judged: Evaluation) -> None:
    for result in judged.results:
        assert np.ptp(judged_again(result, NOTHING_LEFT)) == pytest.approx(0.0, abs=1e-12)
    assert judged.figures[EMPTIED]["auc"].value < judged.figures["icp-ml"]["auc"].value - 0.1
