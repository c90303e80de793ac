"""How far long work has come: bars on a terminal, lines in a log, and nothing of either on standard output."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from icp_ml.cli import progress as rows_progress
from icp_ml.cli.learning import progress
from icp_ml.cli.progress import rows_done


class Terminal(io.StringIO):
    """A screen that keeps what was written to it."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What was drawn, from first to last, without the colours and the moves of the cursor."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())
        return [line for line in text.replace("\r", "\n").splitlines() if line.strip()]


@contextlib.contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Standard error is a wide screen."""
    for name, value in (("TERM", "xterm"), ("COLUMNS", "160")):
        monkeypatch.setenv(name, value)
    with contextlib.redirect_stderr(Terminal()) as screen:
        yield screen


def clock(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    """What the clock says each time that it is asked."""
    left = iter(seconds)
    monkeypatch.setattr(rows_progress, "time", SimpleNamespace(monotonic=lambda: next(left)))


def test_steps_of_a_training_have_a_bar_each_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands after the colon of a label may change, and is of the same step."""
    with terminal(monkeypatch) as screen, progress() as on_step:
        on_step("searching: 0.61", 0, 8)
        on_step("searching: 0.59", 3, 8)
        on_step("judging", 5, 5)
    searching, judging = screen.lines()[-2:]
    assert ("searching: 0.59" in searching, "3/8" in searching) == (True, True)
    assert ("judging" in judging, "5/5" in judging) == (True, True)
    assert capsys.readouterr().out == ""


def test_steps_of_a_training_are_lines_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as on_step:
        for done in range(9):
            on_step(f"searching: {done}", done, 8)
    assert capsys.readouterr() == ("", "searching: 8 to do\nsearching: done\n")


@pytest.mark.parametrize("total", [None, 4_000])
def test_rows_are_counted_on_a_terminal(total: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as screen, rows_done("counting", total) as done:
        done(1_000)
        done(500)
    last = screen.lines()[-1]
    assert "counting" in last
    assert "1,500 rows" in last
    assert "rows/s" in last
    assert ("━" in last) == (total is not None), "a bar needs an end"


@pytest.mark.parametrize(("total", "left"), [(None, ""), (1_900, ", 80 seconds left"), (1_000, ", 0 seconds left")])
def test_a_log_has_a_line_a_minute_with_the_speed_so_far(
    total: int | None, left: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """1,100 rows in 110 seconds are 10 a second; after 59 seconds nothing is said, nor 59 after the last line."""
    clock(monkeypatch, 0.0, 59.0, 110.0, 169.0)
    with rows_done("counting", total) as done:
        done(600)
        done(500)
        done(7)
    assert capsys.readouterr() == ("", f"Counting ...\ncounting: 1,100 rows, 10 rows/s{left}\n")
