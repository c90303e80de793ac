"""The small pieces of JavaScript that formulas are put together from: references, texts, and chains of replacements.

A formula is one expression without a statement, a function of its own, `?.` or `??`: what an interpreter of formulas
may lack is not used. A value is passed on by a chain of `.replace(pattern, by)`, in which an upper-case A marks a text
that was understood (the text itself is in lower case, or holds no A where the mark could stand).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from icp_ml.errors import ConfigError

MARK: Final = "A"
_BRACES: Final = re.compile(r"\{\{|\}\}|[\r\n]")
_WHOLE: Final = 1e15
"""Whole numbers below it are written without a point or an exponent."""
_SPECIAL: Final = re.compile(r"[\\^$.*+?()\[\]{}|/]")


def reference(column: str) -> str:
    """The value of a column in the same row. Raises `ConfigError` where its name cannot be written in a formula."""
    if _BRACES.search(column):
        raise ConfigError(
            f"expected a column name without double braces and line ends for a Clay formula, found {column!r}; rename "
            "the column and map it under prospects.map"
        )
    return "{{" + column + "}}"


def literal(text: str) -> str:
    """A text as JavaScript writes it; no double brace in it can be taken for a reference."""
    return json.dumps(text, ensure_ascii=False).replace("{{", "{\\u007b").replace("}}", "}\\u007d")


def number(value: float) -> str:
    """A number as JavaScript writes it: the shortest text that reads back to the same number."""
    return str(int(value)) if value.is_integer() and abs(value) < _WHOLE else repr(value)


def texts(values: Iterable[str]) -> str:
    """A list of texts."""
    return f"[{', '.join(literal(each) for each in values)}]"


def text_of(value: str) -> str:
    """The text of a cell, without outer space; the empty text where the cell is empty."""
    return f'({value} == null ? "" : String({value})).trim()'


def is_known(value: str) -> str:
    """Whether a reading holds anything."""
    return f'({value} != null && {value} !== "")'


def replaced(pattern: str, by: str, flags: str = "") -> str:
    """One link of a chain."""
    return f".replace(/{pattern}/{flags}, {literal(by)})"


def escaped(text: str) -> str:
    """A text as it stands in a pattern for itself."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def without(tokens: Iterable[str], flags: str = "") -> str:
    """The link that empties a text that is one of `tokens`, which are compared in lower case."""
    named = sorted({escaped(token.strip().lower()) for token in tokens if token.strip()})
    return replaced(f"^(?:{'|'.join(named)})$", "", flags) if named else ""


def understood_only() -> str:
    """The last links: what was not understood becomes the empty text, and the mark goes."""
    return replaced(rf"^[^{MARK}][^]*$", "") + replaced(f"^{MARK}", "")
