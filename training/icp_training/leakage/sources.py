"""The facts about the deals of an export, and the columns that a configuration names, read from its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals import admission
from icp_ml.deals.accounts import respelled
from icp_ml.deals.answers import read_answers, read_documents
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.deal_types import left_out
from icp_ml.deals.joining import join_tables
from icp_ml.deals.openings import Openings, as_known_at_opening
from icp_ml.deals.parsing import parse_days, parse_numbers
from icp_ml.deals.settings import AccountsSettings, AttributeSettings, DateOrder, LookupSettings, ProspectsSettings
from icp_ml.deals.sources import batches_of, columns_of, rows_of
from icp_ml.deals.texts import as_array, as_strings, encode_texts
from icp_training.column_texts import Texts, is_nested, spaced, texts_of
from icp_training.config import Config
from icp_training.leakage.columns import Column, Facts, Flags, Floats, account_codes, as_days, read_column
from icp_training.leakage.outcomes import amount_of
from icp_training.leakage.roles import AMOUNT, OUTCOME

MOST_ROWS = 100_000
"""Deals that verdicts look at, evenly spaced in the source; more would change no verdict and take longer."""
MOST_LISTED = 50_000


@dataclass(frozen=True)
class Parts:
    """Which columns of an export are the deal's own, by name; None where there is none. open: the values of the
    outcome that mean an open deal. order: how its dates are written.
    """

    outcome: str
    open: tuple[str, ...] = ()
    opened: str | None = None
    closed: str | None = None
    account: str | None = None
    order: DateOrder = "iso"

    def names(self) -> set[str]:
        """The columns that are the deal's own."""
        return {name for name in (self.outcome, self.opened, self.closed, self.account) if name}


@dataclass(frozen=True)
class Sources:
    """What verdicts need of a configuration's files. from_tables: the columns of tables beside the deals."""

    columns: tuple[Texts, ...]
    facts: Facts
    from_tables: frozenset[str]
    rewound: Mapping[str, int]

    def read(self) -> Iterator[Column]:
        """Each column in turn, read in every way; none is kept."""
        for texts in self.columns:
            column = read_column(texts, on_deal_row=texts.name not in self.from_tables)
            yield replace(column, rewound=self.rewound.get(texts.name))


def facts_of(columns: Mapping[str, Texts], won: Flags, decided: Flags, parts: Parts) -> Facts:
    """The facts of an export that has no configuration yet; the amount and outcome fields are found by their names."""
    outcome = columns[parts.outcome]
    is_open = np.array([value in parts.open for value in outcome.values] + [False])[outcome.codes]
    others = {name: texts for name, texts in columns.items() if name not in parts.names()}
    days = {name: _days(columns[name], parts.order) for name in (parts.opened, parts.closed) if name}
    opened, closed = days.get(parts.opened or ""), days.get(parts.closed or "")
    return Facts(
        won=won & decided,
        decided=decided,
        open=is_open,
        opened=opened,
        closed=closed,
        extracted=_last_day(decided, opened, closed),
        accounts=columns[parts.account].codes if parts.account else None,
        amount=_amount(others.values()),
        outcome_fields=tuple(texts for name, texts in others.items() if OUTCOME.search(spaced(name))),
    )


def read_sources(config: Config, root: Path) -> Sources:
    """Every column of the deals, and of the tables beside them, without the deal's own; and the facts about the deals.

    Raises what reading the files raises.
    """
    deals = config.deals
    table = _thinned(rows_of(deals, root))
    table = table.select([field.name for field in table.schema if not is_nested(field)])
    own = {name for name in (deals.id, deals.account, deals.opened, deals.closed, deals.outcome.column) if name}
    on_row = table.column_names
    accounts = None if deals.account is None else account_codes(table[deals.account])
    table, rewound = _at_opening(_with_tables(table, config, root), config, root, on_row)
    table = _as_declared(table, config)
    meaning = admission.meanings(encode_texts(table[deals.outcome.column]), deals.outcome)
    left = left_out(table, deals, lost=meaning == admission.LOST, ignored=meaning == admission.IGNORE)
    meaning = admission.without(meaning, left)
    decided = np.isin(meaning, (admission.WON, admission.LOST))
    days = {
        name: as_days(parse_days(table[name], deals.date_order).values) for name in (deals.opened, deals.closed) if name
    }
    opened, closed = days.get(deals.opened or ""), days.get(deals.closed or "")
    missing = _missing(config)
    columns = tuple(texts_of(n, table[n], missing.get(n, config.missing)) for n in table.column_names if n not in own)
    ends = config.known_after()
    declared = None if deals.extracted is None else float(np.datetime64(deals.extracted, "D").astype(np.int64))
    facts = Facts(
        won=meaning == admission.WON,
        decided=decided,
        open=meaning == admission.OPEN,
        opened=opened,
        closed=closed,
        extracted=declared or _last_day(decided, opened, closed),
        accounts=accounts,
        amount=_amount(sorted(columns, key=lambda texts: texts.name not in ends)),
        outcome_fields=tuple(texts for texts in columns if texts.name in ends),
        listed=_listed(config.prospects, root),
    )
    return Sources(columns, facts, frozenset(table.column_names) - frozenset(on_row), rewound)


def _thinned(table: pa.Table) -> pa.Table:
    """Every row, or `MOST_ROWS` of them evenly spaced."""
    if table.num_rows <= MOST_ROWS:
        return table
    return table.take(pa.array(np.linspace(0, table.num_rows - 1, MOST_ROWS).astype(np.int64)))


