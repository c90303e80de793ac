"""A world whose truth changes on a day: nothing before it moves, and what decides after it is something else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from icp_training.world import World, WorldSettings, make_drifting_world, make_world
from icp_training.world.catalogue import ATTRIBUTES

CHANGE = "2024-07-01"
SETTINGS = WorldSettings(deals=400, prospects=50, seed=6, strong=3, weak=1, anti_icp=False, drift=(0.0, 0.0))


@pytest.fixture(scope="module")
def worlds() -> tuple[World, World]:
    """The same settings, without and with a change."""
    return make_world(SETTINGS), make_world(replace(SETTINGS, truth_changes=date.fromisoformat(CHANGE)))


def test_what_opened_before_the_change_is_won_by_the_same_chance_and_what_follows_is_not(
    worlds: tuple[World, World],
) -> None:
    """Accounts, opening days and all that is known are the same; outcomes differ from the change on only."""
    stays, changes = (
        world.truth.deals.assign(
            opened=world.deals["opened_at"], account=world.deals["account_id"], size=world.deal_rows()["employees"]
        )
        for world in worlds
    )
    early = [frame[frame["opened"] < CHANGE] for frame in (stays, changes)]
    drawn = [frame[["opened", "account", "probability"]].drop_duplicates() for frame in early]
    shared = drawn[0].merge(drawn[1], on=["opened", "account"], suffixes=("", "_changed"))
    assert len(shared) > 100
    assert np.array_equal(shared["probability"], shared["probability_changed"])
    late = [frame[frame["opened"] >= CHANGE].drop_duplicates(["opened", "account"]) for frame in (stays, changes)]
    moved = late[0].merge(late[1], on=["opened", "account"], suffixes=("", "_changed"))
    assert np.mean(moved["probability"] != moved["probability_changed"]) > 0.95


def test_what_is_planted_at_first_stays_and_what_follows_is_of_other_clusters(worlds: tuple[World, World]) -> None:
    stays, changes = (world.truth for world in worlds)
    assert changes.planted == stays.planted
    assert changes.changes_on == CHANGE
    assert len(changes.later) == len(changes.planted)
    clusters = [{ATTRIBUTES[one.attribute].cluster for one in side} for side in (changes.planted, changes.later)]
    assert not clusters[0] & clusters[1]
    assert {"later", "changes_on"} == set(changes.as_json()) - set(stays.as_json())


def test_the_drifting_world_is_as_hard_after_the_change_as_before() -> None:
    world = make_drifting_world(3)
    after = (world.deals["opened_at"] >= world.truth.changes_on).to_numpy()
    chances = world.truth.deals["probability"].to_numpy()
    assert chances[after].mean() == pytest.approx(chances[~after].mean(), abs=0.05)
    assert chances[after].std() == pytest.approx(chances[~after].std(), abs=0.05)
    assert {one.attribute for one in world.truth.later} <= {one.name for one in world.attributes}
