"""Whole points: a hundred in all, at least one each, in proportion to effects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icp_ml.profile.points import ALL_POINTS, whole_points


@pytest.mark.parametrize(
    ("effects", "points"),
    [
        # One point each is given first; 98, 97 and 96 are left.
        ([1.0, 1.0], (50, 50)),
        ([2.0, 1.0, 1.0], (50, 25, 25)),  # 48.5, 24.25, 24.25 of 97: one is left, and the first has most of a rest
        ([1.0, 0.0, 0.0, 0.0], (97, 1, 1, 1)),
        ([0.0, -1.0], (50, 50)),
        ([0.3], (100,)),
        ([], ()),
    ],
)
def test_points_by_hand(effects: list[float], points: tuple[int, ...]) -> None:
    assert whole_points(effects) == points


@given(st.lists(st.floats(min_value=-1.0, max_value=5.0), min_size=1, max_size=20))
def test_they_add_up_and_keep_the_order(effects: list[float]) -> None:
    points = whole_points(effects)
    assert sum(points) == ALL_POINTS
    assert min(points) >= 1
    assert all(
        p >= q
        for p, a in zip(points, effects, strict=True)
        for q, b in zip(points, effects, strict=True)
        if a > b and a > 0
    )
