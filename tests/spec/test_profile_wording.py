"""What a reason says, as tables: the cut points of a scorecard on the left, the words on the right."""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.settings import Kind
from icp_ml.deals.vocabulary import MISSING_LEVEL, OTHER_LEVEL, ColumnKind, ModelColumn
from icp_ml.model.scorecard import ColumnPoints
from icp_ml.profile.wording import label_codes, label_texts, state_words

# Employees are whole: a bin starts at the first whole number above its cut. The last text is for "missing".
NUMBERS = [
    ("employees", [50.5, 200.5, 1000.5], "up to 50 | 51 to 200 | 201 to 1,000 | over 1,000"),
    ("employees", [50.0, 200.5], "up to 50 | 51 to 200 | over 200"),
    ("tickets", [0.5, 1.5, 2.5], "up to 0 | 1 | 2 | over 2"),
    # These cuts lie between whole numbers, but no whole number lies between 1 and 1.5: not whole.
    ("score", [1.0, 1.5], "up to 1 | 1 to 1.5 | over 1.5"),
    ("ratio", [0.1234, 0.5678], "up to 0.123 | 0.123 to 0.568 | over 0.568"),
    # Three digits, unless two cuts would then read the same.
    ("revenue", [1_234_567.25, 4_567_890_123.25], "up to 1.23M | 1.23M to 4.57B | over 4.57B"),
    ("traffic", [12_341.5, 12_344.5], "up to 12,341 | 12,342 to 12,344 | over 12,344"),
    ("traffic", [12_345.5, 98_765.5], "up to 12,300 | 12,300 to 98,800 | over 98,800"),
    ("change", [-5.25, 0.0], "up to -5.25 | -5.25 to 0 | over 0"),
    ("constant", [], "known"),
]


@pytest.mark.parametrize(("name", "cuts", "words"), NUMBERS)
def test_a_number_is_told_by_its_bin(name: str, cuts: list[float], words: str) -> None:
    expected = [f"{name} {part}" for part in words.split(" | ")]
    assert labels("number", "number", cuts, name=name) == [*expected, f"{name} not known"]


AGES: list[tuple[Kind, list[float], str]] = [
    ("date", [2.04, 8.26], "founded up to 2 years ago | founded 2 to 8.3 years ago | founded over 8.3 years ago"),
    ("date", [0.5, 1.5], "founded up to 0.5 years ago | founded 0.5 to 1.5 years ago | founded over 1.5 years ago"),
    ("year", [2.5, 8.5], "founded up to 2 years ago | founded 3 to 8 years ago | founded over 8 years ago"),
]


@pytest.mark.parametrize(("kind", "cuts", "words"), AGES)
def test_dates_and_years_are_told_as_ages(kind: Kind, cuts: list[float], words: str) -> None:
    assert labels(kind, "number", cuts, name="founded") == [*words.split(" | "), "founded not known"]


def test_declared_levels_are_told_by_name() -> None:
    found = labels("ordered", "ordered", [0.5, 2.5], name="size", order=("tiny", "small", "medium", "large"))
    assert found == ["size: tiny", "size: small to medium", "size: large", "size not known"]


def test_range_texts_are_told_by_where_they_start() -> None:
    found = labels("ordered", "ordered", [30.5, 125.5], name="band")
    assert found == [
        "band starting at 30 or less",
        "band starting at 31 to 125",
        "band starting over 125",
        "band not known",
    ]


def test_flags_and_categories_are_told_by_their_value() -> None:
    assert labels("flag", "flag", [0.5], name="demo") == ["demo: no", "demo: yes", "demo not known"]
    levels = (MISSING_LEVEL, OTHER_LEVEL, "Retail", "Software")
    found = labels("category", "category", [], name="industry", levels=levels)
    assert found == ["industry not known", "industry: other", "industry: Retail", "industry: Software"]


