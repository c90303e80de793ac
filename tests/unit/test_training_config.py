"""A configuration means what its values say, or is refused in one sentence that names the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from icp_ml.errors import ConfigError
from icp_training.config import Config, load_config

PLAIN = """\
name: spring
deals:
  source: deals.csv
  closed: Closed
  outcome: {column: Stage, won: [Won], lost: [Lost]}
attributes:
  firmographic:
    employees: number
    industry: category
seed: 3
"""


def loaded(folder: Path, text: str) -> Config:
    path = folder / "icp.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text).resolved()
    return caught.value.sentence


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("attributes:", "atributes:", "atributes is not a known key; did you mean 'attributes'?"),
        ("seed: 3", "sed: 3", "sed is not a known key; did you mean 'seed'?"),
        ("  closed: Closed", "  clossed: Closed", "deals.clossed is not a known key; did you mean 'closed'?"),
        ("  firmographic:", "  firmografic:", "attributes.firmografic is not a known key; did you mean 'firmographic'"),
        ("won: [Won]", "wonn: [Won]", "deals.outcome.wonn is not a known key; did you mean 'won'?"),
        ("employees: number", "employees: {kind: number, order_: [a]}", "employees.order_ is not a known key; did you"),
    ],
)
def test_a_key_that_is_not_known_is_told_with_the_nearest_one(
    tmp_path: Path, right: str, wrong: str, sentence: str
) -> None:
    assert sentence in refusal(tmp_path, PLAIN.replace(right, wrong))


@pytest.mark.parametrize(
    ("addition", "column"),
    [("outcome_fields: [employees]\n", "employees"), ("", "Stage"), ("", "Closed")],
)
def test_a_part_of_the_outcome_is_no_attribute(tmp_path: Path, addition: str, column: str) -> None:
    text = PLAIN.replace("employees: number", f"employees: {{kind: category, column: {column}}}") + addition
    assert refusal(tmp_path, text) == (
        f"attributes: 'employees' reads the column '{column}', which is part of the outcome and was not known "
        f"beforehand; remove it from attributes"
    )


@pytest.mark.parametrize("options", ["kind: category, use: no", "kind: category, known: after"])
def test_a_part_of_the_outcome_may_stand_there_unused(tmp_path: Path, options: str) -> None:
    text = PLAIN.replace("employees: number", f"employees: {{{options}, column: Stage}}")
    assert [attribute.name for attribute in loaded(tmp_path, text).resolved()] == ["industry"]


def test_without_an_attribute_in_use_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    text = PLAIN.replace("number", "{kind: number, use: no}").replace(
        "industry: category", "industry: {kind: set, use: no}"
    )
    assert "at least one attribute in use, found none" in refusal(tmp_path, text)


def test_what_is_known_only_during_a_deal_is_used_where_the_configuration_says_so(tmp_path: Path) -> None:
    text = PLAIN.replace("industry: category", "industry: {kind: category, known: during}")
    assert [a.name for a in loaded(tmp_path, text).resolved()] == ["employees"]
    widened = loaded(tmp_path, text + "use_known: [before, at_open, during]\n")
    assert [a.name for a in widened.resolved()] == ["employees", "industry"]


def test_a_text_that_means_not_known_holds_for_every_attribute(tmp_path: Path) -> None:
    text = (
        PLAIN.replace("industry: category", "industry: {kind: category, missing: [tbd]}") + "missing: [Select, '-']\n"
    )
    found = {attribute.name: attribute.missing for attribute in loaded(tmp_path, text).resolved()}
    assert found == {"employees": ("Select", "-"), "industry": ("tbd", "Select", "-")}


@pytest.mark.parametrize(
    ("root", "expected"), [("", "."), ("root: .\n", "."), ("root: ..\n", ".."), ("root: a/b\n", "a/b")]
)
def test_the_root_is_counted_from_the_configurations_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str, expected: str
) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    config = loaded(home, PLAIN + root)
    monkeypatch.chdir(elsewhere)
    assert config.project_root(home / "icp.yaml") == (home / expected).resolve()
    assert config.project_root(Path("..") / "home" / "icp.yaml") == (home / expected).resolve()


def test_an_absolute_root_is_taken_as_it_is(tmp_path: Path) -> None:
    config = loaded(tmp_path, PLAIN + f"root: {tmp_path / 'far'}\n")
    assert config.project_root(Path("icp.yaml")) == tmp_path / "far"


REORDERED = """\
# The same, from bottom to top, with the long form of an attribute.
seed: 3
attributes:
  firmographic:
    industry: {kind: category}
    employees:
      kind: number
      known: before      # the default
deals:
  outcome: {lost: [Lost], won: [Won], column: Stage}
  closed: Closed
  source: "deals.csv"
name: spring
"""


def test_comments_order_and_spelling_do_not_change_the_digest(tmp_path: Path) -> None:
    assert loaded(tmp_path, REORDERED).digest() == loaded(tmp_path, PLAIN).digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [("seed: 3", "seed: 4"), ("number", "ordered"), ("won: [Won]", "won: [Won, Gewonnen]"), ("spring", "autumn")],
)
def test_another_value_is_another_digest(tmp_path: Path, old: str, new: str) -> None:
    assert loaded(tmp_path, PLAIN.replace(old, new)).digest() != loaded(tmp_path, PLAIN).digest()


def test_a_file_that_is_not_there_is_told_with_the_one_that_is(tmp_path: Path) -> None:
    (tmp_path / "icp.yaml").write_text(PLAIN)
    with pytest.raises(ConfigError, match=r"found none; did you mean 'icp\.yaml'\?.*icp init"):
        load_config(tmp_path / "ipc.yaml")
    with pytest.raises(ConfigError, match=r"found none; there are none"):
        load_config(tmp_path / "no folder" / "icp.yaml")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("deals: [\n", "is not valid YAML at line 2"),
        ("deals:\n\tsource: a.csv\n", "is not valid YAML at line 2"),
        ("", "expected keys such as deals and attributes, found none"),
        ("- deals\n", "expected keys such as deals and attributes, found none"),
        (PLAIN.replace("name: spring", "name: Spring 1"), "name: expected"),
        (PLAIN.replace("seed: 3", "seed: -1"), "seed: expected"),
        ("12: x\n" + PLAIN, "12"),
    ],
)
def test_what_cannot_be_a_configuration_is_refused(tmp_path: Path, text: str, part: str) -> None:
    assert part in refusal(tmp_path, text)


def test_a_day_that_no_calendar_has_is_refused(tmp_path: Path) -> None:
    text = PLAIN.replace("  closed: Closed", "  closed: Closed\n  extracted: 2024-02-30")
    assert "2024-02-30" in refusal(tmp_path, text) or "line 5" in refusal(tmp_path, text)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    # YAML says that keys are unique; taking the last one would drop what was written first without a word.
    assert "employees" in refusal(tmp_path, PLAIN.replace("    industry: category", "    employees: category"))


def test_text_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "icp.yaml"
    path.write_bytes(PLAIN.replace("Closed", "Schlußtag").encode("cp1252"))
    with pytest.raises(ConfigError, match="save it again as UTF-8"):
        load_config(path)


def test_a_configuration_is_frozen(tmp_path: Path) -> None:
    config = loaded(tmp_path, PLAIN)
    with pytest.raises(ValueError, match="frozen"):
        config.__setattr__("seed", 4)
