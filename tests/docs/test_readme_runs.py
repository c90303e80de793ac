"""The ten minutes of the README, as a person would type them, on a small synthetic export."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.csv as pa_csv
import pytest

from icp_ml.serve.file_names import CARD, CLOSED_WON, CONTENT_FILES, DEFINITION, DEPENDENCE, MANIFEST, REPORT
from icp_training.world import WorldSettings, make_world
from tests.cli_projects import icp
from tests.docs.pages import ROOT, blocks, page, section

TEN_MINUTES = "Ten minutes with your own export"
BY_HAND = ("source", "$EDITOR")
FEW_TRIALS = ("--trials", "1")
NOT_IN_AN_EXPORT = ("name", "deal_type")


def typed() -> list[list[str]]:
    """The `icp` lines of the README's block, as words; a training gets few trials, so that it is quick."""
    lines = blocks(section(page("README.md"), TEN_MINUTES), "sh")[0].splitlines()
    split = [shlex.split(line, comments=True) for line in lines]
    commands = [words for words in split if words and words[0] not in BY_HAND]
    return [[*words, *FEW_TRIALS] if words[1] == "train" else words for words in commands]


def python_of(folder: Path, *words: str) -> str:
    """What a fresh Python prints in `folder`; one core, and nothing but this project."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ICP_", "MLFLOW_"))},
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "training")]),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_export(folder: Path) -> None:
    """deals.csv and prospects.csv of a small world whose signal is strong."""
    world = make_world(
        WorldSettings(
            deals=500, prospects=60, seed=1, deals_per_account=1.1, noise=0, weak=0, leaks=1, keep_proxies=False
        )
    )
    rows = world.deal_rows().drop(columns=[*NOT_IN_AN_EXPORT])
    rows.to_csv(folder / "deals.csv", index=False)
    world.prospects.to_csv(folder / "prospects.csv", index=False)


def follow_the_guides(commands: list[list[str]]) -> None:
    """The guide for one's own export asks for the same and a report; the report's page draws it anew, of Parquet."""
    guide = [shlex.split(line) for block in blocks(page("docs/own-export.md"), "sh") for line in block.splitlines()]
    same = [words for words in commands if words[1] != "show"]
    assert [words[: len(asked)] for words, asked in zip(same, guide, strict=False)] == guide[:-1]
    assert icp(*guide[-1][1:]).code == 0
    assert icp(*same[-1][1:3], "-o", "scored.parquet", "--id", "domain").code == 0
    for block in blocks(page("docs/report.md"), "sh"):
        assert icp(*shlex.split(block)[1:]).code == 0
        assert Path("report.html").is_file()


def test_the_ten_minutes_and_the_python_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_export(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    commands = typed()
    assert [words[1] for words in commands] == ["init", "check", "train", "show", "score"]
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    said = [icp(*words[1:]) for words in commands]
    assert [each.code for each in said] == [0] * len(said), [each.err for each in said]
    assert "that is reliable" in said[2].out
    written = {found.name for found in (tmp_path / "models" / "icp" / "v1").iterdir()}
    assert written == {*CONTENT_FILES, DEFINITION, CLOSED_WON, DEPENDENCE, CARD, REPORT, MANIFEST}
    scored = pa_csv.read_csv(tmp_path / "scored.csv")
    listed = pa_csv.read_csv(tmp_path / "prospects.csv")
    assert scored["domain"].to_pylist() == listed["domain"].to_pylist()
    assert set(columns_shown()) <= set(scored.column_names)
    follow_the_guides(commands)
    code = blocks(section(page("README.md"), "From Python"), "python")[0]
    check = f"{code}\ngap = abs(parts.sum(axis=1) - scored['log_odds']).max()\nassert gap < 1e-9, gap\n"
    python_of(tmp_path, "-c", check + "assert (chances == scored['probability']).all()\n")


def columns_shown() -> Iterator[str]:
    """The columns of the scored list that the README shows."""
    text = section(page("README.md"), TEN_MINUTES)
    header = next(line for line in text.splitlines() if line.startswith("| domain |"))
    return (cell.strip() for cell in header.strip("|").split("|"))
