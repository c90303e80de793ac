"""What came of all cases, as rows and as the page that is committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from pydantic import BaseModel

SAID: Final = ("answered", "refused", "exception", "hang", "crash", "lost", "sentence", "outside")
HEAD: Final = """\
# Broken and hostile input

Does whatever is handed to icp-ml end in an answer, or in one sentence that says what to do? `make fuzz` tries {cases} numbered
cases, each made from its kind and number alone, and writes this page. The code has the hash {code}.

"""
LEGEND: Final = """
*answered*: rows were scored, or a configuration or bundle was read; a changed bundle that opens has answered its golden
rows and scored a list. *refused*: one of the project's own errors, in one line of at most 2,000 characters that a terminal
shows as it is written; for HTTP also MLflow's own refusal before the model is asked. Everything else is a fault.
*exception*: any other. *hang*: more than 20 seconds of processor time. *crash*: a dead process; memory is bounded to 3 GiB
beside what a worker needs to get ready. *rows lost*: rows that went in and neither came out nor were refused, counted by
another reader. *no sentence*: a refusal that is too long or holds control characters. *outside*: a file was written, a
process started, a connection made or a pickle read, as Python's audit hooks tell; or a payload was run. *MiB*: the most that
a worker held.
"""
KINDS: Final = """
## What the cases are

| kind | what is spoilt, and how | what reads it |
|---|---|---|
| configurations | four configurations (deals, deals with queries and dated tables, a hand-weighted scorecard, a model without losses): values, keys, indents and bytes; tags such as `!!python/object`, aliases that stand for ten billion values, aliases of themselves, 100,000 brackets, 9,000 keys | what `icp check` and `icp train` read a configuration by |
| CSV | a list or an export of deals: bytes flipped, cut and doubled, delimiters and quotes, control characters and marks that turn the writing, formulas, HTML, NULs, byte order marks, UTF-16 and other encodings, gzip and broken gzip, gzip that unpacks to gigabytes, 3,000 columns, names that stand twice, fields of 300,000 bytes | what `icp score` reads and scores a list by; for every fourth, what `icp check` reads deals by |
| Parquet | columns of 22 types, half of the files with damaged bytes, most of them in the footer | as above |
| HTTP | requests of the four forms of JSON, and CSV: values, keys and bytes, content types | `invocations` of MLflow's scoring server, and the bundle as MLflow loads it |
| bundle texts | one file of a whole bundle, its trees number by number and in their structure, its JSON value by value, every hash made right again | opened as `icp show` and as `icp score` do; where it opens, a list is scored |
| bundle folders | links, hard links, pipes, sockets and folders for files, extra and missing files, wrong hashes, listed names that lead elsewhere, sparse files of 64 GiB, texts and lists of megabytes, payloads for pickle, YAML and Python | as above |
"""


class Row(BaseModel):
    """What came of some cases of a kind. faults: the first of them in words. mib: the most memory of a worker."""

    kind: str
    code: str
    cases: int
    fates: dict[str, int]
    faults: tuple[str, ...]
    mib: int
    seconds: float


def summary_of(rows: Sequence[Row]) -> Iterator[str]:
    """The table: a line for each kind, then one for all; and the faults in words, where there are any."""
    yield "| kind | cases | answered | refused | exception | hang | crash | rows lost | no sentence | outside | MiB |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for kind in dict.fromkeys(row.kind for row in rows):
        yield _line(kind, [row for row in rows if row.kind == kind])
    yield _line("all", rows)
    faults = [f"- {row.kind} {fault}" for row in rows for fault in row.faults]
    if faults:
        yield ""
        yield from faults


def page_of(rows: Sequence[Row]) -> str:
    """The page."""
    codes = ", ".join(sorted({row.code for row in rows}))
    head = HEAD.format(cases=f"{sum(row.cases for row in rows):,}", code=codes)
    return head + "\n".join(summary_of(rows)) + "\n" + LEGEND + KINDS + MENDED


def _line(name: str, rows: Sequence[Row]) -> str:
    fates = sum((Counter(row.fates) for row in rows), Counter[str]())
    cells = [f"{sum(row.cases for row in rows):,}", *(f"{fates[fate]:,}" for fate in SAID)]
    return f"| {name} | {' | '.join(cells)} | {max(row.mib for row in rows):,} |"


MENDED: Final = """
## What was found while this was made, and mended
"""
