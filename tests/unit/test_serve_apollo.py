"""Apollo's filters for a whole ICP: everything is either set or told."""

from __future__ import annotations

from dataclasses import replace

from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.profile.tiering import Policy
from icp_ml.serve.documents import from_bytes
from icp_ml.serve.exports.apollo import JSON_NAME, PAGE_NAME, apollo, apollo_filters
from icp_ml.serve.exports.stamp import read_stamp, stamp_of
from tests.definitions import definition
from tests.exports import exported


def test_every_criterion_is_set_or_told() -> None:
    found = apollo_filters(exported())
    named = [each.words for each in found.criteria] + [each.words for each in found.unasked if each.points is not None]
    assert sorted(named) == sorted(each.words for each in definition().criteria)
    set_or_told = [each.points or 0 for each in found.criteria] + [each.points or 0 for each in found.unasked]
    assert sum(set_or_told) == 100


def test_lines_stand_in_apollo_s_order() -> None:
    assert [line.setting.filter for line in apollo_filters(exported()).criteria] == [
        *("Industry", "# Employees", "Technologies", "Technologies", "Revenue", "Funding Stage")
    ]


def test_an_exclusion_by_names_is_set_on_the_other_side_and_the_boundary_as_it_stands() -> None:
    always = [
        (line.setting.filter, line.setting.side, line.setting.values) for line in apollo_filters(exported()).always
    ]
    assert always == [
        ("Industry", "exclude", ("Government",)),
        ("Technologies", "exclude", ("Rivalo",)),
        ("Revenue", "include", ("from 1M",)),
    ]


def test_what_apollo_cannot_ask_is_said_on_the_page() -> None:
    page = apollo(exported())[PAGE_NAME].decode("utf-8")
    assert "- not expressible in Apollo: not small and settled: employees under 20 and raised" in page
    assert "- not expressible in Apollo: raised under 1.5 years ago (12 points)." in page
    assert "This ICP says nothing of people" in page
    assert read_stamp(page) == stamp_of(exported())


def test_an_exclusion_by_numbers_and_one_that_has_ended() -> None:
    rules = (
        RuleSettings.model_validate({"name": "tiny", "attribute": "employees", "under": 5}),
        RuleSettings.model_validate({"name": "then", "attribute": "tools", "is": ["Rivalo"], "until": "2025-06-30"}),
        RuleSettings.model_validate({"name": "bare", "attribute": "tools", "is_not": ["Cartellux"]}),
    )
    found = apollo_filters(replace(exported(), policy=Policy(exclusions=rules)))
    assert [(line.setting.side, line.setting.values) for line in found.always] == [("include", ("Cartellux",))]
    told = [line.words for line in found.unasked if line.points is None]
    assert told == ["not tiny: employees under 5"]


def test_the_document_says_the_same_as_the_page() -> None:
    document = from_bytes(apollo(exported())[JSON_NAME], JSON_NAME)
    assert isinstance(document, dict)
    assert set(document) == {"stamp", "always", "criteria", "unasked", "person"}
