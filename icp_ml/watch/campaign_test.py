"""The test of a campaign: did two groups of contacted accounts answer at different rates, looked at once or more often?

Each look orders the outcomes by Fisher's *mid-p*: of all ways in which the successes so far could have fallen on the
two arms, twice the smaller of the two tails, with half of what was seen. What is small enough to count is not read
from the mid-p itself: it is the largest *bound* for which the test keeps its level exactly, whatever the rate that the
two arms have in common (an unconditional exact test; Boschloo 1970, with the mid-p as its order; Lydersen, Fagerland
and Laake 2009 compare such tests). Fisher's own test keeps the level too, and wastes much of it at small rates.

With several looks the level is spent as in Lan and DeMets (1983) with a boundary like that of O'Brien and Fleming
(1979): by the time a share t of the planned accounts has an outcome, 4 - 4 Phi(z / sqrt(t)) of it, z being the normal
quantile of a quarter of the level from above, so that each direction spends half by itself. Looks may come when they
come, as long as nobody times them by what is seen.

    200 + 200 planned, level 5 %    look 1 after 100 + 100: up to 0.3 % spent    look 2 after all: up to 5 % in all

Assumed: accounts of an arm are drawn at random, and each answers by itself. Where answers hang together (one group of
companies, one salesperson an arm) the test claims too much.

The common rates that are searched end where `MOST_SUCCESSES` successes are expected in an arm. At higher rates the
level is kept to within a fifth of a point: at most 5.2 % was found (docs/micro-campaigns.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import binom, binomtest, norm

from icp_ml.profile.records import Interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Pair = tuple[int, int]
"""Accounts, or successes, of the first and of the second arm."""

LEVEL: Final = 0.05
"""Two-sided, as the field has it."""
MOST_SUCCESSES: Final = 200
_STEP: Final = 0.35
"""Between two rates that are searched, in standard deviations of a rate. We chose it: with a step of 0.1 the bounds of
six plans, 20 to 3,000 accounts an arm, were the same."""
_DEVIATIONS: Final = 5.5
_BESIDE: Final = 10
"""Outcomes farther from their mean than so many standard deviations and so many successes have no weight: under one
in ten million."""
_DIGITS: Final = 12
"""Digits of a mid-p: two outcomes that mirror each other have the same."""


@dataclass(frozen=True)
class Boundary:
    """What was fixed for each look. looks: accounts with an outcome in each arm by then, never fewer than before.

    bounds: a mid-p under it ends the campaign with a difference. spent: the chance, at the worst common rate, of having
    ended by then where there is no difference.
    """

    looks: tuple[Pair, ...]
    bounds: tuple[float, ...]
    spent: tuple[float, ...]


def spending(level: float, share: float) -> float:
    """What of the level may be spent once a share, over 0 and up to 1, of the planned accounts has an outcome."""
    return float(4.0 * norm.sf(norm.isf(level / 4) / math.sqrt(min(share, 1.0))))


def share_of_plan(contacted: Pair, planned: Pair) -> float:
    """How much of the planned knowledge is there, in [0, 1]: the variance of the difference then by that now."""
    if not min(contacted):
        return 0.0
    return min(sum(1 / each for each in planned) / sum(1 / each for each in contacted), 1.0)


def boundary(looks: Sequence[Pair], planned: Pair, level: float = LEVEL, *, is_final: bool = False) -> Boundary:
    """The bound of each look, exact for the accounts that have an outcome by then.

    looks: each with an account in either arm, none with fewer than the one before. planned: at the end. is_final: no
    account will follow the last of these looks, which may spend what is left. The bound of a look depends on no later
    one, so that a look can be judged when it comes.
    """
    campaigns = [_Campaigns((rate, rate)) for rate in _common_rates(planned)]
    bounds, spent = [], []
    for place, look in enumerate(looks, 1):
        campaigns = [each.carried_on(look) for each in campaigns]
        order = _order(campaigns)
        share = 1.0 if is_final and place == len(looks) else share_of_plan(look, planned)
        allowed = spending(level, share)
        bounds.append(min(each.largest_bound(order, allowed) for each in campaigns))
        campaigns = [each.ended_under(bounds[-1], order) for each in campaigns]
        spent.append(max(each.ended for each in campaigns))
    return Boundary(tuple(looks), tuple(bounds), tuple(spent))


def ending(fixed: Boundary, rates: tuple[float, float]) -> tuple[float, ...]:
    """The chance of having ended with a difference by each look, where these are the true rates of the two arms."""
    campaigns, found = _Campaigns(rates), []
    for look, bound in zip(fixed.looks, fixed.bounds, strict=True):
        campaigns = campaigns.carried_on(look)
        campaigns = campaigns.ended_under(bound, _order([campaigns]))
        found.append(campaigns.ended)
    return tuple(found)


def mid_p(successes: tuple[Ints, Ints], sizes: Pair) -> Floats:
    """Fisher's two-sided mid-p, twice the smaller tail. successes: int64[...] in either arm, at most `sizes`."""
    first, second = successes
    return _MidP.upto(sizes, int((first + second).max())).at(first, second)


