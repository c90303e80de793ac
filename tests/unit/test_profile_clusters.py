"""What is said of clusters, exclusions and patterns can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from icp_ml.cli.proposals_page import clusters_page, proposals_page
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import NumberColumn, ParsedTable
from icp_ml.deals.recipes import Recipe
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.rules import bind_rules, hits
from icp_ml.profile import outcome_patterns
from icp_ml.profile.clusters import CLUSTERS, Clusters, clusters_of, lift
from icp_ml.profile.definition import Proposal
from icp_ml.profile.exclusions import lock_ins, named_once, proposal_of, upper_bound
from icp_ml.profile.outcome_patterns import OutcomePattern, churned, costly, detracted, outcome_proposals
from icp_ml.profile.rates import Z
from icp_ml.profile.subgroup_conditions import SearchedDeals
from icp_ml.profile.subgroup_finds import Search, Subgroup, search_subgroups
from tests.searched_deals import deals_of, flag, flags

YES = {name: ConditionSettings.model_validate({"attribute": name, "is": ["yes"]}) for name in ("f0", "f1", "f2")}


def hundred() -> SearchedDeals:
    """100 deals of as many accounts: of the first 20 all are won, of the other 80 none."""
    inside = np.arange(100) < 20
    return deals_of(flags(np.column_stack([inside, inside])), inside.astype(np.int8))


def found(deals: SearchedDeals, inside: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Subgroup:
    return Subgroup((YES["f0"], YES["f1"]), inside, 5.0, 0.01, inside, 0)


def clusters_in(deals: SearchedDeals, *finds: Subgroup) -> Clusters:
    return clusters_of(deals, finds, Search((finds,), tried=7, permutations=9))


def test_a_cluster_is_counted_by_hand() -> None:
    deals = hundred()
    one = clusters_in(deals, found(deals, np.arange(100) < 40)).clusters[0]
    # 20 of 40 won, 20 of 100 overall.
    assert (one.deals, one.accounts, one.won, one.share_of_wins) == (40, 40, 20, 1.0)
    assert (one.win_rate.value, one.lift.value) == (0.5, 2.5)
    assert one.words == "f0: yes and f1: yes"
    assert Clusters.model_validate_json(clusters_in(deals).model_dump_json()) == clusters_in(deals)


def test_what_does_not_hold_on_other_deals_is_no_cluster() -> None:
    deals = hundred()
    assert clusters_in(deals, found(deals, np.arange(100) >= 10)).clusters == ()


@pytest.mark.parametrize(("first", "last", "note"), [(0, 30, "a clear ICP: f0: yes and f1: yes"), (7, 30, "holds 70%")])
def test_seven_of_ten_wins_in_one_cluster_are_a_clear_icp(first: int, last: int, note: str) -> None:
    # 20 of 20 wins, or the 13 of 20 of which the first seven are left out.
    inside = (np.arange(100) >= first) & (np.arange(100) < last)
    deals = hundred()
    assert note in clusters_in(deals, found(deals, inside)).note


def test_the_interval_of_a_lift_is_that_of_simulated_accounts() -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(300), 2)
    inside = np.repeat(rng.random(300) < 0.3, 2)
    logs, errors = [], []
    for _ in range(400):
        leaning = np.repeat(rng.random(300) < np.where(inside[::2], 0.5, 0.25), 2)
        won = leaning.astype(np.int8)
        figure = lift(won, groups, inside)
        logs.append(math.log(figure.value))
        errors.append(math.log(figure.high / figure.value) / Z)
    # The standard deviation of 400 draws is known to about 3.5 %.
    assert np.mean(errors) == pytest.approx(np.std(logs), rel=0.15)


def test_without_wins_inside_a_lift_is_zero_and_without_deals_unknown() -> None:
    won, groups = np.array([1, 0, 0], dtype=np.int8), np.arange(3)
    assert lift(won, groups, np.array([False, True, True])).value == 0.0
    assert math.isnan(lift(won, groups, np.zeros(3, dtype=bool)).value)


def test_a_condition_that_keeps_out_deals_that_win_as_often_is_spared() -> None:
    # The flag keeps out 200 deals that win in 1 of 2 as those it lets in; or in 1 of 10.
    inside, wider = np.arange(500) < 200, np.arange(500) < 400
    alike, apart = np.tile([1, 0], 250).astype(np.int8), np.tile([1, 0], 250).astype(np.int8)
    apart[200:400] = np.tile([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 20)
    columns = flags(inside[:, None])
    assert CLUSTERS.spared(deals_of(columns, alike), inside, wider)
    assert not CLUSTERS.spared(deals_of(columns, apart), inside, wider)


@pytest.mark.parametrize(("won", "deals"), [(0, 20), (2, 60), (9, 60)])
def test_the_upper_bound_is_wilsons_one_sided(won: int, deals: int) -> None:
    outcomes = (np.arange(deals) < won).astype(np.int8)
    bound = upper_bound(outcomes, np.arange(deals), np.ones(deals, dtype=bool))
    expected = binomtest(won, deals).proportion_ci(confidence_level=0.90, method="wilson").high
    assert bound == pytest.approx(expected, abs=1e-9)
    assert upper_bound(outcomes, np.arange(deals), np.zeros(deals, dtype=bool)) == 1.0


def proposals() -> tuple[Proposal, ...]:
    deals = hundred()
    masks = (np.arange(100) >= 50, np.arange(100) >= 60)
    return tuple(proposal_of(deals, (YES[name],), masks, "why") for name in ("f0", "f0", "f1"))


def test_a_proposal_counts_what_it_hits_and_its_rate_is_of_other_deals() -> None:
    first = proposals()[0]
    assert (first.deals, first.won, first.win_rate.value, first.kind) == (50, 0, 0.0, "exclusion")


def test_names_are_short_and_no_two_rules_share_one() -> None:
    named = [each.rule.name for each in named_once(proposals())]
    assert named == ["f0: yes", "f0: yes (2)", "f1: yes"]
    many = flag("a" * 50), flag("b" * 50)
    asked = tuple(ConditionSettings.model_validate({"attribute": each.name, "is": ["yes"]}) for each in many)
    deals = SearchedDeals(many, hundred().parsed, hundred().won, hundred().groups)
    assert proposal_of(deals, asked, (deals.won == 1, deals.won == 1), "").rule.name == f"{'a' * 50} and {'b' * 50}"


def test_a_lock_in_is_proposed_only_where_the_end_of_a_contract_is_known() -> None:
    assert lock_ins(hundred()) == ()
    recipe = Recipe(table="technologies", tool=("Rivalo",), measure="days_to_contract_end")
    contract = Attribute("contract", "contract", "number", "technographic", "fit", recipe=recipe)
    days = np.array([0.0, 30.0, np.nan, np.nan])
    parsed = ParsedTable(4, {"contract": NumberColumn(days)}, ())
    deals = SearchedDeals((contract,), parsed, np.array([0, 0, 1, 0], dtype=np.int8), np.arange(4))
    (locked,) = lock_ins(deals)
    # On its last day a contract still binds; one that has ended, or was never known, does not.
    assert hits(bind_rules((locked.rule,), (contract,))[0], parsed).tolist() == [True, True, False, False]
    assert (locked.deals, locked.won) == (2, 0)


# --- customers that turn out badly ---------------------------------------------------------------------------------


def customers(leaving: float) -> tuple[SearchedDeals, OutcomePattern]:
    """400 customers, and 100 deals lost: with the first flag the share `leaving` leaves, of others one in ten."""
    rng = np.random.default_rng(3)
    values = rng.random((500, 6)) < 0.4
    left = (rng.random(500) < np.where(values[:, 0], leaving, 0.1)).astype(np.float64)
    won = np.arange(500) < 400
    return deals_of(flags(values), won.astype(np.int8)), churned(np.where(won, 1.0 - left, np.nan))


def test_customers_that_leave_are_proposed_by_what_they_have_in_common() -> None:
    deals, pattern = customers(leaving=0.5)
    (only,) = outcome_proposals(deals, (pattern,), seed=1)
    assert only.rule.conditions == (YES["f0"],)
    assert only.why.startswith("churned: ")


def test_customers_that_leave_at_random_propose_nothing() -> None:
    deals, pattern = customers(leaving=0.1)
    assert outcome_proposals(deals, (pattern,), seed=1) == ()


def test_what_leaves_more_often_yet_not_twice_as_often_is_not_spoken_of() -> None:
    rng = np.random.default_rng(3)
    first = np.arange(800) % 2 == 0
    left = (rng.random(800) < np.where(first, 0.6, 0.4)).astype(np.float64)  # a gap beyond all chance, 1.5 times
    deals = deals_of(flags(first[:, None]), np.ones(800, dtype=np.int8))
    assert outcome_proposals(deals, (churned(1.0 - left),), seed=1) == ()


def test_what_does_not_hold_for_customers_that_did_not_choose_it_is_not_proposed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outcome_patterns, "FALSE_DISCOVERY_RATE", 1.0)  # whatever is best goes on to be measured
    deals, pattern = customers(leaving=0.1)
    assert outcome_proposals(deals, (pattern,), seed=1) == ()


def test_too_few_customers_to_leave_some_out_propose_nothing() -> None:
    """45 customers, of whom all 22 with the flag leave: without a fifth of them there are under 40 to learn from."""
    leaves = np.arange(45) < 22
    deals = deals_of(flags(leaves[:, None]), np.ones(45, dtype=np.int8))
    assert outcome_proposals(deals, (churned((~leaves).astype(np.float64)),), seed=1) == ()


def test_what_all_customers_have_in_common_is_no_type() -> None:
    deals, pattern = customers(leaving=0.5)
    same = deals_of(flags(np.ones((500, 2))), deals.won)
    assert outcome_proposals(same, (pattern,), seed=1) == ()


def test_where_nothing_is_known_of_customers_nothing_is_proposed() -> None:
    deals, _ = customers(leaving=0.5)
    assert outcome_proposals(deals, (churned(np.full(500, np.nan)),), seed=1) == ()


def test_patterns_by_hand() -> None:
    nan = math.nan
    # The usual of 1, 2, 3 is 2: from 8 on it is four times that. With 9, the median of four is 2.5, and 10 is too much.
    assert costly(np.array([1.0, 2.0, 3.0, nan])).happened == pytest.approx([0, 0, 0, nan], nan_ok=True)
    assert costly(np.array([1.0, 2.0, 3.0, 2.0, 8.0])).happened.tolist() == [0, 0, 0, 0, 1]
    assert costly(np.array([1.0, 2.0, 3.0]), times=1.5).happened.tolist() == [0, 0, 1]
    assert detracted(np.array([6.0, 7.0, nan])).happened == pytest.approx([1, 0, nan], nan_ok=True)
    assert churned(np.array([1.0, 0.0, nan])).happened == pytest.approx([0, 1, nan], nan_ok=True)


# --- the pages -----------------------------------------------------------------------------------------------------


def test_the_pages_show_counts_beside_rates(capsys: pytest.CaptureFixture[str]) -> None:
    from icp_ml.cli.pages import print_page  # noqa: PLC0415 - beside its only use

    deals = hundred()
    print_page(clusters_page(clusters_in(deals, found(deals, np.arange(100) < 40))))
    print_page(proposals_page(named_once(proposals())))
    print_page(clusters_page(clusters_in(deals)))
    print_page(proposals_page(()))
    shown = " ".join(capsys.readouterr().out.split())
    assert "f0: yes" in shown
    assert "a clear ICP" in shown
    assert "No combination of attributes wins more often" in shown
    assert "Nothing is proposed" in shown


def test_what_is_found_is_what_the_rule_hits() -> None:
    rng = np.random.default_rng(5)
    values = rng.random((400, 4)) < 0.5
    inside = values[:, 0] & values[:, 1]
    deals = deals_of(flags(values), (rng.random(400) < np.where(inside, 0.9, 0.2)).astype(np.int8))
    search = search_subgroups(deals, (CLUSTERS,), seed=1, permutations=59)
    first = clusters_of(deals, search.finds[0], search).clusters[0]
    hit = hits(bind_rules((first.rule,), deals.attributes)[0], deals.parsed)
    assert hit.tolist() == inside.tolist()
    assert (first.deals, first.won) == (int(inside.sum()), int(deals.won[inside].sum()))
