"""Categories and sets in JavaScript, read as `icp_ml.deals.kinds` reads them, in folded case.

category    "Software"                          software
industry codes by their first digits            "511210 - Software publishers"  51
phrases     "enterprise sales"                  sales-led
set         "Slack; Jira"  or a list            |slack|jira|
            a list without members              |           known to have none, which an empty text is not
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from icp_ml.deals.answers import OTHER
from icp_ml.deals.rollups import roll_up
from icp_ml.deals.settings import Rollup
from icp_ml.serve.exports.clay_cells import Cell, Column, folded
from icp_ml.serve.exports.clay_texts import escaped, literal, replaced, texts

BAR, NO_BAR = "|", "\u00a6"
"""What stands between the members of a set, and what stands in its place inside of a member."""
_DIGITS: Final[Mapping[Rollup, int]] = {"naics2": 2, "naics3": 3, "naics4": 4, "sic1": 2, "sic2": 2}
_LINE_END: Final = "\n"


def category_readings(cell: Cell) -> tuple[Column, ...]:
    """The value; of an industry code its first digits; of a phrase the category that it stands for."""
    if cell.attribute.rollup is not None:
        rolled = cell.text() + _rolled_up(cell.attribute.rollup)
        return (cell.reading(rolled, "by the first digits of its industry code"),)
    if cell.attribute.phrases:
        return (cell.reading(_sorted(cell), "as one of its categories"),)
    return (cell.reading(folded(cell.text()), "in small letters"),)


def set_readings(cell: Cell) -> tuple[Column, ...]:
    """The members between bars."""
    gaps = "|".join(sorted({escaped(each.strip().lower()) for each in cell.missing if each.strip()}))
    members = (
        folded(_lines(cell))
        + replaced(r"\|", NO_BAR, "g")
        + replaced(r"\s*(?:\n\s*)+", BAR, "g")
        + replaced(r"^[\s|]*", BAR)
        + replaced(r"[\s|]*$", BAR)
        + (replaced(rf"\|(?:{gaps})(?=\|)", "", "g") if gaps else "")
    )
    empty = f'Array.isArray({cell.value}) ? "{BAR}" : ""'
    return (cell.reading(members + replaced(r"^\|*$", "") + f" || ({empty})", "as members between bars"),)


def industries(rollup: Rollup) -> dict[str, str]:
    """For each pair of first digits that belongs to an industry, what a code that begins so rolls up to by two."""
    found = {head: roll_up(f"{head}0000", rollup) for head in (f"{number:02d}" for number in range(100))}
    return {head: name for head, name in found.items() if name is not None}


def _lines(cell: Cell) -> str:
    """The members with line ends between them."""
    value, end, separator = cell.value, literal(_LINE_END), cell.attribute.separator
    text = f'({value} == null ? "" : String({value}))'
    plain = text if _LINE_END in separator else text + replaced(r"\n", " ", "g")
    return f"(Array.isArray({value}) ? {value}.join({end}) : {plain}.split({literal(separator)}).join({end}))"


def _rolled_up(rollup: Rollup) -> str:
    """From a code to its first digits, the empty text where it is too short or of no industry.

    Spaces before a text mark how far it was understood: a cell's own text begins with none.
    """
    heads = "|".join(industries(rollup))
    return (
        _names_as_codes(rollup)
        + replaced(r"^\D{0,8}?(\d{1,6})(?!\d)[^]*$", " $1")
        + (replaced(r"^ \d{3}$", "") if rollup.startswith("sic") else "")
        + replaced(rf"^ ((?:{heads})\d{{{_DIGITS[rollup] - 2}}})\d*$", "  $1")
        + replaced("^(?! {2})[^]*$", "")
        + ".trim()"
    )


def _names_as_codes(rollup: Rollup) -> str:
    """What is rolled up already and holds no code, such as "I Services", as a code."""
    heads: dict[str, str] = {}
    for head, name in industries(rollup).items():
        heads.setdefault(name, head)
    named = {name: head for name, head in heads.items() if not re.match(r"[^0-9]{0,8}?[0-9]", name)}
    return "".join(replaced(f"^{escaped(name)}$", f"{head}0000") for name, head in named.items())


def _sorted(cell: Cell) -> str:
    plain = folded(cell.text()) + replaced(r"[^\p{L}\p{N}]+", " ", "gu") + ".trim()"
    meant = {_plain(OTHER): OTHER}
    for category, named in cell.attribute.phrases:
        meant |= {_plain(phrase): category for phrase in (category, *named)}
    categories = texts(category.casefold() for category in meant.values())
    found = f"{categories}[{texts(meant)}.indexOf({plain})] || {literal(OTHER)}"
    return f'({cell.text()}) === "" ? "" : ({found})'


def _plain(text: str) -> str:
    """As phrases are compared: letters and digits alone."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()
