"""The world's own values as of the opening are recovered from its dated tables; its deals do not carry them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, SetColumn
from icp_training.config import Config
from icp_training.world import World, WorldSettings, make_world, world_config, write_world

WINDOW = {"hiring_90d": ("job_posting", 90), "content_visits_90d": ("content_visit", 90)}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(WorldSettings(deals=1200, prospects=0, seed=11))


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world's files; its deals have no attribute of any company."""
    made = tmp_path_factory.mktemp("world")
    write_world(world, made)
    world.deals.to_csv(made / "deals.csv", index=False)
    return made


def read(world: World, folder: Path, attributes: dict[str, object], occurred: str) -> DealTable:
    tables = {
        "technologies": {
            "source": "technologies.csv", "account": "account", "tool": "tool", "category": "category",
            "first_seen": "first_seen", "last_seen": "last_seen", "lapse": 0, "shipped": False,
        },
        "signals": {
            "source": "signals.csv", "account": "account", "type": "type", "occurred": occurred, "known": "known",
            "value": "value", "complete": True,
        },
    }  # fmt: skip
    config = Config.model_validate({**world_config(world), "attributes": attributes, "tables": tables})
    return read_deals(config.deals, config.tables, config.resolved(), folder)


@pytest.fixture(scope="module")
def deals(world: World, folder: Path) -> DealTable:
    attributes: dict[str, object] = {
        "technographic": {
            "tools": {"kind": "set", "from": "technologies"},
            "crm": {"kind": "category", "from": {"table": "technologies", "category": "crm"}},
            "cloud": {"kind": "category", "from": {"table": "technologies", "category": "cloud"}},
        },
        "firmographic": {"funding_date": {"kind": "date", "from": {"table": "signals", "type": "funding_round"}}},
    }
    return read(world, folder, attributes, occurred="occurred")


def truth(world: World, deals: DealTable, name: str) -> pd.Series[Any]:
    column: pd.Series[Any] = world.deal_rows().set_index("deal_id")[name]
    return column.loc[list(deals.ids)]


def test_the_tools_in_use_on_the_day_are_those_of_the_world(world: World, deals: DealTable) -> None:
    column = deals.parsed.columns["tools"]
    assert isinstance(column, SetColumn)
    built = [
        {column.levels[code] for code in column.indices[start:stop]}
        for start, stop in zip(column.indptr[:-1], column.indptr[1:], strict=True)
    ]
    told = truth(world, deals, "tools")
    both = told.notna().to_numpy() & ~column.missing
    assert both.sum() > 900
    assert all(set(text.split(";")) == made for text, made, seen in zip(told, built, both, strict=True) if seen)


@pytest.mark.parametrize("name", ["crm", "cloud"])
def test_the_tool_of_a_category_is_that_of_the_world_and_none_known_is_a_value(
    world: World, deals: DealTable, name: str
) -> None:
    column = deals.parsed.columns[name]
    assert isinstance(column, CategoryColumn)
    built = np.array([*column.levels, None], dtype=object)[column.codes]
    told = truth(world, deals, name)
    both = told.notna().to_numpy() & (column.codes >= 0)
    assert both.sum() > 600
    assert (built[both] == told[both].to_numpy()).all()
    assert "none known" in set(built[both])


def test_the_last_round_is_that_of_the_world(world: World, deals: DealTable) -> None:
    column = deals.parsed.columns["funding_date"]
    assert isinstance(column, NumberColumn)
    told = pd.to_datetime(truth(world, deals, "funding_date"))
    assert deals.opened is not None
    ages = (deals.opened - told.to_numpy().astype("datetime64[D]")) / np.timedelta64(1, "D") / 365.25
    both = told.notna().to_numpy() & ~np.isnan(column.values)
    assert both.sum() > 300
    np.testing.assert_allclose(column.values[both], ages[both], atol=1e-9)


def test_what_became_known_within_a_window_is_that_of_the_world(world: World, folder: Path) -> None:
    """The world counts a window by the day on which a signal became known; so does a table declared that way."""
    attributes: dict[str, object] = {
        "behavioural": {
            name: {"kind": "number", "from": {"table": "signals", "type": kind, "measure": "total", "days": days}}
            for name, (kind, days) in WINDOW.items()
        },
    }
    deals = read(world, folder, attributes, occurred="known")
    for name in WINDOW:
        column = deals.parsed.columns[name]
        assert isinstance(column, NumberColumn)
        told = truth(world, deals, name).to_numpy(dtype=float)
        seen = ~np.isnan(told)
        assert seen.sum() > 600
        assert (told[seen] > 0).mean() > 0.3
        np.testing.assert_array_equal(column.values[seen], told[seen])
