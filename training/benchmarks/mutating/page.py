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
*tried*: faults that were drawn by lot, each in another line; how many of a module hangs on its length. *noticed
before*: by the tests as they were at the commit {commit}. *now*: by the tests as they are. *second draw*: other faults
of the same modules, drawn with another seed after the tests had been added: how many of those tried are noticed. What
was added for the first draw cannot flatter this one. A fault counts as noticed where a test fails, where the module
cannot be imported, and where the tests take six times as long as without it, or half a minute, whichever is more{slow}.

Faults are those of [mutmut](https://mutmut.readthedocs.io/): a comparison with or without its edge, plus for minus, and
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
    yield "| module | tried | noticed before | now | second draw |"
    yield "|---|---|---|---|---|"
    for group in dict.fromkeys(row.group for row in rows):
        yield _line(f"**{group}**", [row for row in rows if row.group == group], before)
        for module in dict.fromkeys(row.module for row in rows if row.group == group):
            yield _line(f"`{module}`", [row for row in rows if row.module == module], before)
    yield _line("**all**", rows, before)


def page_of(rows: Sequence[Row], before: Before, judged: Sequence[Judgement], code: str) -> str:
    """The page."""
    slow = sum(row.fate == "out of time" for row in rows)
    told = f" ({slow} of {len(rows)} in this way)" if slow else ""
    lines = [*summary_of(rows, before), LEGEND.format(commit=before.commit, slow=told)]
    lines += ["## What survived, and what was made of it", *_survivors(rows, before, judged)]
    return HEAD.format(code=code) + "\n".join(lines) + "\n"


def _line(name: str, rows: Sequence[Row], before: Before) -> str:
    first, second = ([row for row in rows if row.draw == draw] for draw in (1, 2))
    names = {row.name for row in first}
    earlier = [row for row in before.rows if row.name in names]
    cells = (str(len(first)), _noticed(earlier), _noticed(first), f"{_noticed(second)} of {len(second)}")
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
    text = row.text if row.was == row.text else f"{row.text}`, `{row.was}"
    return f"`{text}` as `{row.now}`" if row.now else f"`{text}` left out"


def _judgement(judged: Judgement | None) -> str:
    return "not judged yet." if judged is None else f"{VERDICTS[judged.verdict]}: {judged.because}"
