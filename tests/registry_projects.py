"""Projects with registered versions, and other processes that change what is live in them."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

from icp_ml.errors import Locked
from icp_ml.profile.records import Interval
from icp_ml.serve import ledger
from icp_ml.serve.bundle import write_bundle
from icp_training import promotion
from icp_training.registry import Registered, Registry, register, registry_of
from icp_training.registry_lock import Asker
from icp_training.tracking import DATABASE, closing_run, open_run
from tests import serve_models

NAME = "planted"
NOW = "2025-01-01T08:00:00+00:00"
KILLED = 9
PATIENCE = 60.0  # seconds: who waits longer for the other process waits for one that failed

NewProject = Callable[[str], Path]

OTHERS = multiprocessing.get_context("forkserver")
"""Other processes start with everything loaded, and with no connection to anybody's database."""
OTHERS.set_forkserver_preload(["mlflow", "mlflow.pyfunc", "tests.registry_projects"])


def asker(now: str = NOW, reason: str = "") -> Asker:
    """This process."""
    return Asker(f"ana@{socket.gethostname()}:{os.getpid()}", now, reason)


def about(value: float) -> Interval:
    return Interval(value=value, low=value - 0.05, high=value + 0.05)


def add_bundle(root: Path, version: int, *, skill: float = 0.1, reliable: bool = True) -> Path:
    """A bundle in models/ that no registry knows. Its skill lies within 0.05 of `skill`."""
    made = serve_models.bundle()
    verdict = made.verdict.model_copy(
        update={"skill": skill, "gain": about(skill), "reliable": reliable, "warnings": (f"version {version}",)}
    )
    created = datetime.now(UTC).isoformat(timespec="seconds")  # a gate asks how old a version is
    provenance = made.provenance.model_copy(update={"name": NAME, "version": version, "created": created})
    folder = root / "models" / NAME / f"v{version}"
    write_bundle(replace(made, provenance=provenance, verdict=verdict), folder)
    return folder


def add_version(root: Path, version: int, *, skill: float = 0.1, reliable: bool = True) -> Registered:
    """A bundle in models/, and in the registry as a training leaves it."""
    folder = add_bundle(root, version, skill=skill, reliable=reliable)
    run = open_run(root, NAME, {})
    with closing_run(run):
        return register(run, registry_of(root, NAME), folder)


def with_three_versions(root: Path) -> Path:
    """Versions 1, 2 and 3 in a project; 1 is live, 3 is the challenger."""
    for version in (1, 2, 3):
        add_version(root, version)
    promotion.promote(registry(root), "v1", asker())
    return root


def moved(project: Path, to: Path) -> Path:
    """A copy of a project in another folder, which its record of runs names wherever it named the first one.

    Registering a version takes a second, and a copy of one a hundredth of it.
    """
    shutil.copytree(project, to, dirs_exist_ok=True)
    with closing(sqlite3.connect(to / "mlruns" / DATABASE)) as database, database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for _, column, kind, *_ in database.execute(f"pragma table_info({table})").fetchall():
                if kind.startswith(("VARCHAR", "TEXT")):
                    renamed = f"update {table} set {column} = replace({column}, ?, ?) where instr({column}, ?)"
                    database.execute(renamed, (str(project), str(to), str(project)))
    return to


def registry(root: Path) -> Registry:
    return registry_of(root, NAME)


def in_another_process(work: Callable[..., None], *words: object) -> int:
    """The exit code of a process that did `work`."""
    process = OTHERS.Process(target=work, args=words)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def promote_until(root: Path, wanted: str, last: str) -> None:
    """Promote, and die without a word before the step `last`."""

    def die(step: str) -> None:
        if step == last:
            os._exit(KILLED)

    promotion.promote(registry(root), wanted, asker(), die)


def promote_in_rounds(root: Path, wanted: Sequence[str], start: Barrier, rounds: int, told: Path) -> None:
    """In each round, at the same time as the other process, promote; write down the id of what succeeded, else why."""
    here = registry(root)
    lines = []
    for number in range(rounds):
        start.wait(PATIENCE)
        try:
            done = promotion.promote(here, wanted[number % len(wanted)], asker())
            lines.append("live already" if done.entry is None else done.entry.id)
        except Locked:
            lines.append("75")
    told.write_text("\n".join(lines))


def live_everywhere(root: Path) -> tuple[str, int | None, int | None]:
    """Versions: the champion's, that of the registry's last event, that of the file's; as text, for one comparison."""
    here = registry(root)
    champion = here.find("@champion")
    last = here.entries()[-1].version if here.entries() else None
    found = ledger.live(root / "models", NAME)
    return str(champion and champion.version), last, None if found is None else found.version
