"""Which reasons are given, worked by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.serve.reasons import ReasonBook, reason_book
from tests.serve_models import AS_OF, ATTRIBUTES, raw_list, win_model

DAY = np.array(AS_OF, dtype="datetime64[D]")


def book() -> ReasonBook:
    return reason_book(win_model(), ATTRIBUTES)


def parsed_row(**given: str | None) -> ParsedTable:
    """One row in which everything is known but what is given as None."""
    known = {"employees": "80", "annual_revenue": "$1M", "industry": "Retail", "founded": "2000", "tools": "Jira"}
    known |= {"funded": "2020-01-01", "size": "small", "band": "10-50", "demo": "yes", "visits": "3"}
    row = {**known, **given}
    return parse_attributes(pa.Table.from_pylist([row], raw_list(1, 1).schema.remove(0)), ATTRIBUTES, DAY)


def strongest(parsed: ParsedTable, by_column: dict[str, float], count: int) -> tuple[list[object], list[object]]:
    """Label and effect of each reason, for and against, where only the named columns contribute."""
    vocabulary = win_model().vocabulary
    values = np.array([[by_column.get(column.name, 0.0) for column in vocabulary.columns]])
    ours = book()
    labels = pa.array(ours.labels)
    found = ours.strongest(vocabulary.encode(parsed), values, parsed, count)
    pairs = [[array.to_pylist()[0] for array in side.columns(labels)] for side in found]
    return pairs[0], pairs[1]


def test_the_largest_come_first_and_the_rest_is_null() -> None:
    effects = {"demo": 0.2, "industry": 0.5, "visits": -0.1, "employees": -0.3}
    reasons_for, reasons_against = strongest(parsed_row(), effects, 3)
    assert reasons_for == ["industry: Retail", 0.5, "demo: yes", 0.2, None, None]
    assert reasons_against == ["employees 60 to 105", -0.3, "visits up to 6", -0.1, None, None]


def test_ties_go_to_the_earlier_column_and_rounding_is_no_reason() -> None:
    # In the vocabulary employees stands before industry, and industry before demo.
    effects = {"demo": 0.5, "industry": 0.5, "employees": 0.5, "visits": 1e-12}
    reasons_for, reasons_against = strongest(parsed_row(), effects, 2)
    assert reasons_for == ["employees 60 to 105", 0.5, "industry: Retail", 0.5]
    assert reasons_against == [None, None, None, None]


def test_members_are_reasons_of_their_own_while_the_set_is_known() -> None:
    effects = {"tools:HubSpot": -0.4, "tools:Jira": 0.3}
    reasons_for, reasons_against = strongest(parsed_row(tools="Jira"), effects, 1)
    assert reasons_for == ["tools: Jira", 0.3]
    assert reasons_against == ["tools: no HubSpot", -0.4]


def test_a_set_that_is_not_known_is_one_reason_with_the_sum_of_its_factors() -> None:
    effects = {"tools:HubSpot": -0.5, "tools:Jira": 0.25, "tools (count)": -0.125}
    reasons_for, reasons_against = strongest(parsed_row(tools=None), effects, 2)
    assert reasons_for == [None, None, None, None]
    assert reasons_against == ["tools not known", -0.375, None, None]


def test_a_gap_that_the_model_fills_is_still_told_as_a_gap() -> None:
    """No deal lacked visits, so the model puts the median there; the reason says what is true of the row."""
    reasons_for, _ = strongest(parsed_row(visits=None), {"visits": 0.1}, 1)
    assert reasons_for == ["visits not known", 0.1]


def test_labels_are_distinct_although_columns_share_some() -> None:
    labels = book().labels
    assert len(set(labels)) == len(labels)
    assert labels.count("tools not known") == 1
