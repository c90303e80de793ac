"""Accounts of two kinds, which a model tells apart by three attributes at once, and prospects of neither kind.

    kind            employees        industry    demo      won
    young           40 to 60         Software    yes       four in five
    settled         4,000 to 6,000   Energy      no        one in five

`region` is noise. No account has the industry of one kind and the size of the other.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import ModelParams, WinModel, fit_win_model, training_rows
from icp_ml.profile.neighbours import Neighbours, SoldDeals, draw_neighbours

ATTRIBUTES = (
    Attribute("employees", "employees", "number", "firmographic", "fit"),
    Attribute("industry", "industry", "category", "firmographic", "fit"),
    Attribute("demo", "demo", "flag", "engagement", "intent"),
    Attribute("region", "region", "category", "firmographic", "fit"),
)
ACCOUNTS = 400
SEED = 5


def companies(count: int, seed: int) -> tuple[pa.Table, NDArray[np.int8]]:
    """Their columns as texts, and who of them is won."""
    rng = np.random.default_rng(seed)
    young = rng.random(count) < 0.5
    columns = {
        "employees": np.where(young, rng.integers(40, 61, count), rng.integers(4000, 6001, count)).astype(str),
        "industry": np.where(young, "Software", "Energy"),
        "demo": np.where(young, "yes", "no"),
        "region": rng.choice(["north", "south", "east"], count),
    }
    won = (rng.random(count) < np.where(young, 0.8, 0.2)).astype(np.int8)
    return pa.table({name: pa.array(values.tolist()) for name, values in columns.items()}), won


def one(**values: str | None) -> ParsedTable:
    """A prospect, as it is read; what is not named is not known."""
    columns = {each.name: pa.array([values.get(each.name)], pa.string()) for each in ATTRIBUTES}
    return parse_attributes(pa.table(columns), ATTRIBUTES, None)


@cache
def sold() -> SoldDeals:
    """One deal an account."""
    table, won = companies(ACCOUNTS, SEED)
    names = np.array([f"a{number}.example" for number in range(ACCOUNTS)], dtype=object)
    return SoldDeals(parse_attributes(table, ATTRIBUTES, None), names, won, None)


@cache
def model() -> WinModel:
    """What was learned of them."""
    deals = sold()
    groups = np.arange(ACCOUNTS, dtype=np.int64)
    rows = training_rows(deals.parsed, ATTRIBUTES, deals.won, groups)
    return fit_win_model(rows, ModelParams(ScorecardParams(bins=4), TreeParams(learning_rate=0.2)), seed=1)


@cache
def neighbours() -> Neighbours:
    """All of the accounts."""
    return draw_neighbours(model(), sold(), seed=1)
