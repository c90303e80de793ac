"""The check of a tree model's text lets through what LightGBM writes, and stops what would crash it."""

from __future__ import annotations

import re

import lightgbm as lgb
import numpy as np
import pytest

from icp_ml.errors import BundleInvalid
from icp_ml.serve.tree_text import check_tree_text

COLUMNS = 3


def model_text(leaves: int, rounds: int, seed: int) -> str:
    """Trees over two numbers and a category of 70 values, more than one word of bits, split in sets."""
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.normal(size=(400, 2)), rng.integers(0, 70, 400)])
    won = (rows[:, 0] + (rows[:, 2] > 20) + rng.normal(size=400) > 0).astype(int)
    settings = {"objective": "binary", "num_leaves": leaves, "verbosity": -1, "num_threads": 1, "seed": seed}
    settings |= {"max_cat_to_onehot": 1, "min_data_per_group": 2, "cat_smooth": 0, "cat_l2": 0, "min_data_in_leaf": 5}
    names = [f"c{j}" for j in range(COLUMNS)]
    data = lgb.Dataset(rows, won, feature_name=names, categorical_feature=[2])
    text: str = lgb.train(settings, data, num_boost_round=rounds).model_to_string()
    return text


TEXT = model_text(leaves=9, rounds=6, seed=1)


@pytest.mark.parametrize("leaves", [2, 3, 15])
@pytest.mark.parametrize("rounds", [1, 12])
def test_what_lightgbm_writes_is_let_through(leaves: int, rounds: int) -> None:
    check_tree_text(model_text(leaves, rounds, seed=leaves), COLUMNS, "trees.txt")


def test_a_tree_of_one_leaf_is_a_tree() -> None:
    constant = lgb.train(
        {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 1000},
        lgb.Dataset(np.zeros((40, COLUMNS)), np.arange(40) % 2),
        num_boost_round=1,
    )
    check_tree_text(constant.model_to_string(), COLUMNS, "trees.txt")


def test_a_split_between_known_and_missing_has_an_infinite_threshold_and_is_a_split() -> None:
    rng = np.random.default_rng(4)
    rows = np.where(rng.random((400, COLUMNS)) < 0.5, np.nan, rng.normal(size=(400, COLUMNS)))
    won = (np.isnan(rows[:, 0]) ^ (rng.random(400) < 0.1)).astype(int)
    settings = {"objective": "binary", "num_leaves": 4, "verbosity": -1, "num_threads": 1}
    text = lgb.train(settings, lgb.Dataset(rows, won), num_boost_round=1).model_to_string()
    assert re.search(r"^threshold=.*\binf\b", text, flags=re.MULTILINE)
    check_tree_text(text, COLUMNS, "trees.txt")


def first(key: str, value: str) -> str:
    """The text with the first entry of the first `key` replaced; sizes are made right again."""
    return resized(re.sub(rf"^{key}=\S+", f"{key}={value}", TEXT, count=1, flags=re.MULTILINE))


def resized(text: str) -> str:
    body, end, tail = text.partition("\nend of trees\n")
    trees = re.split(r"(?=^Tree=\d+\n)", body + "\n", flags=re.MULTILINE)[1:]
    sizes = " ".join(str(len(tree.encode())) for tree in trees)
    return re.sub(r"^tree_sizes=.*$", f"tree_sizes={sizes}", body, flags=re.MULTILINE) + end + tail


STOPPED = {
    "a child that does not exist": (first("left_child", "50"), "do not make a tree"),
    "a child that is its own parent": (first("left_child", "0"), "leads back"),
    "a column that does not exist": (first("split_feature", "3"), "column that does not exist"),
    "a leaf that is no number": (first("leaf_value", "high"), "high"),
    "a leaf that is not finite": (first("leaf_value", "nan"), "not finite"),
    "a threshold that is no number": (first("threshold", "nan"), "not a number"),
    "a leaf too few": (first("leaf_value", ""), "leaf_value of tree 0 has not 9 entries"),
    "more leaves than said": (first("num_leaves", "8"), "has not 8 entries"),
    "a category set that is not there": (first("num_cat", "0"), "category set"),
    "boundaries that do not rise": (first("cat_boundaries", "9"), "cat_boundaries"),
    "a word too large": (first("cat_threshold", str(2**32)), "cat_threshold"),
    "a negative count": (first("leaf_count", "-4"), "negative count"),
    "linear leaves": (first("is_linear", "1"), "linear"),
    "another number of classes": (first("num_class", "3"), "num_class"),
    "another order of trees": (first("Tree", "1"), "numbered 1"),
    "sizes that lie": (TEXT.replace("tree_sizes=", "tree_sizes=7 "), "tree_sizes"),
    "a key twice": (resized(TEXT.replace("num_cat=", "num_leaves=9\nnum_cat=", 1)), "stands twice"),
    "a line between two trees": (TEXT.replace("\n\n\nTree=1", "\n2\nTree=1"), "keys and values"),
    "an entry too few": (first("internal_value", ""), "internal_value of tree 0 has not 8 entries"),
    "no end": (TEXT.replace("end of trees", "end of tree"), "end of trees"),
    "a header line lacking": (TEXT.replace("max_feature_idx=2\n", ""), "max_feature_idx is missing"),
    "a digit of another script": (first("leaf_value", "\uff11"), "no number as LightGBM writes one"),
    "a number as Python alone reads it": (first("leaf_count", "1_0"), "no number as LightGBM writes one"),
    "a count too large to hold": (first("leaf_count", str(2**31)), "too large"),
    "a kind of split that there is not": (first("decision_type", "64"), "decision_type of tree 0 is wrong"),
    "a line that LightGBM might read": (resized(TEXT.replace("num_cat=", "leaf_const=1\nnum_cat=", 1)), "another key"),
    "categories of pandas": (TEXT.replace("pandas_categorical:null", "pandas_categorical:[[1"), "after its trees"),
    "a line after the categories": (f"{TEXT}\nparameters:\n", "not its last line"),
    "a parameter that is no JSON": (TEXT.replace("[boosting: gbdt]", '[boosting: g"t]'), "after its trees"),
    "averaged trees": (TEXT.replace("label_index=0", "label_index=0\naverage_output"), "keys and values"),
}


@pytest.mark.parametrize("what", STOPPED)
def test_what_would_crash_or_mislead_is_stopped_with_its_reason(what: str) -> None:
    text, reason = STOPPED[what]
    assert text != TEXT
    with pytest.raises(BundleInvalid, match=re.escape(reason)):
        check_tree_text(text, COLUMNS, "trees.txt")