def difference(successes: Pair, sizes: Pair, level: float = LEVEL) -> Interval:
    """Rate of the first arm less that of the second, between bounds by Newcombe's hybrid score method (1998, no. 10).

    level: what the bounds leave out. The bounds follow another method than the test does: where they only just hold
    zero, or do not, the test decides.
    """
    rates = [won / among for won, among in zip(successes, sizes, strict=True)]
    found = [_wilson(won, among, level) for won, among in zip(successes, sizes, strict=True)]
    (low, high), (other_low, other_high) = found
    gap = rates[0] - rates[1]
    below = math.hypot(rates[0] - low, other_high - rates[1])
    above = math.hypot(high - rates[0], rates[1] - other_low)
    return Interval(value=gap, low=max(gap - below, -1.0), high=min(gap + above, 1.0))


def _wilson(successes: int, among: int, level: float) -> tuple[float, float]:
    bounds = binomtest(successes, among).proportion_ci(1 - level, method="wilson")
    return float(bounds.low), float(bounds.high)


def _common_rates(sizes: Pair) -> list[float]:
    """Up to one half, since a test of failures is the same test; evenly spread where the variance of a rate is even."""
    mean = sum(sizes) / 2
    last = math.asin(math.sqrt(min(0.5, MOST_SUCCESSES / mean)))
    count = math.ceil(last * 2 * math.sqrt(mean) / _STEP)
    return [math.sin(last * place / count) ** 2 for place in range(1, count + 1)]


@dataclass(frozen=True)
class _MidP:
    """The mid-p of every outcome. lowest: by total of successes, the first arm's successes in column 0 of `values`."""

    lowest: Ints
    values: Floats

    @classmethod
    def upto(cls, sizes: Pair, most: int) -> _MidP:
        """For outcomes with up to `most` successes in both arms together."""
        first, second = sizes
        both = first + second
        total = np.arange(most + 1)
        mean = total * first / both
        deviation = np.sqrt(mean * second / both * (both - total) / max(both - 1, 1))
        lowest = np.maximum(np.floor(mean - 6 * deviation - _BESIDE), np.maximum(total - second, 0)).astype(np.int64)
        highest = np.minimum(np.ceil(mean + 6 * deviation + _BESIDE), np.minimum(total, first)).astype(np.int64)
        here = lowest[:, None] + np.arange(int((highest - lowest).max()) + 1)
        inside = here <= highest[:, None]
        log_mass = np.where(inside, _ways(first, here) + _ways(second, total[:, None] - here), -np.inf)
        mass = np.exp(log_mass - log_mass.max(axis=1, keepdims=True))
        mass /= mass.sum(axis=1, keepdims=True)
        below = np.cumsum(mass, axis=1) - mass / 2
        values: Floats = np.where(inside, 2 * np.minimum(below, 1 - below), 0.0)
        return cls(lowest, np.round(values, _DIGITS))

    def at(self, first: Ints, second: Ints) -> Floats:
        """Zero far from what the total lets expect."""
        total = first + second
        place = first - self.lowest[total]
        inside = (place >= 0) & (place < self.values.shape[1])
        return np.where(inside, self.values[total, np.where(inside, place, 0)], 0.0)


