"""What stands above an exported statement, as a comment: its version, and the columns that it expects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from icp_ml.deals.attributes import Attribute
from icp_ml.serve.exports.sql_conditions import Sets, Warehouse
from icp_ml.serve.exports.stamp import Exported, stamp_lines


def sql_head(exported: Exported, columns: Mapping[str, str], warehouse: Warehouse) -> str:
    """The comment, ending in a line end. columns: of each criterion's truth value, by the criterion's name."""
    lines = (_on_one_line(line) for line in _lines(exported, columns, warehouse))
    return "".join(f"-- {line}".rstrip() + "\n" for line in lines)


def _lines(exported: Exported, columns: Mapping[str, str], warehouse: Warehouse) -> Iterator[str]:
    definition = exported.definition
    least = 0 if definition.match is None else definition.match.least
    yield from stamp_lines(exported)
    yield f"{warehouse.dialect}: companies that meet at least {least} of {len(definition.criteria)} criteria"
    yield f"ages count to {warehouse.as_of or 'the day on which this runs'}"
    yield ""
    yield "columns that are expected, and their types:"
    yield from (f"  {line}" for line in _expected(exported, warehouse))
    yield ""
    yield "criteria:"
    yield from (f"  {columns[each.name]}: {each.words}" for each in definition.criteria)
    yield ""


def _expected(exported: Exported, warehouse: Warehouse) -> Iterator[str]:
    policy = exported.policy
    of_rules = [name for rule in (*policy.exclusions, *policy.boundary) for name in rule.attributes]
    wanted = dict.fromkeys((*(each.condition.attribute for each in exported.definition.criteria), *of_rules))
    attribute_of = {each.name: each for each in exported.attributes}
    yield from column_lines([attribute_of[name] for name in wanted], warehouse)


def column_lines(attributes: Iterable[Attribute], warehouse: Warehouse) -> Iterator[str]:
    """The column that is expected for each attribute, and its type."""
    for attribute in attributes:
        made = "" if attribute.recipe is None else f", made from the table {attribute.recipe.table}"
        yield f"{warehouse.column_name(attribute)}: {_type_words(attribute, warehouse.sets)}{made}"


def _type_words(attribute: Attribute, sets: Sets) -> str:
    if attribute.kind == "set":
        return "list of texts" if sets == "array" else f"text with '{attribute.separator}' between members"
    if attribute.kind == "number" and attribute.currency is not None:
        return f"number, in {attribute.currency.accepts[0]}"
    if attribute.kind == "ordered" and not attribute.order:
        return "number, at which the range begins"
    words = {"number": "number", "flag": "true or false", "date": "date", "year": "whole number"}
    return words.get(attribute.kind, "text")


def _on_one_line(line: str) -> str:
    """Text of people's own may hold line ends, which would end the comment."""
    return ("  " if line.startswith("  ") else "") + " ".join(line.split())
