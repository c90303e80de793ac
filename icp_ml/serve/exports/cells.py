"""Cells of a file that a spreadsheet may open: no text begins as a formula.

    =1+1            '=1+1            a formula
    -2+3            '-2+3            another one
    @SUM(A1)        '@SUM(A1)        and another
    (tab)=1+1       '(tab)=1+1       so is what a spreadsheet trims to one
    -12.5           -12.5            a number, which does nothing
    Acme, Inc.      Acme, Inc.

Only texts are looked at: a negative number in a column of numbers is a number. The apostrophe is the way that the Open
Worldwide Application Security Project gives for "CSV injection"; quotes around a cell do not help, since spreadsheets
remove them before they look.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Arrow: TypeAlias = Any

_BEGINS: Final = "=+@\\-\\t\\r\\n\\x00\uff1d\uff0b\uff0d\uff20"
"""The signs that start a formula, their full-width forms, and the control signs that some spreadsheets skip."""
_RISKY: Final = rf"^(?:\s*[{_BEGINS}]|[\t\r\n])"
_PLAIN_NUMBER: Final = r"^[-+]?[0-9]+(?:\.[0-9]+)?$"


def safe_text(text: str) -> str:
    """One text as a cell."""
    safe: str = safe_texts(pa.array([text], pa.string()))[0].as_py()
    return safe


def safe_texts(column: Arrow) -> Arrow:
    """string[n] to string[n]: an apostrophe before each text that would begin as a formula; null stays null."""
    risky = pc.and_(
        pc.match_substring_regex(column, _RISKY), pc.invert(pc.match_substring_regex(column, _PLAIN_NUMBER))
    )
    marked = pc.binary_join_element_wise(pa.scalar("'"), column, pa.scalar(""))
    return pc.if_else(risky, marked, column)
