"""Deals that are left out before anything is judged: deleted rows, tests, other deal types, losses that are none.

The first rule that applies decides, in this order:

    deleted               the column `deals.deleted` says so
    test                  a word of `deals.tests` stands in the deal's name
    another deal type     its type is listed under `deals.types.leave_out`
    not a loss            it was lost, for a reason listed under `deals.reasons.not_a_loss`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from icp_ml.deals.deal_type_settings import DealTypesSettings
from icp_ml.deals.parsing import parse_flags
from icp_ml.deals.settings import DealsSettings
from icp_ml.deals.texts import Flags, Texts, encode_texts, gather
from icp_ml.deals.words import listed
from icp_ml.errors import InputError


@dataclass(frozen=True)
class LeftOut:
    """Rows that one rule leaves out: bool[n], no row in two of them, and what the ledger says of them."""

    name: str
    rows: Flags
    explanation: str


def columns_to_leave_out_by(deals: DealsSettings) -> tuple[str, ...]:
    """The columns that the rules need."""
    named = [rule.column for rule in (deals.types, deals.reasons, deals.tests) if rule is not None]
    return (*named, *([deals.deleted] if deals.deleted else []))


def left_out(table: pa.Table, deals: DealsSettings, lost: Flags, ignored: Flags) -> tuple[LeftOut, ...]:
    """The rows that each declared rule leaves out; `ignored` rows, whose fate is settled, are in none.

    lost: bool[n], the outcome value says lost. Raises `InputError` where the type of a deal is listed nowhere.
    """
    settled = ignored
    found: list[LeftOut] = []
    for rule in _rules(table, deals, lost):
        rows = rule.rows & ~settled
        found.append(LeftOut(rule.name, rows, rule.explanation))
        settled = settled | rows
    return tuple(found)


def names_a_test(words: Iterable[str]) -> Callable[[str], bool]:
    """Whether one of the words stands alone in a text, whatever its case."""
    pattern = re.compile(r"(?<!\w)(" + "|".join(re.escape(word.strip()) for word in words) + r")(?!\w)", re.IGNORECASE)
    return lambda text: bool(pattern.search(text))


def _rules(table: pa.Table, deals: DealsSettings, lost: Flags) -> Iterator[LeftOut]:
    if deals.deleted is not None:
        rows = parse_flags(table.column(deals.deleted)).values == 1
        yield LeftOut("deleted", rows, f"'{deals.deleted}' says that the CRM deleted them")
    if deals.tests is not None:
        names = encode_texts(table.column(deals.tests.column))
        said = f"'{deals.tests.column}' holds {listed(deals.tests.words)}, which marks a test"
        yield LeftOut("test", _where(names, names_a_test(deals.tests.words)), said)
    if deals.types is not None:
        types = encode_texts(table.column(deals.types.column))
        _check_types_listed(types, deals.types)
        said = f"'{deals.types.column}' says that they are no new business"
        yield LeftOut("another deal type", _where(types, _among(deals.types.leave_out)), said)
    if deals.reasons is not None:
        reasons = encode_texts(table.column(deals.reasons.column))
        said = f"'{deals.reasons.column}' says that there was no deal to lose"
        yield LeftOut("not a loss", lost & _where(reasons, _among(deals.reasons.not_a_loss)), said)


def _among(values: Sequence[str]) -> Callable[[str], bool]:
    folded = {value.strip().casefold() for value in values}
    return lambda text: text.casefold() in folded


def _where(texts: Texts, holds: Callable[[str], bool]) -> Flags:
    return gather(np.array([holds(text) for text in texts.distinct], dtype=bool), texts.codes, 0)


def _check_types_listed(types: Texts, settings: DealTypesSettings) -> None:
    is_listed = _among((*settings.new, *settings.leave_out))
    rows_of = np.bincount(types.codes[types.codes >= 0], minlength=len(types.distinct))
    found = [
        f"{text} ({rows} rows)"
        for text, rows in zip(types.distinct, rows_of.tolist(), strict=True)
        if rows and not is_listed(text)
    ]
    if found:
        raise InputError(
            f"expected every deal type of '{settings.column}' under new or leave_out of deals.types, found "
            f"{listed(found)} under neither; add each to one of the two lists"
        )
