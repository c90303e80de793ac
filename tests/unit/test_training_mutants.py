"""The trial of tests itself: which faults a line can have, which are drawn, and whether their fate is seen."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from benchmarks.mutants import _check_that_it_ran
from benchmarks.mutating.mutants import drawn, read_source
from benchmarks.mutating.page import page_of
from benchmarks.mutating.rows import Before, Fate, Judgement, Row
from benchmarks.mutating.targets import DRAWS, Target
from benchmarks.mutating.trials import Outcome, file_of
from tests.machine_code import ROOT

SMALL = '''\
"""What it is."""
FLOOR = 30


@once
def is_noise(found: int, by: str = "all of them") -> bool:
    """Whether it is."""
    return found < FLOOR and sorted(by, key=len, reverse=True) != ["x"]
'''


def test_a_line_can_have_the_faults_that_a_person_makes_and_no_sentence_has_any() -> None:
    """By hand: 30 is one higher; < is <=; and is or; != is ==; True is False; each of two named arguments is missing;
    "x" is "XXxXX" or "X". None of the docstrings, of the decorator, of the annotations or of the sentence."""
    faults = read_source(SMALL).faults
    assert [(each.line, each.now) for each in faults if each.line == 2] == [(2, "31")]
    assert {each.line for each in faults} == {2, 8}
    assert len(faults) == 1 + 1 + 1 + 1 + 1 + 2 + 2


def test_each_fault_is_the_only_one() -> None:
    source = read_source(SMALL)
    made = [source.with_fault(fault) for fault in source.faults]
    assert len({*made, SMALL}) == len(source.faults) + 1
    for text, fault in zip(made, source.faults, strict=True):
        old, new = SMALL.splitlines(), text.splitlines()
        assert [line for line, (was, now) in enumerate(zip(old, new, strict=True), start=1) if was != now] == [
            fault.line
        ]


def test_a_draw_stays_when_the_file_grows_elsewhere_and_takes_each_line_once() -> None:
    source = file_of("icp_ml.model.splits").read_text(encoding="utf-8")
    before, after = (drawn(read_source(text).faults, 20, 1) for text in (source, "import os\n\n" + source))
    assert [each.name for each in before] == [each.name for each in after]
    assert len({each.line for each in before}) == 20
    assert [each.name for each in before] != [each.name for each in drawn(read_source(source).faults, 20, 2)]


@pytest.mark.parametrize(
    "target",
    dict.fromkeys(target for draw in DRAWS.values() for group in draw.groups.values() for target in group),
    ids=lambda each: each.module,
)
def test_every_target_and_every_test_of_it_is_there(target: Target) -> None:
    assert file_of(target.module).exists()
    for each in target.tests:
        name, _, test = each.removeprefix("--deselect=").partition("::")
        assert f"def {test}" in (ROOT / name).read_text(encoding="utf-8")


PLANTED = """\
import sys
from pathlib import Path
from benchmarks.mutating.trials import Trial, outcomes

tests = (sys.argv[1],)
sources = ["FLOOR = 30\\n", "FLOOR = 31\\n", "FLOOR = 30\\nEXTRA = 1\\n", "FLOOR =\\n", "while True: pass\\n"]
trials = [Trial("icp_ml.deals.sufficiency", tests, source=source, seconds=6) for source in sources]
found = dict(outcomes(trials, 2))
print(*("late" if found[place].is_out_of_time else found[place].code for place in range(len(trials))))
"""


def test_a_fault_is_noticed_where_a_test_fails_nothing_can_be_imported_or_nothing_ends(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").touch()
    judge = tmp_path / "test_floor.py"
    judge.write_text(
        "from icp_ml.deals.sufficiency import FLOOR\n\n\ndef test_floor() -> None:\n    assert FLOOR == 30\n"
    )
    command = [sys.executable, "-c", PLANTED, str(judge)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1", "0", "2", "late"]


@pytest.mark.parametrize(
    ("code", "seconds", "ran"),
    [(1, 0.4, True), (0, 2.0, True), (-11, 0.0, True), (-24, 0.0, True), (-9, 0.0, False), (1, 0.0, False)],
)
def test_tests_that_could_not_be_run_have_noticed_nothing(code: int, seconds: float, *, ran: bool) -> None:
    """A failure, a pass, a crash of compiled code and a trial out of time; one killed from outside, and one without a
    library to run by."""
    with nullcontext() if ran else pytest.raises(RuntimeError, match="before they ran"):
        _check_that_it_ran(DRAWS[1].groups["deals"][0], Outcome(code, seconds, ""))


def row(now: str, fate: Fate, draw: int = 1) -> Row:
    return Row(group="g", module="m", draw=draw, line=1, text="a < b", was="<", now=now, fate=fate, seconds=1.0)


def test_draws_over_other_modules_have_a_table_of_their_own() -> None:
    rows = [row("1", "noticed"), row("2", "noticed", 2), row("3", "survived", 3).model_copy(update={"module": "n"})]
    page = page_of(rows, Before(commits={1: "abc", 2: "def", 3: "ghi"}, rows=tuple(rows)), [], "y")
    assert "| `m` | 1 | 1 | 1 | 1 | 1 | 1 |" in page
    assert "| `n` | 1 | 0 | 0 |" in page
    assert "| **all** | 3 | 2 | 2 | 0 | 1 |" in page


def test_the_page_counts_before_and_after_and_shows_what_was_made_of_each() -> None:
    """Of three faults one was noticed at first and two are now; of the second draw one of two at first and two now."""
    earlier = (row("1", "noticed"), row("2", "survived"), row("3", "survived"))
    later = (row("4", "noticed", 2), row("5", "survived", 2))
    rows = [row("1", "noticed"), row("2", "out of time"), row("3", "survived"), row("4", "noticed", 2)]
    rows += [row("5", "noticed", 2), row("6", "survived", 2)]
    judged = [
        Judgement(module="m", text="a < b", was="<", now="2", verdict="tested", because="by one"),
        Judgement(module="m", text="a < b", was="<", now="3", verdict="equivalent", because="never equal"),
    ]
    page = page_of(rows, Before(commits={1: "abc", 2: "def"}, rows=(*earlier, *later)), judged, "y")
    assert "| `m` | 3 | 1 | 2 | 3 | 1 of 2 | 2 |" in page
    assert "| g | 6 | 2 of 5 | 4 | 1 | 1 |" in page
    assert "`a < b`, `<` as `2`: *A test was added*: by one" in page
    assert "`a < b`, `<` as `3`: *No test could notice*: never equal" in page
    assert "`a < b`, `<` as `5`: not judged yet." in page
    assert "`a < b`, `<` as `6`: not judged yet." in page
