"""Who changes tier from one model to the next, from one list to the next, and for which of four causes.

    step    data        model   cuts                 rules
    0       old list    old     old                  old
    1       new list    old     old                  old      what changed is the data
    2       new list    new     old, carried over    old      the model: who is ahead of whom
    3       new list    new     new                  old      calibration and cuts: how far up a tier begins
    4       new list    new     new                  new      the rules: who is excluded or outside the market

How the old cuts are carried over to the new model is told in `carried_cuts`. Each step moves an account by a number of
tiers, up or down, no tier lying below the lowest one, and the four add up to its whole move. An account that moved
counts under one cause: the step that moved it furthest in the direction in which it went in the end, the earlier of two
equal ones. So the counts of the causes add up to the number of accounts that moved. One that a step took away and
another brought back did not move, and is counted apart.

Where the two models have merged different tiers, both are held to the bounds that they have in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Cause = Literal["data", "model", "calibration and cuts", "rules"]

CAUSES: Final[tuple[Cause, ...]] = ("data", "model", "calibration and cuts", "rules")
NO_CAUSE: Final = -1
NO_TIER: Final = "no tier"

Places = NDArray[np.int64]


@dataclass(frozen=True)
class MoveCounts:
    """accounts: on both lists, by which all else is counted. moved: in another tier at the end than at the start.

    by_cause: adds up to moved. returned: moved by some step and in the same tier at the end. by_path: from tier to
    tier, moved accounts only; adds up to moved. net: by step, by tier, accounts that it brought less those it took.
    """

    accounts: int
    moved: int
    by_cause: Mapping[Cause, int]
    returned: int
    by_path: Mapping[tuple[str, str], int]
    net: Mapping[Cause, Mapping[str, int]]


def main_causes(path: Places) -> Places:
    """int64[n]: the place in `CAUSES` of what moved each account, `NO_CAUSE` where it is where it was.

    path: int64[n, 5], its tier at each step, 0 the best; no tier is the highest number.
    """
    steps = np.diff(path, axis=1)
    total = path[:, -1] - path[:, 0]
    along = steps * np.sign(total)[:, None]
    return np.where(total == 0, NO_CAUSE, np.argmax(along, axis=1)).astype(np.int64)


def count_moves(path: Places, labels: Sequence[str]) -> MoveCounts:
    """The counts of n accounts. path: as in `main_causes`. labels: of the tiers, the last of them for no tier."""
    causes = main_causes(path)
    before, after = path[:, 0], path[:, -1]
    moved = before != after
    pairs = np.bincount(before[moved] * len(labels) + after[moved], minlength=len(labels) ** 2)
    of_path = pairs.reshape(len(labels), len(labels))
    sizes = np.array([np.bincount(path[:, step], minlength=len(labels)) for step in range(path.shape[1])])
    gained = np.diff(sizes, axis=0).tolist()
    return MoveCounts(
        accounts=len(path),
        moved=int(moved.sum()),
        by_cause={cause: int((causes == place).sum()) for place, cause in enumerate(CAUSES)},
        returned=int((~moved & (np.diff(path, axis=1) != 0).any(axis=1)).sum()),
        by_path={
            (labels[start], labels[end]): int(of_path[start, end])
            for start, end in zip(*of_path.nonzero(), strict=True)
        },
        net={
            cause: {label: count for label, count in zip(labels, gained[place], strict=True) if count}
            for place, cause in enumerate(CAUSES)
        },
    )
