"""`icp promote`, `rollback` and `history` as a person types them, and which bundle every other verb then uses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from icp_ml.cli.places import find_model
from icp_ml.errors import BundleInvalid, ConfigError, ModelNotFound
from icp_ml.serve import ledger
from icp_training.registry_lock import HOLD, Asker, locked
from tests import serve_models
from tests.cli_projects import icp, refusal, strong, write_project
from tests.registry_projects import NAME, NOW, NewProject, add_version, moved

AS_OF = ("--as-of", serve_models.AS_OF.isoformat())


@pytest.fixture(scope="module")
def made(new_project: NewProject) -> Path:
    """Versions 1 and 2, a list, and nothing live. Nobody works in it."""
    root = new_project("made")
    for version in (1, 2):
        add_version(root, version)
    serve_models.frame(40, 5).to_csv(root / "list.csv", index=False)
    return root


@pytest.fixture
def project(made: Path, new_project: NewProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in a folder of its own, and the terminal in it."""
    root = moved(made, new_project("registry"))
    monkeypatch.chdir(root)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return root


def scored_by(folder: Path) -> str:
    """The bundle that a job started in the current folder uses, and whether it says so in its summary."""
    done = icp("score", folder / "list.csv", "-o", "out.parquet", *AS_OF, "--json", "--force")
    assert done.code == 0, done.err
    assert pq.read_table("out.parquet").num_rows == 40
    return Path(json.loads(done.out)["model"]).name


def test_promote_rollback_and_history_tell_one_story(project: Path) -> None:
    said = icp("promote", f"{NAME}/v1", "--reason", "the first")
    assert said.code == 0
    assert f"{NAME} version 1 is live (models/{NAME}/v1" in said.out
    assert "enough evidence" in said.out
    assert scored_by(project) == "v1"
    assert icp("promote").code == 0
    assert scored_by(project) == "v2"
    rolled = json.loads(icp("rollback", "--json", "--reason", "worse").out)
    assert (rolled["changed"], rolled["version"], rolled["entry"]["reason"]) == (True, 1, "worse")
    assert scored_by(project) == "v1"
    told = json.loads(icp("history", "--json").out)
    assert [(each["action"], each["version"], each["live"]) for each in told] == [
        ("promote", 1, False),
        ("promote", 2, False),
        ("rollback", 1, True),
    ]
    assert [each["reason"] for each in told] == ["the first", "", "worse"]
    table = icp("history").out
    assert "What was live when" in table
    assert table.count("now") == 1


def test_promoting_what_is_live_says_so(project: Path) -> None:
    icp("promote")
    done = icp("promote", f"{NAME}/v2")
    assert (done.code, done.out) == (0, f"{NAME} version 2 is live already; nothing was changed.\n")


def test_without_the_record_of_runs_scoring_and_history_are_the_same(project: Path) -> None:
    icp("promote", f"{NAME}/v1")
    before = icp("history", "--json").out
    shutil.rmtree("mlruns")
    assert scored_by(project) == "v1"
    assert icp("history", "--json").out == before
    assert not Path("mlruns").exists()


