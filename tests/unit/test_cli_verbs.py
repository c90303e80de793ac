"""The verbs as a person would type them: what they print, where things are, and what Ctrl-C leaves."""

from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from threadpoolctl import threadpool_limits

import icp_training.training
from icp_ml.serve.bundle import open_bundle
from tests.cli_projects import Outcome, deal_rows, files_in, icp, null, refusal, strong, write_project

TRAIN = ("--trials", "1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome, Outcome]:
    """A project trained twice from another folder, on one thread for people, on two for a job that was given the rows
    in another order; and what was said.
    """
    project = write_project(tmp_path_factory.mktemp("place") / "project", strong())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.parent)
        patch.delenv("ICP_HOME", raising=False)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setenv("COLUMNS", "60")
        with threadpool_limits(1):
            first = icp("train", "project/icp.yaml", *TRAIN, "--rejected", "project/rejected.csv")
        exported = shuffle_rows(project / "deals.csv")
        with threadpool_limits(2):
            second = icp("train", "project/icp.yaml", *TRAIN, "--json")
        (project / "deals.csv").write_bytes(exported)
    return project, first, second


def shuffle_rows(path: Path) -> bytes:
    """Write the file's rows in another order, and give what it was."""
    before = path.read_bytes()
    header, *rows = before.splitlines(keepends=True)
    random.Random(8).shuffle(rows)
    path.write_bytes(b"".join([header, *rows]))
    assert path.read_bytes() != before
    return before


