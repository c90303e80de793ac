"""Whether one set of deals gives one bundle, however `icp train` is run; writes docs/one-hash.md.

    python -m benchmarks.one_hash                      all of it; half an hour of two cores
    python -m benchmarks.one_hash --kind planted-240

Each run is `icp train` in a fresh process and a folder of its own: on one thread and on two, with the rows of the file
as they stand and shuffled, and with the latter in another language, time zone and order of Python's own sets. Runs are
kept in .cache/one-hash by a hash of the code, so that an interrupted bench goes on.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from benchmarks.bench_model.code import ROOT
from benchmarks.faults.languages import LANGUAGES
from benchmarks.one_hash_runs import ONE_THREAD, SEEDS, TRIALS, TWO_THREADS, WAYS, Run, own_hash, row_of
from benchmarks.seeded_rows import make_rows

PAGE: Final = ROOT / "docs" / "one-hash.md"


def differing(runs: Sequence[Run]) -> dict[str, int]:
    """The files of which the runs made several, with how many; one that only some of them have counts as one more."""
    names = sorted({name for run in runs for name in run.files})
    counts = {name: len({run.files.get(name) for run in runs}) for name in names}
    return {name: count for name, count in counts.items() if count > 1}


HEAD: Final = f"""\
# One hash

The same deals, configuration, seed and versions give the same bundle: the same content hash, whatever the order of
rows, on one thread and on two. `make one-hash` looks whether that is so. Every run is `icp train --trials {TRIALS}` in
a fresh process and a folder of its own:

| run | threads | rows | language and time zone | order of Python's sets |
|---|---|---|---|---|"""

FOOT: Final = """\
*Beside*: seconds of processor time that other threads than the first one worked, in the run with the most of them.
LightGBM gets a second thread from 5,000 deals on: in the search and the last fit of *planted-6000*, and nowhere in the
smaller sets. What works beside the first thread in a run on one thread are readers of files.

## What was found while this was made, and mended

- From some thousand deals on, two threads of linear algebra add in another order than one: the trees of *planted-6000*
  were the same, and its scorecard was not, so that there were two content hashes. Linear algebra keeps to one thread.
- One of the first runs on two threads ended by a segmentation fault in LightGBM. Folds of fewer than 5,000 deals run
  side by side, and LightGBM has one number of threads for the whole process: a prediction of one fold that asked for
  two, while another fold handed over its rows for one, made it write where no memory was. While folds run side by side
  it is kept to one thread.

## What is not covered

- **Another machine.** Processors with other instructions, other systems and other versions of the libraries may round
  otherwise; the bundle's golden rows are compared within a tolerance for that reason.
- **More than two threads.** This machine has {cores} cores.
- **A time limit.** With `--minutes` the number of trials depends on the machine's pace, and so does the bundle."""


def page_of(runs: Sequence[Run], code: str) -> Iterator[str]:
    """All lines. code: the hash of what made the runs."""
    yield HEAD
    for number, way in enumerate(WAYS, start=1):
        rows = "as they stand" if way.shuffled is None else f"shuffled, seed {way.shuffled}"
        where = "C.UTF-8, UTC" if way.language is None else LANGUAGES[way.language].title
        yield f"| {number} | {way.threads} | {rows} | {where} | PYTHONHASHSEED={way.sets} |"
    yield ""
    yield (
        f"By the code with the hash {code}, on Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores that had other work too:"
    )
    yield ""
    yield "| deals | rows | runs | content hashes | model hashes | seconds | beside, 1 thread | beside, 2 threads |"
    yield "|---|---|---|---|---|---|---|---|"
    for kind, group in groupby(runs, key=lambda run: run.kind):
        yield _line(kind, list(group))
    yield ""
    yield from _differences(runs)
    yield FOOT.format(cores=os.cpu_count())


def _line(kind: str, runs: Sequence[Run]) -> str:
    shown = {name: {getattr(run, name) for run in runs} for name in ("content", "model")}
    told = [f"{len(found)} ({', '.join(sorted(each[:12] for each in found))})" for found in shown.values()]
    seconds = f"{min(run.seconds for run in runs):.0f} to {max(run.seconds for run in runs):.0f}"
    beside = [max(run.beside for run in runs if run.threads == count) for count in (ONE_THREAD, TWO_THREADS)]
    cells = [kind, f"{runs[0].deals:,}", str(len(runs)), *told, seconds, *(f"{each:.1f}" for each in beside)]
    return f"| {' | '.join(cells)} |"


def _differences(runs: Sequence[Run]) -> Iterator[str]:
    """Of bundles that are not the same, which files are to blame; the others may differ in days and names alone."""
    for kind, group in groupby(runs, key=lambda run: run.kind):
        of_kind = list(group)
        if len({run.content for run in of_kind}) > 1:
            yield f"{kind}: {', '.join(f'{count} different {name}' for name, count in differing(of_kind).items())}."
            yield ""


def main() -> None:
    """Make the runs that were asked for, and write the page where they are all there are."""
    runs, is_whole = make_rows(__doc__ or "", SEEDS, row_of)
    lines = "\n".join(page_of(runs, own_hash())) + "\n"
    sys.stdout.write(lines)
    if is_whole:
        PAGE.write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()
