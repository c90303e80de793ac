"""How many accounts a campaign needs, what so many accounts can show, and how sure it is to show it.

Every figure is that of the test that will read the result (`campaign_test`), computed exactly from all outcomes that
the campaign may have, with its looks. No formula is trusted: that of the normal distribution only says where to begin.

Several arms are compared two by two, each pair at its share of the level (Bonferroni 1936, by way of Dunn 1961). Holm's
step-down (1979) would give a little more; it would also let the bound of one pair depend on another pair's result, and
no pair could be told its bound before the others have ended.

    arms   pairs   level of a pair, of 5 % in all
    2      1       5 %
    3      3       1.67 %
    4      6       0.83 %
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scipy.stats import norm

from icp_ml.errors import ConfigError
from icp_ml.watch.campaign_test import LEVEL, Boundary, Pair, boundary, ending

POWER: Final = 0.8
"""How sure a campaign is to show the difference that it was made for; the customary promise."""
LARGEST: Final = 20_000
"""Accounts an arm above which no size is looked for. We chose it: such a list is worked through, not sampled."""
CUSTOMARY: Final = (100, 200)
"""Accounts a segment that the field's guides speak of."""
_FINE: Final = 0.0005
"""A smallest difference is found to this: a twentieth of a point."""
_NEAR: Final = 0.002
"""A number of accounts is found to this share of itself: the power moves by less than a tenth of a point."""


@dataclass(frozen=True)
class Promise:
    """What a campaign is to keep. level: of all pairs together, two-sided. power: for one pair. looks: evenly spaced.

    Raises `ConfigError` for arms under two, looks under one, and a power that the level alone would reach.
    """

    arms: int = 2
    looks: int = 1
    level: float = LEVEL
    power: float = POWER

    def __post_init__(self) -> None:
        if self.arms < 2 or self.looks < 1:
            raise ConfigError(
                f"two arms or more and one look or more were expected, found {self.arms} and {self.looks}; say how many"
            )
        if not 0 < self.level < self.power < 1:
            raise ConfigError(
                f"a level over 0 and a power between it and 1 were expected, found {self.level:g} and {self.power:g}; "
                "5 % and 80 % are customary"
            )

    @property
    def pairs(self) -> int:
        """Arms two by two."""
        return self.arms * (self.arms - 1) // 2

    @property
    def pair_level(self) -> float:
        """The level of one pair."""
        return self.level / self.pairs

    def boundary(self, sizes: Pair) -> Boundary:
        """The bounds of a pair with so many accounts in its arms, where the looks are as planned."""
        return boundary(evenly(sizes, self.looks), sizes, self.pair_level)


@dataclass(frozen=True)
class Needed:
    """Accounts in each arm of a pair, and the power that they give."""

    accounts: Pair
    power: float


@dataclass(frozen=True)
class Detectable:
    """The rates nearest to `rate` on either side that can be told from it; None where none can."""

    rate: float
    above: float | None
    below: float | None


def evenly(sizes: Pair, looks: int) -> tuple[Pair, ...]:
    """Accounts with an outcome at each of so many looks, the last of them at the end; fewer looks than accounts."""
    shares = [place / looks for place in range(1, looks + 1)]
    found = [(max(round(sizes[0] * share), 1), max(round(sizes[1] * share), 1)) for share in shares]
    return tuple(dict.fromkeys(found))


def power_of(promise: Promise, sizes: Pair, rates: tuple[float, float]) -> float:
    """The chance that a pair with these true rates ends with a difference, at any look."""
    return ending(promise.boundary(sizes), rates)[-1]


def accounts_needed(promise: Promise, rates: tuple[float, float], ratio: float = 1.0) -> Needed:
    """The fewest accounts with which two arms of these true rates are told apart, to `_NEAR`.

    ratio: accounts of the second arm for each of the first. Power rises in small steps that now and then go down by
    less than a point; the number is one that keeps the promise, with a neighbour just below that does not.

    Raises `ConfigError` where the rates are the same or no rates, and where more than `LARGEST` would be needed.
    """
    _check_rates(rates)

    def power(first: int) -> float:
        return power_of(promise, _pair(first, ratio), rates)

    start = _by_formula(promise, rates, ratio)
    if start * max(ratio, 1.0) > LARGEST:
        raise ConfigError(
            f"to tell {rates[0]:.3g} from {rates[1]:.3g} takes about {start * max(ratio, 1.0):,.0f} accounts an arm, "
            f"over the {LARGEST:,} of the largest campaign that is planned here; ask for a larger difference"
        )
    first, reached = _least(power, promise.power, start)
    return Needed(_pair(first, ratio), reached)


def smallest_difference(promise: Promise, sizes: Pair, rate: float) -> Detectable:
    """What so many accounts can show, at the promised power, beside an arm that has `rate`, to a twentieth of a point.

    Raises `ConfigError` for a rate that is not between 0 and 1.
    """
    _check_rate(rate)
    fixed = promise.boundary(sizes)

    def shows(other: float) -> bool:
        return ending(fixed, (rate, other))[-1] >= promise.power

    above = _nearest(shows, rate, 1.0 - _FINE)
    return Detectable(rate, above, _nearest(shows, rate, _FINE))


def _nearest(shows: Callable[[float], bool], near: float, far: float) -> float | None:
    """The rate nearest to `near`, on the way to `far`, that shows; None where not even `far` does."""
    if not shows(far):
        return None
    while abs(far - near) > _FINE:
        middle = (near + far) / 2
        near, far = (near, middle) if shows(middle) else (middle, far)
    return far


def _least(power: Callable[[int], float], promised: float, start: int) -> tuple[int, float]:
    """The fewest accounts that keep the promise, to `_NEAR`, and their power: a bracket, narrowed by the normal law."""
    too_few, enough, reached = 1, 0, 0.0
    tried = max(start, 2)
    while not enough or enough - too_few > max(1, _NEAR * enough):
        found = power(tried)
        if found >= promised:
            enough, reached = tried, found
        else:
            too_few = tried
        pointed = round(tried * _stretch(promised, found))
        low, high = too_few + 1, (enough - 1 if enough else 2 * tried)
        tried = min(max(pointed, low), high)
    return enough, reached


def _stretch(promised: float, found: float) -> float:
    """By how much the accounts should grow: the square of what separates the rates, in standard errors."""
    beyond = float(norm.isf(LEVEL / 2))
    held = min(max(found, 0.001), 0.999)
    return float((beyond + norm.ppf(promised)) / (beyond + norm.ppf(held))) ** 2 if held > LEVEL else 2.0


def _by_formula(promise: Promise, rates: tuple[float, float], ratio: float) -> int:
    """Accounts of the first arm by the normal distribution, one look."""
    reach = norm.isf(promise.pair_level / 2) + norm.ppf(promise.power)
    variance = rates[0] * (1 - rates[0]) + rates[1] * (1 - rates[1]) / ratio
    return math.ceil(float(reach) ** 2 * variance / (rates[0] - rates[1]) ** 2)


def _pair(first: int, ratio: float) -> Pair:
    return first, max(round(first * ratio), 1)


def _check_rates(rates: tuple[float, float]) -> None:
    for rate in rates:
        _check_rate(rate)
    if rates[0] == rates[1]:
        raise ConfigError(
            f"two rates to tell apart were expected, found {rates[0]:g} twice; say by how much they differ"
        )


def _check_rate(rate: float) -> None:
    if not 0 < rate < 1:
        raise ConfigError(f"a rate between 0 and 1 was expected, found {rate:g}; 4 % is 0.04")
