"""Won accounts and a universe whose difference is known: won accounts are mostly software firms of 50 to 500 people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from icp_ml.deals.lookalike_settings import LookalikeSettings
from icp_ml.deals.settings import parse_settings

INDUSTRIES = ("Software", "Media", "Mining", "Retail")


def companies(count: int, seed: int, *, prefix: str, alike: float) -> pd.DataFrame:
    """Companies of which a share `alike` is a software firm of 50 to 500 people; of the others anything may be true.

    `region` and `score` are noise.
    """
    rng = np.random.default_rng(seed)
    is_alike = rng.random(count) < alike
    industry = np.where(is_alike, "Software", rng.choice(INDUSTRIES, count))
    employees = np.where(is_alike, rng.integers(50, 501, count), np.exp(rng.normal(5.5, 2.0, count)).astype(int) + 1)
    return pd.DataFrame(
        {
            "domain": [f"{prefix}{number}.example" for number in range(count)],
            "industry": industry,
            "employees": employees,
            "region": rng.choice(["north", "south", "east"], count),
            "score": rng.integers(0, 1000, count),
        }
    )


def document(**changes: object) -> dict[str, object]:
    """The configuration as plain values."""
    written: dict[str, object] = {
        "name": "look",
        "kind": "lookalike",
        "won": {"source": "won.csv", "id": "domain"},
        "universe": {"source": "universe.csv", "id": "domain"},
        "attributes": {
            "firmographic": {"industry": "category", "employees": "number", "region": "category"},
            "behavioural": {"score": "number"},
        },
        "prospects": {"id": "domain"},
        "tiers": {"objective": "capacity", "capacity": {1: 0.1, 2: 0.3, 3: 0.6}},
    }
    return {**written, **changes}


def settings(**changes: object) -> LookalikeSettings:
    """The configuration, checked."""
    return parse_settings(LookalikeSettings, document(**changes))


def write_lists(folder: Path, won: pd.DataFrame, universe: pd.DataFrame) -> None:
    """won.csv and universe.csv."""
    won.to_csv(folder / "won.csv", index=False)
    universe.to_csv(folder / "universe.csv", index=False)


def write_project(folder: Path, *, alike: float, won: int = 40, changes: Mapping[str, object] | None = None) -> Path:
    """look.yaml, both lists, and list.csv, in a folder that exists."""
    universe = companies(400, 2, prefix="u", alike=0.1)
    write_lists(folder, companies(won, 1, prefix="w", alike=alike), universe)
    companies(60, 3, prefix="p", alike=0.3).to_csv(folder / "list.csv", index=False)
    (folder / "look.yaml").write_text(yaml.safe_dump(document(**(changes or {})), sort_keys=False), encoding="utf-8")
    return folder
