"""An export of an earlier day, by two routes: made of today's deals, and read as it would have been written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from icp_ml.errors import TooFewDeals
from icp_training.backtest.as_known import as_known_on, maturity_on, read_history
from icp_training.config import Config, load_config
from icp_training.pipeline import read
from icp_training.world import WorldSettings, make_world, world_config, write_world

DAY = "2024-07-01"
WINDOW = 12
OPEN_STAGE = "Discovery"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of 600 deals, read with a window of a year; its folder `then` holds the export of the day before DAY."""
    root = tmp_path_factory.mktemp("known")
    world = make_world(WorldSettings(deals=600, prospects=0, seed=4, noise=2, median_cycle_days=60.0))
    write_world(world, root)
    settings = world_config(world)
    deals = settings["deals"]
    assert isinstance(deals, dict)
    deals["window"] = {"months": WINDOW}
    (root / "icp.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    then = root / "then"
    then.mkdir()
    rows = pd.read_csv(root / "deals.csv", dtype=str, keep_default_na=False)
    rows = rows[rows["opened_at"] < DAY]
    later = (rows["closed_at"] >= DAY) & ~rows["stage"].isin(["Duplicate", "Test"])
    rows.loc[later, "stage"], rows.loc[later, "closed_at"] = OPEN_STAGE, ""
    rows.to_csv(then / "deals.csv", index=False)
    deals["extracted"] = str(np.datetime64(DAY) - 1)
    (then / "icp.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return root


def loaded(folder: Path) -> Config:
    return load_config(folder / "icp.yaml")


def test_the_export_of_an_earlier_day_is_the_one_that_would_have_been_read(project: Path) -> None:
    history = read_history(loaded(project), project)
    made = as_known_on(history, np.datetime64(DAY))
    found = read(loaded(project / "then"), project / "then")
    assert len(found.won) > 100
    assert made.ids.tolist() == found.ids.tolist()
    assert made.won.tolist() == found.won.tolist()
    assert np.array_equal(made.closed, found.closed)  # type: ignore[arg-type]
    assert sorted(made.open_deals.opened.tolist()) == sorted(found.open_deals.opened.tolist())
    assert made.extracted == found.extracted
    assert maturity_on(made) == maturity_on(found)
    assert np.array_equal(
        made.parsed.columns["employees"].values,  # type: ignore[union-attr]
        found.parsed.columns["employees"].values,  # type: ignore[union-attr]
        equal_nan=True,
    )


def test_open_deals_keep_their_attributes_and_nobody_is_in_both(project: Path) -> None:
    config = loaded(project)
    history = read_history(config, project)
    rows = pd.read_csv(project / "deals.csv", dtype=str, keep_default_na=False)
    still = rows[rows["stage"].isin(config.deals.outcome.open)]
    assert history.still_open is not None
    assert history.still_open.opened.astype(str).tolist() == still["opened_at"].tolist()
    assert history.still_open.accounts.tolist() == still["account_id"].tolist()
    of_account = dict(zip(history.deals.accounts.tolist(), history.groups.tolist(), strict=True))
    expected = [of_account.get(account) for account in still["account_id"]]
    found = history.still_open.groups.tolist()
    assert [group if group >= 0 else None for group in found] == expected
    assert len({group for group in found if group < 0}) == len(set(still["account_id"]) - set(of_account))
    sizes = history.still_open.parsed.columns["employees"].values  # type: ignore[union-attr]
    assert np.array_equal(sizes, pd.to_numeric(still["employees"], errors="coerce"), equal_nan=True)


@pytest.mark.parametrize("date", ["opened", "closed"])
def test_without_dates_there_is_nothing_to_backtest(project: Path, date: str) -> None:
    config = loaded(project)
    blind = config.model_copy(update={"deals": config.deals.model_copy(update={date: None})})
    with pytest.raises(TooFewDeals, match="nothing to backtest"):
        read_history(blind, project)
