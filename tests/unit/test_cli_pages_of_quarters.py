"""What a person reads of a quarter: the comparison, what changed, the review, the backtest, and a training's page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from icp_ml.cli import quarter as quarter_verb
from icp_ml.cli import train as train_verb
from icp_ml.cli.backtest_page import backtest_page
from icp_ml.cli.diff_page import diff_page
from icp_ml.cli.gates_page import comparison_page
from icp_ml.errors import NoSignal
from icp_ml.model.held_up import HeldUp
from icp_ml.model.metrics import Estimate
from icp_ml.model.tier_outcomes import Lead, TierOutcome
from icp_ml.profile.potential import PotentialRecord
from icp_ml.profile.records import Interval, Profile, Verdict
from icp_ml.profile.several import ProfilesRecord
from icp_ml.profile.tiering import Policy
from icp_ml.watch.comparison import Comparison, RivalFigures, RivalGap
from icp_ml.watch.definition_diff import definition_diff
from icp_ml.watch.emerging_records import Emerging
from icp_ml.watch.gates import Gate
from icp_ml.watch.review_records import Review
from icp_training import line
from icp_training.backtest.records import Backtest, Outcomes, Pooled, QuarterReport
from icp_training.flips import TierFlips
from icp_training.quarter import Quarter
from icp_training.registry import Registered
from icp_training.training import Trained
from tests import profiled_bundles, serve_models
from tests.cli_projects import icp, strong, write_project
from tests.definitions import definition
from tests.page_texts import lines_of, squeezed

NO_SIGNAL = NoSignal("the attributes rank no better than chance; add others")
PERIOD = "The world has turned on 2025-02-01: deals that opened before are left out."


def between(low: float, value: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high)


def rival(log_loss: float, separation: Interval | None) -> RivalFigures:
    return RivalFigures(
        log_loss=log_loss, auc=between(0.61, 0.7, 0.79), calibration_slope=between(0.8, 1.0, 1.2),
        observed_over_expected=between(0.9, 1.1, 1.3), separation=separation,
    )  # fmt: skip


def compared(**changes: object) -> Comparison:
    """The new version is better by 0.0123 nats a deal and has nobody in its first tier."""
    made = Comparison(
        champion_version=3, champion_hash="x", since="2025-03-31", deals=1_240, won=60, accounts=1_130,
        champion=rival(0.5123, between(1.5, 3.0, 6.0)), challenger=rival(0.5, None),
        gap=RivalGap(log_loss=between(-0.02, -0.0123, -0.001), separation=None, moved=0.25, moved_far=0.04),
    )  # fmt: skip
    return made.model_copy(update=changes)


def test_two_versions_stand_side_by_side_with_what_each_figure_should_be() -> None:
    lines = lines_of(comparison_page(compared()))
    assert lines[0] == (
        "Beside version 3, which is live, on 1,240 deals of 1,130 accounts that opened after 2025-03-31 and that "
        "neither learned from; of the new one, as it would have been made on that day:"
    )
    assert "log loss (lower is better) 0.5000 0.5123" in lines
    assert "AUC 0.70 [0.61, 0.79] 0.70 [0.61, 0.79]" in lines
    assert "odds of winning in tier 1 over all below cannot be told 3.00 [1.50, 6.00]" in lines
    assert "log loss, nats a deal -0.0123 [-0.0200, -0.0010] at 80 %" in lines
    assert lines[-1] == "25% of these deals change tier, 4% by two or more."


def test_a_challenger_that_learned_since_the_turn_and_a_champion_that_lacks_attributes_say_so() -> None:
    lines = lines_of(comparison_page(compared(crossed=True, lacking=("visits", "tools"))))
    assert "which learned from deals opened since then, copies that had not met the account:" in lines[0]
    assert lines[-1] == "The live version had to do without visits, tools, which the deals have no more."


@pytest.mark.parametrize(
    ("since", "why"), [("2025-03-31", "7 matured deals opened since"), (None, "there are no dates")]
)
def test_where_nothing_is_compared_the_reason_is_said(since: str | None, why: str) -> None:
    few = compared(champion=None, challenger=None, gap=None, deals=7, since=since)
    assert lines_of(comparison_page(few)) == [
        f"Not compared with version 3, which is live: {why}, too few to tell two models apart."
    ]


def test_what_changed_starts_with_what_cannot_be_compared() -> None:
    old = serve_models.provenance()
    new = old.model_copy(update={"version": 2, "target": "won and kept 12 months"})
    lines = lines_of(diff_page(old, new, None, None))
    assert lines == [
        "planted version 1 -> planted version 2",
        "ATTENTION: the old model predicts 'won', the new one 'won and kept 12 months'.",
        "One of the two models was made before there was a definition: criteria cannot be compared.",
    ]
    assert not any("ATTENTION" in line for line in lines_of(diff_page(old, old, None, None)))


def whole_quarter() -> Quarter:
    """Everything that a quarter can tell: one criterion of seven went."""
    now = definition().model_copy(update={"criteria": definition().criteria[:-1]})
    return Quarter(
        due=("The live version is 91 days old.",),
        recommendation="Promote strong version 2.",
        was_there=True,
        version=Registered("strong", "7", 2, "hash", None, comparison=compared()),
        changed=definition_diff(definition(), now, Policy(), Policy()),
        emerging=Emerging(
            extracted="2025-03-31", before=50, since=4, lost_before=90, lost_since=6, tested=0, profiles=()
        ),
        reviewed=Review(extracted="2025-06-30", gap=60, lists=(), mature=0, too_young=3, outside={}),
        gates=(Gate(name="skill", state="open", sentence="cannot tell"),),
        period=PERIOD,
    )


def test_a_quarter_is_told_from_why_it_was_time_to_what_to_do() -> None:
    lines = lines_of(quarter_verb._page(whole_quarter()))
    told = [
        "The live version is 91 days old.",
        "strong version 2 was made from these data by this configuration before; nothing was trained.",
        PERIOD,
        "25% of these deals change tier, 4% by two or more.",
        "7 criteria then, 6 now: 1 went.",
        "What emerges cannot be told yet: 4 customers won since 2025-03-31 and 6 accounts lost, beside 50 and 90 "
        "before; of each 10 are needed.",
        "Deals as of 2025-06-30; mature are those opened 60 days before that or earlier.",
        "skill look cannot tell",
    ]
    places = [lines.index(each) for each in told]
    assert places == sorted(places)
    assert lines[-1] == "Promote strong version 2."


def test_a_quarter_of_which_nothing_came_is_one_sentence() -> None:
    idle = Quarter(due=(), recommendation="It is not time for a new version; nothing was done.")
    assert lines_of(quarter_verb._page(idle)) == ["It is not time for a new version; nothing was done."]


def test_whether_it_is_time_is_said_with_the_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_project(tmp_path, strong()))
    monkeypatch.delenv("ICP_HOME", raising=False)
    assert icp("quarter", "icp.yaml", "--due").out.splitlines() == [
        "It is time for a new version:",
        "  Nothing is live yet.",
    ]


def test_a_comparison_made_anew_is_read_as_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both models are stand-ins: what is asked is what a person reads of them."""
    monkeypatch.chdir(write_project(tmp_path, strong()))
    monkeypatch.delenv("ICP_HOME", raising=False)
    monkeypatch.setenv("COLUMNS", "300")
    challenger = Registered("strong", "7", 2, "hash", None)
    monkeypatch.setattr(line, "compare_again", lambda *_: compared())
    passed = (challenger, (Gate(name="skill", state="green", sentence="better"),))
    monkeypatch.setattr(line, "gates", lambda *_: passed)
    done = icp("compare", "icp.yaml", "--trials", "1")
    lines = squeezed(done.out)
    assert done.code == 0
    assert "log loss (lower is better) 0.5000 0.5123" in lines
    assert "skill passed better" in lines
    assert lines[-1] == "Next: icp promote, which makes strong version 2 live where no gate refuses."
    document = json.loads(icp("compare", "icp.yaml", "--trials", "1", "--json").out)
    assert (document["challenger"], document["comparison"]["deals"]) == ("strong version 2", 1_240)
    assert [gate["name"] for gate in document["gates"]] == ["skill"]


