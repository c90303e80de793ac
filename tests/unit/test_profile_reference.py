"""The drift reference: counts by hand."""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.profile.reference import draw_reference
from tests.model_columns import category, number

NAN = np.nan


def test_shares_by_hand() -> None:
    rows = np.column_stack([[1.0, 2.0, 2.0, 3.0, NAN], [0.0, 2.0, 2.0, 3.0, 1.0]])
    found = draw_reference(rows, (number("size"), category("trade", 2)), np.arange(5.0))
    size, trade = found.columns
    # Of four known sizes one is 1, two are 2 and one is 3; inner bounds 1 and 2, since nothing lies above 3.
    assert size.edges == (1.0, 2.0)
    assert size.shares == (0.25, 0.5, 0.25)
    assert size.missing == pytest.approx(0.2)
    # One of five trades is missing; of the other four one is rare, two are the first level and one the second.
    assert trade.shares == (0.0, 0.25, 0.5, 0.25)
    assert trade.missing == pytest.approx(0.2)
    assert found.deals == 5
    assert found.log_odds == pytest.approx(tuple(np.arange(11) * 0.4))


def test_ten_bins_of_a_spread_number_hold_a_tenth_each() -> None:
    (column,) = draw_reference(np.arange(1000.0)[:, None], (number("n"),), np.zeros(1000)).columns
    assert len(column.edges) == 9
    assert column.shares == pytest.approx((0.1,) * 10, abs=0.002)


def test_a_column_that_is_never_known_has_no_shares() -> None:
    (column,) = draw_reference(np.full((4, 1), NAN), (number("n"),), np.zeros(4)).columns
    assert (column.edges, column.shares, column.missing) == ((), (0.0,), 1.0)


def test_a_column_of_one_value_is_one_bin() -> None:
    (column,) = draw_reference(np.full((4, 1), 7.0), (number("n"),), np.zeros(4)).columns
    assert (column.edges, column.shares) == ((), (1.0,))
