"""A vocabulary keeps what the fitting rows support, and gives every later row a place."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.settings import Kind
from icp_ml.deals.vocabulary import Vocabulary, fit_vocabulary, support_floor
from icp_ml.errors import BundleInvalid


def one(kind: Kind, name: str = "x") -> Attribute:
    return Attribute(name, name, kind, "technographic", "fit")


def table(kind: Kind, values: Any) -> ParsedTable:
    return parse_attributes(pa.table({"x": values}), [one(kind)], None)


def fitted(kind: Kind, values: Any) -> Vocabulary:
    return fit_vocabulary(table(kind, values), [one(kind)])


@pytest.mark.parametrize(("rows", "floor"), [(0, 3), (79, 3), (80, 4), (199, 9), (200, 10), (10_000, 10)])
def test_the_floor_is_one_row_in_twenty_between_three_and_ten(rows: int, floor: int) -> None:
    assert support_floor(rows) == floor


def test_rare_and_unseen_values_are_other_and_missing_is_a_level() -> None:
    vocabulary = fitted("category", ["b"] * 4 + ["a"] * 3 + ["rare"] * 2)
    assert vocabulary.columns[0].levels == ("(missing)", "(other)", "a", "b")
    codes = vocabulary.encode(table("category", ["b", "a", "rare", "never seen", None]))
    assert codes.tolist() == [[3], [2], [1], [1], [0]]


def test_a_value_may_be_called_like_a_level_of_ours() -> None:
    vocabulary = fitted("category", ["(missing)"] * 4 + ["b"] * 4)
    assert vocabulary.encode(table("category", ["(missing)", "", "b"])).tolist() == [[2], [0], [3]]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("number", ["5"] * 6),
        ("number", [""] * 6),
        ("category", ["a"] * 6),
        ("category", ["a", "b", "c", "d"]),
        ("flag", ["yes"] * 6),
        ("set", ["a"] * 6),
        ("set", [""] * 6),
    ],
)
def test_a_column_with_one_state_says_nothing(kind: Kind, values: list[str]) -> None:
    assert fitted(kind, values).columns == ()


def test_one_value_beside_gaps_is_two_states() -> None:
    assert [column.name for column in fitted("flag", ["yes", "yes", "yes", ""]).columns] == ["x"]
    assert [column.name for column in fitted("category", ["a", "a", "a", ""]).columns] == ["x"]


def test_a_column_without_gaps_in_fitting_fills_later_ones_with_its_lower_median() -> None:
    vocabulary = fitted("number", ["4", "1", "3", "2"])
    assert vocabulary.columns[0].fill == 2
    assert vocabulary.encode(table("number", ["", "9"])).tolist() == [[2], [9]]


def test_a_column_with_gaps_in_fitting_keeps_later_ones() -> None:
    vocabulary = fitted("number", ["4", "1", ""])
    assert vocabulary.columns[0].fill is None
    assert np.isnan(vocabulary.encode(table("number", [""]))).all()


def test_a_set_has_a_column_for_each_frequent_member_and_a_count_of_all() -> None:
    vocabulary = fitted("set", ["a;b", "a;c", "a", "", "b;rare", "b"])
    assert [column.name for column in vocabulary.columns] == ["x:a", "x:b", "x (count)"]
    assert [column.kind for column in vocabulary.columns] == ["member", "member", "count"]
    assert [column.member for column in vocabulary.columns] == ["a", "b", ""]
    rows = vocabulary.encode(table("set", ["b;unseen", "a;b", ""]))
    assert rows[:2].tolist() == [[0, 1, 2], [1, 1, 2]]
    assert np.isnan(rows[2]).all()


def test_only_the_fitting_rows_count() -> None:
    parsed = table("category", ["a"] * 3 + ["b"] * 3 + ["c"] * 30)
    vocabulary = fit_vocabulary(parsed, [one("category")], rows=np.arange(6))
    assert vocabulary.columns[0].levels == ("(missing)", "(other)", "a", "b")


def test_every_column_leads_back_to_its_attribute_layer_and_axis() -> None:
    for column in fitted("set", ["a", "a", "a", "b", "b;a", ""]).columns:
        assert (column.attribute, column.layer, column.axis, column.factor) == (
            "x",
            "technographic",
            "fit",
            column.name,
        )


def test_it_survives_json() -> None:
    for kind, values in (("category", ["a"] * 3 + ["b"] * 3), ("number", ["1", "2"]), ("set", ["a", "a", "a", "b"])):
        vocabulary = fitted(kind, values)  # type: ignore[arg-type]  # the tuple widens the literals to str
        assert Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json()))) == vocabulary


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"columns": [{}]},
        {"columns": "x"},
        {"columns": [], "more": 1},
        {"columns": [{"name": "x", "factor": "x", "attribute": "x", "layer": "none", "axis": "fit", "kind": "flag"}]},
    ],
)
def test_a_document_of_another_form_is_refused(document: object) -> None:
    with pytest.raises(BundleInvalid):
        Vocabulary.from_json(document)
