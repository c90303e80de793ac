"""Texts in SQL: folded as the library folds them, and patterns that four engines read alike.

The engines differ in what a pattern may hold: one knows no look-ahead, one no groups that do not capture, and one
holds every pattern against the whole text. Patterns here therefore reach from the first character to the last, and a
character that means something in a pattern stands in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from sqlglot import exp

SPACES: Final = (9, 10, 13, 160)
"""Tab, line ends and the no-break space of web pages: with the space, what is trimmed. The library trims the rarer
Unicode spaces too."""
NO_BREAK: Final = 160
JOINED: Final = "\u00a6"
"""The broken bar, by which members are joined where their own separator will not do: no name was seen to hold one."""

_MEANS_SOMETHING: Final = re.compile(r"[.$*+?(){|\[]")
_MEANS_SOMETHING_IN_BRACKETS: Final = re.compile(r"[\\^\]}]")


def text(value: str) -> exp.Expr:
    """A text as a literal."""
    return exp.Literal.string(value)


def as_text(column: exp.Expr) -> exp.Expr:
    """A column of texts, codes or flags as texts."""
    return exp.cast(column, "text")


def trimmed(column: exp.Expr) -> exp.Expr:
    """A column as texts without the spaces around them."""
    spaces: exp.Expr = text(" ")
    for code in SPACES:
        spaces = exp.DPipe(this=spaces, expression=_character(code))
    return exp.Trim(this=as_text(column), expression=spaces)


def folded(column: exp.Expr) -> exp.Expr:
    """The same in small letters."""
    return exp.Lower(this=trimmed(column))


def one_of(value: exp.Expr, names: Iterable[str]) -> exp.Expr:
    """Whether a text is one of several; false for none."""
    literals = [text(name) for name in names]
    return exp.In(this=value.copy(), expressions=literals) if literals else exp.false()


def fits(value: exp.Expr, pattern: str) -> exp.Expr:
    """Whether a text fits a pattern that reaches from its first character to its last."""
    return exp.RegexpLike(this=value.copy(), expression=text(f"^{pattern}$"))


def any_of(names: Iterable[str]) -> str:
    """A pattern for one of several texts."""
    return f"({'|'.join(escaped(name) for name in names)})"


def escaped(name: str) -> str:
    """A pattern for exactly this text."""
    return _MEANS_SOMETHING.sub(r"[\g<0>]", _MEANS_SOMETHING_IN_BRACKETS.sub(r"\\\g<0>", name))


def joined_members(column: exp.Expr, separator: str | None) -> tuple[exp.Expr, str]:
    """The members of each row as one text in small letters, and the one character that stands between them.

    separator: of texts; None where the column holds lists.
    """
    if separator is None:
        return _lowered(exp.ArrayToString(this=column.copy(), expression=text(JOINED))), JOINED
    if len(separator) == 1 and separator not in "^\\[]" and not separator.isspace():
        return _lowered(as_text(column)), separator
    return _lowered(exp.Replace(this=as_text(column), expression=text(separator), replacement=text(JOINED))), JOINED


def _lowered(members: exp.Expr) -> exp.Expr:
    """In small letters, with the one space that patterns do not count as one made plain."""
    return exp.Lower(this=exp.Replace(this=members, expression=_character(NO_BREAK), replacement=text(" ")))


def _character(code: int) -> exp.Expr:
    return exp.Anonymous(this="CHR", expressions=[exp.Literal.number(code)])


def has_member(members: exp.Expr, separator: str, names: Sequence[str]) -> exp.Expr:
    """Whether one of several is among the members; false for none."""
    if not names:
        return exp.false()
    mark, other = escaped(separator), f"[^{separator}]*"
    return fits(members, f"({other}{mark})*{_spaced(any_of(names))}({mark}{other})*")


def has_only(members: exp.Expr, separator: str, names: Sequence[str]) -> exp.Expr:
    """Whether every member is empty or one of several."""
    each = _spaced(f"{any_of(names)}?") if names else "[[:space:]]*"
    return fits(members, f"{each}({escaped(separator)}{each})*")


def _spaced(pattern: str) -> str:
    return f"[[:space:]]*{pattern}[[:space:]]*"
