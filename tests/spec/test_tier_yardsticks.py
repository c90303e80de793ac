"""Tiers beside the field's working figures, as one would argue over them with a sales manager."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from icp_ml.model.tier_outcomes import ToldDeals, measure_lead, told_by_cuts
from icp_ml.profile.yardsticks_of_tiers import TierYardsticks, Yardstick, greatest_ratio, measure_yardsticks

LABELS = ("1", "2", "3", "out of scope")


def told(tiers: list[tuple[int, int, float]], labels: tuple[str, ...] = LABELS) -> ToldDeals:
    """tiers: deals, won, days to a win of each tier, best first. Days differ by 10 % around what is said."""
    places = np.concatenate([np.full(deals, place, dtype=np.int8) for place, (deals, _, _) in enumerate(tiers)])
    won = np.concatenate([np.arange(deals) < wins for deals, wins, _ in tiers]).astype(np.int8)
    days = np.concatenate([days * np.resize([0.9, 1.1], deals) for deals, _, days in tiers])
    groups = np.arange(len(places), dtype=np.int64)
    is_open = np.zeros(len(places), dtype=bool)
    return told_by_cuts(labels, places, won, groups, days=days, is_open=is_open, block=0)


def measured(tiers: list[tuple[int, int, float]], labels: tuple[str, ...] = LABELS) -> dict[str, Yardstick]:
    return {each.measured: each for each in found(tiers, labels).yardsticks}


def found(tiers: list[tuple[int, int, float]], labels: tuple[str, ...] = LABELS) -> TierYardsticks:
    return measure_yardsticks(told(tiers, labels), seed=1)


#    tier 1: deals, won, days   tier 2            tier 3             wins held     ratio          discriminates  sooner
CASES = """
     1000 800 30                1000 200 40       1000 100 50        held          held           held           held
     1000 500 45                1000 400 45       1000 400 50        missed        missed         missed         missed
     1000 800 45                1000 200 45       1000 450 50        missed        missed         held           missed
     20   14  35                20   2   40       20   7   50        cannot_tell   cannot_tell    cannot_tell    held
     20   14  50                20   3   50       20   2   50        cannot_tell   held           held           missed
"""


@pytest.mark.parametrize("row", [line.split() for line in CASES.strip().splitlines()])
def test_a_yardstick_is_held_or_missed_only_beyond_doubt(row: list[str]) -> None:
    numbers = [int(word) for word in row[:9]]
    tiers = [(numbers[k], numbers[k + 1], float(numbers[k + 2])) for k in (0, 3, 6)]
    answers = measured([*tiers, (10, 0, 50.0)])
    names = ("wins in tier 1", "tier 1 over the last tier", "discriminates", "sooner won")
    assert [answers[name].answer.replace(" ", "_") for name in names] == row[9:]


#    tier 1: deals, won, days   tier 2            won alike      as fast        what it means
BESIDE = """
     2000 1200 30               2000 600  40      held           held           .
     2000 800  40               2000 800  40      missed         missed         weights_need_work,against_timing
     2000 600  40               2000 900  40      missed         missed         weights_need_work,against_timing
     2000 1200 44               2000 600  40      held           missed         against_timing
     40   22   40               40   19   40      cannot_tell    missed         against_timing
     6    3    20               6    3    90      cannot_tell    held           .
