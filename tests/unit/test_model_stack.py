"""The stack: what it does with a perfect member, a useless one, and members that exaggerate."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

from icp_ml.model.metrics import calibration, log_losses
from icp_ml.model.stack import HEAVIEST, PULLS_TO_BASE, Stack, base_rate_log_odds, fit_stack

Floats = NDArray[np.float64]
Outcomes = NDArray[np.int8]


def world(deals: int, seed: int = 0) -> tuple[Floats, Outcomes]:
    """True log-odds around -0.5, and outcomes drawn from them."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-0.5, 1.2, deals)
    return truth, (rng.random(deals) < expit(truth)).astype(np.int8)


def noise(deals: int) -> Floats:
    return np.random.default_rng(77).normal(-0.5, 1.0, deals)


def folds_of(deals: int) -> list[NDArray[np.intp]]:
    return [np.arange(k, deals, 5) for k in range(5)]


def objective(members: list[Floats], won: Outcomes, weights: tuple[float, ...], lambda2: float) -> float:
    """The protocol's formula, with the best shift for these weights."""
    b = np.log((won.sum() + 0.5) / (len(won) - won.sum() + 0.5))
    offset = b + sum(w * (member - b) for w, member in zip(weights, members, strict=True))
    best = minimize_scalar(lambda a: np.mean(np.logaddexp(0, offset + a) - won * (offset + a)), tol=1e-12)
    equal = 1 / len(members)
    penalty = 10 * sum((w - equal) ** 2 for w in weights) + lambda2 * sum(weights) ** 2
    return float(best.fun) + penalty / len(won)


@pytest.mark.parametrize("lambda2", PULLS_TO_BASE)
@pytest.mark.parametrize("deals", [40, 400])
def test_the_fit_is_the_minimum_of_the_formula(deals: int, lambda2: float) -> None:
    truth, won = world(deals)
    members = [0.7 * truth, truth + noise(deals)]
    stack = fit_stack(members, won, folds_of(deals), [lambda2])
    found = objective(members, won, stack.weights, lambda2)
    grid = np.linspace(0.0, 2.0, 21)
    best = min((objective(members, won, (u, v), lambda2), u, v) for u in grid for v in grid)
    assert found <= best[0] + 1e-9
    # By hand: a finer grid around the coarse minimum brings nothing beyond what was found.
    near = [
        objective(members, won, (min(max(best[1] + du, 0), 2), min(max(best[2] + dv, 0), 2)), lambda2)
        for du in np.linspace(-0.1, 0.1, 9)
        for dv in np.linspace(-0.1, 0.1, 9)
    ]
    assert found <= min(near) + 1e-9
    assert stack.pull_to_base == lambda2


def test_the_base_rate_is_counted_with_half_a_win_and_half_a_loss() -> None:
    # 3 wins of 10: (3.5 / 11) / (7.5 / 11) = 7 / 15.
    assert base_rate_log_odds(np.array([1] * 3 + [0] * 7, dtype=np.int8)) == pytest.approx(np.log(7 / 15))
    assert np.isfinite(base_rate_log_odds(np.zeros(5, dtype=np.int8)))


def test_a_combination_by_hand() -> None:
    # -1 + 0.5 + 2 * (1 + 1) + 0.25 * (3 + 1) = 4.5, and at the base rate only the shift is left.
    stack = Stack(base_rate=-1.0, shift=0.5, weights=(2.0, 0.25), pull_to_base=0.0)
    assert stack.combine([np.array([1.0, -1.0]), np.array([3.0, -1.0])]).tolist() == [4.5, -0.5]


def test_a_perfect_member_beside_a_useless_one_is_believed_alone() -> None:
    truth, won = world(20_000)
    stack = fit_stack([truth, noise(20_000)], won, folds_of(20_000))
    assert stack.weights[0] == pytest.approx(1.0, abs=0.06)
    assert stack.weights[1] == pytest.approx(0.0, abs=0.05)
    assert stack.shift == pytest.approx(0.0, abs=0.1)


