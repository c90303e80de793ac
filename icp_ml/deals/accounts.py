"""Tables beside the deals: each deal row gets the columns of its account, of its product, of its region.

A deal is never lost in a join. One that names what the table lacks keeps its row with empty columns, and is told with
the id that is most like it:

    'GTXPro' in 1,480 deals: did you mean 'GTX Pro'?        spelled: {GTXPro: GTX Pro}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from icp_ml.deals.ledger import TableLedger, UnmatchedName
from icp_ml.deals.settings import AccountsSettings, LookupSettings
from icp_ml.deals.sources import rows_of, title_of
from icp_ml.deals.texts import Flags, Texts, encode_texts, gather
from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError, InputError

Rows = npt.NDArray[np.int64]

_NAMES_TOLD = 8
"""Unmatched names that are told one by one; the rest are counted."""
_NEAR = 0.8
"""Likeness from which another id is worth offering. Higher than for the names of columns, because a table has hundreds
of ids and some of them are always a little alike."""
_MOST_COMPARED = 20_000
"""Ids that a name is compared with letter by letter; in a larger table only case and spacing are forgiven."""


@dataclass(frozen=True)
class Joined:
    """deals: with the columns of the table. unmatched: bool[n], the deals that name what the table lacks."""

    deals: pa.Table
    unmatched: Flags
    ledger: TableLedger


def join_table(
    deals: pa.Table,
    references: Texts,
    settings: AccountsSettings | LookupSettings,
    columns: Sequence[str],
    root: Path,
    *,
    on: str,
) -> Joined:
    """The deals with `columns` of the rows that they refer to.

    references: what each deal names, spelled as the table does (see `respelled`). on: the column in which it does. A
    deal without a match keeps its row; the columns are empty. Rows of the table that repeat an earlier one in every
    column are counted and passed over. Raises `InputError` where an id stands on rows that differ, because then it is
    not known which one is meant, and `ConfigError` where `spelled` leads to an id that the table lacks.
    """
    id_column = settings.id or on
    table = rows_of(settings, root, [id_column, *columns])
    ids = encode_texts(table.column(id_column))
    first_row = _first_rows(ids, table, columns, settings, id_column)
    _check_spelled(settings, ids)
    row_of = dict(zip(ids.distinct, first_row.tolist(), strict=True))
    row_of_text = np.array([row_of.get(text, -1) for text in references.distinct], dtype=np.int64)
    rows = gather(row_of_text, references.codes, -1)
    places = pa.array(rows, mask=rows < 0)
    for column in columns:
        deals = deals.append_column(column, table.column(column).take(places))
    unmatched = (rows < 0) & (references.codes >= 0)
    return Joined(deals, unmatched, _ledger(Path(title_of(settings)).name, on, ids, references, rows))


def respelled(references: Texts, spelled: Mapping[str, str]) -> Texts:
    """The same texts with each that is a key of `spelled` replaced by its value."""
    changed = [spelled.get(text, text) for text in references.distinct]
    if changed == references.distinct:
        return references
    encoded = encode_texts(pa.array(changed, pa.string()))
    return Texts(gather(encoded.codes, references.codes, -1), encoded.distinct)


def _first_rows(
    ids: Texts, table: pa.Table, columns: Sequence[str], settings: AccountsSettings | LookupSettings, id_column: str
) -> Rows:
    """int64[d]: the first row of each distinct id, -1 for one that stands in no row."""
    rows = np.flatnonzero(ids.codes >= 0)
    first = np.full(len(ids.distinct), -1, dtype=np.int64)
    first[ids.codes[rows][::-1]] = rows[::-1]
    of_first = first[ids.codes[rows]]
    differs = np.zeros(len(rows), dtype=bool)
    for column in columns if len(rows) > len(ids.distinct) else ():
        codes = encode_texts(table.column(column)).codes
        differs |= codes[rows] != codes[of_first]
    unclear = np.unique(ids.codes[rows][differs])
    if len(unclear):
        raise InputError(
            f"{title_of(settings)}: expected every id of column '{id_column}' once, found {len(unclear)} of them on "
            f"several rows that differ, for example '{ids.distinct[unclear[0]]}'; keep one row for each, or name "
            "another column as the table's id"
        )
    return first


def _check_spelled(settings: AccountsSettings | LookupSettings, ids: Texts) -> None:
    known = set(ids.distinct)
    for text, meant in settings.spelled.items():
        if meant not in known:
            raise ConfigError(
                f"spelled: '{text}' leads to '{meant}', which {title_of(settings)} lacks; "
                f"{suggestion(meant, ids.distinct[:_MOST_COMPARED])}"
            )


def _ledger(source: str, on: str, ids: Texts, references: Texts, rows: Rows) -> TableLedger:
    referenced = len(np.unique(rows[rows >= 0]))
    without_id = int((ids.codes < 0).sum())
    distinct = len(np.unique(ids.codes[ids.codes >= 0]))
    names = _unmatched(references, rows)
    shapes = {_shape(text): text for text in ids.distinct if _shape(text)} if names else {}
    blank = int((references.codes < 0).sum())
    matched = int((rows >= 0).sum())
    ledger = TableLedger(
        table=source,
        on=on,
        read=len(ids.codes),
        without_id=without_id,
        repeated=len(ids.codes) - without_id - distinct,
        referenced=referenced,
        unreferenced=distinct - referenced,
        deals=len(rows),
        matched=matched,
        unmatched=len(rows) - matched - blank,
        blank=blank,
        unmatched_names=tuple(UnmatchedName(text, n, _near(text, shapes)) for text, n in names[:_NAMES_TOLD]),
        unmatched_distinct=len(names),
    )
    ledger.check()
    return ledger


def _unmatched(references: Texts, rows: Rows) -> list[tuple[str, int]]:
    """The names that found nothing with the number of their deals, the most frequent first, then by alphabet."""
    codes = references.codes[(rows < 0) & (references.codes >= 0)]
    deals_of = np.bincount(codes, minlength=len(references.distinct))
    found = [(references.distinct[code], int(deals_of[code])) for code in np.flatnonzero(deals_of).tolist()]
    return sorted(found, key=lambda each: (-each[1], each[0]))


def _near(name: str, by_shape: Mapping[str, str]) -> str | None:
    shape = _shape(name)
    if shape in by_shape:
        return by_shape[shape]
    if not shape or len(by_shape) > _MOST_COMPARED:
        return None
    found = get_close_matches(shape, list(by_shape), n=1, cutoff=_NEAR)
    return by_shape[found[0]] if found else None


def _shape(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