"""


@pytest.mark.parametrize("row", [line.split() for line in BESIDE.strip().splitlines()])
def test_the_first_two_tiers_are_not_alike(row: list[str]) -> None:
    numbers = [int(word) for word in row[:6]]
    first, second = (tuple(numbers[:3]), tuple(numbers[3:]))
    answers = measured([(first[0], first[1], first[2]), (second[0], second[1], second[2]), (50, 5, 60.0)])
    assert [answers[name].answer.replace(" ", "_") for name in ("won alike", "as fast")] == row[6:8]
    sentences = answers["won alike"].sentence + answers["as fast"].sentence
    for words in ("weights_need_work", "against_timing"):
        assert (words.replace("_", " ") in sentences) == (words in row[8].split(","))


def test_figures_are_those_of_the_backtest() -> None:
    tiers = [(120, 80, 30.0), (80, 30, 40.0), (100, 20, 50.0), (30, 2, 50.0)]
    lead, answers = measure_lead(told(tiers), 60, seed=1), measured(tiers)
    for theirs, name in (
        (lead.wins_in_first, "wins in tier 1"),
        (lead.ratio, "tier 1 over the last tier"),
        (lead.ratio, "discriminates"),
        (lead.sooner_won, "sooner won"),
    ):
        mine = answers[name].found
        assert theirs is not None
        assert mine is not None
        assert (mine.value, mine.low, mine.high) == pytest.approx((theirs.value, theirs.low, theirs.high))
    assert lead.odds_ratio is not None
    assert f"odds ratio {lead.odds_ratio.value:.2f} [" in answers["tier 1 over the last tier"].sentence


def test_merged_tiers_are_won_alike_because_nothing_told_them_apart() -> None:
    answers = measured([(100, 50, 40.0), (100, 10, 50.0)], ("1-2", "3"))
    assert answers["won alike"].answer == "missed"
    assert "could not be told apart" in answers["won alike"].sentence
    assert answers["as fast"].answer == "not known"
    assert answers["discriminates"].answer == "held"
    beside = measured([(400, 300, 40.0), (400, 40, 50.0)], ("1", "2-3"))
    assert beside["won alike"].answer == "held"


def test_with_one_tier_nothing_is_known() -> None:
    answers = measured([(100, 40, 40.0), (100, 5, 50.0)], ("1-3", "out of scope"))
    assert {each.answer for name, each in answers.items() if name != "won alike"} == {"not known"}


def test_without_days_the_rates_are_known_all_the_same() -> None:
    plain = told([(100, 60, 1.0), (100, 30, 1.0), (100, 10, 1.0)])
    dateless = told_by_cuts(
        plain.labels, plain.places, plain.won, plain.groups, days=np.full(300, np.nan), is_open=plain.is_open, block=0
    )
    answers = {each.measured: each for each in measure_yardsticks(dateless, seed=1).yardsticks}
    assert (answers["sooner won"].answer, answers["as fast"].answer) == ("not known", "not known")
    assert answers["discriminates"].answer == "held"


def test_wins_of_no_days_at_all_are_no_error() -> None:
    answers = measured([(100, 60, 0.0), (100, 30, 0.0), (100, 10, 0.0)])
    assert (answers["sooner won"].answer, answers["as fast"].answer) == ("not known", "not known")


def test_the_greatest_ratio_by_trying_every_tier() -> None:
    """All ways to put 70 % of the wins of 200 deals into one tier: the ratio is greatest where all of its deals won."""
    for wins in (40, 100, 140, 160):
        held = wins * 7 // 10
        ratios = [
            (held / deals) / ((wins - held) / (200 - deals)) for deals in range(held, 200) if wins - held <= 200 - deals
        ]
        assert greatest_ratio(wins / 200) == pytest.approx(max(ratios))
    assert greatest_ratio(0.625) == pytest.approx(3.0)


@pytest.mark.parametrize(("base", "warned"), [(0.3, False), (0.6, False), (0.7, True), (0.9, True)])
def test_where_the_yardsticks_exclude_each_other_it_is_said(base: float, *, warned: bool) -> None:
    deals = [(1000, int(1000 * min(base * lift, 1.0)), 40.0) for lift in (1.1, 1.0, 0.9)]
    notes = found(deals).notes
    assert bool(notes) == warned
    assert all("odds ratio" in note for note in notes)


def test_every_answer_has_its_sentence() -> None:
    """No sentence is empty, and each ends as sentences do."""
    for wins, days in product((5, 50, 95), (10.0, 60.0)):
        for each in found([(100, wins, days), (100, 50, 40.0), (100, 30, 40.0)]).yardsticks:
            assert each.sentence.endswith(".")
            assert each.found is None or each.found.low <= each.found.value <= each.found.high


def test_each_sentence_says_what_the_field_expects() -> None:
    answers = measured([(100, 60, 40.0), (100, 30, 40.0), (100, 10, 50.0)])
    for name, expected in (
        ("wins in tier 1", "expected 70% or more"),
        ("tier 1 over the last tier", "expected 2 to 3 times, of meetings in the guides and of closed deals here"),
        ("discriminates", "at least 1.5 times as often as the last tier"),
        ("sooner won", "expected 20% to 40%"),
    ):
        assert expected in answers[name].sentence
