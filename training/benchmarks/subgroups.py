"""Clusters and exclusions on synthetic worlds: is what is proposed true, and is nothing proposed where nothing is?

    small, large   planted worlds of 500 and of 2,000 deals (20 seeds each), with a type that hardly ever buys
    null           500 deals whose outcomes no attribute has anything to do with (100 seeds): at most 5 propose anything

Each world is written as CSV and read by its configuration. A world's row is kept in .cache/subgroups by a hash of the
code that made it, so that an interrupted run goes on; the table goes to docs/subgroups.md with that hash.

    python training/benchmarks/subgroups.py [--kind null]... [--seeds 20] [--workers 2]
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.seeded_rows import hash_of, make_rows
from benchmarks.subgroups_page import Found, Row, page_of
from icp_ml.deals.contract import read_deals
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.rules import bind_rules, hits
from icp_ml.deals.settings import parse_settings
from icp_ml.deals.table import DealTable
from icp_ml.profile.clusters import CLUSTERS, clusters_of
from icp_ml.profile.exclusions import EXCLUSIONS, exclusions_of
from icp_ml.profile.records import Interval
from icp_ml.profile.subgroup_conditions import Mask, SearchedDeals, deals_to_search
from icp_ml.profile.subgroup_finds import search_subgroups
from icp_training.config import Config
from icp_training.world import World, make_null_world, make_planted_world, world_config, write_world

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "subgroups"
PAGE = ROOT / "docs" / "subgroups.md"
SEEDS: Mapping[str, int] = {"small": 20, "large": 20, "null": 100}
DEALS: Mapping[str, int] = {"small": 500, "large": 2_000, "null": 500}
MADE_BY = (
    *(f"icp_ml/profile/{n}.py" for n in ("subgroup*", "clusters", "exclusions", "candidates", "association", "rates")),
    *(f"icp_ml/model/{name}.py" for name in ("splits", "tier_rates")),
    "training/icp_training/world/*.py",
    "training/benchmarks/subgroups.py",
)
"""The code that a row depends on, but for the reading of deals."""


def code_hash() -> str:
    """SHA-256 over the code whose rows these are, 12 digits."""
    return hash_of(ROOT, MADE_BY)


def read_world(kind: str, seed: int) -> tuple[World, DealTable]:
    """The world, and its deals as they are read from files."""
    world = (make_null_world if kind == "null" else make_planted_world)(seed, DEALS[kind])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_world(world, folder)
        config = parse_settings(Config, world_config(world))
        return world, read_deals(config.deals, config.tables, config.resolved(), folder)


def searched_world(kind: str, seed: int) -> Row:
    """One world searched, and what was found beside what is true."""
    world, table = read_world(kind, seed)
    deals = deals_to_search(table)
    started = time.process_time()
    search = search_subgroups(deals, (CLUSTERS, EXCLUSIONS), seed)
    clusters = clusters_of(deals, search.finds[0], search).clusters
    exclusions = exclusions_of(deals, search.finds[1])
    seconds = time.process_time() - started
    truth = _truth(world, table)
    planted = truth["anti_icp"].to_numpy(dtype=bool)
    hit = [_inside(deals, each.rule) for each in exclusions]
    union = np.logical_or.reduce(hit) if hit else np.zeros(len(planted), dtype=bool)
    return Row(
        kind=kind,
        seed=seed,
        code=code_hash(),
        deals=len(deals.won),
        base=float(truth["probability"].mean()),
        planted=int(planted.sum()),
        covered=float(union[planted].mean()) if planted.any() else 0.0,
        clusters=tuple(_found(world, deals, truth, (each.rule, each.win_rate)) for each in clusters),
        exclusions=tuple(_found(world, deals, truth, (each.rule, each.win_rate)) for each in exclusions),
        seconds=seconds,
    )


def _found(world: World, deals: SearchedDeals, truth: pd.DataFrame, found: tuple[RuleSettings, Interval]) -> Found:
    rule, rate = found
    inside = _inside(deals, rule)
    decide = {planted.attribute for planted in world.truth.planted}
    return Found(
        deals=int(inside.sum()),
        rate=rate.value,
        raw=float(deals.won[inside].mean()),
        truth=float(truth["probability"].to_numpy()[inside].mean()),
        planted=float(truth["anti_icp"].to_numpy(dtype=bool)[inside].mean()),
        conditions=len(rule.conditions),
        noise=sum(each.attribute not in decide for each in rule.conditions),
    )


def _inside(deals: SearchedDeals, rule: RuleSettings) -> Mask:
    """By the rule as it would be run, and not as the search had it."""
    return hits(bind_rules((rule,), deals.attributes)[0], deals.parsed)


def _truth(world: World, table: DealTable) -> pd.DataFrame:
    return world.truth.deals.set_index("deal_id").loc[list(table.ids)]


def row_of(task: tuple[str, int]) -> Row:
    """One world's row, from the cache where it is there."""
    kind, seed = task
    path = CACHE / code_hash() / f"{kind}-{seed}.json"
    if path.exists():
        return Row.model_validate_json(path.read_text())
    row = searched_world(kind, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(f".{os.getpid()}").write_text(row.model_dump_json())
    path.with_suffix(f".{os.getpid()}").rename(path)
    return row


def kept_rows() -> list[Row]:
    """All rows that this code has made so far, in the order of kinds and seeds."""
    wanted = [(kind, seed) for kind in SEEDS for seed in range(1, SEEDS[kind] + 1)]
    paths = [CACHE / code_hash() / f"{kind}-{seed}.json" for kind, seed in wanted]
    return [Row.model_validate_json(path.read_text()) for path in paths if path.exists()]


def main() -> None:
    """Make the rows that were asked for, and the page of all that there are by then; it says how many."""
    make_rows(__doc__ or "", SEEDS, row_of)
    PAGE.write_text(page_of(kept_rows(), SEEDS), encoding="utf-8")
    print(f"Written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
