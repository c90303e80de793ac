"""Tables of dated rows as they are read: accounts as codes, days as whole numbers, and what became of every row.

A row without an account or without the day on which it began is of no use, and neither is one whose days cannot be
read: when it counts is then not known. Such rows are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.as_of import FOREVER, Facts, first_days, sorted_facts
from icp_ml.deals.companies import account_keys
from icp_ml.deals.parsing import parse_days, parse_numbers
from icp_ml.deals.point_in_time_settings import DatedSettings
from icp_ml.deals.settings import DateOrder
from icp_ml.deals.sources import batches_of, title_of
from icp_ml.deals.texts import (
    Column,
    Flags,
    Floats,
    Ints,
    Texts,
    as_array,
    as_encoded,
    as_strings,
    encode_texts,
    to_codes,
)
from icp_ml.errors import InputError

TOO_MANY_UNUSABLE = 0.5
"""The share of rows left out over which the declaration is wrong and not the rows; as for deals, our choice."""

_NO_DAY = -(1 << 30)


@dataclass(frozen=True)
class RowsOfTable:
    """What became of the rows of one table: read = no_account + no_day + unreadable_day + used.

    accounts: how many have a row in use. unreadable: rows in use with another value that could not be read, which
    counts as missing. matched: deals whose account has a row, whatever its day.
    """

    table: str
    source: str
    read: int
    no_account: int
    no_day: int
    unreadable_day: int
    used: int
    accounts: int
    unreadable: int
    matched: int = 0


@dataclass(frozen=True)
class Wanted:
    """Columns to be read, from the name used here to the name in the file.

    days: begin first; rows without it are left out, as are those with one that cannot be read. optional_days: what
    cannot be read counts as missing.
    """

    account: str
    begin: str
    days: Mapping[str, str] = field(default_factory=dict)
    optional_days: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)

    def columns(self) -> list[str]:
        """The columns in the file, each once."""
        parts = (self.days, self.optional_days, self.texts, self.numbers)
        return list(dict.fromkeys([self.account, self.begin, *(name for part in parts for name in part.values())]))


@dataclass(frozen=True)
class DatedRows:
    """Rows in use. account: int32[m] into `accounts`. days: int32[m] by name, `begin` among them, NO_DAY where none."""

    accounts: Column
    account: Ints
    days: Mapping[str, Ints]
    texts: Mapping[str, Texts]
    numbers: Mapping[str, Floats]
    report: RowsOfTable

    def day(self, name: str, otherwise: Ints) -> Ints:
        """A column of days, `otherwise` where a row has none or the column is not declared."""
        days = self.days.get(name)
        return otherwise if days is None else np.where(days == _NO_DAY, otherwise, days).astype(np.int32)

    def facts(self, *, known: Ints, ended: Ints | None = None, complete: bool) -> Facts:
        """The rows as facts. A fact is known no earlier than it began."""
        began = self.days["begin"]
        known = np.maximum(began, known).astype(np.int32)
        facts = Facts(
            accounts=self.accounts,
            account=self.account,
            began=began,
            known=known,
            ended=np.full(len(began), FOREVER, dtype=np.int32) if ended is None else ended,
            texts=self.texts,
            numbers=self.numbers,
            first_known=first_days(self.account, known, len(self.accounts)),
            complete=complete,
        )
        return sorted_facts(facts)


def read_rows(table: str, settings: DatedSettings, root: Path, wanted: Wanted) -> DatedRows:
    """Read a table batch by batch; memory is that of the codes, not of the texts.

    Raises `InputError` as `stream_batches` does, and where more than half of the rows cannot be used.
    """
    parts = [_part(batch, wanted, settings.date_order) for batch in _batches(settings, root, wanted)]
    read = sum(part.read for part in parts)
    accounts = pa.chunked_array([part.account for part in parts]).unify_dictionaries()
    whole = as_array(accounts)
    rows = DatedRows(
        accounts=whole.dictionary,
        account=to_codes(whole.indices),
        days={name: np.concatenate([part.days[name] for part in parts]) for name in parts[0].days},
        texts={name: encode_texts(_joined([part.texts[name] for part in parts])) for name in wanted.texts},
        numbers={name: np.concatenate([part.numbers[name] for part in parts]) for name in wanted.numbers},
        report=RowsOfTable(
            table=table,
            source=title_of(settings),
            read=read,
            no_account=sum(part.no_account for part in parts),
            no_day=sum(part.no_day for part in parts),
            unreadable_day=sum(part.unreadable_day for part in parts),
            used=len(whole),
            accounts=len(pc.unique(whole.indices)),
            unreadable=sum(part.unreadable for part in parts),
        ),
    )
    _check_enough(rows.report, wanted, settings)
    return rows


def _batches(settings: DatedSettings, root: Path, wanted: Wanted) -> Iterator[Any]:
    return batches_of(settings, root, wanted.columns())


@dataclass(frozen=True)
class _Part:
    """The rows in use of one batch, and how many were not."""

    account: Column
    days: Mapping[str, Ints]
    texts: Mapping[str, Column]
    numbers: Mapping[str, Floats]
    read: int
    no_account: int
    no_day: int
    unreadable_day: int
    unreadable: int


def _part(batch: Any, wanted: Wanted, order: DateOrder) -> _Part:
    accounts = lookup_keys(batch.column(wanted.account))
    has_account = np.asarray(pc.is_valid(accounts), dtype=bool)
    begin = parse_days(batch.column(wanted.begin), order)
    others = {name: parse_days(batch.column(column), order) for name, column in wanted.days.items()}
    optional = {name: parse_days(batch.column(column), order) for name, column in wanted.optional_days.items()}
    unreadable = np.isnat(begin.values) & ~begin.blank
    for read in others.values():
        unreadable |= np.isnat(read.values) & ~read.blank
    no_day, unreadable_day = has_account & begin.blank, has_account & ~begin.blank & unreadable
    used = has_account & ~begin.blank & ~unreadable
    numbers = {name: parse_numbers(batch.column(column)) for name, column in wanted.numbers.items()}
    keep = pa.array(used)
    return _Part(
        account=accounts.filter(keep),
        days={name: _numbered(read.values[used]) for name, read in ({"begin": begin} | others | optional).items()},
        texts={name: _encoded(batch.column(column).filter(keep)) for name, column in wanted.texts.items()},
        numbers={name: read.values[used] for name, read in numbers.items()},
        read=batch.num_rows,
        no_account=int((~has_account).sum()),
        no_day=int(no_day.sum()),
        unreadable_day=int(unreadable_day.sum()),
        unreadable=sum(read.trouble.rows for read in numbers.values())
        + sum(read.trouble.rows for read in optional.values()),
    )


def lookup_keys(ids: Column) -> Column:
    """How each account is looked up, as dictionary-coded texts; null where there is none.

    Web addresses by their domain (`companies.account_keys`), other ids exactly as they are written: in some CRMs two
    ids differ by their case alone.
    """
    encoded = as_encoded(ids)
    texts = pc.utf8_trim_whitespace(as_strings(encoded.dictionary))
    keys = account_keys(texts)
    looked_up = pc.if_else(pc.match_substring(keys, "."), keys, pc.if_else(pc.equal(texts, ""), None, texts))
    return looked_up.take(encoded.indices).dictionary_encode()


def _numbered(days: Any) -> Ints:
    return np.where(np.isnat(days), _NO_DAY, days.astype(np.int64)).astype(np.int32)


def _plain(column: Column) -> Column:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _encoded(column: Column) -> Column:
    return as_strings(_plain(column)).dictionary_encode()


def _joined(parts: list[Column]) -> Column:
    return pa.chunked_array(parts).unify_dictionaries()


def _check_enough(report: RowsOfTable, wanted: Wanted, settings: DatedSettings) -> None:
    if report.used >= (1 - TOO_MANY_UNUSABLE) * report.read:
        return
    raise InputError(
        f"{title_of(settings)}: expected an account and readable days in most rows of tables.{report.table}, found "
        f"{report.no_account} of {report.read} rows without '{wanted.account}', {report.no_day} without "
        f"'{wanted.begin}' and {report.unreadable_day} with a day that cannot be read as date_order "
        f"'{settings.date_order}'; correct the columns or date_order of tables.{report.table}"
    )


def marked(texts: Texts, chosen: list[bool]) -> Flags:
    """bool[m]: the rows whose text is one of the chosen, given in the order of the distinct texts."""
    return np.append(np.array(chosen, dtype=bool), False)[texts.codes]
