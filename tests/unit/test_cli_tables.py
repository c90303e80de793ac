"""From dated tables to scores: trained as of the opening, scored as of the day, by the same recipes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from icp_ml.cli.lists import open_list
from icp_ml.cli.scoring_job import Job
from icp_ml.cli.spark_job import run_spark
from icp_ml.cli.tables_beside import tables_for
from icp_ml.errors import ConfigError
from icp_ml.serve.loading import load
from icp_ml.serve.output_rows import OutputRows
from tests.cli_projects import icp, refusal, write_config
from tests.dated_projects import HIRING, SCORED_ON, dated_config, hiring_on, write_dated_project

NEVER_SEEN = "nobody"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_dated_project(tmp_path_factory.mktemp("dated"))
    done = icp("train", folder / "icp.yaml", "--trials", 1)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def project(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "project", ignore=shutil.ignore_patterns("mlruns"))
    return tmp_path / "project"


def score(project: Path, prospects: Path, *words: object) -> pd.DataFrame:
    out = project / "out.csv"
    model = project / "models/dated/v1"
    words = ("--model", model, "--as-of", SCORED_ON, "--max-unscored", 1, "--force", *words)
    done = icp("score", prospects, "-o", out, *words)
    assert done.code == 0, done.err
    return pd.read_csv(out)


def test_a_list_of_names_scores_as_one_that_carries_the_columns(project: Path) -> None:
    """The second list holds what was counted one by one, and the tools as a text."""
    made = score(project, project / "list.csv")
    names = pd.read_csv(project / "list.csv")["domain"].tolist()
    tools = pd.read_csv(project / "technologies.csv").groupby("account")["tool"].agg(";".join)
    ready = pd.DataFrame({
        "domain": names, "hiring": hiring_on(project, names, SCORED_ON), "tools": [tools.get(name) for name in names],
    })  # fmt: skip
    ready.to_csv(project / "ready.csv", index=False)
    assert made["probability"].nunique() > 2
    given = score(project, project / "ready.csv")
    pd.testing.assert_frame_equal(made, given)


def test_what_the_list_carries_wins_over_the_table(project: Path) -> None:
    names = pd.read_csv(project / "list.csv")["domain"]
    busy = pd.DataFrame({"domain": names, "hiring": 9, "tools": "Alpha"})
    busy.to_csv(project / "busy.csv", index=False)
    scored, made = score(project, project / "busy.csv"), score(project, project / "list.csv")
    assert scored["probability"].nunique() == 1
    assert scored["probability"].mean() > made["probability"].mean()


def test_a_table_in_another_file_is_named_on_the_command_line(project: Path) -> None:
    before = score(project, project / "list.csv")
    (project / "signals.csv").rename(project / "elsewhere.csv")
    model = project / "models/dated/v1"
    code, said = refusal("score", project / "list.csv", "-o", project / "x.csv", "--model", model)
    assert code == 2
    assert "signals.csv" in said
    assert "--table signals=FILE" in said
    assert not (project / "x.csv").exists()
    elsewhere = ("--table", f"signals={project}/elsewhere.csv")
    pd.testing.assert_frame_equal(score(project, project / "list.csv", *elsewhere), before)


def test_without_tables_what_they_would_say_is_missing(project: Path) -> None:
    (project / "signals.csv").unlink()
    ready = pd.DataFrame({"domain": ["c1", "c2"], "tools": ["Alpha", "Beta"]})
    ready.to_csv(project / "ready.csv", index=False)
    scored = score(project, project / "ready.csv", "--no-tables")
    assert scored["status"].str.contains("1 of 2").all()


def test_explaining_one_company_uses_the_tables_too(project: Path) -> None:
    scored = score(project, project / "list.csv").set_index("domain")
    words = ("--id", "c7", "--model", project / "models/dated/v1", "--as-of", SCORED_ON, "--json")
    done = icp("explain", project / "list.csv", *words)
    assert done.code == 0, done.err
    assert json.loads(done.out)["probability"] == pytest.approx(scored.loc["c7", "probability"], abs=1e-9)


def test_companies_that_no_table_knows_are_told_of(project: Path) -> None:
    pd.DataFrame({"domain": [NEVER_SEEN]}).to_csv(project / "strangers.csv", index=False)
    words = ("--model", project / "models/dated/v1", "--as-of", SCORED_ON, "--max-unscored", 1)
    done = icp("score", project / "strangers.csv", "-o", project / "x.csv", *words)
    assert done.code == 0
    assert NEVER_SEEN in done.err
    assert "technologies" in done.err


def test_old_tables_are_told_of(project: Path) -> None:
    later = SCORED_ON + timedelta(days=200)
    words = ("--model", project / "models/dated/v1", "--as-of", later)
    done = icp("score", project / "list.csv", "-o", project / "x.csv", *words)
    assert "became known after" in done.err


def test_a_list_without_an_id_cannot_be_looked_up(project: Path) -> None:
    pd.DataFrame({"other": ["c1"]}).to_csv(project / "other.csv", index=False)
    words = ("score", project / "other.csv", "-o", project / "x.csv", "--model", project / "models/dated/v1")
    code, said = refusal(*words)
    assert code == 3
    assert "domain" in said


def test_a_table_that_is_not_used_is_refused(project: Path) -> None:
    words = ("--model", project / "models/dated/v1", "--table", "contacts=x.csv")
    code, said = refusal("score", project / "list.csv", "-o", project / "x.csv", *words)
    assert code == 2
    assert "'contacts'" in said


def test_check_tells_what_became_of_the_rows_of_each_table(project: Path) -> None:
    rows = len(pd.read_csv(project / "signals.csv"))
    with (project / "signals.csv").open("a", encoding="utf-8") as file:
        file.write(",job_posting,2024-01-01,2024-01-01\nc1,job_posting,,\nc1,job_posting,soon,\n")
    done = icp("check", project / "icp.yaml", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    told = {table["table"]: table for table in report["dated"]["tables"]}["signals"]
    assert (told["read"], told["used"]) == (rows + 3, rows)
    assert (told["no_account"], told["no_day"], told["unreadable_day"]) == (1, 1, 1)
    hiring = next(each for each in report["attributes"] if each["name"] == "hiring")
    assert (hiring["known"], hiring["in_prospects"]) == (1.0, 1.0)
    assert "signals.csv" in icp("check", project / "icp.yaml").out


def test_a_table_that_names_accounts_otherwise_is_refused(project: Path) -> None:
    signals = pd.read_csv(project / "signals.csv")
    signals.assign(account="x-" + signals["account"]).to_csv(project / "signals.csv", index=False)
    code, said = refusal("check", project / "icp.yaml")
    assert code == 3
    assert "signals.csv" in said
    assert "'x-c" in said


def test_two_attributes_of_one_column_are_refused(project: Path) -> None:
    config = dated_config()
    config["attributes"] = {"behavioural": {"one": HIRING, "two": {**HIRING, "column": "one"}}}
    write_config(project, config)
    code, said = refusal("check", project / "icp.yaml")
    assert code == 2
    assert "'two' is made from a table" in said or "'one' is made from a table" in said


@pytest.mark.parametrize("key", ["opened", "account"])
def test_without_a_day_or_an_account_nothing_can_be_looked_up(key: str, project: Path) -> None:
    config = dated_config()
    config["deals"] = {name: value for name, value in dict(config["deals"]).items() if name != key}  # type: ignore[call-overload]
    write_config(project, config)
    code, said = refusal("check", project / "icp.yaml")
    assert code == 2
    assert f"deals.{key}" in said


def test_companies_that_no_table_knows_are_told_of_once_and_not_with_every_batch(project: Path) -> None:
    pd.DataFrame({"domain": [f"{NEVER_SEEN}{k}" for k in range(9)]}).to_csv(project / "strangers.csv", index=False)
    words = ("--model", project / "models/dated/v1", "--as-of", SCORED_ON, "--max-unscored", 1, "--batch-rows", 3)
    done = icp("score", project / "strangers.csv", "-o", project / "x.csv", *words)
    told = [line for line in done.err.splitlines() if line.startswith("ATTENTION: none of the first")]
    assert sorted(line.split(" in ")[1].split(",")[0] for line in told) == ["signals", "technologies"]
    assert all(line.startswith("ATTENTION: none of the first 3 companies stands in ") for line in told)
    assert len(pd.read_csv(project / "x.csv")) == 9


def test_a_table_that_is_written_otherwise_or_of_no_use_is_refused(project: Path) -> None:
    model = ("--model", project / "models/dated/v1")
    code, said = refusal("score", project / "list.csv", "-o", project / "x.csv", *model, "--table", "signals.csv")
    assert (code, said) == (2, "--table was expected as TABLE=FILE, and 'signals.csv' was found; write it so")
    pd.DataFrame({"domain": ["c1"], "hiring": [1], "tools": ["Alpha"]}).to_csv(project / "ready.csv", index=False)
    words = ("score", project / "ready.csv", "-o", project / "x.csv", *model, "--table", "signals=signals.csv")
    code, said = refusal(*words)
    assert (code, said) == (2, "--table was given, and there is no attribute to be made of tables; leave it out")


def test_a_list_of_which_no_column_names_the_company_is_refused(project: Path) -> None:
    """With a bundle that does not say which column that is, and none said on the command line."""
    scorer = load(project / "models/dated/v1")
    opened = open_list(
        project / "list.csv", scorer, id_column=None, columns=[], delimiter=None, encoding=None, sheet=None, makes=True
    )
    with pytest.raises(ConfigError, match=r"nothing says which column of the list names the company.*--no-tables"):
        tables_for(replace(opened, id=None), scorer, project / "models/dated/v1", [], SCORED_ON)


def test_spark_makes_no_attributes_of_tables_and_says_so_before_it_is_started(project: Path) -> None:
    folder = project / "models/dated/v1"
    scorer = load(folder)
    opened = open_list(
        project / "list.csv", scorer, id_column=None, columns=[], delimiter=None, encoding=None, sheet=None, makes=True
    )
    tables = tables_for(opened, scorer, folder, [], SCORED_ON)
    job = Job(
        scorer, folder, opened, project / "out", SCORED_ON, reasons=0, batch_rows=9, max_unscored=1.0,
        wanted=OutputRows(), tables=tables,
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"attributes of this model are made of tables.*say --no-tables"):
        run_spark(job, {})
    assert not (project / "out").exists()
