"""Whatever a file, a configuration or a request holds: an answer for every row, or one sentence; and nothing outside.

A few hundred of the cases that `make fuzz` tries a hundred thousand of; and that the trial itself sees what is wrong.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fuzz.cases import Ready, RowsLostError, Watch, outcome_of
from benchmarks.fuzz.sheets import SHEET, excel_parts, rows_of_workbook, zipped
from benchmarks.fuzz.workers import maker_of, outcomes, tried
from icp_ml.deals.reading import read_table
from icp_ml.errors import ConfigError, InputError
from tests import hostile_projects

WATCH = Watch()
"""An audit hook stays as long as its process."""
CASES = {"configurations": 100, "CSV": 100, "Parquet": 60, "workbooks": 100, "answers": 60, "HTTP": 60}
ALWAYS_REFUSED = 4
"""At least one case in so many is refused, but for answers: one that cannot be read leaves its row without it."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_projects.write(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("kind", CASES)
def test_every_case_ends_in_an_answer_or_in_a_sentence(kind: str, project: Path, tmp_path: Path) -> None:
    found = list(outcomes(maker_of(kind, project, tmp_path), range(CASES[kind]), WATCH))
    assert hostile_projects.faults(found) == []
    # A trial in which everything is refused has tried the door and not the house.
    fates = Counter(outcome.fate for _, outcome in found)
    assert fates["answered"] >= len(found) // 50
    assert fates["refused"] >= (0 if kind == "answers" else len(found) // ALWAYS_REFUSED)


@pytest.mark.parametrize("kind", ["CSV", "workbooks", "answers"])
def test_a_case_is_made_of_its_number_alone(kind: str, project: Path, tmp_path: Path) -> None:
    once, again = (list(outcomes(maker_of(kind, project, tmp_path), range(5, 12), WATCH)) for _ in range(2))
    assert once == again


def test_the_other_reader_counts_the_rows_of_a_whole_workbook(tmp_path: Path) -> None:
    """Whatever way its texts are kept; and of one whose rows stand in another order it says nothing."""
    rows = [["a", "b", "c"], ["x", "12", "2024-03-01"], ["", "", ""], ["x & y", "", "z"]]
    for seed in range(4):
        parts = excel_parts(rows, np.random.default_rng(seed))
        path = tmp_path / f"{seed}.xlsx"
        path.write_bytes(zipped(parts))
        # By hand: a header, two rows that hold something, and a blank one that is none.
        assert rows_of_workbook(path) == read_table(path).num_rows == 2
        path.write_bytes(zipped({**parts, SHEET: parts[SHEET].replace(b'<row r="2"', b'<row r="9"')}))
        assert rows_of_workbook(path) is None


def _raises(error: Exception) -> Ready:
    def case() -> str:
        raise error

    return case


def _unclean() -> str:
    error = InputError("x")
    error.sentence = "\x1b[2J"
    raise error


def _writes(path: Path) -> Ready:
    def case() -> str:
        path.write_text("written")
        return "done"

    return case


SEEN: dict[str, tuple[Callable[[Path], Ready], str]] = {
    "an answer": (lambda _: lambda: "3 rows", "answered"),
    "a sentence": (lambda _: _raises(ConfigError("expected a, found b; do c")), "refused"),
    "a bug": (lambda _: _raises(ZeroDivisionError()), "exception"),
    "a row lost": (lambda _: _raises(RowsLostError("3 rows in, 2 out")), "lost"),
    "a sentence that a terminal would obey": (lambda _: _unclean, "sentence"),
    "a file written": (lambda folder: _writes(folder / "x"), "outside"),
    "a process started": (lambda _: lambda: str(os.system("true")), "outside"),
}


@pytest.mark.parametrize("what", SEEN)
def test_the_trial_sees_what_comes_of_a_case(what: str, tmp_path: Path) -> None:
    make, fate = SEEN[what]
    assert outcome_of(make(tmp_path), WATCH).fate == fate


def test_a_dead_process_is_a_crash_of_the_case_that_it_had_begun() -> None:
    dies = "import os, sys; print(sys.argv[3], flush=True); os.abort()"
    found = list(tried("CSV", Path(), range(3, 5), [sys.executable, "-c", dies]))
    assert [(each.case, each.fate) for each in found] == [(3, "crash"), (4, "crash")]


def test_a_worker_that_never_begins_is_no_crash_of_a_case() -> None:
    with pytest.raises(RuntimeError, match="before a case was begun"):
        list(tried("CSV", Path(), range(2), [sys.executable, "-c", "raise SystemExit(3)"]))
