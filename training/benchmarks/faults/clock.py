"""The machine's wall clock as one process sees it, in Python, C and C++ alike, made to jump; the machine's own stays.

    python -m benchmarks.faults.clock PROJECT STEP SECONDS WORDS...

runs `icp WORDS...` in a process into which the library below was loaded first (`preloaded`). Before the step with that
number the clock jumps by so many seconds, forward or back; 0 stands for before the command begins. The clock that only
counts, from which durations are taken, does not jump, and neither do the times of files, which the system writes.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.faults.in_process import on_steps
from benchmarks.faults.room import at_home

SOURCE: Final = """\
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long ahead;

void jump_clock(long long seconds) { __atomic_store_n(&ahead, seconds, __ATOMIC_SEQ_CST); }

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI))
        now->tv_sec += __atomic_load_n(&ahead, __ATOMIC_SEQ_CST);
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    int failed = (int)syscall(SYS_gettimeofday, now, zone);
    if (!failed)
        now->tv_sec += __atomic_load_n(&ahead, __ATOMIC_SEQ_CST);
    return failed;
}

time_t time(time_t *told)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told)
        *told = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *now, int base)
{
    return base == TIME_UTC && !clock_gettime(CLOCK_REALTIME, now) ? base : 0;
}
"""
"""What stands before the system's own answers to what time it is."""


@dataclass(frozen=True)
class Jump:
    """title: as the page calls it. seconds: how far forward; less than 0 is back."""

    title: str
    seconds: int


HOUR: Final = 3600
YEARS: Final = 20 * 365 * 24 * HOUR
JUMPED: Final = "jumped"
JUMPS: Final = (Jump("20 years forward", YEARS), Jump("20 years back", -YEARS), Jump("an hour back", -HOUR))


def can_jump() -> bool:
    """Whether there is a compiler, and a system that lets a library be loaded before the others."""
    return sys.platform == "linux" and shutil.which("cc") is not None


def made_library(folder: Path) -> Path:
    """The library, compiled into a folder that is made; once."""
    library = folder / "clock.so"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / "clock.c"
        source.write_text(SOURCE, encoding="utf-8")
        words = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(source)]
        subprocess.run(words, check=True, capture_output=True)
    return library


def preloaded(library: Path) -> Mapping[str, str]:
    """What the environment of a process has to say."""
    return {"LD_PRELOAD": str(library)}


def jump(project: Path, seconds: int) -> None:
    """The clock of this process, which has the library, is ahead by so many seconds from now on; `has_jumped` tells."""
    before = time.time()
    ctypes.CDLL(None).jump_clock(ctypes.c_longlong(seconds))
    if abs(time.time() - before - seconds) < HOUR / 2:
        project.with_name(JUMPED).touch()


def has_jumped(project: Path) -> bool:
    """Whether the clock of the last command did jump."""
    return project.with_name(JUMPED).exists()


def jump_at(project: Path, step: int, seconds: int) -> None:
    """The clock jumps before a step; with 0, now."""
    at_home(project)
    if step == 0:
        jump(project, seconds)

    def deed(number: int, _event: str) -> None:
        if number == step:
            jump(project, seconds)

    on_steps(project, deed)


def main() -> None:
    """See the head of the file."""
    project, step, seconds, *words = sys.argv[1:]
    jump_at(Path(project), int(step), int(seconds))
    sys.argv = ["icp", *words]
    from icp_ml.cli.main import main as icp  # noqa: PLC0415 - loaded under the clock that it is to run under

    icp()


if __name__ == "__main__":
    main()