def test_members_of_a_set_are_told_by_their_own_name() -> None:
    attribute = Attribute("tools", "tools", "set", "technographic", "fit")
    member = ModelColumn("tools:HubSpot", "tools:HubSpot", "tools", "technographic", "fit", "member")
    count = ModelColumn("tools (count)", "tools (count)", "tools", "technographic", "fit", "count")
    assert label_texts(attribute, member, points([0.5])) == ("tools: no HubSpot", "tools: HubSpot", "tools not known")
    assert label_texts(attribute, count, points([2.5, 5.5])) == (
        "tools (count) up to 2",
        "tools (count) 3 to 5",
        "tools (count) over 5",
        "tools not known",
    )


def test_a_value_on_a_cut_is_in_the_bin_below_it_and_a_filled_gap_is_still_a_gap() -> None:
    column = ModelColumn("employees", "employees", "employees", "firmographic", "fit", "number", fill=80.0)
    values = np.array([50.0, 50.5, 51.0, 200.5, 201.0, 80.0])
    missing = np.array([False, False, False, False, False, True])
    # bins: up to 50 | 51 to 200 | over 200 | not known
    assert label_codes(column, points([50.5, 200.5]), values, missing).tolist() == [0, 0, 1, 1, 2, 3]


# What an ICP says of several states of one attribute: bins are counted from 0, the one after the last is "not known".
STATES = [
    ([50.5, 200.5, 1000.5], [0], "up to 50"),
    ([50.5, 200.5, 1000.5], [1], "51 to 200"),
    ([50.5, 200.5, 1000.5], [3], "over 1,000"),
    # Neighbours are one range, in whatever order they are named.
    ([50.5, 200.5, 1000.5], [0, 1], "up to 200"),
    ([50.5, 200.5, 1000.5], [2, 1], "51 to 1,000"),
    ([50.5, 200.5, 1000.5], [3, 1, 2], "over 50"),
    # Others stay apart.
    ([50.5, 200.5, 1000.5], [0, 2], "up to 50, 201 to 1,000"),
    ([50.5, 200.5, 1000.5], [0, 3], "up to 50, over 1,000"),
    # "Not known" is no neighbour of the highest bin.
    ([50.5, 200.5, 1000.5], [4], "not known"),
    ([50.5, 200.5, 1000.5], [3, 4], "over 1,000, not known"),
    ([50.5, 200.5, 1000.5], [0, 1, 2, 3], "known"),
    ([], [0], "known"),
    ([], [1], "not known"),
    ([0.1234, 0.5678], [1, 2], "over 0.123"),
    ([0.5, 1.5, 2.5], [1], "1"),
    ([0.5, 1.5, 2.5], [1, 2], "1 to 2"),
    # A cut at 1 says that these are not whole numbers: 1.4 is not over 1.5.
    ([1.0, 1.5], [2], "over 1.5"),
    ([1.0, 1.5], [0, 1], "up to 1.5"),
    # Two ranges that leave out what lies between them must not seem to touch.
    ([12_341.5, 12_344.5], [0, 2], "up to 12,341, over 12,344"),
]


@pytest.mark.parametrize(("cuts", "codes", "words"), STATES)
def test_neighbouring_bins_of_a_number_are_told_as_one_range(cuts: list[float], codes: list[int], words: str) -> None:
    assert states("number", "number", cuts, codes) == words


@pytest.mark.parametrize("cuts", [cuts for _, cuts, _ in NUMBERS])
def test_a_single_bin_is_told_in_the_icp_as_in_the_reasons(cuts: list[float]) -> None:
    reasons = labels("number", "number", cuts, name="x")
    for code, reason in enumerate(reasons):
        assert f"x {states('number', 'number', cuts, [code])}" == reason


SIZES = ("tiny", "small", "medium", "large")
RANKS = [
    ([0.5, 2.5], [0], "tiny"),
    ([0.5, 2.5], [1], "small to medium"),
    ([0.5, 2.5], [2], "large"),
    ([0.5, 2.5], [0, 1], "tiny to medium"),
    ([0.5, 2.5], [1, 2], "small to large"),
    ([0.5, 2.5], [0, 2], "tiny, large"),
    ([0.5, 2.5], [2, 3], "large, not known"),
]


