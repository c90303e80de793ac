"""What decides changes between two quarters: the first line of what changed in the ICP says so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from icp_ml.profile.definition import Definition
from icp_ml.profile.tiering import Policy
from icp_ml.watch.definition_diff import definition_diff
from icp_training.config import load_config
from icp_training.defining import with_definition
from icp_training.pipeline import fit, judge, read
from icp_training.search import Budget
from icp_training.world import World, make_drifting_world, world_config, write_world

DEALS = 1200
BUDGET = Budget(trials=1)


def defined(world: World, folder: Path, rows: pd.Series) -> Definition:
    """The ICP by these deals of the world alone, through the line by which any model is trained."""
    write_world(world, folder)
    deals = pd.read_csv(folder / "deals.csv", dtype=str, keep_default_na=False)
    deals[deals["deal_id"].isin(rows)].to_csv(folder / "deals.csv", index=False)
    (folder / "icp.yaml").write_text(yaml.safe_dump(world_config(world)), encoding="utf-8")
    config = load_config(folder / "icp.yaml")
    judged = judge(read(config, folder), BUDGET, config.seed, tiers=config.tiers)
    definition = with_definition(config, judged, fit(judged, BUDGET, config.seed)).definition
    assert definition is not None
    return definition


@pytest.mark.parametrize("seed", [1])
def test_the_planted_change_is_the_first_line(seed: int, tmp_path: Path) -> None:
    world = make_drifting_world(seed, DEALS)
    changes_on = world.truth.changes_on
    before = world.deals.loc[world.deals["closed_at"] < changes_on, "deal_id"]
    after = world.deals.loc[world.deals["opened_at"] >= changes_on, "deal_id"]
    then, now = (defined(world, tmp_path / name, rows) for name, rows in (("then", before), ("now", after)))
    found = definition_diff(then, now, Policy(), Policy())

    first = found.criteria[0]
    attribute = first.factor.partition(":")[0]
    decided, decides = ({one.attribute for one in side} for side in (world.truth.planted, world.truth.later))
    assert (first.kind == "went" and attribute in decided) or (first.kind == "came" and attribute in decides)
    assert not decided & decides
    went = {each.factor.partition(":")[0] for each in found.criteria if each.kind == "went"}
    came = {each.factor.partition(":")[0] for each in found.criteria if each.kind == "came"}
    assert went & decided
    assert came & decides
