"""Amending: what is named changes, all else stays, and what was and is can be read in the bundle afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.special import logit

from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError
from icp_ml.serve.amending import Amendment, Change, amended, differences
from icp_ml.serve.bundle import Bundle, open_bundle, write_bundle
from icp_ml.serve.scoring import Scorer
from tests import icp_bundles, serve_models

NOW = "2025-01-01T08:00:00+00:00"


def changes(text: str) -> Amendment:
    return parse_settings(Amendment, yaml.safe_load(text))


def amend(text: str, bundle: Bundle | None = None, version: int = 2, reason: str = "the team asked") -> Bundle:
    return amended(bundle or serve_models.bundle(), changes(text), version, NOW, reason)


def refused(text: str, reason: str = "why not") -> str:
    with pytest.raises(ConfigError) as error:
        amend(text, reason=reason)
    return error.value.sentence


def test_a_cut_moves_to_its_probability_and_keeps_its_score() -> None:
    before, after = serve_models.bundle(), amend("cuts: {1: 0.6}")
    old, new = before.tiering.cuts, after.tiering.cuts
    assert new.log_odds[0] == pytest.approx(np.log(0.6 / 0.4))
    assert new.log_odds[1:] == old.log_odds[1:]
    assert (new.scores, new.labels) == (old.scores, old.labels)
    scored = Scorer(after).score(serve_models.frame(300, 5), as_of=serve_models.AS_OF)
    in_first = scored["tier"] == "1"
    assert 0 < in_first.sum() < len(scored)
    assert (in_first == (scored["probability"] >= 0.6)).all()
    assert (in_first == (scored["score"] >= new.scores[0])).all()


def test_a_cut_is_stated_in_the_probability_that_people_see() -> None:
    bundle = serve_models.bundle()
    anchored = replace(bundle, model=replace(bundle.model, anchor=0.4))
    after = amend("cuts: {2: 0.45}", anchored)
    assert after.tiering.cuts.log_odds[1] == pytest.approx(logit(0.45) - 0.4)
    assert after.model.probability(np.array(after.tiering.cuts.log_odds))[1] == pytest.approx(0.45)


def test_a_cut_may_move_beyond_where_the_scores_ended() -> None:
    after = amend("cuts: {1: 0.999, 3: 0.0001}").tiering.cuts
    assert after.low < after.log_odds[-1] < after.log_odds[0] < after.high
    assert after.score(np.array(after.log_odds)) == pytest.approx(after.scores)


def test_the_table_says_that_it_is_of_other_cuts() -> None:
    before = serve_models.bundle().tiering
    after = amend("cuts: {1: 0.6}").tiering
    was = f"{1 / (1 + np.exp(-before.cuts.log_odds[0])):.4g}"
    assert after.table.rows == before.table.rows
    assert after.table.notes == (
        *before.table.notes,
        f"The cut of tier 1 was moved by hand from probability {was} to 0.6; the table is of the cuts as they were "
        "fitted.",
    )


def test_what_is_not_named_stays() -> None:
    before = serve_models.bundle()
    after = amend("actions: {2: {intent: call them}}")
    assert after.tiering == before.tiering
    assert after.policy.actions.action("2", "intent") == "call them"
    for tier in ("1", "2", "3", "out of scope", "excluded"):
        for quadrant in ("both", "fit", "neither", None):
            assert after.policy.actions.action(tier, quadrant) == before.policy.actions.action(tier, quadrant)
    again = amend("actions: {1: write to them}", after, version=3)
    assert again.policy.actions.action("2", "intent") == "call them"
    assert again.policy.actions.action("1", None) == again.policy.actions.action("1", "fit") == "write to them"


def test_rules_take_the_place_of_all_rules_of_their_kind() -> None:
    two = amend(
        "exclusions: [{name: energy, attribute: industry, is: [Energy]}, {name: old, attribute: founded, over: 50}]"
    )
    one = amend("exclusions: [{name: old, attribute: founded, over: 40, reason: policy}]", two, version=3)
    assert [rule.name for rule in one.policy.exclusions] == ["old"]
    assert differences(two, one) == (
        Change("exclusion 'energy'", "industry: Energy", "none"),
        Change("exclusion 'old'", "founded over 50", "founded over 40 (policy)"),
    )
    none = amend("exclusions: []", one, version=4)
    assert none.policy.exclusions == ()
    assert none.policy == serve_models.bundle().policy


def test_a_new_order_of_exclusions_is_a_change_because_the_first_one_is_named() -> None:
    rules = ("{name: a, attribute: demo, missing: true}", "{name: b, attribute: visits, under: 3}")
    both = amend(f"exclusions: [{', '.join(rules)}]")
    turned = amend(f"exclusions: [{', '.join(reversed(rules))}]", both, version=3)
    assert [(each.before, each.after) for each in differences(both, turned)] == [("'a', 'b'", "'b', 'a'")]


def test_an_exclusion_suppresses_from_the_next_list_on() -> None:
    after = amend("{exclusions: [{name: energy, attribute: industry, is: [energy]}], actions: {excluded: no}}".replace(
        "excluded: no", 'excluded: "leave alone"'
    ))  # fmt: skip
    frame = serve_models.frame(100, 5)
    scored = Scorer(after).score(frame, as_of=serve_models.AS_OF)
    energy = frame["industry"] == "Energy"
    assert 0 < energy.sum() < 100
    assert ((scored["status"] == "excluded: energy") == energy).all()
    assert set(scored["action"][energy]) == {"leave alone"}
    assert scored["tier"][energy].isna().all()


def test_known_can_be_named_and_taken_away() -> None:
    named = amend("known: {source: deals.csv, account: Website, outcome: {column: Stage, won: [Closed Won]}}")
    assert named.policy.known is not None
    assert named.policy.known.source == "deals.csv"
    assert amend("cuts: {1: 0.6}", named, version=3).policy.known == named.policy.known
    assert amend("known: null", named, version=3).policy.known is None


def test_the_provenance_tells_every_change_since_the_training() -> None:
    first = amend("cuts: {1: 0.6}", reason=" more leads ")
    second = amend("boundary: [{name: sized, attribute: employees, over: 20}]", first, version=5, reason="focus")
    was = f"{1 / (1 + np.exp(-serve_models.bundle().tiering.cuts.log_odds[0])):.4g}"
    told = second.provenance
    assert (told.version, told.amended_from, told.created) == (5, 1, NOW)
    assert told.changes == (
        f"v2: tier 1 starts at probability: 0.6 (before: {was}). Reason: more leads",
        "v5: boundary 'sized': employees over 20 (before: none). Reason: focus",
    )
    untouched = {"version", "amended_from", "created", "changes"}
    assert told.model_dump(exclude=untouched) == serve_models.provenance().model_dump(exclude=untouched)


def test_as_a_folder_it_is_another_bundle_with_the_same_model(tmp_path: Path) -> None:
    write_bundle(serve_models.bundle(), tmp_path / "v1")
    write_bundle(amend("cuts: {1: 0.6}"), tmp_path / "v2")
    one, two = (open_bundle(tmp_path / name) for name in ("v1", "v2"))
    assert one.model_hash == two.model_hash
    assert one.content_hash != two.content_hash
    card = (tmp_path / "v2" / "card.md").read_text(encoding="utf-8")
    assert "The model is that of version 1." in card
    assert "Reason: the team asked" in card


def test_moving_a_cut_there_and_back_gives_the_same_tiers() -> None:
    bundle = serve_models.bundle()
    back = float(bundle.model.probability(np.array(bundle.tiering.cuts.log_odds))[0])
    there = amend("cuts: {1: 0.6}")
    again = amended(there, Amendment(cuts={"1": back}), 3, NOW, "no good")
    assert again.tiering.cuts.log_odds == pytest.approx(bundle.tiering.cuts.log_odds, abs=1e-12)


NOTHING = ("{}", "cuts: {}", "exclusions: []", "known: null", "actions: {out of scope: 'not now, spend nothing'}")


@pytest.mark.parametrize("text", NOTHING)
def test_no_change_is_no_version(text: str) -> None:
    assert refused(text).startswith("at least one change was expected")


def test_a_cut_that_reads_as_it_did_is_no_change() -> None:
    bundle = serve_models.bundle()
    shown = f"{float(bundle.model.probability(np.array(bundle.tiering.cuts.log_odds))[0]):.4g}"
    assert refused(f"cuts: {{1: {shown}}}").startswith("at least one change was expected")


REFUSED = """
    cuts: {1: 0.2}                                              | that fall from tier to tier, found 0.2 for tier 1
    cuts: {4: 0.2}                                              | found '4'; there are cuts for '1', '2', '3'
    cuts: {out of scope: 0.01}                                  | found 'out of scope'
    cuts: {1: 45}                                               | expected a probability between 0 and 1, found 45
    cuts: {1: 0}                                                | expected a probability between 0 and 1, found 0
    actions: {4: x}                                             | actions.4 is not a known key
    actions: {1: {both sides: x}}                               | actions.1.both sides is not a known key
    exclusion: []                                               | not a known key; did you mean 'exclusions'?
    exclusions: null                                            | exclusions: expected
    exclusions: [{name: a, attribute: industri, missing: true}] | did you mean 'industry'?
    boundary: [{name: a, attribute: employees, is: [1]}]        | was expected to ask 'over', 'under' or 'missing'
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines())
def test_what_cannot_be_used_is_told(line: str) -> None:
    text, said = (part.strip() for part in line.split("|"))
    assert said in refused(text)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_change_has_a_reason(reason: str) -> None:
    assert refused("cuts: {1: 0.6}", reason).startswith("a reason for the change was expected")


