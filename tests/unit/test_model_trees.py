"""The trees refer to the reference rows: counts, base and text, checked by walking the written text."""

from __future__ import annotations

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest
from numpy.typing import NDArray

from icp_ml.model.metrics import log_losses
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.model.trees import TreeParams, Trees, bagged_trees, can_be_bagged, cross_trees, fit_trees, grow_by_fold
from tests.model_columns import Floats, category, number, training_data
from tests.parity.shapley_judge import log_odds, rows_passed
from tests.parity.tree_text import WrittenTree, read_trees

COLUMNS = (number("a"), number("gaps"), category("few", 4), category("many", 60))
BAGGED = TreeParams(min_data_in_leaf=5, bagging_fraction=0.6, cat_smooth=1.0, cat_l2=1.0)
UNBAGGED = replace(BAGGED, bagging_fraction=1.0)
SEEDS = range(3)


def grown(seed: int, params: TreeParams = BAGGED, weights: Floats | None = None) -> tuple[Trees, Floats]:
    data = training_data(COLUMNS, 250, seed)
    return fit_trees(data.rows, data.won, COLUMNS, params, rounds=8, seed=seed, weights=weights), data.rows


def few_heavy_rows(rows: int) -> Floats:
    return np.where(np.arange(rows) % 10 == 0, 5.0, 0.1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weights", [None, few_heavy_rows(250)], ids=["unweighted", "weighted"])
def test_counts_are_the_reference_rows_that_pass(seed: int, weights: Floats | None) -> None:
    trees, rows = grown(seed, weights=weights)
    for tree in read_trees(trees.text):
        assert (tree.leaf_count, tree.internal_count) == rows_passed(tree, rows)
        assert tree.internal_count[0] == len(rows)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weights", [None, few_heavy_rows(250)], ids=["unweighted", "weighted"])
def test_base_is_the_mean_log_odds_of_the_reference_rows(seed: int, weights: Floats | None) -> None:
    trees, rows = grown(seed, weights=weights)
    assert abs(trees.base - trees.log_odds(rows).mean()) <= 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_base_and_contributions_add_up_to_the_log_odds(seed: int) -> None:
    trees, rows = grown(seed)
    assert np.abs(trees.base + trees.contributions(rows).sum(axis=1) - trees.log_odds(rows)).max() <= 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_predictions_are_those_of_a_walk_through_the_text(seed: int) -> None:
    trees, rows = grown(seed)
    assert np.abs(log_odds(read_trees(trees.text), rows) - trees.log_odds(rows)).max() <= 1e-12


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that LightGBM writes while the test runs."""
    texts: list[str] = []
    write = lgb.Booster.model_to_string

    def recording(self: lgb.Booster) -> str:
        texts.append(write(self))
        return texts[-1]

    monkeypatch.setattr(lgb.Booster, "model_to_string", recording)
    return texts


def test_recounting_changes_nothing_but_counts(written: list[str]) -> None:
    trees, rows = grown(0)
    assert [_without_counts(tree) for tree in read_trees(written[0])] == [
        _without_counts(tree) for tree in read_trees(trees.text)
    ]
    assert read_trees(written[0]) != read_trees(trees.text)  # in the bag was less than everything
    assert np.array_equal(Trees(written[0]).log_odds(rows), trees.log_odds(rows))


def _without_counts(tree: WrittenTree) -> WrittenTree:
    return replace(tree, leaf_count=(), internal_count=())


def test_where_every_row_is_in_the_bag_recounting_finds_the_counts_of_lightgbm(written: list[str]) -> None:
    trees, _ = grown(0, UNBAGGED)
    assert read_trees(written[0]) == read_trees(trees.text)


def test_text_reloads_to_the_same_model() -> None:
    trees, rows = grown(0)
    again = Trees(trees.booster.model_to_string())
    assert read_trees(again.text) == read_trees(trees.text)
    assert np.array_equal(again.log_odds(rows), trees.log_odds(rows))
    assert np.array_equal(again.contributions(rows), trees.contributions(rows))
    assert again.base == trees.base


def test_the_same_seed_grows_the_same_text() -> None:
    assert grown(1)[0].text == grown(1)[0].text


def test_a_row_alone_is_the_row_in_its_batch() -> None:
    trees, rows = grown(2)
    alone = np.concatenate([trees.log_odds(row[None]) for row in rows[:20]])
    explained = np.concatenate([trees.contributions(row[None]) for row in rows[:20]])
    assert np.array_equal(alone, trees.log_odds(rows)[:20])
    assert np.array_equal(explained, trees.contributions(rows)[:20])


def test_trees_have_no_more_leaves_and_no_deeper_paths_than_asked() -> None:
    trees, _ = grown(0, replace(BAGGED, num_leaves=31, max_depth=3, min_data_in_leaf=2))
    written = read_trees(trees.text)
    assert max(len(tree.leaf_value) for tree in written) <= 8
    assert max(_depth(tree, 0) for tree in written) == 3


def _depth(tree: WrittenTree, node: int) -> int:
    return 0 if node < 0 else 1 + max(_depth(tree, tree.left[node]), _depth(tree, tree.right[node]))


def crossed(won: NDArray[np.int8], rows: Floats, groups: NDArray[np.int64]) -> Floats:
    folds = grouped_folds(groups, won, 5, 0)
    return cross_trees(rows, won, COLUMNS, BAGGED, folds, seed=0).log_odds


def told_apart(log_odds: Floats, won: NDArray[np.int8]) -> float:
    return float(log_odds[won == 1].mean() - log_odds[won == 0].mean())


def test_out_of_fold_predictions_find_what_can_be_learned_and_nothing_in_noise() -> None:
    data = training_data(COLUMNS, 300, 0)
    noise = np.random.default_rng(0).permutation(data.won)
    assert told_apart(crossed(data.won, data.rows, data.groups), data.won) > 0.5
    assert abs(told_apart(crossed(noise, data.rows, data.groups), noise)) < 0.25


def test_a_fold_is_predicted_by_trees_that_did_not_see_it() -> None:
    """A column that tells the outcomes within one fold, and is silent elsewhere, is of no use to that fold."""
    rng = np.random.default_rng(0)
    columns, won = (number("tell-tale"), number("noise")), np.tile([0, 1], 100).astype(np.int8)
    folds = grouped_folds(np.arange(200), won, 5, 0)
    rows = np.column_stack([np.zeros(200), rng.normal(size=200)])
    rows[folds[0], 0] = np.where(won[folds[0]] == 1, 9.0, -9.0)
    found = cross_trees(rows, won, columns, BAGGED, folds, seed=0).log_odds
    assert len(np.unique(rows[complement(folds[0], 200), 0])) == 1
    assert told_apart(found[folds[0]], won[folds[0]]) < 0.5
    everything = fit_trees(rows, won, columns, BAGGED, rounds=40, seed=0)
    assert told_apart(everything.log_odds(rows)[folds[0]], won[folds[0]]) > 1.0


def test_the_bag_is_the_mean_of_the_boosters_of_the_folds() -> None:
    """Log-odds and contributions; its base, like that of one booster, is the mean over the reference rows."""
    data = training_data(COLUMNS, 250, 4)
    folds = grouped_folds(data.groups, data.won, 5, 0)
    crossed = cross_trees(data.rows, data.won, COLUMNS, BAGGED, folds, seed=0)
    bag = bagged_trees(crossed, data.rows)
    parts = [Trees(booster.model_to_string(num_iteration=crossed.rounds)) for booster in crossed.boosters]
    assert can_be_bagged(crossed)
    assert len(read_trees(bag.text)) == sum(part.booster.num_trees() for part in parts) > 200
    assert np.abs(bag.log_odds(data.rows) - np.mean([p.log_odds(data.rows) for p in parts], axis=0)).max() <= 1e-12
    assert abs(bag.base - bag.log_odds(data.rows).mean()) <= 1e-9
    for tree in read_trees(bag.text):
        assert (tree.leaf_count, tree.internal_count) == rows_passed(tree, data.rows)


def test_no_booster_of_the_bag_has_grown_on_its_own_fold() -> None:
    """Outcomes of a fold turned round leave its own booster's trees as they were."""
    data = training_data(COLUMNS, 250, 5)
    folds = grouped_folds(data.groups, data.won, 5, 0)
    turned = data.won.copy()
    turned[folds[2]] = 1 - turned[folds[2]]
    before, after = (cross_trees(data.rows, won, COLUMNS, BAGGED, folds, seed=0) for won in (data.won, turned))
    told = [
        np.abs(
            np.asarray(a.predict(data.rows, num_iteration=1)) - np.asarray(b.predict(data.rows, num_iteration=1))
        ).max()
        for a, b in zip(before.boosters, after.boosters, strict=True)
    ]
    assert told[2] == 0.0
    assert min(told[:2] + told[3:]) > 0.0


def test_a_fold_alone_is_predicted_after_the_round_at_which_its_loss_was_least() -> None:
    data = training_data(COLUMNS, 250, 3)
    folds = grouped_folds(data.groups, data.won, 3, 3)
    for fold in grow_by_fold(data.rows, data.won, COLUMNS, BAGGED, folds, seed=3):
        lost = log_losses(fold.log_odds(data.rows), data.won[fold.held_out]).mean()
        assert lost == pytest.approx(min(fold.losses), abs=1e-9)


def test_of_no_rows_there_are_no_log_odds_and_no_contributions() -> None:
    trees, rows = grown(1)
    assert trees.log_odds(rows[:0]).shape == (0,)
    assert trees.contributions(rows[:0]).shape == (0, len(COLUMNS))


def test_lightgbm_was_told_what_it_was_to_be_told() -> None:
    """It ignores a setting that it does not know, and writes down those that it grew by."""
    trees, _ = grown(1)
    for line in (
        *("objective=binary sigmoid:1", "[seed: 1]", "[deterministic: 1]", "[force_col_wise: 1]", "[num_threads: 1]"),
        *("[feature_pre_filter: 0]", "[bagging_freq: 1]", "[max_cat_to_onehot: 4]", "[min_data_per_group: 5]"),
        *("[num_leaves: 7]", "[max_depth: 6]", "[learning_rate: 0.05]", "[min_data_in_leaf: 5]", "[lambda_l2: 5]"),
        *("[feature_fraction: 0.7]", "[bagging_fraction: 0.6]", "[cat_smooth: 1]", "[cat_l2: 1]"),
    ):
        assert f"\n{line}\n" in trees.text
    unbagged, _ = grown(1, UNBAGGED)
    assert "\n[bagging_freq: 0]\n" in unbagged.text
