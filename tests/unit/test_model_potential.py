"""What a win brings: told where the attributes tell it, the mean where they do not, and bounds that hold."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import mean_gamma_deviance

from icp_ml.model.potential import (
    AmountModel,
    Wins,
    bounds,
    compare,
    constant_of,
    cross_amounts,
    deviance,
    fit_amounts,
)
from tests.model_columns import category, number

COLUMNS = (number("size"), number("noise"), category("trade", 4))
WIDENING = 1.5
Floats = NDArray[np.float64]


def made_wins(seed: int, effect: float, accounts: int = 150, each: int = 1, spread: float = 0.5) -> Wins:
    """Lognormal amounts of about 1,000; a size over 0 multiplies them by exp(effect)."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(accounts, dtype=np.int64), each)
    size = rng.normal(size=accounts)[groups]
    rows = np.column_stack([size, rng.normal(size=len(groups)), rng.integers(0, 6, len(groups)).astype(float)])
    amounts = 1000 * np.exp(effect * (size > 0) + spread * rng.normal(size=len(groups)))
    return Wins(rows, amounts, groups, COLUMNS)


def test_deviance_is_that_of_scikit_learn() -> None:
    wins = made_wins(1, 1.0)
    mean = np.linspace(500, 3000, len(wins))
    assert deviance(wins.amounts, mean).mean() == pytest.approx(mean_gamma_deviance(wins.amounts, mean), rel=1e-12)
    assert deviance(wins.amounts, wins.amounts) == pytest.approx(0.0, abs=1e-12)


def test_the_constant_is_the_mean_of_the_wins_for_everybody() -> None:
    wins = made_wins(2, 1.0)
    assert constant_of(wins).mean(wins.rows[:5]) == pytest.approx(np.full(5, wins.amounts.mean()), rel=1e-12)


def test_what_attributes_tell_is_found_at_its_size() -> None:
    """Amounts over size 0 are exp(1) = 2.7 times the others."""
    wins = made_wins(3, 1.0, accounts=300)
    found = compare(cross_amounts(wins, seed=1), seed=1, widening=WIDENING)
    assert found.is_reliable
    assert found.typical_error < found.typical_error_of_median
    model = fit_amounts(wins, seed=1)
    ask = np.array([[1.0, 0.0, 2.0], [-1.0, 0.0, 2.0]])
    large, small = model.mean(ask)
    assert 2.0 < large / small < 3.5
    assert model.mean(wins.rows).mean() == pytest.approx(wins.amounts.mean(), rel=0.05)


def test_expectations_of_unseen_accounts_add_up_to_what_they_brought() -> None:
    """Within what 300 accounts can tell: the standard error of their mean amount is 5 %."""
    crossed = cross_amounts(made_wins(3, 1.0, accounts=300), seed=1)
    assert crossed.mean.sum() == pytest.approx(crossed.wins.amounts.sum(), rel=0.05)


def test_nothing_is_told_where_amounts_do_not_depend_on_attributes() -> None:
    """The weight of the shape shrinks by itself: what is left of it costs next to nothing on accounts not seen."""
    found = [compare(cross_amounts(made_wins(seed, 0.0), seed), seed, WIDENING) for seed in range(4)]
    assert not any(each.is_reliable for each in found)
    assert min(each.share for each in found) > -0.05


def test_one_price_for_all_is_the_answer() -> None:
    wins = made_wins(4, 0.0, accounts=60)
    same = Wins(wins.rows, np.full(len(wins), 990.0), wins.groups, COLUMNS)
    crossed = cross_amounts(same, seed=1)
    found = compare(crossed, seed=1, widening=WIDENING)
    assert not found.is_reliable
    assert found.share == 0
    assert constant_of(same).mean(same.rows) == pytest.approx(np.full(60, 990.0), rel=1e-12)
    assert bounds(same.amounts, crossed.constant, same.groups) == pytest.approx((1.0, 1.0), rel=1e-9)


