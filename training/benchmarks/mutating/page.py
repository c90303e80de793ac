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
many were noticed by the tests as they were when the draw was made: {commits}. *now*: by the tests as they are, each
fault tried anew on the code of this hash. *no test could notice*, *left*: what is still not noticed, as judged below.
The second draw was made with another seed after tests had been added for the first: what was added for the first cannot
flatter what the second found *at first*. The third and the fourth are over other modules. Where a line has changed
since, the next one by lot stands in its place, and was not tried at first. A fault counts as noticed where a test
fails, where the module cannot be imported, and where the tests take six times as much processor time as without it, or
half a minute, whichever is more{slow}.

Faults are those of the package mutmut: a comparison with or without its edge, plus for minus, and
for or, a number one higher, a text in other letters, a named argument left out, a condition that always or never holds.
Faults that any run of the line would show, such as None in the place of a value, are not among them, and neither are
sentences for people. Only the tests that are about a module are run, those of the command line, of recovery and of
whole trainings are not: what survives here may still be noticed there.

## By module
"""
NUMBERS: Final = {1: "first", 2: "second", 3: "third", 4: "fourth"}
VERDICTS: Final = {
    "equivalent": "*No test could notice*",
    "tested": "*A test was added*",
    "mended": "*The code was mended*",
    "left": "*Left*",
}


def summary_of(rows: Sequence[Row], before: Before) -> Iterator[str]:
    """A table for the draws over the same modules: a line for each, and in bold one for each group and for all."""
    for draws in _draws_by_modules(rows).values():
        within = [row for row in rows if row.draw in draws]
        head = " | ".join(f"{NUMBERS[draw]} draw: tried | noticed at first | now" for draw in draws)
        yield f"| module | {head} |"
        yield "|---" * (1 + 3 * len(draws)) + "|"
        for group in dict.fromkeys(row.group for row in within):
            yield _line(f"**{group}**", [row for row in within if row.group == group], before, draws)
            for module in dict.fromkeys(row.module for row in within if row.group == group):
                yield _line(f"`{module}`", [row for row in within if row.module == module], before, draws)
        yield _line("**all**", within, before, draws)
        yield ""


def groups_of(rows: Sequence[Row], before: Before, judged: Sequence[Judgement]) -> Iterator[str]:
    """The table of all draws together: a line for each group, and what was made of what is not noticed."""
    yield "| all draws | tried | noticed at first | now | no test could notice | left |"
    yield "|---|---|---|---|---|---|"
    groups = {group: [row for row in rows if row.group == group] for group in dict.fromkeys(row.group for row in rows)}
    for name, within in {**groups, "**all**": rows}.items():
        earlier = [row for draw in _draws(within) for row in _earlier(within, before, draw)]
        survived = [row for row in within if row.fate == "survived"]
        verdicts = {each.name: each.verdict for each in judged}
        none_could = sum(verdicts.get(row.name) == "equivalent" for row in survived)
        at_first = _at_first(earlier, len(within))
        cells = (len(within), at_first, _noticed(within), none_could, len(survived) - none_could)
        yield f"| {name} | {' | '.join(map(str, cells))} |"


def page_of(rows: Sequence[Row], before: Before, judged: Sequence[Judgement], code: str) -> str:
    """The page."""
    slow = sum(row.fate == "out of time" for row in rows)
    told = f" ({slow} of {len(rows)} in this way)" if slow else ""
    commits = ", ".join(f"the {NUMBERS[draw]} at the commit {before.commits[draw]}" for draw in _draws(rows))
    lines = [*groups_of(rows, before, judged), LEGEND.format(commits=commits, slow=told), *summary_of(rows, before)]
    lines += ["## What survived, and what was made of it", *_survivors(rows, before, judged)]
    return HEAD.format(code=code) + "\n".join(lines) + "\n"


def _draws(rows: Sequence[Row]) -> list[int]:
    return sorted({row.draw for row in rows})


def _draws_by_modules(rows: Sequence[Row]) -> dict[frozenset[str], list[int]]:
    found = dict[frozenset[str], list[int]]()
    for draw in _draws(rows):
        found.setdefault(frozenset(row.module for row in rows if row.draw == draw), []).append(draw)
    return found


def _line(name: str, rows: Sequence[Row], before: Before, draws: Sequence[int]) -> str:
    cells = []
    for draw in draws:
        now = [row for row in rows if row.draw == draw]
        cells += [str(len(now)), _at_first(_earlier(now, before, draw), len(now)), str(_noticed(now))]
    return f"| {name} | {' | '.join(cells)} |"


def _earlier(rows: Sequence[Row], before: Before, draw: int) -> list[Row]:
    """What came of the same faults before tests were added for the draw."""
    names = {row.name for row in rows if row.draw == draw}
    return [row for row in before.rows if row.draw == draw and row.name in names]


def _at_first(earlier: Sequence[Row], tried: int) -> str:
    """How many were noticed; of how many, where some of the lines are newer than the draw."""
    of = "" if len(earlier) == tried else f" of {len(earlier)}"
    return f"{_noticed(earlier)}{of}"


def _noticed(rows: Sequence[Row]) -> int:
    return sum(row.fate != "survived" for row in rows)


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
