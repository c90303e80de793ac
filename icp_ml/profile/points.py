"""Whole points that add up to a hundred."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

ALL_POINTS: Final = 100


def whole_points(effects: Sequence[float]) -> tuple[int, ...]:
    """A hundred points in proportion to effects, at least one each, by largest remainders (Hamilton's method).

    effects: at most 100 of them; what is not above zero counts as zero, and where all do each gets the same.
    """
    if not effects:
        return ()
    strength = np.maximum(np.asarray(effects, dtype=np.float64), 0.0)
    if not strength.sum():
        strength = np.ones(len(strength))
    left = ALL_POINTS - len(strength)
    exact = strength / strength.sum() * left
    points = np.floor(exact).astype(int)
    for place in np.argsort(points - exact, kind="stable")[: left - int(points.sum())]:
        points[place] += 1
    return tuple(int(each) + 1 for each in points)