@pytest.mark.parametrize(("cuts", "codes", "words"), RANKS)
def test_neighbouring_declared_levels_are_told_by_first_and_last(
    cuts: list[float], codes: list[int], words: str
) -> None:
    assert states("ordered", "ordered", cuts, codes, order=SIZES) == words


@pytest.mark.parametrize(
    ("kind", "cuts", "codes", "words"),
    [
        ("date", [2.04, 8.26], [0], "up to 2 years ago"),
        ("date", [2.04, 5.5, 8.26], [1, 2], "2 to 8.3 years ago"),
        ("date", [0.5, 1.5], [2], "over 1.5 years ago"),
        ("year", [2.5, 8.5], [1], "3 to 8 years ago"),
        ("year", [2.5, 5.5, 8.5], [2, 3], "over 5 years ago"),
        ("year", [2.5, 8.5], [2, 3], "over 8 years ago, not known"),
    ],
)
def test_neighbouring_ages_are_told_as_one_age(kind: Kind, cuts: list[float], codes: list[int], words: str) -> None:
    assert states(kind, "number", cuts, codes) == words


@pytest.mark.parametrize(
    ("codes", "words"),
    [([0], "starting at 30 or less"), ([1], "starting at 31 to 125"), ([1, 2], "starting over 30")],
)
def test_neighbouring_ranges_are_told_by_where_they_start(codes: list[int], words: str) -> None:
    assert states("ordered", "ordered", [30.5, 125.5], codes) == words


@pytest.mark.parametrize("kind", ["flag", "member"])
@pytest.mark.parametrize(
    ("codes", "words"),
    [([0], "no"), ([1], "yes"), ([2], "not known"), ([1, 2], "yes, not known"), ([0, 1], "known")],
)
def test_flags_and_members_are_told_by_yes_and_no(kind: ColumnKind, codes: list[int], words: str) -> None:
    assert states("flag" if kind == "flag" else "set", kind, [0.5], codes) == words


@pytest.mark.parametrize("kind", ["flag", "member"])
def test_where_only_being_known_varies_that_is_what_is_told(kind: ColumnKind) -> None:
    assert states("flag" if kind == "flag" else "set", kind, [], [0]) == "known"
    assert states("flag" if kind == "flag" else "set", kind, [], [1]) == "not known"


@pytest.mark.parametrize(
    ("codes", "words"),
    [([3], "Software"), ([3, 2], "Retail, Software"), ([1], "other"), ([0, 1, 3], "Software, not known, other")],
)
def test_categories_are_listed_by_name_and_what_has_no_name_comes_last(codes: list[int], words: str) -> None:
    levels = (MISSING_LEVEL, OTHER_LEVEL, "Retail", "Software")
    assert states("category", "category", [], codes, levels=levels) == words


def states(
    kind: Kind,
    column_kind: ColumnKind,
    cuts: list[float],
    codes: list[int],
    *,
    order: tuple[str, ...] = (),
    levels: tuple[str, ...] = (),
) -> str:
    attribute = Attribute("x", "x", kind, "firmographic", "fit", order=order)
    column = ModelColumn("x", "x", "x", "firmographic", "fit", column_kind, levels)
    return state_words(attribute, column, points(cuts), codes)


def labels(
    kind: Kind,
    column_kind: ColumnKind,
    cuts: list[float],
    *,
    name: str,
    order: tuple[str, ...] = (),
    levels: tuple[str, ...] = (),
) -> list[str]:
    attribute = Attribute(name, name, kind, "firmographic", "fit", order=order)
    column = ModelColumn(name, name, name, "firmographic", "fit", column_kind, levels)
    return list(label_texts(attribute, column, points(cuts)))


def points(cuts: list[float]) -> ColumnPoints:
    return ColumnPoints(np.array(cuts), np.zeros(len(cuts) + 2), 0.0, is_category=False)
