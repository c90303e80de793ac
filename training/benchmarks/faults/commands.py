"""The commands that faults are put into: what is typed, from which state of the project, and what they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.faults import looking
from benchmarks.faults.looking import Rows
from benchmarks.faults.room import NAME, PLANS, SCORES, TRAINS, Room

OUT: Final = "FAULTS_URL"
"""The environment variable with the URL of the database."""


@dataclass(frozen=True)
class Command:
    """words: with @/ for the project. state: in which it is found. again: how a rerun is typed, None for the same way.

    made: what it makes, as a text to compare; it is given the room. rows: lost and doubled ones in its output, where it
    writes rows of a list. is_slow: whether it takes many seconds. needs: "database" or nothing. turns: whether a second
    one undoes the first.
    """

    words: tuple[str, ...]
    made: Callable[[Room, str], str]
    state: str = "live"
    again: tuple[str, ...] | None = None
    rows: Callable[[Room, str], Rows] | None = None
    is_slow: bool = False
    needs: str = ""
    turns: bool = False


def _files(*names: str) -> Callable[[Room, str], str]:
    return lambda room, _url: looking.files_at(*(room.project / name for name in names))


def _plan(name: str) -> Callable[[Room, str], str]:
    return lambda room, _url: looking.plan_at(room.project / name)


def _registry(room: Room, _url: str) -> str:
    return looking.registry_at(room.project, room.place)


def _versions(name: str) -> Callable[[Room, str], str]:
    """The content hashes of all versions but the first ones that were there; a rerun may add the same once more."""

    def made(room: Room, _url: str) -> str:
        found = looking.versions_at(room.project, room.place)
        return ", ".join(sorted({text for key, text in found.items() if key.startswith(f"{name}/")}))

    return made


def _parts(folder: str) -> Callable[[Room, str], str]:
    return lambda room, _url: looking.parts_at(room.project / folder, room.project / f"{folder}.csv")


def _into(place: Path | str) -> tuple[str, ...]:
    return (*SCORES, "-o", f"@/{place}", "--unusable", f"@/{place}.csv", "--batch-rows", "1000")


_PARTS: Final = (*_into("parts"), "--part-rows", "6000")
_TABLE: Final = (*SCORES, "-o", f"table:{looking.TABLE}", "--into", f"env:{OUT}", "--force", "--batch-rows", "1000")
_FROM: Final = (SCORES[0], "@/list.sql", *SCORES[2:], "--connection", f"env:{OUT}")

COMMANDS: Final[Mapping[str, Command]] = {
    "check": Command(
        ("check", "@/icp.yaml", "--rejected", "@/rejected.csv", "--force"), _files("rejected.csv"), is_slow=True
    ),
    "train": Command(TRAINS, _versions(NAME), "bare", is_slow=True),
    "train, a scorecard": Command(("train", "@/points.yaml"), _versions("points")),
    "score to a file": Command(
        (*_into("scored.parquet"), "--force"),
        _files("scored.parquet", "scored.parquet.csv"),
        rows=lambda room, _: looking.rows_in_file(room.project / "scored.parquet"),
    ),
    "score to parts": Command(
        _PARTS,
        _parts("parts"),
        again=(*_PARTS, "--resume"),
        rows=lambda room, _: looking.rows_in_parts(room.project / "parts"),
    ),
    "score to parts that are there": Command(
        (*_into("old-parts"), "--force", "--part-rows", "6000"),
        _parts("old-parts"),
        rows=lambda room, _: looking.rows_in_parts(room.project / "old-parts"),
    ),
    "score to a table": Command(
        _TABLE,
        lambda _, url: looking.table_at(url),
        rows=lambda _, url: looking.rows_in_table(url),
        needs="database",
    ),
    "score a query": Command(
        (*_FROM, "-o", "@/scored.parquet", "--force", "--batch-rows", "1000"),
        _files("scored.parquet"),
        rows=lambda room, _: looking.rows_in_file(room.project / "scored.parquet"),
        needs="database",
    ),
    "promote": Command(("promote", f"{NAME}/v2", "--reason", "a test"), _registry),
    "rollback": Command(("rollback", NAME), _registry, "newer", turns=True),
    "amend": Command(("amend", f"{NAME}/v1", "--cut", "1=0.7", "--reason", "a test"), _versions(NAME)),
    "export": Command(("export", f"{NAME}/v2", "-o", "@/exports", "--all", "--overwrite"), _files("exports")),
    "export, for the first time": Command(("export", f"{NAME}/v2", "-o", "@/new", "--all"), _files("new")),
    "report": Command(("report", f"{NAME}/v2", "-o", "@/report.html", "--force"), _files("report.html")),
    "plan": Command((*PLANS, "-o", "@/plan.csv", "--seed", "2", "--force"), _plan("plan.csv")),
    "plan, for the first time": Command((*PLANS, "-o", "@/new.csv", "--seed", "2"), _plan("new.csv")),
}
