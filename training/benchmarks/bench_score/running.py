"""Each run as a process of its own: its seconds, its cores, and the most memory it ever held.

This process loads nothing heavy: a child is said to have held at least what its parent held when it was started.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final

from benchmarks.bench_score.places import ICP, OUR_PYTHON, PEERS_PYTHON, TRAINING
from benchmarks.bench_score.plan import FLOOR, OURS, Run
from benchmarks.bench_score.sizes import AS_OF
from icp_ml.errors import IcpError

BYTES_A_UNIT: Final = 1 if sys.platform == "darwin" else 1024
"""What one unit of `ru_maxrss` is."""
THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""OMP_NUM_THREADS limits LightGBM and the threads of Arrow."""
CACHES: Final = ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")
"""Where compiled code may be kept; an empty folder makes a first use."""


@dataclass(frozen=True)
class Files:
    """What a run reads and writes. answers: rows scored before, which the floor writes."""

    model: Path
    list: Path
    out: Path
    answers: Path


@dataclass(frozen=True)
class Timed:
    """What a run took. seconds: wall, start-up included. cpu: seconds of all threads. memory: peak, MiB.

    stages: seconds by stage, empty where the contestant does not say.
    """

    run: Run
    seconds: float
    cpu: float
    memory: float
    stages: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.run.rows / self.seconds


def to_line(timed: Timed) -> str:
    """As one line of JSON."""
    return json.dumps(asdict(timed))


def from_line(line: str) -> Timed:
    """Back from `to_line`."""
    document = json.loads(line)
    return Timed(run=Run(**document.pop("run")), **document)


def timed(run: Run, files: Files) -> Timed:
    """Do the run. Raises `IcpError` where it fails, with the last line that it said."""
    with tempfile.TemporaryDirectory() as folder:
        stages = Path(folder) / "stages.json"
        fresh = dict.fromkeys(CACHES, folder) if run.part == "first use" else {}
        environment = {**os.environ, **dict.fromkeys(THREADS, str(run.threads)), **fresh}
        seconds, used = _process(command(run, files, stages), environment, run)
        found = json.loads(stages.read_text(encoding="utf-8")) if stages.exists() else {}
    return Timed(run, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * BYTES_A_UNIT / 2**20, found)


def _process(words: Sequence[str], environment: Mapping[str, str], run: Run) -> tuple[float, os.struct_rusage]:  # type: ignore[name-defined,unused-ignore]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        start = time.perf_counter()
        process = subprocess.Popen(words, cwd=TRAINING, env=environment, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            last = [line for line in said.read().splitlines() if line.strip()][-1:]
            raise IcpError(f"{run.contestant} on {run.size} ended with {process.returncode}: {' '.join(last)}")
    return seconds, used


def command(run: Run, files: Files, stages: Path) -> list[str]:
    """The words of the command line."""
    if run.contestant == OURS:
        score = [str(ICP), "score", str(files.list), "-o", str(files.out), "--model", str(files.model / "bundle")]
        threads = ["--threads", str(run.threads)] if knows_threads() else []
        return [*score, "--as-of", AS_OF, "--no-known", "--force", *threads]
    python = PEERS_PYTHON if run.contestant == "woodelf" else OUR_PYTHON
    answers = ["--answers", str(files.answers)] if run.contestant == FLOOR else []
    return [
        *(str(python), "-m", "benchmarks.bench_score.contest", run.contestant, "--model", str(files.model)),
        *("--list", str(files.list), "--out", str(files.out), "--threads", str(run.threads)),
        *("--stages", str(stages), *answers),
    ]


@cache
def knows_threads() -> bool:
    """Whether `icp score` can be told how many threads to use."""
    shown = subprocess.run([str(ICP), "score", "--help"], capture_output=True, text=True, check=True)
    return "--threads" in shown.stdout


def has_woodelf() -> bool:
    """Whether the environment of the peers is there and has woodelf."""
    if not PEERS_PYTHON.exists():
        return False
    return subprocess.run([str(PEERS_PYTHON), "-c", "import woodelf"], capture_output=True, check=False).returncode == 0


def our_module(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the bench in a process of its own, so that this one stays small."""
    whole = [str(OUR_PYTHON), "-m", f"benchmarks.bench_score.{module}", *words]
    return subprocess.run(whole, cwd=TRAINING, capture_output=True, text=True, check=False)
