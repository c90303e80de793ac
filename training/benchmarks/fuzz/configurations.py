"""Spoilt configurations: YAML as a person or an enemy may write it, read as `icp check` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.fuzz.cases import Ready
from benchmarks.fuzz.mutations import TOKENS, Rng, chosen, spoilt
from benchmarks.fuzz.project import CONFIGURATION
from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE
from icp_training.config import kind_said, load_config, load_lookalike, load_weighted

RICH: Final = """\
name: rich
deals:
  source: {sql: "select * from deals where a = 'b'", connection: env:FUZZ_URL_THAT_NOBODY_SET}
  account: account
  opened: opened
  outcome: {column: stage, won: [Won, 1, yes], lost: [Lost, 0, no]}
  window: {months: 24}
tables:
  signals: {source: signals.csv, account: account, type: type, occurred: day, known: seen, complete: true}
attributes:
  firmographic:
    industry: {kind: category, rollup: 2}
    size: {kind: ordered, order: [1-10, 11-50, 51-200]}
    motion: {kind: category, column: answers, answer: sales.motion, phrases: {plg: [self serve, product led]}}
  behavioural:
    hiring: {kind: number, from: {table: signals, type: job_posting, measure: count, days: 90}}
tiers: {objective: capacity, capacity: {1: 0.05, 2: 0.2, 3: 0.5}}
boundary:
  - {name: size, attribute: size, is: [11-50], reason: market}
assumed_icp:
  - {attribute: size, is: [51-200]}
evaluate: {}
search: {trials: 5}
base_rate: 0.03
"""
WEIGHTED: Final = """\
name: by-hand
kind: weighted-scorecard
attributes:
  firmographic:
    industry: category
    employees: {kind: number, ranges: midpoint}
  behavioural: {hiring: flag, new executive: flag}
weights:
  firmographic:
    weight: 1
    rules:
      - {attribute: industry, exact: [Software], adjacent: [IT Services]}
      - {attribute: employees, inside: [51, 500], otherwise: 30}
  behavioural:
    weight: 1
    rules:
      - {count_of: [hiring, new executive], at_least: {3: 100, 1: 50}}
tiers: {1: 70, 2: 50, 3: 30}
"""
RESEMBLING: Final = """\
name: like
kind: lookalike
won: {source: customers.csv, id: domain}
universe: {source: market.csv, id: domain, map: {Company Size: employees}}
attributes:
  firmographic: {employees: number, industry: category}
  technographic: {tools: set}
