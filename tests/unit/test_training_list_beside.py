"""The list that a configuration names beside the deals, by the command line: in the bundle, on the page, in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from icp_ml.serve.bundle import read_bundle
from icp_training.report.list_shift import list_shift
from icp_training.report.parts import Chart, Words
from tests import cli_projects
from tests.cli_projects import icp, refusal, strong, write_config


def config() -> dict[str, object]:
    return {**cli_projects.config(strong()), "prospects": {"source": "prospects.csv", "id": "domain"}}


def write_project(folder: Path) -> Path:
    """One whose configuration names the list."""
    cli_projects.write_project(folder, strong())
    write_config(folder, config())
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of which nine rows in ten say nothing of one attribute, and one names a thing that no deal has."""
    folder = write_project(tmp_path_factory.mktemp("beside") / "project")
    listed = pd.read_csv(folder / "prospects.csv", dtype=str)
    listed.loc[listed.index % 10 != 0, emptied(listed)] = None
    listed.to_csv(folder / "prospects.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("ICP_HOME", raising=False)
        patch.chdir(folder)
        done = icp("train", "icp.yaml", "--trials", "1")
        assert done.code == 0, done.err
    return folder


def emptied(listed: pd.DataFrame) -> str:
    """The attribute that is taken from the list: the first that the configuration and the list share."""
    layers = config()["attributes"]
    assert isinstance(layers, dict)
    return next(str(name) for layer in layers.values() for name in layer if name in listed.columns)


def version(folder: Path) -> Path:
    (found,) = (folder / "models").glob("*/v1")
    return found


def test_the_bundle_keeps_what_a_count_of_the_list_says(trained: Path) -> None:
    found = read_bundle(version(trained)).representativeness
    assert found is not None
    listed = pd.read_csv(trained / "prospects.csv", dtype=str)
    shifts = {each.attribute: each for each in found.columns}
    name = emptied(listed)
    assert found.rows == len(listed)
    assert shifts[name].known_list == pytest.approx(listed[name].notna().mean())
    assert found.auc_of_gaps > 0.8
    assert name in found.sentences[-1]


def test_the_bundle_keeps_no_value_of_the_list(trained: Path) -> None:
    found = read_bundle(version(trained)).representativeness
    assert found is not None
    assert all(each.unseen == () for each in found.columns)


def test_the_page_shows_the_attribute_that_is_emptier_on_the_list(trained: Path) -> None:
    page = (version(trained) / "report.html").read_text(encoding="utf-8")
    name = emptied(pd.read_csv(trained / "prospects.csv", dtype=str))
    assert f"What is known differs most in {name}: it is known of" in page
    assert '"list-shift"' in page


def test_a_list_that_is_not_there_is_told_before_anything_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_project(tmp_path / "project")
    (folder / "prospects.csv").unlink()
    monkeypatch.chdir(folder)
    code, said = refusal("train", "icp.yaml", "--trials", "1")
    assert (code, "prospects.csv" in said) == (3, True)
    assert not (folder / "models").exists()


def test_a_model_without_a_list_says_so_on_its_page() -> None:
    (said,) = list_shift(None, 0)
    assert isinstance(said, Words)
    assert "No prospect list was held beside the deals" in said.text


def test_another_population_is_said_in_the_tone_of_a_warning(trained: Path) -> None:
    found = read_bundle(version(trained)).representativeness
    assert found is not None
    apart = found.model_copy(update={"likeness": "apart"})
    first, *_, chart = list_shift(apart, 1_000)
    assert isinstance(first, Words)
    assert first.tone == "bad"
    assert isinstance(chart, Chart)
    assert len(chart.numbers.rows) == len(found.columns)
