"""The search: interrupted or not, the same trials; the same seed, the same result."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from icp_ml.model.win_model import ModelParams, TrainingRows, cross_fit
from icp_training import search as searching
from icp_training.search import Budget, SoFar, sample_groups, search
from icp_training.search_space import GOOD_GUESSES
from tests.model_columns import number, training_data

COLUMNS = (number("a"), number("gaps"))


def deals(rows: int = 60) -> TrainingRows:
    return training_data(COLUMNS, rows, 0, deals_per_account=2)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss that can be had without fitting anything, least at ridge 3 with twelve leaves."""

    def loss(data: TrainingRows, params: ModelParams, seed: int, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(
            loss=abs(np.log(params.scorecard.ridge / 3)) + abs(np.log(params.trees.num_leaves / 12)) + seed / 1e9
        )

    monkeypatch.setattr(searching, "cross_fit", loss)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("stopped_after", [1, 3, 8, 9, 13])
def test_an_interrupted_search_has_made_the_trials_of_the_whole_one(stopped_after: int) -> None:
    """Eight trials are drawn at random and the rest by what the earlier ones found: both ranges are cut."""
    whole = search(deals(), Budget(16), 5).tried
    assert search(deals(), Budget(stopped_after), 5).tried == whole[:stopped_after]


@pytest.mark.usefixtures("quick")
def test_the_same_seed_finds_the_same_and_another_seed_looks_elsewhere() -> None:
    first, again, other = (search(deals(), Budget(12), seed) for seed in (1, 1, 2))
    assert first == again
    assert first.tried[: len(GOOD_GUESSES)] != other.tried[: len(GOOD_GUESSES)]  # the loss knows the seed
    assert [t.params for t in first.tried[:3]] == [t.params for t in other.tried[:3]]
    assert {t.params for t in first.tried[3:]}.isdisjoint({t.params for t in other.tried[3:]})


@pytest.mark.usefixtures("quick")
def test_the_best_is_the_least_loss_and_a_longer_search_is_never_worse() -> None:
    losses = []
    for trials in (1, 5, 20):
        found = search(deals(), Budget(trials), 3)
        best = min(found.tried, key=lambda tried: tried.loss)
        assert found.best == best.params
        assert len(found.tried) == trials
        losses.append(best.loss)
    assert losses == sorted(losses, reverse=True)


@pytest.mark.usefixtures("quick")
def test_progress_counts_every_trial_and_never_rises() -> None:
    seen: list[SoFar] = []
    search(deals(), Budget(6), 3, seen.append)
    assert [(each.done, each.total) for each in seen] == [(k, 6) for k in range(1, 7)]
    best = [each.best for each in seen]
    assert best == sorted(best, reverse=True)


@pytest.mark.usefixtures("quick")
def test_a_search_out_of_time_says_so_and_has_tried_at_least_once() -> None:
    found = search(deals(), Budget(5, minutes=0.0), 3)
    assert 1 <= len(found.tried) < 5
    assert found.cut_short
    assert not search(deals(), Budget(2), 3).cut_short


@pytest.mark.usefixtures("quick")
def test_the_first_trials_are_the_good_guesses() -> None:
    first = [tried.params for tried in search(deals(4_000), Budget(3), 0).tried]
    assert first == list(GOOD_GUESSES)


def test_a_real_search_is_reproducible_too() -> None:
    first, again = (search(deals(), Budget(2), 7) for _ in range(2))
    assert (first.best, first.tried) == (again.best, again.tried)
    assert all(0 < tried.loss < 1 for tried in first.tried)


def test_what_was_predicted_for_the_best_parameters_comes_with_them() -> None:
    """Trials cross few deals once; what comes with the winner is of both divisions."""
    found = search(deals(), Budget(3), 7)
    once, whole = (cross_fit(deals(), found.best, 7, once=each) for each in (True, False))
    assert once.loss == min(tried.loss for tried in found.tried)
    assert found.crossed.log_odds.tolist() == whole.log_odds.tolist()
    assert once.log_odds.tolist() != whole.log_odds.tolist()


@pytest.mark.parametrize(("trials", "fifth"), [(30, 6), (100, 20), (14, 3), (5, 3), (2, 2), (1, 1)])
def test_an_outer_fold_may_spend_a_fifth_but_at_least_the_good_guesses(trials: int, fifth: int) -> None:
    assert Budget(trials).fifth() == Budget(fifth)
    assert Budget(trials, minutes=10.0).fifth() == Budget(fifth, minutes=2.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_sample_is_made_of_whole_accounts(seed: int) -> None:
    groups = np.random.default_rng(seed).integers(0, 40, 300)
    rows = sample_groups(groups, 120, seed)
    taken = set(groups[rows].tolist())
    assert np.isin(groups, list(taken)).sum() == len(rows) <= 120
    assert len(rows) > 120 - np.bincount(groups).max()
    assert rows.tolist() == sorted(set(rows.tolist()))


def test_a_sample_that_fits_is_everything() -> None:
    assert sample_groups(np.array([3, 1, 3]), 3, 0).tolist() == [0, 1, 2]


@pytest.mark.parametrize("seed", range(5))
def test_one_account_over_the_limit_does_not_empty_the_sample(seed: int) -> None:
    """An account of 90 deals cannot be in a sample of 50; the ten others can."""
    groups = np.array([0] * 90 + list(range(1, 11)))
    assert sample_groups(groups, 50, seed).tolist() == list(range(90, 100))


@pytest.mark.parametrize("bears_more", [True, False])
def test_what_won_on_a_sample_meets_the_largest_starting_point_on_all_deals(
    monkeypatch: pytest.MonkeyPatch, *, bears_more: bool
) -> None:
    """On a sample small models lose least; on all deals the largest starting point does, or does not."""
    largest = GOOD_GUESSES[-1]

    def loss(data: TrainingRows, params: ModelParams, seed: int, *_: object, **__: object) -> SimpleNamespace:
        everything = len(data.won) == 60
        wins = bears_more if everything else False
        leaves = params.trees.num_leaves
        return SimpleNamespace(loss=0.0 if wins and params == largest else float(leaves), deals=len(data.won))

    monkeypatch.setattr(searching, "cross_fit", loss)
    monkeypatch.setattr(searching, "MOST_SEARCH_ROWS", 40)
    found = search(deals(60), Budget(len(GOOD_GUESSES)), 5)
    fewest = min((tried.params for tried in found.tried), key=lambda params: params.trees.num_leaves)
    assert fewest.trees.num_leaves < largest.trees.num_leaves
    assert found.best == (largest if bears_more else fewest)
    assert found.crossed.deals == 60  # type: ignore[attr-defined]


@pytest.mark.parametrize(("repeated_under", "made_anew"), [(61, 1), (60, 0)])
def test_predictions_of_the_best_trial_are_made_once_more_only_where_a_trial_did_not_make_them_all(
    monkeypatch: pytest.MonkeyPatch, repeated_under: int, made_anew: int
) -> None:
    asked: list[ModelParams] = []

    def loss(data: TrainingRows, params: ModelParams, seed: int, *_: object, **__: object) -> SimpleNamespace:
        asked.append(params)
        return SimpleNamespace(loss=params.scorecard.ridge)

    monkeypatch.setattr(searching, "cross_fit", loss)
    monkeypatch.setattr(searching, "REPEATED_UNDER", repeated_under)
    found = search(deals(60), Budget(3), 5)
    assert len(asked) == 3 + made_anew
    assert found.best == min(asked, key=lambda params: params.scorecard.ridge)
