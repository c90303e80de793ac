"""The nearest accounts by blocks are those of a slow search in exact numbers, and of scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from icp_ml.profile.neighbours import BLOCK, UNITS, Neighbours, SeenValues, leave_one_out

Units = NDArray[np.int32]


def crowd(points: Units, won: NDArray[np.int8]) -> Neighbours:
    accounts = tuple(f"a{number}" for number in range(len(points)))
    seen = (SeenValues((0,), None, None),) * points.shape[1]
    return Neighbours(accounts, won, points, np.zeros_like(points), seen, None, len(points))


def slow_search(points: Units, asked: Units, count: int) -> tuple[list[list[int]], list[list[float]]]:
    """Python's whole numbers, one pair at a time; of equals the one that stands first."""
    places, distances = [], []
    for one in asked.tolist():
        squares = [sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) for other in points.tolist()]
        order = sorted(range(len(squares)), key=lambda place: (squares[place], place))[:count]
        places.append(order)
        distances.append([math.sqrt(squares[place]) / UNITS for place in order])
    return places, distances


def test_by_blocks_and_one_by_one() -> None:
    rng = np.random.default_rng(2)
    # few different values, so that many accounts are equally near
    points = rng.choice([-20_000, 0, 31, 4_000], (150, 5)).astype(np.int32)
    asked = rng.choice([-20_000, 0, 31, 4_000], (2 * BLOCK + 7, 5)).astype(np.int32)
    won = rng.integers(0, 2, 150).astype(np.int8)
    for outcome in (0, 1):
        known = np.flatnonzero(won == outcome)
        found = crowd(points, won).nearest_won(asked) if outcome else crowd(points, won).nearest_lost(asked)
        places, distances = slow_search(points[known], asked, 3)
        assert found.places.tolist() == known[np.array(places)].tolist()
        assert np.allclose(found.distances, distances, rtol=1e-15, atol=0)


def test_beside_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(0, 5_000, (800, 40)).astype(np.int32)
    asked = rng.normal(0, 5_000, (300, 40)).astype(np.int32)
    found = crowd(points, np.ones(800, dtype=np.int8)).nearest_won(asked)
    judge = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(points.astype(np.float64))
    distances, places = judge.kneighbors(asked.astype(np.float64))
    assert np.array_equal(found.places, places)
    assert np.allclose(found.distances, distances / UNITS, rtol=1e-12)
    nearest_other = NearestNeighbors(n_neighbors=2, algorithm="kd_tree").fit(points.astype(np.float64))
    expected = nearest_other.kneighbors(points.astype(np.float64))[0][:, 1]
    assert np.allclose(leave_one_out(points), expected / UNITS, rtol=1e-12)
