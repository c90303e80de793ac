"""Tests run against a fault, in a process of their own that begins with everything loaded but this project.

A fault is noticed where a test fails, where the module cannot even be imported, where the process dies, and where it
takes far more processor time than the tests take without it. Loops that are compiled run as Python here: machine code
is kept on disk by a hash that does not know a function's constants, and compiling all anew takes longer than the tests.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import ModuleType
from typing import Final

from benchmarks.bench_model.code import ROOT

LOADED: Final = (
    *("numpy", "scipy.stats", "scipy.optimize", "scipy.special", "pandas", "pyarrow.compute", "pyarrow.parquet"),
    *("lightgbm", "numba", "sklearn.linear_model", "pydantic", "yaml", "typer", "rich.console", "duckdb", "jinja2"),
    *("pytest", "_pytest.assertion.rewrite", "hypothesis", "hypothesis.extra.numpy", "hypothesis.extra.pandas"),
)
"""What most tests load, and what none of this project is part of."""
LEAST_SECONDS: Final = 30
TIMES_AS_LONG: Final = 6
"""Processor time that a trial may take, in seconds, and as a multiple of what the tests take without a fault."""
WAITING: Final = 20
"""The time that a trial may take on the clock, as a multiple of its processor time: for faults that wait for ever."""
PYTEST: Final = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--tb=line")
LOADED_EARLY: Final = ("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")
FORK: Final = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Trial:
    """Tests to be run. source: of the module, with a fault; None for the module as it is.

    interpreted: compiled loops run as Python. seconds: processor time that is allowed.
    """

    module: str
    tests: tuple[str, ...]
    interpreted: bool = False
    source: str | None = None
    seconds: int = 600


@dataclass(frozen=True)
class Outcome:
    """code: what pytest ended with, 0 where all passed, negative where a signal ended it. words: its last lines."""

    code: int
    seconds: float
    words: str

    @property
    def is_out_of_time(self) -> bool:
        """Whether it was ended because it took too long."""
        return self.code in (-signal.SIGXCPU, -signal.SIGALRM)


def load() -> None:
    """Load what all trials need; to be called once, before the first."""
    for name in LOADED:
        importlib.import_module(name)
    assert "icp_ml" not in sys.modules


def outcomes(trials: Iterable[Trial], workers: int) -> Iterator[tuple[int, Outcome]]:
    """What came of each trial, with its place among them, as they end; so many at a time."""
    waiting, running = list(enumerate(trials)), dict[int, tuple[int, ForkProcess, Path]]()
    waiting.reverse()
    with tempfile.TemporaryDirectory(prefix="mutants-") as room:
        while waiting or running:
            while waiting and len(running) < workers:
                place, trial = waiting.pop()
                said = Path(room) / str(place)
                process = FORK.Process(target=_try, args=(trial, said))
                process.start()
                running[process.sentinel] = (place, process, said)
            for sentinel in wait(list(running)):
                assert isinstance(sentinel, int)
                place, process, said = running.pop(sentinel)
                process.join()
                assert process.pid is not None
                with contextlib.suppress(ProcessLookupError):  # what it started itself ends with it
                    os.killpg(process.pid, signal.SIGKILL)
                yield place, _outcome(process, said)


def _outcome(process: ForkProcess, said: Path) -> Outcome:
    words = said.with_suffix(".said").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    took = said.with_suffix(".took")
    return Outcome(process.exitcode or 0, float(took.read_text()) if took.exists() else 0.0, "\n".join(words[-3:]))


def _try(trial: Trial, said: Path) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (trial.seconds, trial.seconds + 5))
    signal.alarm(WAITING * trial.seconds)
    out = os.open(said.with_suffix(".said"), os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.chdir(ROOT)
    if trial.interpreted:
        numba = importlib.import_module("numba")
        numba.config.DISABLE_JIT = 1
    if trial.source is not None:
        sys.meta_path.insert(0, _Faulty(trial.module, trial.source))
    code = _run(trial)
    used = resource.getrusage(resource.RUSAGE_SELF)
    said.with_suffix(".took").write_text(str(used.ru_utime + used.ru_stime))
    os._exit(code)


def _run(trial: Trial) -> int:
    pytest = importlib.import_module("pytest")
    wrapping = ("-W", "ignore:overflow:RuntimeWarning") if trial.interpreted else ()  # machine code wraps in silence
    return int(pytest.main([*PYTEST, *LOADED_EARLY, *wrapping, *trial.tests]))


class _Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module with another source than its file has."""

    def __init__(self, module: str, source: str) -> None:
        self._module, self._source = module, source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(file_of(fullname)))

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(file_of(module.__name__))
        exec(compile(self._source, module.__file__, "exec"), module.__dict__)


def file_of(module: str) -> Path:
    """Where a module of this project is."""
    return ROOT / f"{module.replace('.', '/')}.py"
