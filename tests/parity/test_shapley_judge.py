"""Contributions are Shapley values: three judges that do not ask LightGBM say so.

1. the definition, over all subsets, on random trees and on grown ones
2. shap's own C code on numeric models, its way round through LightGBM closed
3. shap's explanation of linear models for the scorecard
"""

from __future__ import annotations

import ast
import importlib
import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from icp_ml.model.scorecard import Scorecard, ScorecardParams, fit_scorecard
from icp_ml.model.trees import TreeParams, Trees, fit_trees
from tests.model_columns import Floats, category, number, random_rows, training_data
from tests.parity import shapley_judge
from tests.parity.random_trees import random_inputs, random_trees
from tests.parity.tree_text import IS_CATEGORY, MISSING_NAN, MISSING_SHIFT, WrittenTree, read_trees, write_model

GAP = 1e-9
JUDGED_ROWS = 30
MIXED = (number("a"), number("gaps"), category("few", 4), number("noise"), category("many", 60), number("constant"))
NUMBERS = tuple(number(f"number {j}") for j in range(6))
SMALL = TreeParams(
    num_leaves=6, learning_rate=0.3, min_data_in_leaf=5, bagging_fraction=0.6, cat_smooth=1.0, cat_l2=1.0
)


class AskedLightGBM(AssertionError):
    """The judge asked the judged for the answer."""


@contextmanager
def lightgbm_does_not_answer() -> Iterator[None]:
    """In here LightGBM refuses to explain itself."""
    predict = lgb.Booster.predict
    signature = inspect.signature(predict)

    def guarded(*args: Any, **kwargs: Any) -> Any:
        if signature.bind(*args, **kwargs).arguments.get("pred_contrib"):
            raise AskedLightGBM
        return predict(*args, **kwargs)

    with patch.object(lgb.Booster, "predict", guarded):
        yield


@pytest.fixture(scope="module")
def shap() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing shap makes colour maps in a way that matplotlib announces to drop
        return importlib.import_module("shap")


def grown(seed: int) -> tuple[Trees, Floats]:
    """Trees with two kinds of category, gaps, a noise and a constant attribute, and rows that they did not see."""
    data = training_data(MIXED, 240, seed)
    data.rows[:, -1] = 1.0
    trees = fit_trees(data.rows, data.won, MIXED, SMALL, rounds=6, seed=seed)
    return trees, random_rows(MIXED, JUDGED_ROWS, np.random.default_rng(seed + 1000))


def judged(text: str, rows: Floats) -> tuple[float, Floats]:
    with lightgbm_does_not_answer():
        return shapley_judge.shapley_values(read_trees(text), rows)


# x0 <= 1.5 or missing: if x1 is 0 or 33 then 1 (2 deals), otherwise 3 (4 deals); x0 > 1.5: 5 (4 deals).
BY_HAND = WrittenTree(
    leaf_value=(1.0, 5.0, 3.0),
    leaf_count=(2, 4, 4),
    feature=(0, 1),
    threshold=(1.5, 0.0),
    decision=(MISSING_NAN << MISSING_SHIFT | 2, IS_CATEGORY | MISSING_NAN << MISSING_SHIFT),
    left=(1, -1),
    right=(-2, -3),
    internal_count=(10, 6),
    cat_boundaries=(0, 2),
    cat_words=(1, 2),
)


def test_the_judge_finds_what_a_person_finds() -> None:
    # v() = (2*1 + 4*5 + 4*3) / 10 = 3.4 and v(x0) = (2*1 + 4*3) / 6 = 7/3 for both rows.
    # Row 1 (x0 = 0, x1 = 33): v(x1) = 0.6*1 + 0.4*5 = 2.6, v(x0, x1) = 1.
    #   phi0 = ((7/3 - 3.4) + (1 - 2.6)) / 2 = -4/3      phi1 = ((2.6 - 3.4) + (1 - 7/3)) / 2 = -16/15
    # Row 2 (x0 missing, x1 = 1): v(x1) = 0.6*3 + 0.4*5 = 3.8, v(x0, x1) = 3.
    #   phi0 = ((7/3 - 3.4) + (3 - 3.8)) / 2 = -14/15    phi1 = ((3.8 - 3.4) + (3 - 7/3)) / 2 = 8/15
    rows = np.array([[0.0, 33.0, 7.0], [np.nan, 1.0, 7.0]])
    base, values = shapley_judge.shapley_values([BY_HAND], rows)
    assert base == pytest.approx(3.4, abs=1e-12)
    assert values == pytest.approx(np.array([[-4 / 3, -16 / 15, 0], [-14 / 15, 8 / 15, 0]]), abs=1e-12)


