"""One fault: the project as it was kept, the command, the fault, and what is there afterwards."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.faults import in_process
from benchmarks.faults.clock import JUMPS, has_jumped, preloaded
from benchmarks.faults.commands import COMMANDS, Command
from benchmarks.faults.database import Server
from benchmarks.faults.languages import LANGUAGES, environment
from benchmarks.faults.looking import ABSENT, Rows, closed_database, left_in, state_of
from benchmarks.faults.records import BAD_ENDS, DONE, Ended, Row, ended_as
from benchmarks.faults.room import Room, at_home
from tests import forked_cli
from tests.cli_projects import Outcome

PATIENCE: Final = 1_800.0
"""Seconds after which a command hangs: far more than the slowest takes, since a machine may have much else to do."""
HUNG: Final = -1000
MOST_TOLD: Final = 3000  # characters
MOST_SPARE: Final = 1 << 20

First = Callable[[], None]


@dataclass(frozen=True)
class Undisturbed:
    """A command that nothing met. old, new: what it makes, before and after. steps: how many it takes in the project's
    folder. memory: bytes of address space it asks for. seconds: how long it takes.
    """

    old: str
    new: str
    steps: int
    memory: int
    seconds: float


@dataclass
class Bench:
    """A room and what is known of commands in it. locales: a folder of languages, where there is one. clock: what makes
    a process's clock jump, where this machine can.
    """

    room: Room
    server: Server
    locales: Path | None
    clock: Path | None
    known: dict[str, Undisturbed] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Of the database."""
        return self.server.url

    def undisturbed(self, name: str) -> Undisturbed:
        """What the command does when nothing happens; asked once."""
        if name not in self.known:
            command, told = COMMANDS[name], self.room.elsewhere / "told"
            self.ready(command)
            old = command.made(self.room, self.url)
            begun = time.monotonic()
            done = self.run(command.words, partial(in_process.counted, self.room.project, told))
            seconds = time.monotonic() - begun
            if done.code != DONE:
                raise RuntimeError(f"{name} ended with {done.code}, undisturbed: {done.err}")
            steps, memory = map(int, told.read_text().split())
            self.known[name] = Undisturbed(old, command.made(self.room, self.url), steps, memory, seconds)
        return self.known[name]

    def ready(self, command: Command) -> None:
        """Everything as the command finds it."""
        self.room.put_back(command.state)
        if command.needs:
            closed_database(self.url)

    def run(self, words: tuple[str, ...], first: First) -> Outcome:
        """A command to its end."""
        return waited(forked_cli.begin(self.room.elsewhere, self.room.words(words), first))


def waited(job: forked_cli.Job) -> Outcome:
    """How a command ended; one that does not end is killed, and its code is `HUNG`."""
    job.process.join(PATIENCE)
    if not job.is_running:
        return job.wait()
    job.process.kill()
    found = job.wait()
    return Outcome(HUNG, found.out, found.err)


# --- the faults, each with the seed's number of how many there are --------------------------------------------------


@dataclass(frozen=True)
class Task:
    """The place of a fault among those of its kind: `seed` of `count`."""

    seed: int
    count: int
    kind: str

    def chance(self) -> random.Random:
        """Always the same for the same fault."""
        return random.Random(f"{self.kind} {self.seed}")

    def step_of(self, known: Undisturbed) -> int:
        """Steps from the first to the last, evenly."""
        return 1 + (self.seed - 1) * max(known.steps - 1, 0) // max(self.count - 1, 1)


Met = tuple[str, list[Outcome]]
"""Where a fault met the command, and how that ended."""


def _at_a_step(
    deed: Callable[[Path, int], None], bench: Bench, command: Command, known: Undisturbed, task: Task
) -> Met:
    step = task.step_of(known)
    outcome = bench.run(command.words, partial(deed, bench.room.project, step))
    return f"step {step} of {known.steps}", [outcome]


def _at_a_moment(bench: Bench, command: Command, known: Undisturbed, task: Task) -> Met:
    after = task.chance().uniform(0.0, known.seconds)
    first = partial(at_home, bench.room.project)
    job = forked_cli.begin(bench.room.elsewhere, bench.room.words(command.words), first)
    time.sleep(after)
    job.process.kill()
    return f"after {after:.2f} s of {known.seconds:.2f}", [waited(job)]


def _full(bench: Bench, command: Command, known: Undisturbed, task: Task) -> Met:
    chance, step = task.chance(), task.step_of(known)
    if not bench.room.is_mounted:
        limit = int(2 ** chance.uniform(0.0, 18.0))
        first = partial(in_process.short_files, bench.room.project, limit)
        return f"files of {limit:,} bytes", [bench.run(command.words, first)]
    spare = chance.choice((0, 4096, chance.randrange(MOST_SPARE)))
    outcome = bench.run(command.words, partial(in_process.full_at, bench.room.project, step, spare))
    bench.room.ballast.unlink(missing_ok=True)
    return f"{spare:,} bytes left from step {step} of {known.steps} on", [outcome]


def _read_only(bench: Bench, command: Command, known: Undisturbed, task: Task) -> Met:
    met = _at_a_step(in_process.read_only_at, bench, command, known, task)
    bench.room.remount("rw")
    return met


def _lost(bench: Bench, command: Command, known: Undisturbed, task: Task) -> Met:
    where, outcomes = _at_a_step(in_process.lost_at, bench, command, known, task)
    wrote = in_process.put_back_from_away(bench.room.project)
    return where + (", and something was written in its place" if wrote else ""), outcomes


