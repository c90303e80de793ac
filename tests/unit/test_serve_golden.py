"""What golden rows are drawn from: texts around the values at which an answer changes, each attribute by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from icp_ml.deals.attributes import Attribute
from icp_ml.serve.golden import GOLDEN_ROWS, UNSEEN, draw_rows, make_golden, possible_texts
from tests import serve_models

AS_OF = date(2026, 1, 1)
FUNDED = Attribute("funded", "funded", "date", "firmographic", "fit")


def test_texts_lie_around_the_ages_at_which_an_answer_changes_and_none_in_the_future() -> None:
    """1 year, then 0.4 years less an eighth, 0.4 and an eighth more: 365, 128, 146 and 164 days before the day. The
    cut below 0 is the day itself, as an age below 0 is none; the one beyond the calendar is 800 years ago."""
    assert possible_texts(FUNDED, (), (0.4, -3.0, 9_000.0), AS_OF) == (
        *("2025-01-01", "2025-08-26", "2025-08-08", "2025-07-21", "2026-01-01", "1225-12-26", UNSEEN),
    )
    founded = replace(FUNDED, kind="year")
    assert possible_texts(founded, (), (8.0,), AS_OF) == ("2025", "2019", "2018", "2017", UNSEEN)


def test_an_amount_is_written_with_the_sign_that_the_attribute_has_for_decimals() -> None:
    size = replace(FUNDED, kind="number", decimal=",")
    assert possible_texts(size, (), (4.0, -2.0), AS_OF) == (
        "1,0",
        "3,5",
        "4,0",
        "4,5",
        "-2,25",
        "-2,0",
        "-1,75",
        UNSEEN,
    )


def test_the_answers_of_one_column_are_drawn_like_columns_of_their_own() -> None:
    answered = [replace(each, column="ai", answer=f"read.{each.name}") for each in serve_models.ATTRIBUTES]
    model = serve_models.win_model()
    one = make_golden(model, answered, serve_models.AS_OF, 7)
    other = make_golden(model, serve_models.ATTRIBUTES, serve_models.AS_OF, 7)
    assert one.log_odds == other.log_odds
    for row, plain in zip(one.rows, other.rows, strict=True):
        read = json.loads(row["ai"] or "{}").get("read", {})
        assert {each.name: read.get(each.name) for each in serve_models.ATTRIBUTES} == {
            each.name: plain[each.column] for each in serve_models.ATTRIBUTES
        }


def test_a_row_of_which_nothing_would_be_known_has_its_first_value() -> None:
    """Of one column with one value that can be read every row has it or is left out, which no row may be."""
    assert draw_rows({"size": ("1", UNSEEN)}, seed=1) == ({"size": "1"},) * GOLDEN_ROWS