def test_the_trees_find_what_a_person_finds() -> None:
    trees = Trees(write_model([BY_HAND], 3))
    assert trees.base == pytest.approx(3.4, abs=1e-12)
    rows = np.array([[0.0, 33.0, 7.0], [np.nan, 1.0, 7.0]])
    assert trees.contributions(rows) == pytest.approx(
        np.array([[-4 / 3, -16 / 15, 0], [-14 / 15, 8 / 15, 0]]), abs=1e-12
    )


@settings(max_examples=60)
@given(attributes=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
def test_contributions_are_shapley_values_on_random_trees(attributes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    text = write_model(random_trees(attributes, rng), attributes)
    rows = random_inputs(attributes, 12, rng)
    trees = Trees(text)
    base, values = judged(text, rows)
    assert abs(trees.base - base) <= GAP
    assert np.abs(trees.contributions(rows) - values).max() <= GAP


@pytest.mark.parametrize("seed", range(5))
def test_contributions_are_shapley_values_on_grown_trees(seed: int) -> None:
    trees, rows = grown(seed)
    base, values = judged(trees.text, rows)
    assert abs(trees.base - base) <= GAP
    assert np.abs(trees.contributions(rows) - values).max() <= GAP


def test_the_grown_trees_hold_what_the_judge_is_there_for() -> None:
    made = [grown(seed) for seed in range(5)]
    assert all(np.ptp(trees.contributions(rows), axis=0)[:3].min() > 0.05 for trees, rows in made)
    trees = [tree for each, _ in made for tree in read_trees(each.text)]
    codes = {code for tree in trees for split in _categorical(tree) for code in tree.codes_to_the_left(split)}
    gaps = {kind >> MISSING_SHIFT & 3 for tree in trees for kind in tree.decision}
    assert max(codes) >= 32
    assert MISSING_NAN in gaps
    assert {5}.isdisjoint(feature for tree in trees for feature in tree.feature)


def _categorical(tree: WrittenTree) -> list[int]:
    return [split for split, kind in enumerate(tree.decision) if kind & IS_CATEGORY]


def test_a_tree_of_one_leaf_adds_to_the_base_and_to_nothing_else() -> None:
    text = write_model([WrittenTree((0.75,)), WrittenTree((-2.0,))], 2)
    trees, rows = Trees(text), np.array([[1.0, np.nan], [0.0, 3.0]])
    assert trees.base == judged(text, rows)[0] == -1.25
    assert not trees.contributions(rows).any()
    assert trees.log_odds(rows).tolist() == [-1.25, -1.25]


def test_trees_that_learn_nothing_are_their_base() -> None:
    rows = np.ones((40, 1))
    won = np.tile([0, 0, 0, 1], 10).astype(np.int8)
    trees = fit_trees(rows, won, (number("constant"),), SMALL, rounds=3, seed=0)
    assert trees.base == pytest.approx(np.log(1 / 3), abs=1e-6)
    assert np.abs(trees.log_odds(rows) - trees.base).max() <= GAP
    assert not trees.contributions(rows).any()


def test_counts_of_other_rows_are_other_values() -> None:
    """The comparison can fail: the population that the counts stand for is part of the answer."""
    trees, rows = grown(0)
    doubled = [
        WrittenTree(**{**vars(tree), "leaf_count": tuple(k * (1 + i % 2) for i, k in enumerate(tree.leaf_count))})
        for tree in read_trees(trees.text)
    ]
    base, _ = shapley_judge.shapley_values([_with_sums(tree) for tree in doubled], rows)
    assert abs(trees.base - base) > 1e-3


def _with_sums(tree: WrittenTree) -> WrittenTree:
    counts = dict(enumerate(tree.leaf_count))
    inner: dict[int, int] = {}
    for split in reversed(range(len(tree.feature))):
        inner[split] = sum(
            inner[child] if child >= 0 else counts[-child - 1] for child in (tree.left[split], tree.right[split])
        )
    return WrittenTree(**{**vars(tree), "internal_count": tuple(inner[split] for split in sorted(inner))})


def test_a_judge_that_asks_lightgbm_is_found_out(shap: Any) -> None:
    trees, rows = grown(0)
    with lightgbm_does_not_answer():
        trees.log_odds(rows)  # predictions may be asked for, explanations may not
        with pytest.raises(AskedLightGBM):
            trees.contributions(rows)
        with pytest.raises(AskedLightGBM):
            shap.TreeExplainer(trees.booster, feature_perturbation="tree_path_dependent").shap_values(rows)


def test_the_judge_imports_neither_lightgbm_nor_shap_nor_the_judged() -> None:
    folder = Path(shapley_judge.__file__).parent
    for name in ("shapley_judge.py", "tree_text.py"):
        tree = ast.parse((folder / name).read_text(encoding="utf-8"))
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        rooms = {a.name for n in found if isinstance(n, ast.Import) for a in n.names}
        rooms |= {n.module or "" for n in found if isinstance(n, ast.ImportFrom)}
        assert {room.split(".")[0] for room in rooms} <= {
            *("__future__", "collections", "dataclasses", "math", "numpy", "re", "tests")
        }


@pytest.mark.parametrize("seed", range(4))
def test_contributions_are_those_of_the_c_code_of_shap_on_numeric_models(shap: Any, seed: int) -> None:
    data = training_data(NUMBERS, 200, seed)
    trees = fit_trees(data.rows, data.won, NUMBERS, SMALL, rounds=8, seed=seed)
    rows = random_rows(NUMBERS, JUDGED_ROWS, np.random.default_rng(seed + 1000))
    with lightgbm_does_not_answer():
        base, values = _by_the_c_code(shap, trees, rows)
    assert np.ptp(values, axis=0).min() > 0.05
    assert abs(trees.base - base) <= GAP
    assert np.abs(trees.contributions(rows) - values).max() <= GAP


def _by_the_c_code(shap: Any, trees: Trees, rows: Floats) -> tuple[float, Floats]:
    explainer = shap.TreeExplainer(trees.booster, feature_perturbation="tree_path_dependent")
    explainer.model.model_type = "internal"  # of a LightGBM model it would ask LightGBM
    explainer.expected_value = None
    values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    return float(explainer.expected_value), values


@pytest.mark.parametrize("seed", range(3))
def test_points_are_those_of_the_linear_explanation(shap: Any, seed: int) -> None:
    data = training_data(MIXED, 150, seed)
    card = fit_scorecard(data.rows, data.won, MIXED, ScorecardParams())
    reference, owner = _bins(card, data.rows)
    points = np.concatenate([column.points for column in card.columns])
    intercept = card.log_odds(data.rows[:1])[0] - reference[0] @ points
    background = shap.maskers.Independent(reference, max_samples=len(reference))
    explainer = shap.LinearExplainer((points, intercept), background)
    rows = random_rows(MIXED, JUDGED_ROWS, np.random.default_rng(seed + 1000))
    by_bin = np.asarray(explainer.shap_values(_bins(card, rows)[0]))
    by_column = np.stack([by_bin[:, owner == j].sum(axis=1) for j in range(len(MIXED))], axis=1)
    assert abs(card.base - explainer.expected_value) <= GAP
    assert np.abs(card.contributions(rows) - by_column).max() <= GAP


def _bins(card: Scorecard, rows: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """One column for each bin, 1 where the value lies in it; and the attribute of each bin."""
    design, owner = [], []
    for j, column in enumerate(card.columns):
        for bin_number in range(len(column.points)):
            design.append([_bin(column.thresholds, value, column.is_category) == bin_number for value in rows[:, j]])
            owner.append(j)
    return np.array(design, dtype=np.float64).T, np.array(owner)


def _bin(thresholds: Floats, value: float, is_category: bool) -> int:  # noqa: FBT001 - as the column says
    if is_category:
        return int(value)
    return len(thresholds) + 1 if np.isnan(value) else sum(bool(value > cut) for cut in thresholds)
