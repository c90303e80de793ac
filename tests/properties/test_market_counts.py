"""The size of any list: the counts are those of a slow second route, add up, and do not depend on the batches."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.deals.kinds import parse_attributes
from icp_ml.profile.market import MarketRows, MarketTally, ask_market, count_market
from icp_ml.profile.market_size import MarketSize, market_size
from icp_ml.profile.tiering import Policy
from icp_ml.profile.widening import NOT_ASKED
from tests.definitions import AS_OF, ATTRIBUTES, boundary, definition, exclusions
from tests.market_lists import as_text, company_list, slow_size

POLICY = Policy(exclusions=exclusions(), boundary=boundary())
LEVELS = {"industry": ("Energy", "Software", "Retail"), "tools": ("Mailo",)}
ASKED = ask_market(definition(), ATTRIBUTES, POLICY, ("1", "2", "3"), LEVELS)
DAY = np.array(AS_OF, dtype="datetime64[D]")

some_lists = st.builds(company_list, rows=st.integers(1, 120), seed=st.integers(0, 10_000))


def rows_of(table: pa.Table, seed: int) -> MarketRows:
    """The list with made-up tiers, marks and figures, a few rows without them, and a few that were met before."""
    rng, count = np.random.default_rng(seed), table.num_rows
    return MarketRows(
        parsed=parse_attributes(table, ASKED.attributes, DAY),
        repeated=np.zeros(count, dtype=bool),
        tier=rng.integers(-1, 3, count),
        known=rng.integers(0, 3, count),
        contacted=rng.random(count) < 0.3,
        probability=np.where(rng.random(count) < 0.1, np.nan, rng.random(count)),
        value=np.where(rng.random(count) < 0.1, np.nan, rng.random(count) * 1000),
    )


def sized(tally: MarketTally) -> MarketSize:
    return market_size(tally, ASKED, definition(), unit="USD", names_known=True, names_contacted=True)


@given(frame=some_lists)
@settings(max_examples=25, deadline=None)
def test_the_counts_are_those_of_a_slow_second_route(frame: pd.DataFrame) -> None:
    found = sized(count_market(ASKED, rows_of(as_text(frame), 1), AS_OF))
    expected = slow_size(frame)
    assert {each.rule: each.companies for each in found.rules if each.companies} == expected["rules"]
    assert found.in_market == expected["in_market"]
    assert [each.met for each in found.criteria] == expected["met"]
    assert [each.not_known for each in found.criteria] == expected["not_known"]
    assert [each.together for each in found.criteria] == expected["together"]
    assert [each.companies for each in found.at_least] == expected["at_least"]
    assert found.matches == expected["matches"]
    assert [each.buys for each in found.widenings if each.words == NOT_ASKED] == expected["without"]


@given(frame=some_lists, seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_counts_add_up(frame: pd.DataFrame, seed: int) -> None:
    found = sized(count_market(ASKED, rows_of(as_text(frame), seed), AS_OF))
    assert found.rows == found.repeated + sum(each.companies for each in found.rules) + found.in_market
    assert all(each.met + each.unmet + each.not_known == found.in_market for each in found.criteria)
    assert sum(each.companies for each in found.tiers) == found.in_market
    assert sum(each.matches for each in found.tiers) == found.matches
    for part, whole in ((found.overlap, found.matches), *((each.overlap, each.companies) for each in found.tiers)):
        assert (part.customers or 0) + (part.open_deals or 0) + (part.contacted or 0) + part.left == whole
    fewer = [each.companies for each in found.at_least]
    assert fewer == sorted(fewer)
    together = [each.together for each in found.criteria]
    assert together == sorted(together, reverse=True)
    assert together[-1] == fewer[0]
    assert found.money is not None
    assert found.money.market >= found.money.matches
    assert np.isclose(sum(each.value or 0.0 for each in found.tiers), found.money.market)


@given(frame=some_lists)
@settings(max_examples=20, deadline=None)
def test_a_wider_step_never_lets_in_more_than_not_asking_at_all(frame: pd.DataFrame) -> None:
    found = sized(count_market(ASKED, rows_of(as_text(frame), 1), AS_OF))
    most = {each.criterion: each.buys for each in found.widenings if each.words == NOT_ASKED}
    assert all(each.buys <= most[each.criterion] for each in found.widenings)


@given(frame=some_lists, cut=st.integers(0, 120))
@settings(max_examples=20, deadline=None)
def test_batches_make_no_difference(frame: pd.DataFrame, cut: int) -> None:
    table = as_text(frame)
    parts = [part for part in (table.slice(0, cut), table.slice(cut)) if part.num_rows]

    def counted(part: pa.Table) -> MarketTally:
        zeros = np.zeros(part.num_rows)
        parsed = parse_attributes(part, ASKED.attributes, DAY)
        places = zeros.astype(np.int64)
        even = MarketRows(parsed, zeros > 0, places, places, zeros > 0, zeros + 0.25, zeros + 8.0)
        return count_market(ASKED, even, AS_OF)

    assert sized(reduce(MarketTally.plus, map(counted, parts))) == sized(counted(table))
