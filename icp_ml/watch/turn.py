"""Has the world turned? Since some day, what is live orders deals worse than a guess that takes all of them for alike.

Asked of deals that opened since the extract of what is live and that it has not met. A day is the turn where two things
are so of the deals that opened since:

    what is live removes less than nothing of the base rate's log loss, its own level set aside
    as little as that comes of its own probabilities less than one time in a hundred, all days that were asked together

The first alone may be chance where there was little to lose; the second alone is an error of size, after which what is
live may still order well. Of several such days the turn is the one since which most was lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy
from scipy.stats import norm

from icp_ml.model.skill import anchor
from icp_ml.profile.records import Record
from icp_ml.watch.comparison import LEAST_COMPARED

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

FALSE_TURNS: Final = 0.01
"""Chance of seeing a turn where what is live says the truth, over all days that are asked."""


class Turn(Record):
    """since: ISO day. deals: opened since then, one an account. skill: share of the base rate's log loss that what was
    live removed on them, below zero. p_value: of so little by its own probabilities, all days together.
    """

    since: str
    deals: int
    skill: float
    p_value: float

    @property
    def words(self) -> str:
        """As a sentence for people."""
        return (
            f"on {self.deals:,} deals opened since {self.since} the order of what was live is worth less than none "
            f"(skill {self.skill:.0%}, p = {self.p_value:.1g})"
        )


@dataclass(frozen=True)
class Unmet:
    """n matured deals that what is live has not met, one an account.

    opened: datetime64[D][n]. log_odds: (n,), as it says them. won: (n,) int8.
    """

    opened: Days
    log_odds: Floats
    won: NDArray[np.int8]


def find_turn(unmet: Unmet, after: np.datetime64) -> Turn | None:
    """The turn, None where none is seen. after: the extract of what is live.

    Asked are the day after it and the first day of each month since, as long as 100 deals opened from then on.
    """
    asked = list(_asked(unmet, after))
    found = [each for each in asked if each.gain < 0 and len(asked) * each.p_value <= FALSE_TURNS]
    if not found:
        return None
    worst = min(found, key=lambda each: each.gain)
    return Turn(
        since=str(worst.since),
        deals=worst.deals,
        skill=worst.gain / worst.nothing,
        p_value=min(1.0, len(asked) * worst.p_value),
    )


@dataclass(frozen=True)
class _Since:
    """gain: nats by which what is live is better than the base rate, all deals together. nothing: the base rate's."""

    since: np.datetime64
    deals: int
    gain: float
    nothing: float
    p_value: float


def _asked(unmet: Unmet, after: np.datetime64) -> Iterator[_Since]:
    first = after + np.timedelta64(1, "D")
    last = np.append(unmet.opened, first).max()
    begin, end = (day.astype("datetime64[M]") + np.timedelta64(1, "M") for day in (first, last))
    months = np.arange(begin, end)
    for day in (first, *months.astype("datetime64[D]")):
        rows = unmet.opened >= day
        if rows.sum() >= LEAST_COMPARED and 0 < unmet.won[rows].sum() < rows.sum():
            yield _since(day, unmet.log_odds[rows], unmet.won[rows])


def _since(day: np.datetime64, log_odds: Floats, won: NDArray[np.int8]) -> _Since:
    """The gain is a sum over deals: of its mean and variance by the probabilities, and the normal distribution."""
    p, rate = expit(log_odds + anchor(log_odds, won)), won.mean()
    if_won, if_lost = np.log(p / rate), np.log((1.0 - p) / (1.0 - rate))
    gain = float(np.where(won == 1, if_won, if_lost).sum())
    expected = float((p * if_won + (1.0 - p) * if_lost).sum())
    spread = float(np.sqrt((p * (1.0 - p) * (if_won - if_lost) ** 2).sum()))
    nothing = -len(won) * float(xlogy(rate, rate) + xlogy(1.0 - rate, 1.0 - rate))
    p_value = float(norm.cdf((gain - expected) / spread)) if spread else 1.0
    return _Since(day, len(won), gain, nothing, p_value)
