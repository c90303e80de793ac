"""Tier, score, sub-scores, actions and marks of scored rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.policy import ActionsSettings
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.errors import ConfigError
from icp_ml.profile.tiering import Policy
from icp_ml.serve.known import KnownAccounts
from icp_ml.serve.scoring import Scorer
from tests import serve_models
from tests.serve_models import AS_OF, raw_list, scorer

LAYERS = ("firmographic", "technographic", "behavioural", "engagement")


def with_policy(policy: Policy) -> Scorer:
    return Scorer(replace(serve_models.bundle(), policy=policy))


def statuses(scored: pa.Table) -> list[str]:
    found: list[str] = scored["status"].to_pylist()
    return found


def test_base_score_and_sub_scores_add_up_to_the_score() -> None:
    scored = scorer().score(raw_list(500, 5), as_of=AS_OF)
    base, score = scorer().tier_book.base_score, scored["score"].to_numpy()
    by_layer = sum(scored[f"score_{layer}"].to_numpy() for layer in LAYERS)
    by_axis = scored["score_fit"].to_numpy() + scored["score_intent"].to_numpy()
    assert np.abs(base + by_layer - score).max() <= 1e-9
    assert np.abs(base + by_axis - score).max() <= 1e-9
    assert ((score >= 0) & (score <= 100)).all()


def test_the_tier_is_where_the_score_says() -> None:
    scored = scorer().score(raw_list(500, 6), as_of=AS_OF)
    bounds = {"1": (70, 100.1), "2": (50, 70), "3": (30, 50), "out of scope": (-0.1, 30)}
    pairs = zip(scored["tier"].to_pylist(), scored["score"].to_pylist(), strict=True)
    assert all(bounds[tier][0] <= score < bounds[tier][1] for tier, score in pairs)
    assert set(scored["tier"].to_pylist()) == set(bounds)


def test_an_anchor_moves_the_probability_and_neither_score_nor_tier_nor_reason() -> None:
    model = serve_models.bundle().model
    moved = Scorer(replace(serve_models.bundle(), model=replace(model, anchor=1.5)))
    plain, anchored = (each.score(raw_list(50, 7), as_of=AS_OF) for each in (scorer(), moved))
    assert anchored.drop_columns("probability").equals(plain.drop_columns("probability"))
    assert (anchored["probability"].to_numpy() > plain["probability"].to_numpy()).all()


def test_the_action_follows_from_tier_and_quadrant() -> None:
    actions = ActionsSettings.model_validate({"2": {"both": "call", "fit": "write", "intent": "wait", "neither": "no"}})
    scored = with_policy(Policy(actions=actions)).score(raw_list(500, 8), as_of=AS_OF)
    word = {"high fit, high intent": "call", "high fit, low intent": "write", "low fit, high intent": "wait"}
    rows = zip(*(scored[name].to_pylist() for name in ("tier", "quadrant", "action")), strict=True)
    second = [(quadrant, action) for tier, quadrant, action in rows if tier == "2"]
    assert second
    assert all(action == word.get(quadrant, "no") for quadrant, action in second)


def test_a_quadrant_is_the_signs_of_the_axes() -> None:
    table = raw_list(100, 9)
    axes = scorer().contributions(table, AS_OF, by="axis")
    expected = [
        f"{'high' if fit >= 0 else 'low'} fit, {'high' if intent >= 0 else 'low'} intent"
        for fit, intent in zip(axes["fit"], axes["intent"], strict=True)
    ]
    assert scorer().score(table, as_of=AS_OF)["quadrant"].to_pylist() == expected


def test_an_excluded_row_keeps_its_score_and_loses_its_tier() -> None:
    rule = RuleSettings.model_validate({"name": "no energy", "attribute": "industry", "is": ["energy"]})
    table = raw_list(60, 10)
    plain = scorer().score(table, as_of=AS_OF)
    scored = with_policy(Policy(exclusions=(rule,))).score(table, as_of=AS_OF)
    hit = [text == "Energy" for text in table["industry"].to_pylist()]
    assert any(hit)
    assert scored["score"].equals(plain["score"])
    for is_hit, status, tier, action in zip(
        hit, statuses(scored), scored["tier"].to_pylist(), scored["action"].to_pylist(), strict=True
    ):
        assert (status == "excluded: no energy") == is_hit
        assert (tier is None) == is_hit
        assert (action == "excluded, do not contact") == is_hit


def test_outside_the_market_is_what_is_known_not_to_be_in_it() -> None:
    rule = RuleSettings.model_validate({"name": "over 50", "attribute": "employees", "over": 50})
    table = pa.table({"domain": ["a", "b", "c"], "employees": ["10", "100", None], "visits": ["1", "1", "1"]})
    scored = with_policy(Policy(boundary=(rule,))).score(table, as_of=AS_OF)
    assert statuses(scored)[0] == "outside the market: over 50"
    assert all(text.startswith("scored with") for text in statuses(scored)[1:])


def test_customers_open_deals_and_repeats_are_marked_in_this_order() -> None:
    known = KnownAccounts(frozenset({"a.example"}), frozenset({"b.example"}))
    table = pa.table(
        {
            "domain": ["https://www.A.example/x", "b.example", "c.example", "C.example", "a.example", None],
            "employees": ["60"] * 6,
            "visits": ["3"] * 6,
        }
    )
    scored = replace(scorer(), known=known).score(table, as_of=AS_OF)
    found = [text.partition(" with")[0] for text in statuses(scored)]
    customer = "already a customer"
    assert found == [customer, "open deal", "scored", "repeated account", customer, "not scored: no id"]
    assert [tier is None for tier in scored["tier"].to_pylist()] == [True, True, False, True, True, True]
    assert scored["action"].to_pylist()[3] == "see the account's first row"


def test_an_account_is_recognised_again_in_a_later_batch() -> None:
    table = raw_list(20, 11)
    twice = pa.concat_tables([table, table])
    batches = scorer().score(iter(twice.to_batches(max_chunksize=7)), as_of=AS_OF)
    found = statuses(pa.Table.from_batches(batches))
    assert [text == "repeated account" for text in found] == [False] * 20 + [True] * 20


def test_a_rule_may_ask_about_an_attribute_that_the_model_does_not_use() -> None:
    bundle = serve_models.bundle()
    extra = replace(bundle.attributes[0], name="sector", column="sector", kind="category")
    rule = RuleSettings.model_validate({"name": "public", "attribute": "sector", "is": ["Public"]})
    asked = Scorer(replace(bundle, attributes=(*bundle.attributes, extra), policy=Policy(exclusions=(rule,))))
    table = pa.table({"domain": ["a", "b"], "sector": ["Public", "Private"], "visits": ["1", "2"]})
    found = statuses(asked.score(table, as_of=AS_OF))
    assert found[0] == "excluded: public"
    assert found[1].startswith("scored with 9 of 10")


def test_a_rule_until_a_day_needs_the_day() -> None:
    rule = RuleSettings.model_validate(
        {"name": "lock-in", "attribute": "demo", "is": ["no"], "until": "2024-12-31", "reason": "contract"}
    )
    with pytest.raises(ConfigError, match="as_of"):
        with_policy(Policy(exclusions=(rule,))).score(raw_list(3, 12))
