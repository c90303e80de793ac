"""Conditions bound to the attributes they ask about, and where they hold.

    {attribute: industry, is: [government]}         Government; not a company whose industry is not known
    {attribute: tools, is_not: [Rival]}             known tools without Rival; a company that is known to use none too
    {attribute: employees, at_least: 51, under: 501}    51 to 500
    {attribute: stage, at_least: Series B}          Series B or later, in the declared order
    {attribute: founded, under: 2}                  ages under 2 years, not 2 itself

Three answers are possible: it holds, it does not, and nobody knows. What is not known meets `missing: true` alone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn, parse_attributes
from icp_ml.deals.rule_settings import Bound, ConditionSettings
from icp_ml.deals.settings import Kind
from icp_ml.deals.texts import Flags, Floats
from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import ConfigError

_NAMED_KINDS: Final[tuple[Kind, ...]] = ("category", "ordered", "flag", "set")
_MEASURED_KINDS: Final[tuple[Kind, ...]] = ("number", "date", "year")
_COMPARED: Final[Mapping[str, Callable[[Floats, float], Flags]]] = {
    "over": operator.gt,
    "at_least": operator.ge,
    "under": operator.lt,
    "at_most": operator.le,
}


@dataclass(frozen=True)
class Condition:
    """A condition with its attribute.

    texts: for a category or set, the values asked for in folded case. numbers: for an ordered attribute or a flag, what
    the values are read as. bounds: by key (`over`, ...), the number that is compared with.
    """

    settings: ConditionSettings
    attribute: Attribute
    texts: frozenset[str] = frozenset()
    numbers: tuple[float, ...] = ()
    bounds: tuple[tuple[str, float], ...] = ()

    def holds(self, parsed: ParsedTable) -> Flags:
        """bool[n]: the rows of which it is known that they meet it. Values compare whatever their case."""
        gaps = parsed.missing(self.attribute.name)
        if self.settings.missing:
            return gaps
        met = self._named(parsed) if self.texts or self.numbers else self._bounded(parsed)
        return ~met & ~gaps if self.settings.others else met & ~gaps

    def fails(self, parsed: ParsedTable) -> Flags:
        """bool[n]: the rows of which it is known that they do not meet it."""
        return ~self.holds(parsed) & ~parsed.missing(self.attribute.name)

    def _named(self, parsed: ParsedTable) -> Flags:
        column = parsed.columns[self.attribute.name]
        if isinstance(column, NumberColumn):
            return np.isin(column.values, self.numbers)
        named = np.array([level.strip().casefold() in self.texts for level in column.levels], dtype=bool)
        if isinstance(column, CategoryColumn):
            return np.append(named, False)[column.codes]
        return _any_member(column, named)

    def _bounded(self, parsed: ParsedTable) -> Flags:
        column = parsed.columns[self.attribute.name]
        if not isinstance(column, NumberColumn):
            raise TypeError(f"bounds are asked of numbers, and '{self.attribute.name}' holds none")
        met = np.ones(parsed.n_rows, dtype=bool)
        with np.errstate(invalid="ignore"):
            for key, number in self.bounds:
                met &= _COMPARED[key](column.values, number)
        return met


def _any_member(column: SetColumn, named: Flags) -> Flags:
    so_far = np.append(0, np.cumsum(named[column.indices]))
    found: Flags = so_far[column.indptr[1:]] > so_far[column.indptr[:-1]]
    return found


def bind_condition(settings: ConditionSettings, attribute_of: Mapping[str, Attribute], asker: str) -> Condition:
    """The condition with its attribute. asker: who asks, for messages ("the rule 'public sector'").

    Raises `ConfigError` for an attribute that is not there, a question that its kind cannot answer, and a value that is
    read as missing or not at all: such a condition would never hold.
    """
    attribute = attribute_of.get(settings.attribute)
    if attribute is None:
        raise ConfigError(
            f"{asker} asks about '{settings.attribute}', and there is no such attribute in use; "
            f"{suggestion(settings.attribute, list(attribute_of))}"
        )
    if settings.values or settings.others:
        return _bound_to_values(settings, attribute, asker)
    if settings.missing:
        return Condition(settings, attribute)
    keys = [key for key in settings.asked() if key in _COMPARED]
    bounds = tuple((key, _bound_number(getattr(settings, key), attribute, asker, key)) for key in keys)
    return Condition(settings, attribute, bounds=bounds)


def _bound_number(bound: Bound, attribute: Attribute, asker: str, key: str) -> float:
    """A bound as the column's numbers are read: a rank where it names a level of a declared order."""
    has_order = attribute.kind == "ordered" and bool(attribute.order)
    if isinstance(bound, float) and (
        attribute.kind in _MEASURED_KINDS or (attribute.kind == "ordered" and not has_order)
    ):
        return bound
    if isinstance(bound, str) and has_order:
        return _read_values((bound,), attribute, asker)[1][0]
    if isinstance(bound, str) and attribute.kind in _MEASURED_KINDS:
        raise ConfigError(
            f"{asker} was expected to ask '{key}' of '{attribute.name}' with a number, and asks with '{bound}'; "
            "write the number"
        )
    expected = "a level by its name" if has_order else "'is' or 'missing'"
    raise _does_not_fit(attribute, asker, expected, f"'{key}' with {bound!r}" if has_order else f"'{key}'")


def _bound_to_values(settings: ConditionSettings, attribute: Attribute, asker: str) -> Condition:
    if attribute.kind not in _NAMED_KINDS:
        expected = "'over', 'under' or 'missing'"
        raise _does_not_fit(attribute, asker, expected, "'is'" if settings.values else "'is_not'")
    texts, numbers = _read_values(settings.values or settings.others, attribute, asker)
    return Condition(settings, attribute, texts=texts, numbers=numbers)


def _read_values(values: Sequence[str], attribute: Attribute, asker: str) -> tuple[frozenset[str], tuple[float, ...]]:
    """Values, read as the list will be: with the same spellings, order, separator and missing texts."""
    table = pa.table({attribute.column: pa.array(values, pa.string())})
    read = parse_attributes(table, (attribute.plain,), None)
    levels = attribute.order or tuple(category for category, _ in attribute.phrases)
    unmapped = [example for found in read.unmapped for example in found.examples]
    unread = unmapped or [values[row] for row in np.flatnonzero(read.missing(attribute.name)).tolist()]
    if unread:
        known = f"one of {listed(levels)}" if levels else "values that can be read"
        raise ConfigError(
            f"{asker} was expected to name {known} for '{attribute.name}', of kind {attribute.kind}, and names "
            f"{listed(unread)}, which is not known there; correct it, or put yes and no in quotes"
        )
    column = read.columns[attribute.name]
    if isinstance(column, NumberColumn):
        return frozenset(), tuple(np.unique(column.values).tolist())
    return frozenset(level.casefold() for level in column.levels), ()


def _does_not_fit(attribute: Attribute, asker: str, expected: str, found: str) -> ConfigError:
    return ConfigError(
        f"{asker} was expected to ask {expected} about '{attribute.name}', which is of kind {attribute.kind}, and "
        f"asks {found}; change its condition"
    )