def test_where_all_tiers_are_merged_there_is_no_cut_to_move() -> None:
    bundle = serve_models.bundle()
    one = replace(bundle.tiering.cuts, log_odds=(), scores=(), labels=("1-3",))
    with pytest.raises(ConfigError, match="all tiers are merged"):
        amend("cuts: {1: 0.6}", replace(bundle, tiering=replace(bundle.tiering, cuts=one)))


def test_a_criterion_that_is_banned_goes_and_the_change_is_written_down() -> None:
    whole = icp_bundles.earlier()
    assert whole.definition is not None
    gone = whole.definition.criteria[0]
    after = amend(f"criteria: {{ban: [{{factor: '{gone.factor}', reason: no longer}}]}}", whole)
    assert after.definition is not None
    assert gone.name not in {each.name for each in after.definition.criteria}
    assert sum(each.points for each in after.definition.criteria) == 100
    assert any(f"criterion '{gone.name}'" in said and "the team asked" in said for said in after.provenance.changes)
    assert f"criterion '{gone.name}'" in {change.what for change in differences(whole, after)}


def test_without_an_icp_there_is_no_criterion_to_ban() -> None:
    sentence = refused("criteria: {ban: [{factor: employees, reason: x}]}")
    assert sentence == (
        "criteria and approve change the definition of an ICP, and this bundle holds none; train it anew first"
    )
