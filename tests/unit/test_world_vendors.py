"""A world's exports in vendors' layouts say what the world says, and its histories lead back to what was known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icp_training.presets.matching import Recognised, recognise
from icp_training.presets.reading import vendors
from icp_training.world.vendors import account_changes, attributes_of_accounts, draw_rows, plain_amounts
from tests.vendor_worlds import exports, small


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def texts(frame: pd.DataFrame) -> list[dict[str, str]]:
    """The rows, every value a text, empty where missing."""
    plain = frame.astype(object).where(frame.notna(), "").astype(str)
    return [dict(zip(plain.columns, row, strict=True)) for row in plain.to_numpy().tolist()]


def test_rewinding_todays_accounts_by_their_history_gives_what_was_known_at_each_opening() -> None:
    world = small()
    names = attributes_of_accounts(world)
    said: dict[tuple[str, str], list[tuple[str, str]]] = {}
    changes = texts(account_changes(world))
    for row in changes:
        said.setdefault((row["account_id"], row["attribute"]), []).append((row["day"], row["old"]))
    today = {row["account_id"]: row for row in texts(world.accounts)}
    wrong = 0
    for deal, known in zip(texts(world.deals), texts(world.known_at_opening), strict=True):
        for name in names:
            later = [old for day, old in said.get((deal["account_id"], name), []) if day > deal["opened_at"]]
            wrong += (later[0] if later else today[deal["account_id"]][name]) != known[name]
    assert len(changes) > 50
    assert wrong == 0


def test_every_row_is_a_deal_of_the_world_or_a_renewal_of_a_won_one() -> None:
    world, rows = small(), draw_rows(small())
    own = rows.deals[~rows.renewal]
    assert own["deal_id"].tolist() == world.deals["deal_id"].tolist()
    won = set(world.deals.loc[world.deals["stage"] == "Closed Won", "account_id"])
    assert set(rows.deals.loc[rows.renewal, "account_id"]) <= won
    assert (rows.deals["closed"] >= rows.deals["opened"]).all()
    mixed = rows.mixed()
    assert mixed.tests == (world.deals["stage"] == "Test").sum()
    assert mixed.not_losses == (world.deals["stage"] == "Duplicate").sum()
    assert mixed.other_types == rows.renewal.sum()


def test_amounts_become_plain_numbers() -> None:
    written = pd.Series(["850 K", "18.3 MM", "1.24 B", None])
    assert plain_amounts(written).tolist()[:3] == [850_000, 18_300_000, 1_240_000_000]
    assert np.isnan(plain_amounts(written).iloc[3])


@pytest.mark.parametrize(
    ("vendor", "holds"),
    [
        (
            "salesforce",
            {
                "opportunities.csv": "deals",
                "accounts.csv": "accounts",
                "contacts.csv": "contacts",
                "opportunity_field_history.csv": "deal_history",
                "account_history.csv": "account_history",
            },
        ),
        ("hubspot", {"deals.csv": "deals", "companies.csv": "accounts", "contacts.csv": "contacts"}),
    ],
)
def test_each_file_is_what_it_is_called_and_refers_to_records_that_are_there(
    vendor: str, holds: dict[str, str], tmp_path: Path
) -> None:
    files, _ = exports(vendor, tmp_path)
    found = {path.name: recognise(table(path).columns.tolist(), vendors("crm")) for path in files}
    assert {name: seen.holds for name, seen in found.items() if seen} == holds
    accounts = next(name for name, kind in holds.items() if kind == "accounts")
    ids = set(table(tmp_path / accounts)[_part(found, accounts, "id")])
    for name, kind in holds.items():
        if kind in ("deals", "contacts"):
            assert set(table(tmp_path / name)[_part(found, name, "account")]) <= ids
        if kind == "account_history":
            assert set(table(tmp_path / name)[_part(found, name, "record")]) <= ids


def _part(found: dict[str, Recognised | None], name: str, part: str) -> str:
    seen = found[name]
    column = seen.part(part) if seen else None
    assert column is not None
    return column


def test_the_same_world_gives_the_same_files(tmp_path: Path) -> None:
    one, _ = exports("salesforce", tmp_path / "one")
    other, _ = exports("salesforce", tmp_path / "other")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
