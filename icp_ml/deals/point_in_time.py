"""Attributes made of tables of dated rows, as known on a day: the same for deals and for prospects.

    tables = open_tables(settings.tables, attributes, root)
    build_columns(accounts, opened, tables, attributes)      deals, each as of the day it opened
    build_columns(accounts, today, tables, attributes)       prospects, all as of one day

What comes out is a table with one column for each attribute that has a recipe, called as the attribute's column, in
the form in which a file would hold it; what is not known is null, and a set that is known to be empty is an empty list.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from icp_ml.deals import as_of
from icp_ml.deals.as_of import Asked, Facts, Found
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.dated_rows import RowsOfTable, lookup_keys, marked
from icp_ml.deals.moments import Days
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.recipes import Recipe
from icp_ml.deals.signals import VALUE, plays_role, read_contacts, read_signals, texts_asked
from icp_ml.deals.technologies import CONTRACT_END, LEGACY, days_to_contract_end, dropped, read_technologies
from icp_ml.deals.texts import Column, Flags, Floats, Texts
from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import ConfigError

NONE_KNOWN: Final = "none known"
"""The level of a category where something is known of the account and nothing of this."""
DAYS_PER_MONTH: Final = 365.25 / 12

_KEYS: Final = {"type": "type", "value": "value", "source": "source_of", "party": "party", "title": "title",
                "seniority": "seniority", "category": "category", "tool": "tool"}  # fmt: skip


@dataclass(frozen=True)
class OpenTables:
    """Tables that were read. facts: by table. rows: what became of every row of each."""

    settings: DatedTables
    facts: dict[str, Facts]
    rows: tuple[RowsOfTable, ...]


@dataclass(frozen=True)
class Maker:
    """One attribute with the facts that its filters leave."""

    attribute: Attribute
    recipe: Recipe
    facts: Facts


def made_of_tables(attributes: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """Those attributes that have a recipe."""
    return tuple(attribute for attribute in attributes if attribute.recipe is not None)


def open_tables(settings: DatedTables, attributes: Sequence[Attribute], root: Path) -> OpenTables:
    """Read the tables that the attributes' recipes ask about, each once.

    Raises `ConfigError` where a recipe asks about a table or a column that is not declared, and `InputError` where a
    table cannot be read.
    """
    recipes = [(attribute, attribute.recipe) for attribute in attributes if attribute.recipe is not None]
    for attribute, recipe in recipes:
        _check_declared(attribute, recipe, settings)
    facts: dict[str, Facts] = {}
    rows = []
    if settings.technologies is not None and any(recipe.table == "technologies" for _, recipe in recipes):
        facts["technologies"], report = read_technologies(settings.technologies, root)
        rows.append(report)
    of_signals = [(attribute.kind, recipe) for attribute, recipe in recipes if recipe.table == "signals"]
    if settings.signals is not None and of_signals:
        asked = frozenset(name for kind, recipe in of_signals for name in texts_asked(kind, recipe))
        numbers = any(kind == "number" and recipe.measure in ("total", "latest") for kind, recipe in of_signals)
        facts["signals"], report = read_signals(settings.signals, root, asked, numbers=numbers)
        rows.append(report)
    if settings.contacts is not None and any(recipe.table == "contacts" for _, recipe in recipes):
        facts["contacts"], report = read_contacts(settings.contacts, root)
        rows.append(report)
    return OpenTables(settings, facts, tuple(rows))


def build_columns(accounts: Column, day: Days, tables: OpenTables, attributes: Sequence[Attribute]) -> pa.Table:
    """The columns of the attributes that have a recipe, n rows.

    accounts: n texts, as the tables name accounts. day: datetime64[D], one a row or one for all.
    """
    return pa.table(made_columns(accounts, day, (maker_of(each, tables) for each in made_of_tables(attributes))))


def made_columns(accounts: Column, day: Days, makers: Iterable[Maker]) -> dict[str, Column]:
    """The columns of the attributes of the makers, which may be made one at a time; see `build_columns`."""
    keys = lookup_keys(accounts).dictionary_decode()
    questions: dict[str, Asked] = {}
    made: dict[str, Column] = {}
    for maker in makers:
        table = maker.recipe.table
        if table not in questions:
            questions[table] = as_of.asked(keys, day, maker.facts)
        made[maker.attribute.column] = column_of(maker, questions[table])
    return made


def maker_of(attribute: Attribute, tables: OpenTables) -> Maker:
    """The facts that count for one attribute whatever the day. The attribute has a recipe that `open_tables` saw."""
    recipe = attribute.recipe
    if recipe is None:
        raise ValueError(f"{attribute.name} has no recipe")
    facts = tables.facts[recipe.table]
    chosen = facts.where(_filtered(recipe, facts, tables.settings))
    return Maker(attribute, recipe, dropped(chosen) if recipe.event == "dropped" else chosen)


def column_of(maker: Maker, questions: Asked) -> Column:
    """One attribute for every question, as an Arrow array."""
    recipe, kind = maker.recipe, maker.attribute.kind
    found = as_of.find(maker.facts, questions, recipe.ages)
    if kind == "set":
        return _sets(found, maker.facts.texts[recipe.text(kind)], in_force=recipe.is_state)
    if kind == "category":
        return _category(found, maker.facts.texts[recipe.text(kind)], in_force=recipe.is_state)
    if kind == "ordered":
        return _ordered(found, maker)
    if kind == "flag":
        flags = as_of.some(found, in_force=recipe.is_state)
        return pa.array(flags == 1.0, pa.bool_(), mask=np.isnan(flags))
    if kind == "date":
        return _dates(as_of.last_day(found))
    numbers = _numbers(found, recipe)
    return pa.array(numbers, pa.float64(), mask=np.isnan(numbers))


def _numbers(found: Found, recipe: Recipe) -> Floats:
    facts, state = found.facts, recipe.is_state
    match recipe.measure:
        case "count" if state:
            values = as_of.distinct(found, facts.texts["tool"], in_force=True)
        case "count":
            values = as_of.count(found)
        case "total":
            values = as_of.total(found, facts.numbers[VALUE])
        case "decay":
            values = as_of.decay(found, recipe.half_life or math.inf)
        case "distinct":
            values = as_of.distinct(found, facts.texts[recipe.text("number")], in_force=state)
        case "latest":
            values = as_of.latest(found, facts.numbers[VALUE])
        case "days_to_contract_end":
            values = days_to_contract_end(found)
        case "months_since":
            values = (found.day - as_of.last_day(found)) / DAYS_PER_MONTH
        case _:
            values = found.day - as_of.last_day(found)
    return values


def _sets(found: Found, texts: Texts, *, in_force: bool) -> Column:
    """The members of each list stand by alphabet."""
    order = sorted(range(len(texts.distinct)), key=texts.distinct.__getitem__)
    rank_of = np.full(len(order) + 1, -1, dtype=np.int32)
    rank_of[order] = np.arange(len(order))
    ranked = Texts(rank_of[texts.codes], [texts.distinct[code] for code in order])
    parts = list(as_of.members(found, ranked, in_force=in_force))
    rows = np.concatenate([np.empty(0, dtype=np.int64), *(rows for rows, _ in parts)])
    codes = np.concatenate([np.empty(0, dtype=np.int64), *(codes for _, codes in parts)])
    sizes = np.bincount(rows, minlength=len(found.day))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    values = pa.array(ranked.distinct, pa.string()).take(pa.array(codes))
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(~found.known))


def _category(found: Found, texts: Texts, *, in_force: bool) -> Column:
    """The text that began last; of several on one day the first by alphabet."""
    by_alphabet = sorted(range(len(texts.distinct)), key=lambda code: texts.distinct[code], reverse=True)
    rank_of = np.full(len(texts.distinct) + 1, np.nan)
    rank_of[by_alphabet] = np.arange(len(by_alphabet))
    ranks = as_of.latest(found, rank_of[texts.codes], in_force=in_force)
    levels = [*(texts.distinct[code] for code in by_alphabet), NONE_KNOWN]
    codes = np.where(np.isnan(ranks), len(by_alphabet), ranks).astype(np.int32)
    return pa.array(levels, pa.string()).take(pa.array(codes, mask=~found.known))


def _ordered(found: Found, maker: Maker) -> Column:
    """The level that began last, of several on one day the highest; or the highest of all. Null where there is none.

    Levels stand in the declared order, below them what is not declared; without an order they stand by alphabet.
    """
    texts = maker.facts.texts[maker.recipe.text("ordered")]
    place = {level.strip().lower(): rank for rank, level in enumerate(maker.attribute.order)}
    levels = sorted(texts.distinct, key=lambda text: (place.get(text.lower(), -1), text))
    rank_of = {text: rank for rank, text in enumerate(levels)}
    highest = maker.recipe.measure == "highest"
    ranks = [np.nan if highest and text.lower() not in place else rank_of[text] for text in texts.distinct]
    choose = as_of.greatest if highest else as_of.latest
    return _taken(levels, choose(found, np.array([*ranks, np.nan])[texts.codes]))


def _taken(levels: list[str], codes: Floats) -> Column:
    none = np.isnan(codes)
    return pa.array(levels, pa.string()).take(pa.array(np.where(none, 0, codes).astype(np.int32), mask=none))


def _dates(days: Floats) -> Column:
    none = np.isnan(days)
    return pa.array(np.where(none, 0, days).astype(np.int32), pa.int32(), mask=none).cast(pa.date32())


def _filtered(recipe: Recipe, facts: Facts, settings: DatedTables) -> Flags:
    """bool[m]: the facts that all of the recipe's filters let pass."""
    chosen = np.ones(len(facts.account), dtype=bool)
    for name in ("type", "source", "tool", "category", "seniority"):
        wanted = {word.strip().casefold() for word in getattr(recipe, name)}
        if wanted:
            chosen &= marked(facts.texts[name], [text.casefold() in wanted for text in facts.texts[name].distinct])
    if recipe.party is not None:
        parties = facts.texts["party"]
        chosen &= marked(parties, [text.casefold().startswith(recipe.party) for text in parties.distinct])
    if recipe.legacy is not None:
        mark = facts.texts[LEGACY]
        chosen &= marked(mark, [text == ("yes" if recipe.legacy else "no") for text in mark.distinct])
    if recipe.role:
        titles = facts.texts["title"]
        chosen &= marked(titles, plays_role(titles.distinct, _roles(recipe, settings), recipe.role))
    return chosen


