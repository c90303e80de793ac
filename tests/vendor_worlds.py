"""A small world, and a folder of exports of it in a vendor's layout, for tests of `icp init`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from icp_training.world import World, WorldSettings, make_world
from icp_training.world.hubspot import label_of, write_hubspot
from icp_training.world.salesforce import field_of, write_salesforce
from icp_training.world.vendors import Mixed

WRITERS: dict[str, Callable[[World, Path], Mixed]] = {"salesforce": write_salesforce, "hubspot": write_hubspot}
NAMES: dict[str, Callable[[str], str]] = {"salesforce": field_of, "hubspot": label_of}


@cache
def small() -> World:
    """600 closed deals, three attributes that decide, a tool list among the columns, two leaks."""
    return make_world(
        WorldSettings(
            deals=600, prospects=50, seed=5, months=24, deals_per_account=1.1, strong=3, weak=0, noise=2,
            keep_proxies=False, anti_icp=False, interactions=0, oracle_auc=0.85, account_spread=(0.0, 0.0),
            drift=(0.0, 0.0),
        )
    )  # fmt: skip


def exports(vendor: str, folder: Path) -> tuple[list[Path], Mixed]:
    """The files of a vendor's exports, by name, and what was mixed into the deals."""
    mixed = WRITERS[vendor](small(), folder)
    return sorted(folder.glob("*.csv")), mixed
