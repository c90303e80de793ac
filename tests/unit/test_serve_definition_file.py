"""icp.yaml says all that the definition says, reads back, fits its published schema, and is legible."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from icp_ml.deals.policy import ActionsSettings
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.errors import InputError
from icp_ml.profile.definition import Criterion, Definition
from icp_ml.profile.records import Interval
from icp_ml.profile.tiering import Policy
from icp_ml.serve.exports.definition_card import card_part
from icp_ml.serve.exports.definition_file import NAME, definition_file, json_schema, read_definition_file
from icp_ml.serve.exports.stamp import Exported, TierStart, read_stamp, stamp_of
from tests.definitions import ATTRIBUTES, definition
from tests.exports import exported

SCHEMA = Path(__file__).parents[2] / "docs" / "icp.schema.json"
TIERS = (TierStart("1", 70.0, 0.45), TierStart("2", 50.0, 0.3), TierStart("3", 0.0, None))


def written(what: Exported | None = None) -> bytes:
    return definition_file(what or replace(exported(), tiers=TIERS))[NAME]


def document() -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load(written())
    return loaded


def with_criterion(**changes: object) -> Exported:
    whole = definition()
    first = whole.criteria[0].model_copy(update=changes)
    return replace(exported(), definition=whole.model_copy(update={"criteria": (first, *whole.criteria[1:])}))


def test_what_decides_reads_back_exactly() -> None:
    """A bound in all its digits, values that YAML would read as something else, quotes and line ends."""
    odd = [
        {"name": "third", "attribute": "revenue", "over": 1 / 3, "at_most": 1e300},
        {"name": "norway", "attribute": "industry", "is": ["No", "null", "1.0", 'it\'s: "# so"', "~", "2024-01-01"]},
        {"name": "until", "attribute": "demo", "missing": True, "until": "2025-12-31", "reason": "two\nlines"},
    ]
    policy = Policy(
        actions=ActionsSettings.model_validate({"1": "call", "2": {"both": "write", "intent": "wait"}}),
        exclusions=tuple(RuleSettings.model_validate(each) for each in odd),
        boundary=exported().policy.boundary,
    )
    read = read_definition_file(written(replace(exported(), policy=policy)))
    assert read.policy() == policy
    assert [each.condition for each in read.criteria] == [each.condition for each in definition().criteria]
    assert [each.rule for each in read.proposals] == [each.rule for each in definition().proposals]


def test_everything_that_has_four_decimals_reads_back_as_it_was() -> None:
    read = read_definition_file(written())
    assert rounded(read.definition()) == rounded(definition())
    assert (read.icp.name, read.icp.version, read.icp.content_hash) == ("icp", 3, exported().content_hash)
    assert [(each.label, each.score_from, each.probability_from) for each in read.tiers] == [
        ("1", 70, 0.45),
        ("2", 50, 0.3),
        ("3", 0, None),
    ]


def rounded(found: Definition) -> object:
    return json.loads(found.model_dump_json(), parse_float=lambda text: round(float(text), 4))


def test_a_rate_that_is_not_known_stays_so() -> None:
    evidence = definition().criteria[0].evidence
    assert evidence is not None
    nobody = evidence.inside.model_copy(
        update={"deals": 0, "won": 0, "win_rate": Interval(value=float("nan"), low=0.0, high=1.0)}
    )
    read = read_definition_file(written(with_criterion(evidence=evidence.model_copy(update={"inside": nobody}))))
    found = read.criteria[0].evidence
    assert found is not None
    assert str(found.inside.win_rate.value) == "nan"


def test_a_person_can_read_it() -> None:
    """Block style, what a thing is called first, nothing that says nothing, whole numbers as such."""
    text = written().decode("utf-8")
    assert "null" not in text
    assert "{}" not in text
    assert "[]" not in text
    assert text.startswith("# The Ideal Customer Profile.\n")
    assert (
        "  - name: size\n    condition:\n      attribute: employees\n      at_least: 51\n      under: 501\n"
        "    words: employees 51 to under 501\n"
    ) in text
    assert max(len(line) for line in text.splitlines()) <= 120
    keys = list(document())
    assert keys.index("match") < keys.index("criteria") < keys.index("boundary") < keys.index("proposals")


def test_its_stamp_is_that_of_the_version() -> None:
    assert read_stamp(written().decode()) == stamp_of(exported())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (b"format: 2", "is not an ICP of format 1 at format"),
        (b"format: 1\nunknown: 1", "at unknown"),
        (b"format: 1\nbreadth: narrow", "is not an ICP of format 1 at breadth"),
    ],
)
def test_a_file_that_is_otherwise_is_refused_with_its_place(change: bytes, said: str) -> None:
    content = written().replace(b"format: 1", change, 1)
    content = content.replace(b"breadth: workable\n", b"", 1) if b"narrow" in change else content
    with pytest.raises(InputError, match=said):
        read_definition_file(content)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: [", b"- 1\n  b: 2"])
def test_what_is_no_yaml_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="was expected to be YAML"):
        read_definition_file(content)


# --- the schema ---------------------------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_code() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == json_schema()


def test_the_schema_takes_the_file_and_refuses_what_the_reader_refuses() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the judge of schemas is not installed")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in judge.iter_errors(document())] == []
    for change in ({"format": 2}, {"unknown": 1}, {"criteria": [{"name": "x"}]}, {"breadth": "narrow"}):
        assert list(judge.iter_errors({**document(), **change})), change


# --- the card -----------------------------------------------------------------------------------------------------


def test_the_card_says_each_criterion_with_its_counts() -> None:
    text = "\n".join(card_part(definition(), ATTRIBUTES))
    assert "meets at least 4 of the 7 criteria. Deals that do: 75 of 150 won, 50.0% [45.0%, 55.0%]" in text
    assert (
        "| fresh round | raised under 1.5 years ago | behavioural | 12 | 80 of 200 won, 40.0% [35.0%, 45.0%] |" in text
    )
    assert "- exclusion **old companies** (founded 30 or more years ago): 2 of 60 won" in text
    assert "By points alone: tier 1 from 60, tier 2 from 40, tier 3 from 0." in text


def test_the_card_says_what_is_not_known_any_more() -> None:
    whole = definition()
    pinned = Criterion.model_validate({
        **whole.criteria[0].model_dump(), "name": "a | b", "origin": "pinned", "reason": "we say so", "evidence": None,
    })  # fmt: skip
    assert whole.match is not None
    assert whole.points is not None
    match = whole.match.model_copy(update={"inside": None, "outside": None, "share_of_wins": None})
    points = whole.points.model_copy(update={"agreement": None})
    text = "\n".join(
        card_part(whole.model_copy(update={"criteria": (pinned,), "match": match, "points": points}), ATTRIBUTES)
    )
    assert "so that no rate is known" in text
    assert r"| a \| b | employees 51 to under 501 (pinned: we say so) | firmographic | 22 | no deals |" in text
    assert "tier of the model" not in text


def test_the_card_of_an_icp_without_criteria_says_why() -> None:
    empty = definition().model_copy(update={"criteria": (), "match": None, "points": None, "proposals": ()})
    lines = list(card_part(empty, ATTRIBUTES))
    assert not any(line.startswith("|") for line in lines)
    assert "- demo: given the others it does not go with winning beyond chance" in lines
