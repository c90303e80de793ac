"""Rolling contributions up loses nothing and knows where each column belongs."""

from __future__ import annotations

import numpy as np

from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.lineage import roll_up

COLUMNS = (
    ModelColumn("employees", "employees", "employees", "firmographic", "fit", "number"),
    ModelColumn("tools:Alder", "tools:Alder", "tools", "technographic", "fit", "member"),
    ModelColumn("tools (count)", "tools (count)", "tools", "technographic", "fit", "count"),
    ModelColumn("visits", "visits", "visits", "behavioural", "intent", "number"),
)
VALUES = np.array([[0.5, -0.25, 1.0, 2.0], [0.0, 1.0, -1.0, 0.125]])


def test_each_level_adds_its_columns_with_their_signs() -> None:
    names, values = roll_up(VALUES, COLUMNS, "attribute")
    assert names == ("employees", "tools", "visits")
    assert values.tolist() == [[0.5, 0.75, 2.0], [0.0, 0.0, 0.125]]
    assert roll_up(VALUES, COLUMNS, "layer")[0] == ("firmographic", "technographic", "behavioural")
    assert roll_up(VALUES, COLUMNS, "axis")[1].tolist() == [[1.25, 2.0], [0.0, 0.125]]


def test_a_factor_is_a_column_and_no_row_sum_changes() -> None:
    assert roll_up(VALUES, COLUMNS, "factor")[1].tolist() == VALUES.tolist()
    for level in ("attribute", "layer", "axis"):
        assert np.allclose(roll_up(VALUES, COLUMNS, level)[1].sum(axis=1), VALUES.sum(axis=1), atol=1e-15)


def test_no_rows_and_no_columns_have_their_shape() -> None:
    assert roll_up(np.empty((0, 4)), COLUMNS, "axis")[1].shape == (0, 2)
    assert roll_up(np.empty((3, 0)), (), "layer")[1].shape == (3, 0)
