"""Categories that a column does not hold as they are called, in SQL: industry codes and free phrases.

Codes are read as `icp_ml.deals.rollups` does, by patterns:

naics2, asked 51        ^[^0-9]{0,8}(51)[0-9]{0,4}([^0-9]([0-9]|[^0-9])*)?$
sic2, asked 73          ^[^0-9]{0,8}(73)([0-9]{2,4})?([^0-9]([0-9]|[^0-9])*)?$       a code of three digits is none

Phrases are read as `icp_ml.deals.answers` does, letters beyond a to z between words excepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from icp_ml.deals.answers import OTHER
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.rollups import NAMED, roll_up
from icp_ml.deals.settings import Rollup
from icp_ml.serve.exports.sql_texts import any_of, fits, one_of, trimmed

_NO_LETTERS: Final = "[^[:alnum:]]"
_HEADS: Final = tuple(f"{number:02d}" for number in range(100))
_LONGEST: Final = 6
_TAIL: Final = "1111"
"""Makes a code of six digits out of its first two: no industry, but long enough for every roll-up."""
_SECTORS: Final[dict[Rollup, Rollup]] = {"naics2": "naics2", "naics3": "naics2", "naics4": "naics2"}
_DIVISIONS: Final[dict[Rollup, Rollup]] = {"sic1": "sic1", "sic2": "sic1"}
_WIDTH: Final[dict[Rollup, int]] = {"naics2": 2, "naics3": 3, "naics4": 4, "sic1": 2, "sic2": 2}
"""How many digits decide."""


@dataclass(frozen=True)
class RolledUp:
    """known: whether the column holds a code that can be rolled up. named: whether to one of the levels asked for."""

    known: exp.Expr
    named: exp.Expr


def rolled_up_codes(column: exp.Expr, rollup: Rollup, levels: frozenset[str]) -> RolledUp:
    """What is asked of a column of codes. levels: what they roll up to, in folded case."""
    name_of = _named_heads(rollup)
    asked = {head: name for head, name in name_of.items() if name.casefold() in levels}
    if rollup not in NAMED:
        return RolledUp(_is_code(column, name_of, rollup), _is_code(column, sorted(levels), rollup))
    return RolledUp(
        exp.or_(_is_code(column, name_of, rollup), one_of(trimmed(column), sorted(set(name_of.values())))),
        exp.or_(_is_code(column, asked, rollup), one_of(trimmed(column), sorted(set(asked.values())))),
    )


def _named_heads(rollup: Rollup) -> dict[str, str]:
    """The name of the sector or division of each two first digits that have one."""
    named: Rollup = {**_SECTORS, **_DIVISIONS}[rollup]
    found = {head: roll_up(f"{head}{_TAIL}", named) for head in _HEADS}
    return {head: name for head, name in found.items() if name is not None}


def _is_code(column: exp.Expr, prefixes: Iterable[str], rollup: Rollup) -> exp.Expr:
    """Whether a code begins so; false for none. All prefixes have the same length."""
    begins = sorted(prefixes)
    if not begins:
        return exp.false()
    left = _WIDTH[rollup] - len(begins[0])
    more = "([0-9]{2,4})?" if rollup in _DIVISIONS else f"[0-9]{{{left},{_LONGEST - len(begins[0])}}}"
    return fits(trimmed(column), f"[^0-9]{{0,8}}{any_of(begins)}{more}([^0-9]([0-9]|[^0-9])*)?")


def said(value: exp.Expr, attribute: Attribute, categories: frozenset[str]) -> exp.Expr:
    """Whether a text is a phrase of one of the categories; what is no phrase of any is `OTHER`."""
    phrases = {name: (name, *named) for name, named in attribute.phrases}
    meant = [phrase for name in phrases if name.strip().casefold() in categories for phrase in phrases[name]]
    others = [phrase for name, named in phrases.items() if name != OTHER for phrase in named]
    found = [_is_phrase(value, meant)] if meant else []
    if OTHER in categories:
        found.append(exp.not_(_is_phrase(value, others)))
    return exp.or_(*found) if found else exp.false()


def _is_phrase(value: exp.Expr, phrases: Iterable[str]) -> exp.Expr:
    """Whether a text consists of the words of one of the phrases, whatever stands between them."""
    words = [[re.escape(word) for word in re.findall(r"[^\W_]+", phrase.casefold())] for phrase in phrases]
    alternatives = "|".join(f"{_NO_LETTERS}+".join(each) for each in words)
    return fits(value, f"{_NO_LETTERS}*({alternatives}){_NO_LETTERS}*")
