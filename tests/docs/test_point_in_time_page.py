"""What the page on attributes as of a day shows can be declared as it stands, and what it lists is what there is."""

from __future__ import annotations

from typing import get_args

import pytest
import yaml

from icp_ml.deals.attributes import resolve_attributes
from icp_ml.deals.point_in_time_settings import DatedTables, JoinedTables
from icp_ml.deals.recipes import FILTERS, Measure
from icp_ml.deals.settings import AttributesSettings, Rollup, TablesSettings, parse_settings
from tests.docs.pages import blocks, first_cells, in_backticks, page, section

PAGE = page("docs/point-in-time.md")


@pytest.mark.parametrize("block", blocks(PAGE, "yaml"))
def test_what_is_shown_can_be_declared(block: str) -> None:
    shown = yaml.safe_load(block)
    tables = parse_settings(JoinedTables, shown.get("tables", {}))
    attributes = resolve_attributes(parse_settings(AttributesSettings, shown.get("attributes", {})), ())
    asked = {each.recipe.table for each in attributes if each.recipe is not None}
    assert asked <= {name for name, table in tables.dated() if table is not None}


def test_every_table_measure_filter_and_rollup_is_explained() -> None:
    recipes, tables = section(PAGE, "Recipes"), section(PAGE, "The tables")
    measures = {word for cell in first_cells(recipes) for word in in_backticks(cell)}
    assert set(get_args(Measure)) - {"highest"} <= measures  # highest is beside `ordered`
    assert {name for filters in FILTERS.values() for name in filters} <= in_backticks(recipes)
    assert set(get_args(Rollup)) <= in_backticks(section(PAGE, "Industry codes"))
    listed = {word for cell in first_cells(tables) for word in in_backticks(cell)}
    assert listed == {*JoinedTables.model_fields} - {*TablesSettings.model_fields}


@pytest.mark.parametrize("name", sorted(DatedTables.model_fields))
def test_every_column_of_a_table_is_listed(name: str) -> None:
    text = section(PAGE, "The tables")
    table = DatedTables.model_fields[name].annotation
    model = next(option for option in get_args(table) if option is not type(None))
    common = {"source", "delimiter", "encoding", "date_order", "complete"}
    assert set(model.model_fields) - common <= in_backticks(text) | {"sheet"}
