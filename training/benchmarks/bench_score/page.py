"""The page: rates beside the peers, start-up, seconds by stage, memory; all from what was timed in one run."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.bench_score.plan import BY_STAGE, FLOOR, LARGE_ROWS, MEMORY_ROWS, OURS, Asked
from benchmarks.bench_score.running import Timed

BEGINS: Final = "<!-- what follows is written by make bench-score -->"
ENDS: Final = "<!-- end of what is written by make bench-score -->"

TIMES: Final[Mapping[tuple[str, str], float]] = {
    ("200x4", "naive"): 250.0,
    ("200x4", "streaming"): 80.0,
    ("400x6", "streaming"): 80.0,
}
"""How many times as fast as the peer icp-ml is to be, Parquet to Parquet."""
KERNEL_TIMES: Final[Mapping[str, float]] = {"streaming": 100.0, "woodelf": 10.0}
"""How many times as fast as the peer's contributions alone icp-ml's kernel is to be, reading of values included."""
KERNEL: Final = ("parse", "encode", "kernel")
ONCE: Final = "once: "
"""What stages begin with that do not grow with the rows."""
START_SECONDS, MOST_MEMORY, MOST_GROWTH = 3.0, 700.0, 1.1


@dataclass(frozen=True)
class Spread:
    """Of several repetitions."""

    median: float
    low: float
    high: float

    def words(self, digits: int = 0) -> str:
        """Median, and least to most."""
        return f"{self.median:,.{digits}f} ({self.low:,.{digits}f} to {self.high:,.{digits}f})"


def spread(values: Iterable[float]) -> Spread:
    """values: at least one."""
    found = sorted(values)
    return Spread(median(found), found[0], found[-1])


def page_of(asked: Asked, found: Sequence[Timed], left_out: Sequence[str]) -> list[str]:
    """All lines."""
    parts = (_head(asked, left_out), _rates(asked, found), _start(found), _stages(asked, found), _memory(found))
    return list(chain.from_iterable(parts))


def write_page(path: Path, lines: Sequence[str], marks: tuple[str, str] = (BEGINS, ENDS)) -> None:
    """Put the lines between their marks in the page; what stands around them stays."""
    begins, ends = marks
    before, _, rest = path.read_text(encoding="utf-8").partition(begins)
    _, _, after = rest.partition(ends)
    path.write_text(before + "\n".join([begins, "", *lines, "", ends]) + after, encoding="utf-8")


def _head(asked: Asked, left_out: Sequence[str]) -> Iterator[str]:
    yield (
        f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores; load while this was "
        f"written {os.getloadavg()[0]:.1f}. Repetitions: {asked.repetitions}."
    )
    yield from left_out
    yield ""


# --- rates ----------------------------------------------------------------------------------------------------------


def _rates(asked: Asked, found: Sequence[Timed]) -> Iterator[str]:
    yield "## Parquet to Parquet"
    yield ""
    yield (
        "The last column has the floor's seconds a row taken off both: how many times as fast what lies between "
        "reading and writing is, whatever the output's width."
    )
    yield ""
    yield (
        "| size | threads | contestant | rows | rows/s | cores used | peak MiB | icp-ml is faster | target | met "
        "| between reading and writing |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    rates = [each for each in found if each.run.part == "rate"]
    for size in asked.sizes:
        for threads in asked.threads:
            group = [each for each in rates if (each.run.size, each.run.threads) == (size, threads)]
            yield from _group_lines(size, threads, group)
    yield ""


def _group_lines(size: str, threads: int, group: Sequence[Timed]) -> Iterator[str]:
    ours, floor = _rate(group, OURS), _rate(group, FLOOR)
    for contestant in dict.fromkeys(each.run.contestant for each in group):
        own = [each for each in group if each.run.contestant == contestant]
        rate = spread(each.rate for each in own)
        cores = median(each.cpu / each.seconds for each in own)
        figures = f"{own[0].run.rows:,} | {rate.words()} | {cores:.1f} | {max(each.memory for each in own):,.0f}"
        is_peer = contestant not in (OURS, FLOOR)
        compared = _beside(size, contestant, ours if is_peer else None, rate)
        between = _between(ours, rate, floor) if is_peer else ""
        yield f"| {size} | {threads} | {contestant} | {figures} | {compared} | {between} |"


def _rate(group: Sequence[Timed], contestant: str) -> Spread | None:
    values = [each.rate for each in group if each.run.contestant == contestant]
    return spread(values) if values else None


def _beside(size: str, contestant: str, ours: Spread | None, theirs: Spread) -> str:
    """Three cells, empty where icp-ml itself was not timed."""
    if ours is None:
        return " | | "
    times = ours.median / theirs.median
    return f"{times:,.1f} times | {_judged(times, TIMES.get((size, contestant)))}"


def _between(ours: Spread | None, theirs: Spread, floor: Spread | None) -> str:
    """How many times as fast with the floor's seconds a row taken off both; empty where one of the three is missing."""
    if ours is None or floor is None or ours.median >= floor.median:
        return ""
    times = (1.0 / theirs.median - 1.0 / floor.median) / (1.0 / ours.median - 1.0 / floor.median)
    return f"{times:,.1f} times"


