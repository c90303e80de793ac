"""The command line in processes of its own, which can be killed, and which begin in a tenth of a second.

A server process loads once what scoring needs and forks a process for each command, so that a test which needs thirty
of them does not load everything thirty times. What a fresh interpreter loads is tests/unit/test_cli_score_loads_little.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cli_projects import Outcome

LOADED = (
    "icp_ml.cli.main",
    "icp_ml.cli.parts_job",
    "icp_ml.serve.loading",
    "icp_ml.serve.parts",
    "icp_ml.serve.scoring",
)
SAID = ("out", "err")
SERVED = multiprocessing.get_context("forkserver")
SERVED.set_forkserver_preload(["tests.forked_cli", *LOADED])


@dataclass(frozen=True)
class Job:
    """A command under way. kept: the folder with its output and its errors, which goes when it has ended."""

    process: multiprocessing.context.ForkServerProcess
    kept: Path

    @property
    def is_running(self) -> bool:
        return self.process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # it ended before it could be told
            os.kill(self.process.pid or 0, number)

    def wait(self) -> Outcome:
        """How it ended; a negative code is the signal that killed it."""
        self.process.join()
        out, err = ((self.kept / name).read_text(encoding="utf-8") for name in SAID)
        shutil.rmtree(self.kept)
        return Outcome(self.process.exitcode or 0, out, err)


def begin(folder: Path, words: Sequence[str], first: Callable[[], None] | None = None) -> Job:
    """Have `icp` do this with the terminal in a folder. first: what the process does before it."""
    kept = Path(tempfile.mkdtemp(prefix="icp-said-"))
    for name in SAID:
        (kept / name).touch()
    process = SERVED.Process(target=_obey, args=(folder, tuple(words), kept, first))
    process.start()
    return Job(process, kept)


def run(folder: Path, words: Sequence[str], first: Callable[[], None] | None = None) -> Outcome:
    return begin(folder, words, first).wait()


def _obey(folder: Path, words: tuple[str, ...], kept: Path, first: Callable[[], None] | None) -> None:
    from icp_ml.cli.main import main  # noqa: PLC0415 - the tests' own process needs none of it

    for stream, name in zip((sys.stdout, sys.stderr), SAID, strict=True):
        os.dup2(os.open(kept / name, os.O_WRONLY), stream.fileno())
    os.chdir(folder)
    sys.argv = ["icp", *words]
    if first is not None:
        first()
    main()
