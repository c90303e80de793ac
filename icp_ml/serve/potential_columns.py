"""The columns of deal potential in a scored list: beside the score, never inside.

    expected_acv, expected_acv_low, expected_acv_high      what a win brings, and where it lies in four of five wins
    expected_cycle_days                                    how long a win takes
    expected_value                                         probability x expected_acv

A bundle has those of which it holds a model.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.profile.potential import Potential

Floats = NDArray[np.float64]

ACV: Final = ("expected_acv", "expected_acv_low", "expected_acv_high")
CYCLE: Final = "expected_cycle_days"
VALUE: Final = "expected_value"


def potential_columns(potential: Potential | None) -> tuple[str, ...]:
    """The names of the columns that a bundle has, in their order."""
    if potential is None:
        return ()
    of_acv, of_value = (ACV, (VALUE,)) if potential.acv is not None else ((), ())
    of_cycle = (CYCLE,) if potential.cycle is not None else ()
    return (*of_acv, *of_cycle, *of_value)


def potential_values(potential: Potential | None, encoded: Floats, probability: Floats) -> tuple[Floats, ...]:
    """Their values, each (n,). encoded: (n, p). probability: (n,), the one that is shown beside them."""
    if potential is None:
        return ()
    acv, cycle, value = [], [], []
    if potential.acv is not None:
        mean = potential.acv.mean(encoded)
        acv = [mean, potential.acv.low * mean, potential.acv.high * mean]
        value = [probability * mean]
    if potential.cycle is not None:
        cycle = [potential.cycle.mean(encoded)]
    return (*acv, *cycle, *value)
