"""What is about people is left out by a draft, told by a check, and never learned from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.cli_projects import as_csv, config, deal_rows, icp, refusal, strong, write_config, write_project
from tests.lookalike_projects import write_project as write_look

PEOPLE: Mapping[str, Callable[[int], str]] = {
    "reached_at": lambda k: f"person{k % 40}@corp{k % 40}.example",
    "hotline": lambda k: f"+49 30 12345{k % 40:02d}",
    "first_name": lambda k: ("Ann", "Bo", "Cem")[k % 3],
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose deals say whom to talk to."""
    folder = write_project(tmp_path / "project", strong())
    rows = [{**row, **{name: of(k) for name, of in PEOPLE.items()}} for k, row in enumerate(deal_rows(strong()))]
    (folder / "deals.csv").write_text(as_csv(rows), encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return folder


def declare(folder: Path, name: str) -> None:
    layers = config(strong())["attributes"]
    assert isinstance(layers, dict)
    firmographic = {**layers.get("firmographic", {}), name: "category"}
    write_config(folder, {**config(strong()), "attributes": {**layers, "firmographic": firmographic}})


def test_a_draft_leaves_them_out_and_says_why(project: Path) -> None:
    assert icp("init", "deals.csv", "-o", "drafted.yaml").code == 0
    text = (project / "drafted.yaml").read_text(encoding="utf-8")
    declared = {name for layer in yaml.safe_load(text)["attributes"].values() for name in layer}
    assert not declared & set(PEOPLE)
    assert "# left out: reached_at: holds e-mail addresses; the ICP is about companies" in text
    assert "# left out: hotline: holds telephone numbers" in text
    assert "# left out: first_name: holds names of people" in text


@pytest.mark.parametrize(
    ("name", "held"),
    [("reached_at", "e-mail addresses"), ("hotline", "telephone numbers"), ("first_name", "names of people")],
)
def test_what_is_declared_all_the_same_is_refused_before_anything_is_learned(
    project: Path, name: str, held: str
) -> None:
    declare(project, name)
    for verb in (("check", "icp.yaml"), ("train", "icp.yaml", "--trials", "1"), ("backtest", "icp.yaml")):
        code, said = refusal(*verb)
        assert code == 2
        assert f"{name} holds {held}" in said
        assert "leave it out of attributes" in said
    assert not list((project / "models").glob("*/v*")) if (project / "models").exists() else True


def test_a_model_of_resemblance_learns_of_nobody_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    firmographic = {"industry": "category", "reached_at": "category"}
    write_look(tmp_path, alike=1.0, changes={"attributes": {"firmographic": firmographic}})
    for name in ("won.csv", "universe.csv"):
        rows = pd.read_csv(tmp_path / name)
        rows.assign(reached_at=[f"person{k % 30}@corp.example" for k in range(len(rows))]).to_csv(
            tmp_path / name, index=False
        )
    monkeypatch.chdir(tmp_path)
    code, said = refusal("train", "look.yaml", "--trials", "1")
    assert (code, "reached_at holds e-mail addresses" in said) == (2, True)
    assert not (tmp_path / "models").exists()
