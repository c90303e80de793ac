"""The command line of a benchmark that makes one row for each kind of world and seed, side by side."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar


class SeededRow(Protocol):
    """A row says of which world it is."""

    @property
    def kind(self) -> str:
        """The kind of world."""

    @property
    def seed(self) -> int:
        """Its seed."""


R = TypeVar("R", bound=SeededRow)


def make_rows(about: str, seeds: Mapping[str, int], row_of: Callable[[tuple[str, int]], R]) -> tuple[list[R], bool]:
    """The rows that the command line asks for, and whether they are all there are, which a committed page needs.

    about: the help. seeds: for each kind the number of its seeds, from 1. row_of: called in other processes.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", action="append", choices=list(seeds), dest="kinds")
    parser.add_argument("--seeds", type=int, help="seeds 1 to this, instead of all")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    tasks = [(kind, seed) for kind in asked.kinds or seeds for seed in range(1, (asked.seeds or seeds[kind]) + 1)]
    rows = []
    with ProcessPoolExecutor(asked.workers) as workers:
        for done, row in enumerate(workers.map(row_of, tasks), start=1):
            rows.append(row)
            sys.stderr.write(f"{done} of {len(tasks)}: {row.kind} {row.seed}\n")
    return rows, not asked.kinds and not asked.seeds


def hash_of(root: Path, patterns: Sequence[str]) -> str:
    """SHA-256 over the files that the patterns find below `root`: the code whose rows these are, 12 digits."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]
