"""Wins minus losses: what differs is an ICP attribute, what nearly all share a boundary, and all else is undecided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable, SetColumn
from icp_ml.deals.rules import bind_rules, outside
from icp_ml.profile.closed_won_records import FactorVerdict, WinsMinusLosses
from icp_ml.profile.prevalence import wins_minus_losses
from icp_ml.profile.segments import ClosedDeals

N = 1200
ATTRIBUTES = (
    Attribute("decides", "decides", "flag", "engagement", "intent"),
    Attribute("market", "market", "category", "firmographic", "fit"),
    Attribute("idle", "idle", "number", "firmographic", "fit"),
    Attribute("tools", "tools", "set", "technographic", "fit"),
)


def deals_of(seed: int = 2) -> ClosedDeals:
    """Accounts of one deal each. `decides` triples the odds; all but 2 % are in Software; all but 2 % have Crmly."""
    rng = np.random.default_rng(seed)
    decides = rng.random(N) < 0.5
    has = rng.random((N, 3)) < np.array([0.98, 0.3, 0.02])
    columns: dict[str, ParsedColumn] = {
        "decides": NumberColumn(decides.astype(np.float64)),
        "market": CategoryColumn(
            np.where(rng.random(N) < 0.98, 1, rng.integers(0, 3, N)).astype(np.int32), ("A", "B", "C")
        ),
        "idle": NumberColumn(np.where(rng.random(N) < 0.1, np.nan, rng.normal(size=N))),
        "tools": SetColumn(
            np.concatenate([[0], np.cumsum(has.sum(axis=1))]).astype(np.int64),
            np.nonzero(has)[1].astype(np.int32),
            ("Crmly", "Dialo", "Raro"),
            np.zeros(N, dtype=bool),
        ),
    }
    won = (rng.random(N) < np.where(decides, 0.5, 0.25)).astype(np.int8)
    return ClosedDeals(ATTRIBUTES, ParsedTable(N, columns, ()), won, np.arange(N))


@pytest.fixture(scope="module")
def found() -> WinsMinusLosses:
    return wins_minus_losses(deals_of(), seed=1)


def verdict(found: WinsMinusLosses, factor: str) -> FactorVerdict:
    return next(each for each in found.verdicts if each.factor == factor)


def test_each_is_called_what_it_is(found: WinsMinusLosses) -> None:
    assert {each.factor: each.standing for each in found.verdicts} == {
        "decides": "ICP attribute",
        "market": "market boundary",
        "tools:Crmly": "market boundary",
        "tools:Dialo": "undecided",
        "tools:Raro": "undecided",
        "idle": "undecided",
    }


def test_what_hardly_anybody_has_is_no_boundary(found: WinsMinusLosses) -> None:
    # 98 % of won and of lost accounts lack it, and what companies lack draws no boundary.
    assert all("Raro" not in each.rule.name for each in found.boundary)


def test_shares_are_those_of_a_count(found: WinsMinusLosses) -> None:
    deals = deals_of()
    column = deals.parsed.columns["decides"]
    assert isinstance(column, NumberColumn)
    (state,) = verdict(found, "decides").states
    assert state.won.value == pytest.approx(column.values[deals.won == 1].mean())
    assert state.lost.value == pytest.approx(column.values[deals.won == 0].mean())
    assert state.difference.value == pytest.approx(state.won.value - state.lost.value)
    assert (state.won_accounts, state.lost_accounts) == (int(deals.won.sum()), int((deals.won == 0).sum()))


def test_an_attribute_of_one_state_measures_the_same_on_other_accounts(found: WinsMinusLosses) -> None:
    # There is nothing to choose between, so that nothing is lost by choosing elsewhere.
    one = verdict(found, "decides")
    assert one.beyond == one.states[0].difference


def test_a_boundary_is_a_rule_that_hits_as_many_deals_as_it_says(found: WinsMinusLosses) -> None:
    deals = deals_of()
    for proposal in found.boundary:
        rules = bind_rules((proposal.rule,), ATTRIBUTES)
        assert proposal.kind == "boundary"
        inside = outside(rules, deals.parsed) < 0
        assert (proposal.deals, proposal.won) == (int(inside.sum()), int(deals.won[inside].sum()))
        assert min(inside[deals.won == 1].mean(), inside[deals.won == 0].mean()) >= 0.9
    assert [each.rule.name for each in found.boundary] == ["market: market", "market: tools:Crmly"]


def test_opposite_questions_count_once() -> None:
    # Four cuts make five bands, and two sides of each cut; the outermost sides are bands, so that two cuts are left.
    deals = replace(deals_of(), attributes=ATTRIBUTES[2:3])
    found = wins_minus_losses(deals, seed=1)
    assert len(verdict(found, "idle").states) == 5 + 4 * 2
    assert found.tested == 5 + 2


def test_an_attribute_that_differs_is_never_a_boundary() -> None:
    deals = deals_of()
    won = deals.won.copy()
    column = deals.parsed.columns["market"]
    assert isinstance(column, CategoryColumn)
    won[column.codes != 1] = 0  # nobody outside B was won: 100 % against 97 %, and that is no chance
    found = wins_minus_losses(replace(deals, won=won), seed=1)
    assert verdict(found, "market").standing == "ICP attribute"
    assert all(proposal.rule.attributes != ("market",) for proposal in found.boundary)


def test_what_does_not_vary_at_all_is_a_boundary() -> None:
    deals = deals_of()
    columns = {**deals.parsed.columns, "market": CategoryColumn(np.ones(N, dtype=np.int32), ("A", "B", "C"))}
    found = wins_minus_losses(replace(deals, parsed=ParsedTable(N, columns, ())), seed=1)
    assert verdict(found, "market").standing == "market boundary"
    (rule,) = [each.rule for each in found.boundary if each.rule.attributes == ("market",)]
    assert rule.values == ("B",)


def test_copies_of_deals_change_no_verdict() -> None:
    deals = deals_of()
    rows = np.repeat(np.arange(N), 2)
    twice = replace(deals, parsed=deals.parsed.take(rows), won=deals.won[rows], groups=deals.groups[rows])
    once, other = wins_minus_losses(deals, seed=1), wins_minus_losses(twice, seed=1)
    for each in once.verdicts:
        same = verdict(other, each.factor)
        assert (same.standing, same.states[0].difference) == (each.standing, each.states[0].difference)


def test_few_accounts_are_undecided() -> None:
    deals = deals_of()
    rows = np.arange(60)
    few = replace(deals, parsed=deals.parsed.take(rows), won=deals.won[rows], groups=deals.groups[rows])
    found = wins_minus_losses(few, seed=1)
    assert not found.boundary
    assert "may be more than 5 points" in verdict(found, "market").reason


def test_json_holds_all_of_it(found: WinsMinusLosses) -> None:
    assert WinsMinusLosses.model_validate_json(found.model_dump_json()) == found


def test_an_attribute_that_few_deals_tell_is_undecided_and_that_is_said() -> None:
    """Of forty deals it is known, and nine are without: a state is compared where at least ten are in another."""
    deals = replace(deals_of(), attributes=ATTRIBUTES[:1])
    few = np.full(N, np.nan)
    few[:40] = np.arange(40) % 5 > 0
    few[0] = 1
    found = wins_minus_losses(replace(deals, parsed=ParsedTable(N, {"decides": NumberColumn(few)}, ())), seed=1)
    assert verdict(found, "decides").standing == "undecided"
    assert verdict(found, "decides").reason == "fewer than 10 deals are in another state than most"
