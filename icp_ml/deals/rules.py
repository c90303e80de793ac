"""Rules about a company, asked of the attributes as they are read: who is left out, and who is in the market at all.

A rule holds where all of its conditions hold. As an exclusion, a row that it hits is left out. As a boundary, a row is
outside where it is known not to meet one of the conditions: what is not known puts nobody outside the market.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition, bind_condition
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.texts import Flags, Ints
from icp_ml.errors import ConfigError


@dataclass(frozen=True)
class Rule:
    """A rule and its conditions, bound to the attributes that they ask about."""

    settings: RuleSettings
    conditions: tuple[Condition, ...]


def bind_rules(settings: Sequence[RuleSettings], attributes: Sequence[Attribute]) -> tuple[Rule, ...]:
    """The rules in their order, each with its attributes.

    Raises `ConfigError` for a name that two rules share, and as `bind_condition` does.
    """
    attribute_of = {attribute.name: attribute for attribute in attributes}
    _check_names_once(settings)
    return tuple(
        Rule(each, tuple(bind_condition(one, attribute_of, f"the rule '{each.name}'") for one in each.conditions))
        for each in settings
    )


def hits(rule: Rule, parsed: ParsedTable) -> Flags:
    """bool[n]: the rows of which it is known that they meet every condition. parsed: holds the rule's attributes."""
    met = np.ones(parsed.n_rows, dtype=bool)
    for condition in rule.conditions:
        met &= condition.holds(parsed)
    return met


def first_hit(rules: Sequence[Rule], parsed: ParsedTable, as_of: date | None = None) -> Ints:
    """int32[n]: the place in `rules` of the first one that hits the row, -1 where none does.

    as_of: the day to which the answer counts. A rule whose `until` is that day or an earlier one hits no more.
    Raises `ConfigError` where a rule has `until` and `as_of` is None.
    """
    return _first([hits(rule, parsed) & _in_force(rule, as_of) for rule in rules], parsed.n_rows)


def outside(rules: Sequence[Rule], parsed: ParsedTable, as_of: date | None = None) -> Ints:
    """int32[n]: the place in `rules` of the first one that the row is known not to meet, -1 where there is none.

    A row whose attribute is missing is not outside by it, but a condition `missing: true` is not met by a row whose
    attribute is known. `as_of` and errors are as in `first_hit`.
    """
    return _first([_unmet(rule, parsed) & _in_force(rule, as_of) for rule in rules], parsed.n_rows)


def _unmet(rule: Rule, parsed: ParsedTable) -> Flags:
    unmet = np.zeros(parsed.n_rows, dtype=bool)
    for condition in rule.conditions:
        unmet |= condition.fails(parsed)
    return unmet


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


def _check_names_once(settings: Sequence[RuleSettings]) -> None:
    seen: set[str] = set()
    for each in settings:
        folded = each.name.casefold()
        if folded in seen:
            raise ConfigError(
                f"expected every rule to have a name of its own, found '{each.name}' twice; rename one of them"
            )
        seen.add(folded)
