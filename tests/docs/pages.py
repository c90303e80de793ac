"""The project's pages as data: code blocks, tables and words in backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_BLOCK = re.compile(r"^ *```([^\n]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """The text of a page, by its path below the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def pages() -> list[str]:
    """Every page that is kept by hand, by its path below the project."""
    found = sorted(str(each.relative_to(ROOT)) for each in (ROOT / "docs").rglob("*.md"))
    return ["README.md", "GLOSSARY.md", "CHANGELOG.md", *(each for each in found if "_build" not in each)]


def section(text: str, heading: str) -> str:
    """What stands under a second-level heading, up to the next one; KeyError where there is none."""
    for found in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = found.partition("\n")
        if title.strip() == heading:
            return body
    raise KeyError(heading)


def headings(text: str) -> list[str]:
    """The second-level headings, in their order."""
    return re.findall(r"^## (.+)$", text, flags=re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    """The contents of the fenced blocks in a language."""
    return [body for found, body in _BLOCK.findall(text) if found == language]


def languages(text: str) -> list[str]:
    """The language of each fenced block, in their order; empty where none is said."""
    return [found for found, _ in _BLOCK.findall(text)]


def first_cells(text: str) -> Iterator[str]:
    """The first cell of every row of every table, headings and rules left out."""
    rows = re.findall(r"^\| *(.*?) *\|", text, flags=re.MULTILINE)
    ruled = {place for place, cell in enumerate(rows) if re.fullmatch(r"-+", cell)}
    return (cell for place, cell in enumerate(rows) if place not in ruled and place + 1 not in ruled)


def in_backticks(text: str) -> set[str]:
    """Every `word` of a text."""
    return set(re.findall(r"`([^`\n]+)`", text))
