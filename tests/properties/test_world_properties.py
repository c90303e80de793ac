"""What holds for every synthetic world, whatever its seed and size."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from icp_training.world import (
    World,
    WorldSettings,
    make_null_world,
    make_planted_world,
    make_strong_world,
    make_world,
    world_config,
    write_world,
)

MAKERS = {
    "ordinary": lambda seed: make_world(WorldSettings(deals=300, prospects=1000, seed=seed)),
    "planted": make_planted_world,
    "strong": make_strong_world,
    "null": make_null_world,
}


@pytest.fixture(scope="module", params=[*((name, 11) for name in MAKERS), ("null", 12)], ids=str)
def world(request: pytest.FixtureRequest) -> World:
    name, seed = request.param
    return MAKERS[name](seed)


def fingerprint(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    settings = [WorldSettings(deals=200, prospects=300, seed=seed) for seed in (1, 1, 2)]
    for number, one in enumerate(settings):
        write_world(make_world(one), tmp_path / str(number))
    first, again, other = (fingerprint(tmp_path / str(number)) for number in range(3))
    assert first == again
    assert all(first[name] != other[name] for name in first)


def test_every_row_belongs_to_an_account_of_the_crm(world: World) -> None:
    accounts = set(world.accounts["account_id"])
    assert len(accounts) == len(world.accounts)
    assert set(world.deals["account_id"]) <= accounts
    for table in (world.technologies, world.signals, world.contacts, world.campaigns):
        assert set(table["account"]) <= accounts
    assert world.deals["deal_id"].is_unique
    assert world.contacts["contact_id"].is_unique or world.settings.name == "null"


def test_nothing_that_a_deal_row_knows_happened_after_its_opening(world: World) -> None:
    rows = world.deal_rows()
    for attribute in world.attributes:
        if attribute.kind == "date":
            known = rows[attribute.name].notna()
            assert (rows.loc[known, attribute.name] <= rows.loc[known, "opened_at"]).all(), attribute.name


def test_a_deal_has_closed_exactly_if_its_stage_says_so(world: World) -> None:
    deals, today = world.deals, world.settings.extracted.isoformat()
    real = deals[~deals["stage"].isin(["Duplicate", "Test"])]
    closed = real["stage"].isin(["Closed Won", "Closed Lost"])
    assert closed.sum() == world.settings.deals or world.settings.name == "null"
    assert (real["closed_at"].notna() == closed).all()
    assert (real.loc[closed, "closed_at"] > real.loc[closed, "opened_at"]).all()
    assert deals["opened_at"].max() <= today
    assert real.loc[closed, "closed_at"].max() <= today


def test_no_signal_was_known_before_it_occurred_or_after_the_extract(world: World) -> None:
    signals = world.signals
    assert (signals["known"] >= signals["occurred"]).all()
    assert signals["known"].max() <= world.settings.extracted.isoformat()
    assert set(signals["party"]) == {"first", "third"}


def test_prospects_add_up_and_are_emptier_than_the_crm(world: World) -> None:
    counts, prospects = world.truth.prospect_counts, world.prospects
    assert sum(counts.values()) == world.settings.prospects == len(prospects) == len(world.truth.prospects)
    assert prospects["domain"].duplicated().sum() == counts["repeat"]
    status = world.truth.prospects.assign(in_crm=prospects["domain"].isin(world.accounts["domain"]))
    assert not status.loc[status["status"] == "new", "in_crm"].any()
    assert status.loc[status["status"].isin(["customer", "open deal"]), "in_crm"].all()
    names = [attribute.name for attribute in world.attributes]
    # A null world's deals are emptier by age, which a list of today is not.
    if world.settings.name != "null":
        assert prospects[names].isna().mean().mean() > world.deal_rows()[names].isna().mean().mean() + 0.05


def test_customers_in_the_list_have_won_deals_and_open_ones_have_open_deals(world: World) -> None:
    deals = world.deals.merge(world.accounts[["account_id", "domain"]], on="account_id")
    won = set(deals.loc[deals["stage"] == "Closed Won", "domain"])
    listed = world.truth.prospects.groupby("status")["domain"].agg(set)
    assert listed.get("customer", set()) <= won
    still_open = deals["closed_at"].isna() & ~deals["stage"].isin(["Duplicate", "Test"])
    assert listed.get("open deal", set()) <= set(deals.loc[still_open, "domain"]) - won


def test_probabilities_are_probabilities_and_truth_names_only_columns(world: World) -> None:
    for table in (world.truth.deals, world.truth.prospects):
        assert table["probability"].between(0, 1).all()
    assert list(world.truth.deals["deal_id"]) == list(world.deals["deal_id"])
    planted = [one.attribute for one in world.truth.planted]
    named = [*planted, *world.truth.noise, *world.truth.bystanders]
    assert sorted(named) == sorted(attribute.name for attribute in world.attributes)
    columns = set(world.deal_rows().columns)
    assert {leak.name for leak in world.truth.leaks} | set(world.truth.in_process) <= columns


def test_the_config_is_plain_and_names_columns_of_the_written_files(world: World, tmp_path: Path) -> None:
    write_world(world, tmp_path)
    config = world_config(world)
    assert yaml.safe_load(yaml.safe_dump(config)) == config
    deals, prospects = (pd.read_csv(tmp_path / name) for name in ("deals.csv", "prospects.csv"))
    attributes = config["attributes"]
    assert isinstance(attributes, dict)
    names = [name for layer in attributes.values() for name in layer]
    assert sorted(names) == sorted(attribute.name for attribute in world.attributes)
    assert set(names) <= set(deals.columns) & set(prospects.columns)
    assert not set(names) & ({leak.name for leak in world.truth.leaks} | set(world.truth.in_process))
    assert len(deals) == len(world.deals)
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["noise"] == list(world.truth.noise)


def test_written_text_needs_no_quoting(world: World, tmp_path: Path) -> None:
    write_world(world, tmp_path)
    header, *lines = (tmp_path / "deals.csv").read_text(encoding="utf-8").splitlines()
    assert '"' not in header
    assert {line.count(",") for line in lines} == {header.count(",")}


@pytest.mark.parametrize(("deals", "prospects"), [(60, 0), (60, 100), (100_000, 1000)])
def test_small_and_large_worlds_have_the_size_asked_for(deals: int, prospects: int) -> None:
    world = make_world(WorldSettings(deals=deals, prospects=prospects, seed=3))
    assert int(world.truth.deals["closed"].sum()) == deals
    assert len(world.prospects) == prospects
    assert len(world.deal_rows()) == len(world.deals)
    assert np.isfinite(world.truth.oracle_auc)


def test_more_closed_deals_than_the_span_can_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="lengthen the span"):
        make_world(WorldSettings(deals=100, prospects=0, seed=1, months=1, median_cycle_days=2000))
