"""What a backtest says: the field's yardsticks beside what was found, one row a tier, and why there is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from matplotlib.container import ErrorbarContainer

from icp_ml.deals.settings import parse_settings
from icp_ml.errors import NoSignal, TooFewDeals
from icp_ml.model.held_up import HeldUp
from icp_ml.model.metrics import Estimate
from icp_ml.model.quarters import Quarter
from icp_ml.model.tier_outcomes import Lead, TierOutcome
from icp_training.backtest import running
from icp_training.backtest.as_known import NO_DATES, History, maturity_on, read_history
from icp_training.backtest.hand_weights import OURS
from icp_training.backtest.recording import backtest_picture, backtest_table
from icp_training.backtest.records import Backtest, Outcomes, Pooled, QuarterReport, yardsticks
from icp_training.backtest.replay import Asked, Refused, Told, replay
from icp_training.config import Config, load_config
from icp_training.search import Budget
from icp_training.world import WorldSettings, make_world, world_config, write_world
from tests import serve_models

ONE = Budget(1)


def tier(label: str, deals: int, won: int, low: float, high: float) -> TierOutcome:
    return TierOutcome(
        label=label,
        deals=deals,
        accounts=deals,
        won=won,
        still_open=2,
        share_of_deals=0.5,
        share_of_wins=0.5,
        win_rate=Estimate(won / deals, low, high),
        days_to_win=Estimate(40.0, 30.0, 50.0),
        days_to_close=None,
    )


NO_LEAD = Lead(None, None, None, None, None, None)
FIRST, SECOND = tier("1", 20, 10, 0.4, 0.6), tier("2", 30, 6, 0.1, 0.3)


def outcomes(*tiers: TierOutcome, lead: Lead = NO_LEAD) -> Outcomes:
    return Outcomes(tiers, lead, ranking=None, wins_in_as_many=None)


def pooled(found: Outcomes) -> Pooled:
    return Pooled(
        quarters=2,
        told=50,
        accounts=50,
        won=16,
        still_open=4,
        held_up=HeldUp(None, None, None, None),
        outcomes=found,
        scorecards=(("equal weights", found),),
        returning=0,
        returning_ranking=None,
    )


def test_a_yardstick_is_held_or_missed_or_in_doubt_by_its_interval() -> None:
    """Wins in tier 1: 70 % or more. Over the last tier: 1.5 times or more. Sooner: by 20 % or more."""
    lead = replace(
        NO_LEAD,
        wins_in_first=Estimate(0.8, 0.7, 0.9),
        ratio=Estimate(1.2, 1.0, 1.49),
        sooner_won=Estimate(0.25, 0.1, 0.4),
    )
    assert yardsticks(pooled(outcomes(FIRST, SECOND, lead=lead))) == (
        "Share of wins in tier 1: 80% [70%, 90%]; expected 70% or more: held.",
        "Win rate of tier 1 over that of the last tier: 1.20 [1.00, 1.49]; expected 1.5 times or more, under which a "
        "model does not discriminate: missed.",
        "Fewer days to win in tier 1 than in the last tier: 25% [10%, 40%]; expected 20% to 40%: held, but not beyond "
        "doubt.",
    )
    doubted = replace(lead, wins_in_first=Estimate(0.69, 0.6, 0.75), ratio=None)
    first, second, _ = yardsticks(pooled(outcomes(FIRST, SECOND, lead=doubted)))
    assert first.endswith("expected 70% or more: missed, but not beyond doubt.")
    assert second.endswith("under which a model does not discriminate; cannot be said.")


def test_tiers_one_and_two_that_were_won_alike_are_named() -> None:
    """Their intervals touch, or the first lies below: then the first is not surely the better one."""
    alike = replace(SECOND, win_rate=Estimate(0.35, 0.3, 0.4))
    *_, said = yardsticks(pooled(outcomes(FIRST, alike)))
    assert said == (
        "Tiers 1 and 2 were won alike or nearly so, 50% [40%, 60%] and 35% [30%, 40%]: where that stays, the weights "
        "need work."
    )
    assert len(yardsticks(pooled(outcomes(FIRST, SECOND)))) == len(yardsticks(pooled(outcomes(FIRST)))) == 3


def test_the_table_has_a_row_a_tier_and_one_for_a_quarter_without_a_model() -> None:
    told = QuarterReport("2024-Q1", "2024-01-01", "2024-03-31", opened=60, told=50, won=16, outcomes=outcomes(FIRST))
    silent = QuarterReport("2024-Q2", "2024-04-01", "2024-06-30", opened=7, reason="too few deals")
    found = Backtest((told, silent), 90, "won", "How.", pooled(outcomes(FIRST, SECOND)))
    table = backtest_table(found)
    assert table["quarter"].tolist() == ["2024-Q1", "2024-Q2", "all", "all", "all", "all"]
    assert table["method"].tolist() == [OURS, "too few deals", OURS, OURS, "equal weights", "equal weights"]
    assert table["deals"].tolist() == [20, 7, 20, 30, 20, 30]
    first = table.iloc[0]
    assert first[["win rate", "win rate low", "win rate high", "days to win"]].tolist() == [0.5, 0.4, 0.6, 40.0]
    assert table.iloc[0][["days to close"]].isna().all()
    assert table.iloc[1][["won", "win rate"]].isna().all()
    nothing = backtest_table(replace(found, pooled=None))
    assert nothing["quarter"].tolist() == ["2024-Q1", "2024-Q2"]
    assert len(nothing.columns) == len(table.columns)


def test_the_picture_leaves_a_quarter_without_two_tiers_empty() -> None:
    lead = replace(NO_LEAD, ratio=Estimate(2.5, 2.0, 3.0))
    two = outcomes(FIRST, SECOND, tier("out of scope", 5, 1, 0.0, 0.5), lead=lead)
    quarters = tuple(
        QuarterReport(name, name, name, opened=60, told=50, won=16, outcomes=found)
        for name, found in (("a", None), ("b", two), ("c", outcomes(FIRST)))
    )
    axes = backtest_picture(Backtest(quarters, 90, "won", "How.")).axes[0]
    bars = [each for each in axes.containers if isinstance(each, ErrorbarContainer)]
    drawn = {each.get_label(): np.asarray(each.lines[0].get_xydata()).tolist() for each in bars}
    assert drawn == {"first tier": [[pytest.approx(0.92), 0.5]], "last tier": [[pytest.approx(1.08), 0.2]]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("words")
    world = make_world(WorldSettings(deals=300, prospects=0, seed=4, noise=2, median_cycle_days=60.0))
    write_world(world, root)
    (root / "icp.yaml").write_text(yaml.safe_dump(world_config(world)), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def config(project: Path) -> Config:
    return load_config(project / "icp.yaml")


@pytest.fixture(scope="module")
def history(project: Path, config: Config) -> History:
    return read_history(config, project)


def test_a_history_that_ends_as_it_begins_has_no_quarter(config: Config, history: History) -> None:
    found = running.run_backtest(config, replace(history, until=history.opened.min()), {}, ONE)
    assert (found.quarters, found.pooled) == ((), None)
    assert isinstance(found.refusal, TooFewDeals)
    assert found.refusal.sentence == (
        "there is nothing to backtest: expected at least 2 quarters in which something could be told, found 0 among 0; "
        "bring deals of a longer time, or ask for more with --quarters"
    )


def test_the_refusal_names_what_was_lacking_in_most_quarters(
    config: Config, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing but a signal was lacking, more deals are not what to bring."""

    def silent(_: History, quarter: Quarter, asked: Asked) -> Refused:
        return Refused(quarter, 30, "no reliable signal then", no_signal=True)

    def few(_: History, quarter: Quarter, asked: Asked) -> Refused:
        return Refused(quarter, 3, "3 deals", no_signal=bool(quarter.start < np.datetime64("2024-01-01")))

    monkeypatch.setattr(running, "replay", silent)
    found = running.run_backtest(config, history, {}, ONE, latest=3)
    assert isinstance(found.refusal, NoSignal)
    assert "3 without a reliable signal and 0 with too few deals" in found.refusal.sentence
    assert found.refusal.sentence.endswith("bring attributes that say more, or more accounts")
    assert [quarter.reason for quarter in found.quarters] == ["no reliable signal then"] * 3
    monkeypatch.setattr(running, "replay", few)
    found = running.run_backtest(config, history, {}, ONE)
    assert isinstance(found.refusal, TooFewDeals)
    assert found.refusal.sentence.endswith("bring deals of more accounts, or of a longer time")


