"""The demo spoils no other project, and says of what was planted whether it was found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from icp_ml.errors import ConfigError
from icp_training.demo import findings, make_demo
from icp_training.world import make_strong_world
from tests import serve_models


def test_a_folder_that_holds_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is already there and is not a demo; name an empty folder with --output"):
        make_demo(tmp_path, deals=50, prospects=5)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    made = make_demo(tmp_path / "new", deals=50, prospects=5)
    again = make_demo(tmp_path / "new", deals=50, prospects=5)
    assert made.config.read_bytes() == again.config.read_bytes()
    assert len(again.prospects.read_text(encoding="utf-8").splitlines()) == 6


def test_what_was_planted_and_is_no_column_of_the_model_is_said_to_be_none() -> None:
    profile = serve_models.bundle().profile
    truth = make_strong_world(3, deals=60).truth
    strong, other = truth.planted[:2]
    demo = replace(strong, attribute="demo", member="", only_where="")
    gone = replace(other, attribute="nothing of ours", member="", only_where="")
    visits = replace(other, attribute="visits", member="", only_where="")
    told = findings(replace(truth, planted=(demo, gone, visits)), profile)
    assert [(each.found, each.said) for each in told] == [
        (True, "demo: yes"),
        (False, "no column of the model"),
        (False, "chance explains it"),
    ]
