"""What is done to a command from inside its own process, before it begins: each is called with the project's folder.

Python tells of every file that it opens for writing, makes, renames or removes, before it does: a *step*. What is
written by libraries in other languages between two steps is met by kills at random moments and by a full disk.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Final

from benchmarks.faults.room import at_home

CHANGES: Final = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "sqlite3.connect", "shutil.rmtree")
"""Events of Python that say that a file or a folder is about to change; opening one to write is one more."""
TO_WRITE: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _is_step(event: str, words: tuple[object, ...], project: str) -> bool:
    if event == "open":
        flags = words[2] if len(words) > 2 else 0
        if not isinstance(flags, int) or not flags & TO_WRITE:
            return False
    elif event not in CHANGES:
        return False
    place = words[0] if words else None
    text = os.fsdecode(place) if isinstance(place, str | bytes | os.PathLike) else ""
    return text.startswith(project)


def on_steps(project: Path, deed: Callable[[int, str], None]) -> None:
    """Call `deed` with the number of each step, from 1, and its event, before it is taken."""
    count, within = [0], [False]

    def hook(event: str, words: tuple[object, ...]) -> None:
        if within[0] or not _is_step(event, words, str(project)):
            return
        count[0] += 1
        within[0] = True
        try:
            deed(count[0], event)
        finally:
            within[0] = False

    sys.addaudithook(hook)


def counted(project: Path, told: Path) -> None:
    """Write down how many steps there are, and how many bytes of address space were asked for after the start."""
    at_home(project)
    passed, start = [0], address_space("VmSize")

    def count(number: int, _event: str) -> None:
        passed[0] = number

    on_steps(project, count)

    def tell() -> None:
        told.write_text(f"{passed[0]} {address_space('VmPeak') - start}")

    Finalize(None, tell, exitpriority=1)


def killed_at(project: Path, step: int) -> None:
    """The process dies without a word before a step."""
    at_home(project)

    def deed(number: int, _event: str) -> None:
        if number == step:
            os.kill(os.getpid(), signal.SIGKILL)

    on_steps(project, deed)


def read_only_at(project: Path, step: int) -> None:
    """From a step on the project's file system cannot be written; where something is being written, after that."""
    at_home(project)
    wanted = ["mount", "-o", "remount,ro", str(project.parent)]
    is_done = [False]

    def deed(number: int, _event: str) -> None:
        if number >= step and not is_done[0]:
            is_done[0] = subprocess.run(wanted, check=False, capture_output=True).returncode == 0

    on_steps(project, deed)


def lost_at(project: Path, step: int) -> None:
    """From a step on the project is no longer where it was, as when the share of a network is lost."""
    at_home(project)
    away = project.with_name("away")

    def deed(number: int, _event: str) -> None:
        if number == step:
            project.rename(away)

    on_steps(project, deed)


def full_at(project: Path, step: int, spare: int) -> None:
    """From a step on the project's file system has no more than so many bytes left."""
    at_home(project)
    ballast = project.with_name("ballast")

    def deed(number: int, _event: str) -> None:
        room = shutil.disk_usage(project.parent).free - spare
        if number == step and room > 0:
            descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
            os.posix_fallocate(descriptor, 0, room)
            os.close(descriptor)

    on_steps(project, deed)


def little_memory(project: Path, more: int) -> None:
    """So many bytes of address space may be asked for beyond those that are."""
    at_home(project)
    limit = address_space("VmSize") + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def short_files(project: Path, limit: int) -> None:
    """Writing beyond so many bytes of a file fails, as it does where a disk is full."""
    at_home(project)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def address_space(name: str) -> int:
    """VmSize or VmPeak of this process in bytes, as Linux says it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    return 0


def put_back_from_away(project: Path) -> bool:
    """The share is there again. Returns whether somebody had written where it was missing."""
    away, wrote = project.with_name("away"), False
    if away.exists():
        wrote = project.exists()
        if wrote:
            shutil.rmtree(project)
        away.rename(project)
    return wrote
