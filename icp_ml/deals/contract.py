"""From the declared sources to the table of deals, with an account of every row.

Two rows are *identical* where the raw text of every attribute agrees and at least `ENOUGH_TO_BE_A_COPY` of
the attributes are known, or where they agree and carry the same id. Copies of a deal in two rows would let a
model recognise in one fold what it learned in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from icp_ml.deals import admission
from icp_ml.deals.accounts import join_accounts
from icp_ml.deals.admission import Broken, Fates
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.ledger import RejectedRow
from icp_ml.deals.moments import Days
from icp_ml.deals.parsing import ReadDays, parse_days
from icp_ml.deals.reading import column_names, is_parquet, read_table
from icp_ml.deals.settings import AccountsSettings, DealsSettings, TablesSettings
from icp_ml.deals.table import Codes, DealTable, Names, OpenDeals
from icp_ml.deals.texts import Flags, Ints, Texts, encode_texts
from icp_ml.errors import ConfigError, InputError, TooFewDeals

__all__ = ["ENOUGH_TO_BE_A_COPY", "DealTable", "identical_rows", "read_deals"]

ENOUGH_TO_BE_A_COPY = 8
"""Known attributes from which two rows that agree in all of them are taken for copies. We chose it: with few
and coarse attributes companies agree by chance (four sizes, seven regions), and agreement is no evidence of
copying."""

_NO_DAYS = np.array([], dtype="datetime64[D]")


@dataclass(frozen=True)
class _Source:
    """The columns of the contract, read, for every row of the source."""

    ids: Texts
    accounts: Texts | None
    opened: ReadDays | None
    closed: ReadDays | None
    meaning: npt.NDArray[np.int8]
    first_line: int

    @property
    def decided(self) -> Flags:
        """bool[n]: won, lost, or without an outcome value."""
        return ~np.isin(self.meaning, (admission.OPEN, admission.IGNORE))


def read_deals(deals: DealsSettings, tables: TablesSettings, attributes: Sequence[Attribute], root: Path) -> DealTable:
    """Read, check and join the declared tables, and parse the attributes of the accepted deals.

    `root`: the folder that the sources are relative to.

    Raises `ConfigError` where no attribute is declared or the declarations do not fit together, `InputError`
    where a source breaks the contract (see `admission`), `TooFewDeals` where all accepted deals end alike.
    """
    if not attributes:
        raise ConfigError("expected at least one attribute to learn from, found none in use; declare attributes")
    table = _read_columns(deals, tables, attributes, root)
    source = _read_contract(table, deals, first_line=1 if is_parquet(root / deals.source) else 2)
    table, unmatched = _with_accounts(table, source.accounts, tables.accounts, attributes, root)
    extracted = _extract_day(source, deals)
    why = admission.reasons(_rules(source, deals), source.decided)
    fates = _fates(source, deals, why, extracted)
    rows = np.flatnonzero(fates.accepted)
    _check_what_is_left(source.meaning[rows], fates, extracted)
    chosen = table.take(pa.array(rows))
    opened = None if source.opened is None else source.opened.values[rows]
    return DealTable(
        ids=source.ids.texts(rows),
        accounts=(source.accounts or source.ids).texts(rows),
        opened=opened,
        closed=None if source.closed is None else source.closed.values[rows],
        won=source.meaning[rows],
        attributes=tuple(attributes),
        parsed=parse_attributes(chosen, attributes, opened),
        extracted=extracted,
        open_deals=OpenDeals(_open_since(source, fates.open)),
        ledger=admission.ledger_of(fates, deals),
        rejected=_rejected(source, why),
        unmatched_accounts=int(unmatched[rows].sum()),
        identical=identical_rows(chosen, attributes, source.ids.codes[rows]),
    )


def identical_rows(table: pa.Table, attributes: Sequence[Attribute], ids: Ints) -> Codes:
    """int64[n]: rows that are copies of one another share a code. ids: a code for the id of each row."""
    same = np.zeros(table.num_rows, dtype=np.int64)
    known = np.zeros(table.num_rows, dtype=np.int64)
    for attribute in attributes:
        codes = encode_texts(table.column(attribute.column)).without_tokens(attribute.missing).codes
        same = _pair_codes(same, codes + 1)
        known += codes >= 0
    return _pair_codes(same, np.where(known < ENOUGH_TO_BE_A_COPY, ids + 1, 0))


def _pair_codes(one: Codes, other: npt.NDArray[np.integer]) -> Codes:
    pairs = one * (int(other.max(initial=0)) + 1) + other
    return np.asarray(pa.array(pairs).dictionary_encode().indices, dtype=np.int64)


def _read_columns(
    deals: DealsSettings, tables: TablesSettings, attributes: Sequence[Attribute], root: Path
) -> pa.Table:
    """The deals with the columns that the contract and the attributes need.

    An accounts table may hold the rest.
    """
    path = root / deals.source
    if tables.accounts is not None and deals.account is None:
        raise ConfigError("tables.accounts is declared, but deals.account does not say which column refers to it")
    declared = (deals.id, deals.account, deals.opened, deals.closed, deals.outcome.column)
    needed = [column for column in declared if column is not None]
    of_attributes = [attribute.column for attribute in attributes]
    if tables.accounts is not None:
        names = column_names(path, delimiter=deals.delimiter, encoding=deals.encoding)
        of_attributes = [column for column in of_attributes if column in names]
    return read_table(path, delimiter=deals.delimiter, encoding=deals.encoding, columns=[*needed, *of_attributes])


def _read_contract(table: pa.Table, deals: DealsSettings, first_line: int) -> _Source:
    lines = range(first_line, table.num_rows + first_line)
    numbered = Texts(np.arange(table.num_rows, dtype=np.int32), [str(line) for line in lines])
    outcomes = encode_texts(table.column(deals.outcome.column))
    return _Source(
        ids=numbered if deals.id is None else encode_texts(table.column(deals.id)),
        accounts=None if deals.account is None else encode_texts(table.column(deals.account)),
        opened=None if deals.opened is None else parse_days(table.column(deals.opened), deals.date_order),
        closed=None if deals.closed is None else parse_days(table.column(deals.closed), deals.date_order),
        meaning=admission.meanings(outcomes, deals.outcome),
        first_line=first_line,
    )


def _with_accounts(
    table: pa.Table,
    references: Texts | None,
    settings: AccountsSettings | None,
    attributes: Sequence[Attribute],
    root: Path,
) -> tuple[pa.Table, Flags]:
    if settings is None or references is None:
        return table, np.zeros(table.num_rows, dtype=bool)
    elsewhere = [a.column for a in attributes if a.column not in table.schema.names]
    return join_accounts(table, references, settings, list(dict.fromkeys(elsewhere)), root)


def _extract_day(source: _Source, deals: DealsSettings) -> np.datetime64 | None:
    """The declared day, else the last day on which something happened.

    An open deal's closing date is a plan.
    """
    if deals.extracted is not None:
        return np.datetime64(deals.extracted, "D")
    opened = source.opened.values if source.opened else _NO_DAYS
    closed = source.closed.values[source.decided] if source.closed else _NO_DAYS
    days = np.concatenate([opened, closed])
    days = days[~np.isnat(days)]
    return days.max() if len(days) else None


def _rules(source: _Source, deals: DealsSettings) -> Iterator[Broken]:
    no_outcome = source.meaning == admission.NO_OUTCOME
    yield Broken("no outcome", no_outcome, "check deals.outcome.column, or list '' under open or ignore")
    yield from admission.broken_rules(deals, source.ids, source.accounts, source.opened, source.closed)


def _fates(source: _Source, deals: DealsSettings, why: Names, extracted: np.datetime64 | None) -> Fates:
    rejected = why != ""
    kept = source.decided & ~rejected
    out = np.zeros(len(kept), dtype=bool)
    if source.closed is not None:
        out = kept & admission.outside_window(source.closed.values, extracted, deals.window.months)
    repeated = admission.repeats(source.ids, kept & ~out, deals)
    return Fates(
        rejected=rejected,
        ignored=source.meaning == admission.IGNORE,
        out_of_window=out,
        open=source.meaning == admission.OPEN,
        repeated=repeated,
        accepted=kept & ~out & ~repeated,
    )


def _check_what_is_left(won: npt.NDArray[np.int8], fates: Fates, extracted: np.datetime64 | None) -> None:
    if len(won) == 0 and fates.out_of_window.any():
        raise InputError(
            f"expected deals closed within the window before {extracted}, found none and "
            f"{fates.out_of_window.sum()} "
            "before it; set deals.window.months to null for all, or check deals.extracted and "
            "deals.date_order"
        )
    for code, outcome in ((admission.WON, "won"), (admission.LOST, "lost")):
        if not (won == code).any():
            raise TooFewDeals(
                f"expected won and lost deals, found none that is {outcome} among {len(won)} accepted rows; "
                f"list its outcome values under deals.outcome.{outcome}, or export those deals too"
            )


def _open_since(source: _Source, is_open: Flags) -> Days:
    opened = _NO_DAYS if source.opened is None else source.opened.values[is_open]
    return opened[~np.isnat(opened)]


def _rejected(source: _Source, why: Names) -> tuple[RejectedRow, ...]:
    rows = np.flatnonzero(why != "")
    deals = source.ids.texts(rows)
    return tuple(
        RejectedRow(int(row) + source.first_line, deal, str(why[row])) for row, deal in zip(rows, deals, strict=True)
    )
