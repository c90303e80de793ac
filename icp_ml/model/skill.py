"""Is there any skill, and is the level right? Two tests, because they call for different answers.

Ranking: of a won and a lost deal of the same block, how often is the won one ranked higher? What is tested is the
order alone, within blocks: neither a base rate that has moved nor a model that is too sure of itself changes it
(bootstrap over accounts, pooled over blocks, one-sided 0.5 %). Failing it, the answer is "no reliable signal". How
much log loss the model saves at its own scale, it and the base rate both re-anchored block by block, is reported
beside it.

Level: wins that happened over wins that were expected, block by block. Where only this one fails, probabilities are
re-anchored and a warning is given; the order stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.model.metrics import Estimate, Judged, log_losses, resamples

Floats = NDArray[np.float64]

CHANCE = 0.5
ONE_SIDED_LEVEL = 0.005
DRAWS = 4_000
LEVEL_DRAWS = 1_000
LEVEL_CONFIDENCE = 0.99
LEAST_JUDGED = 100
"""Fewer pooled deals than this settle nothing: a perfect ranking of 60 may be chance."""


@dataclass(frozen=True)
class BlockLevel:
    """Observed over expected wins of one block, with its 99 % interval over accounts."""

    block: int
    deals: int
    observed_over_expected: Estimate

    @property
    def is_off(self) -> bool:
        """Whether the interval leaves out 1."""
        return not self.observed_over_expected.low <= 1.0 <= self.observed_over_expected.high


@dataclass(frozen=True)
class Skill:
    """What was tested and what was measured, with bounds at 0.5 % and 99.5 %.

    ranking: share of pairs of a won and a lost deal of one block in which the won one is ranked higher, a tie counting
    half; 0.5 is chance. gain: log loss saved by the model, in nats a deal; share: the same as a share of the base
    rate's log loss (skill in the sense of the protocol); model and base rate re-anchored block by block in both.
    """

    ranking: Estimate
    gain: Estimate
    share: float
    deals: int
    accounts: int
    levels: tuple[BlockLevel, ...]

    @property
    def is_reliable(self) -> bool:
        """Whether the ranking beats chance beyond noise."""
        return self.ranking.low > CHANCE

    @property
    def level_is_off(self) -> bool:
        """Whether the latest block's level differs from what was expected beyond noise."""
        return bool(self.levels) and self.levels[-1].is_off


def measure_skill(judged: Judged, seed: int, widening: float = 1.0) -> Skill:
    """Test ranking and level on deals that the model did not learn from.

    widening: by how much the bounds of ranking and gain are too narrow, because blocks were judged by models that
    learnt from each other's deals (see `Judgement.widening`); 1 where they did not.
    """
    base = log_losses(refit_by_block(np.zeros(len(judged)), judged), judged.won)
    model = log_losses(refit_by_block(judged.log_odds, judged), judged.won)
    measured = [pairs_in_order(judged), base - model]
    ranking, gain = (_widened(found, widening) for found in _paired_intervals(measured, judged.groups, seed))
    ranking = Estimate(ranking.value, max(ranking.low, 0.0), min(ranking.high, 1.0))
    return Skill(
        ranking=ranking,
        gain=gain,
        share=gain.value / float(base.mean()),
        deals=len(judged),
        accounts=len(np.unique(judged.groups)),
        levels=tuple(_level(judged, int(block), seed) for block in np.unique(judged.block)),
    )


def pairs_in_order(judged: Judged) -> Floats:
    """Each deal's share of the ranking, shape (n,): their mean is the share of pairs in the right order.

    Outcome and rank of the log-odds, each relative to its mean in the block, multiplied: summed over a block of w wins
    and l losses this is w x l / (w + l) x (AUC - 1/2) (Mann and Whitney 1947). Blocks count by w x l / (w + l), so that
    one with a single win says little. 0.5 throughout where no block holds both outcomes.
    """
    from scipy.stats import rankdata  # noqa: PLC0415 - loaded where a model is judged

    excess, scale = np.zeros(len(judged)), 0.0
    for block in np.unique(judged.block):
        rows = judged.block == block
        won, rank = judged.won[rows], rankdata(judged.log_odds[rows]) / rows.sum()
        excess[rows] = (won - won.mean()) * (rank - rank.mean())
        scale += float(rows.sum() * won.mean() * (1.0 - won.mean()))
    return CHANCE + (excess * len(judged) / scale if scale else excess)


def refit_by_block(log_odds: Floats, judged: Judged) -> Floats:
    """Log-odds shifted, block by block, so that expected wins equal observed wins: only the ranking is left."""
    shifted = np.empty(len(judged))
    for block in np.unique(judged.block):
        rows = judged.block == block
        shifted[rows] = log_odds[rows] + anchor(log_odds[rows], judged.won[rows])
    return shifted


def anchor(log_odds: Floats, won: NDArray[np.int8]) -> float:
    """The shift that makes the mean probability equal the win rate; half a win and half a loss keep it finite."""
    target = (won.sum() + 0.5) / (len(won) + 1.0)
    shift = 0.0
    for _ in range(100):
        p = expit(log_odds + shift)
        step = (target - p.mean()) / max(float(np.mean(p * (1 - p))), 1e-9)
        shift += float(np.clip(step, -2.0, 2.0))
        if abs(step) < 1e-12:
            break
    return shift


def _paired_intervals(measured: list[Floats], groups: NDArray[np.int64], seed: int) -> list[Estimate]:
    """Bounds at 0.5 % and 99.5 % of the mean of each, the same accounts resampled for all."""
    _, member = np.unique(groups, return_inverse=True)
    deals = np.bincount(member)
    totals = np.column_stack([np.bincount(member, weights=values) for values in measured])
    accounts = np.arange(len(deals), dtype=np.int64)
    draws = [(w @ totals) / (w @ deals) for w in resamples(accounts, DRAWS, seed)]
    low, high = np.quantile(draws, [ONE_SIDED_LEVEL, 1 - ONE_SIDED_LEVEL], axis=0)
    return [Estimate(float(v.mean()), float(low[i]), float(high[i])) for i, v in enumerate(measured)]


def _widened(found: Estimate, by: float) -> Estimate:
    value = found.value
    return Estimate(value, value - by * (value - found.low), value + by * (found.high - value))


def _level(judged: Judged, block: int, seed: int) -> BlockLevel:
    rows = judged.block == block
    won, expected = judged.won[rows].astype(np.float64), expit(judged.log_odds[rows])
    ratios = [(w @ won) / (w @ expected) for w in resamples(judged.groups[rows], LEVEL_DRAWS, seed)]
    low, high = np.quantile(ratios, [(1 - LEVEL_CONFIDENCE) / 2, (1 + LEVEL_CONFIDENCE) / 2])
    return BlockLevel(block, int(rows.sum()), Estimate(float(won.sum() / expected.sum()), float(low), float(high)))
