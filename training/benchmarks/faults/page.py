"""The page: what was put in, how commands ended, what stood there, and the faults of ours that were found that way."""

from __future__ import annotations

import os
import platform
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from benchmarks.faults.clock import can_jump
from benchmarks.faults.records import Row

HEAD: Final = """\
# Faults

`make faults` puts faults into real commands, on a real disk, a real MLflow and a real PostgreSQL, and looks at what is
there afterwards. Each command begins with something to lose: an output of an earlier day, a version that is live. After
the fault its command is run again as a person would type it, unless it had come to its end and said so.

| fault | what is done |
|---|---|
| killed before a step | SIGKILL before a file is opened for writing, made, renamed or removed; from first to last |
| killed at a moment | SIGKILL at a moment drawn from the time that the command takes |
| disk full | from a step on the file system has nothing left, one page, or up to a megabyte |
| read-only | from a step on the file system is mounted read-only |
| share lost | from a step on the project is not where it was; afterwards it is there again |
| out of memory | a limit on the address space, below what the command asks for |
| two at once | the same command twice at the same time; the worse end counts |
| database stopped | the server is stopped at a random moment as a power cut would, and started again |
| language and time zone | Turkish; German without UTF-8; ASCII; 14 hours before UTC and 10 behind |
| clock jumps | the process's wall clock: 20 years forward or back, or an hour back; from its start, or from a step on |

*Old*: what stood there before still does. *New*: all that an undisturbed command makes. *Each whole*: of several files
some are old, some new, and none is half written. *None*: parts that `--force` gave up, and no new ones yet; no manifest
says that they are there. *Neither* would be anything else. *Same*: in the end, after the rerun where one was needed,
there is what an undisturbed command makes, byte for byte; of the registry the same roles, and the same events in the
same order, in it and in its file; of a version the same content hash; of a plan all but the day. Lost and doubled are
rows of the list, counted in the output."""

FOOT: Final = """\
## What is not covered

- **A power cut.** Processes are killed; the machine is not. Files and their folders are flushed before they take their
  names where the code says so, and nothing here proves that.
- **What a wrong clock wrote.** Days and times of events are not compared: an event that was written under a clock that
  ran ahead keeps its time, and those after it get none that is earlier, so that their order holds. A model that was
  trained under such a clock is as old as that clock said when a gate asks whether it has expired. The clock jumps for
  the process alone: the times of its files, and a database's own clock, are the machine's.
- **Files that a kill leaves.** A process that is killed cannot remove its hidden file, such as
  `.scored.4f0c....partial.parquet` beside `scored.parquet`. No command reads one, and none is stopped by one. Remove
  them when no job is at work. A plan that was killed after its assignment had its name waits in such a file,
  `.plan.4f0c....waiting.json`: it is the plan of that assignment, and `icp plan --result` and the next plan there give
  it its own name.
- **Several files are not one.** `icp export --overwrite` into a folder that is there replaces file after file, and
  `icp score --unusable` writes two: a kill in between leaves some old and some new. `icp export --check` tells which.
  A plan and its assignment know each other: a pair that does not belong together is refused.
- **A rerun of what was done.** A first export, or a first plan, that is killed after its files have their names, or run
  twice at once, is refused when it is run again, because they are there: nothing is replaced unasked."""

FOUND: Final = """\
## Faults of ours that were found, here or on the way to it, and what was done

- `icp score --force` into parts that are there, killed while it removed them: the manifest could outlive a part, so
  that an output with rows lost said that it was whole. Now the manifest goes first.
- The same, killed while it wrote its record or the manifest: the hidden file that was left stopped every later job in
  that folder, `--force` too. Now it is known for what it is.
- `icp plan --force`, killed between the plan and its assignment: a new plan stood beside an old assignment, and the two
  were read as one. Now the plan knows who is in which arm, and another assignment is refused.
- `icp plan`, killed there: the plan alone stopped the next run, and was neither the old state nor the new one. Now the
  new plan waits in a hidden file until the assignment has its name, and is read from there until it has its own.
- `icp report`, twice at once: both wrote to one hidden file, so that half a page could take the name. Now each has its
  own.
- `icp export` into a new folder, killed between two files: half of the files. Now the folder appears with all of them.
- A record of runs that is lost during `icp train`: a traceback, that of the attempt to say that the run had failed. Now
  one sentence, exit code 2.
- A project that is lost during `icp amend`: the version was written to where the share had been, and the command said
  that it was done. Now that is refused, also in `icp train`.
- `icp promote` of a bundle that no registry knows, twice at once: both registered it, and it was made live twice, so
  that `previous` was the same version and a rollback led nowhere. Now what is live is live under each of its numbers.
- A database of runs that fails: MLflow's own traceback before our sentence. Now the sentence alone.
- A file of deals that is gone in the middle of `icp train`: a traceback. Now one sentence, exit code 3.
- Memory that runs out, and a disk that fails where no output is written: a traceback. Now one sentence, exit code
  75.
- `icp promote`, killed under a clock that was years ahead: its lock kept people on other machines, which cannot see
  that it is gone, from promoting anything until that year. Now a lock that says more than a day counts for nothing
  there."""

