"""The search for types of deals: one to three conditions, on different attributes, that win often or hardly ever.

    an account's deals     mean outcome, relative to the deals of its time
    a type                 how much of each account lies in it: 0, 1, or the share of its deals
    excess                 sum over accounts of share x mean outcome
    score                  excess over its standard deviation if outcomes had nothing to do with the type

Accounts are the unit: a deal written down twice adds nothing. The deviation is that of a sum over accounts drawn
without replacement, W (1 - W / A) times the variance between accounts, for a type that holds W of A accounts. Where
only some deals of an account lie in the type that is the most it can be, which errs towards silence. So scores compare
over types of all sizes. Where many deals are lost, a score against half of the base rate is asked for instead: the
excess then counts half of the base rate more for each account.

All pairs of conditions are scored, by matrix products. The best pair of each pair of attributes is kept, and the best
of these are widened by every third condition (a beam, as in Lavrac and others 2004 on subgroup discovery).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.profile.association import relative_to_time
from icp_ml.profile.subgroup_conditions import LEAST_ACCOUNTS, SLACK, ConditionTable, Mask, Rows, SearchedDeals

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

BEAM: Final = 32
"""Pairs of attributes from which triples are made. Three conditions that matter are three pairs, and of up to 8
attributes that matter there are 28: a beam of 32 holds them all. Width costs little beside the pairs themselves."""
PAIRS: Final = 100
"""Pairs of attributes that are kept to be reported: five types that hardly overlap are among them. We chose it."""
NARROWS: Final = 0.9
"""A condition that lets in more than this share of what the others let in says nothing, and is not added."""
DECIMALS: Final = 4
"""To which scores are compared: sums in single precision, in another order, must not choose another type."""
MOST_CONDITIONS: Final = 3
NONE: Final = -1


@dataclass(frozen=True)
class Aim:
    """What is looked for. sign: 1 for many wins, -1 for few. fewest: conditions, at least.

    allowance: the share of the base rate that a type may reach before its score turns against it; 0 measures against
    the base rate itself.
    """

    sign: float
    fewest: int
    allowance: float


@dataclass(frozen=True)
class Outcomes:
    """member: intp[n], each deal's account among a. share: float64[n], 1 over the number of the account's deals.

    mean: float64[a], each account's mean outcome relative to its time, centred, in standard deviations over accounts.
    base: the mean over accounts of the share of their deals that were won, in the same unit.
    """

    member: Rows
    share: Floats
    mean: Floats
    base: float

    def voice(self, mean: Floats) -> Singles:
        """float32[n]: what each deal adds to the excess of a type. mean: as above, perhaps dealt out anew."""
        return (mean[self.member] * self.share).astype(np.float32)


def outcomes_of(deals: SearchedDeals, rows: Rows) -> Outcomes | None:
    """Outcomes of the deals `rows`; None where accounts do not differ at all, or there are under 40 of them."""
    won = deals.won[rows].astype(np.float64)
    _, member = np.unique(deals.groups[rows], return_inverse=True)
    count = np.bincount(member)
    if len(count) < 2 * LEAST_ACCOUNTS:
        return None
    left = relative_to_time(won - won.mean(), None if deals.opened is None else deals.opened[rows])
    mean = np.bincount(member, weights=left) / count
    mean -= mean.mean()
    spread = float(mean.std(ddof=1))
    if spread < 1e-9:
        return None
    base = float((np.bincount(member, weights=won) / count).mean())
    return Outcomes(member, 1.0 / count[member], mean / spread, base / spread)


def score_of(inside: Mask, outcomes: Outcomes, aim: Aim) -> float:
    """The score of one type, (n,), as the search has it but in double precision; 0 where it holds nobody or all."""
    held = float(outcomes.share[inside].sum())
    left = held * (1.0 - held / len(outcomes.mean))
    if left <= 0:
        return 0.0
    excess = float((outcomes.mean[outcomes.member] * outcomes.share)[inside].sum())
    return aim.sign * (excess + aim.allowance * outcomes.base * held) / float(np.sqrt(left))


@dataclass(frozen=True)
class Pool:
    """Types with their scores: conditions, intp[m, 3] into the table, -1 where there is none; scores, float32[m]."""

    conditions: NDArray[np.intp]
    scores: Singles

    def ranked(self) -> Iterator[tuple[int, ...]]:
        """The conditions of each type with a positive score, best first; of equals the shorter one."""
        scores = np.round(self.scores, DECIMALS)
        length = (self.conditions != NONE).sum(axis=1)
        for place in np.lexsort((*self.conditions.T[::-1], length, -scores)):
            if scores[place] > 0:
                yield tuple(each for each in self.conditions[place].tolist() if each != NONE)


class Family:
    """All types that a table of conditions makes, prepared for any outcomes of the deals `rows`.

    conditions: the table. rows: the deals searched. outcomes: used for accounts and their shares only.
    """

    def __init__(self, conditions: ConditionTable, rows: Rows, outcomes: Outcomes) -> None:
        self._holds: Singles = np.ascontiguousarray(conditions.holds[:, rows], dtype=np.float32)
        self._attribute = conditions.attribute
        self._starts = np.flatnonzero(np.diff(conditions.attribute, prepend=-1))
        self._share = outcomes.share.astype(np.float32)
        self._accounts = len(outcomes.mean)
        self._one: Singles = self._holds @ self._share
        self._two = self._pairs(self._share)
        self._one_scale = self._scale(self._one, np.full_like(self._one, np.inf))
        self._two_scale = self._scale(self._two, np.minimum(self._one[:, None], self._one[None, :]))
        self._two_scale[self._attribute[:, None] >= self._attribute[None, :]] = 0.0

    @property
    def size(self) -> int:
        """Types of one and two conditions that are scored; those of three depend on outcomes."""
        return int((self._one_scale > 0).sum() + (self._two_scale > 0).sum())

    def pools(self, voice: Singles, base: float, aims: tuple[Aim, ...]) -> tuple[Pool, ...]:
        """The best types for each aim: of each attribute, each pair, and each third condition on a pair in the beam.

        voice: as `Outcomes.voice` gives it; base: as `Outcomes` has it.
        """
        if not len(self._starts):
            return tuple(Pool(np.empty((0, MOST_CONDITIONS), dtype=np.intp), np.empty(0, np.float32)) for _ in aims)
        one: Singles = self._holds @ voice
        two = self._pairs(voice)
        return tuple(self._pool((one, two), voice, aim, np.float32(aim.allowance * base)) for aim in aims)

    def _pool(self, excess: tuple[Singles, Singles], voice: Singles, aim: Aim, allowed: np.float32) -> Pool:
        sign = np.float32(aim.sign)
        pairs, pair_scores = self._best_pairs(sign * (excess[1] + allowed * self._two) * self._two_scale)
        triples, triple_scores = self._triples(pairs[:BEAM], voice, sign, allowed)
        found = [(pairs, pair_scores), (triples, triple_scores)]
        if aim.fewest == 1:
            found.append(self._best_singles(sign * (excess[0] + allowed * self._one) * self._one_scale))
        return Pool(
            np.vstack([_padded(conditions) for conditions, _ in found]), np.concatenate([each for _, each in found])
        )

    def _pairs(self, deals: Singles) -> Singles:
        """float32[c, c]: the sum of `deals` over those that meet both conditions."""
        sums: Singles = np.multiply(self._holds, deals, dtype=np.float32) @ self._holds.T
        return sums

    def _best_singles(self, scores: Singles) -> tuple[NDArray[np.intp], Singles]:
        """Of each attribute."""
        parts = zip(self._starts, self._parts(scores), strict=True)
        best = np.array([start + _first_best(part) for start, part in parts], dtype=np.intp)
        return best[:, None], scores[best]

    def _best_pairs(self, scores: Singles) -> tuple[NDArray[np.intp], Singles]:
        """Of each pair of attributes, those with the best positive scores; best first."""
        by_first = np.maximum.reduceat(scores, self._starts, axis=0)
        blocks = np.maximum.reduceat(by_first, self._starts, axis=1)
        first, second = np.nonzero(blocks > 0)
        best = np.argsort(-np.round(blocks[first, second], DECIMALS), kind="stable")[:PAIRS]
        ends = np.append(self._starts[1:], len(self._attribute))
        found = np.empty((len(best), 2), dtype=np.intp)
        for place, (one, two) in enumerate(zip(first[best], second[best], strict=True)):
            part = scores[self._starts[one] : ends[one], self._starts[two] : ends[two]]
            found[place] = np.add((self._starts[one], self._starts[two]), divmod(_first_best(part), part.shape[1]))
        return found, scores[found[:, 0], found[:, 1]]

    def _triples(
        self, pairs: NDArray[np.intp], voice: Singles, sign: np.float32, allowed: np.float32
    ) -> tuple[NDArray[np.intp], Singles]:
        """Of each given pair with each other attribute."""
        first, second = pairs.T
        inside = self._holds[first] * self._holds[second]
        three = (inside * self._share) @ self._holds.T
        others = np.minimum(self._two[first], self._two[second])
        scale = self._scale(three, np.minimum(self._two[first, second][:, None], others))
        scale[self._attribute[first][:, None] == self._attribute] = 0.0
        scale[self._attribute[second][:, None] == self._attribute] = 0.0
        scores = sign * ((inside * voice) @ self._holds.T + allowed * three) * scale
        rounded = self._parts(np.round(scores, DECIMALS))
        third = np.concatenate([start + part.argmax(axis=1) for start, part in zip(self._starts, rounded, strict=True)])
        whole = np.sort(np.column_stack([np.tile(pairs, (len(self._starts), 1)), third]), axis=1)
        return whole, scores[np.tile(np.arange(len(pairs)), len(self._starts)), third]

    def _parts(self, scores: Singles) -> list[Singles]:
        """The scores cut by attribute, along the last axis."""
        return np.split(scores, self._starts[1:], axis=-1)

    def _scale(self, held: Singles, others: Singles) -> Singles:
        """1 over the deviation of the excess of types that hold `held` accounts; 0 for those not spoken of."""
        left = held * (1 - held / self._accounts)
        least = LEAST_ACCOUNTS - SLACK
        spoken_of = (held >= least) & (self._accounts - held >= least) & (held <= NARROWS * others + SLACK)
        scale: Singles = np.where(spoken_of, 1 / np.sqrt(np.maximum(left, 1e-6)), 0).astype(np.float32)
        return scale


def _first_best(scores: Singles) -> int:
    """The place of the best score, the first of equals, in the flattened array."""
    return int(np.argmax(np.round(scores, DECIMALS)))


def _padded(conditions: NDArray[np.intp]) -> NDArray[np.intp]:
    width = MOST_CONDITIONS - conditions.shape[1]
    return np.pad(conditions, ((0, 0), (0, width)), constant_values=NONE)