tiers: {objective: capacity, capacity: {1: 0.05, 2: 0.2, 3: 0.5}}
prospects: {id: domain}
"""
SEEDS: Final = (CONFIGURATION, RICH, WEIGHTED, RESEMBLING)
SCALARS: Final[Sequence[str]] = (
    "",
    "~",
    "null",
    "yes",
    "no",
    "on",
    "0",
    "-1",
    "1e400",
    ".inf",
    "-.inf",
    ".nan",
    "0x7fffffffffffffffffff",
    "1_000",
    "1:30:00",
    "2025-02-30",
    "2025-06-30",
    "2025-06-30T25:00:00Z",
    "9" * 5_000,
    "[]",
    "{}",
    "[[]]",
    "{a: b}",
    "[a, [b, [c]]]",
    "'",
    '"',
    '"\\x00"',
    '"\\u202e"',
    '"\\ud800"',
    '"\\x1b[2J"',
    "|\n    a\n    b",
    ">-\n    a",
    "!!python/object/apply:os.system [id]",
    "!!python/name:os.system",
    "!!binary aGk=",
    "!!set {a, b}",
    "!!omap [a: b]",
    "!!float x",
    "!!int x",
    "!!bool x",
    "!!timestamp x",
    "!!null x",
    "!!str 1",
    "!foo bar",
    "&a x",
    "*a",
    "&a [*a]",
    "&a {b: *a}",
    "<<",
    "{<<: {a: b}}",
    "{<<: [a]}",
    "{? [a, b] : c}",
    "{? {a: b} : c}",
    "{1: a, 2: b}",
    "{yes: a, on: b}",
    "{a: 1, a: 2}",
    "auto",
    "tab",
    "hex",
    "punycode",
    "idna",
    "undefined",
    "zlib",
    "rot13",
    "utf-16",
    "../../../etc/passwd",
    "/dev/zero",
    "x" * 50_000,
    "[" + "a, " * 20_000 + "a]",
    "\u202eabc",
    "=cmd|'/C calc'!A0",
    "<script>alert(1)</script>",
)


@dataclass(frozen=True)
class Configurations:
    """room: an empty folder."""

    room: Path

    def case(self, rng: Rng) -> Ready:
        """A file with one configuration, spoilt."""
        path = self.room / "icp.yaml"
        path.write_bytes(spoilt_yaml(chosen(rng, SEEDS), rng))
        return lambda: read(path)


def read(path: Path) -> str:
    """What stands in the file, by the reader of its kind."""
    kind = kind_said(path)
    if kind is None:
        config = load_config(path)
        config.policy()
        config.digest()
        return f"{len(config.resolved())} attributes"
    if kind == LOOKALIKE:
        return load_lookalike(path).name
    return load_weighted(path).name


def spoilt_yaml(text: str, rng: Rng) -> bytes:
    """One configuration after one change of its shape, or some of its values or bytes."""
    draw = rng.random()
    if draw < 0.3:
        return spoilt(text.encode(), rng)
    if draw < 0.85:
        for _ in range(int(rng.integers(1, 4))):
            text = _other_value(text, rng)
        return text.encode("utf-8", "surrogatepass")
    if draw < 0.97:
        return chosen(rng, (_other_indent, _other_key, _line_again, _line_gone))(text, rng).encode(
            "utf-8", "surrogatepass"
        )
    return chosen(rng, (_laughs, _deep, _many_keys, _many_anchors))(text, rng).encode()


def _other_value(text: str, rng: Rng) -> str:
    """What stands after a colon, in a list, or in braces is something else."""
    marks = [place for place, mark in enumerate(text) if mark in ":,[{"]
    start = chosen(rng, marks) + 1
    ends = [place for place in (text.find(mark, start) for mark in ",}]\n") if place >= 0]
    value = chosen(rng, SCALARS) if rng.random() < 0.85 else chosen(rng, TOKENS).decode("utf-8", "replace")
    return f"{text[:start]} {value}{text[min(ends, default=len(text)) :]}"


def _other_key(text: str, rng: Rng) -> str:
    lines = text.split("\n")
    place = int(rng.integers(len(lines)))
    key, colon, rest = lines[place].partition(":")
    indent = key[: len(key) - len(key.lstrip())]
    lines[place] = f"{indent}{chosen(rng, SCALARS)}{colon}{rest}"
    return "\n".join(lines)


def _other_indent(text: str, rng: Rng) -> str:
    lines = text.split("\n")
    place = int(rng.integers(len(lines)))
    lines[place] = chosen(rng, ("", " ", "    ", "\t", "- ")) + lines[place].lstrip(" ")
    return "\n".join(lines)


def _line_again(text: str, rng: Rng) -> str:
    lines = text.split("\n")
    place = int(rng.integers(len(lines)))
    return "\n".join([*lines[: place + 1], *lines[place:]])


def _line_gone(text: str, rng: Rng) -> str:
    lines = text.split("\n")
    del lines[int(rng.integers(len(lines)))]
    return "\n".join(lines)


def _laughs(text: str, rng: Rng) -> str:
    """Ten names, each of which is ten times the one before it: ten billion values where all are written out."""
    width = int(rng.integers(2, 11))
    kind = chosen(rng, ("[{}]", "{{{}}}"))
    said = ["a0: &a0 lol"]
    for level in range(1, 11):
        inner = ", ".join(f"*a{level - 1}" if kind[0] == "[" else f"k{k}: *a{level - 1}" for k in range(width))
        said.append(f"a{level}: &a{level} {kind.format(inner)}")
    place = chosen(rng, ("name", "attributes", "outcome_fields", "missing", "deals", "seed", "boundary", "unheard"))
    return "\n".join([*said, text.replace(f"\n{place}:", f"\nwas_{place}:"), f"{place}: *a10"])


def _deep(text: str, rng: Rng) -> str:
    depth = int(chosen(rng, (50, 200, 400, 900, 3_000, 100_000)))
    opening, closing = chosen(rng, (("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")))
    place = chosen(rng, ("name", "attributes", "missing", "deals", "unheard"))
    before = "\n  " if opening in ("- ", "? ") else " "
    return f"{text.replace(f'{place}:', f'was_{place}:')}\n{place}:{before}{opening * depth}x{closing * depth}\n"


def _many_keys(text: str, rng: Rng) -> str:
    count = int(chosen(rng, (1_000, 9_000)))
    place = chosen(rng, ("attributes:\n  firmographic", "actions", "unheard"))
    return f"{text}\n{place}:\n" + "".join(
        f"    k{number}: {chosen(rng, ('number', 'category'))}\n" for number in range(count)
    )


def _many_anchors(text: str, rng: Rng) -> str:
    count = int(chosen(rng, (100, 3_000)))
    return "".join(f"x{number}: &x{number} {{y: 1}}\n" for number in range(count)) + text
