"""Gaps in what the tests run, found in what coverage really measures of a small module."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.branches.gaps import END, Gap, gaps_of, measured_in
from benchmarks.branches.page import Reason, needless, package_of, page_of, unexplained

MODULE = """\
def graded(points):
    if points > 10:
        return "high"
    for point in range(points):
        if point == 7:
            print("seven")
            if point > 8:
                print("never")
    try:
        return int("5")
    except ValueError:
        if points:
            return 0
        return 1


graded(2)
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """What coverage says of the module, which was run once, with two points."""
    (tmp_path / "icp_ml").mkdir()
    (tmp_path / "icp_ml" / "graded.py").write_text(MODULE)
    for words in (("run", "--branch", "icp_ml/graded.py"), ("json", "-q", "-o", "report.json")):
        command = [sys.executable, "-m", "coverage", *words]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env={"PATH": "", "HOME": str(tmp_path)})
    return tmp_path / "report.json"


def test_a_gap_is_where_no_test_went_though_one_came_next_to_it(report: Path) -> None:
    gaps = gaps_of(measured_in(report, report.parent), report.parent)
    path = "icp_ml/graded.py"
    assert list(gaps) == [
        Gap(path, 2, "if points > 10:", 'return "high"'),
        Gap(path, 5, "if point == 7:", 'print("seven")'),
        Gap(path, 11, "except ValueError:", "except ValueError:"),
    ]


def test_the_page_counts_what_coverage_counts_and_tells_the_reasons(report: Path) -> None:
    measured = measured_in(report, report.parent)
    gaps = gaps_of(measured, report.parent)
    totals = json.loads(report.read_text())["totals"]
    why = Reason(path=gaps[0].path, at=gaps[0].at, to=gaps[0].to, because="nobody has so many.")
    gone = Reason(path=gaps[0].path, at="if gone:", to=END, because="it was there once.")
    lines = list(page_of(measured, gaps, [why, gone], "abc"))
    taken = f"{totals['covered_branches']} ({100 * totals['covered_branches'] / totals['num_branches']:.1f} %)"
    assert f"| {totals['num_branches']} | {taken} | 3 | 2 |" in next(
        line for line in lines if line.startswith("| **all")
    )
    assert '- `if points > 10:` to `return "high"`: nobody has so many.' in lines
    assert [gap.line for gap in unexplained(gaps, [why])] == [5, 11]
    assert needless(gaps, [why, gone]) == [gone]


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("icp_ml/errors.py", "icp_ml"),
        ("icp_ml/model/cells/kernel.py", "icp_ml.model"),
        ("training/icp_training/search.py", "icp_training"),
    ],
)
def test_a_file_counts_in_its_package(path: str, package: str) -> None:
    assert package_of(path) == package
