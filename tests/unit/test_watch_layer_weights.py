"""Which layer predicted, and the points that follow: against another library, on planted layers, and refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from icp_ml.deals.settings import Layer
from icp_ml.watch.followed import Followed
from icp_ml.watch.layer_slopes import LayeredDeals, Slopes, fit_slopes
from icp_ml.watch.layer_weights import measure_layers, proposed_points
from tests.followed_deals import Company, followed_of, given_list

Floats = NDArray[np.float64]

POINTS: dict[Layer, float] = {"firmographic": 40.0, "technographic": 25.0, "behavioural": 20.0, "engagement": 15.0}


def worked_from_the_top(seed: int, deals: int, slopes: tuple[float, ...]) -> tuple[Floats, NDArray[np.int8]]:
    """Sub-scores of five steps a layer, and outcomes; a company of high score is the likelier to be worked."""
    rng = np.random.default_rng(seed)
    sub_scores = (rng.integers(0, 5, (6 * deals, 4)) / 4 - 0.5) * np.array([*POINTS.values()])
    worked = rng.random(len(sub_scores)) < 1 / (1 + np.exp(-(sub_scores.sum(axis=1) - 15) / 12))
    chosen = sub_scores[worked][:deals]
    won = rng.random(len(chosen)) < 1 / (1 + np.exp(1.2 - chosen @ np.array(slopes)))
    return chosen, won.astype(np.int8)


def alone(points: Floats, won: NDArray[np.int8]) -> LayeredDeals:
    """Each deal of an account of its own, on one list."""
    return LayeredDeals(points, won, np.arange(len(won)), np.zeros(len(won), dtype=np.int64))


def p_value(seed: int, deals: int, slopes: tuple[float, ...]) -> float:
    made = alone(*worked_from_the_top(seed, deals, slopes))
    return fit_slopes(made, np.ones(len(made.won))).p_value()


def test_slopes_are_those_of_another_library() -> None:
    """Its only penalty of ours is worth a deal: slopes of 2,000 deals are the same to 1 %."""
    points, won = worked_from_the_top(1, 2000, (0.01, 0.02, 0.05, 0.06))
    found = fit_slopes(alone(points, won), np.ones(len(won)))
    other = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000).fit(points, won)
    assert found.slope == pytest.approx(other.coef_[0], rel=0.01)


def test_deals_told_twice_by_their_account_are_no_more_sure() -> None:
    points, won = worked_from_the_top(2, 300, (0.03, 0.03, 0.03, 0.03))
    once = fit_slopes(alone(points, won), np.ones(300))
    doubled = LayeredDeals(
        np.tile(points, (2, 1)), np.tile(won, 2), np.tile(np.arange(300), 2), np.zeros(600, np.int64)
    )
    twice = fit_slopes(doubled, np.ones(600))
    assert twice.slope == pytest.approx(once.slope, rel=0.02)
    assert np.sqrt(np.diag(twice.covariance)) == pytest.approx(np.sqrt(np.diag(once.covariance)), rel=0.02)


def test_a_weight_of_two_is_a_deal_that_stands_twice() -> None:
    points, won = worked_from_the_top(3, 200, (0.02, 0.02, 0.06, 0.06))
    weights = np.where(np.arange(200) < 50, 2.0, 1.0)
    rows = np.append(np.arange(200), np.arange(50))
    weighted, copied = (
        fit_slopes(alone(points, won), weights),
        fit_slopes(LayeredDeals(points[rows], won[rows], np.arange(250), np.zeros(250, np.int64)), np.ones(250)),
    )
    assert weighted.slope == pytest.approx(copied.slope, rel=0.02)


def test_points_go_where_a_point_tells_more_and_stay_100() -> None:
    """Without noise 40 x 1, 25 x 1, 20 x 3 and 15 x 3 are 40, 25, 60, 45 of 170."""
    sure = Slopes(np.array([0.01, 0.01, 0.03, 0.03]), np.eye(4) * 1e-12)
    found = proposed_points(sure, np.array([*POINTS.values()]))
    assert found == pytest.approx(np.array([40, 25, 60, 45]) / 1.7, rel=1e-4)
    assert found.sum() == pytest.approx(100)


def test_points_stay_where_slopes_differ_by_no_more_than_noise() -> None:
    """Of one variance each, the squares of (-1, 1, -1, 1) standard errors about their mean add up to 4, of which 3 are
    expected: a quarter of them is kept. With half the errors nothing is."""
    near = Slopes(0.05 + 0.005 * np.array([-1.0, 1.0, -1.0, 1.0]), np.eye(4) * 1e-4)
    assert near.drawn_together() == pytest.approx(np.full(4, 0.05))
    far = Slopes(0.05 + 0.01 * np.array([-1.0, 1.0, -1.0, 1.0]), np.eye(4) * 1e-4)
    assert far.drawn_together() == pytest.approx(0.05 + 0.0025 * np.array([-1.0, 1.0, -1.0, 1.0]))


def test_no_layer_goes_below_zero_and_nothing_is_proposed_where_none_tells() -> None:
    now = np.array([*POINTS.values()])
    harmful = proposed_points(Slopes(np.array([-0.05, 0.02, 0.02, 0.02]), np.eye(4) * 1e-12), now)
    assert harmful[0] == 0.0
    assert harmful[1:] == pytest.approx(100 * now[1:] / now[1:].sum(), rel=1e-4)
    assert np.isnan(proposed_points(Slopes(np.full(4, -0.01), np.eye(4)), now)).all()


def test_false_alarms_are_as_rare_as_promised_and_what_is_planted_is_found() -> None:
    """200 worlds of 400 deals without a difference: 5 % are 10, and 20 or more have a chance of 0.3 %. Of 40 worlds in
    which two layers tell six times as much a point, most are found."""
    alarms = sum(p_value(seed, 400, (0.03, 0.03, 0.03, 0.03)) < 0.05 for seed in range(200))
    finds = sum(p_value(seed, 400, (0.01, 0.01, 0.06, 0.06)) < 0.05 for seed in range(40))
    assert alarms < 20
    assert finds >= 24


def reviewed(deals: int, slopes: tuple[float, ...]) -> Followed:
    points, won = worked_from_the_top(5, deals, slopes)
    companies = [Company(f"c{k}", bool(each)) for k, each in enumerate(won)]
    sub_scores = {layer: points[:, place].tolist() for place, layer in enumerate(POINTS)}
    return followed_of(companies, given_list(companies, sub_scores, "hash"))


def test_a_scorecard_is_told_which_points_to_move() -> None:
    found = measure_layers(reviewed(800, (0.01, 0.01, 0.06, 0.06)), {"hash": POINTS}, seed=1)
    assert found is not None
    assert found.verdict == "shift"
    points = {each.layer: each.proposed for each in found.layers}
    assert sum(each.value for each in points.values() if each) == pytest.approx(100)
    for layer, now in POINTS.items():
        proposed = points[layer]
        assert proposed is not None
        assert proposed.low <= proposed.value <= proposed.high
        if layer != "technographic":  # what it should get, 9 of 100, is not far from the 25 that it has
            assert (proposed.value > now) == (layer != "firmographic")
    assert "Proposed points: firmographic 40 to" in found.sentence


def test_a_learned_model_is_told_what_predicted_and_no_points() -> None:
    found = measure_layers(reviewed(800, (0.01, 0.01, 0.06, 0.06)), {}, seed=1)
    assert found is not None
    assert found.verdict == "differ"
    assert all(each.proposed is None and each.effect is not None for each in found.layers)


def test_too_few_accounts_move_no_point() -> None:
    """Of 150 deals under 50 are won."""
    found = measure_layers(reviewed(150, (0.0, 0.0, 0.06, 0.06)), {"hash": POINTS}, seed=1)
    assert found is not None
    assert min(found.won_accounts, found.lost_accounts) < 50
    assert (found.verdict, found.p_value) == ("too few", None)
    assert all(each.proposed is None for each in found.layers)
    assert "50 won and 50 lost accounts" in found.sentence


def test_lists_without_sub_scores_say_nothing_of_layers() -> None:
    companies = [Company(f"c{k}", k % 2 == 0) for k in range(200)]
    assert measure_layers(followed_of(companies), {}, seed=1) is None


def test_where_layers_tell_alike_it_is_said_and_no_points_are_proposed() -> None:
    found = measure_layers(reviewed(400, (0.04, 0.04, 0.04, 0.04)), {"hash": POINTS}, seed=1)
    assert found is not None
    assert found.verdict == "no difference shown"
    assert found.p_value is not None
    assert found.sentence.startswith("No layer is shown to tell more a point than another (p = ")
    assert found.sentence.endswith("400 deals); no points are proposed.")
    assert all(each.proposed is None for each in found.layers)
