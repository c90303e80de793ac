"""How many faults of each kind are put into each command."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.faults.clock import can_jump
from benchmarks.faults.commands import COMMANDS

OF_EACH: Final[Mapping[str, int]] = {
    "killed before a step": 4,
    "killed at a moment": 2,
    "disk full": 3,
    "read-only": 2,
    "share lost": 2,
    "out of memory": 2,
    "two at once": 1,
    "language and time zone": 1,
    "clock jumps": 6,
}
OF_SLOW: Final[Mapping[str, int]] = {
    "killed before a step": 2,
    "killed at a moment": 1,
    "disk full": 1,
    "share lost": 1,
    "language and time zone": 1,
    "clock jumps": 2,
}
"""A check takes ten seconds and a training half a minute, and so do their reruns."""
OF_DATABASE: Final[Mapping[str, int]] = {
    "database stopped": 6,
    "killed at a moment": 3,
    "two at once": 1,
    "out of memory": 1,
    "clock jumps": 2,
}


def _planned() -> dict[str, int]:
    found: dict[str, int] = {}
    for name, command in COMMANDS.items():
        counts = OF_DATABASE if command.needs else OF_SLOW if command.is_slow else OF_EACH
        found |= {f"{name}: {fault}": count for fault, count in counts.items() if fault not in _LEFT_OUT}
    return found


def _left_out() -> Iterator[str]:
    """Faults that this machine cannot play."""
    if os.name != "posix" or os.geteuid() != 0:
        yield "read-only"
    if not can_jump():
        yield "clock jumps"


_LEFT_OUT: Final = tuple(_left_out())
SEEDS: Final[Mapping[str, int]] = _planned()
"""Of each kind, "command: fault", the number of its faults."""
