"""What emerges is asked of the deals decided since the extract of what is live, and of nothing where none is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from icp_ml.deals.settings import parse_settings
from icp_ml.serve.bundle import StoredBundle
from icp_training.config import Config
from icp_training.founding_world import day_number, founding_config, make_founding_world
from icp_training.pipeline import read
from icp_training.quarter import emerging_since
from icp_training.world import WorldSettings
from tests import serve_models

SETTINGS = WorldSettings(deals=1500, seed=3, months=15, strong=4, weak=0, noise=2)


def live(extracted: str | None) -> StoredBundle:
    """Some model whose deals were extracted on that day; what it is like is not asked."""
    made = serve_models.bundle()
    return StoredBundle(replace(made, provenance=made.provenance.model_copy(update={"extracted": extracted})), "", "")


def test_the_deals_are_divided_by_the_extract_of_what_is_live(tmp_path: Path) -> None:
    """Each deal is with another company here: accounts of both periods are counted from the days of the world."""
    world = make_founding_world(SETTINGS)
    world.export_on(SETTINGS.extracted).to_csv(tmp_path / "deals.csv", index=False)
    config = parse_settings(Config, founding_config(world, window_months=24))
    deals = read(config, tmp_path)
    told = emerging_since(config, deals, live("2025-03-31"))
    assert told is not None
    decided = world.closed <= day_number(SETTINGS.extracted)
    since, won = world.closed > day_number(date(2025, 3, 31)), world.won == 1
    periods = (won & ~since, won & since & decided, ~won & ~since, ~won & since & decided)
    assert (told.before, told.since, told.lost_before, told.lost_since) == tuple(int(each.sum()) for each in periods)
    assert told.extracted == "2025-03-31"
    assert told.tested > 0
    assert emerging_since(config, deals, live(None)) is None
    assert emerging_since(config, deals, None) is None
