"""A YAML file is what a person wrote: its keys are texts, whatever YAML 1.1 takes them for."""

from __future__ import annotations

import pytest

from icp_ml.deals.settings import parse_settings
from icp_ml.deals.weighted_settings import WeightedRuleSettings
from icp_ml.deals.yaml_files import parse_yaml
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