def _little_memory(bench: Bench, command: Command, known: Undisturbed, task: Task) -> Met:
    more = int(known.memory * task.seed / (task.count + 1))
    outcome = bench.run(command.words, partial(in_process.little_memory, bench.room.project, more))
    return f"{more >> 20:,} of {known.memory >> 20:,} MiB", [outcome]


def _two_at_once(bench: Bench, command: Command, known: Undisturbed, task: Task) -> Met:
    after = known.seconds * (task.seed - 1) / task.count / 2
    first, words = partial(at_home, bench.room.project), bench.room.words(command.words)
    one = forked_cli.begin(bench.room.elsewhere, words, first)
    time.sleep(after)
    other = forked_cli.begin(bench.room.elsewhere, words, first)
    return f"the second {after:.2f} s after the first", [waited(one), waited(other)]


def _database_gone(bench: Bench, command: Command, known: Undisturbed, task: Task) -> Met:
    server = bench.server
    after = task.chance().uniform(0.0, known.seconds)
    first = partial(at_home, bench.room.project)
    job = forked_cli.begin(bench.room.elsewhere, bench.room.words(command.words), first)
    time.sleep(after)
    server.stop()
    outcome = waited(job)
    server.start()
    return f"after {after:.2f} s of {known.seconds:.2f}", [outcome]


def _in_a_language(bench: Bench, command: Command, _known: Undisturbed, task: Task) -> Met:
    place = task.seed - 1 + _place_of(command)  # each command meets another one
    language = LANGUAGES[place % len(LANGUAGES)]
    words = ("icp_ml.cli.main", *bench.room.words(command.words))
    return language.title, [_alone(bench.room, words, environment(language, bench.locales))]


def _clock_jumps(bench: Bench, command: Command, known: Undisturbed, task: Task) -> Met:
    """Every other fault before the command begins, those between at a step, evenly."""
    assert bench.clock is not None
    jump = JUMPS[(task.seed - 1 + _place_of(command)) % len(JUMPS)]
    step = 0 if task.seed % 2 else min(max((task.seed - 1) * known.steps // task.count, 1), known.steps)
    words = ("benchmarks.faults.clock", str(bench.room.project), str(step), str(jump.seconds))
    outcome = _alone(bench.room, (*words, *bench.room.words(command.words)), preloaded(bench.clock))
    if not has_jumped(bench.room.project):
        raise RuntimeError(f"the clock was to jump before step {step} of {known.steps}, and did not: {outcome.err}")
    return f"{jump.title} {f'before step {step} of {known.steps}' if step else 'from the start'}", [outcome]


def _place_of(command: Command) -> int:
    return list(COMMANDS.values()).index(command)


def _alone(room: Room, words: tuple[str, ...], more: Mapping[str, str]) -> Outcome:
    """A module of Python and its words in a fresh process with more in its environment."""
    try:
        found = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=room.elsewhere,
            env={**os.environ, "ICP_HOME": str(room.project), **more},
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return Outcome(HUNG, "", "")
    out, err = (text.decode("utf-8", "replace") for text in (found.stdout, found.stderr))
    return Outcome(found.returncode, out, err)


FAULTS: Final[dict[str, Callable[[Bench, Command, Undisturbed, Task], Met]]] = {
    "killed before a step": partial(_at_a_step, in_process.killed_at),
    "killed at a moment": _at_a_moment,
    "disk full": _full,
    "read-only": _read_only,
    "share lost": _lost,
    "out of memory": _little_memory,
    "two at once": _two_at_once,
    "database stopped": _database_gone,
    "language and time zone": _in_a_language,
    "clock jumps": _clock_jumps,
}


def met(bench: Bench, command_name: str, fault: str, task: Task) -> Row:
    """Put a fault into a command, look at what is there, run it again, and look once more.

    It is not run again where it had come to its end and said so.
    """
    command, known, room = COMMANDS[command_name], bench.undisturbed(command_name), bench.room
    bench.ready(command)
    where, outcomes = FAULTS[fault](bench, command, known, task)
    rank: tuple[Ended, ...] = ("done", "killed", "one sentence", "crashed", "other", "traceback", "hung")
    ends: list[Ended] = ["hung" if each.code == HUNG else ended_as(each.code, each.err) for each in outcomes]
    worst = max(range(len(ends)), key=lambda place: rank.index(ends[place]))
    found = command.made(room, bench.url)
    state = state_of(found, known.old, known.new)
    seen = _rows(bench, command, found)
    is_over = state == "new" and (command.turns or set(ends) == {"done"})
    again = None if is_over else bench.run(command.again or command.words, partial(at_home, room.project))
    after = seen if again is None else _rows(bench, command, ABSENT if again.code else known.new)
    return Row(
        kind=f"{command_name}: {fault}",
        seed=task.seed,
        where=where,
        ended=ends[worst],
        code=outcomes[worst].code,
        said=_last(outcomes[worst].err),
        state=state,
        again=0 if again is None else again.code,
        again_said=_last(again.err) if again is not None and again.code else "",
        same=command.made(room, bench.url) == known.new,
        lost=max(seen.lost, after.lost),
        doubled=max(seen.doubled, after.doubled),
        left=left_in(room.project),
        note=found if state == "neither" else outcomes[worst].err[-MOST_TOLD:] if ends[worst] in BAD_ENDS else "",
    )


def _rows(bench: Bench, command: Command, found: str) -> Rows:
    """Of an output that is there; the old table holds no list."""
    known = bench.known[next(name for name, each in COMMANDS.items() if each is command)]
    if command.rows is None or found == ABSENT or (command.needs and found == known.old):
        return Rows()
    return command.rows(bench.room, bench.url)


def _last(err: str) -> str:
    lines = [line for line in err.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("icp: ")]
    return (told or lines or [""])[-1][:400]