def _with_tables(table: pa.Table, config: Config, root: Path) -> pa.Table:
    """The deals with the columns of the tables beside them that one table alone has, their ids left out.

    Of a table in which an id stands on several rows only the columns that the configuration declares are taken: the
    others may differ there.
    """
    on, tables = config.deals.account, config.tables
    accounts = None if on is None else encode_texts(table[on])
    if accounts is not None and tables.accounts is not None:
        accounts = respelled(accounts, tables.accounts.spelled)
    beside = [each for each in (tables.accounts, *tables.lookups) if each is not None]
    declared = {each.column or name for _, layer in config.attributes.layers() for name, each in layer.items()}
    offered, there = (
        Counter(name for each in beside for name in _offered(each, declared, root)),
        set(table.column_names),
    )
    wanted = [name for name, times in offered.items() if times == 1 and name not in there]
    return join_tables(table, accounts, tables, wanted, root, on=on)[0] if wanted else table


def _at_opening(
    table: pa.Table, config: Config, root: Path, on_row: Sequence[str]
) -> tuple[pa.Table, Mapping[str, int]]:
    """The columns as training would read them: rewound to the opening where there is a history of their changes."""
    deals, tables = config.deals, config.tables
    if tables.deal_history is None and tables.account_history is None:
        return table, {}
    every = np.arange(table.num_rows)
    opened = None if deals.opened is None else parse_days(table[deals.opened], deals.date_order).values
    accounts = None if deals.account is None else encode_texts(table[deals.account])
    if accounts is not None and tables.accounts is not None:
        accounts = respelled(accounts, tables.accounts.spelled)
    openings = Openings(
        ids=None if deals.id is None else encode_texts(table[deals.id]).texts(every),
        accounts=None if accounts is None else accounts.texts(every),
        days=opened,
    )
    own = {deals.id, deals.account, deals.opened, deals.closed, deals.outcome.column}
    columns = [
        Attribute(name, name, "category", "firmographic", "fit") for name in table.column_names if name not in own
    ]
    table, joined = as_known_at_opening(table, openings, columns, tables, root, on_deals=on_row)
    return table, {each.column: each.changed for each in joined.rewound}


def _offered(settings: AccountsSettings | LookupSettings, declared: set[str], root: Path) -> list[str]:
    names = [name for name in columns_of(settings, root) if name != settings.id]
    if settings.id is not None:
        ids = encode_texts(rows_of(settings, root, [settings.id])[settings.id]).codes
        if len(np.unique(ids)) == len(ids):
            return names
    return [name for name in names if name in declared]


def _as_declared(table: pa.Table, config: Config) -> pa.Table:
    """Answers in JSON as a column each, by the attribute's name; lists with their members between semicolons."""
    documents = set()
    for _, attributes in config.attributes.layers():
        for name, declared in attributes.items():
            column = declared.column or name
            if column not in table.column_names:
                continue
            separator = declared.separator if declared.kind == "set" else None
            if declared.answer is not None:
                documents.add(column)
                judged = judged_as(name, declared)
                if judged not in table.column_names:
                    answers = read_answers(read_documents(table[column]), declared.answer, separator).values
                    table = table.append_column(judged, answers)
            elif separator not in (None, ";"):
                place, texts = table.column_names.index(column), as_strings(as_array(table[column]))
                table = table.set_column(place, column, pc.replace_substring(texts, separator, ";"))
    return table.drop_columns(sorted(documents)) if documents else table


def judged_as(name: str, declared: AttributeSettings) -> str:
    """The column that is judged for an attribute: its source, or, where that holds JSON, its own answer in it."""
    return f"{declared.column or name}: {declared.answer}" if declared.answer else declared.column or name


def _missing(config: Config) -> dict[str, tuple[str, ...]]:
    """The texts that mean "not known" in each column that an attribute reads."""
    return {
        judged_as(name, declared): (*declared.missing, *config.missing)
        for _, attributes in config.attributes.layers()
        for name, declared in attributes.items()
    }


def _days(texts: Texts, order: DateOrder) -> Floats:
    days = as_days(parse_days(pa.array(texts.values, pa.string()), order).values)
    return np.append(days, np.nan)[texts.codes]


def _last_day(decided: Flags, opened: Floats | None, closed: Floats | None) -> float | None:
    """The last day on which a deal opened, or a decided one closed."""
    days = np.concatenate([[] if opened is None else opened, [] if closed is None else closed[decided]])
    days = days[~np.isnan(days)]
    return float(days.max()) if len(days) else None


def _amount(columns: Iterable[Texts]) -> Floats | None:
    """The first column of plain numbers that is called an amount."""
    for texts in columns:
        if AMOUNT.search(spaced(texts.name)) and texts.values:
            column = read_column(texts)
            plain = parse_numbers(pa.array(texts.values, pa.string())).trouble.rows == 0
            if column.numbers is not None and plain and not column.is_list:
                return amount_of(column.numbers)
    return None


def _listed(settings: ProspectsSettings, root: Path) -> dict[str, float] | None:
    """The share of the first prospects with each column known, by its name in the deals; None without a list."""
    if settings.source is None:
        return None
    known: dict[str, int] = {}
    rows = 0
    for batch in batches_of(settings, root):
        for field, column in zip(batch.schema, batch.columns, strict=True):
            name = settings.map.get(field.name, field.name)
            count = batch.num_rows - column.null_count if is_nested(field) else (encode_texts(column).codes >= 0).sum()
            known[name] = known.get(name, 0) + int(count)
        rows += batch.num_rows
        if rows >= MOST_LISTED:
            break
    return {name: count / rows for name, count in known.items()}
