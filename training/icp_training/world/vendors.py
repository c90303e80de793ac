"""A world as CRM vendors export it: their columns, spellings and formats, and what else lies in a real CRM.

Beside the world's own deals there are renewals and upgrades of customers, tests, duplicates and deleted rows; they are
drawn from streams of their own. What the vendor computes from the outcome (probability, days to close, time in stage)
is computed from it here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from icp_training.world.deals import IGNORED_STAGES, LOST, OPEN_STAGES, WON
from icp_training.world.streams import stream
from icp_training.world.world import ON_DEAL_ROW, World

RENEWED_SHARE = 0.25
RENEWAL_WON = 0.85
DELETED = 6
_PLANNED_DAYS = 30
_FIRST_RENEWAL = 60

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Mixed:
    """How many rows are no new business that was won or lost; no row is in two counts."""

    deleted: int
    tests: int
    other_types: int
    not_losses: int


@dataclass(frozen=True)
class Rows:
    """The rows of a vendor's export of deals, with the world's values beside what was mixed in.

    deals: `deal_id`, `account_id`, `opened`, `closed` (planned where open), `amount`, `reason`, `owner`, `lead_source`,
    and the leaks. won, over, renewal, test, duplicate, deleted: bool[n]. stage: where an open deal stands.
    """

    deals: pd.DataFrame
    won: Flags
    over: Flags
    renewal: Flags
    test: Flags
    duplicate: Flags
    deleted: Flags

    @property
    def lost(self) -> Flags:
        """bool[n]: over and not won, whatever the reason."""
        return self.over & ~self.won

    def mixed(self) -> Mixed:
        """What was mixed in, by the first of the reasons to leave a row out."""
        test = self.test & ~self.deleted
        renewal = self.renewal & ~self.deleted & ~test
        duplicate = self.duplicate & ~self.deleted & ~test & ~renewal
        return Mixed(int(self.deleted.sum()), int(test.sum()), int(renewal.sum()), int(duplicate.sum()))


def draw_rows(world: World) -> Rows:
    """The world's deals with renewals of some of its customers after them, and a few rows marked as deleted."""
    own = _own_rows(world)
    renewals = _renewals(world, own)
    deals = pd.concat([own, renewals], ignore_index=True)
    stage = deals["stage"].to_numpy(dtype=object)
    test, duplicate = stage == IGNORED_STAGES[1], stage == IGNORED_STAGES[0]
    over = ~np.isin(stage, OPEN_STAGES)
    won = stage == WON
    renewal = np.arange(len(deals)) >= len(own)
    deleted = np.zeros(len(deals), dtype=bool)
    candidates = np.flatnonzero(~(renewal | test | duplicate))
    deleted[stream(world.settings.seed, "deleted rows").choice(candidates, DELETED, replace=False)] = True
    return Rows(deals, won, over, renewal, test, duplicate, deleted)


def account_values(world: World) -> pd.DataFrame:
    """The accounts as the CRM says them today, amounts as plain numbers."""
    accounts = world.accounts.copy()
    if "revenue" in accounts:
        accounts["revenue"] = plain_amounts(accounts["revenue"])
    return accounts


def plain_amounts(written: pd.Series[str]) -> pd.Series[float]:
    """`18.3 MM` as 18300000."""
    parts = written.str.extract(r"^([\d.]+) (K|MM|B)$")
    units = parts[1].map({"K": 1e3, "MM": 1e6, "B": 1e9})
    return (parts[0].astype(float) * units).round()


def attributes_of_accounts(world: World) -> tuple[str, ...]:
    """The names of the attributes that stand on the account."""
    return tuple(one.name for one in world.attributes if one.name not in ON_DEAL_ROW)


def account_changes(world: World) -> pd.DataFrame:
    """`account_id`, `attribute`, `day`, `old`, `new`: what an account said before, wherever a deal opened in between.

    A change is dated half-way between the two openings that saw different values, or an opening and the extract.
    """
    names = attributes_of_accounts(world)
    keys = pd.DataFrame({"account_id": world.deals["account_id"], "day": pd.to_datetime(world.deals["opened_at"])})
    then = pd.concat([keys, world.known_at_opening[list(names)].astype(object)], axis=1)
    today = world.accounts[["account_id", *names]].astype(object)
    today.insert(1, "day", pd.Timestamp(world.settings.extracted))
    both = pd.concat([then, today], ignore_index=True)
    both["place"] = np.arange(len(both))
    long = both.melt(id_vars=["account_id", "day", "place"], var_name="attribute", value_name="new")
    long = long.sort_values(["account_id", "attribute", "day", "place"], kind="stable", ignore_index=True)
    text = long["new"].astype(object).where(long["new"].notna(), "").astype(str)
    same = (long["account_id"] == long["account_id"].shift()) & (long["attribute"] == long["attribute"].shift())
    changed = (same & (text != text.shift())).to_numpy()
    between = long["day"].shift() + (long["day"] - long["day"].shift()) / 2
    changes = pd.DataFrame(
        {
            "account_id": long["account_id"],
            "attribute": long["attribute"],
            "day": between.dt.ceil("D").dt.strftime("%Y-%m-%d"),
            "old": text.shift(),
            "new": text,
        }
    )
    return changes[changed].reset_index(drop=True)


def write(table: Mapping[str, object] | pd.DataFrame, path: Path) -> None:
    """A CSV file with a header; missing values are empty."""
    pd.DataFrame(table).to_csv(path, index=False, lineterminator="\n")


def _own_rows(world: World) -> pd.DataFrame:
    deals = world.deals
    planned = (pd.Timestamp(world.settings.extracted) + pd.Timedelta(days=_PLANNED_DAYS)).strftime("%Y-%m-%d")
    keep = ["deal_id", "account_id", "stage", "owner", "amount", "stage_changes", "days_in_stage"]
    rows = deals[[*keep, *(leak.name for leak in world.truth.leaks)]].copy()
    rows["opened"], rows["closed"] = deals["opened_at"], deals["closed_at"].fillna(planned)
    rows["reason"] = deals["close_reason"].where(deals["stage"] == LOST)
    rows["lead_source"] = deals.get("lead_source")
    return rows


def _renewals(world: World, own: pd.DataFrame) -> pd.DataFrame:
    """Customers buy again: mostly won, months after the first deal; only those that closed by the extract."""
    rng = stream(world.settings.seed, "renewals")
    won = own[own["stage"] == WON]
    again = won[rng.random(len(won)) < RENEWED_SHARE].copy()
    opened = pd.to_datetime(again["closed"]) + pd.to_timedelta(rng.integers(_FIRST_RENEWAL, 300, len(again)), unit="D")
    closed = opened + pd.to_timedelta(rng.integers(5, 40, len(again)), unit="D")
    again["opened"], again["closed"] = opened.dt.strftime("%Y-%m-%d"), closed.dt.strftime("%Y-%m-%d")
    again["stage"] = np.where(rng.random(len(again)) < RENEWAL_WON, WON, LOST)
    again["reason"] = np.where(again["stage"] == LOST, "price", "")
    again["deal_id"] = [f"R{number:07d}" for number in range(len(again))]
    return again[(closed <= pd.Timestamp(world.settings.extracted)).to_numpy()]
