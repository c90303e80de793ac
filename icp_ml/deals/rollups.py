"""Industry codes by prefix: NAICS to sectors or subsectors, SIC to divisions or major groups.

    written     naics2           naics3     written   sic1           sic2
    511210      51 Information   511        7372      I Services     73
    31-33       31-33 Manufacturing         0111      A Agriculture, ...  01

Sectors and divisions come with their names, from `industries.csv`: the two-digit sectors of the North American Industry
Classification System of 2022 and the divisions of the Standard Industrial Classification of 1987.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from icp_ml.deals.settings import Rollup
from icp_ml.deals.texts import Texts, Trouble, gather, trouble_of

SHIPPED: Final = Path(__file__).with_name("industries.csv")
_DIGITS = {"naics2": 2, "naics3": 3, "naics4": 4, "sic1": 2, "sic2": 2}
NAMED: Final = ("naics2", "sic1")
"""Roll-ups whose levels have a name."""
_CODE = re.compile(r"^[^0-9]{0,8}?([0-9]{1,6})(?![0-9])")
"""As in "NAICS 511210" and "511210 - Software"; longer numbers are other things. Digits as in `amounts`."""
_SIC_GROUP = 3


def rolled_up(texts: Texts, rollup: Rollup) -> tuple[Texts, Trouble]:
    """Each code as what it rolls up to, in alphabetical order; a text without such a code is missing and counted."""
    named = [roll_up(text, rollup) for text in texts.distinct]
    levels = sorted({name for name in named if name is not None})
    place = {name: code for code, name in enumerate(levels)}
    code_of = np.array([-1 if name is None else place[name] for name in named], dtype=np.int32)
    codes = gather(code_of, texts.codes, -1)
    return Texts(codes, levels), trouble_of(texts, codes < 0)


def roll_up(text: str, rollup: Rollup) -> str | None:
    """What one code rolls up to; None where the text has no code that is long enough, or one of no known industry.

    What is rolled up already stays as it is. A SIC code of three digits is not guessed at: it is a group, or an
    industry whose leading zero a spreadsheet removed.
    """
    scheme = rollup[:-1]
    if rollup in NAMED and text.strip() in _groups(scheme).values():
        return text.strip()
    found = _CODE.match(text.strip())
    digits = "" if found is None else found.group(1)
    if scheme == "sic" and len(digits) == _SIC_GROUP:
        return None
    head = _groups(scheme).get(digits[:2]) if len(digits) > 1 else None
    if head is None or len(digits) < _DIGITS[rollup]:
        return None
    return head if rollup in NAMED else digits[: _DIGITS[rollup]]


@lru_cache
def _groups(scheme: str) -> dict[str, str]:
    """The name of the sector or division of each two first digits."""
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["scheme"] == scheme]
    return {
        f"{number:02d}": f"{row['code']} {row['name']}"
        for row in rows
        for number in range(int(row["first"]), int(row["last"]) + 1)
    }
