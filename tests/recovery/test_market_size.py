"""The size of a real list with messy numbers, counted by a second route."""

from __future__ import annotations

from datetime import date
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.reading import stream_batches
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.profile.definition import Definition
from icp_ml.profile.market import MarketRows, MarketTally, ask_market, count_market
from icp_ml.profile.market_size import market_size
from icp_ml.profile.tiering import Policy
from icp_ml.profile.widening import NOT_ASKED
from tests.definitions import criterion, definition

LIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "inc5000-universe" / "inc5000.csv"
AS_OF = date(2025, 1, 31)

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(
        not LIST.is_file(), reason="the shared company list is not in ../shared/data beside the project"
    ),
]

ATTRIBUTES = (
    Attribute("employees", "EMPLOYEES", "number", "firmographic", "fit"),
    Attribute("revenue", "REVENUE", "number", "firmographic", "fit"),
    Attribute("industry", "INDUSTRY", "category", "firmographic", "fit"),
    Attribute("founded", "FOUNDED", "year", "firmographic", "fit"),
)
CRITERIA = (
    criterion("industry", {"attribute": "industry", "is": ["Software", "IT Management"]}, 40),
    criterion("size", {"attribute": "employees", "at_least": 50, "under": 500}, 30),
    criterion("revenue", {"attribute": "revenue", "at_least": 10_000_000}, 20),
    criterion("age", {"attribute": "founded", "under": 20}, 10),
)
PUBLIC = {"name": "public sector", "attribute": "industry", "is": ["Government Services"]}
SMALL = {"name": "our sizes", "attribute": "employees", "at_least": 10}
POLICY = Policy(exclusions=(RuleSettings.model_validate(PUBLIC),), boundary=(RuleSettings.model_validate(SMALL),))


def made() -> Definition:
    whole = definition()
    assert whole.match is not None
    match = whole.match.model_copy(update={"least": 3})
    return whole.model_copy(update={"criteria": CRITERIA, "match": match, "proposals": ()})


def by_pandas() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The list, and of its companies in the market which criterion each meets."""
    frame = pd.read_csv(LIST)
    millions = frame[" REVENUE "].str.strip().str.extract(r"^([\d.,]+) MM$")[0].str.replace(",", "").astype(float)
    assert millions.notna().all()
    inside = (frame["INDUSTRY"] != "Government Services") & (frame["EMPLOYEES"] >= 10)
    met = pd.DataFrame(
        {
            "industry": frame["INDUSTRY"].isin(["Software", "IT Management"]),
            "size": frame["EMPLOYEES"].between(50, 499),
            "revenue": millions >= 10,
            "age": frame["FOUNDED"].between(2006, 2025),  # under 20 years ago, years counted by the calendar
        }
    )
    return frame, met[inside]


def test_a_real_list_is_counted_as_pandas_counts_it() -> None:
    asked = ask_market(made(), ATTRIBUTES, POLICY, ("1", "2"), {})
    tallies = []
    for batch in stream_batches(LIST, columns=[each.column for each in ATTRIBUTES], batch_rows=777):
        zeros = np.zeros(batch.num_rows, dtype=np.int64)
        parsed = parse_attributes(batch, asked.attributes, np.array(AS_OF, dtype="datetime64[D]"))
        none = np.full(batch.num_rows, np.nan)
        tallies.append(count_market(asked, MarketRows(parsed, zeros > 0, zeros, zeros, zeros > 0, none, none), AS_OF))
    found = market_size(reduce(MarketTally.plus, tallies), asked, made())
    frame, met = by_pandas()
    count = met.sum(axis=1)
    assert (found.rows, found.in_market) == (len(frame), len(met))
    assert [each.met for each in found.criteria] == met.sum().tolist()
    assert [each.together for each in found.criteria] == met.cumprod(axis=1).sum().tolist()
    assert [each.companies for each in found.at_least] == [int((count >= least).sum()) for least in (4, 3, 2, 1)]
    assert found.matches == (count >= 3).sum()
    dropped = {each.criterion: each.buys for each in found.widenings if each.words == NOT_ASKED}
    assert dropped == {name: int((~met[name] & (count == 2)).sum()) for name in met.columns}
