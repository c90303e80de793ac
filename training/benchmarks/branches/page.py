"""The page of branches: how many are taken, by package, and each gap with the reason why it is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import BaseModel

from benchmarks.branches.gaps import END, Gap, Measured

HEAD: Final = """\
# Which branches the tests take

`make coverage` runs all tests, and the tests of the compiled loops once more as plain Python, and writes down of each
line with several ways out which of them were taken: in this process, in the processes that it starts, and in those that
are forked. It writes this page. The code has the hash {code}.

"""
LEGEND: Final = """
*statements* and *branches* are counted as the package coverage counts them. A *gap* is where no test went though one
came next to it: a way out of a line that was run, or the first line of what only an error leads to; what lies behind a
gap is no gap of its own. What says nothing when it is run is left out of all counts: what a protocol asks for,
imports for the type checker alone, and what the type checker shows to be never reached.

That a branch is taken does not say that a test would notice if it were wrong: see [mutation.md](mutation.md).
"""


class Reason(BaseModel, frozen=True):
    """Why a gap is left. at, to: the texts of the lines, as in `Gap`."""

    path: str
    at: str
    to: str
    because: str

    @property
    def name(self) -> tuple[str, str, str]:
        """As of a gap."""
        return self.path, self.at, self.to


def page_of(
    measured: Mapping[str, Measured], gaps: Sequence[Gap], reasons: Sequence[Reason], code: str
) -> Iterator[str]:
    """All lines."""
    known = {reason.name: reason.because for reason in reasons}
    yield HEAD.format(code=code)
    yield "| package | statements | run | branches | taken | gaps | of them without a reason |"
    yield "|---|---|---|---|---|---|---|"
    for package in dict.fromkeys(map(package_of, measured)):
        files = {path: found for path, found in measured.items() if package_of(path) == package}
        yield _line(f"`{package}`", files, [gap for gap in gaps if package_of(gap.path) == package], known)
    yield _line("**all**", measured, gaps, known)
    yield LEGEND
    yield "## Each gap, and why it is left"
    for path in dict.fromkeys(gap.path for gap in gaps):
        yield f"\n### {path}\n"
        for gap in (each for each in gaps if each.path == path):
            yield f"- {_ticked(gap.at)} to {_ticked(gap.to)}: {known.get(gap.name, 'no reason yet.')}"


def package_of(path: str) -> str:
    """The package whose line in the table a file counts in: the folder, the first two levels of icp_ml."""
    *folders, _ = path.removeprefix("training/").split("/")
    return ".".join(folders[:2])


def unexplained(gaps: Sequence[Gap], reasons: Sequence[Reason]) -> Sequence[Gap]:
    """Gaps without a reason."""
    known = {reason.name for reason in reasons}
    return [gap for gap in gaps if gap.name not in known]


def needless(gaps: Sequence[Gap], reasons: Sequence[Reason]) -> Sequence[Reason]:
    """Reasons for gaps that are not there."""
    there = {gap.name for gap in gaps}
    return [reason for reason in reasons if reason.name not in there]


def _line(
    name: str, files: Mapping[str, Measured], gaps: Sequence[Gap], known: Mapping[tuple[str, str, str], str]
) -> str:
    sums = [found.summary for found in files.values()]
    statements, run = sum(each.num_statements for each in sums), sum(each.covered_lines for each in sums)
    branches, taken = sum(each.num_branches for each in sums), sum(each.covered_branches for each in sums)
    without = sum(gap.name not in known for gap in gaps)
    return (
        f"| {name} | {statements:,} | {_share(run, statements)} | {branches:,} | {_share(taken, branches)} "
        f"| {len(gaps)} | {without} |"
    )


def _share(some: int, of: int) -> str:
    return f"{some:,} ({100 * some / of:.1f} %)" if of else "0"


def _ticked(text: str) -> str:
    return text if text == END else f"`{text}`"
