"""The field's figures beside the deals: counted by hand, and answered only where the interval allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import parse_attributes
from icp_ml.profile.field_figures import FieldFigure, field_figures

TOOLS = Attribute("tools", "tools", "set", "technographic", "fit")
FUNDED = Attribute("funded", "funded", "date", "firmographic", "fit")
SIZE = Attribute("size", "size", "number", "firmographic", "fit")
DAY = np.datetime64("2025-06-30")


def asked(rows: Sequence[tuple[str | None, str | None, int]]) -> dict[str, FieldFigure]:
    """rows: tools, day of funding, won. Each deal is of an account of its own."""
    table = pa.table(
        {
            "tools": pa.array([tools for tools, _, _ in rows], pa.string()),
            "funded": pa.array([day for _, day, _ in rows], pa.string()),
            "size": pa.array(["5"] * len(rows)),
        }
    )
    attributes = (TOOLS, FUNDED, SIZE)
    won = np.array([each for _, _, each in rows], dtype=np.int8)
    found = field_figures(
        attributes, parse_attributes(table, attributes, np.array(DAY, dtype="datetime64[D]")), won, np.arange(len(rows))
    )
    return {each.words: each for each in found}


def test_five_tools_are_counted_and_unknown_stacks_are_on_no_side() -> None:
    five, four = "a;b;c;d;e", "a;b;c;d"
    rows = [(five, None, 1)] * 16 + [(five, None, 0)] * 4 + [(four, None, 1)] * 5 + [(four, None, 0)] * 15
    found = asked([*rows, *[(None, None, 1)] * 30])
    assert set(found) == {"tools: 5 or more"}
    figure = found["tools: 5 or more"]
    assert (figure.won, figure.deals, figure.others_won, figure.others) == (16, 20, 5, 20)
    assert figure.gap.value == pytest.approx(0.8 - 0.25)
    assert figure.answer == "as the field says"


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        ("2025-06-01", {"funded: within 24 months", "funded: under 3 years ago"}),
        ("2025-04-01", {"funded: within 24 months", "funded: under 3 years ago", "funded: 60 days to 6 months ago"}),
        ("2024-11-01", {"funded: within 24 months", "funded: under 3 years ago"}),
        ("2023-01-01", {"funded: under 3 years ago"}),
        ("2021-01-01", set()),
    ],
)
def test_dates_count_from_the_day_of_the_deal(day: str, holds: set[str]) -> None:
    """Twelve deals of the day, and twelve of each of two other days, so that every side has enough."""
    others = [(None, "2025-03-15", 0), (None, "2015-01-01", 0)] * 12
    found = asked([*[(None, day, 1)] * 12, *others])
    for words in ("funded: within 24 months", "funded: under 3 years ago", "funded: 60 days to 6 months ago"):
        figure = found[words]
        assert (figure.won == 12) == (words in holds)
        assert (figure.others_won == 12) == (words not in holds)


def test_the_other_way_round_is_said_and_noise_is_not_called_anything() -> None:
    five, four = "a;b;c;d;e", "a"
    turned = [(five, None, 0)] * 30 + [(four, None, 1)] * 25 + [(four, None, 0)] * 5
    assert asked(turned)["tools: 5 or more"].answer == "the other way round here"
    even = [(five, None, k % 2) for k in range(30)] + [(four, None, k % 2) for k in range(30)]
    assert asked(even)["tools: 5 or more"].answer == "cannot tell"


def test_a_side_of_few_deals_is_not_compared() -> None:
    assert asked([("a;b;c;d;e", None, 1)] * 9 + [("a", None, 0)] * 40) == {}