def _judged(times: float, target: float | None) -> str:
    """Two cells: the target, and whether it is met."""
    return " | " if target is None else f"{target:g} | {'yes' if times >= target else 'no'}"


# --- start-up -------------------------------------------------------------------------------------------------------


def _start(found: Sequence[Timed]) -> Iterator[str]:
    starts = [each for each in found if each.run.part == "start"]
    if not starts:
        return
    yield f"## A list of {starts[0].run.rows:,} rows: start-up"
    yield ""
    yield "| contestant | seconds | target | met |"
    yield "|---|---|---|---|"
    for contestant in dict.fromkeys(each.run.contestant for each in starts):
        seconds = spread(each.seconds for each in starts if each.run.contestant == contestant)
        met = "yes" if seconds.median < START_SECONDS else "no"
        target = f"under {START_SECONDS:g} | {met}" if contestant == OURS else " | "
        yield f"| {contestant} | {seconds.words(2)} | {target} |"
    for first in (each for each in found if each.run.part == "first use"):
        yield f"| {OURS}, first use: nothing compiled yet | {first.seconds:,.2f} | | |"
    yield ""


# --- stages ---------------------------------------------------------------------------------------------------------


def _stages(asked: Asked, found: Sequence[Timed]) -> Iterator[str]:
    staged = [each for each in found if each.stages]
    if not staged:
        return
    yield "## Seconds by stage"
    yield ""
    yield "Seconds for a million rows, medians; a peer's are of its runs above. What comes once is in seconds as it is."
    yield ""
    yield "| size | threads | contestant | by stage |"
    yield "|---|---|---|---|"
    for key in dict.fromkeys((each.run.size, each.run.threads, each.run.contestant) for each in staged):
        by_stage = ", ".join(f"{name} {seconds:,.2f}" for name, seconds in stage_seconds(staged, key).items())
        yield f"| {key[0]} | {key[1]} | {key[2]} | {by_stage} |"
    yield ""
    yield from _kernels(asked, staged)


def stage_seconds(staged: Sequence[Timed], key: tuple[str, int, str]) -> dict[str, float]:
    """Median seconds for a million rows, by stage, or in all where a stage comes once.

    key: size, threads, contestant; without such runs, nothing.
    """
    own = [each for each in staged if (each.run.size, each.run.threads, each.run.contestant) == key]
    names = dict.fromkeys(name for each in own for name in each.stages)
    return {
        name: median(each.stages[name] * (1.0 if name.startswith(ONCE) else 1e6 / each.run.rows) for each in own)
        for name in names
    }


def _kernels(asked: Asked, staged: Sequence[Timed]) -> Iterator[str]:
    yield (
        "On one thread: icp-ml from Arrow columns to contributions (parse, encode, kernel) beside a peer's "
        "contributions alone, from numbers that are encoded already."
    )
    yield ""
    yield "| size | peer | s a million rows | icp-ml | faster | target | met |"
    yield "|---|---|---|---|---|---|---|"
    for size in asked.sizes:
        own = stage_seconds(staged, (size, 1, BY_STAGE))
        kernel = sum(own.get(name, 0.0) for name in KERNEL)
        for peer, target in KERNEL_TIMES.items():
            theirs = stage_seconds(staged, (size, 1, peer)).get("contributions")
            if theirs is not None and kernel:
                times = theirs / kernel
                figures = f"{theirs:,.2f} | {kernel:,.2f} | {times:,.1f} times | {_judged(times, target)}"
                yield f"| {size} | {peer} | {figures} |"
    yield ""


# --- memory ---------------------------------------------------------------------------------------------------------


def _memory(found: Sequence[Timed]) -> Iterator[str]:
    held = [each for each in found if each.run.part == "memory"]
    if not held:
        return
    yield "## Memory of icp-ml"
    yield ""
    yield "| rows | row groups | peak MiB | target | met | rows/s |"
    yield "|---|---|---|---|---|---|"
    for each in held:
        groups = "one" if each.run.one_group else "of 262,144 rows"
        met = "yes" if each.memory < MOST_MEMORY else "no"
        figures = f"{each.memory:,.0f} | under {MOST_MEMORY:g} | {met} | {each.rate:,.0f}"
        yield f"| {each.run.rows:,} | {groups} | {figures} |"
    yield ""
    yield from _growth(held)


def _growth(held: Sequence[Timed]) -> Iterator[str]:
    for one_group in (False, True):
        peaks = {each.run.rows: each.memory for each in held if each.run.one_group == one_group}
        if LARGE_ROWS in peaks and MEMORY_ROWS[-1] in peaks:
            times = peaks[LARGE_ROWS] / peaks[MEMORY_ROWS[-1]]
            groups = "with one row group" if one_group else "with many row groups"
            yield (
                f"From {MEMORY_ROWS[-1]:,} to {LARGE_ROWS:,} rows, {groups}: {times:.2f} times the memory; "
                f"target under {MOST_GROWTH:g}, {'met' if times < MOST_GROWTH else 'not met'}."
            )
