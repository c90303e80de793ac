"""Pinned, banned and approved without training: what is changed, what follows, and what nobody knows any more."""

from __future__ import annotations

import pytest

from icp_ml.deals.criteria_settings import CriteriaSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError
from icp_ml.profile.definition import Definition
from icp_ml.profile.tiering import Policy
from icp_ml.serve.amending_definition import approved, definition_changes, with_criteria
from tests.definitions import ATTRIBUTES, definition, exclusions


def changed(said: dict[str, object]) -> Definition:
    return with_criteria(definition(), parse_settings(CriteriaSettings, said), ATTRIBUTES)


def test_an_approved_proposal_is_a_rule_in_force_and_no_proposal_any_more() -> None:
    policy = Policy(exclusions=exclusions())
    after, in_force = approved(definition(), policy, ["old companies"])
    assert after.proposals == ()
    assert [rule.name for rule in in_force.exclusions] == [*(rule.name for rule in exclusions()), "old companies"]
    assert [str(each.what) for each in definition_changes(definition(), after)] == ["proposal 'old companies'"]


def test_what_is_not_proposed_cannot_be_approved() -> None:
    with pytest.raises(ConfigError, match=r"found 'old company'; did you mean 'old companies'\?"):
        approved(definition(), Policy(), ["old company"])


def test_a_ban_takes_a_criterion_away_and_shares_its_points_out() -> None:
    after = changed({"ban": [{"factor": "employees", "reason": "we sell to all sizes now"}]})
    assert "size" not in {each.name for each in after.criteria}
    assert sum(each.points for each in after.criteria) == 100
    # 22 of 100 points go; what had 18 of the 78 left has 18 / 78 = 23 %.
    assert {each.name: each.points for each in after.criteria}["revenue"] == 23
    assert after.left_out[-1].banned
    assert after.match is not None
    assert (after.match.least, after.match.inside) == (4, None)
    assert after.points is not None
    assert after.points.agreement is None


def test_banning_a_set_takes_all_of_its_members() -> None:
    after = changed({"ban": [{"factor": "tools", "reason": "bought data is old"}]})
    assert {each.name for each in definition().criteria} - {each.name for each in after.criteria} == {
        "uses Cartellux",
        "no Rivalo",
    }


def test_a_pin_replaces_the_condition_on_its_attribute_and_keeps_its_points() -> None:
    after = changed({"pin": [{"name": "mid", "attribute": "employees", "at_least": 200, "reason": "roadmap"}]})
    pinned = next(each for each in after.criteria if each.name == "mid")
    assert (pinned.words, pinned.points, pinned.origin, pinned.evidence) == (
        "employees 200 or more",
        22,
        "pinned",
        None,
    )
    assert [each.what for each in definition_changes(definition(), after)] == ["criterion 'size'", "criterion 'mid'"]


def test_a_factor_without_a_criterion_cannot_be_banned() -> None:
    with pytest.raises(ConfigError, match="expected a factor that has a criterion, found 'demo'"):
        changed({"ban": [{"factor": "demo", "reason": "x"}]})
