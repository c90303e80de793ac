"""A prospect's nearest accounts in words: what makes each of them alike, what unlike, and what nobody had.

    nearest won   acme.example, 0.41 away   alike: industry: Software, tools: HubSpot
                                            unlike: employees 51 to 200 (there: employees over 1,000)

*Alike* are the states that both have, those first that move the prospect's log-odds most. *Unlike* are states that
they do not share, those first that move the two most differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.model.win_model import WinModel
from icp_ml.profile.neighbours import MEASURED, NOBODY, UNITS, Nearest, Neighbours, Placed, SeenValues
from icp_ml.profile.wording import DIGITS, exact_amount, label_texts

Units = NDArray[np.int32]

MOST_WORDS: Final = 3
"""Attributes that are named on each side of a comparison. We chose it: as many as reasons."""
COUNTS: Final = UNITS // 100
"""Units from which an effect is named: a hundredth of log-odds changes the odds by one in a hundred."""
BEHIND: Final = 0.9
"""Share of the squared distance that the attributes behind it make up. We chose it."""


@dataclass(frozen=True)
class Neighbour:
    """An account that a prospect is compared with. distance: in log-odds. alike, unlike: in words, strongest first."""

    account: str
    outcome: Literal["won", "lost"]
    distance: float
    alike: tuple[str, ...]
    unlike: tuple[str, ...]


@dataclass(frozen=True)
class Likeness:
    """The accounts nearest to one prospect, nearest first.

    distance: to the nearest of all; limit: beyond it a prospect resembles nothing, None where too few accounts are
    known to say. because: what is behind it, empty where it resembles some. never_seen: values that no account had,
    whatever the distance: the model takes them for the nearest that it knows. accounts: that it was compared with;
    of_accounts: from which these were drawn.
    """

    won: tuple[Neighbour, ...]
    lost: tuple[Neighbour, ...]
    distance: float
    limit: float | None
    resembles_nothing: bool
    because: tuple[str, ...]
    never_seen: tuple[str, ...]
    accounts: int
    of_accounts: int


@dataclass(frozen=True)
class NearestRows:
    """Many prospects at once. won, lost: (m, k). nothing: bool[m]; because: a text for each of those."""

    won: Nearest
    lost: Nearest
    nothing: NDArray[np.bool_]
    because: tuple[str, ...]


@dataclass(frozen=True)
class NeighbourBook:
    """What comparing needs. attributes: at least those of the model's vocabulary."""

    model: WinModel
    attributes: Sequence[Attribute]
    neighbours: Neighbours

    def compare(self, prospect: Placed) -> Likeness:
        """The one prospect of `prospect` beside its nearest accounts."""
        known = self.neighbours
        won, lost = known.nearest_won(prospect.points), known.nearest_lost(prospect.points)
        nearest, distance = _nearest_of(won, lost)
        nothing = bool(known.resembles_nothing(distance)[0])
        return Likeness(
            won=tuple(self._neighbours(prospect, won)),
            lost=tuple(self._neighbours(prospect, lost)),
            distance=float(distance[0]),
            limit=known.limit,
            resembles_nothing=nothing,
            because=self._because(prospect, 0, int(nearest[0])) if nothing else (),
            never_seen=tuple(self._never_seen(prospect, 0).values()),
            accounts=len(known.accounts),
            of_accounts=known.of_accounts,
        )

    def compare_all(self, prospects: Placed) -> NearestRows:
        """Many prospects: which accounts, and why those that resemble nothing do not."""
        known = self.neighbours
        won, lost = known.nearest_won(prospects.points), known.nearest_lost(prospects.points)
        nearest, distance = _nearest_of(won, lost)
        nothing = known.resembles_nothing(distance)
        rows = np.flatnonzero(nothing).tolist()
        because = ("; ".join(self._because(prospects, row, int(nearest[row]))) for row in rows)
        return NearestRows(won, lost, nothing, tuple(because))

    @cached_property
    def _labels(self) -> tuple[tuple[str, ...], ...]:
        """The texts of each column's states."""
        by_name = {attribute.name: attribute for attribute in self.attributes}
        pairs = zip(self.model.vocabulary.columns, self.model.scorecard.columns, strict=True)
        return tuple(label_texts(by_name[column.attribute], column, points) for column, points in pairs)

    def _neighbours(self, prospect: Placed, found: Nearest) -> Iterator[Neighbour]:
        for place, distance in zip(found.places[0].tolist(), found.distances[0].tolist(), strict=True):
            if place == NOBODY:
                return
            yield Neighbour(
                account=self.neighbours.accounts[place],
                outcome="won" if self.neighbours.won[place] else "lost",
                distance=distance,
                alike=self._alike(prospect, place),
                unlike=self._unlike(prospect, place),
            )

    def _alike(self, prospect: Placed, place: int) -> tuple[str, ...]:
        shared = prospect.states[0] == self.neighbours.states[place]
        order = _strongest(np.where(shared, prospect.points[0], 0))
        return _distinct(self._labels[j][prospect.states[0, j]] for j in order)

    def _unlike(self, prospect: Placed, place: int) -> tuple[str, ...]:
        here, there = prospect.states[0], self.neighbours.states[place]
        order = _strongest(np.where(here != there, prospect.points[0] - self.neighbours.points[place], 0))
        return _distinct(f"{self._labels[j][here[j]]} (there: {self._labels[j][there[j]]})" for j in order)

    def _because(self, prospects: Placed, row: int, nearest: int) -> tuple[str, ...]:
        """Values that nobody had, then the columns that hold it farthest from its nearest account."""
        unseen = self._never_seen(prospects, row)
        apart = prospects.points[row] - self.neighbours.points[nearest]
        far = [self._far(prospects, row, nearest, j) for j in _behind(apart) if j not in unseen]
        return (*_distinct(iter(unseen.values()), len(unseen)), *_distinct(iter(far)))

    def _far(self, prospects: Placed, row: int, nearest: int, column: int) -> str:
        label = self._labels[column][prospects.states[row, column]]
        here, there = prospects.points[row, column] / UNITS, self.neighbours.points[nearest, column] / UNITS
        return f"{label} ({here:+.2f}, in the nearest account {there:+.2f})"

    def _never_seen(self, prospects: Placed, row: int) -> dict[int, str]:
        """By column, the values that no account had."""
        found: dict[int, str] = {}
        for j, (column, seen) in enumerate(zip(self.model.vocabulary.columns, self.neighbours.seen, strict=True)):
            state, label = int(prospects.states[row, j]), self._labels[j][prospects.states[row, j]]
            if state not in seen.states:
                found[j] = f"{label} (no account had it)"
            elif column.kind in MEASURED and _is_outside(prospects.values[row, j], seen):
                found[j] = f"{label} ({_outside(float(prospects.values[row, j]), seen)})"
        return found


