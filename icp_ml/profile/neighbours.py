"""The accounts that a prospect most resembles, in what the model makes of them.

A point is an account: the contributions of its latest deal. The distance of two points is Euclidean, in log-odds, so
that an attribute that does not matter to the model does not count, and one that matters counts by how much.

    contributions of a prospect      employees +0.40   industry +0.30   region 0.00
    of an account                    employees +0.10   industry -0.10   region 0.00      distance 0.5

Contributions are kept as whole numbers of ten-thousandths of log-odds. Sums of their squares are then exact, and the
order of columns, the size of a batch and the machine change no answer; of equally near accounts the first one stands
first.

A prospect *resembles nothing* where its nearest account is farther away than nearly all accounts are from theirs. The
limit is the smallest distance that at most 1 % of new accounts of the same kind exceed (leave one account out; the
rank of conformal prediction, Vovk, Gammerman and Shafer 2005). It needs 99 accounts; under that nothing is said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.vocabulary import ColumnKind
from icp_ml.model.win_model import WinModel
from icp_ml.profile.wording import label_codes

Floats = NDArray[np.float64]
Units = NDArray[np.int32]
Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]

UNITS: Final = 10_000
"""Units in one log-odds. A ten-thousandth is far below what any deal could show."""
SHOWN: Final = 3
"""Won accounts, and lost ones, that are named. We chose it: as many as reasons."""
ORDINARY: Final = 0.99
"""Share of accounts that are to be found near enough."""
MOST_ACCOUNTS: Final = 10_000
"""Accounts that are kept; more are drawn from. We chose it: with 40 attributes a bundle grows by 2.9 MB."""
BLOCK: Final = 64
"""Prospects that are compared at once. Their distances then stay in cache: 13,500 rows/s on one core with 10,000
accounts and 40 columns, with 1,024 at once 5,100; a k-d tree (SciPy) made 5,400, scikit-learn's search 14,200."""
NOBODY: Final = -1
MEASURED: Final[frozenset[ColumnKind]] = frozenset({"number", "count", "ordered"})
"""Columns with amounts that may lie outside of those seen."""


@dataclass(frozen=True)
class Placed:
    """Rows in the space of a model with p columns.

    points: (n, p), contributions in units. states: (n, p), each value's label (`wording.label_codes`). values: (n, p),
    as encoded; NaN in columns of amounts where the attribute is not known.
    """

    points: Units
    states: Codes
    values: Floats


@dataclass(frozen=True)
class SoldDeals:
    """Deals that were learned from, in their order, each field (n,) or of n rows.

    opened: datetime64[D], None without dates. won: 1 for what is predicted.
    """

    parsed: ParsedTable
    accounts: NDArray[np.object_]
    won: NDArray[np.int8]
    opened: NDArray[np.datetime64] | None


@dataclass(frozen=True)
class SeenValues:
    """What the accounts had in one column. states: ascending. low, high: of amounts; None where there is none."""

    states: tuple[int, ...]
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Nearest:
    """places: (m, k) into the accounts, nearest first, -1 where there are fewer. distances: (m, k), in log-odds."""

    places: Places
    distances: Floats


@dataclass(frozen=True)
class Neighbours:
    """Accounts that deals were won and lost with, as points.

    accounts: names, (n,). won: int8[n], of the latest deal. points, states: (n, p), as in `Placed`. seen: what *all*
    accounts had, a record a column. limit: distance in log-odds beyond which a prospect resembles nothing, None where
    there are too few accounts to say. of_accounts: how many there were to draw from.
    """

    accounts: tuple[str, ...]
    won: NDArray[np.int8]
    points: Units
    states: Codes
    seen: tuple[SeenValues, ...]
    limit: float | None
    of_accounts: int

    def nearest_won(self, points: Units, count: int = SHOWN) -> Nearest:
        """The won accounts nearest to each point. points: (m, p)."""
        return self._won.nearest(points, count)

    def nearest_lost(self, points: Units, count: int = SHOWN) -> Nearest:
        """The same of lost accounts."""
        return self._lost.nearest(points, count)

    def resembles_nothing(self, distances: Floats) -> Flags:
        """bool[m]: which distances to the nearest account are too far, in log-odds; none where there is no limit."""
        if self.limit is None:
            return np.zeros(len(distances), dtype=bool)
        return np.asarray(distances > self.limit, dtype=bool)

    @cached_property
    def _won(self) -> _Crowd:
        return _crowd(self.points, np.flatnonzero(self.won == 1))

    @cached_property
    def _lost(self) -> _Crowd:
        return _crowd(self.points, np.flatnonzero(self.won == 0))


def place(model: WinModel, parsed: ParsedTable) -> Placed:
    """Rows as points of a model. parsed: at least the attributes of its vocabulary."""
    values = model.vocabulary.encode(parsed)
    effects = model.contributions(values).values if len(values) else values
    states = np.empty(values.shape, dtype=np.int32)
    for j, (column, points) in enumerate(zip(model.vocabulary.columns, model.scorecard.columns, strict=True)):
        missing = parsed.missing(column.attribute)
        states[:, j] = label_codes(column, points, values[:, j], missing)
        if column.kind in MEASURED:
            values[missing, j] = np.nan
    return Placed(np.rint(effects * UNITS).astype(np.int32), states, values)


