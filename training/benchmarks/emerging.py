"""Are emerging profiles named where one emerges, and only there? A year of deals, and what came after the extract.

    steady     nothing changes: any profile that is named is a false alarm; at most 5 in 100 worlds
    change     from the day after the extract on a flag that half of the companies have decides, by an odds ratio of 4

With 300, 120 and 60 deals a quarter, one or two quarters after the extract ("change 300 2"), from a world that founds
companies all the time, so that nothing drifts unasked; four attributes decide and eight are noise. The table goes to
docs/emerging.md.

    python training/benchmarks/emerging.py [--kind "steady 300 1"]... [--seeds 20] [--workers 1]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from benchmarks.seeded_rows import hash_of, make_rows
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.settings import parse_settings
from icp_ml.watch.emerging import DecidedDeals, find_emerging
from icp_training.config import Config
from icp_training.founding_world import (
    CLOSED,
    OPENED,
    STAGE,
    Change,
    FoundingWorld,
    founding_config,
    make_founding_world,
)
from icp_training.world import WorldSettings
from icp_training.world.deals import WON

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "emerging.md"
MADE_BY = (
    "icp_ml/watch/emerging*.py",
    *(f"icp_ml/profile/{name}.py" for name in ("states", "segmenting", "candidates", "account_shares")),
    "training/icp_training/founding_world.py",
    "training/icp_training/world/*.py",
    "training/benchmarks/emerging.py",
)
EXTRACTS: Final = {1: date(2025, 3, 31), 2: date(2024, 12, 31)}
"""The day of the extract, by the quarters that have passed since."""
TODAY: Final = date(2025, 6, 30)
BEFORE: Final = 4
"""Quarters of deals before the extract."""
SEEDS: Mapping[str, int] = {
    "steady 300 1": 50,
    "steady 300 2": 50,
    "steady 120 1": 50,
    "steady 60 1": 50,
    "change 300 1": 20,
    "change 300 2": 20,
    "change 120 2": 20,
}


@dataclass(frozen=True)
class Row:
    """One world. since, lost: accounts won and lost since the extract. tested: conditions asked of.

    named: factors of the profiles. changed: the flag that comes to decide, empty where nothing changes.
    """

    kind: str
    seed: int
    since: int
    lost: int
    tested: int
    named: tuple[str, ...]
    changed: str


def row_of(task: tuple[str, int]) -> Row:
    """Make the world, and look at it on the last day."""
    kind, seed = task
    what, deals, passed = kind.split()
    extract, quarters = EXTRACTS[int(passed)], BEFORE + int(passed)
    settings = WorldSettings(
        deals=quarters * int(deals), seed=seed, name=what, extracted=TODAY, months=3 * quarters,
        median_cycle_days=30.0, strong=4, weak=0, noise=8, interactions=1, base_rates=(0.35, 0.45),
    )  # fmt: skip
    change = Change(extract + timedelta(days=1), "one more decides") if what == "change" else None
    world = make_founding_world(settings, change)
    found = find_emerging(decided(world), np.datetime64(extract), seed)
    named = tuple(each.factor for each in found.profiles)
    return Row(kind, seed, found.since, found.lost_since, found.tested, named, ", ".join(world.changed))


def decided(world: FoundingWorld) -> DecidedDeals:
    """The deals that have closed by the last day."""
    rows = world.export_on(TODAY)
    rows = rows[rows[CLOSED] != ""].reset_index(drop=True)
    attributes = parse_settings(Config, founding_config(world, world.settings.months)).resolved()
    opened, closed = (np.array(rows[name].tolist(), dtype="datetime64[D]") for name in (OPENED, CLOSED))
    texts = pa.table({each.name: pa.array(rows[each.name]).cast(pa.string()) for each in attributes})
    won = np.array([stage == WON for stage in rows[STAGE]], dtype=np.int8)
    parsed = parse_attributes(texts, attributes, opened)
    return DecidedDeals(attributes, parsed, won, np.arange(len(rows), dtype=np.int64), closed, closed)


def page_of(rows: Sequence[Row]) -> Iterator[str]:
    """The committed page."""
    yield "# Are emerging profiles named where one emerges?\n"
    yield f"Made by `make two-years`, by the code with the hash {hash_of(ROOT, MADE_BY)}. A year of deals,"
    yield "and one or two quarters after the extract; four attributes decide all along, and eight are noise. *Steady*:"
    yield "nothing changes, and whatever is named is a false alarm. *Change*: from the day after the extract on a flag"
    yield "that about half of the companies have decides, by an odds ratio of 4. Accounts and conditions are means.\n"
    yield "| world | deals a quarter | quarters | won since | lost since | conditions | change named | others named |"
    yield "|---|---|---|---|---|---|---|---|"
    for kind in SEEDS:
        here = [row for row in rows if row.kind == kind]
        if here:
            yield _line(kind, here)


def _line(kind: str, rows: Sequence[Row]) -> str:
    what, deals, passed = kind.split()
    counts = " | ".join(f"{np.mean([getattr(row, name) for row in rows]):.0f}" for name in ("since", "lost", "tested"))
    found = sum(bool(row.changed) and row.changed in row.named for row in rows)
    others = sum(bool(set(row.named) - {row.changed}) for row in rows)
    told = f"{found} of {len(rows)}" if what == "change" else ""
    return f"| {what} | {deals} | {passed} | {counts} | {told} | {others} of {len(rows)} |"


def main() -> None:
    """Make the rows that were asked for, and the page where all were."""
    rows, are_all = make_rows(__doc__ or "", SEEDS, row_of)
    page = "\n".join(page_of(rows)) + "\n"
    print(page)
    if are_all:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
