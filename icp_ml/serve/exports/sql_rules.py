"""Rules in SQL: whether one hits a row, and the name of the first that does."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from icp_ml.deals.rules import Rule
from icp_ml.serve.exports.sql_conditions import Warehouse, a_day, asked


def rule_hits(rule: Rule, warehouse: Warehouse) -> exp.Expr:
    """Whether an exclusion hits the row: it is in force, and the row is known to meet all that it asks."""
    holds = [asked(condition, warehouse).holds() for condition in rule.conditions]
    return exp.and_(*_in_force(rule, warehouse), *holds)


def rule_is_unmet(rule: Rule, warehouse: Warehouse) -> exp.Expr:
    """Whether a boundary is in force and the row is known not to meet it."""
    fails = [asked(condition, warehouse).fails() for condition in rule.conditions]
    return exp.and_(*_in_force(rule, warehouse), exp.or_(*fails))


def _in_force(rule: Rule, warehouse: Warehouse) -> list[exp.Expr]:
    until = rule.settings.until
    return [] if until is None else [exp.LT(this=warehouse.day_that_counts(), expression=a_day(until))]


def first_name(rules: Mapping[str, exp.Expr]) -> exp.Expr:
    """The name of the first rule whose expression is true, else null."""
    if not rules:
        return exp.cast(exp.null(), "text")
    found = exp.Case()
    for name, hit in rules.items():
        found = found.when(hit, exp.Literal.string(name))
    return found.else_(exp.null())
