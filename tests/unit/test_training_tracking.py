"""A training leaves a run behind that says what came of it, with a real MLflow on a real database."""

from __future__ import annotations

import errno
import math
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from icp_ml.errors import ConfigError, Locked
from icp_ml.profile.records import IdealRecord, Interval, Provenance, Verdict
from icp_ml.watch.comparison import Comparison
from icp_training.flips import TierFlips
from icp_training.tracking import (
    closing_run,
    open_run,
    reaching,
    record_bundle,
    record_comparison,
    record_flips,
    record_verdict,
)

NewProject = Callable[[str], Path]


def about(value: float) -> Interval:
    return Interval(value=value, low=value - 0.1, high=value + 0.1)


VERDICT = Verdict(
    kind="forward",
    sentence="Judged forward in time.",
    reliable=True,
    deals=200,
    accounts=150,
    skill=0.125,
    ranking=about(0.3),
    gain=about(0.2),
    levels=(),
    figures={
        "icp-ml": {"log_loss": about(0.5), "auc": about(0.75)},
        "logistic regression": {"log_loss": about(0.625), "auc": Interval(value=math.nan, low=0.0, high=1.0)},
    },
    returning=None,
    random_split={"log_loss": about(0.25)},
    warnings=(),
)
PROVENANCE = Provenance(
    name="spring",
    version=3,
    created="2025-01-01T00:00:00+00:00",
    code_version="0.1.0",
    target="won",
    config_hash="c",
    data_hash="d",
    run_id="r",
    extracted=None,
    ledger={"read": 5},
    params={"scorecard": {"ridge": 2.5, "bins": 8.0}, "trees": {"num_leaves": 7.0}},
    trials=1,
    seed=3,
)


def test_a_run_is_opened_in_the_experiment_of_its_name_with_its_tags(new_project: NewProject) -> None:
    root = new_project("project with a space")
    runs = [open_run(root, name, {"started": name}) for name in ("spring", "autumn", "spring")]
    stored = [run.client.get_run(run.run_id) for run in runs]
    assert [one.data.tags["started"] for one in stored] == ["spring", "autumn", "spring"]
    assert stored[0].info.experiment_id == stored[2].info.experiment_id != stored[1].info.experiment_id
    assert runs[0].client.get_experiment_by_name("spring") is not None
    assert {one.info.status for one in stored} == {"RUNNING"}


