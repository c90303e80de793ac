"""The segments of a dimension: one condition each, made without a look at how the deals ended.

    number, date, year   bands: those that the configuration gives, the field's, or round ones near the quantiles
    ordered              each level; range texts without a declared order by their lower bounds
    category, set        each level or member that enough deals have, and all others together
    flag                 yes, no

The members of a set overlap; all other segments divide the deals whose value is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn
from icp_ml.deals.rule_settings import Bound, ConditionSettings
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.deals.texts import Flags, Floats
from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError
from icp_ml.profile.candidates import NO, YES, round_cuts

LEAST_DEALS: Final = 10
"""Deals under which a level is not a segment of its own, and a segment cannot lead."""
MOST_LEVELS: Final = 20
"""Levels of a category or members of a set that are shown, the most frequent ones. We chose it."""
QUANTILE_CUTS: Final = 4
"""Bands near the quantiles are fifths. We chose it."""
FEW_LOWER_BOUNDS: Final = 12
"""Range texts with at most so many lower bounds are segments as they are; we chose it."""
AGE_CUTS: Final = (2.0, 8.0, 15.0)
"""The field's bands of company age: under 2, 2 to 8, 8 to 15, 15 and more years."""
MONEY_CUTS: Final = (1e6, 1e7, 5e7, 2e8)
"""The field's bands of revenue: 1 to 10, 10 to 50, 50 to 200 million, and what lies on either side."""
MEASURED: Final = ("number", "date", "year")


def check_bands(settings: SegmentsSettings, attributes: Sequence[Attribute]) -> None:
    """Raise `ConfigError` where bands are given for what is not there, or has none."""
    kind_of = {each.name: each.kind for each in attributes}
    for name in settings.bands:
        if name not in kind_of:
            raise ConfigError(
                f"segments.bands: expected the name of an attribute in use, found '{name}'; "
                f"{suggestion(name, list(kind_of))}"
            )
        of_order = any(each.name == name and each.order for each in attributes)
        if kind_of[name] not in (*MEASURED, "ordered") or of_order:
            raise ConfigError(
                f"segments.bands: expected a number, a date, a year or range texts, found '{name}' of kind "
                f"{kind_of[name]}, whose segments are its levels; remove it"
            )


def segments_of(attribute: Attribute, parsed: ParsedTable, settings: SegmentsSettings) -> tuple[ConditionSettings, ...]:
    """The segments of one attribute, in their natural order or the most frequent first; none where nothing is known."""
    column = parsed.columns[attribute.name]
    if isinstance(column, NumberColumn):
        if attribute.kind == "flag":
            return tuple(having(attribute, [answer]) for answer in (YES, NO))
        if attribute.order:
            seen = {int(rank) for rank in np.unique(column.values[~np.isnan(column.values)])}
            return tuple(having(attribute, [attribute.order[rank]]) for rank in sorted(seen))
        return tuple(bands(attribute, cuts_of(attribute, column.values, settings)))
    return tuple(_levels(attribute, column))


def cuts_of(attribute: Attribute, values: Floats, settings: SegmentsSettings) -> tuple[float, ...]:
    """Where the bands of a number, an age or a lower bound begin, all but the first; ascending.

    The field's bands are used where at least two of them hold ten deals.
    """
    if attribute.name in settings.bands:
        return settings.bands[attribute.name]
    known = values[~np.isnan(values)]
    if attribute.kind == "ordered":
        bounds = np.unique(known)
        return tuple(bounds[1:].tolist()) if len(bounds) <= FEW_LOWER_BOUNDS else _near_quantiles(attribute, known)
    usual = usual_cuts(attribute)
    if usual and (np.bincount(np.searchsorted(usual, known, side="right")) >= LEAST_DEALS).sum() > 1:
        return usual
    return _near_quantiles(attribute, known)


def usual_cuts(attribute: Attribute) -> tuple[float, ...]:
    """The field's bands for what the attribute is declared to be, empty where there are none."""
    if attribute.kind == "year":
        return AGE_CUTS
    return MONEY_CUTS if attribute.kind == "number" and attribute.currency is not None else ()


def bands(attribute: Attribute, cuts: Sequence[Bound]) -> Iterator[ConditionSettings]:
    """Under the first cut, from each to the next, and from the last one on; none where there is no cut."""
    if cuts:
        yield condition(attribute, under=cuts[0])
        for low, high in pairwise(cuts):
            yield condition(attribute, at_least=low, under=high)
        yield condition(attribute, at_least=cuts[-1])


def condition(attribute: Attribute, **asked: object) -> ConditionSettings:
    """One question about an attribute, by the keys that a person writes."""
    return ConditionSettings.model_validate({"attribute": attribute.name, **asked})


def having(attribute: Attribute, values: Sequence[str]) -> ConditionSettings:
    """The question whether the attribute is, or has, one of the values."""
    return condition(attribute, **{"is": list(values)})


def holds(settings: ConditionSettings, attribute: Attribute, parsed: ParsedTable) -> Flags:
    """bool[n]: the deals of which it is known that they meet the condition."""
    return bind_condition(settings, {attribute.name: attribute}, "the analysis of closed deals").holds(parsed)


def frequent_levels(column: CategoryColumn | SetColumn) -> tuple[str, ...]:
    """The levels or members that at least ten deals have, at most twenty, the most frequent first."""
    codes = column.codes[column.codes >= 0] if isinstance(column, CategoryColumn) else column.indices
    counts = np.bincount(codes, minlength=len(column.levels))
    order = np.lexsort((np.arange(len(counts)), -counts))[:MOST_LEVELS]
    return tuple(column.levels[level] for level in order if counts[level] >= LEAST_DEALS)


def _near_quantiles(attribute: Attribute, known: Floats) -> tuple[float, ...]:
    return round_cuts(attribute, known, QUANTILE_CUTS)


def _levels(attribute: Attribute, column: CategoryColumn | SetColumn) -> Iterator[ConditionSettings]:
    frequent = frequent_levels(column)
    yield from (having(attribute, [level]) for level in frequent)
    if frequent:
        yield condition(attribute, **{"is_not": list(frequent)})