def _roles(recipe: Recipe, settings: DatedTables) -> dict[str, tuple[str, ...]]:
    declared = settings.signals if recipe.table == "signals" else settings.contacts
    return {} if declared is None else declared.roles


def _check_declared(attribute: Attribute, recipe: Recipe, settings: DatedTables) -> None:
    """Raises `ConfigError` where a recipe asks about what the tables do not declare."""
    declared = getattr(settings, recipe.table)
    if declared is None:
        raise ConfigError(
            f"attribute '{attribute.name}' is made from the table '{recipe.table}', which is not declared; add "
            f"tables.{recipe.table}, or give the attribute a column"
        )
    needed = _columns_asked(attribute.kind, recipe)
    lacking = [_KEYS[name] for name in sorted(needed) if getattr(declared, _KEYS[name], None) is None]
    if recipe.measure == "days_to_contract_end" and declared.contract_end is None:
        lacking.append(CONTRACT_END)
    if lacking:
        raise ConfigError(
            f"attribute '{attribute.name}' asks about {listed(lacking)} of the table '{recipe.table}', which "
            f"tables.{recipe.table} does not name; add the column there"
        )
    unknown = [role for role in recipe.role if role not in declared.roles]
    if unknown:
        raise ConfigError(
            f"attribute '{attribute.name}': expected a role of tables.{recipe.table}.roles, found '{unknown[0]}'; "
            f"{suggestion(unknown[0], list(declared.roles))}"
        )


def _columns_asked(kind: str, recipe: Recipe) -> set[str]:
    if recipe.table == "technologies":
        return set()  # the tool is always there, and the taxonomy has a category where the table has none
    numeric = kind == "number" and recipe.measure in ("total", "latest")
    return texts_asked(kind, recipe) | ({"value"} if numeric else set())
