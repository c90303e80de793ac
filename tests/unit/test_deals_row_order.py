"""The order of an export's rows does not matter, and the order of the deals is what `row_order` says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import read_deals
from icp_ml.deals.kinds import CategoryColumn, NumberColumn
from icp_ml.deals.settings import DealsSettings, TablesSettings, parse_settings
from icp_ml.deals.table import DealTable

INDUSTRY = Attribute("industry", "industry", "category", "firmographic", "fit")
SIZE = Attribute("size", "size", "number", "firmographic", "fit")
FULL = {"id": "id", "account": "account", "opened": "opened", "closed": "closed", "repeated_ids": "keep_all"}


def export(seed: int) -> pd.DataFrame:
    """Few days, names and values, so that ties abound; ids are repeated, and some cells are blank."""
    rng = np.random.default_rng(seed)
    opened = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 4, 200), unit="D")
    return pd.DataFrame(
        {
            "id": rng.choice(["9", "10", "a", "Ä"], 200),
            "account": rng.choice(["x", "y", "z"], 200),
            "opened": opened.date,
            "closed": (opened + pd.to_timedelta(rng.integers(0, 3, 200), unit="D")).date,
            "stage": rng.choice(["Won", "Lost"], 200),
            "industry": rng.choice(["Retail", "", "Software"], 200),
            "size": rng.choice(["1", "2.5", ""], 200),
        }
    )


def read(frame: pd.DataFrame, folder: Path, **declared: object) -> DealTable:
    frame.to_csv(folder / "deals.csv", index=False)
    outcome = {"column": "stage", "won": ["Won"], "lost": ["Lost"]}
    settings = parse_settings(DealsSettings, {"source": "deals.csv", "outcome": outcome, **declared})
    return read_deals(settings, TablesSettings(), (INDUSTRY, SIZE), folder)


def said(deals: DealTable, *, ids: bool) -> list[tuple[object, ...]]:
    """All that is known of each deal, in the order of the deals."""
    industry, size = (deals.parsed.columns[name] for name in ("industry", "size"))
    assert isinstance(industry, CategoryColumn)
    assert isinstance(size, NumberColumn)
    levels = [(*industry.levels, "")[code] for code in industry.codes]
    days = [each if each is None else each.tolist() for each in (deals.opened, deals.closed)]
    dated = [each or [None] * len(deals.won) for each in days]
    names = (deals.ids, deals.accounts) if ids else ()
    values = np.nan_to_num(size.values, nan=-1.0)
    return list(zip(*names, *dated, deals.won, levels, values, deals.identical if ids else deals.won, strict=True))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("declared", [FULL, {**FULL, "closed": None}, {}], ids=["all", "no closing", "nothing"])
def test_the_order_of_the_export_does_not_matter(tmp_path: Path, seed: int, declared: dict[str, object]) -> None:
    frame = export(seed)
    one = read(frame, tmp_path, **declared)
    other = read(frame.sample(frac=1, random_state=seed), tmp_path, **declared)
    assert said(one, ids=bool(declared)) == said(other, ids=bool(declared))
    if declared:
        assert one.groups().tolist() == other.groups().tolist()


def test_deals_stand_by_opening_then_id_then_account_then_closing(tmp_path: Path) -> None:
    deals = read(export(1), tmp_path, **FULL)
    assert deals.opened is not None
    assert deals.closed is not None
    keys = list(zip(deals.opened.tolist(), deals.ids, deals.accounts, deals.closed.tolist(), strict=True))
    assert keys == sorted(keys)
