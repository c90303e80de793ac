"""What a run of the tests left out, read from the JSON that coverage writes.

A *gap* is where a run never went though it came next to it: one way out of a line that was run, or the first line of
what only an exception leads to. Lines behind a gap are behind it, and are no gaps of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

from pydantic import BaseModel

END: Final = "(the end)"


class Summary(BaseModel):
    """Of a file, as coverage counts: statements, and the ways out of lines that have several."""

    num_statements: int
    covered_lines: int
    num_branches: int
    covered_branches: int


class Measured(BaseModel):
    """Of a file: lines from 1; branches as pairs of lines, where a line below 0 is the end of a function."""

    executed_lines: list[int]
    missing_lines: list[int]
    missing_branches: list[tuple[int, int]]
    summary: Summary


@dataclass(frozen=True, order=True)
class Gap:
    """path: below the project's root. line: from 1. at: the text of the line that was run, or of the handler.

    to: the text of the line that was never gone to from there, or `END`.
    """

    path: str
    line: int
    at: str
    to: str

    @property
    def name(self) -> tuple[str, str, str]:
        """What stays the same when lines above are added."""
        return self.path, self.at, self.to


def measured_in(report: Path, root: Path) -> Mapping[str, Measured]:
    """What the report says of each file, by its path below `root`."""
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    return {
        str((root / path).resolve().relative_to(root)): Measured.model_validate(found) for path, found in files.items()
    }


def gaps_of(measured: Mapping[str, Measured], root: Path) -> Sequence[Gap]:
    """All gaps, by file and line."""
    return sorted(gap for path, found in measured.items() for gap in _gaps(path, found, root))


def _gaps(path: str, found: Measured, root: Path) -> Iterator[Gap]:
    missing, lines = set(found.missing_lines), _lines(root / path)
    ways = [(at, to) for at, to in found.missing_branches if at not in missing]
    for at, to in ways:
        yield Gap(path, at, lines[at - 1], lines[to - 1] if to > 0 else END)
    gone_to = {to for _, to in ways}
    for run in _runs(found):
        if not gone_to & set(run):
            yield Gap(path, run[0], _before(lines, run[0]), lines[run[0] - 1])


def _runs(found: Measured) -> Iterator[Sequence[int]]:
    """Missing statements that follow each other, those that were run being in between."""
    missing = set(found.missing_lines)
    statements = sorted(missing | set(found.executed_lines))
    for is_missing, run in groupby(statements, missing.__contains__):
        if is_missing:
            yield list(run)


def _before(lines: Sequence[str], first: int) -> str:
    """The nearest line above that begins a handler, else the line itself."""
    above = (text for text in reversed(lines[:first]) if text.startswith(("except", "def ", "finally")))
    return next(above, lines[first - 1])


@cache
def _lines(path: Path) -> Sequence[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