@pytest.fixture
def project(trained: tuple[Path, Outcome, Outcome], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The trained project, and the terminal in it."""
    monkeypatch.chdir(trained[0])
    monkeypatch.delenv("ICP_HOME", raising=False)
    return trained[0]


def runs(project: Path) -> list[str]:
    """The status of every run, oldest first."""
    with sqlite3.connect(project / "mlruns" / "mlflow.db") as database:
        found = [status for (status,) in database.execute("select status from runs order by start_time")]
    database.close()
    return found


def test_trainings_on_one_thread_and_on_two_in_whatever_order_are_versions_of_one_hash_beside_the_configuration(
    trained: tuple[Path, Outcome, Outcome],
) -> None:
    project, first, second = trained
    assert first.code == second.code == 0
    assert sorted(path.name for path in (project / "models" / "strong").iterdir()) == ["v1", "v2"]
    assert sorted(path.name for path in project.parent.iterdir()) == ["project"]
    assert runs(project)[:2] == ["FINISHED", "FINISHED"]
    one, two = (open_bundle(project / "models" / "strong" / name) for name in ("v1", "v2"))
    assert one.content_hash == two.content_hash
    assert one.bundle.provenance.data_hash != two.bundle.provenance.data_hash
    assert one.bundle.provenance.run_id != two.bundle.provenance.run_id


def test_every_row_is_accounted_for_in_the_bundle_on_the_card_and_in_the_run(project: Path) -> None:
    ledger = dict(open_bundle(project / "models" / "strong" / "v1").bundle.provenance.ledger)
    card = (project / "models" / "strong" / "v1" / "card.md").read_text(encoding="utf-8")
    assert all(f"- {step}: {rows:,}" in card.splitlines() for step, rows in ledger.items())
    recorded = [json.loads(path.read_text()) for path in (project / "mlruns").rglob("rows.json")]
    assert recorded[0] == {"rows": ledger, "rejected": {}}
    assert ledger.pop("read") == sum(ledger.values()) == len(deal_rows(strong()))


def test_train_writes_the_rejected_rows_where_it_is_asked_to(project: Path) -> None:
    assert (project / "rejected.csv").read_text(encoding="utf-8") == "line,deal,reason\n"
    taken = ("train", "icp.yaml", "--rejected", "rejected.csv")
    assert refusal(*taken) == refusal("check", *taken[1:])
    assert refusal("train", "icp.yaml", "--rejected", "icp.yaml", "--force")[0] == 2


def test_train_says_what_to_type_next_from_where_one_stands(trained: tuple[Path, Outcome, Outcome]) -> None:
    _, first, _ = trained
    assert "Bundle: project/models/strong/v1" in first.out.splitlines()
    assert first.out.splitlines()[-1].startswith("Next: icp show project/models/strong/v1, then icp score")


def test_nobody_elses_messages_are_on_the_screen(trained: tuple[Path, Outcome, Outcome]) -> None:
    _, first, second = trained
    ours = ("judging", "searching", "fitting", "writing the ICP down")
    for done in (first, second):
        assert all(line.startswith(ours) for line in done.err.splitlines()), done.err
        assert "mlflow" not in done.out.lower()


def test_json_is_all_that_stdout_holds(trained: tuple[Path, Outcome, Outcome], project: Path) -> None:
    score = ("score", "prospects.csv", "-o", "job.parquet", "--json", "--force")
    documents = [json.loads(icp(*words, "--json").out) for words in (("check", "icp.yaml"), ("show",))]
    documents += [json.loads(icp(*score).out), json.loads(trained[2].out)]
    assert documents[0]["deals"] == len([row for row in deal_rows(strong()) if row["stage"].startswith("Closed")])
    assert documents[0]["sources"] == [str(project / "deals.csv")]
    assert documents[1]["provenance"]["version"] == documents[3]["version"] == 2
    assert documents[2]["rows_in"] == documents[2]["rows_out"] == len(strong().prospects)


def test_in_a_pipe_a_sentence_is_one_line(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    told = icp("show", "strong").out
    assert any(len(line) > 60 and "wins observed over expected" in line for line in told.splitlines())
    assert "\x1b" not in told


def test_a_narrow_page_loses_no_column(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    told = icp("check", "icp.yaml").out
    header = next(line for line in told.splitlines() if line.lstrip().startswith(("attribute (kind)", "(kind)")))
    assert header.split()[-8:] == ["known", "if", "won", "if", "lost", "values", "not", "read"]


def test_brackets_in_a_name_are_shown_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_project(tmp_path / "bracketed", strong()))
    values = yaml.safe_load(Path("icp.yaml").read_text(encoding="utf-8"))
    layer, members = next(iter(values["attributes"].items()))
    name = next(iter(members))
    values["attributes"][layer] = {"size [bold]": {"kind": "category", "column": name}}
    Path("icp.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    assert "size [bold] (category)" in icp("check", "icp.yaml").out


def test_score_says_what_it_did_and_where_it_is(project: Path) -> None:
    done = icp("score", "prospects.csv", "-o", "scored.parquet")
    assert done.code == 0
    assert f"{len(strong().prospects):,} rows in, {len(strong().prospects):,} rows out" in done.out
    assert "strong version 2" in done.out
    assert done.out.splitlines()[-1].endswith("Written to scored.parquet.")
    assert pq.read_table("scored.parquet").num_rows == len(strong().prospects)


def test_without_a_signal_there_is_a_verdict_a_finished_run_and_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_project(tmp_path / "null", null()))
    done = icp("train", "icp.yaml", *TRAIN, "--json")
    assert done.code == 5
    assert "icp: no reliable signal" in done.err
    document = json.loads(done.out)
    assert document["bundle"] is None
    assert document["verdict"]["reliable"] is False
    assert not Path("models").exists()
    assert runs(Path.cwd()) == ["FINISHED"]


def test_ctrl_c_leaves_no_bundle_and_a_killed_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(icp_training.training, "judge", stopped)
    before = files_in(project / "models")
    code, sentence = refusal("train", "icp.yaml", *TRAIN)
    assert code == 130
    assert "nothing half-written" in sentence
    assert files_in(project / "models") == before
    assert runs(project)[-1] == "KILLED"


def test_a_record_of_runs_that_cannot_be_used_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_project(tmp_path / "blocked", strong()))
    Path("mlruns").write_text("a file", encoding="utf-8")
    code, sentence = refusal("train", "icp.yaml", *TRAIN)
    assert code == 2
    assert "a record of runs was expected at" in sentence
    assert not Path("models").exists()


def test_a_draft_beside_or_away_from_its_export_can_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_project(tmp_path / "drafted", strong()))
    Path("conf").mkdir()
    for place in ("new.yaml", "conf/new.yaml"):
        drafted = icp("init", "deals.csv", "-o", place)
        assert drafted.code == 0
        assert drafted.out.splitlines()[-1] == f"Next: icp check {place}, then icp train {place}"
        assert icp("check", place).code == 0


def test_without_words_the_verbs_are_listed() -> None:
    done = icp()
    assert done.code == 2
    assert all(verb in done.out for verb in ("demo", "init", "check", "train", "show", "score"))
