"""Apollo's filters for an ICP, line by line, and the page that says how to set them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from icp_ml.serve.exports.apollo_filters import Setting
from icp_ml.serve.exports.points import cell_words
from icp_ml.serve.exports.stamp import Exported, stamp_lines


@dataclass(frozen=True)
class Line:
    """One line: what is set, for which condition. points: of a criterion; None for a rule."""

    words: str
    setting: Setting
    points: int | None = None


@dataclass(frozen=True)
class Unasked:
    """What Apollo cannot ask, and why. points: of a criterion; None for a rule."""

    words: str
    why: str
    points: int | None = None


@dataclass(frozen=True)
class ApolloFilters:
    """always: from boundary and exclusions. Both are in Apollo's order. person: whether a line is about people."""

    always: tuple[Line, ...]
    criteria: tuple[Line, ...]
    unasked: tuple[Unasked, ...]
    person: bool


def page(exported: Exported, found: ApolloFilters) -> str:
    """Markdown."""
    lines = [
        f"# {exported.name} in Apollo",
        "",
        *(f"{line}  " for line in stamp_lines(exported)),
        "",
        _match_words(exported),
        "",
        "## Set always",
        "",
        *(_table(found.always) or ["Nothing: there is no boundary and no exclusion that Apollo can ask."]),
        "",
        "Apollo leaves out companies of which it does not know what an included filter asks. The boundary does not.",
        "",
        "## Then set these, from the top",
        "",
        *(_table(found.criteria) or ["Nothing: no criterion is about anything that Apollo can ask."]),
        "",
        _person_words(found),
        "",
        "## What Apollo cannot ask",
        "",
        *(_unasked(found.unasked) or ["Nothing is left out."]),
        "",
    ]
    return "\n".join(lines)


def _match_words(exported: Exported) -> str:
    match, many = exported.definition.match, len(exported.definition.criteria)
    asked = "" if match is None else f" The ICP asks for {match.least} of {many} criteria."
    return (
        f"Apollo asks for all that is set at once.{asked} So set the criteria one after the other and stop before the "
        "list is too short, then score the list: the score decides, and these filters only save rows."
    )


def _person_words(found: ApolloFilters) -> str:
    if found.person:
        return "Job Titles and Management Level are about people at the company."
    return (
        "Job Titles and Management Level come between Technologies and Keywords in Apollo's order. This ICP says "
        "nothing of people: set them by whom you sell to, and by nothing here."
    )


def _table(lines: Sequence[Line]) -> list[str]:
    if not lines:
        return []
    return ["| filter | set | for | points | note |", "|---|---|---|---:|---|", *map(_row, lines)]


def _row(line: Line) -> str:
    found = line.setting
    points = "" if line.points is None else str(line.points)
    cells = (found.filter, f"{found.side} {', '.join(found.values)}", line.words, points, found.note)
    return f"| {' | '.join(cell_words(cell) for cell in cells)} |"


def _unasked(lines: Sequence[Unasked]) -> list[str]:
    return [f"- not expressible in Apollo: {line.words}{_points(line)}. {line.why}." for line in lines]


def _points(line: Unasked) -> str:
    return "" if line.points is None else f" ({line.points} points)"
