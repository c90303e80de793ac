"""What came of all faults, as the table that is printed and as the page that is committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.mutating.rows import Before, Judgement, Row

HEAD: Final = """\
# Would a test notice?

`make mutants` puts a small fault into a module, runs the tests that are about the module, and counts whether one of
them fails; then the next fault. It writes this page. The code has the hash {code}.

"""
LEGEND: Final = """
*tried*: faults that were drawn by lot, each in another line; how many of a module hangs on its length. *at first*: how
many were noticed by the tests as they were, at the commit {commit}. *now*: by the tests as they are, after those that
are named below were added. The second draw was made with another seed after tests had been added for the first: what
was added for the first cannot flatter what the second found *at first*. A fault counts as noticed where a test
fails, where the module cannot be imported, and where the tests take six times as much processor time as without it, or
half a minute, whichever is more{slow}.

Faults are those of the package mutmut: a comparison with or without its edge, plus for minus, and
for or, a number one higher, a text in other letters, a named argument left out, a condition that always or never holds.
Faults that any run of the line would show, such as None in the place of a value, are not among them, and neither are
sentences for people. Only the tests that are about a module are run, those of the command line, of recovery and of
whole trainings are not: what survives here may still be noticed there.
"""
VERDICTS: Final = {
    "equivalent": "*No test could notice*",
    "tested": "*A test was added*",
    "left": "*Left*",
}


def summary_of(rows: Sequence[Row], before: Before) -> Iterator[str]:
    """The table: a line for each module, and in bold one for each group and for all."""
    yield "| module | first draw: tried | noticed at first | now | second draw: tried | noticed at first | now |"
    yield "|---|---|---|---|---|---|---|"
    for group in dict.fromkeys(row.group for row in rows):
        yield _line(f"**{group}**", [row for row in rows if row.group == group], before)
        for module in dict.fromkeys(row.module for row in rows if row.group == group):
            yield _line(f"`{module}`", [row for row in rows if row.module == module], before)
    yield _line("**all**", rows, before)


def page_of(rows: Sequence[Row], before: Before, judged: Sequence[Judgement], code: str) -> str:
    """The page."""
    slow = sum(row.fate == "out of time" for row in rows)
    told = f" ({slow} of {len(rows)} in this way)" if slow else ""
    lines = [*summary_of(rows, before), LEGEND.format(commit=before.commits[1], slow=told)]
    lines += ["## What survived, and what was made of it", *_survivors(rows, before, judged)]
    return HEAD.format(code=code) + "\n".join(lines) + "\n"


def _line(name: str, rows: Sequence[Row], before: Before) -> str:
    cells = []
    for draw in (1, 2):
        now = [row for row in rows if row.draw == draw]
        names = {row.name for row in now}
        earlier = [row for row in before.rows if row.draw == draw and row.name in names]
        cells += [str(len(now)), _noticed(earlier), _noticed(now)]
    return f"| {name} | {' | '.join(cells)} |"


def _noticed(rows: Sequence[Row]) -> str:
    return str(sum(row.fate != "survived" for row in rows))


def _survivors(rows: Sequence[Row], before: Before, judged: Sequence[Judgement]) -> Iterator[str]:
    """Each fault that survived before or survives now, by module, with its judgement."""
    survived = {row.name: row for row in (*before.rows, *rows) if row.fate == "survived"}
    made_of = {each.name: each for each in judged}
    for module in dict.fromkeys(row.module for row in rows):
        found = sorted((row for row in survived.values() if row.module == module), key=lambda row: row.line)
        if found:
            yield f"\n### {module}\n"
        for row in found:
            yield f"- {_fault(row)}: {_judgement(made_of.get(row.name))}"


def _fault(row: Row) -> str:
    """What stood there and what was put in its place; of what goes over several lines the lines that differ."""
    was, now = (_lines(text) for text in (row.was, row.now))
    if len(was) > 1:
        gone, new = ([line for line in one if line not in other] for one, other in ((was, now), (now, was)))
        return (
            f"`{' '.join(gone)}` left out"
            if not "".join(new).strip(")")
            else f"`{' '.join(gone)}` as `{' '.join(new)}`"
        )
    return f"`{row.text}`, `{row.was}` as `{row.now}`" if row.was != row.text else f"`{row.text}` as `{row.now}`"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def _judgement(judged: Judgement | None) -> str:
    return "not judged yet." if judged is None else f"{VERDICTS[judged.verdict]}: {judged.because}"