def _ways(among: int, chosen: Ints) -> Floats:
    """Log of the number of ways to choose; -inf where there is none."""
    possible = (chosen >= 0) & (chosen <= among)
    within = np.where(possible, chosen, 0)
    ways = gammaln(among + 1) - gammaln(within + 1) - gammaln(among - within + 1)
    return np.where(possible, ways, -np.inf)


@dataclass(frozen=True)
class _Campaigns:
    """All campaigns that two rates may bring, those still running by their successes so far, the others as one number.

    mass[i, j]: the chance that the arms have lowest[0] + i and lowest[1] + j successes.
    """

    rates: tuple[float, float]
    sizes: Pair = (0, 0)
    lowest: Pair = (0, 0)
    mass: Floats = field(default_factory=lambda: np.ones((1, 1)))
    ended: float = 0.0

    @property
    def successes(self) -> tuple[Ints, Ints]:
        """As a column and as a row."""
        first, second = (low + np.arange(n) for low, n in zip(self.lowest, self.mass.shape, strict=True))
        return first[:, None], second[None, :]

    @property
    def most(self) -> int:
        """The most successes in both arms together that have any weight."""
        return sum(self.lowest) + sum(self.mass.shape) - 2

    def carried_on(self, sizes: Pair) -> _Campaigns:
        """The same when so many accounts of each arm have an outcome."""
        steps = [self._step(arm, sizes[arm]) for arm in (0, 1)]
        mass = steps[0][1] @ self.mass @ steps[1][1].T
        return replace(self, sizes=sizes, lowest=(steps[0][0], steps[1][0]), mass=mass)

    def _step(self, arm: int, size: int) -> tuple[int, Floats]:
        """The lowest number of successes then, and the chance of each number then (row) from each now (column)."""
        rate, further = self.rates[arm], size - self.sizes[arm]
        reach = _DEVIATIONS * math.sqrt(size * rate * (1 - rate)) + _BESIDE
        lowest, highest = max(math.floor(size * rate - reach), 0), min(math.ceil(size * rate + reach), size)
        now = self.lowest[arm] + np.arange(self.mass.shape[arm])
        gained = np.arange(lowest, highest + 1)[:, None] - now[None, :]
        chances = binom.pmf(np.arange(further + 1), further, rate)
        possible = (gained >= 0) & (gained <= further)
        return lowest, np.where(possible, chances[np.where(possible, gained, 0)], 0.0)

    def largest_bound(self, order: _MidP, allowed: float) -> float:
        """The largest bound under which no more than `allowed` will have ended."""
        values = order.at(*self.successes)
        by_value = np.argsort(values, axis=None, kind="stable")
        over = np.flatnonzero(self.ended + np.cumsum(self.mass.ravel()[by_value]) > allowed)
        return float(values.ravel()[by_value[over[0]]]) if len(over) else 1.0

    def ended_under(self, bound: float, order: _MidP) -> _Campaigns:
        """Those whose mid-p is under the bound have ended."""
        ends = order.at(*self.successes) < bound
        return replace(self, mass=np.where(ends, 0.0, self.mass), ended=self.ended + float(self.mass[ends].sum()))


def _order(campaigns: Sequence[_Campaigns]) -> _MidP:
    return _MidP.upto(campaigns[0].sizes, max(each.most for each in campaigns))
