"""What came of all cases, as rows and as the page that is committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import BaseModel

SAID: Final = ("answered", "refused", "exception", "hang", "crash", "lost", "sentence", "outside")
HEAD: Final = """\
# Broken and hostile input

Does whatever is handed to icp-ml end in an answer, or in one sentence that says what to do? `make fuzz` tries {cases}
numbered cases, each made from its kind and number alone, and writes this page. The code has the hash {code}.

"""
LEGEND: Final = """
*answered*: rows were scored, or a configuration or bundle was read; a changed bundle that opens has answered its
golden rows and scored a list. *refused*: one of the project's own errors, in one line of at most 2,000 characters
that a terminal shows as it is written; for HTTP also MLflow's own refusal before the model is asked. Everything else
is a fault. *exception*: any other. *hang*: more than 20 seconds of processor time. *crash*: a dead process; memory is
bounded to 3 GiB beside what a worker needs to get ready. *rows lost*: rows that went in and neither came out nor were
refused, counted by another reader. *no sentence*: a refusal that is too long or holds control characters. *outside*:
a file was written, a process started, a connection made or a pickle read, as Python's audit hooks tell, but for the
process that reads .xls and .xlsb; or a payload was run. *MiB*: the most that a worker held.
"""
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "configurations": (
        "four configurations (deals, deals with a query and a dated table, a hand-weighted scorecard, a model without "
        "losses): values, keys, indents and bytes; tags such as `!!python/object`, aliases that stand "
        "for ten billion values, aliases of themselves, 100,000 brackets, 9,000 keys",
        "what `icp check` and `icp train` read a configuration by",
    ),
    "CSV": (
        "a list, and for every fourth case an export of deals: bytes flipped, cut and doubled, delimiters and "
        "quotes, control characters and marks that turn the writing, formulas, HTML, NULs, byte order marks, "
        "UTF-16 and other encodings, gzip, broken gzip, gzip that unpacks to gigabytes, 3,000 and 12,000 columns, "
        "names that stand twice, fields of 300,000 bytes",
        "what `icp score` reads and scores a list by, and `icp check` deals",
    ),
    "Parquet": (
        "columns of 22 types; half of the files with damaged bytes, most of them in the footer",
        "what `icp score` reads and scores a list by",
    ),
    "workbooks": (
        "a list, and for every fourth case an export of deals, as .xlsx, some as .ods, some by another name: "
        "attributes and texts of their XML one by one and byte by byte in a zip that is whole; cells of every type, "
        "errors, formulas, days that no calendar has, texts that are not there; cells at XFD1048576, rows in any "
        "order, cells that stand for millions; entities that expand without end; missing, doubled and 12,000 members;"
        " sheets with odd names, or 2,000 of them; zips that lie about their members; members that unpack to 3 GiB; "
        "a fifth as .xls or .xlsb, with other numbers in whatever counts, measures or points",
        "what `icp score` reads and scores a list by, and `icp check` deals",
    ),
    "answers": (
        "the same two tables with a column of answers in JSON, of which some cells are spoilt: values, keys that stand "
        "twice, lists for objects, numbers of 5,000 digits, NaN, halves of characters, control characters, 100,000 "
        "brackets, fences and blanks without end, cells of 300,000 characters, no JSON at all",
        "as above, by nine attributes, of which seven are answers and two have phrases",
    ),
    "HTTP": (
        "requests in the four forms of JSON, and CSV: values, keys, bytes, content types",
        "`invocations` of MLflow's scoring server, with the bundle as MLflow loads it",
    ),
    "bundle texts": (
        "one file of a whole bundle (two models of winning, one with several profiles, a model of resemblance, a "
        "hand-weighted scorecard): trees number by number and in their structure, JSON value by value, the manifest "
        "too; every hash made right again, those of a profile within the whole as well",
        "what `icp show` and what `icp score` open a bundle by; where it opens, a list is scored",
    ),
    "bundle folders": (
        "links, hard links, pipes, sockets and folders for files, extra and missing files, wrong hashes, listed names "
        "that lead elsewhere, sparse files of 64 GiB, texts and lists of megabytes, payloads for pickle, YAML and "
        "Python; every hash made right again where that is possible",
        "as above",
    ),
}
MENDED: Final[Sequence[str]] = (
    "A text in Parquet that is no UTF-8 ended in a traceback, as did a column's name and a type that Arrow does "
    "not have. Each batch is validated when it is read, and a footer is refused in a sentence.",
    "A request with a number that no machine type holds, with half of a character, or for 10^18 reasons ended in a "
    "traceback. The first is a text now, the others are refused.",
    "A weight of 10^400 ended in a traceback. It is refused as infinity is.",
    "A line after the last one of the trees' text was read by LightGBM as JSON. It is refused.",
    "LightGBM ended the process at numbers that Python reads and it does not, such as digits of other scripts. The "
    "trees' text is now held to what LightGBM writes, its lines after the trees too.",
    "A sparse manifest or file of any size in a bundle was read whole. A file may now hold 64 MiB, a bundle 256 MiB.",
    "JSON nested hundreds deep, or with half of a character in it, could pass the reader and fail after it. Both are "
    "refused where JSON is read.",
    "A configuration of some thousand keys took time that grew with their square; one of 20,000 took more "
    "than 20 seconds. Keys are compared once, and 200,000 characters are the most.",
    "Aliases of YAML that stand for ten billion values could be written out in an error, and deep or self-holding "
    "values ended in a traceback. Values are counted before they are made.",
    "Keys that are lists, and values that are not what their tag says (`!!bool x`), ended in a traceback.",
    "A file that is packed and damaged ended in a traceback, and one that unpacks to gigabytes without a line break "
    "was unpacked into memory. Lines are bounded, and a damaged file is refused in a sentence.",
    "A workbook with cells in two corners of a sheet made its reader ask for 17 thousand million cells, and the "
    "process ended; repeated cells of OpenDocument, and a text of a megabyte that 3,000 cells share, kept it busy for"
    " more than a minute; a member larger than it says ended in a traceback. A zip is now looked at before it is "
    "read: 512 MiB of XML, 20 million cells and 256 million characters that are shared are the most, and a document "
    "type is refused.",
    "What reads .xls and .xlsb ended the process, or was busy for good, where a count in them was wrong. They are read "
    "by a process of its own, within bounds of memory and time.",
    "A few kilobytes of OpenDocument that stand for a million rows took 3.4 GiB, and a worker's memory ran out. A row "
    "like the one before it is kept once; the same file takes 2.1 GiB.",
    "An answer in JSON with half of a character ended in a traceback. It is unreadable, and counted.",
    "A cell with the beginning of a fenced block and hundreds of thousands of blanks took hours. Each is tried once.",
    "A bundle's table of similar accounts whose header is no UTF-8 ended in a traceback. It is refused.",
    "A million columns took hours, tried by hand: names were counted once for each name. They are counted once in all, "
    "and 10,000 columns are the most. A header of more than 131,072 characters was told as a quote that is never "
    "closed.",
    "A bound of 10^400 in a rule, and an attribute or a column whose name is white space alone, passed the reader and "
    "ended in a traceback after it. Both are refused where they stand.",
    "Sentences repeated names as they stood, with control characters that a terminal obeys and at any length. Every "
    "sentence is now one line of at most 1,000 characters, escapes for what is not printable counted.",
)


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
    faults = [f"- {row.kind} {' '.join(fault.split())}" for row in rows for fault in row.faults]
    if faults:
        yield ""
        yield from faults


def page_of(rows: Sequence[Row]) -> str:
    """The page."""
    codes = ", ".join(sorted({row.code for row in rows}))
    head = HEAD.format(cases=f"{sum(row.cases for row in rows):,}", code=codes)
    return head + "\n".join([*summary_of(rows), *_explanations()]) + "\n"


def _line(name: str, rows: Sequence[Row]) -> str:
    fates = sum((Counter(row.fates) for row in rows), Counter[str]())
    cells = [f"{sum(row.cases for row in rows):,}", *(f"{fates[fate]:,}" for fate in SAID)]
    return f"| {name} | {' | '.join(cells)} | {max(row.mib for row in rows):,} |"


def _explanations() -> Iterator[str]:
    yield LEGEND
    yield "## What the cases are\n"
    yield "| kind | what is spoilt, and how | what reads it |"
    yield "|---|---|---|"
    yield from (f"| {kind} | {spoilt} | {read} |" for kind, (spoilt, read) in KINDS.items())
    yield "\n## What it does not see\n"
    yield (
        "How many rows .xls and .xlsb lose: no other reader counts theirs here. Of a request in the form `instances` "
        "MLflow makes columns, and a record without any key is in none of them: it is lost before a model hears of it. "
        "Send `dataframe_records`."
    )
    yield "\n## What was found while this was made, and mended\n"
    yield from (f"- {each}" for each in MENDED)
