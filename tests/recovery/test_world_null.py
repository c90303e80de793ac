"""In a null world no attribute has anything to do with winning, and the traps that it promises are there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from icp_training.world import World, make_null_world, make_strong_world

LARGE = 20_000


@pytest.fixture(scope="module")
def null() -> World:
    return make_null_world(5, deals=LARGE)


def won_and_closed(world: World) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    rows = world.deal_rows()
    closed = rows[rows["stage"].isin(["Closed Won", "Closed Lost"])]
    return closed, (closed["stage"] == "Closed Won").to_numpy()


def as_attribute(rows: pd.DataFrame, name: str, kind: str) -> pd.Series[str] | pd.Series[float]:
    """Dates as days before the opening: a date itself would follow the calendar, and so the base rate."""
    if kind != "date":
        return rows[name]
    return (pd.to_datetime(rows["opened_at"]) - pd.to_datetime(rows[name])).dt.days.astype(float)


def separation(won: npt.NDArray[np.bool_], column: pd.Series[str] | pd.Series[float]) -> float:
    """The AUC of ranking by the column's own value, minus a half; levels by the alphabet."""
    known = column.notna().to_numpy()
    coded = column if column.dtype == float else column.astype("category").cat.codes
    ranks, hits = coded[known].rank().to_numpy(), won[known]
    return float((ranks[hits].sum() - hits.sum() * (hits.sum() + 1) / 2) / (hits.sum() * (~hits).sum())) - 0.5


def test_no_attribute_ranks_the_outcome(null: World) -> None:
    rows, won = won_and_closed(null)
    assert not null.truth.planted
    for attribute in null.attributes:
        # Four standard errors of an AUC at this size, widened for the account effects.
        assert abs(separation(won, as_attribute(rows, attribute.name, attribute.kind))) < 0.03, attribute.name


def test_account_effects_make_deals_of_one_account_alike(null: World) -> None:
    rows, won = won_and_closed(null)
    plain = rows.assign(won=won).drop_duplicates(["opened_at", "closed_at", "amount"])
    pairs = plain.groupby("account_id")["won"].agg(["sum", "size"])
    pairs = pairs[pairs["size"] == 2]
    rate = plain["won"].mean()
    alike = (pairs["sum"] != 1).mean()
    assert alike > rate**2 + (1 - rate) ** 2 + 0.03


def test_older_deals_are_emptier_in_some_attributes(null: World) -> None:
    rows, _ = won_and_closed(null)
    names = [attribute.name for attribute in null.attributes]
    old = rows["opened_at"] < rows["opened_at"].sort_values().iloc[len(rows) // 2]
    gap = rows.loc[old, names].isna().mean() - rows.loc[~old, names].isna().mean()
    aged = gap[gap > 0.15]
    assert len(aged) == round(0.3 * len(names))
    assert gap.drop(aged.index).max() < 0.08


def test_one_row_in_twenty_is_a_copy_under_another_id() -> None:
    world = make_null_world(2, deals=600)
    rows, _ = won_and_closed(world)
    assert len(rows) == 600
    assert rows["deal_id"].is_unique
    assert rows.drop(columns=["deal_id", "account_id"]).duplicated().sum() == 30
    assert rows.drop(columns="deal_id").duplicated().sum() == 15
    assert set(rows["account_id"]) <= set(world.accounts["account_id"])
    assert world.accounts["account_id"].is_unique


def test_the_territory_has_two_hundred_levels(null: World) -> None:
    assert null.deal_rows()["territory_code"].nunique() == 200


def test_a_null_world_looks_like_the_strong_world_of_its_seed() -> None:
    null, strong = make_null_world(7), make_strong_world(7)
    assert list(null.deal_rows().columns) == list(strong.deal_rows().columns)
    assert null.attributes == strong.attributes
    counts = [world.deals["stage"].isin(["Closed Won", "Closed Lost"]).sum() for world in (null, strong)]
    assert counts == [150, 150]
