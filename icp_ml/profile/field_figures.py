"""The field's working figures about companies beside what the deals say of them.

    a set of tools   five or more in use matter
    a date           what happened within 24 months is recent, and what is 3 years old or older is settled (of funding);
                     from 60 days to 6 months after it the buying window is open

They were stated before anybody saw the deals, so that the plain rates are honest. Each is asked of every attribute that
it can be asked of: which date is that of a funding round, no code can know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import NumberColumn, ParsedTable, SetColumn
from icp_ml.deals.texts import Flags
from icp_ml.profile.rates import win_rate, win_rate_gap
from icp_ml.profile.records import Interval, Record

Answer = Literal["as the field says", "the other way round here", "cannot tell"]

TOOLS_THAT_MATTER: Final = 5
RECENT_YEARS: Final = 2.0
SETTLED_YEARS: Final = 3.0
WINDOW_YEARS: Final = (60 / 365.25, 0.5)
LEAST: Final = 10
"""Deals on each side under which nothing is compared."""


class FieldFigure(Record):
    """One figure of the field, asked of one attribute.

    words: the condition. said: what the field says. deals, won, rate: where it holds; others, others_won, others_rate:
    where it is known not to. gap: difference of the rates, with its 95 % interval over accounts.
    """

    attribute: str
    words: str
    said: str
    deals: int
    won: int
    rate: Interval
    others: int
    others_won: int
    others_rate: Interval
    gap: Interval
    answer: Answer


def field_figures(
    attributes: Sequence[Attribute], parsed: ParsedTable, won: NDArray[np.int8], groups: NDArray[np.int64]
) -> tuple[FieldFigure, ...]:
    """Every figure that can be asked, in the order of the attributes. won, groups: (n,), of the deals in `parsed`."""
    found = []
    for attribute in attributes:
        known = ~parsed.missing(attribute.name)
        for words, said, holds in _asked(attribute, parsed):
            inside, outside = holds & known, ~holds & known
            if min(inside.sum(), outside.sum()) >= LEAST:
                found.append(_figure((attribute.name, words, said), won, groups, inside, outside))
    return tuple(found)


def _asked(attribute: Attribute, parsed: ParsedTable) -> Iterator[tuple[str, str, Flags]]:
    """What can be asked of an attribute: the condition, what the field says of it, and where it holds."""
    name, column = attribute.name, parsed.columns[attribute.name]
    if isinstance(column, SetColumn):
        yield f"{name}: {TOOLS_THAT_MATTER} or more", "five or more tools matter", column.sizes() >= TOOLS_THAT_MATTER
    if attribute.kind == "date" and isinstance(column, NumberColumn):
        years, (opens, closes) = np.nan_to_num(column.values, nan=-1.0), WINDOW_YEARS
        yield f"{name}: within 24 months", "recent is better", years <= RECENT_YEARS
        yield f"{name}: under 3 years ago", "later than that is settled", years < SETTLED_YEARS
        window = (years >= opens) & (years <= closes)
        yield f"{name}: 60 days to 6 months ago", "then the buying window is open", window


def _figure(
    named: tuple[str, str, str], won: NDArray[np.int8], groups: NDArray[np.int64], inside: Flags, outside: Flags
) -> FieldFigure:
    attribute, words, said = named
    gap = win_rate_gap(won, groups, inside, outside)
    return FieldFigure(
        attribute=attribute,
        words=words,
        said=said,
        deals=int(inside.sum()),
        won=int(won[inside].sum()),
        rate=win_rate(won, groups, inside),
        others=int(outside.sum()),
        others_won=int(won[outside].sum()),
        others_rate=win_rate(won, groups, outside),
        gap=gap,
        answer=_answer(gap),
    )


def _answer(gap: Interval) -> Answer:
    if gap.low > 0:
        return "as the field says"
    return "the other way round here" if gap.high < 0 else "cannot tell"
