"""Tables of cells say what the model says, whatever the trees, the rows and the block they are in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.model.cells import compiling, reference
from icp_ml.model.cells.compiling import NotCompiled, compile_trees
from icp_ml.model.cells.contributing import compile_model
from icp_ml.model.cells.looking_up import CellModel
from icp_ml.model.cells.tables import CellTables
from icp_ml.model.scorecard import ScorecardParams, fit_scorecard
from icp_ml.model.stack import Stack
from icp_ml.model.trees import TreeParams, Trees, fit_trees
from icp_ml.model.win_model import WinModel
from tests.model_columns import Floats, category, number, random_rows, training_data
from tests.parity.random_trees import random_inputs, random_trees
from tests.parity.tree_text import write_model

COLUMNS = (number("a"), number("gaps"), category("few", 4), number("noise"), category("many", 60), number("constant"))
WEIGHTS = ((0.3, 1.1), (0.0, 0.8), (0.9, 0.0))
attributes_and_seed = given(attributes=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))


def compiled(trees: Trees) -> CellTables:
    tables = compile_trees(trees)
    assert isinstance(tables, CellTables)
    return tables


def random_model(attributes: int, seed: int, rows: int = 60) -> tuple[Trees, Floats]:
    rng = np.random.default_rng(seed)
    trees = Trees(write_model(random_trees(attributes, rng), attributes))
    return trees, at_the_edges(random_inputs(attributes, rows, rng), rng)


def at_the_edges(rows: Floats, rng: np.random.Generator) -> Floats:
    """The same rows with some numbers moved by one unit in the last place, and some as large as they come."""
    numbers = np.arange(rows.shape[1]) % 3 != 1
    for edge in (np.nextafter(rows, np.inf), np.nextafter(rows, -np.inf), np.full(rows.shape, np.inf), -rows):
        chosen = (rng.random(rows.shape) < 0.1) & numbers
        rows = np.where(chosen, edge, rows)
    return np.ascontiguousarray(rows)


@cache
def learned(weights: tuple[float, float]) -> tuple[WinModel, Floats]:
    """A model of categories and gaps, grown deep, and rows that it did not see."""
    data = training_data(COLUMNS, 600, 3)
    params = TreeParams(num_leaves=20, max_depth=5, learning_rate=0.2, min_data_in_leaf=5, cat_smooth=1.0)
    trees = fit_trees(data.rows, data.won, COLUMNS, params, rounds=30, seed=1)
    card = fit_scorecard(data.rows, data.won, COLUMNS, ScorecardParams())
    model = WinModel(data.vocabulary, card, trees, Stack(-0.4, 0.1, weights, 0.0))
    return model, random_rows(COLUMNS, 500, np.random.default_rng(8))


def tables_of(model: WinModel) -> CellTables:
    tables = compile_model(model)
    assert isinstance(tables, CellTables)
    return tables


@settings(max_examples=60)
@attributes_and_seed
def test_tables_say_what_lightgbm_says_of_random_trees(attributes: int, seed: int) -> None:
    trees, rows = random_model(attributes, seed)
    tables = compiled(trees)
    ours = CellModel(tables)
    assert abs(tables.base - trees.base) <= 1e-12 * max(1.0, abs(trees.base))
    assert np.abs(ours.contributions(rows) - trees.contributions(rows)).max() <= 1e-9
    expected = trees.log_odds(rows)
    assert (np.abs(ours.log_odds(rows) - expected) <= 1e-12 * np.maximum(1.0, np.abs(expected))).all()


@settings(max_examples=40)
@attributes_and_seed
def test_the_kernel_adds_what_the_reference_adds_bit_for_bit(attributes: int, seed: int) -> None:
    trees, rows = random_model(attributes, seed)
    tables = compiled(trees)
    ours = CellModel(tables)
    assert np.array_equal(ours.contributions(rows), reference.contributions(tables, rows))
    assert np.array_equal(ours.log_odds(rows), reference.log_odds(tables, rows))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), block=st.integers(1, 70))
def test_neither_blocks_nor_order_nor_slices_change_a_bit(seed: int, block: int) -> None:
    trees, rows = random_model(7, seed)
    tables = compiled(trees)
    whole = CellModel(tables).contributions(rows)
    order = np.random.default_rng(seed).permutation(len(rows))
    assert np.array_equal(CellModel(tables, block).contributions(rows), whole)
    assert np.array_equal(CellModel(tables, block).contributions(rows[order]), whole[order])
    assert np.array_equal(CellModel(tables).contributions(rows[block:]), whole[block:])
    assert np.array_equal(CellModel(tables, block).contributions(np.asfortranarray(rows)), whole)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_model_of_both_members_is_the_sum_of_its_cells(weights: tuple[float, float]) -> None:
    model, rows = learned(weights)
    tables = tables_of(model)
    ours, theirs = CellModel(tables), model.contributions(rows)
    assert tables.base == pytest.approx(theirs.base, rel=1e-12)
    assert np.abs(ours.contributions(rows) - theirs.values).max() <= 1e-9
    assert ours.log_odds(rows) == pytest.approx(model.log_odds(rows), rel=1e-12, abs=1e-13)


def test_the_learned_model_has_what_tables_are_there_for() -> None:
    tables = tables_of(learned(WEIGHTS[0])[0])
    assert max(len(table.columns) for table in tables.tables) >= 3
    assert {j for table in tables.tables for j in table.columns} >= {0, 1, 2, 4}
    leaves = sum(len(tree.split()) for tree in learned(WEIGHTS[0])[0].trees.text.split("leaf_value=")[1:])
    assert len(tables.tables) < leaves / 4


@pytest.mark.parametrize("numbers", [1, 64, 2**16])
def test_how_leaves_are_grouped_changes_nothing_but_the_number_of_look_ups(
    numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, rows = learned(WEIGHTS[0])
    usual = tables_of(model)
    monkeypatch.setattr(compiling, "NUMBERS_A_TABLE", (numbers,))
    other = tables_of(model)
    assert other.lookups > usual.lookups if numbers < 2048 else other.lookups < usual.lookups
    expected = CellModel(usual).contributions(rows)
    assert np.abs(CellModel(other).contributions(rows) - expected).max() <= 1e-12


def test_threads_that_share_the_tables_say_the_same() -> None:
    model, rows = learned(WEIGHTS[0])
    ours = CellModel(tables_of(model), block=32)
    with ThreadPoolExecutor(4) as threads:
        parts = list(threads.map(ours.contributions, np.array_split(rows, 9)))
    assert np.array_equal(np.vstack(parts), ours.contributions(rows))


def test_no_rows_are_no_contributions() -> None:
    model, rows = learned(WEIGHTS[0])
    ours = CellModel(tables_of(model))
    assert ours.contributions(rows[:0]).shape == (0, len(COLUMNS))
    assert ours.log_odds(rows[:0]).shape == (0,)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_same_model_gives_the_same_tables(seed: int) -> None:
    trees, _ = random_model(9, seed)
    one, other = compiled(trees), compiled(Trees(trees.text))
    assert np.array_equal(one.singles, other.singles)
    assert [table.columns for table in one.tables] == [table.columns for table in other.tables]
    assert all(np.array_equal(a.cells, b.cells) for a, b in zip(one.tables, other.tables, strict=True))


def test_a_code_outside_the_vocabulary_is_no_number() -> None:
    """The vocabulary makes none; were it there, it must not pass for a contribution."""
    model, rows = learned(WEIGHTS[0])
    odd = rows[:1].copy()
    odd[0, 2] = 99.0
    assert np.isnan(CellModel(tables_of(model)).contributions(odd)[0, 2])
    assert not isinstance(compile_model(model), NotCompiled)