def estimate(low: float, value: float, high: float) -> Estimate:
    return Estimate(value, low, high)


def outcomes() -> Outcomes:
    """30 of 100 deals in the first tier were won, and nothing stands in the second."""
    first = TierOutcome(
        "1", 100, 90, 30, 5, 0.5, 0.6, estimate(0.2, 0.3, 0.4), days_to_win=estimate(40, 50.4, 60), days_to_close=None
    )
    second = TierOutcome("2", 0, 0, 0, 2, 0.0, 0.0, estimate(0, 0, 1), days_to_win=None, days_to_close=None)
    lead = Lead(None, None, estimate(0.4, 0.5, 0.6), estimate(0.5, 0.6, 0.7), None, None)
    return Outcomes((first, second), lead, estimate(0.6, 0.7, 0.8), None)


HELD_UP = HeldUp(None, estimate(0.01, 0.05, 0.09), estimate(0.8, 1.0, 1.2), None)
SILENT = QuarterReport("2024-Q1", "2024-01-01", "2024-04-01", 40, reason="too few had closed before it")
TOLD = QuarterReport(
    "2024-Q2", "2024-04-01", "2024-07-01", 120, learnt=1_400, told=100, won=30, held_up=HELD_UP, outcomes=outcomes()
)


def test_a_backtest_tells_each_quarter_or_why_it_was_silent() -> None:
    pooled = Pooled(1, 100, 90, 30, 5, HELD_UP, outcomes(), (), returning=0, returning_ranking=None)
    found = Backtest((SILENT, TOLD), 90, "won and kept 12 months", "By what was known then.", pooled)
    lines = lines_of(backtest_page(found, ("A yardstick.",)))
    assert lines[:2] == ["Where this page says won, it means: won and kept 12 months.", "By what was known then."]
    row = "2024-Q2 1,400 100 30 1: 100, 30% 60% [50%, 70%] 1.00 [0.80, 1.20] 5% [1%, 9%]"
    assert row in lines
    assert [line for line in lines if "nothing was told" in line] == [
        "2024-Q1: nothing was told; too few had closed before it."
    ]
    assert "1 100 30 5 30% [20%, 40%] 60% 50 [40, 60]" in lines
    assert "2 0 0 2 0%" in lines
    assert not any("had been learned from" in line for line in lines)
    assert lines[-1] == "A yardstick."