ROOM: Final = re.compile(r"/\S*/project/")
ENDS: Final = ("done", "one sentence", "killed", "crashed")
STATES: Final = ("old", "new", "each whole", "none", "neither")


def page_of(rows: Sequence[Row], code: str) -> Iterator[str]:
    """All lines. code: the hash of what made the rows."""
    yield HEAD
    yield ""
    yield from _summary(rows, code)
    yield ""
    yield from _table("command", [(row.command, row) for row in rows])
    yield ""
    yield from _table("fault", [(row.fault, row) for row in rows])
    yield ""
    yield from _each("## Every command and fault", rows)
    yield from _wrong(rows)
    yield FOUND
    yield ""
    yield FOOT


def _summary(rows: Sequence[Row], code: str) -> Iterator[str]:
    ended, state = Counter(row.ended for row in rows), Counter(row.state for row in rows)
    yield "## In all"
    yield ""
    yield (
        f"{len(rows)} faults by the code with the hash {code}, "
        f"on Python {platform.python_version()}, {platform.system()} {platform.machine()}: "
        f"{ended['traceback'] + ended['other']} tracebacks or ends without a sentence, {ended['hung']} hangs, "
        f"{state['neither']} states that were neither, {sum(row.lost for row in rows)} rows lost, "
        f"{sum(row.doubled for row in rows)} doubled, {sum(row.again != 0 for row in rows)} reruns refused, "
        f"{sum(not row.same for row in rows)} that ended with something else than an undisturbed command."
    )
    if os.geteuid() != 0:
        yield "Without root: full disks were played by a limit on the size of files, and read-only ones left out."
    if not can_jump():
        yield "Without a C compiler, or not on Linux: clocks that jump were left out."


def _table(what: str, rows: Sequence[tuple[str, Row]]) -> Iterator[str]:
    names = ("injected", *ENDS, "traceback", "hung", *STATES, "rows lost", "doubled", "same", "left")
    yield f"| {what} | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for name in dict.fromkeys(key for key, _ in rows):
        yield _line(name, [row for key, row in rows if key == name])


def _line(name: str, rows: Sequence[Row]) -> str:
    ended, state = Counter(row.ended for row in rows), Counter(row.state for row in rows)
    cells = [len(rows), *(ended[each] for each in ENDS), ended["traceback"] + ended["other"], ended["hung"]]
    cells += [state[each] for each in STATES]
    cells += [sum(row.lost for row in rows), sum(row.doubled for row in rows)]
    cells += [sum(row.same for row in rows), sum(row.left for row in rows)]
    return f"| {name} | {' | '.join(str(cell) if cell else '' for cell in cells)} |"


def _each(title: str, rows: Sequence[Row]) -> Iterator[str]:
    yield title
    yield ""
    yield from _table("command: fault", [(row.kind, row) for row in rows])
    yield ""


def _wrong(rows: Sequence[Row]) -> Iterator[str]:
    wrong = [row for row in rows if row.is_wrong]
    if not wrong:
        return
    yield "## What did not end as an undisturbed command does"
    yield ""
    yield from chain.from_iterable(
        (f"- {row.kind}, {row.where}: {row.ended}, {row.state}; {_at_home(row.said or row.again_said or row.note)}",)
        for row in wrong
    )
    yield ""


def _at_home(sentence: str) -> str:
    """The same without the folder of this machine in which the run was made."""
    return ROOM.sub("", sentence)
