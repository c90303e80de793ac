"""A planted change of each kind is found and called by its kind; without one, nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2_contingency

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.profile.reference import draw_reference, places
from icp_ml.watch.drift import Cohort, Drift, find_drift, holm, told
from icp_ml.watch.drift_tests import NOTHING, Before, alike, off_otherwise

Floats = NDArray[np.float64]

COLUMNS = (
    ModelColumn("size", "size", "size", "firmographic", "fit", "number"),
    ModelColumn("demo", "demo", "demo", "behavioural", "intent", "flag"),
    ModelColumn(
        "trade", "trade", "trade", "firmographic", "fit", "category", levels=("(missing)", "(other)", "a", "b", "c")
    ),
    ModelColumn("noise", "noise", "noise", "firmographic", "fit", "number"),
)
SIZE, DEMO, TRADE = range(3)


def companies(n: int, rng: np.random.Generator) -> Floats:
    rows = np.column_stack(
        [
            rng.normal(size=n),
            rng.random(n) < 0.5,
            rng.choice(5, size=n, p=[0.1, 0.05, 0.4, 0.3, 0.15]),
            rng.normal(size=n),
        ]
    )
    rows[rng.random(n) < 0.1, SIZE] = np.nan
    return rows


def truth(rows: Floats) -> Floats:
    return np.asarray(-1.2 + 0.9 * np.nan_to_num(rows[:, SIZE]) + 1.1 * (rows[:, TRADE] == 2))


def found(seed: int, change: str = "", n: int = 300) -> tuple[Drift, ...]:
    """A review of n deals beside 2,000, by a model that knows the truth of these but believes a little in noise."""
    rng = np.random.default_rng(seed)

    def says(rows: Floats) -> Floats:
        return 0.8 * truth(rows) + 0.2 * np.nan_to_num(rows[:, 3])

    before, now = companies(2000, rng), companies(n, rng)
    won = (rng.random(2000) < expit(truth(before))).astype(np.int8)
    if change == "attributes":
        now[:, TRADE] = rng.choice(5, size=n, p=[0.1, 0.05, 0.15, 0.3, 0.4])
    if change == "missing":
        now[rng.random(n) < 0.25, SIZE] = np.nan
    moved = {"base rate": 1.0, "concept": np.log(4.0) * (now[:, DEMO] - 0.5)}.get(change, 0.0)
    outcome = (rng.random(n) < expit(truth(now) + moved)).astype(np.int8)
    cohort = Cohort(now, says(now), outcome, np.ones(n, dtype=bool))
    return find_drift(draw_reference(before, COLUMNS, says(before), won), (int(won.sum()), 2000), cohort, seed)


def alarms(drifts: tuple[Drift, ...]) -> set[tuple[str, str]]:
    return {(each.kind, each.about) for each in drifts if each.is_alarm}


@pytest.mark.parametrize(
    ("change", "kind", "about"),
    [
        ("attributes", "attributes", "trade"),
        ("missing", "attributes", "size (missing)"),
        ("base rate", "base rate", ""),
        ("concept", "concept", "demo"),
    ],
)
def test_a_planted_change_is_called_by_its_kind(change: str, kind: str, about: str) -> None:
    """In at least five of six worlds; and nothing else is called so. Where attributes move, scores and wins do too."""
    told = [alarms(found(seed, change)) for seed in range(6)]
    assert sum((kind, about) in each for each in told) >= 5
    follow = {("scores", ""), ("base rate", "")} if kind == "attributes" else set()
    assert all(each <= {(kind, about)} | follow for each in told)


def test_without_a_change_nothing_is_found() -> None:
    """One in a hundred reviews may; of 40 seldom more than two (Poisson with mean 0.4: 0.8 %)."""
    assert sum(bool(alarms(found(seed, n=120))) for seed in range(40)) <= 2


def test_what_moved_is_named_with_both_shares() -> None:
    moved = next(each for each in found(3, "attributes") if each.about == "trade")
    assert moved.place in (2, 4)
    was, now = (0.4, 0.15) if moved.place == 2 else (0.15, 0.4)
    assert moved.was == pytest.approx(was / 0.9, abs=0.06)
    assert moved.now == pytest.approx(now / 0.9, abs=0.08)


def test_deals_that_are_not_mature_say_nothing_of_outcomes() -> None:
    rng = np.random.default_rng(1)
    rows = companies(200, rng)
    reference = draw_reference(rows, COLUMNS, truth(rows), (rng.random(200) < 0.3).astype(np.int8))
    young = Cohort(rows, truth(rows), np.zeros(200, np.int8), np.zeros(200, dtype=bool))
    assert {each.kind for each in find_drift(reference, (60, 200), young, 1)} == {"attributes", "scores"}
    nobody = Cohort(rows[:0], np.empty(0), np.empty(0, np.int8), np.empty(0, dtype=bool))
    assert find_drift(reference, (60, 200), nobody, 1) == ()


def test_two_samples_are_judged_as_by_pearson() -> None:
    """By scipy's chi-squared where it may be looked up; small samples by Fisher's reasoning stay above it."""
    table = np.array([[400, 300, 300], [36, 24, 40]])
    expected = chi2_contingency(table, correction=False).pvalue
    assert alike(table, np.random.default_rng(1)).p_value == pytest.approx(expected)
    strong = alike(np.array([[500, 500], [10, 40]]), np.random.default_rng(1))
    assert strong.p_value == pytest.approx(chi2_contingency([[500, 500], [10, 40]], correction=False).pvalue, abs=1e-4)
    assert (strong.was, strong.now) in [(0.5, 0.2), (0.5, 0.8)]


def test_holm_by_hand() -> None:
    """0.01 x 3, 0.02 x 2, and 0.03 x 1 is less than what stands before it."""
    assert holm([0.01, 0.02, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_value_stands_at_its_bin_or_level_or_among_the_missing() -> None:
    """Deciles of 0..99 are bounds 9, 19, ... 89 that belong below; missing stands after the last of ten bins."""
    rows = np.column_stack(
        [np.arange(100.0), np.tile([0.0, 1.0], 50), np.tile([1.0, 2.0, 3.0, 4.0], 25), np.zeros(100)]
    )
    size, _, trade, noise = draw_reference(rows, COLUMNS, np.zeros(100)).columns
    assert places(np.array([9.0, 10.0, 99.0, 1e9, np.nan]), size).tolist() == [0, 1, 9, 9, 10]
    assert places(np.array([0.0, 4.0]), trade).tolist() == [0, 4]
    assert places(np.array([-1.0, 5.0, np.nan]), noise).tolist() == [0, 0, 1]


def test_what_moved_is_said_in_words_where_it_is_about_a_column() -> None:
    rows = companies(200, np.random.default_rng(1))
    reference = draw_reference(rows, COLUMNS, truth(rows), np.zeros(200, dtype=np.int8))
    of = {
        "demo": Attribute("demo", "demo", "flag", "behavioural", "intent"),
        "trade": Attribute("trade", "trade", "category", "firmographic", "fit"),
    }

    def words(about: str, place: int) -> str:
        drift = Drift(kind="attributes", about=about, deals=9, p_value=0.0, adjusted=0.0, was=0.1, now=0.4, place=place)
        return told(drift, reference, COLUMNS, of).where

    assert (words("trade", 2), words("trade", 4)) == ("a", "c")
    assert words("demo", 1) == "yes"
    assert words("", 0) == ""  # the level of all deals is about no column


def test_where_one_side_holds_nobody_nothing_is_told_apart() -> None:
    assert alike(np.array([[5, 5], [0, 0]]), np.random.default_rng(1)) == NOTHING


def test_a_concept_needs_two_groups_with_deals_enough() -> None:
    before = Before(np.array([0, 0, 1, 1]), np.array([0.1, -0.1]), np.array([0.01, 0.01]), np.array([True, True]))
    of_one = np.zeros(50, dtype=np.int64)
    won, p = (np.arange(50) % 2).astype(np.int8), np.full(50, 0.5)
    assert off_otherwise(before, of_one, won, p, np.random.default_rng(1)) == NOTHING
