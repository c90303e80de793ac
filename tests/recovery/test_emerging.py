"""A profile that emerges is named and nothing where nothing does, in the worlds of the bench and on its page.

`training/benchmarks/emerging.py` looks at many worlds by the same function and writes docs/emerging.md.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.emerging import row_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "emerging.md"
STEADY = re.compile(r"^\| steady .* (\d+) of (\d+) \|$", re.MULTILINE)


def holds_its_target(page: str) -> bool:
    """At most 5 in 100 worlds without a change name anything."""
    named, worlds = (sum(map(int, counts)) for counts in zip(*STEADY.findall(page), strict=True))
    return named * 100 <= 5 * worlds


def test_the_committed_page_holds_its_target() -> None:
    assert holds_its_target(PAGE.read_text(encoding="utf-8"))


def test_a_page_of_too_many_false_alarms_does_not() -> None:
    line = "| steady | 300 | 1 | 120 | 178 | 138 |  | {} of 50 |\n"
    assert holds_its_target(line.format(5) + line.format(0))
    assert not holds_its_target(line.format(5) + line.format(1))


def test_after_two_quarters_the_flag_that_came_to_decide_is_named() -> None:
    row = row_of(("change 300 2", 2))
    assert row.changed in row.named


def test_where_nothing_changes_nothing_is_named() -> None:
    assert row_of(("steady 120 1", 1)).named == ()
