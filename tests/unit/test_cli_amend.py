"""`icp amend` as a person types it: a new version beside the old one, the difference, and nothing where it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from icp_ml.serve.bundle import open_bundle
from icp_ml.serve.ledger import Entry, entry_line
from tests import serve_models
from tests.cli_projects import files_in, icp, refusal

WHY = ("--reason", "more leads")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one version, and the terminal in it."""
    serve_models.write(tmp_path / "models" / "planted" / "v1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


def test_a_moved_cut_is_a_new_version_of_the_same_model_with_its_difference(project: Path) -> None:
    before = files_in(project)
    done = icp("amend", "--cut", "1=0.6", *WHY)
    assert done.code == 0
    assert "planted: version 2 is version 1 with" in done.out
    cuts = serve_models.tiering().cuts.log_odds
    was = f"{float(serve_models.win_model().probability(np.array(cuts[0]))):.4g}"
    words = ["tier", "1", "starts", "at", "probability", was, "0.6"]
    assert any(line.split() == words for line in done.out.splitlines())
    assert done.out.splitlines()[-1].endswith("Next: icp promote planted/v2")
    one, two = (open_bundle(project / "models" / "planted" / name) for name in ("v1", "v2"))
    assert one.model_hash == two.model_hash
    assert one.content_hash != two.content_hash
    assert two.bundle.provenance.amended_from == 1
    assert files_in(project).items() >= before.items()


def test_a_file_and_the_command_line_together(project: Path) -> None:
    (project / "changes.yaml").write_text(
        "cuts: {1: 0.55, 2: 0.3}\nactions: {3: wait}\nexclusions:\n- {name: e, attribute: industry, is: [Energy]}\n",
        encoding="utf-8",
    )
    done = icp("amend", "planted", "--changes", "changes.yaml", "--cut", "tier 1 = 0.6", *WHY, "--json")
    document = json.loads(done.out)
    stored = open_bundle(project / "models" / "planted" / "v2")
    assert {key: document[key] for key in ("name", "version", "from_version")} == {
        "name": "planted",
        "version": 2,
        "from_version": 1,
    }
    assert document["content_hash"] == stored.content_hash
    assert document["model_hash"] == stored.model_hash
    assert [each["what"] for each in document["changes"]] == [
        "tier 1 starts at probability",
        "tier 2 starts at probability",
        "action for tier 3",
        "exclusion 'e'",
    ]
    assert [each["after"] for each in document["changes"]][:3] == ["0.6", "0.3", "wait"]
    shown = icp("show", "planted/v2").out
    assert "was moved by hand" in shown
    assert "Excluded: e" in shown


def test_the_version_is_the_next_one_of_its_folder_whatever_was_amended(project: Path) -> None:
    icp("amend", "--cut", "1=0.6", *WHY)
    done = icp("amend", project / "models" / "planted" / "v1", "--cut", "1=0.7", *WHY, "--json")
    document = json.loads(done.out)
    assert (document["version"], document["from_version"]) == (3, 1)
    assert Path(document["bundle"]) == project / "models" / "planted" / "v3"


def test_a_version_that_was_live_once_is_not_given_again(project: Path) -> None:
    entry = Entry(
        id="000001-aaaaaaaa",
        time="2025-01-01T08:00:00+00:00",
        action="promote",
        name="planted",
        version=6,
        content_hash="0" * 64,
        run_id=None,
        reason="",
        by="ana@crm:1",
    )
    (project / "models" / "ledger.jsonl").write_text(f"{entry_line(entry)}\n", encoding="utf-8")
    done = icp("amend", "models/planted/v1", "--cut", "1=0.6", *WHY, "--json")
    assert json.loads(done.out)["version"] == 7


def test_a_copy_elsewhere_is_amended_into_the_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy = tmp_path_factory.mktemp("elsewhere") / "copy"
    serve_models.write(copy)
    done = icp("amend", copy, "--cut", "1=0.6", *WHY, "--json")
    assert Path(json.loads(done.out)["bundle"]) == project / "models" / "planted" / "v2"


def test_what_is_refused_leaves_nothing(project: Path) -> None:
    before = files_in(project)
    (project / "twice.yaml").write_text("cuts: {1: 0.5}\ncuts: {1: 0.6}\n", encoding="utf-8")
    (project / "list.yaml").write_text("- 1\n", encoding="utf-8")
    said = {
        words: refusal("amend", *words, *WHY)
        for words in (
            (),
            ("--cut", "1:0.6"),
            ("--cut", "1=0.1"),
            ("--changes", "twice.yaml"),
            ("--changes", "list.yaml"),
            ("--changes", "twise.yaml"),
        )
    }
    assert {code for code, _ in said.values()} == {2}
    assert said[()][1].startswith("a change was expected")
    assert "TIER=PROBABILITY such as 1=0.45" in said["--cut", "1:0.6"][1]
    assert "'cuts' stands twice, again at line 2" in said["--changes", "twice.yaml"][1]
    assert "keys such as cuts" in said["--changes", "list.yaml"][1]
    assert "did you mean 'twice.yaml'?" in said["--changes", "twise.yaml"][1]
    assert refusal("amend", "--cut", "1=0.6", "--reason", "x" * 1001)[0] == 2
    assert refusal("amend", "nobody", "--cut", "1=0.6", *WHY)[0] == 8
    assert {name: text for name, text in files_in(project).items() if not name.endswith(".yaml")} == before
