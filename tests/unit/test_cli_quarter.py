"""`icp quarter` on a project: the first version, nothing twice, promotion by the gates, and whether the next is due."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from icp_ml.errors import NoSignal
from icp_training import line
from icp_training.quarter import Quarter
from tests.cli_projects import icp, refusal, strong, write_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("loop"), strong())


def quarter(*words: str) -> dict[str, Any]:
    done = icp("quarter", "icp.yaml", "--trials", "3", "--json", *words)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def declare(project: Path, refresh: dict[str, object]) -> None:
    path = project / "icp.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "refresh": refresh}), encoding="utf-8")


def test_a_quarter_is_trained_once_and_promoted_by_its_gates(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    monkeypatch.delenv("ICP_HOME", raising=False)
    assert json.loads(icp("quarter", "icp.yaml", "--due", "--json").out)["reasons"] == ["Nothing is live yet."]
    first = quarter()
    assert (first["version"], first["was_there"], first["promoted"]) == (
        {"name": "strong", "version": 1},
        False,
        False,
    )
    assert str(first["recommendation"]).startswith("Promote strong version 1")
    again = quarter("--promote", "--reason", "first quarter")
    assert (again["version"], again["was_there"], again["promoted"]) == (
        {"name": "strong", "version": 1},
        True,
        True,
    )
    assert [each["reason"] for each in json.loads(icp("history", "--json").out)] == ["first quarter"]
    idle = quarter("--only-if-due")
    assert (idle["version"], idle["due"]) == (None, [])
    assert "nothing was done" in str(idle["recommendation"])
    nothing_newer = quarter("--promote")
    assert str(nothing_newer["recommendation"]).startswith("strong version 1 is live already")
    assert (first["emerging"], nothing_newer["emerging"]["since"]) == (None, 0)
    declare(project, {"events": [{"on": "2024-01-02", "what": "launch of the starter plan"}], "every_days": 30})
    assert icp("quarter", "icp.yaml", "--due").out == "It is not time for a new version.\n", "it was before version 1"


def test_the_line_for_cron_runs_as_it_stands_on_the_page(project: Path) -> None:
    """With this folder and this Python in the places of those on the page. It is not time: nothing is trained."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "quarter.md").read_text(encoding="utf-8")
    line = next(each for each in page.splitlines() if each.startswith("0 6 * * 1  "))
    command = line.removeprefix("0 6 * * 1  ").replace("/srv/icp", shlex.quote(str(project)))
    command = command.replace(".venv/bin/icp", f"{shlex.quote(sys.executable)} -m icp_ml.cli.main")
    subprocess.run(["sh", "-c", command], check=True)
    told = json.loads((project / "quarter.json").read_text())
    assert told["recommendation"] == "It is not time for a new version; nothing was done."


def test_asking_and_doing_are_two_things(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    code, sentence = refusal("quarter", "icp.yaml", "--due", "--promote")
    assert code == 2
    assert "--due only asks" in sentence


def test_a_refused_quarter_is_told_and_ends_as_a_refused_training_does(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training is a stand-in: what is asked is what the verb makes of its refusal."""
    monkeypatch.chdir(project)
    monkeypatch.delenv("ICP_HOME", raising=False)
    refusal_of = NoSignal("the attributes rank no better than chance; add others")
    refused = Quarter(due=("Nothing is live yet.",), recommendation="Keep what is live.", refusal=refusal_of)
    monkeypatch.setattr(line, "run_quarter", lambda *_: refused)
    done = icp("quarter", "icp.yaml", "--trials", "1")
    assert (done.code, done.out.splitlines()) == (5, ["Nothing is live yet.", "Keep what is live."])
    assert done.err == f"icp: {refusal_of.sentence}\n"