def test_two_equal_members_share_the_weight() -> None:
    truth, won = world(2_000)
    stack = fit_stack([truth, truth], won, folds_of(2_000), [0.0])
    assert stack.weights[0] == pytest.approx(stack.weights[1], abs=1e-3)
    assert sum(stack.weights) == pytest.approx(1.0, abs=0.2)


def test_a_member_that_ranks_backwards_gets_no_weight() -> None:
    truth, won = world(2_000)
    assert fit_stack([-truth], won, folds_of(2_000)).weights == (0.0,)
    assert fit_stack([noise(2_000) - truth, truth], won, folds_of(2_000)).weights[0] == pytest.approx(0.0, abs=0.1)


def test_weights_stay_within_their_bounds() -> None:
    truth, won = world(5_000)
    timid = fit_stack([truth / 10, truth / 10], won, folds_of(5_000), [0.0])
    assert timid.weights == pytest.approx((HEAVIEST, HEAVIEST))


@pytest.mark.parametrize("exaggeration", [0.6, 1.0, 1.6, 3.0])
def test_stacking_calibrates(exaggeration: float) -> None:
    """A member that exaggerates, or is shy, k-fold about the base rate is weighted 1 / k."""
    deals = 20_000
    truth, won = world(deals)
    b = base_rate_log_odds(won)
    member = b + exaggeration * (truth - b)
    stack = fit_stack([member], won, folds_of(deals))
    assert stack.weights[0] * exaggeration == pytest.approx(1.0, abs=0.06)
    fresh, fresh_won = world(deals, seed=1)
    slope = calibration(stack.combine([b + exaggeration * (fresh - b)]), fresh_won, np.ones(deals))[1]
    assert slope == pytest.approx(1.0, abs=0.08)


def test_the_mean_probability_is_the_win_rate() -> None:
    """The shift is free of penalty, so its derivative is zero: expected wins are observed wins."""
    truth, won = world(300)
    members = [truth + 1.0, 2 * truth]
    stack = fit_stack(members, won, folds_of(300))
    assert expit(stack.combine(members)).mean() == pytest.approx(won.mean(), abs=1e-6)


def test_few_deals_stay_nearer_to_an_equal_mixture_than_many_that_say_the_same() -> None:
    truth, won = world(30)
    members = [truth, noise(30)]
    few = fit_stack(members, won, folds_of(30), [0.0]).weights
    many = fit_stack([np.tile(m, 500) for m in members], np.tile(won, 500), folds_of(15_000), [0.0]).weights
    assert sum((w - 0.5) ** 2 for w in few) < sum((w - 0.5) ** 2 for w in many)


def test_a_stronger_pull_brings_the_weights_down() -> None:
    truth, won = world(100)
    totals = [sum(fit_stack([truth, truth], won, folds_of(100), [pull]).weights) for pull in (0.0, 2.0, 8.0, 1e6)]
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] < 0.01


def test_the_pull_is_the_one_with_the_least_loss_on_folds_not_fitted_to() -> None:
    won = world(60, seed=3)[1]
    member, folds = 2 * noise(60), folds_of(60)
    losses = []
    for pull in PULLS_TO_BASE:
        total = 0.0
        for held_out in folds:
            rest = np.setdiff1d(np.arange(60), held_out)
            stack = fit_stack([member[rest]], won[rest], folds_of(len(rest)), [pull])
            total += log_losses(stack.combine([member[held_out]]), won[held_out]).sum()
        losses.append(total)
    assert fit_stack([member], won, folds).pull_to_base == PULLS_TO_BASE[int(np.argmin(losses))] > 0.0


def test_where_the_pull_does_not_help_there_is_none() -> None:
    truth, won = world(2_000)
    assert fit_stack([truth / 2], won, folds_of(2_000)).pull_to_base == 0.0
