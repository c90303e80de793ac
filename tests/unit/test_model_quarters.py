"""Calendar quarters: edges counted by hand on a calendar."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.model.quarters import quarters_between


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2023-11-08", "2024-06-30", ["2024 Q1 2024-01-01 2024-03-31 whole", "2024 Q2 2024-04-01 2024-06-30 whole"]),
        ("2023-11-08", "2024-06-29", ["2024 Q1 2024-01-01 2024-03-31 whole", "2024 Q2 2024-04-01 2024-06-29 cut"]),
        ("2024-01-01", "2024-04-01", ["2024 Q2 2024-04-01 2024-04-01 cut"]),  # the first day is no past
        ("2023-12-31", "2024-01-01", ["2024 Q1 2024-01-01 2024-01-01 cut"]),
        ("2023-12-31", "2023-12-31", []),
        ("2024-01-01", "2024-03-31", []),
        ("2024-02-10", "2023-02-10", []),  # nothing has had time to close
    ],
)
def test_quarters_start_after_the_first_opening_and_end_with_the_last_day(
    first: str, last: str, expected: list[str]
) -> None:
    found = quarters_between(day(first), day(last))
    assert [f"{q.name} {q.start} {q.end} {'whole' if q.whole else 'cut'}" for q in found] == expected


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 30_000), st.integers(0, 400))
def test_every_day_after_the_first_quarter_lies_in_exactly_one_quarter(start: int, span: int) -> None:
    first = day("1970-01-01") + start
    days = first + np.arange(span + 1)
    held = np.zeros(len(days), dtype=int)
    for quarter in quarters_between(first, days[-1]):
        held += quarter.holds(days)
    in_first = [
        f"{str(d)[:4]}{(int(str(d)[5:7]) - 1) // 3}" == f"{str(first)[:4]}{(int(str(first)[5:7]) - 1) // 3}"
        for d in days
    ]
    assert np.array_equal(held, np.where(in_first, 0, 1))
