"""From the rows of a warehouse to what each column of the model adds to their log-odds, view by view.

values        id, excluded, outside, v0, v1, ...    what each attribute says, null where it is not known
texts         f0, ...                               the states of texts, looked up among the levels
states        s0, s1, ..., missing, u0, ...         the state of each column; how many attributes are not known
bins          e0, e1, ..., l0, ..., k0, ...         effects of single columns, labels, and cells by table
cells         e0, e1, ...                           effects with those of all tables
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.rules import Rule, bind_rules
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE, ModelColumn
from icp_ml.profile.tiering import Policy
from icp_ml.serve.exports.model_sql_columns import has_few_states, is_looked_up, key_of, level_keys, state_of, value_of
from icp_ml.serve.exports.model_sql_tables import ModelTables
from icp_ml.serve.exports.model_sql_views import Chain, Lookup, Objects, of_row, summed
from icp_ml.serve.exports.sql_conditions import Warehouse, exact_number
from icp_ml.serve.exports.sql_rules import first_name, rule_hits, rule_is_unmet

ID, EXCLUDED, OUTSIDE, MISSING = "id", "excluded", "outside", "missing"
"""Columns that every view carries."""


@dataclass(frozen=True)
class Source:
    """The companies. table: with its alias. id: the column that says who a row is. declared: all attributes."""

    table: exp.Expr
    id: str
    warehouse: Warehouse
    policy: Policy
    declared: tuple[Attribute, ...]


def effect(place: int) -> str:
    """The column that holds what a column of the model adds."""
    return f"e{place}"


def label(place: int) -> str:
    """The column that holds the label of a column's state."""
    return f"l{place}"


def is_unknown(attribute: int) -> str:
    """The column that says that a set is not known."""
    return f"u{attribute}"


def sets_of_several(tables: ModelTables) -> dict[int, tuple[int, ...]]:
    """For each set with more columns than one, by its place among the attributes, the places of its columns."""
    found: dict[int, tuple[int, ...]] = {}
    for number, attribute in enumerate(tables.attributes):
        if attribute.kind == "set":
            found[number] = tuple(p for p, column in enumerate(tables.columns) if column.attribute == attribute.name)
    return {number: places for number, places in found.items() if len(places) > 1}


def effects_of_rows(tables: ModelTables, source: Source, objects: Objects) -> Chain:
    """The views up to `effects`. Raises `ConfigError` where an attribute cannot be asked in SQL."""
    places = range(len(tables.columns))
    texts, few = ([p for p in places if ask(tables, p)] for ask in (_is_text, _is_few))
    amounts = [place for place in places if place not in (*texts, *few)]
    values = [f"v{number}" for number in range(len(tables.attributes))]
    looked_up = [*(_text_lookup(tables, p) for p in texts), *(_bin_lookup(tables, p) for p in amounts)]
    cells = [_cell_lookup(tables, part) for part in range(len(tables.compiled.tables))]
    chain = Chain(objects).started("values", _values(tables, source), source.table)
    chain = chain.then("states", _states(tables, source.warehouse))
    chain = chain.then("weighed", _weighed(tables, few), without=[f"s{place}" for place in few])
    chain = chain.looked_up("placed", looked_up, without=[*values, *(f"s{place}" for place in amounts)])
    return chain.looked_up("effects", cells, without=[f"k{part}" for part in range(len(cells))])


def _values(tables: ModelTables, source: Source) -> dict[str, exp.Expr]:
    excluded, inside = (
        bind_rules(each, source.declared) for each in (source.policy.exclusions, source.policy.boundary)
    )
    hits: dict[str, exp.Expr] = {_name(rule): rule_hits(rule, source.warehouse) for rule in excluded}
    unmet: dict[str, exp.Expr] = {_name(rule): rule_is_unmet(rule, source.warehouse) for rule in inside}
    known = {
        f"v{number}": value_of(attribute, _levels(tables, attribute), source.warehouse)
        for number, attribute in enumerate(tables.attributes)
    }
    return {ID: exp.column(source.id, quoted=True), EXCLUDED: first_name(hits), OUTSIDE: first_name(unmet), **known}


