"""What more accounts would buy: spreads beside resampling, curves beside planted ones, counts by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.metrics import auc, resamples
from icp_training.sufficiency import MORE, auc_spread, free_steps, gain_of, sufficiency_of
from tests.deal_tables import table_of

GROUPS = np.arange(600)


def drawn(seed: int, per_account: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds that rank a little, outcomes that accounts share in part, and accounts of `per_account` deals."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(300 // per_account), per_account)
    mood = rng.normal(size=300 // per_account)[groups]
    truth = rng.normal(size=300) + mood
    won = (truth + rng.normal(size=300) > 0.3).astype(np.int8)
    return truth + rng.normal(size=300), won, groups


def test_the_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    log_odds, won, groups = np.array([0.1, 0.5, 0.5, 0.9, -1.0]), np.array([0, 1, 0, 1, 0]), np.arange(5)
    pairs = [(a > b) + (a == b) / 2 for a, b in product(log_odds[won == 1], log_odds[won == 0])]
    assert auc_spread(log_odds, won.astype(np.int8), groups).auc == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize("per_account", [1, 5])
def test_the_spread_is_that_of_resampled_accounts(per_account: int) -> None:
    log_odds, won, groups = drawn(1, per_account)
    draws = [auc(log_odds, won, weights) for weights in resamples(groups, 1_500, 3)]
    # 1,500 draws know a standard deviation to about 2 %; the linearisation adds as much.
    assert auc_spread(log_odds, won, groups).within() == pytest.approx(1.96 * np.std(draws), rel=0.12)


def test_more_accounts_of_the_rarer_outcome_narrow_by_its_own_part_alone() -> None:
    log_odds, won, groups = drawn(2)
    spread = auc_spread(log_odds, won, groups)
    # One deal an account: the parts of won and of lost accounts add up, and the first is halved.
    m, n = won.sum(), (1 - won).sum()
    of_won, of_lost = float((spread.above**2).sum()) / m**2, float((spread.beaten**2).sum()) / n**2
    wanted = spread.within() * np.sqrt((of_won / 2 + of_lost) / (of_won + of_lost))
    assert spread.within_more(2.0, "won") == pytest.approx(wanted)
    assert replace(spread, times=4.0).within() == pytest.approx(spread.within() / 2)


def test_accounts_that_both_win_and_lose_bring_both_with_them() -> None:
    log_odds, won, _ = drawn(3)
    groups = np.tile(np.arange(30), 10)
    spread = auc_spread(log_odds, won, groups)
    assert (spread.wins > 0).all()
    assert spread.within_more(4.0, "lost") == pytest.approx(spread.within() / 2)


def planted(slope: float, noise: float, seed: int) -> np.ndarray:
    """Losses of three repeats and four shares whose means are 0.5 + slope / accounts, with noise from deal to deal."""
    rng = np.random.default_rng(seed)
    means = 0.5 + slope / np.array([25.0, 40.0, 63.0, 100.0])
    return means[None, :, None] + noise * rng.normal(size=(3, 1, 600)) + 0.1 * noise * rng.normal(size=(3, 4, 600))


LEARNED = np.array([25.0, 40.0, 63.0, 100.0])


def test_a_planted_curve_is_found_and_its_promise_is_kept() -> None:
    gain = gain_of(planted(4.0, 0.0, 1), GROUPS, LEARNED, 100, 5)
    assert gain.log_loss == pytest.approx(4.0 / 100 - 4.0 / (100 + MORE), abs=1e-12)
    assert gain.sure
    noisy = gain_of(planted(4.0, 0.2, 2), GROUPS, LEARNED, 100, 5)
    assert noisy.low < 4.0 / 100 - 4.0 / (100 + MORE) < noisy.high


def test_a_flat_curve_promises_nothing() -> None:
    sure = [gain_of(planted(0.0, 0.3, seed), GROUPS, LEARNED, 100, 5).sure for seed in range(20)]
    # The bound is one-sided at 5 %: four or more of 20 would be met once in 60 trials of this kind.
    assert sum(sure) < 4


def test_points_that_could_be_set_are_counted_by_hand() -> None:
    def column(name: str, kind: str, levels: tuple[str, ...] = ()) -> ModelColumn:
        return ModelColumn(name, name, name, "firmographic", "fit", kind, levels)  # type: ignore[arg-type]

    rows = np.array([[1.0, 0.0, 2.0], [2.0, 1.0, 3.0], [3.0, np.nan, 3.0], [np.nan, 1.0, 0.0]])
    columns = (column("a", "number"), column("b", "flag"), column("c", "category", ("(missing)", "(other)", "x", "y")))
    # a: two steps between three values, and a gap. b: one step and a gap. c: missing, x and y stand there.
    assert free_steps(rows, columns, 8) == 3 + 2 + 2
    assert free_steps(rows, columns, 2) == 2 + 2 + 2


def test_a_set_of_deals_is_counted_and_told_in_words() -> None:
    found = sufficiency_of(table_of(200, seed=1), 7)
    assert found.rarer in ("won", "lost")
    assert found.auc is not None
    assert found.auc_within is not None
    assert found.auc_within_more is not None
    assert 0 < found.auc_within_more < found.auc_within < 0.2
    assert [point.accounts for point in found.curve] == sorted(point.accounts for point in found.curve)
    assert f"{MORE} more accounts with a {found.rarer} deal" in found.sentences[1]


def test_a_share_of_accounts_has_both_outcomes_even_where_one_is_rare_among_those_who_have_both() -> None:
    deals = table_of(600, seed=3)
    won = np.ones(600, dtype=np.int8)
    won[::14] = 0
    accounts = np.array([f"a{k // 2}" for k in range(600)], dtype=object)
    found = sufficiency_of(replace(deals, won=won, accounts=accounts), 7)
    # 43 deals were lost, each by an account that has won the other one.
    assert (found.rarer, found.accounts) == ("lost", 43)
    assert len(found.curve) == 4


def test_too_few_accounts_for_a_curve_are_counted_all_the_same() -> None:
    found = sufficiency_of(table_of(24, seed=1), 7)
    assert found.curve == ()
    assert found.gain is None
    assert len(found.sentences) == 1
