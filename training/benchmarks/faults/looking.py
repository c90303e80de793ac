"""What a command left: its output as hashes, the rows in it, what registry and ledger say, what lies about."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from benchmarks.faults.records import State
from benchmarks.faults.room import NAME, ROWS, at_home
from icp_ml.cli.places import asker
from icp_ml.errors import IcpError
from icp_ml.serve import ledger
from icp_ml.serve.loading import open_any
from icp_ml.serve.parts import MANIFEST
from icp_training import versions
from icp_training.registry import registry_of
from tests import forked_cli, postgresql_server

ABSENT: Final = "absent"
DIGITS: Final = 12
BETWEEN: Final = "; "
TABLE: Final = "scores"


@dataclass(frozen=True)
class Rows:
    """Rows of the list that an output lacks, and those that it holds more than once."""

    lost: int = 0
    doubled: int = 0


def files_at(*places: Path) -> str:
    """The hash of each file, whichever are there; what is hidden or passed over by readers does not count."""
    found = []
    for place in places:
        below = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
        for path in below:
            if path.is_file() and not path.name.startswith((".", "_")):
                found.append(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]}")
    return BETWEEN.join(found) or ABSENT


def state_of(found: str, old: str, new: str) -> State:
    """Which of the two states was found; of several files each may be whole and of another one."""
    if found in (old, new):
        return "new" if found == new else "old"
    if found == ABSENT:
        return "none"
    known = {*old.split(BETWEEN), *new.split(BETWEEN)}
    return "each whole" if BETWEEN in found and set(found.split(BETWEEN)) <= known else "neither"


def parts_at(folder: Path, beside: Path) -> str:
    """The same of a folder of parts; it is there when its manifest is."""
    return files_at(folder, beside) if (folder / MANIFEST).exists() else ABSENT


def plan_at(assignment: Path) -> str:
    """The same of an assignment and the plan that drew it, but for the day on which it was made.

    That is the plan beside it, or where that drew another, one that waits there for its name. What a plan without its
    assignment is, and an assignment without the plan that drew it, is neither old nor new.
    """
    record = assignment.with_suffix(".json")
    if not assignment.exists():
        return "a plan without its assignment" if record.exists() else ABSENT
    waiting = sorted(assignment.parent.glob(f".{assignment.stem}.*.waiting.json"))
    plans = [json.loads(path.read_text()) for path in (record, *waiting) if path.exists()]
    drawn = _drawn_in(assignment)
    plan = next((each for each in plans if each["drawn"] == drawn), None)
    if plan is None:
        return "an assignment without its plan"
    text = json.dumps({**plan, "made": ""}, sort_keys=True)
    return hashlib.sha256(text.encode() + files_at(assignment).encode()).hexdigest()[:DIGITS]


def _drawn_in(assignment: Path) -> str:
    """The fingerprint that a plan has of these accounts and arms; the names of the accounts are keys as they are."""
    with assignment.open(newline="") as file:
        arms = [f"{row['domain']}\t{row['arm']}" for row in csv.DictReader(file)]
    return hashlib.sha256("\n".join(sorted(arms)).encode()).hexdigest()


def rows_of(ids: Sequence[object]) -> Rows:
    """Ids are c0.example and on, but for one row in fifty, which has none; each is to be there once."""
    wanted = [None if row % 50 == 49 else f"c{row}.example" for row in range(ROWS)]
    named = [each for each in ids if each is not None]
    none_wanted, none_found = wanted.count(None), len(ids) - len(named)
    lost = len(set(wanted) - {None} - set(named)) + max(none_wanted - none_found, 0)
    return Rows(lost, len(named) - len(set(named)) + max(none_found - none_wanted, 0))


def rows_in_file(path: Path) -> Rows:
    """Of a Parquet output."""
    return rows_of(pq.read_table(path, columns=["domain"]).column(0).to_pylist())


def rows_in_parts(folder: Path) -> Rows:
    """Of a folder of parts."""
    tables = [pq.read_table(path, columns=["domain"]) for path in sorted(folder.glob("part-*.parquet"))]
    return rows_of([each for table in tables for each in table.column(0).to_pylist()])


def table_at(url: str) -> str:
    """A table's rows as one hash."""
    if not postgresql_server.ask(url, f"select 1 from pg_class where relname = '{TABLE}'"):
        return ABSENT
    said = postgresql_server.ask(url, f"select md5(string_agg(t::text, ';' order by t::text)) from {TABLE} t")
    return str(said[0][0])[:DIGITS]


def rows_in_table(url: str) -> Rows:
    """Of a table."""
    return rows_of([each for (each,) in postgresql_server.ask(url, f"select domain from {TABLE}")])


def left_in(project: Path) -> int:
    """Files and folders that bear no name of their own: what a process that was killed did not come to remove."""
    hidden = [path for path in project.rglob(".*") if ".partial" not in path.parent.name]
    return sum(1 for path in hidden if "partial" in path.name or path.name.endswith(".waiting.json"))


# --- the registry, asked in a process of its own --------------------------------------------------------------------


def live_by_file(project: Path) -> str:
    """The version that scoring would use, and the events that the file tells."""
    events = [f"{each.action} v{each.version}" for each in ledger.entries(project / "models") if each.name == NAME]
    return ", ".join(events) or ABSENT


def registry_at(project: Path, room: Path) -> str:
    """Once it has been settled, as `icp history` does: champion and previous, and the events of registry and file."""
    return _asked(_tell_registry, project, room)


def versions_at(project: Path, room: Path) -> dict[str, str]:
    """Bundles in models/ that open, by NAME/vN, with their content hash; one that is not whole says so."""
    found: dict[str, str] = json.loads(_asked(_tell_versions, project, room))
    return found


def _asked(work: Callable[[Path, Path], None], project: Path, room: Path) -> str:
    told = room / "told"
    told.unlink(missing_ok=True)
    process = forked_cli.SERVED.Process(target=work, args=(project, told))
    process.start()
    process.join()
    return told.read_text() if told.exists() else f"could not be asked ({process.exitcode})"


def _tell_registry(project: Path, told: Path) -> None:
    at_home(project)
    by_file = versions.history(project, asker(), NAME)
    here = registry_of(project, NAME)
    by_number = {each.number: each.version for each in here.versions()}
    roles = {alias: by_number.get(number) for alias, number in here.aliases().items() if alias != "challenger"}
    told.write_text(
        json.dumps(
            {
                "roles": dict(sorted(roles.items())),
                "registry": [(each.action, each.version) for each in here.entries()],
                "file": [(each.action, each.version) for each in by_file],
                "agree": by_file == here.entries(),
                "half done": "icp.intent" in here.tags(),
            }
        )
    )


def _tell_versions(project: Path, told: Path) -> None:
    found = {}
    for folder in sorted((project / "models").glob("*/v*")):
        name = f"{folder.parent.name}/{folder.name}"
        try:
            found[name] = open_any(folder).content_hash[:DIGITS]
        except IcpError as error:
            found[name] = f"not whole: {error.sentence}"
    told.write_text(json.dumps(found))


def closed_database(url: str) -> None:
    """An old table of the same name, for what is to be replaced."""
    postgresql_server.ask(url, f"drop table if exists {TABLE}")
    postgresql_server.ask(url, f"create table {TABLE} as select 7 as one")
