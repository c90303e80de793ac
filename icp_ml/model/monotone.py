"""Attributes that were asked to work in one direction, in both members.

In the scorecard a number is a thermometer, so its points rise where no step's coefficient is negative: the same ridge
regression, with bounds (L-BFGS-B, Byrd, Lu, Nocedal and Zhu 1995). In the trees LightGBM's `basic` method keeps every
leaf on the one side of a split at or under every leaf on the other. Its other methods compare neighbouring leaves only:
they fit closer, and the average over a side could still turn, and with it what a tree contributes. Under `basic` the
contribution of each tree is monotone as well, because it is a mixture of differences between such averages.

Nothing is asked of a missing value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.deals.vocabulary import ModelColumn

Floats = NDArray[np.float64]

MOST_STEPS = 2_000


def tree_constraints(columns: Sequence[ModelColumn]) -> dict[str, object]:
    """LightGBM's settings for these columns; none where nothing is asked."""
    directions = [column.monotone for column in columns]
    if not any(directions):
        return {}
    return {"monotone_constraints": directions, "monotone_constraints_method": "basic"}


def bounded_regression(
    design: Floats, won: NDArray[np.int8], directions: NDArray[np.int8], weights: Floats | None
) -> tuple[float, Floats]:
    """Intercept and coefficients (k,) of a logistic regression with ridge 1, each coefficient on its side of zero.

    design: (n, k). won: (n,) of 0 and 1, both present. directions: (k,), 1 for at least 0, -1 for at most 0, 0 for any.
    weights: (n,) or None. The intercept bears no ridge. Minimises the weighted sum of log losses + |coefficients|² / 2.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - loaded where a model is fitted

    importance = np.ones(len(won)) if weights is None else weights

    def objective(theta: Floats) -> tuple[float, Floats]:
        z, beta = theta[0] + design @ theta[1:], theta[1:]
        loss = float(importance @ (np.logaddexp(0.0, z) - won * z)) + 0.5 * float(beta @ beta)
        left = importance * (expit(z) - won)
        return loss, np.concatenate([[left.sum()], left @ design + beta])

    start = np.zeros(design.shape[1] + 1)
    rate = float(importance @ won / importance.sum())
    start[0] = np.log(rate / (1.0 - rate))
    bounds = [(None, None), *(_SIDES[int(direction)] for direction in directions)]
    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": MOST_STEPS, "maxfun": 2 * MOST_STEPS, "gtol": 1e-7, "ftol": 1e-14},
    )
    return float(found.x[0]), np.asarray(found.x[1:], dtype=np.float64)


_SIDES = {-1: (None, 0.0), 0: (None, None), 1: (0.0, None)}
