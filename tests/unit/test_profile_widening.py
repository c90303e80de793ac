"""What a widening brings on deals, worked by hand, and how it takes the place of the deals outside a criterion."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.kinds import parse_attributes
from icp_ml.profile.market import MarketRows, ask_market, count_market
from icp_ml.profile.market_size import AS_OUTSIDE, AS_WIDENED, market_size
from icp_ml.profile.tiering import Policy
from icp_ml.profile.widening import NOT_ASKED, AnsweredDeals, widened_on_deals
from tests.definitions import ATTRIBUTES, criterion, definition

SIZE = criterion("size", {"attribute": "employees", "at_least": 50, "under": 500}, 60)
DEMO = criterion("demo", {"attribute": "demo", "is": ["yes"]}, 40)
WHOLE = definition()
MADE = WHOLE.model_copy(
    update={
        "criteria": (SIZE, DEMO),
        "match": None if WHOLE.match is None else WHOLE.match.model_copy(update={"least": 2}),
    }
)
ASKED = ask_market(MADE, ATTRIBUTES, Policy(), ("1",), {})

# By hand, both criteria making a match. Not without: size let down to 20 lets in deals 1 and 2, up to 1,000 deal 3;
# not asked at all it lets in these, and deals 4 (5 employees) and 5 (not known). Demo not asked: deals 6 and 7.
EMPLOYEES = ("100", "20", "49", "500", "5", None, "100", "200", "20")
DEMOS = ("yes", "yes", "yes", "yes", "yes", "yes", "no", None, "no")
WON = (1, 1, 0, 1, 0, 0, 1, 0, 0)
BROUGHT = {
    ("size", "employees 20 to under 500"): (2, 1),
    ("size", "employees 50 to under 1,000"): (1, 1),
    ("size", NOT_ASKED): (5, 2),
    ("demo", NOT_ASKED): (2, 1),
}


def table() -> pa.Table:
    columns = {"Employees": pa.array(EMPLOYEES, pa.string()), "Demo Requested": pa.array(DEMOS, pa.string())}
    return pa.table(columns)


def deals() -> AnsweredDeals:
    parsed = parse_attributes(table(), ASKED.attributes, None)
    met = np.column_stack([each.holds(parsed) for each in ASKED.criteria])
    return AnsweredDeals(parsed, met, np.array(WON, dtype=np.int8), np.arange(len(WON), dtype=np.int64))


def test_what_each_widening_brings_is_as_worked_by_hand() -> None:
    found = widened_on_deals(("size", "demo"), 2, ASKED.widened, deals())
    assert {(each.criterion, each.words): (each.deals, each.won) for each in found} == BROUGHT
    assert all(each.win_rate.value == pytest.approx(each.won / each.deals) for each in found)


def test_deals_that_would_come_in_take_the_place_of_those_outside() -> None:
    count = len(WON)
    zeros, none = np.zeros(count, dtype=np.int64), np.full(count, np.nan)
    rows = MarketRows(deals().parsed, zeros > 0, zeros, zeros, zeros > 0, none, none)
    tally = count_market(ASKED, rows, None)
    on_deals = widened_on_deals(("size", "demo"), 2, ASKED.widened, deals())
    measured = market_size(tally, ASKED, MADE, on_deals=on_deals).widenings
    assert {(each.criterion, each.words): (each.deals, each.won) for each in measured} == BROUGHT
    assert {(each.criterion, each.words): each.buys for each in measured} == {k: v[0] for k, v in BROUGHT.items()}
    assert {each.measured_on for each in measured} == {AS_WIDENED}
    bare = market_size(tally, ASKED, MADE).widenings
    assert {(each.deals, each.measured_on) for each in bare} == {(250, AS_OUTSIDE)}


def test_a_criterion_without_evidence_says_nothing_of_deals_outside() -> None:
    made = MADE.model_copy(update={"criteria": (SIZE.model_copy(update={"evidence": None}), DEMO)})
    asked = ask_market(made, ATTRIBUTES, Policy(), ("1",), {})
    zeros, none = np.zeros(len(WON), dtype=np.int64), np.full(len(WON), np.nan)
    rows = MarketRows(deals().parsed, zeros > 0, zeros, zeros, zeros > 0, none, none)
    found = market_size(count_market(asked, rows, None), asked, made).widenings
    outside = {each.criterion: (each.deals, each.measured_on) for each in found}
    assert outside == {"size": (None, ""), "demo": (250, AS_OUTSIDE)}
