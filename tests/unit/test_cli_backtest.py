"""`icp backtest` as a person runs it: what it prints, what it records, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient

from icp_ml.cli.main import app
from icp_training.world import make_strong_world
from tests.cli_projects import icp, null, refusal, strong, write_project

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "maven-crm"
MAVEN = Path(__file__).resolve().parents[2] / "training" / "configs" / "maven.yaml"
FEW = ("--trials", "1", "--quarters", "2")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = write_project(tmp_path_factory.mktemp("told") / "strong", make_strong_world(3, deals=400))
        patch.chdir(folder)
        yield folder


def test_the_page_the_document_and_the_record_tell_the_same(project: Path) -> None:
    page = icp("backtest", "icp.yaml", *FEW)
    assert page.code == 0, page.err
    assert "replaying quarters" in page.err
    client = MlflowClient(f"sqlite:///{project / 'mlruns' / 'mlflow.db'}")
    (experiment,) = (each for each in client.search_experiments() if each.name == "strong")
    (run,) = client.search_runs([experiment.experiment_id])
    document = json.loads(Path(client.download_artifacts(run.info.run_id, "backtest.json")).read_text(encoding="utf-8"))
    names = [quarter["name"] for quarter in document["quarters"]]
    assert len(names) == 2
    assert all(name in page.out for name in names)
    assert document["refused"] is None
    assert all(sentence in page.out.replace("\n", " ") for sentence in document["yardsticks"])
    pooled = document["pooled"]
    assert pooled["told"] == sum(quarter["told"] for quarter in document["quarters"])
    assert sum(tier["won"] for tier in pooled["outcomes"]["tiers"]) == pooled["won"]
    assert pooled["outcomes"]["lead"]["ratio"]["low"] > 1
    (name, scorecard), *others = pooled["scorecards"]
    assert (name, others) == ("equal weights", [])
    assert sum(tier["deals"] for tier in scorecard["tiers"]) == pooled["told"]
    assert not (project / "models").exists()
    assert (run.data.tags["kind"], run.info.status) == ("backtest", "FINISHED")
    held = {file.path for file in client.list_artifacts(run.info.run_id, "evidence")}
    assert held == {"evidence/backtest.csv", "evidence/backtest.png"}
    assert run.data.metrics["backtest.ratio"] == pooled["outcomes"]["lead"]["ratio"]["value"]


def test_where_nothing_decides_there_is_nothing_to_backtest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_project(tmp_path / "null", null()))
    done = icp("backtest", "icp.yaml", *FEW, "--json")
    document = json.loads(done.out)
    assert done.code in (4, 5)
    assert document["refused"].startswith("there is nothing to backtest: expected at least 2 quarters")
    assert document["refused"] in done.err
    assert document["pooled"] is None
    assert sum(quarter["reason"] is not None for quarter in document["quarters"]) >= 1


def test_a_scorecard_that_is_none_is_refused_before_anything_is_read(project: Path) -> None:
    code, _ = refusal("backtest", "icp.yaml", *FEW, "--against", "nowhere.yaml")
    assert code == 2


def test_without_dates_one_sentence_and_4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_project(tmp_path / "undated", strong()))
    values = yaml.safe_load(Path("icp.yaml").read_text(encoding="utf-8"))
    del values["deals"]["closed"]
    Path("icp.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    code, sentence = refusal("backtest", "icp.yaml", *FEW)
    assert code == 4
    assert "deals.opened and deals.closed" in sentence
    assert not Path("mlruns").exists()


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not beside the project")
def test_on_accounts_that_come_back_in_every_quarter_there_is_nothing_to_backtest(tmp_path: Path) -> None:
    values = yaml.safe_load(MAVEN.read_text(encoding="utf-8"))
    values["root"] = str(tmp_path)
    values["deals"]["source"] = str(SHARED / "sales_pipeline.csv")
    values["tables"]["accounts"]["source"] = str(SHARED / "accounts.csv")
    config = tmp_path / "maven.yaml"
    config.write_text(yaml.safe_dump(values), encoding="utf-8")
    code, sentence = refusal("backtest", config, "--trials", "1")
    assert code == 4
    assert "1 without a reliable signal" in sentence
    assert "are of accounts not learned from, and 20 are needed" in sentence


def test_the_verb_is_there() -> None:
    assert "backtest" in {command.callback.__name__ for command in app.registered_commands if command.callback}
