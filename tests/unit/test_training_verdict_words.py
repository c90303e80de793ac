"""What is said about a judged model and about graded wins, from figures that are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from icp_ml.deals.grading import Graded
from icp_ml.deals.ideal_settings import IdealSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.deals.table import DealTable
from icp_ml.model.judgement import Judgement, JudgementKind
from icp_ml.model.metrics import Estimate, Judged
from icp_ml.model.skill import BlockLevel, Skill
from icp_ml.model.splits import Fold
from icp_training.evaluation import Evaluation, FoldResult
from icp_training.ideal import ideal_notes, predicted_note
from icp_training.verdict import verdict_of
from tests import serve_models
from tests.deal_tables import table_of


def around(value: float) -> Estimate:
    return Estimate(value, value - 0.05, value + 0.05)


def deals_of(won: int, lost: int) -> DealTable:
    """As many deals, each with its own account."""
    table = table_of(won + lost, seed=3)
    return replace(table, won=np.repeat(np.array([1, 0], dtype=np.int8), (won, lost)))


def evaluated(
    deals: DealTable, *, auc: float = 0.8, gain: float = 0.2, level: float = 1.0, kind: JudgementKind = "forward"
) -> Evaluation:
    """A judgement of all deals in one fold, with these figures."""
    rows = np.arange(len(deals.won))
    log_odds = np.random.default_rng(1).normal(size=len(rows))
    fold = Fold("2024-Q1", rows[:0], rows, rows[:0])
    cuts = serve_models.tiering().cuts
    result = FoldResult(fold, log_odds, log_odds, 0.0, log_odds[:0], cuts, serve_models.win_model())
    figures = {"auc": around(auc), "log_loss": around(0.5)}
    levels = (BlockLevel(0, len(rows), around(level)),)
    return Evaluation(
        judgement=Judgement(kind, (fold,), None, "Judged."),
        results=(result,),
        judged=Judged(log_odds, np.zeros(len(rows)), deals.won, rows.astype(np.int64), np.zeros(len(rows), np.intp)),
        skill=Skill(around(0.7), around(gain), 0.1, len(rows), len(rows), levels),
        figures={"icp-ml": figures, "base rate": figures},
        returning=None,
        random_split=figures,
    )


def test_a_model_that_is_right_and_has_learned_from_enough_has_no_warning() -> None:
    deals = deals_of(150, 150)
    assert verdict_of(evaluated(deals), deals).warnings == ()


def test_an_area_above_all_that_was_ever_seen_is_a_warning() -> None:
    deals = deals_of(150, 150)
    (said,) = verdict_of(evaluated(deals, auc=0.951), deals).warnings
    assert said == (
        "The ranking is too good to be true (AUC 0.951); look for a column that is filled in or changed after the "
        "outcome, and mark it 'known: after'."
    )
    assert verdict_of(evaluated(deals, auc=0.95), deals).warnings == ()


@pytest.mark.parametrize(("kind", "warned"), [("forward", True), ("grouped", False)])
def test_a_level_that_moved_is_a_warning_where_the_judgement_is_forward_in_time(
    kind: JudgementKind, *, warned: bool
) -> None:
    """Only there the latest block is the latest. Its interval, 1.25 to 1.35, holds 1 no more."""
    deals = deals_of(150, 150)
    said = verdict_of(evaluated(deals, level=1.3, kind=kind), deals).warnings
    assert said == (
        (
            "The level has moved: in the latest block 1.30 times the expected wins were won (99 % interval 1.25 to "
            "1.35). The order stands; probabilities are re-anchored to that block's win rate.",
        )
        if warned
        else ()
    )


def test_few_accounts_of_either_outcome_are_a_warning() -> None:
    deals = deals_of(49, 150)
    (said,) = verdict_of(evaluated(deals), deals).warnings
    assert said.startswith("Only 49 accounts with a win and 150 with a loss: a sound start is 50 of each")


def graded(**changes: object) -> DealTable:
    """Ten deals, of which six were won: two of each grade. The settings have no measure of who left."""
    written = {"measures": {"value": {"column": "acv", "better": "higher"}}, **changes}
    settings = parse_settings(IdealSettings, written)
    table = table_of(10, seed=3)
    won = np.array([1] * 6 + [0] * 4, dtype=np.int8)
    grade = np.array([0, 0, 1, 1, 2, 2, -1, -1, -1, -1], dtype=np.int8)
    weights = np.where(grade == 0, 1.5, np.where(grade == 1, 1.0, 0.5)) if settings.use == "weight" else None
    of = Graded(settings, won, grade, np.full(10, np.nan), weights, ())
    predicted = np.isin(grade, (0, 1)).astype(np.int8) if settings.use == "target" else won
    return replace(table, won=predicted, graded=of)


def test_grades_by_value_alone_say_nothing_of_customers_that_left() -> None:
    assert ideal_notes(graded()) == ("6 wins were graded by 'value': 2 of grade A, 2 of grade B, 2 of grade C.",)


def test_wins_that_count_by_grade_are_said_to_in_the_notes_and_the_verdict() -> None:
    deals = graded(use="weight")
    _, note = ideal_notes(deals)
    assert note.startswith("In fitting, wins count by grade (A 1.50, B 1.00, C 0.50; a mean of 1 over all wins).")
    assert list(predicted_note(deals)) == ["Wins count by grade in fitting; every figure here counts all deals alike."]
    assert list(predicted_note(graded())) == []


def test_a_target_that_is_known_at_once_leaves_no_deal_out() -> None:
    deals = graded(use="target")
    _, note = ideal_notes(deals)
    assert note == (
        "What is predicted is `won, grade A or B`: 4 deals are it and 6 are not, 2 of which were won and are of "
        "another grade."
    )
    later = graded(use="target", measures={"value": {"column": "acv", "better": "higher", "after_months": 3}})
    waiting = replace(later, ledger=replace(later.ledger, too_recent=7))
    assert ideal_notes(waiting)[-1] == (
        "That is known 3 months after closing, so 7 later deals, won and lost, were left out."
    )
