"""How told deals held up: the perfect case, the useless one, and orders that are compared at equal size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from icp_ml.model.held_up import Held, measure_held_up, ranking_of, wins_in_as_many
from icp_ml.model.metrics import Judged


def judged(n: int = 4000, stretch: float = 1.0, shift: float = 0.0) -> Judged:
    """Two periods, each deal its own account; outcomes drawn from the true log-odds, which are stretched when told."""
    rng = np.random.default_rng(2)
    true = rng.normal(-0.5, 1.2, n)
    won = (rng.random(n) < expit(true)).astype(np.int8)
    base = np.full(n, logit(won.mean()))
    return Judged(stretch * true + shift, base, won, np.arange(n), (np.arange(n) * 2 // n).astype(np.intp))


def test_the_truth_holds_up() -> None:
    found = measure_held_up(judged(), seed=1)
    for figure, right in ((found.slope, 1.0), (found.observed_over_expected, 1.0)):
        assert figure is not None
        assert figure.low < right < figure.high
    assert found.skill is not None
    assert found.skill.low > 0


def test_what_is_told_too_boldly_has_half_the_slope_and_the_same_order() -> None:
    right, bold = measure_held_up(judged(), seed=1), measure_held_up(judged(stretch=2.0), seed=1)
    assert right.slope is not None
    assert bold.slope is not None
    assert bold.slope.value == pytest.approx(right.slope.value / 2, rel=1e-6)
    assert bold.ranking == right.ranking


def test_a_level_that_is_off_costs_no_skill() -> None:
    """Skill is judged with the level set right; observed over expected tells of the level."""
    right, high = measure_held_up(judged(), seed=1), measure_held_up(judged(shift=1.0), seed=1)
    assert right.skill is not None
    assert high.skill is not None
    assert high.skill.value == pytest.approx(right.skill.value, abs=1e-6)
    assert high.observed_over_expected is not None
    assert high.observed_over_expected.high < 1


def test_the_ranking_is_the_share_of_pairs_counted_one_by_one() -> None:
    told = judged(60)
    pairs = [
        (told.log_odds[i] > told.log_odds[j]) + (told.log_odds[i] == told.log_odds[j]) / 2
        for block in (0, 1)
        for i in np.flatnonzero((told.block == block) & (told.won == 1))
        for j in np.flatnonzero((told.block == block) & (told.won == 0))
    ]
    sides = [
        (told.block == b).sum() * told.won[told.block == b].mean() * (1 - told.won[told.block == b].mean())
        for b in (0, 1)
    ]
    counts = [((told.block == b) & (told.won == 1)).sum() * ((told.block == b) & (told.won == 0)).sum() for b in (0, 1)]
    shares = [np.mean(pairs[: counts[0]]), np.mean(pairs[counts[0] :])]
    found = ranking_of(told.log_odds, told, seed=1)
    assert found is not None
    assert found.value == pytest.approx(np.average(shares, weights=sides))
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_an_order_holds_in_its_own_first_tier_what_the_tier_holds() -> None:
    told = judged(400)
    first = told.log_odds > 0.3
    held = Held(first, np.ones(400, dtype=bool))
    own = wins_in_as_many(told.log_odds, told, held, seed=1)
    assert own is not None
    assert own.value == pytest.approx(told.won[first].sum() / told.won.sum())


def test_an_order_that_knows_nothing_holds_as_many_wins_as_deals() -> None:
    """All tied: each period's wins count by the share of its deals that the tier held. By hand: periods of 4 deals."""
    told = Judged(
        log_odds=np.zeros(8),
        base=np.zeros(8),
        won=np.array([1, 0, 0, 0, 1, 1, 1, 0], dtype=np.int8),
        groups=np.arange(8),
        block=np.repeat([0, 1], 4),
    )
    first = np.array([1, 0, 0, 0, 1, 1, 0, 0], dtype=bool)
    found = wins_in_as_many(np.zeros(8), told, Held(first, np.ones(8, dtype=bool)), seed=1)
    assert found is not None
    assert found.value == pytest.approx((1 * 1 / 4 + 3 * 2 / 4) / 4)


def test_without_both_outcomes_there_is_nothing_to_say() -> None:
    told = Judged(np.zeros(5), np.zeros(5), np.zeros(5, dtype=np.int8), np.arange(5), np.zeros(5, dtype=np.intp))
    assert ranking_of(np.zeros(5), told, seed=1) is None
    assert measure_held_up(told, seed=1).slope is None