def test_lightgbm_was_told_what_it_was_to_be_told() -> None:
    """It ignores a setting that it does not know, and writes down those that it grew by."""
    trees = fit_amounts(made_wins(3, 1.0, accounts=300), seed=1).trees
    assert trees is not None
    for line in (
        *("objective=gamma", "[seed: 1]", "[deterministic: 1]", "[force_col_wise: 1]", "[num_threads: 1]"),
        *("[learning_rate: 0.03]", "[num_leaves: 4]", "[max_depth: 3]", "[lambda_l2: 5]", "[feature_fraction: 0.7]"),
        *("[bagging_fraction: 0.8]", "[bagging_freq: 1]", "[max_cat_to_onehot: 4]", "[feature_pre_filter: 0]"),
        *("[min_data_in_leaf: 15]", "[min_data_per_group: 15]"),  # a twentieth of the wins
    ):
        assert f"\n{line}\n" in trees.text


def test_the_unit_of_amounts_does_not_matter() -> None:
    """LightGBM keeps amounts in single precision: six digits, and a split may turn on the last."""
    wins = made_wins(5, 1.0)
    cents = Wins(wins.rows, 100 * wins.amounts, wins.groups, COLUMNS)
    there, here = (cross_amounts(each, seed=2).mean for each in (cents, wins))
    assert there == pytest.approx(100 * here, rel=1e-2)
    assert constant_of(cents).level == pytest.approx(constant_of(wins).level + np.log(100), rel=1e-12)


def test_an_account_is_never_predicted_by_a_model_that_saw_it() -> None:
    """The amounts of an account are its own secret: a column that names the account tells nothing of them."""
    rng = np.random.default_rng(7)
    groups = np.repeat(np.arange(60, dtype=np.int64), 8)
    amounts = 1000 * np.exp(rng.normal(size=60))[groups]
    rows = np.column_stack([groups.astype(float), rng.normal(size=len(groups)), np.zeros(len(groups))])
    found = compare(cross_amounts(Wins(rows, amounts, groups, COLUMNS), seed=1), seed=1, widening=WIDENING)
    assert not found.is_reliable


@pytest.mark.parametrize(
    ("accounts", "low", "high"),
    # With n accounts the outermost ranks are floor((n + 1) / 10) and its mirror image; under nine there are none.
    [(5, 1, 5), (8, 1, 8), (9, 1, 9), (19, 2, 18), (20, 2, 19), (99, 10, 90)],
)
def test_bounds_are_the_ranks_that_conformal_prediction_asks_for(accounts: int, low: int, high: int) -> None:
    amounts = np.random.default_rng(1).permutation(np.arange(1.0, accounts + 1))
    assert bounds(amounts, np.ones(accounts), np.arange(accounts)) == (low, high)


def test_an_account_with_many_deals_is_one_fact() -> None:
    amounts = np.arange(1.0, 40.0)
    groups = np.arange(39, dtype=np.int64)
    often = np.repeat(np.arange(39), np.where(np.arange(39) % 3 == 0, 7, 1))
    assert bounds(amounts[often], np.ones(len(often)), groups[often]) == bounds(amounts, np.ones(39), groups)


def test_bounds_hold_for_new_accounts_over_ten_seeds() -> None:
    """80 % is promised: the mean over ten draws of 120 accounts is within four standard errors of what it may be."""
    inside = []
    for seed in range(10):
        seen, new = (made_wins(each, 0.0, accounts=120, each=2) for each in (seed, 100 + seed))
        low, high = bounds(seen.amounts, np.full(len(seen), 1000.0), seen.groups)
        inside.append(np.mean((new.amounts >= 1000 * low) & (new.amounts <= 1000 * high)))
    assert 0.77 < np.mean(inside) < 0.86


def test_a_list_without_rows_is_answered_with_none() -> None:
    wins = made_wins(3, 1.0)
    for model in (fit_amounts(wins, seed=1), constant_of(wins)):
        assert isinstance(model, AmountModel)
        assert model.mean(np.empty((0, 3))).shape == (0,)
