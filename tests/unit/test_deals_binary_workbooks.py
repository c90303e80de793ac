"""What .xls and .xlsb say of themselves ends at most the process that reads them, and never the one that asks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fuzz.binary_sheets import Cells, binary_parts, old_workbook, spoilt_binary
from benchmarks.fuzz.sheets import zipped
from icp_ml.deals.binary_workbooks import is_binary
from icp_ml.deals.reading import read_table
from icp_ml.errors import InputError
from tests.workbooks import workbook

CELLS: Cells = [(0, 0, "id"), (0, 1, "Größe"), (2, 0, "007"), (2, 1, 1200.0), (3, 0, "x"), (3, 1, 0.25)]
FAR: dict[str, Cells] = {"xls": [(0, 0, "a"), (65_535, 65_535, 1.0)], "xlsb": [(0, 0, "a"), (1_048_575, 16_383, 1.0)]}
"""1 and 17 thousand million cells: more than memory holds."""


def written(path: Path, cells: Cells) -> Path:
    of: dict[str, Callable[[Cells], bytes]] = {".xls": old_workbook, ".xlsb": lambda cells: zipped(binary_parts(cells))}
    path.write_bytes(of[path.suffix](cells))
    return path


def refusal(path: Path, sheet: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_table(path, sheet=sheet)
    return caught.value.sentence


@pytest.mark.parametrize("form", ["xls", "xlsb"])
def test_they_mean_what_the_same_sheet_means_as_xml(form: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"list.{form}", CELLS)
    same = workbook(tmp_path / "same.xlsx", {"List": [["id", "Größe"], [None], ["007", 1200.0], ["x", 0.25]]})
    assert is_binary(path)
    assert not is_binary(same)
    assert (
        read_table(path).to_pydict() == read_table(same).to_pydict() == {"id": ["007", "x"], "Größe": ["1200", "0.25"]}
    )


@pytest.mark.parametrize("form", ["xls", "xlsb"])
def test_two_cells_in_two_corners_are_refused_and_the_process_lives(form: str, tmp_path: Path) -> None:
    assert "one with cells far from the others" in refusal(written(tmp_path / f"list.{form}", FAR[form]))


def test_more_cells_than_may_be_read_are_refused_by_their_number(tmp_path: Path) -> None:
    path = written(tmp_path / "list.xlsb", [(0, 0, "a"), (1_048_575, 19, 1.0)])
    assert "expected at most 20,000,000 cells in a sheet, found 1,048,576 rows of 20" in refusal(path)


def test_a_refusal_comes_back_in_its_own_words(tmp_path: Path) -> None:
    path = written(tmp_path / "list.xls", CELLS)
    assert "list.xls: expected the sheet '2025', found none of that name" in refusal(path, "2025")


@pytest.mark.parametrize("seed", range(24))
def test_a_wrong_number_anywhere_ends_in_a_table_or_a_sentence(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(
        spoilt_binary([["id", "size"], *([str(n), "b" * n] for n in range(30))], np.random.default_rng(seed))
    )
    try:
        said = f"list: expected {read_table(path).num_columns} columns"
    except InputError as error:
        said = error.sentence
    assert said.startswith("list: expected ")


def test_nothing_of_the_working_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own `-m` would look there first."""
    (tmp_path / "json.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "icp_ml.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    assert read_table(written(tmp_path / "list.xls", CELLS)).num_rows == 2


def test_a_bound_that_is_there_already_is_not_widened() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import resource; from icp_ml.deals import binary_workbooks\n"
            f"resource.setrlimit(resource.RLIMIT_AS, ({5 << 30}, resource.RLIM_INFINITY))\n"
            "binary_workbooks._bound(7)\n"
            "print(*resource.getrlimit(resource.RLIMIT_AS), *resource.getrlimit(resource.RLIMIT_CPU))",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert said.split() == [str(5 << 30)] * 2 + ["7"] * 2
