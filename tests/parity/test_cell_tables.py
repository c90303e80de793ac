"""Tables of cells against the independent judge, which knows only the definition; and the demo's model whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from icp_ml.model.cells.compiling import compile_trees
from icp_ml.model.cells.contributing import compile_model
from icp_ml.model.cells.looking_up import CellModel
from icp_ml.model.cells.tables import CellTables
from icp_ml.model.trees import Trees
from icp_ml.serve.file_names import FEATURES, SCORECARD, STACK, TREES
from icp_ml.serve.model_files import model_from_files, read_features
from tests.model_columns import Floats, random_rows
from tests.parity import shapley_judge
from tests.parity.random_trees import random_inputs, random_trees
from tests.parity.tree_text import read_trees, write_model

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo" / "v1"


@pytest.mark.parametrize("seed", range(20))
def test_cells_hold_shapley_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    attributes = 1 + seed % 8
    text = write_model(random_trees(attributes, rng), attributes)
    rows = random_inputs(attributes, 20, rng)
    tables = compile_trees(Trees(text))
    assert isinstance(tables, CellTables)
    base, values = shapley_judge.shapley_values(read_trees(text), rows)
    assert abs(tables.base - base) <= 1e-12
    assert np.abs(CellModel(tables).contributions(rows) - values).max() <= 1e-12


def test_the_demo_is_scored_and_explained_as_by_its_members() -> None:
    content = {name: (DEMO / name).read_bytes() for name in (FEATURES, SCORECARD, STACK, TREES)}
    model = model_from_files(read_features(content[FEATURES]), content)
    tables = compile_model(model)
    assert isinstance(tables, CellTables)
    rows = _rows_around(model.trees, random_rows(model.vocabulary.columns, 300, np.random.default_rng(4)))
    ours, theirs = CellModel(tables), model.contributions(rows)
    assert np.ptp(theirs.values, axis=0).max() > 0.1
    assert np.abs(ours.contributions(rows) - theirs.values).max() <= 1e-9
    assert ours.log_odds(rows) == pytest.approx(model.log_odds(rows), rel=1e-12, abs=1e-13)


def _rows_around(trees: Trees, rows: Floats) -> Floats:
    """The same rows, half of whose numbers lie exactly on a threshold of the trees."""
    rng = np.random.default_rng(5)
    for tree in read_trees(trees.text):
        for column, threshold, kind in zip(tree.feature, tree.threshold, tree.decision, strict=True):
            if not kind & 1:
                rows[rng.random(len(rows)) < 0.1, column] = threshold
    return rows