def test_a_quarter_in_which_equal_weights_have_no_side_to_take_is_told_as_one_without_a_signal(
    config: Config, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_: History, quarter: Quarter, asked: Asked) -> Told:
        rows = np.arange(30)
        return Told(quarter, rows + 30, rows, rows[:0], serve_models.win_model(), serve_models.tiering(), 0.0)

    def no_side(*_: object) -> None:
        raise NoSignal("no side of any attribute was won more often; bring others")

    monkeypatch.setattr(running, "replay", told)
    monkeypatch.setattr(running, "sample_of", no_side)
    found = running.run_backtest(config, history, {}, ONE, latest=2)
    assert {quarter.reason for quarter in found.quarters} == {"no side of any attribute was won more often"}
    assert all(quarter.no_signal and quarter.opened == 30 for quarter in found.quarters)
    assert isinstance(found.refusal, NoSignal)


def write_deals(folder: Path, rows: list[tuple[date, int, str]]) -> Config:
    """rows: the day of the opening, days to the close, and the outcome. One account a deal; the export is of 2024."""
    lines = ["opened,closed,stage,size"]
    for number, (opened, days, stage) in enumerate(rows):
        closed = "" if stage == "Open" else str(opened + timedelta(days=days))
        lines.append(f"{opened},{closed},{stage},{number % 7}")
    (folder / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    outcome = {"column": "stage", "won": "Won", "lost": "Lost", "open": "Open"}
    deals = {
        "source": "deals.csv", "opened": "opened", "closed": "closed", "extracted": date(2024, 12, 31),
        "outcome": outcome, "window": {"months": 36},
    }  # fmt: skip
    return parse_settings(Config, {"deals": deals, "attributes": {"firmographic": {"size": "number"}}})


def sides(first: date, count: int, days: int) -> list[tuple[date, int, str]]:
    """A deal a day, won and lost in turn."""
    return [(first + timedelta(days=k), days, "Won" if k % 2 else "Lost") for k in range(count)]


def test_a_quarter_before_which_few_deals_had_had_time_to_close_is_refused(tmp_path: Path) -> None:
    """By April 200 deals of the last weeks were won and lost in a day, and the others of these weeks had not ended: a
    deal takes longer than that. Of those that opened long enough before, ten were won and ten lost.
    """
    weeks = date(2024, 2, 1)
    rows = [*sides(date(2023, 1, 1), 20, 180), *sides(weeks, 50, 1) * 4, *sides(weeks, 50, 150) * 3]
    rows += sides(date(2024, 4, 5), 40, 10)
    config = write_deals(tmp_path, rows)
    history = read_history(config, tmp_path)
    quarter = Quarter(np.datetime64("2024-04-01"), np.datetime64("2024-06-30"), whole=True)
    asked = Asked(ONE, 7, config.tiers, np.datetime64("2024-12-01"))
    found = replay(history, quarter, asked)
    assert isinstance(found, Refused)
    assert (found.deals, found.no_signal) == (40, False)
    assert found.reason == (
        "of the deals that had had time to close, 10 accounts were won or lost, whichever is fewer, and 12 are needed"
    )


def test_an_export_without_open_deals_has_none_that_count_for_the_days(tmp_path: Path) -> None:
    config = write_deals(tmp_path, sides(date(2024, 1, 1), 90, 20))
    history = read_history(config, tmp_path)
    assert history.still_open is None
    one_more = write_deals(tmp_path, [*sides(date(2024, 1, 1), 90, 20), (date(2024, 12, 1), 0, "Open")])
    still = read_history(one_more, tmp_path).still_open
    assert still is not None
    assert still.opened.tolist() == [date(2024, 12, 1)]


def test_a_table_without_dates_has_no_maturity(history: History) -> None:
    with pytest.raises(TooFewDeals, match=NO_DATES[:40]):
        maturity_on(replace(history.deals, opened=None, closed=None))