def draw_neighbours(model: WinModel, deals: SoldDeals, seed: int, most: int = MOST_ACCOUNTS) -> Neighbours:
    """One point an account: its latest deal by opening, the last of their order where days are equal or not known.

    Of more than `most` accounts so many are drawn, each as likely as any other; what they had is told of all.
    """
    latest = latest_deals(deals.accounts, deals.opened)
    everyone = place(model, deals.parsed.take(latest))
    kept = _drawn(len(latest), most, seed)
    points = everyone.points[kept]
    return Neighbours(
        accounts=tuple(str(name) for name in deals.accounts[latest[kept]]),
        won=deals.won[latest[kept]],
        points=points,
        states=everyone.states[kept],
        seen=tuple(_seen(model.vocabulary.columns[j].kind, everyone, j) for j in range(points.shape[1])),
        limit=ordinary_distance(leave_one_out(points)),
        of_accounts=len(latest),
    )


def latest_deals(accounts: NDArray[np.object_], opened: NDArray[np.datetime64] | None) -> Places:
    """The place of each account's latest deal, ascending."""
    order = np.arange(len(accounts)) if opened is None else np.argsort(opened, kind="stable")
    latest = {accounts[place]: place for place in order.tolist()}
    return np.array(sorted(latest.values()), dtype=np.intp)


def leave_one_out(points: Units) -> Floats:
    """float64[n]: the distance of each account to its nearest other one, in log-odds. points: (n, p), n at least 2."""
    everyone = _crowd(points, np.arange(len(points)))
    return everyone.to_nearest_other()


def ordinary_distance(distances: Floats) -> float | None:
    """The distance that at most 1 % of new accounts exceed. distances: of n accounts, each left out in turn.

    Of n + 1 exchangeable accounts the new one is as likely as any to have the greatest distance, so that the value of
    rank (n + 1) x 99 % is exceeded in at most 1 % of cases. None where there is no such rank: under 99 accounts.
    """
    rank = math.ceil(ORDINARY * (len(distances) + 1) - 1e-9)
    return float(np.sort(distances)[rank - 1]) if rank <= len(distances) else None


@dataclass(frozen=True)
class _Crowd:
    """Accounts of one kind. places: (n,) in the bundle. points: (p, n), squares: (n,), whole numbers as floats.

    Sums of squares stay exact below 2**53: contributions of 100 log-odds in a thousand columns do.
    """

    places: Places
    points: Floats
    squares: Floats

    def nearest(self, points: Units, count: int) -> Nearest:
        shape = (len(points), count)
        places, distances = np.full(shape, NOBODY, dtype=np.intp), np.full(shape, np.inf)
        for start in range(0, len(points), BLOCK):
            apart = self._apart(points[start : start + BLOCK])
            self._pick(apart, places[start : start + BLOCK], distances[start : start + BLOCK])
        return Nearest(places, distances)

    def _pick(self, apart: Floats, places: Places, distances: Floats) -> None:
        """Fill in the nearest of a block, one rank after the other; `argmin` takes the first of equals."""
        rows = np.arange(len(apart))
        for rank in range(min(places.shape[1], len(self.places))):
            nearest = apart.argmin(axis=1)
            places[:, rank] = self.places[nearest]
            distances[:, rank] = np.sqrt(apart[rows, nearest]) / UNITS
            apart[rows, nearest] = np.inf

    def to_nearest_other(self) -> Floats:
        found = np.empty(len(self.places))
        for start in range(0, len(found), BLOCK):
            apart = self._apart(self.points[:, start : start + BLOCK].T)
            rows = np.arange(len(apart))
            apart[rows, start + rows] = np.inf
            found[start : start + BLOCK] = np.sqrt(apart.min(axis=1)) / UNITS
        return found

    def _apart(self, points: NDArray[np.floating] | Units) -> Floats:
        """Squared distances, (m, n), in squared units."""
        given = np.asarray(points, dtype=np.float64)
        apart = given @ self.points
        apart *= -2.0
        apart += self.squares
        apart += (given**2).sum(axis=1)[:, np.newaxis]
        return apart


def _crowd(points: Units, places: Places) -> _Crowd:
    chosen = points[places].astype(np.float64)
    return _Crowd(places, np.ascontiguousarray(chosen.T), (chosen**2).sum(axis=1))


def _drawn(count: int, most: int, seed: int) -> Places:
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def _seen(kind: ColumnKind, placed: Placed, column: int) -> SeenValues:
    states = tuple(np.unique(placed.states[:, column]).tolist())
    amounts = placed.values[:, column]
    known = amounts[~np.isnan(amounts)]
    if kind not in MEASURED or not len(known):
        return SeenValues(states, None, None)
    return SeenValues(states, float(known.min()), float(known.max()))
