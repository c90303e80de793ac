"""A YAML file is what a person wrote: its keys are texts, whatever YAML 1.1 takes them for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from icp_ml.deals.settings import parse_settings
from icp_ml.deals.weighted_settings import WeightedRuleSettings
from icp_ml.deals.yaml_files import parse_yaml, read_yaml
from icp_ml.errors import ConfigError
from icp_training.refresh_settings import RefreshSettings


@pytest.mark.parametrize("key", ["on", "off", "yes", "no", "NO", "true", "False", "y"])
def test_a_key_is_the_text_that_was_written(key: str) -> None:
    assert parse_yaml(f"{{{key}: 1}}") == {key: 1}


def test_a_value_is_still_true_or_false() -> None:
    assert parse_yaml("{use: no, other: true}") == {"use": False, "other": True}


def test_an_event_is_declared_as_the_documentation_has_it() -> None:
    found = parse_settings(RefreshSettings, parse_yaml("events: [{on: 2025-06-02, what: launch}]"))
    assert [(str(each.on), each.what) for each in found.events] == [("2025-06-02", "launch")]


def test_norway_can_be_given_points() -> None:
    written = parse_yaml("{attribute: country, levels: {NO: 100, SE: 50}}")
    assert parse_settings(WeightedRuleSettings, written).levels == {"NO": 100.0, "SE": 50.0}


def test_a_flag_that_stands_twice_as_a_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="the key 'no' stands twice"):
        parse_yaml("no: 1\nno: 2\n")


LAUGHS = "\n".join(
    ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)), "name: *a10"]
)
"""A few hundred characters that stand for 20,000,000,000 texts."""

REFUSED = {
    "aliases of aliases": (LAUGHS, "expected at most 100,000 values"),
    "a list that holds itself": ("a: &a [*a]", "or one that holds itself"),
    "a mapping that holds itself": ("a: &a {b: *a}", "or one that holds itself"),
    "51 lists": ("[" * 51 + "]" * 51, "at most 50 lists and mappings"),
    "more brackets than calls": ("[" * 100_000, "at most 50 lists and mappings"),
    "more characters than anybody writes": ("a: " + "x" * 200_000, "at most 200,000 characters of YAML, found 200,003"),
    "a list as a key": ("? [a, b]\n: c", "expected a word as a key, found a list or a mapping at line 1"),
    "no flag": ("a: !!bool x", "found 'x' at line 1"),
    "no day": ("a: !!timestamp x", "found 'x' at line 1"),
    "no number": ("a: !!int ''", "found '' at line 1"),
    "half of a character": ('a: "\\ud800"', "half of a character"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_nobody_means_is_refused_in_a_sentence(what: str) -> None:
    text, said = REFUSED[what]
    with pytest.raises(ConfigError, match=re.escape(said)):
        parse_yaml(text)


def test_what_lies_on_the_bounds_is_read() -> None:
    assert parse_yaml("[" * 50 + "]" * 50)
    assert parse_yaml("a: &a [1]\nb: [*a, *a]") == {"a": [1], "b": [[1], [1]]}
    assert len(str(parse_yaml("x" * 200_000))) == 200_000


def test_nothing_that_yaml_could_run_is_run() -> None:
    with pytest.raises(yaml.YAMLError):
        parse_yaml("a: !!python/object/apply:os.system [true]")


def test_a_folder_is_no_file_of_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected a configuration at .*, found a folder; name the file in it"):
        read_yaml(tmp_path, "a configuration", "deals")
