"""Rules about a company, asked of the attributes as they are read: who is left out, and who is in the market at all.

    {attribute: industry, is: [government]}     hits Government; not a company whose industry is not known
    {attribute: tools, is: [Rival]}             hits Rival;Slack; not a company that is known to use no tool
    {attribute: founded, under: 2}              hits ages under 2 years, not 2 itself
    {attribute: headcount, missing: true}       hits where the headcount is not known

As an exclusion, a row that a rule hits is left out. As a boundary, a row is outside where it is known not to meet
the rule: what is not known puts nobody outside the market.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn, parse_attributes
from icp_ml.deals.policy import RuleSettings
from icp_ml.deals.settings import Kind
from icp_ml.deals.texts import Flags, Ints
from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import ConfigError

_NAMED_KINDS: tuple[Kind, ...] = ("category", "ordered", "flag", "set")
_MEASURED_KINDS: tuple[Kind, ...] = ("number", "date", "year")


@dataclass(frozen=True)
class Rule:
    """One condition, bound to the attribute that it asks about.

    texts: for a category or set, the values of `is` in folded case. numbers: for an ordered attribute or a flag,
    what they are read as.
    """

    settings: RuleSettings
    attribute: Attribute
    texts: frozenset[str] = frozenset()
    numbers: tuple[float, ...] = ()


def bind_rules(settings: Sequence[RuleSettings], attributes: Sequence[Attribute]) -> tuple[Rule, ...]:
    """The rules in their order, each with its attribute.

    Raises `ConfigError` for a name that two rules share, an attribute that is not among `attributes`, a condition
    that its kind cannot meet, and a value that is read as missing or not at all: such a rule would never hit.
    """
    attribute_of = {attribute.name: attribute for attribute in attributes}
    _check_names_once(settings)
    return tuple(_bound(each, attribute_of) for each in settings)


def hits(rule: Rule, parsed: ParsedTable) -> Flags:
    """bool[n]: the rows of which it is known that they meet the condition.

    parsed: a table that holds the rule's attribute. A missing value meets `missing: true` and nothing else.
    Values compare as they are read: whatever their case and outer space.
    """
    name = rule.attribute.name
    if rule.settings.missing:
        return parsed.missing(name)
    column = parsed.columns[name]
    if isinstance(column, CategoryColumn):
        return np.append(_named_levels(rule, column.levels), False)[column.codes]
    if isinstance(column, SetColumn):
        named = np.append(0, np.cumsum(_named_levels(rule, column.levels)[column.indices]))
        found: Flags = named[column.indptr[1:]] > named[column.indptr[:-1]]
        return found
    return _number_hits(rule, column)


def first_hit(rules: Sequence[Rule], parsed: ParsedTable, as_of: date | None = None) -> Ints:
    """int32[n]: the place in `rules` of the first one that hits the row, -1 where none does.

    as_of: the day to which the answer counts. A rule whose `until` is that day or an earlier one hits no more.
    Raises `ConfigError` where a rule has `until` and `as_of` is None.
    """
    return _first([hits(rule, parsed) & _in_force(rule, as_of) for rule in rules], parsed.n_rows)


def outside(rules: Sequence[Rule], parsed: ParsedTable, as_of: date | None = None) -> Ints:
    """int32[n]: the place in `rules` of the first one that the row is known not to meet, -1 where there is none.

    A row whose attribute is missing is not outside by it, but a rule `missing: true` is not met by a row whose
    attribute is known. `as_of` and errors are as in `first_hit`.
    """
    unmet = [~hits(rule, parsed) & ~parsed.missing(rule.attribute.name) & _in_force(rule, as_of) for rule in rules]
    return _first(unmet, parsed.n_rows)


def _first(marks: Sequence[Flags], n_rows: int) -> Ints:
    places: npt.NDArray[np.int32] = np.full(n_rows, -1, dtype=np.int32)
    for place, marked in enumerate(marks):
        places[marked & (places < 0)] = place
    return places


def _in_force(rule: Rule, as_of: date | None) -> bool:
    until = rule.settings.until
    if until is not None and as_of is None:
        raise ConfigError(
            f"the rule '{rule.settings.name}' holds until {until}, and the day that counts was not given; pass as_of, "
            "such as the day of the list"
        )
    return until is None or as_of is None or as_of < until


def _named_levels(rule: Rule, levels: Sequence[str]) -> Flags:
    return np.array([level.strip().casefold() in rule.texts for level in levels], dtype=bool)


def _number_hits(rule: Rule, column: NumberColumn) -> Flags:
    """Comparisons with NaN are false, so that a missing value meets none of them."""
    settings = rule.settings
    if settings.over is not None:
        return column.values > settings.over
    if settings.under is not None:
        return column.values < settings.under
    return np.isin(column.values, rule.numbers)


def _check_names_once(settings: Sequence[RuleSettings]) -> None:
    seen: set[str] = set()
    for each in settings:
        folded = each.name.casefold()
        if folded in seen:
            raise ConfigError(
                f"expected every rule to have a name of its own, found '{each.name}' twice; rename one of them"
            )
        seen.add(folded)


def _bound(settings: RuleSettings, attribute_of: dict[str, Attribute]) -> Rule:
    attribute = attribute_of.get(settings.attribute)
    if attribute is None:
        raise ConfigError(
            f"the rule '{settings.name}' asks about '{settings.attribute}', and there is no such attribute in use; "
            f"{suggestion(settings.attribute, list(attribute_of))}"
        )
    if settings.values:
        return _bound_to_values(settings, attribute)
    if not settings.missing and attribute.kind not in _MEASURED_KINDS:
        raise _does_not_fit(settings, attribute, "'is' or 'missing'", "'over' or 'under'")
    return Rule(settings, attribute)


def _bound_to_values(settings: RuleSettings, attribute: Attribute) -> Rule:
    """The values of `is`, read as the list will be: with the same spellings, order, separator and missing texts."""
    if attribute.kind not in _NAMED_KINDS:
        raise _does_not_fit(settings, attribute, "'over', 'under' or 'missing'", "'is'")
    table = pa.table({attribute.column: pa.array(settings.values, pa.string())})
    read = parse_attributes(table, (attribute.plain,), None)
    levels = attribute.order or tuple(category for category, _ in attribute.phrases)
    unmapped = [example for found in read.unmapped for example in found.examples]
    unread = unmapped or [settings.values[row] for row in np.flatnonzero(read.missing(attribute.name))]
    if unread:
        known = f"one of {listed(levels)}" if levels else "values that can be read"
        raise ConfigError(
            f"the rule '{settings.name}' was expected to name {known} for '{attribute.name}', of kind "
            f"{attribute.kind}, and names {listed(unread)}, which is not known there; correct it, or put yes and no in "
            "quotes"
        )
    column = read.columns[attribute.name]
    if isinstance(column, NumberColumn):
        return Rule(settings, attribute, numbers=tuple(np.unique(column.values).tolist()))
    return Rule(settings, attribute, texts=frozenset(level.casefold() for level in column.levels))


def _does_not_fit(settings: RuleSettings, attribute: Attribute, expected: str, found: str) -> ConfigError:
    return ConfigError(
        f"the rule '{settings.name}' was expected to ask {expected} about '{attribute.name}', which is of "
        f"kind {attribute.kind}, and asks {found}; change its condition"
    )