def test_a_backtest_with_nothing_told_has_no_table() -> None:
    found = Backtest((SILENT,), 90, "won", "By what was known then.", refusal=NO_SIGNAL)
    assert lines_of(backtest_page(found, ("A yardstick.",))) == [
        "By what was known then.",
        "2024-Q1: nothing was told; too few had closed before it.",
    ]


@pytest.mark.parametrize(
    ("ranking", "told"), [(None, "."), (estimate(0.5, 0.6, 0.7), ": 60% [50%, 70%] of pairs in order.")]
)
def test_accounts_that_came_back_stand_beside_the_backtest(ranking: Estimate | None, told: str) -> None:
    pooled = Pooled(1, 100, 90, 30, 5, HELD_UP, outcomes(), (), returning=1_012, returning_ranking=ranking)
    lines = lines_of(backtest_page(Backtest((TOLD,), 90, "won", "By what was known then.", pooled), ()))
    assert lines[-1] == f"Beside them, 1,012 deals of accounts that had been learned from{told}"


def judged() -> Verdict:
    figures = {"log_loss": between(0.5, 0.6, 0.7)}
    return Verdict(
        kind="grouped", sentence="Judged by 5 folds of accounts.", reliable=True, deals=400, accounts=400, skill=0.1,
        ranking=between(0.6, 0.7, 0.8), gain=between(0.0, 0.07, 0.1), levels=(), figures={"icp-ml": figures},
        returning=None, random_split=figures, warnings=(),
    )  # fmt: skip


def profile() -> Profile:
    return Profile(
        target="won", deals=400, accounts=400, win_rate=between(0.4, 0.45, 0.5), attributes=(), layer_shares={},
        axis_shares={},
    )  # fmt: skip


def test_a_training_prints_all_that_it_came_to_and_what_the_search_has_to_say_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    several = ProfilesRecord(
        profiles=(profiled_bundles.record(profiled_bundles.LARGE),), deals=400, in_none=0, notes=()
    )
    flips = TierFlips({"employees": 0.3}, rows=500, share=0.12, low=0.1, high=0.14)
    trained = Trained(
        judged(), "run", profile(), tmp_path, 2, search_notes=("The study was begun anew.",), flips=flips,
        potential=PotentialRecord(acv=None, cycle=None, notes=("Of 3 wins the amount is known.",)),
        definition=definition(), profiles=several, comparison=compared(), period=PERIOD,
    )  # fmt: skip
    train_verb._print(trained)
    said = capsys.readouterr()
    lines = squeezed(said.out)
    told = [
        "Judged by 5 folds of accounts.",
        "all deals 100 28% [26%, 30%] of 500",
        "no attribute passed the tests for the ICP",
        "'large' has a model of its own.",
        "Of 3 wins the amount is known.",
        flips.sentence,
        "25% of these deals change tier, 4% by two or more.",
        PERIOD,
        f"Bundle: {tmp_path}",
    ]
    places = [lines.index(each) for each in told]
    assert places == sorted(places)
    assert said.err == "The study was begun anew.\n"


def test_a_refused_training_prints_its_verdict_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    train_verb._print(Trained(judged(), "run", refusal=NO_SIGNAL))
    lines = squeezed(capsys.readouterr().out)
    assert lines[0] == "Judged by 5 folds of accounts."
    assert not any("The ICP" in each or "The criteria" in each or "Bundle:" in each for each in lines)
    train_verb._print(Trained(judged(), "run", profile()))
    lines = squeezed(capsys.readouterr().out)
    assert "no attribute passed the tests for the ICP" in lines
    assert "The criteria" not in lines


def test_a_demo_that_finds_nothing_says_so_and_scores_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The training is a stand-in: chance decides on so few deals."""
    monkeypatch.setattr(line, "train", lambda *_: Trained(judged(), "run", refusal=NO_SIGNAL))
    done = icp("demo", "-o", tmp_path / "demo", "--deals", "60", "--prospects", "5")
    assert done.code == 5
    assert "Judged by 5 folds of accounts." in done.out
    assert done.err.endswith(f"icp: {NO_SIGNAL.sentence}\n")
    assert not (tmp_path / "demo" / "scored.parquet").exists()
