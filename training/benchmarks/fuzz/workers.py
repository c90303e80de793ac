"""Cases in a process of their own, so that a dead process is seen as one, and memory is bounded.

A worker says which case it begins and what came of it, one line each. Where it dies, or says nothing for long, the case
that it had begun is a crash or a hang, and another worker goes on with the next one.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.fuzz.bundle_folders import HostileFolders
from benchmarks.fuzz.bundle_texts import SpoiltTexts, Stored, asked, stored_in
from benchmarks.fuzz.cases import Fate, Outcome, Ready, Watch, outcome_of
from benchmarks.fuzz.configurations import Configurations
from benchmarks.fuzz.payloads import payloads_for
from benchmarks.fuzz.project import BUNDLE, KINDS
from benchmarks.fuzz.tables import answers_in, lists_in

ROOT: Final = Path(__file__).resolve().parents[3]
KEPT: Final = ROOT / "models" / "demo" / "v1"
SEED: Final = 20_250_630
"""With the number of a case it says all that is drawn in it."""
SILENCE: Final = 900.0
"""Seconds without a word after which a worker is taken for hung, however busy the machine is."""
MEMORY: Final = 3 << 30
"""Bytes that a case may take beside what the worker took to get ready."""
BYTES_A_UNIT: Final = 1 if sys.platform == "darwin" else 1024

WARMING: Final = 60
FIRST_OF_NO_NUMBER: Final = 1_000_000_000

Maker = Callable[[np.random.Generator], Ready]


@dataclass(frozen=True)
class Tried:
    """What came of a numbered case. mib: the most memory that its worker had held by then."""

    case: int
    fate: Fate
    words: str
    mib: int


def maker_of(kind: str, project: Path, room: Path) -> Maker:
    """What makes the cases of a kind. project: with its bundle; room: an empty folder for what is spoilt."""
    makers: Mapping[str, Callable[[], Maker]] = {
        "configurations": lambda: Configurations(room).case,
        "CSV": lambda: lists_in(project, room).csv_case,
        "Parquet": lambda: lists_in(project, room).parquet_case,
        "workbooks": lambda: lists_in(project, room).workbook_case,
        "answers": lambda: answers_in(project, room).answers_case,
        "bundle texts": lambda: SpoiltTexts(_bundles(project), room).case,
        "bundle folders": lambda: HostileFolders(_bundles(project), _inside(room), room / "canary").case,
        "HTTP": lambda: payloads_for(project, room).case,
    }
    make = makers[kind]()
    _warm(make)
    return make


def _warm(make: Maker) -> None:
    """Try cases of no number until one is answered: what is loaded late is loaded before anything is watched."""
    for place in range(WARMING):
        with suppress(Exception):
            make(np.random.default_rng([SEED, FIRST_OF_NO_NUMBER + place]))()
            return


def outcomes(make: Maker, cases: range, watch: Watch) -> Iterator[tuple[int, Outcome]]:
    """Each case and what came of it, in this process."""
    for case in cases:
        yield case, outcome_of(make(np.random.default_rng([SEED, case])), watch)


def work(kind: str, project: Path, cases: range) -> None:
    """Be a worker: try the cases and say so on the standard output."""
    sys.dont_write_bytecode = True
    said = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="icp-fuzz-") as folder:
        make, watch = maker_of(kind, project, Path(folder)), Watch()
        _bound_memory()
        for case in cases:
            said.write(f"{case}\n")
            for number, outcome in outcomes(make, range(case, case + 1), watch):
                said.write(json.dumps(asdict(Tried(number, outcome.fate, outcome.words[:400], _mib()))) + "\n")
        if (Path(folder) / "canary").exists():
            said.write(
                json.dumps(asdict(Tried(cases.stop - 1, "outside", "a payload in a bundle was run", _mib()))) + "\n"
            )


def tried(kind: str, project: Path, cases: range, command: list[str]) -> Iterator[Tried]:
    """Each of the cases, by workers. command: starts one, when kind, project, first and last are added."""
    first = cases.start
    while first < cases.stop:
        words = [*command, kind, str(project), str(first), str(cases.stop)]
        quiet = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet) as worker:
            begun: int | None = None
            for line in _lines_of(worker):
                if line.startswith("{"):
                    found = Tried(**json.loads(line))
                    first, begun = found.case + 1, None
                    yield found
                else:
                    begun = int(line)
        if begun is None and first < cases.stop:
            raise RuntimeError(f"a worker for {kind} ended with {worker.returncode} before a case was begun")
        if begun is not None:
            is_hung = worker.returncode == -9
            yield Tried(begun, "hang" if is_hung else "crash", f"the process ended with {worker.returncode}", 0)
            first = begun + 1


def _lines_of(worker: subprocess.Popen[bytes]) -> Iterator[str]:
    """The lines of a worker as they come; it is killed where none comes for long."""
    if worker.stdout is None:
        return
    held = b""
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(SILENCE):
                worker.kill()
                return
            data = os.read(worker.stdout.fileno(), 1 << 16)
            if not data:
                return
            *lines, held = (held + data).split(b"\n")
            yield from (line.decode() for line in lines if line)


def _bundles(project: Path) -> Mapping[str, Stored]:
    """One that has every file of a bundle, one that is kept in the repository, and one of each other kind.

    Each is asked once, so that what its kind loads late is loaded before anything is watched.
    """
    folders = {"rich": project / BUNDLE, "kept": KEPT, **{name: project / name / BUNDLE for name in KINDS}}
    for folder in folders.values():
        asked(folder)
    return {name: stored_in(folder) for name, folder in folders.items()}


def _inside(room: Path) -> Path:
    inner = room / "inner"
    inner.mkdir()
    return inner


def _bound_memory() -> None:
    pages = Path("/proc/self/statm")
    if pages.exists():
        held = int(pages.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, resource.RLIM_INFINITY))


def _mib() -> int:
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_A_UNIT / 2**20)
