"""`icp compare`, and gates that are asked, refuse, and are gone past; with versions that a training left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from icp_ml.errors import ConfigError
from icp_ml.watch.comparison import Comparison
from icp_training.registry_lock import Asker
from icp_training.versions import keep_comparison
from tests.cli_projects import icp, refusal, strong, write_project
from tests.registry_projects import NAME, NewProject, add_version, moved, registry


@pytest.fixture(scope="module")
def made(new_project: NewProject) -> Path:
    """Version 1 is live; version 2 may be chance. Nobody works in it."""
    root = new_project("made")
    add_version(root, 1)
    add_version(root, 2, reliable=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("ICP_HOME", raising=False)
        assert icp("promote", f"{NAME}/v1").code == 0
    return root


@pytest.fixture
def project(made: Path, new_project: NewProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in a folder of its own, and the terminal in it."""
    root = moved(made, new_project("gates"))
    monkeypatch.chdir(root)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return root


def test_gates_are_asked_without_changing_anything(project: Path) -> None:
    done = icp("promote", "--check", f"{NAME}/v1")
    assert done.code == 0
    assert "enough evidence" in done.out
    code, sentence = refusal("promote", "--check", "--json")
    assert code == 9
    assert "enough evidence" in sentence
    assert [each["version"] for each in json.loads(icp("history", "--json").out)] == [1]


def test_a_forced_promotion_needs_a_reason_is_loud_and_stays_in_the_ledger(project: Path) -> None:
    assert refusal("promote", "--force")[0] == 2
    assert refusal("promote")[0] == 9
    done = icp("promote", "--force", "--reason", "the board wants it")
    assert done.code == 0
    assert "ATTENTION" in done.out
    last = json.loads(icp("history", "--json").out)[-1]
    assert (last["version"], last["forced"], last["gates"]["enough evidence"]) == (2, True, "red")
    assert "FORCED" in icp("history").out


def test_a_comparison_is_kept_with_its_version_and_only_by_the_configuration_that_made_it(project: Path) -> None:
    found = Comparison(champion_version=1, champion_hash="x", since="2024-01-01", deals=7, won=1, accounts=7)
    who = Asker("ana@here:1", "2025-01-01T00:00:00+00:00")
    made_by = registry(project).fetch(registry(project).need("v2"))[1].bundle.provenance
    keep_comparison(project, f"{NAME}/v2", found, getattr(made_by, "config_hash", ""), who)
    assert registry(project).need("v2").comparison == found
    with pytest.raises(ConfigError, match="this one differs from it"):
        keep_comparison(project, f"{NAME}/v2", found, "another", who)


def test_comparing_with_nothing_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write_project(tmp_path, strong()) / "icp.yaml"
    monkeypatch.chdir(tmp_path)
    code, sentence = refusal("compare", config)
    assert code == 8
    assert "icp promote makes one live" in sentence
