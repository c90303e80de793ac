"""The conditions that one can say about deals: one attribute each, in round numbers.

    number     over, under and between round cuts near the quantiles; amounts of money at 1, 2 and 5 times powers of ten
    date, year the same at round ages, so that a condition stays true as time goes on
    ordered    from a level on, up to a level, between two
    category   each level that enough deals have
    flag       yes, no
    set        each member that enough deals have, and its absence

A condition is made from the deals that it is found on and from no others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.texts import Flags, Floats

QUANTILES: Final = 12
"""Cuts that are tried for a number, at most. We chose it."""
BROAD: Final = (1.0, 2.0, 5.0)
AGES: Final = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0)
"""Ages in years at which a condition may begin or end."""
DIGITS: Final = 2
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Candidate:
    """A condition, and where it holds: bool[n] of the deals it was made from, or of others."""

    settings: ConditionSettings
    holds: Flags


def candidates(
    attribute: Attribute, parsed: ParsedTable, least: int, rows: NDArray[np.intp] | None = None
) -> Iterator[Candidate]:
    """The conditions on `attribute` that at least `least` of the given rows meet and as many are known not to.

    rows: from which conditions are made, None for all. `holds` is of all rows of `parsed`.
    """
    made_from = parsed if rows is None else parsed.take(rows)
    for settings in _conditions(attribute, made_from, least):
        condition = bind_condition(settings, {attribute.name: attribute}, "the search for conditions")
        here = condition.holds(made_from)
        if here.sum() >= least and condition.fails(made_from).sum() >= least:
            yield Candidate(settings, here if rows is None else condition.holds(parsed))


def round_cuts(attribute: Attribute, values: Floats, most: int = QUANTILES) -> tuple[float, ...]:
    """Ascending round cuts near the quantiles of the known values, at most `most`, all inside their range."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return ()
    wanted = np.unique(np.quantile(known, np.arange(1, most + 1) / (most + 1), method="lower"))
    cuts = sorted({_rounded(attribute, float(value)) for value in wanted})
    return tuple(cut for cut in cuts if known[0] < cut <= known[-1])


def _rounded(attribute: Attribute, value: float) -> float:
    if attribute.kind in ("date", "year"):
        return min(AGES, key=lambda age: (abs(math.log(age / max(value, AGES[0] / 2))), age))
    if value == 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(abs(value)))
    if attribute.currency is not None and value > 0:
        return min(
            (step * power * times for times in (1, 10) for step in BROAD), key=lambda c: abs(math.log(c / value))
        )
    return float(f"{value:.{DIGITS}g}")


def _conditions(attribute: Attribute, parsed: ParsedTable, least: int) -> Iterator[ConditionSettings]:
    column = parsed.columns[attribute.name]
    if isinstance(column, CategoryColumn):
        support = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
        yield from (_condition(attribute, **{"is": [level]}) for level in _supported(column.levels, support, least))
    elif isinstance(column, SetColumn):
        support = np.bincount(column.indices, minlength=len(column.levels))
        for member in _supported(column.levels, support, least):
            yield _condition(attribute, **{"is": [member]})
            yield _condition(attribute, **{"is_not": [member]})
    elif attribute.kind == "flag":
        yield from (_condition(attribute, **{"is": [answer]}) for answer in (YES, NO))
    elif attribute.kind == "ordered" and attribute.order:
        yield from _ranges(attribute, [*attribute.order[1:]])
    else:
        yield from _ranges(attribute, round_cuts(attribute, _numbers(column)))


def _numbers(column: NumberColumn) -> Floats:
    return column.values


def _supported(levels: Sequence[str], support: NDArray[np.intp], least: int) -> Iterator[str]:
    yield from (level for level, count in zip(levels, support.tolist(), strict=True) if count >= least)


def _ranges(attribute: Attribute, cuts: Sequence[float | str]) -> Iterator[ConditionSettings]:
    """From each cut on, below each cut, and between each two: a value on a cut belongs above it."""
    for cut in cuts:
        yield _condition(attribute, at_least=cut)
        yield _condition(attribute, under=cut)
    for low, high in combinations(cuts, 2):
        yield _condition(attribute, at_least=low, under=high)


def _condition(attribute: Attribute, **asked: object) -> ConditionSettings:
    return ConditionSettings.model_validate({"attribute": attribute.name, **asked})
