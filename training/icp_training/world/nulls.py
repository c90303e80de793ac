"""Exact copies of deals under other ids, as they pile up in a real CRM."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from icp_training.world.streams import stream
from icp_training.world.text import Ints, frame, numbered
from icp_training.world.world import World

_DEAL_TABLES = ("deals", "known_at_opening")
_ACCOUNT_TABLES = ("technologies", "signals", "contacts", "campaigns")


def with_copies(world: World, copies: int) -> World:
    """The world with `copies` closed deals written down twice, equal in all but their ids.

    Every second copy keeps its account; the others come with a copy of the account, under another account id,
    with all its technologies, signals, contacts and campaigns. Deals are in the order of opening again.
    Assumes that `copies` is at most the number of closed deals.
    """
    rng = stream(world.settings.seed, "copies")
    closed = np.flatnonzero(world.truth.deals["closed"].to_numpy())
    source = rng.permutation(closed)[:copies]
    deals = _copied_deals(world, source)
    moved = deals["deal_id"].iloc[-copies:].index[1::2] if copies else deals.index[:0]
    new_ids = _new_account_ids(world, len(moved))
    origin = deals.loc[moved, "account_id"].to_numpy()
    deals.loc[moved, "account_id"] = new_ids.to_numpy()
    order = np.argsort(deals["opened_at"].to_numpy(dtype=str), kind="stable")
    oracle = _stacked(world.truth.deals, source).assign(deal_id=deals["deal_id"])
    return replace(
        world,
        deals=deals.iloc[order].reset_index(drop=True),
        known_at_opening=_stacked(world.known_at_opening, source).iloc[order].reset_index(drop=True),
        accounts=_with_more(world.accounts, "account_id", origin, new_ids),
        technologies=_with_more(world.technologies, "account", origin, new_ids),
        signals=_with_more(world.signals, "account", origin, new_ids),
        contacts=_with_more(world.contacts, "account", origin, new_ids),
        campaigns=_with_more(world.campaigns, "account", origin, new_ids),
        truth=replace(world.truth, deals=oracle.iloc[order].reset_index(drop=True)),
    )


def _stacked(table: pd.DataFrame, rows: Ints) -> pd.DataFrame:
    return pd.concat([table, table.iloc[rows]], ignore_index=True)


def _copied_deals(world: World, source: Ints) -> pd.DataFrame:
    first = len(world.deals) + 1
    deals = _stacked(world.deals, source)
    new = frame({"deal_id": numbered("D", np.arange(first, first + len(source)), 7)})["deal_id"]
    deals["deal_id"] = pd.concat([world.deals["deal_id"], new], ignore_index=True)
    return deals


def _new_account_ids(world: World, count: int) -> pd.Series[str]:
    first = len(world.accounts) + 1
    return frame({"id": numbered("A", np.arange(first, first + count), 7)})["id"]


def _with_more(
    table: pd.DataFrame,
    key: str,
    origin: np.ndarray[tuple[int], np.dtype[np.object_]],
    new_ids: pd.Series[str],
) -> pd.DataFrame:
    """The rows of the original accounts once more, under the new ids."""
    pairs = pd.DataFrame({key: origin, "_copy": new_ids.to_numpy()})
    more = table.merge(pairs, on=key, how="inner")
    more[key] = more["_copy"]
    return pd.concat([table, more[table.columns]], ignore_index=True)
