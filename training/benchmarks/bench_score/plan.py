"""What is timed, in which order: repetitions outermost, contestants innermost, so that all meet the same machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from benchmarks.bench_score.sizes import SIZES

Part = Literal["rate", "start", "first use", "stages", "memory"]

OURS: Final = "icp-ml"
BY_STAGE: Final = "icp-ml by stage"
FLOOR: Final = "floor"
PEERS: Final = ("naive", "streaming", "woodelf")
FIRST: Final = "200x4"
"""The size on which start-up and memory are measured."""
START_ROWS: Final = 1_000
MEMORY_ROWS: Final = (200_000, 2_000_000)
LARGE_ROWS: Final = 20_000_000


@dataclass(frozen=True)
class Run:
    """One process. one_group: whether the list has all rows in one row group."""

    part: Part
    size: str
    contestant: str
    threads: int
    rows: int
    repetition: int = 1
    one_group: bool = False


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. rows: of icp-ml and the floor.

    peer_rows, naive_rows: of streaming and woodelf, and of naive, instead of those that each size has for them.
    """

    sizes: tuple[str, ...] = tuple(SIZES)
    threads: tuple[int, ...] = (1, 2)
    rows: int = 1_000_000
    peer_rows: int | None = None
    naive_rows: int | None = None
    stage_rows: int = 262_144
    repetitions: int = 3
    large: bool = True
    memory: bool = True

    def rows_of(self, contestant: str, size: str) -> int:
        """How many rows a contestant scores."""
        if contestant not in PEERS:
            return self.rows
        if contestant == "naive":
            return self.naive_rows or SIZES[size].naive_rows
        return self.peer_rows or SIZES[size].peer_rows

    @property
    def is_whole(self) -> bool:
        """Whether the page of such a run is kept: nothing is left out."""
        own = (self.sizes, self.threads, self.peer_rows, self.naive_rows, self.memory, self.large)
        whole = (Asked.sizes, Asked.threads, None, None, True, True)
        return own == whole and self.rows >= Asked.rows and self.repetitions >= Asked.repetitions


def runs(asked: Asked, agreeing: Mapping[str, Sequence[str]]) -> Iterator[Run]:
    """All runs in their order. agreeing: by size the contestants that write what icp-ml writes, icp-ml among them."""
    for repetition in range(1, asked.repetitions + 1):
        for size in asked.sizes:
            for threads in asked.threads:
                for contestant in (FLOOR, *agreeing[size]):
                    yield Run("rate", size, contestant, threads, asked.rows_of(contestant, size), repetition)
            yield Run("stages", size, BY_STAGE, 1, min(asked.stage_rows, asked.rows), repetition)
        for contestant in agreeing[asked.sizes[0]]:
            yield Run("start", asked.sizes[0], contestant, max(asked.threads), START_ROWS, repetition)
    yield Run("first use", asked.sizes[0], OURS, max(asked.threads), START_ROWS)
    if asked.memory:
        yield from _memory(asked)


def _memory(asked: Asked) -> Iterator[Run]:
    for rows in (*MEMORY_ROWS, *([LARGE_ROWS] if asked.large else [])):
        for one_group in (False, True):
            yield Run("memory", asked.sizes[0], OURS, max(asked.threads), rows, one_group=one_group)
