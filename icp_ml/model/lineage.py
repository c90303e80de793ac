"""Contributions rolled up the way back from columns: factor, attribute, layer, axis. Sums, signed, and nothing lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.vocabulary import ModelColumn

Floats = NDArray[np.float64]

Level = Literal["factor", "attribute", "layer", "axis"]


def roll_up(values: Floats, columns: Sequence[ModelColumn], level: Level) -> tuple[tuple[str, ...], Floats]:
    """Names at the level, in the order of their first column, and the summed contributions, shape (n, names).

    values: (n, p) in log-odds, one column for each of `columns`. Row sums stay what they were.
    """
    name_of = [str(getattr(column, level)) for column in columns]
    names = tuple(dict.fromkeys(name_of))
    sums = np.zeros((len(values), len(names)))
    # Added one column after the other: a matrix product may round a row differently among other rows.
    for j, name in enumerate(name_of):
        sums[:, names.index(name)] += values[:, j]
    return names, sums
