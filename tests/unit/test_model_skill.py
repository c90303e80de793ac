"""Skill: the perfect case, the useless case, and base rates that move."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from icp_ml.model.metrics import Estimate, Judged, log_losses
from icp_ml.model.skill import BlockLevel, anchor, measure_skill, refit_by_block

Floats = NDArray[np.float64]


def judged(z: Floats, won: NDArray[np.int8], block: NDArray[np.intp] | None = None) -> Judged:
    where = np.zeros(len(won), dtype=np.intp) if block is None else block
    return Judged(z, np.zeros(len(won)), won, np.arange(len(won), dtype=np.int64), where)


def world(deals: int, seed: int, shift: Floats | float = 0.0) -> tuple[Floats, NDArray[np.int8]]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1.5, deals) + shift
    return truth, (rng.random(deals) < expit(truth)).astype(np.int8)


def test_what_decides_the_outcome_is_reliable_skill() -> None:
    truth, won = world(300, 0)
    found = measure_skill(judged(truth, won), 1)
    assert found.is_reliable
    assert 0 < found.gain.low < found.gain.value < found.gain.high
    assert 0.5 < found.ranking.low < found.ranking.value < found.ranking.high
    assert not found.level_is_off
    assert (found.deals, found.accounts) == (300, 300)


def test_the_gain_is_the_loss_saved_and_the_share_is_of_the_loss_of_the_base_rate() -> None:
    # 12 of 16 at +1 won and 4 of 16 at -1: half of all. By symmetry the shift is 0 for model and base rate.
    # The base rate loses log 2 a deal. The model: log(1 + e^-1) at three quarters and log(1 + e) at one quarter.
    z = np.repeat([1.0, -1.0], 16)
    won = np.array([1] * 12 + [0] * 4 + [1] * 4 + [0] * 12, dtype=np.int8)
    by_hand = np.log(2) - (0.75 * np.log(1 + np.exp(-1)) + 0.25 * np.log(1 + np.e))
    found = measure_skill(judged(z, won), 0)
    assert found.gain.value == pytest.approx(by_hand, abs=1e-9)
    assert found.share == pytest.approx(by_hand / np.log(2), abs=1e-9)
    # Of 16 x 16 pairs 12 x 12 are in order, 4 x 4 the other way, and the rest are ties that count half.
    assert found.ranking.value == pytest.approx((144 + 96 / 2) / 256, abs=1e-9)


def test_the_ranking_is_the_area_under_the_curve_of_each_block_weighted_by_what_it_can_tell() -> None:
    block = np.repeat([0, 1, 2], [40, 90, 30])
    truth, won = world(160, 3)
    won[block == 2] = 1  # a block of wins alone tells nothing
    areas, counts = [], []
    for k in (0, 1):
        good, bad = truth[(block == k) & (won == 1)], truth[(block == k) & (won == 0)]
        areas.append(np.mean(good[:, None] > bad[None, :]))
        counts.append(len(good) * len(bad) / (len(good) + len(bad)))
    found = measure_skill(judged(truth, won, block), 0).ranking
    assert found.value == pytest.approx(np.average(areas, weights=counts), abs=1e-9)


@pytest.mark.parametrize("stretch", [0.01, 5.0])
def test_an_order_is_not_refused_for_being_too_sure_or_too_shy(stretch: float) -> None:
    truth, won = world(300, 0)
    plain, stretched = (measure_skill(judged(k * truth, won), 1) for k in (1.0, stretch))
    assert plain.is_reliable
    assert stretched.is_reliable
    assert stretched.ranking == plain.ranking


def test_a_perfect_ranking_saves_almost_everything() -> None:
    won = np.tile([0, 1], 200).astype(np.int8)
    assert measure_skill(judged(np.where(won == 1, 9.0, -9.0), won), 0).share == pytest.approx(1.0, abs=0.05)


def test_noise_is_hardly_ever_reliable() -> None:
    """At the one-sided 0.5 % level a timid noise model passes in fewer than 1 of 20 worlds."""
    passed = 0
    for seed in range(40):
        won = world(150, seed)[1]
        z = np.random.default_rng(seed + 500).normal(0, 0.3, 150)
        passed += measure_skill(judged(z, won), seed).is_reliable
    assert passed <= 2


def test_a_model_that_ranks_backwards_is_not_reliable() -> None:
    truth, won = world(300, 0)
    assert not measure_skill(judged(-truth, won), 0).is_reliable


@pytest.mark.parametrize("seed", range(12))
def test_a_model_that_tells_no_deals_apart_has_no_skill(seed: int) -> None:
    """Rounding must not make a base rate better than itself."""
    won = world(200, seed)[1]
    z = np.full(200, np.random.default_rng(seed).normal())
    found = measure_skill(judged(z, won), seed)
    assert found.gain.value == pytest.approx(0.0, abs=1e-12)
    assert found.ranking.value == pytest.approx(0.5, abs=1e-12)
    assert not found.is_reliable


def test_knowing_how_the_base_rate_moves_between_blocks_is_no_skill() -> None:
    """A fifth are won in the first block and four fifths in the second; the model knows that and nothing else."""
    block = np.repeat([0, 1], 200)
    won = (np.arange(400) % 5 < np.where(block == 0, 1, 4)).astype(np.int8)
    z = logit(np.where(block == 0, 0.2, 0.8)) + np.random.default_rng(0).normal(0, 0.02, 400)
    found = measure_skill(judged(z, won, block), 0)
    assert abs(found.gain.value) < 0.002
    assert not found.is_reliable


def test_a_base_rate_that_moves_takes_no_skill_away() -> None:
    """The order within a block counts, wherever the level of the block has gone."""
    block = np.repeat([0, 1], 300)
    truth, won = world(600, 2, shift=np.where(block == 0, -1.5, 1.5))
    stale = truth - np.where(block == 0, -1.5, 1.5)
    told, untold = (measure_skill(judged(z, won, block), 0) for z in (truth, stale))
    assert untold.is_reliable
    assert untold.gain.value == pytest.approx(told.gain.value, abs=1e-9)


def test_the_level_of_the_latest_block_is_what_warns() -> None:
    block = np.repeat([0, 1, 2], 300)
    truth, won = world(900, 4)
    early, late = truth.copy(), truth.copy()
    early[block == 0] += 2.0
    late[block == 2] += 2.0
    right, first_off, last_off = (measure_skill(judged(z, won, block), 0) for z in (truth, early, late))
    assert [level.is_off for level in right.levels] == [False, False, False]
    assert [level.is_off for level in first_off.levels] == [True, False, False]
    assert [level.is_off for level in last_off.levels] == [False, False, True]
    assert [right.level_is_off, first_off.level_is_off, last_off.level_is_off] == [False, False, True]
    assert last_off.is_reliable  # only the level failed
    assert last_off.levels[2].observed_over_expected.value < 1.0


def test_a_right_level_is_hardly_ever_called_off() -> None:
    """The intervals are of 99 %: of forty right blocks fewer than one in ten alarms."""
    block = np.repeat(np.arange(40), 60)
    truth, won = world(2400, 7)
    assert sum(level.is_off for level in measure_skill(judged(truth, won, block), 0).levels) <= 3


def test_the_level_by_hand() -> None:
    # 30 won of 60 at one quarter each: 15 were expected.
    won = np.tile([0, 1], 30).astype(np.int8)
    (level,) = measure_skill(judged(np.full(60, logit(0.25)), won), 0).levels
    assert (level.block, level.deals) == (0, 60)
    assert level.observed_over_expected.value == pytest.approx(2.0)
    assert level.is_off


@pytest.mark.parametrize(
    ("low", "high", "is_off"), [(0.8, 1.0, False), (1.0, 1.2, False), (0.8, 0.999, True), (1.001, 1.2, True)]
)
def test_a_level_is_off_where_its_interval_leaves_out_1_and_an_interval_holds_its_ends(
    low: float, high: float, *, is_off: bool
) -> None:
    assert BlockLevel(0, 60, Estimate((low + high) / 2, low, high)).is_off is is_off


def test_deals_of_one_account_are_one_fact() -> None:
    """Twenty accounts with fifteen deals each: copies of a deal narrow nothing."""
    truth, won = world(20, 4)
    alone = judged(truth, won)
    copies = Judged(
        np.repeat(truth, 15), np.zeros(300), np.repeat(won, 15), np.repeat(alone.groups, 15), np.zeros(300, np.intp)
    )
    once, often = measure_skill(alone, 0), measure_skill(copies, 0)
    assert often.accounts == 20
    width = [found.gain.high - found.gain.low for found in (once, often)]
    assert width[1] == pytest.approx(width[0], rel=0.25)


@pytest.mark.parametrize("block_won", [0, 20])
def test_a_block_with_one_outcome_is_judged_without_breaking(block_won: int) -> None:
    won = np.array([1] * block_won + [0] * (20 - block_won) + [0, 1] * 50, dtype=np.int8)
    block = np.repeat([0, 1], [20, 100])
    z = np.random.default_rng(0).normal(size=120)
    assert np.isfinite(measure_skill(judged(z, won, block), 0).gain.value)


def test_the_anchor_by_hand() -> None:
    # No win of three with half a win and half a loss added: one in eight.
    assert anchor(np.zeros(3), np.zeros(3, dtype=np.int8)) == pytest.approx(logit(0.5 / 4))
    # Log-odds of 2 for deals of which half are won (2.5 of 5 with the halves) have to come down by 2.
    assert anchor(np.full(4, 2.0), np.array([0, 1, 0, 1], dtype=np.int8)) == pytest.approx(-2.0)


def test_refitting_keeps_the_order_and_sets_the_level_of_each_block() -> None:
    block = np.tile([0, 1, 2], 50)
    truth, won = world(150, 6)
    shifted = refit_by_block(truth, judged(truth, won, block))
    for k in range(3):
        rows = block == k
        assert np.ptp(shifted[rows] - truth[rows]) < 1e-9
        assert expit(shifted[rows]).sum() == pytest.approx((won[rows].sum() + 0.5) * 50 / 51, abs=1e-6)
    assert log_losses(shifted, won).shape == (150,)


def test_a_wider_interval_keeps_its_value_and_grows_on_both_sides_by_the_factor() -> None:
    truth, won = world(300, 1)
    plain = measure_skill(judged(truth, won), 0)
    wide = measure_skill(judged(truth, won), 0, 1.5)
    for here, there in ((plain.ranking, wide.ranking), (plain.gain, wide.gain)):
        assert there.value == here.value
        assert there.value - there.low == pytest.approx(1.5 * (here.value - here.low))
        assert there.high - there.value == pytest.approx(1.5 * (here.high - here.value))
