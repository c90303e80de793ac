"""Ridges learnt column by column: the fixed point by another route, and what they are for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from icp_ml.model import relevance
from icp_ml.model.relevance import HEAVIEST, PRIOR_EVIDENCE, learnt_ridges
from icp_ml.model.scorecard import ScorecardParams, fit_points, fit_scorecard
from tests.model_columns import Floats, number

WIDTHS = (2, 1, 3, 1, 1)
DEALS = 400


def deals(seed: int, effects: tuple[float, ...] = (1.2, -0.8, 0, 0, 0.6, 0, 0, 0)) -> tuple[Floats, NDArray[np.int8]]:
    """Eight standard normal coefficients' columns, five attributes wide; the outcome follows `effects`."""
    rng = np.random.default_rng(seed)
    design = rng.normal(size=(DEALS, len(effects)))
    return design, (rng.random(DEALS) < expit(design @ np.array(effects) - 0.4)).astype(np.int8)


def test_the_ridges_are_a_fixed_point_of_the_evidence() -> None:
    """Maximise the penalised likelihood anew under the learnt ridges: their formula gives them back."""
    design, won = deals(1)
    ridges = learnt_ridges(design, WIDTHS, won, prior=20.0)
    penalty, centred = np.repeat(ridges, WIDTHS), design - design.mean(axis=0)

    def loss(theta: Floats) -> float:
        z = theta[0] + centred @ theta[1:]
        return float(np.sum(np.logaddexp(0, z) - won * z) + penalty @ theta[1:] ** 2 / 2)

    theta = minimize(loss, np.zeros(9), method="BFGS", options={"gtol": 1e-7}).x
    p = expit(theta[0] + centred @ theta[1:])
    ones = np.column_stack([np.ones(DEALS), centred])
    covariance = np.linalg.inv(ones.T @ np.diag(p * (1 - p)) @ ones + np.diag([0.0, *penalty]))
    starts = np.cumsum([0, *WIDTHS])
    for j, (first, last) in enumerate(pairwise(starts.tolist())):
        coefficients, spread = theta[1 + first : 1 + last], np.diag(covariance)[1 + first : 1 + last]
        determined = (last - first) - ridges[j] * spread.sum()
        expected = (determined + PRIOR_EVIDENCE) / (coefficients @ coefficients + PRIOR_EVIDENCE / 20.0)
        assert ridges[j] == pytest.approx(expected, rel=0.1), j


@pytest.mark.parametrize("seed", range(5))
def test_columns_that_decide_are_shrunk_less_than_columns_of_noise(seed: int) -> None:
    design, won = deals(seed)
    first, noise, middle, *more = learnt_ridges(design, WIDTHS, won, prior=20.0)
    assert first < middle < min(noise, *more)


def test_the_order_of_columns_does_not_matter() -> None:
    design, won = deals(2)
    ridges = learnt_ridges(design, WIDTHS, won, prior=20.0)
    turned = learnt_ridges(design[:, ::-1], WIDTHS[::-1], won, prior=20.0)
    assert turned[::-1] == pytest.approx(ridges, rel=1e-6)


def test_a_weight_of_two_is_the_deal_twice() -> None:
    design, won = deals(3)
    twice = learnt_ridges(np.repeat(design, 2, axis=0), WIDTHS, np.repeat(won, 2), prior=20.0)
    weighted = learnt_ridges(design, WIDTHS, won, prior=20.0, weights=np.full(DEALS, 2.0))
    assert weighted == pytest.approx(twice, rel=1e-6)


def test_a_column_without_any_step_keeps_its_place() -> None:
    design, won = deals(4)
    ridges = learnt_ridges(design, (*WIDTHS, 0), won, prior=20.0)
    assert ridges[:5] == pytest.approx(learnt_ridges(design, WIDTHS, won, prior=20.0))
    assert ridges[5] == pytest.approx(20.0)


def test_outcomes_that_a_column_tells_completely_stay_finite() -> None:
    won = np.repeat([0, 1], DEALS // 2).astype(np.int8)
    ridges = learnt_ridges(won[:, None].astype(float), (1,), won, prior=20.0)
    assert 0 < ridges[0] <= HEAVIEST
    card = fit_scorecard(won[:, None].astype(float), won, (number("n"),), ScorecardParams())
    assert np.abs(card.log_odds(won[:, None].astype(float))).max() < 10.0


def test_amid_noise_learnt_ridges_rank_unseen_deals_better_than_any_common_one() -> None:
    """Three attributes of thirty decide; the order of 2,000 unseen deals, mean of ten seeds of 150 deals."""
    columns = tuple(number(f"n{j}") for j in range(30))
    gains = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        rows = rng.normal(size=(2_150, 30))
        z = np.where(rows[:, :3] > 0, 1.0, -1.0).sum(axis=1)
        won = (rng.random(2_150) < expit(z)).astype(np.int8)
        learnt = fit_scorecard(rows[:150], won[:150], columns, ScorecardParams())
        common = [
            fit_points(rows[:150], won[:150], columns, bins=8, ridges=np.full(30, r)) for r in (1.0, 5.0, 20.0, 80.0)
        ]
        found = [np.corrcoef(card.log_odds(rows[150:]), z[150:])[0, 1] for card in (learnt, *common)]
        gains.append(found[0] - max(found[1:]))
    assert np.mean(gains) > 0.05


def test_with_fewer_deals_than_coefficients_the_other_way_to_solve_finds_the_same_ridges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(5)
    design = rng.integers(0, 2, size=(60, 90)).astype(np.float64)
    won = (rng.random(60) < expit(2.0 * design[:, 0] - 2.0 * design[:, 40])).astype(np.int8)
    by_rows = learnt_ridges(design, [3] * 30, won, 20.0)
    monkeypatch.setattr(relevance, "_solved_by_rows", relevance._solved_by_columns)
    by_columns = learnt_ridges(design, [3] * 30, won, 20.0)
    assert np.abs(np.log(by_rows / by_columns)).max() < 1e-5
    assert by_columns.min() < by_columns.max() / 10