def _nearest_of(won: Nearest, lost: Nearest) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The nearest account of either outcome, and how far away it is."""
    is_won = won.distances[:, 0] <= lost.distances[:, 0]
    places = np.where(is_won, won.places[:, 0], lost.places[:, 0])
    return places, np.where(is_won, won.distances[:, 0], lost.distances[:, 0])


def _strongest(effects: Units) -> list[int]:
    """Columns by the size of their effect, those that do not count left out; of equals the first one first."""
    order = np.argsort(-np.abs(effects), kind="stable")
    return [int(j) for j in order if abs(effects[j]) >= COUNTS]


def _behind(apart: Units) -> list[int]:
    """The fewest columns that make up nearly all of a squared distance, the largest first."""
    order = np.argsort(-np.abs(apart), kind="stable")
    squares = apart[order].astype(np.float64) ** 2
    before = np.cumsum(squares) - squares
    return [int(j) for j in order[before < BEHIND * squares.sum()]]


def _distinct(texts: Iterator[str], most: int = MOST_WORDS) -> tuple[str, ...]:
    """The first different texts: that a set is not known is said once and not of each member."""
    return tuple(dict.fromkeys(texts))[:most]


def _is_outside(value: float, seen: SeenValues) -> bool:
    """Whether an amount is below or above all that were seen. A gap is none of them."""
    return seen.low is not None and seen.high is not None and (value < seen.low or value > seen.high)


def _outside(value: float, seen: SeenValues) -> str:
    low, high = (0.0 if bound is None else bound for bound in (seen.low, seen.high))
    return f"{_rounded(value)}, where accounts had {_rounded(low)} to {_rounded(high)}"


def _rounded(value: float) -> str:
    return exact_amount(float(f"{value:.{DIGITS}g}"))
