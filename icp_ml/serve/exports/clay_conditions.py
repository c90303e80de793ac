"""Conditions and rules in JavaScript, over the columns that read the attributes.

Each says what `Condition.holds` and `.fails` say: what is not known meets `missing: true` alone, and fails nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from icp_ml.deals.conditions import Condition
from icp_ml.deals.rollups import NAMED
from icp_ml.deals.rules import Rule
from icp_ml.serve.exports.clay_cells import AS_OF, reading_name
from icp_ml.serve.exports.clay_names import BAR, NO_BAR, industries
from icp_ml.serve.exports.clay_texts import is_known, literal, number, reference, texts

_SIGNS: Final = {"over": ">", "at_least": ">=", "under": "<", "at_most": "<="}


def holds(condition: Condition) -> str:
    """Whether it is known of the row that it meets the condition; true or false."""
    known = is_known(_reading(condition))
    if condition.settings.missing:
        return f"!{known}"
    return f"({known} && {'!' if condition.settings.others else ''}{_met(condition)})"


def fails(condition: Condition) -> str:
    """Whether it is known of the row that it does not meet the condition."""
    return f"({is_known(_reading(condition))} && !{holds(condition)})"


def hit(rule: Rule) -> str:
    """Whether every condition of a rule holds, while the rule is in force."""
    return _in_force(rule, f"({' && '.join(holds(each) for each in rule.conditions)})")


def unmet(rule: Rule) -> str:
    """Whether a condition of a rule fails, while the rule is in force."""
    return _in_force(rule, f"({' || '.join(fails(each) for each in rule.conditions)})")


def first_rule(exclusions: Sequence[Rule], boundary: Sequence[Rule]) -> str:
    """The first exclusion that hits, else the first rule of the boundary that is not met; the empty text for none."""
    marks = [(hit(rule), f"excluded: {rule.settings.name}") for rule in exclusions]
    marks += [(unmet(rule), f"outside the market: {rule.settings.name}") for rule in boundary]
    return "".join(f"{asked} ? {literal(said)} : " for asked, said in marks) + literal("")


def ends_some_day(rules: Sequence[Rule]) -> bool:
    """Whether a rule holds only until a day, so that the day has to be known."""
    return any(rule.settings.until is not None for rule in rules)


def _in_force(rule: Rule, asked: str) -> str:
    """Days are compared as texts: year, month and day in this order."""
    until = rule.settings.until
    if until is None:
        return asked
    return f"(String({reference(AS_OF)}).slice(0, 10) < {literal(until.isoformat())} && {asked})"


def _reading(condition: Condition) -> str:
    return reference(reading_name(condition.attribute))


def _met(condition: Condition) -> str:
    reading = _reading(condition)
    if condition.bounds:
        asked = (f"Number({reading}) {_SIGNS[key]} {number(bound)}" for key, bound in condition.bounds)
        return f"({' && '.join(asked)})"
    if condition.numbers:
        return f"([{', '.join(number(each) for each in condition.numbers)}].indexOf(Number({reading})) >= 0)"
    if condition.attribute.kind == "set":
        return _any_member(reading, condition)
    return f"({texts(_values(condition))}.indexOf(String({reading})) >= 0)"


def _any_member(reading: str, condition: Condition) -> str:
    named = (literal(f"{BAR}{text.replace(BAR, NO_BAR)}{BAR}") for text in sorted(condition.texts))
    return f"({' || '.join(f'String({reading}).indexOf({each}) >= 0' for each in named)})"


def _values(condition: Condition) -> list[str]:
    """The values asked for as the reading writes them: the first digits of an industry that has a name."""
    rollup = condition.attribute.rollup
    if rollup is None or rollup not in NAMED:
        return sorted(condition.texts)
    return [head for head, name in industries(rollup).items() if name.casefold() in condition.texts]