def test_a_job_in_another_folder_finds_the_live_bundle_by_icp_home(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    icp("promote", f"{NAME}/v1")
    monkeypatch.chdir(tmp_path)
    code, _ = refusal("score", project / "list.csv", "-o", "out.parquet", *AS_OF)
    assert code == 8
    monkeypatch.setenv("ICP_HOME", str(project))
    assert scored_by(project) == "v1"


def test_a_gate_that_is_not_passed_is_9_and_nothing_is_live(project: Path) -> None:
    add_version(project, 3, reliable=False)
    code, sentence = refusal("promote", "--json")
    assert code == 9
    assert sentence.startswith("planted version 3 was expected to pass every gate, and 1 of 2 refuse it")
    assert "may be chance" in sentence
    assert icp("history", "--json").out == "[]\n"
    assert "Nothing was promoted yet" in icp("history").out


def test_a_registry_in_somebody_elses_hands_is_75(project: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with locked(project / "models", Asker("ana@elsewhere:1", now.isoformat())):
        assert refusal("promote") == (
            75,
            f"ana@elsewhere:1 is changing the registry, until {(now + HOLD).isoformat()} at the latest; "
            "try again later",
        )
    assert icp("promote").code == 0


def test_what_is_not_there_is_8(project: Path) -> None:
    assert refusal("rollback")[0] == 8
    assert refusal("promote", "models:/planted@champion")[0] == 8
    assert refusal("promote", "planted/v7") == (
        8,
        "version 7 of planted was expected in the registry, and there is none; name a version, as in `icp promote "
        "planted/v1`; there are 'v1', 'v2'",
    )
    for words in (("rollback", "planted/v1"), ("history", "plantd"), ("promote", "plantd")):
        code, sentence = refusal(*words)
        assert code == 8
        assert sentence.endswith("did you mean 'planted'?")


def test_with_nothing_trained_every_verb_says_how_to_begin(
    new_project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(new_project("bare"))
    monkeypatch.delenv("ICP_HOME", raising=False)
    for words in (("promote",), ("rollback",), ("promote", "icp")):
        code, sentence = refusal(*words)
        assert code == 8
        assert sentence.endswith("make one with `icp train`")


def test_words_that_cannot_be_used_are_2(project: Path) -> None:
    assert refusal("promote", "--reason", "x" * 1001)[0] == 2
    assert refusal("promote", "models:/planted")[0] == 2
    assert refusal("show", "models:/")[0] == 2


def test_a_uri_is_a_model_for_every_verb(project: Path) -> None:
    icp("promote", f"{NAME}/v1")
    for uri, version in (("@champion", 1), ("@challenger", 2), ("/2", 2)):
        shown = json.loads(icp("show", f"models:/{NAME}{uri}", "--json").out)
        assert shown["provenance"]["version"] == version
    shutil.rmtree(project / "models" / NAME / "v2")
    assert find_model(f"models:/{NAME}@challenger") == project / "models" / NAME / "v2"
    assert (project / "models" / NAME / "v2" / "manifest.json").is_file()


def test_what_a_name_means_follows_the_ledger(project: Path) -> None:
    models = project / "models"
    assert find_model() == find_model(NAME) == models / NAME / "v2"  # nothing is live: the newest
    icp("promote", f"{NAME}/v1")
    assert find_model() == find_model(NAME) == models / NAME / "v1"
    assert find_model(f"{NAME}/v2") == models / NAME / "v2"
    assert find_model(str(models / NAME)) == models / NAME / "v2"  # a folder of versions is no name
    shutil.copytree(models / NAME, models / "other")
    assert find_model() == models / NAME / "v1"  # of two names one is live
    assert find_model("other") == models / "other" / "v2"


def test_a_live_bundle_that_is_gone_or_another_one_is_never_replaced_by_a_guess(project: Path) -> None:
    icp("promote", f"{NAME}/v1")
    folder = project / "models" / NAME / "v1"
    shutil.rmtree(folder)
    with pytest.raises(ModelNotFound, match="icp promote planted/v1"):
        find_model()
    assert icp("promote", "planted/v1").code == 0  # as the sentence says
    assert find_model() == folder
    shutil.rmtree(folder)
    shutil.copytree(project / "models" / NAME / "v2", folder)
    with pytest.raises(BundleInvalid, match="was expected in"):
        find_model()


def test_a_plain_installation_reads_the_ledger_and_asks_for_the_extra_only_for_uris(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    icp("promote", f"{NAME}/v1")
    before = icp("history", "--json").out
    monkeypatch.setattr("icp_ml.cli.learning.NEEDED", ("a_library_that_nobody_has",))
    assert icp("history", "--json").out == before
    assert scored_by(project) == "v1"
    with pytest.raises(ConfigError, match=r"icp-ml\[train\]"):
        find_model(f"models:/{NAME}@champion")


def test_a_training_registers_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_project(tmp_path / "trained", strong()))
    monkeypatch.delenv("ICP_HOME", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    trained = json.loads(icp("train", "icp.yaml", "--trials", "1", "--json").out)
    assert icp("promote").code == 0
    entry = ledger.live(Path("models"))
    assert entry is not None
    assert (entry.version, entry.run_id) == (1, trained["run_id"])
    assert find_model() == Path.cwd() / "models" / "strong" / "v1"
    kept = {found.name for found in Path("mlruns").rglob("*.json")}
    assert {"verdict.json", "profile.json", "manifest.json"} <= kept
    assert list(Path("mlruns").rglob("*.pkl")) == []
    assert entry.time > NOW