def _name(rule: Rule) -> str:
    return rule.settings.name


def _levels(tables: ModelTables, attribute: Attribute) -> tuple[str, ...]:
    own = (column for column in tables.columns if column.attribute == attribute.name)
    return tuple(level for column in own for level in column.levels[FIRST_VALUE_CODE:])


def _is_text(tables: ModelTables, place: int) -> bool:
    return is_looked_up(tables.attribute(tables.columns[place]))


def _value(tables: ModelTables, column: ModelColumn) -> exp.Column:
    return of_row(f"v{tables.attributes.index(tables.attribute(column))}")


def _is_few(tables: ModelTables, place: int) -> bool:
    return has_few_states(tables.columns[place])


def _states(tables: ModelTables, warehouse: Warehouse) -> dict[str, exp.Expr]:
    made: dict[str, exp.Expr] = {}
    for place, column in enumerate(tables.columns):
        if not _is_text(tables, place):
            cuts = tables.compiled.columns[place].cuts
            made[f"s{place}"] = state_of(column, _value(tables, column), cuts, warehouse)
    unknown = [exp.Is(this=of_row(f"v{n}"), expression=exp.null()) for n in range(len(tables.attributes))]
    ones = [exp.Case().when(each, exp.Literal.number(1)).else_(exp.Literal.number(0)) for each in unknown]
    made[MISSING] = summed(ones)
    return {**made, **{is_unknown(number): unknown[number].copy() for number in sets_of_several(tables)}}


def _weighed(tables: ModelTables, few: Sequence[int]) -> dict[str, exp.Expr]:
    """Effect, label and cells of the columns that say yes, no or nothing, without a look-up."""
    made: dict[str, exp.Expr] = {}
    cells: dict[str, list[exp.Expr]] = {}
    for place in few:
        states = tables.states(place)
        made[effect(place)] = _by_state(place, [exact_number(each.points) for each in states])
        made[label(place)] = _by_state(place, [exp.Literal.number(each.label) for each in states])
        for k, part in enumerate(tables.parts_of[place]):
            steps = [exp.Literal.number(each.steps[k]) for each in states]
            cells.setdefault(f"k{part}", []).append(_by_state(place, steps))
    return {**made, **{name: summed(each) for name, each in cells.items()}}


def _by_state(place: int, answers: Sequence[exp.Expr]) -> exp.Expr:
    found = exp.Case(this=of_row(f"s{place}"))
    for state, answer in enumerate(answers[:-1]):
        found.when(exp.Literal.number(state), answer, copy=False)
    return found.else_(answers[-1], copy=False)


def _text_lookup(tables: ModelTables, place: int) -> Lookup:
    column = tables.columns[place]
    key: Mapping[str, exp.Expr] = {"col": exp.Literal.number(place), "level": key_of(_value(tables, column))}
    adds = _adds(tables, place)
    keys, states = level_keys(tables.attribute(column), column), tables.states(place)
    if None not in keys:
        return Lookup("levels", key, adds)
    other = states[keys.index(None)]
    otherwise = {"points": exact_number(other.points), "label": exp.Literal.number(other.label)}
    steps = {f"o{k}": exp.Literal.number(each) for k, each in enumerate(other.steps)}
    return Lookup("levels", key, adds, {**otherwise, **steps})


def _bin_lookup(tables: ModelTables, place: int) -> Lookup:
    keys: Mapping[str, exp.Expr] = {"col": exp.Literal.number(place), "state": of_row(f"s{place}")}
    return Lookup("bins", keys, _adds(tables, place))


def _adds(tables: ModelTables, place: int) -> dict[str, str]:
    cells = {f"k{part}": f"o{k}" for k, part in enumerate(tables.parts_of[place])}
    return {effect(place): "points", label(place): "label", **cells}


def _cell_lookup(tables: ModelTables, part: int) -> Lookup:
    keys: Mapping[str, exp.Expr] = {"part": exp.Literal.number(part), "cell": of_row(f"k{part}")}
    adds = {effect(column): f"c{k}" for k, column in enumerate(tables.compiled.tables[part].columns)}
    return Lookup("cells", keys, adds)