def test_what_is_recorded_stays_in_the_project(new_project: NewProject, monkeypatch: pytest.MonkeyPatch) -> None:
    root, elsewhere = new_project("kept"), new_project("elsewhere")
    monkeypatch.chdir(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    run = open_run(root, "spring", {})
    (root / "bundle").mkdir()
    (root / "bundle" / "manifest.json").write_text("{}")
    record_bundle(run, PROVENANCE, "abc", root / "bundle")
    run.end("FINISHED")
    assert sorted(elsewhere.rglob("*")) == before
    assert run.client.get_run(run.run_id).info.artifact_uri.startswith((root / "mlruns").as_uri())


@pytest.mark.parametrize(
    ("raised", "status"),
    [(None, "FINISHED"), (ValueError, "FAILED"), (KeyboardInterrupt, "KILLED"), (SystemExit, "KILLED")],
)
def test_a_run_is_ended_whatever_happens(
    new_project: NewProject, raised: type[BaseException] | None, status: str
) -> None:
    run = open_run(new_project("ended"), "spring", {})
    if raised is None:
        with closing_run(run):
            pass
    else:
        with pytest.raises(raised), closing_run(run):
            raise raised
    assert run.client.get_run(run.run_id).info.status == status


def test_every_figure_of_every_method_is_a_metric_and_the_verdict_a_tag(new_project: NewProject) -> None:
    run = open_run(new_project("verdict"), "spring", {})
    record_verdict(run, VERDICT)
    data = run.client.get_run(run.run_id).data
    assert math.isnan(data.metrics.pop("logistic_regression.auc"))
    assert data.metrics == {
        "icp-ml.log_loss": 0.5,
        "icp-ml.auc": 0.75,
        "logistic_regression.log_loss": 0.625,
        "random_split.log_loss": 0.25,
        "skill": 0.125,
    }
    assert (data.tags["verdict"], data.tags["judged"]) == ("reliable", "forward")


def test_a_refusal_is_recorded_as_one(new_project: NewProject) -> None:
    run = open_run(new_project("refusal"), "spring", {})
    record_verdict(run, VERDICT.model_copy(update={"reliable": False}))
    assert run.client.get_run(run.run_id).data.tags["verdict"] == "no reliable signal"


def test_the_bundle_is_kept_whole_beside_its_hash_and_parameters(new_project: NewProject, tmp_path: Path) -> None:
    root = new_project("bundle")
    run = open_run(root, "spring", {})
    files = {"manifest.json": b'{"a": 1}', "trees.txt": bytes(range(256))}
    folder = tmp_path / "v3"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    record_bundle(run, PROVENANCE, "abc", folder)
    stored = run.client.get_run(run.run_id)
    assert stored.data.params == {"scorecard.ridge": "2.5", "scorecard.bins": "8.0", "trees.num_leaves": "7.0"}
    assert stored.data.tags["content_hash"] == "abc"
    kept = Path(run.client.download_artifacts(run.run_id, "bundle", str(tmp_path)))
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == files


def test_the_server_of_the_environment_wins(new_project: NewProject, monkeypatch: pytest.MonkeyPatch) -> None:
    root, server = new_project("project"), new_project("server")
    monkeypatch.chdir(server)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{server / 'mlruns' / 'mlflow.db'}")
    run = open_run(root, "spring", {})
    assert run.client.get_experiment_by_name("spring") is not None
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert open_run(root, "autumn", {}).client.get_experiment_by_name("spring") is None


def test_a_record_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_text("this is no database, and it is longer than a header is" * 9)
    with pytest.raises(ConfigError, match="move away what is there"):
        open_run(tmp_path, "spring", {})


def test_nobody_is_told_what_is_called_here(tmp_path: Path) -> None:
    """MLflow reports its own use to its makers unless it is told not to; only tests and CI are spared by itself."""
    ask = (
        "from pathlib import Path; from icp_training.tracking import connect; connect(Path('.'));"
        "from mlflow.telemetry import get_telemetry_client; from mlflow.telemetry.utils import is_telemetry_disabled;"
        "print(get_telemetry_client(), is_telemetry_disabled())"
    )
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, env=bare, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["None", "True"]


def test_a_database_that_fails_is_one_sentence_and_no_traceback(
    new_project: NewProject, capfd: pytest.CaptureFixture[str]
) -> None:
    root = new_project("failing")
    with closing_run(open_run(root, "failing", {})):
        pass
    with sqlite3.connect(root / "mlruns" / "mlflow.db") as database:
        database.execute("drop table tags")
    database.close()
    with pytest.raises(ConfigError, match="no such table"):
        open_run(root, "failing", {"a": "tag"})
    assert "Traceback" not in capfd.readouterr().err


def test_a_record_without_room_is_told_and_another_full_disk_is_not_taken_for_it(new_project: NewProject) -> None:
    root = new_project("full")
    run = open_run(root, "spring", {})
    full = OSError(errno.ENOSPC, "No space left on device", str(root / "mlruns" / "artifacts" / "page.html"))
    told = r"cannot be used \(.*No space left on device.*has room, then try again"
    with pytest.raises(ConfigError, match=told), closing_run(run):
        raise full
    elsewhere = OSError(errno.ENOSPC, "No space left on device", str(root / "models" / "v1"))
    with pytest.raises(OSError, match="No space left") as found, closing_run(open_run(root, "spring", {})):
        raise elsewhere
    assert found.value is elsewhere


def test_what_was_not_asked_leaves_no_figure(new_project: NewProject) -> None:
    run = open_run(new_project("figures"), "spring", {})
    comparison = Comparison(champion_version=1, champion_hash="h", since="2024-06-30", deals=40, won=9, accounts=38)
    ideal = IdealRecord(grade="A", ideal=9, wins=9, above_all_others=about(0.7), above_other_wins=None)
    record_verdict(run, VERDICT.model_copy(update={"ideal": ideal}))
    record_flips(run, None)
    record_comparison(run, comparison)
    figures = run.client.get_run(run.run_id).data.metrics
    assert figures["ideal.above_all_others"] == pytest.approx(0.7)
    assert not {"ideal.above_other_wins", "tier_flips", "against_live.log_loss"} & set(figures)
    assert "comparison.json" in [each.path for each in run.client.list_artifacts(run.run_id)]
    record_flips(run, TierFlips({"employees": 0.3}, 10, 0.25, 0.1, 0.4))
    record_verdict(run, VERDICT.model_copy(update={"ideal": ideal.model_copy(update={"above_other_wins": about(0.6)})}))
    figures = run.client.get_run(run.run_id).data.metrics
    assert [figures["tier_flips"], figures["ideal.above_other_wins"]] == pytest.approx([0.25, 0.6])


def test_a_database_that_somebody_writes_into_is_a_matter_of_waiting() -> None:
    told = "the record of runs at here is being written by somebody else; try again later"
    with pytest.raises(Locked, match=told), reaching("here", "mend it"):
        raise OperationalError("insert", {}, sqlite3.OperationalError("database is locked"))
