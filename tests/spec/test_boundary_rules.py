"""The rule that a boundary becomes: it holds at least 97.5 % of the won and of the lost deals, and leaves somebody out.

Each case says how many deals have each value, won and lost.
"""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable, SetColumn
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.profile.account_shares import Shares
from icp_ml.profile.boundary import Held, boundary_condition, boundary_state
from icp_ml.profile.condition_words import condition_words
from icp_ml.profile.segmenting import condition, having

STAGES = ("Seed", "Series A", "Series B", "Public")
BANDS = SegmentsSettings(bands={"x": (11, 51, 201, 501, 1001)})


def attribute(kind: str) -> Attribute:
    order = STAGES if kind == "ordered" else ()
    return Attribute("x", "x", kind, "firmographic", "fit", order=order)  # type: ignore[arg-type]


def held(kind: str, lines: str) -> Held:
    """Lines of `value won lost`; members of a set have + between them, and - is a set without any."""
    values, won = [], []
    for line in lines.strip().splitlines():
        value, wins, losses = line.split()
        values += [value.replace("_", " ")] * (int(wins) + int(losses))
        won += [1] * int(wins) + [0] * int(losses)
    table = ParsedTable(len(values), {"x": _column(kind, values)}, ())
    return Held(attribute(kind), table, np.array(won, dtype=np.int8))


def _column(kind: str, values: list[str]) -> ParsedColumn:
    if kind == "category":
        names, codes = np.unique(values, return_inverse=True)
        return CategoryColumn(codes.astype(np.int32), tuple(names.tolist()))
    if kind == "set":
        members = [value.split("+") if value != "-" else [] for value in values]
        levels = tuple(sorted({each for row in members for each in row}))
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in members])]).astype(np.int64)
        indices = np.array([levels.index(each) for row in members for each in sorted(row)], dtype=np.int32)
        return SetColumn(indptr, indices, levels, np.zeros(len(values), dtype=bool))
    numbers = [STAGES.index(value) if kind == "ordered" else float(value) for value in values]
    return NumberColumn(np.array(numbers, dtype=np.float64))


LEVELS = {
    "one level holds enough": ("Software 98 195\nRetail 2 5", "x: Software"),
    "a second one is needed for the losses": ("Software 98 190\nRetail 1 8\nEnergy 1 2", "x: Software, Retail"),
    "all that were seen would be needed": ("Software 95 190\nRetail 5 10", "x: Software"),
    "nothing else was seen": ("Software 100 200", "x: Software"),
}
RANGES = {
    # 2 % of either are under 60, and under 300 would leave out 28 %: the next cut in use is a band's.
    "2 % may be outside": ("20 2 4\n60 40 80\n150 30 60\n300 28 56", "x 60 to under 501"),
    # 3 % of the losses are at 20, so that the range begins at the band below.
    "3 % of the losses may not": ("20 2 6\n60 50 97\n300 48 97", "x 11 to under 501"),
    "nor may 3 % of the wins": ("20 3 2\n60 49 99\n300 48 99", "x 11 to under 501"),
}
STEPS = {
    "from a level on": ("Seed 2 4\nSeries_A 40 80\nSeries_B 40 80\nPublic 18 36", "x: Series A or later"),
    "between two": ("Seed 1 2\nSeries_A 50 100\nSeries_B 48 96\nPublic 1 2", "x: Series A to under Public"),
    "the last one holds enough": ("Seed 2 4\nPublic 98 196", "x: Public or later"),
    "every level is needed": ("Seed 3 6\nSeries_A 50 100\nSeries_B 44 88\nPublic 3 6", "x: Series A or later"),
}
MEMBERS = {
    "one tool": ("Crmly 98 196\nOther 2 4", "x: Crmly"),
    "one of two tools": ("Crmly 95 190\nOther+Third 4 8\nThird 1 2", "x: Crmly or Third"),
    "some have none at all": ("Crmly 95 190\n- 5 10", "x: Crmly"),
    "beside others": ("Crmly+Other 95 190\nThird 5 10", "x: Crmly or Third"),
}


@pytest.mark.parametrize("title", LEVELS)
def test_levels(title: str) -> None:
    lines, words = LEVELS[title]
    deals = held("category", lines)
    found = boundary_condition(deals, having(deals.attribute, ["Software"]), BANDS)
    assert condition_words(found, deals.attribute) == words


@pytest.mark.parametrize("title", STEPS)
def test_steps_of_an_order(title: str) -> None:
    lines, words = STEPS[title]
    deals = held("ordered", lines)
    found = boundary_condition(deals, condition(deals.attribute, at_least="Series A"), BANDS)
    assert condition_words(found, deals.attribute) == words


@pytest.mark.parametrize("title", MEMBERS)
def test_members(title: str) -> None:
    lines, words = MEMBERS[title]
    deals = held("set", lines)
    found = boundary_condition(deals, having(deals.attribute, ["Crmly"]), BANDS)
    assert condition_words(found, deals.attribute) == words


@pytest.mark.parametrize(
    ("won", "lost", "of_won", "of_lost", "is_boundary"),
    [
        (0.97, 0.97, 1000, 1000, True),
        (0.97, 0.97, 30, 30, False),  # they may differ by more than five points
        (1.00, 1.00, 30, 30, False),  # so may these: an account more or less is three points
        (1.00, 1.00, 200, 200, True),  # nothing varies, and it is still who is sold to
        (0.99, 0.91, 1000, 1000, False),  # nearly all on both sides, and not alike
        (0.89, 0.89, 9000, 9000, False),  # alike, and not nearly all
        (0.90, 0.90, 9000, 9000, True),
        (0.50, 0.50, 9000, 9000, False),
    ],
)
def test_what_is_a_boundary(won: float, lost: float, of_won: int, of_lost: int, is_boundary: bool) -> None:  # noqa: FBT001
    found = boundary_state(Shares(np.array([won]), np.array([lost]), of_won, of_lost))
    assert (found is not None) is is_boundary


def test_of_two_states_the_narrower_is_the_boundary() -> None:
    assert boundary_state(Shares(np.array([0.99, 0.95]), np.array([0.99, 0.95]), 2000, 2000)) == 1


@pytest.mark.parametrize("title", RANGES)
def test_ranges(title: str) -> None:
    lines, words = RANGES[title]
    deals = held("number", lines)
    found = boundary_condition(deals, condition(deals.attribute, at_least=51.0), BANDS)
    assert condition_words(found, deals.attribute) == words
