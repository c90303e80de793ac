"""`icp score` and `icp show`, and where they look for a model."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from typer import Typer
from typer.testing import CliRunner

from icp_ml.cli.places import find_model, project_root
from icp_ml.cli.score import score
from icp_ml.cli.show import show
from icp_ml.errors import BundleInvalid, ConfigError, IcpError, InputError, ModelNotFound, TooManyUnusable
from tests import serve_models
from tests.serve_models import AS_OF, raw_list, scorer

APP = Typer()
APP.command("score")(score)
APP.command("show")(show)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one model in two versions and a list of 30 rows, and the terminal in it."""
    for version in ("v2", "v10"):
        serve_models.write(tmp_path / "models" / "planted" / version)
    pa_csv.write_csv(raw_list(30, 5), tmp_path / "list.csv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


def icp(*words: str) -> str:
    """What a command prints; raises what `icp` turns into a sentence and an exit code."""
    result = CliRunner().invoke(APP, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*words: str) -> IcpError:
    with pytest.raises(IcpError) as found:
        icp(*words)
    return found.value


def test_a_list_in_a_file_is_answered_as_in_memory(home: Path) -> None:
    icp("score", "list.csv", "-o", "out.parquet", "--as-of", AS_OF.isoformat(), "--batch-rows", "7")
    assert pq.read_table(home / "out.parquet").equals(scorer().score(raw_list(30, 5), as_of=AS_OF))


def test_ages_count_to_today_unless_told_otherwise(home: Path) -> None:
    summary = json.loads(icp("score", "list.csv", "-o", "out.csv", "--json"))
    assert date.fromisoformat(summary["as_of"]) <= date.today()
    assert summary["rows_in"] == summary["rows_out"] == sum(summary["by_status"].values()) == 30
    assert summary["model"] == str(home / "models" / "planted" / "v10")


def test_what_a_list_lacks_and_what_is_odd_in_it_is_told_loudly(home: Path) -> None:
    odd = raw_list(30, 5).drop_columns(["tools"]).set_column(2, "annual_revenue", pa.array(["lots"] * 30))
    pa_csv.write_csv(odd, home / "odd.csv")
    told = icp("score", "odd.csv", "-o", "out.csv")
    assert "ATTENTION: the list has no column for tools" in told
    assert "revenue: 30 values could not be read, such as 'lots'" in told
    assert "the list lacks tools" in (home / "out.csv").read_text()


def test_id_map_and_delimiter_of_the_command_line_win(home: Path) -> None:
    names = [{"employees": "Staff", "domain": "site"}.get(name, name) for name in raw_list(1, 1).schema.names]
    renamed = raw_list(30, 5).rename_columns(names)
    pa_csv.write_csv(renamed, home / "other.csv", pa_csv.WriteOptions(delimiter=";", quoting_style="all_valid"))
    options = ("--id", "site", "--map", "Staff=employees", "--delimiter", ";", "--as-of", AS_OF.isoformat())
    icp("score", "other.csv", "-o", "out.parquet", *options)
    expected = scorer().score(raw_list(30, 5), as_of=AS_OF).rename_columns({"domain": "site"})
    assert pq.read_table(home / "out.parquet").equals(expected)


def test_too_many_rows_without_a_score_write_nothing(home: Path) -> None:
    rows: list[dict[str, str | None]] = [{"domain": "a", "industry": "Retail"}, {"domain": "b"}, {"domain": "c"}]
    schema = pa.schema([("domain", pa.string()), ("industry", pa.string())])
    pa_csv.write_csv(pa.Table.from_pylist(rows, schema), home / "empty.csv")
    error = refused("score", "empty.csv", "-o", "out.csv")
    assert isinstance(error, TooManyUnusable)
    assert "2 of 3 rows could not be scored (no attribute known: 2)" in error.sentence
    assert sorted(path.name for path in home.iterdir()) == ["empty.csv", "list.csv", "models"]
    icp("score", "empty.csv", "-o", "out.csv", "--max-unscored", "0.7")
    assert (home / "out.csv").exists()


def test_an_output_that_exists_is_kept_unless_forced_and_the_list_always(home: Path) -> None:
    (home / "out.csv").write_text("before")
    assert isinstance(refused("score", "list.csv", "-o", "out.csv"), ConfigError)
    assert (home / "out.csv").read_text() == "before"
    icp("score", "list.csv", "-o", "out.csv", "--force")
    assert (home / "out.csv").read_text() != "before"
    assert "the list itself" in refused("score", "list.csv", "-o", "list.csv", "--force").sentence


def test_bad_lists_and_bundles_leave_no_file(home: Path) -> None:
    (home / "colours.csv").write_text("colour\nred\n")
    assert isinstance(refused("score", "colours.csv", "-o", "out.csv"), InputError)
    assert isinstance(refused("score", "lost.csv", "-o", "out.csv"), InputError)
    assert isinstance(refused("score", "list.csv", "-o", "out.csv", "--map", "Staff"), ConfigError)
    trees = home / "models" / "planted" / "v10" / "trees.txt"
    trees.write_bytes(trees.read_bytes().replace(b"v4", b"v3"))
    assert isinstance(refused("score", "list.csv", "-o", "out.csv"), BundleInvalid)
    assert sorted(path.name for path in home.iterdir()) == ["colours.csv", "list.csv", "models"]


def test_show_tells_the_icp_the_verdict_and_where_it_comes_from(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    told = " ".join(icp("show", "planted").split())
    for words in ("110 of 180 won", "chance explains it", "logistic", "random split", "the level has drifted"):
        assert words in told
    document = json.loads(icp("show", "--json"))
    assert document["provenance"]["name"] == "planted"
    assert document["profile"]["attributes"][0]["factor"] == "demo"
    assert document["verdict"]["figures"]["icp-ml"]["auc"]["low"] == "NaN"


def test_a_model_is_found_by_folder_by_name_by_version_or_alone(home: Path) -> None:
    models = home / "models" / "planted"
    assert find_model(None) == models / "v10"  # ten is newer than two
    assert find_model("planted") == models / "v10"
    assert find_model("planted/v2") == models / "v2"
    assert find_model(str(models / "v2")) == models / "v2"
    assert find_model(str(models)) == models / "v10"


def test_a_model_that_is_not_there_or_not_clear_is_not_guessed(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(ModelNotFound, match="did you mean 'planted'"):
        find_model("plantet")
    (home / "models" / "planted" / ".v11.abc.partial").mkdir()
    (home / "models" / "planted" / "v12").mkdir()
    assert find_model(None).name == "v10"
    serve_models.write(home / "models" / "second" / "v1")
    with pytest.raises(ModelNotFound, match="2 models, 'planted', 'second'"):
        find_model(None)
    with pytest.raises(ModelNotFound, match="icp train"):
        find_model(None, tmp_path_factory.mktemp("empty"))


def test_the_root_is_the_configs_folder_then_the_environments_then_here(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project_root() == home
    monkeypatch.setenv("ICP_HOME", str(home / "models"))
    assert project_root() == home / "models"
    assert project_root(home / "icp.yaml") == home
