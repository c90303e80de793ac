"""Adapting to a list is measured beside not adapting: deal by deal, with the accounts resampled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from icp_ml.model.judgement import plan_judgement
from icp_ml.model.metrics import Judged, log_losses
from icp_training.adapting import adaptation_of, adapted, emptied
from icp_training.evaluation import EMPTIED, NOT_ADAPTED, NOT_ADAPTED_EMPTIED, Evaluation, evaluate, judged_again
from icp_training.masking import Patterns
from icp_training.search import Budget
from icp_training.verdict import verdict_of
from tests.deal_tables import table_of

DEALS = table_of(150, seed=3)
SEED = 7
PATTERNS = Patterns(("age", "size"), np.array([[True, True], [False, False]]))


@pytest.fixture(scope="module")
def judged() -> Evaluation:
    """A judgement of a model that was adapted to a list of which half the rows lack size and age."""
    deals = adapted(DEALS, PATTERNS, SEED)
    judgement = plan_judgement(deals, SEED)
    return evaluate(deals, judgement, Budget(1), SEED, emptied=emptied(deals, PATTERNS, SEED))


def test_what_is_learned_from_is_not_what_is_judged_by() -> None:
    copy = adapted(DEALS, PATTERNS, SEED).copies[0]
    other = emptied(DEALS, PATTERNS, SEED)
    assert (copy.missing("size") != other.missing("size")).any()


def test_what_adapting_brought_is_the_difference_of_the_figures(judged: Evaluation) -> None:
    figures, found = judged.figures, judged.adaptation
    assert found is not None
    for own, plain, saved in (
        (EMPTIED, NOT_ADAPTED_EMPTIED, found.emptied),
        ("icp-ml", NOT_ADAPTED, found.as_they_are),
    ):
        assert saved.value == pytest.approx(figures[plain]["log_loss"].value - figures[own]["log_loss"].value)
        assert saved.low < saved.value < saved.high
    record = verdict_of(judged, DEALS).adapted
    assert record is not None
    assert f"{found.emptied.value:.4f}" in record.sentence
    assert ("may leave train.adapt_to out" in record.sentence) == (found.emptied.low <= 0)


def test_the_model_beside_never_saw_a_copy(judged: Evaluation) -> None:
    """It is, to the last digit, what is judged where nothing was adapted."""
    alone = evaluate(DEALS, plan_judgement(DEALS, SEED), Budget(1), SEED)
    assert alone.adaptation is None
    assert judged.figures[NOT_ADAPTED] == alone.figures["icp-ml"]
    pairs = zip(judged.results, alone.results, strict=True)
    assert any((judged_again(result, DEALS.parsed) != other.model).any() for result, other in pairs)


def test_a_model_against_itself_saves_nothing() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=60)
    deals = Judged(z, np.zeros(60), (rng.random(60) < 0.5).astype(np.int8), np.arange(60), np.zeros(60, dtype=np.intp))
    found = adaptation_of(deals, [z, z], [z, z + 1.0], SEED)
    assert (found.as_they_are.low, found.as_they_are.value, found.as_they_are.high) == (0.0, 0.0, 0.0)
    expected = float((log_losses(z + 1.0, deals.won) - log_losses(z, deals.won)).mean())
    assert found.emptied.value == pytest.approx(expected)


def test_taking_deals_takes_their_copies() -> None:
    deals = adapted(DEALS, PATTERNS, SEED)
    rows = np.array([4, 0, 9])
    assert (deals.take(rows).copies[0].missing("size") == deals.copies[0].missing("size")[rows]).all()
    assert replace(deals, copies=()).take(rows).copies == ()
