"""Records rewound to what they said on a day, by the history of their changes.

    field     changed       old          asked as of 1 March    answer
    Industry  10 February   Retail       1 March                Software, as it says today
    Industry  10 March      Software     1 March                Software, the old value of the first later change
    Industry  (today)       Logistics

The day itself counts: a change on the day has been made. A field without a later change is as it says today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.moments import Days
from icp_ml.deals.parsing import parse_days
from icp_ml.deals.point_in_time_settings import HistorySettings
from icp_ml.deals.sources import rows_of, title_of
from icp_ml.deals.texts import Column, Flags, Ints, Texts, as_array, as_strings, encode_texts, to_codes
from icp_ml.errors import InputError

Wholes = npt.NDArray[np.int64]

_SPAN = 1 << 22
_MOST_UNREADABLE = 0.5


@dataclass(frozen=True)
class Rewound:
    """A column that was rewound. changed: how many of the rows in use say another thing today."""

    column: str
    changed: int


@dataclass(frozen=True)
class HistoryUse:
    """What became of a history. changes: those in use. left_out: rows without a record, field or day that can be read.

    others: fields that it tells of and no attribute reads, by the name that a column would have.
    """

    table: str
    source: str
    changes: int
    left_out: int
    others: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """Changes by record and day, earliest first. ids: distinct texts. record: int32[m] into them. day: int64[m].

    field: the column that each changed; old: what it said until then, code -1 for nothing. left_out: rows without a
    record, field or day that can be read.
    """

    ids: Column
    record: Ints
    day: Wholes
    field: Texts
    old: Texts
    left_out: int


def read_history(settings: HistorySettings, root: Path) -> History:
    """Read a table of changes. Raises `InputError` as `stream_batches` does, and where most days cannot be read."""
    names = [settings.id, settings.field, settings.changed, settings.old]
    table = rows_of(settings, root, list(dict.fromkeys(names)))
    ids, fields, old = (encode_texts(table.column(name)) for name in (settings.id, settings.field, settings.old))
    moments = as_array(table.column(settings.changed))
    days = parse_days(moments, settings.date_order)
    used = (ids.codes >= 0) & (fields.codes >= 0) & ~np.isnat(days.values)
    if used.mean() < 1 - _MOST_UNREADABLE:
        raise InputError(
            f"{title_of(settings)}: expected a record, a field and a readable day in most rows, found "
            f"{int((~used).sum())} of {len(used)} rows without; check the columns and date_order"
        )
    rows = np.flatnonzero(used)
    within_day = np.asarray(pc.rank(as_strings(moments) if not _is_typed(moments) else moments, tiebreaker="first"))
    number = days.values.astype(np.int64)
    order = rows[np.lexsort((within_day[rows], number[rows], ids.codes[rows]))]
    named = [settings.fields.get(name, name) for name in fields.distinct]
    return History(
        ids=pa.array(ids.distinct, pa.string()),
        record=ids.codes[order],
        day=number[order],
        field=Texts(fields.codes[order], named),
        old=Texts(old.codes[order], old.distinct),
        left_out=int((~used).sum()),
    )


def rewind(
    table: pa.Table, records: Column, as_of: Days, history: History, columns: Sequence[str]
) -> tuple[pa.Table, tuple[Rewound, ...]]:
    """The table with the given columns as they were on each row's day.

    records: which record each row is about, as the history names it. as_of: datetime64[D][n]; a row without a day stays
    as it is. columns: those that may be rewound; the others, and those that never changed, stay untouched.
    """
    codes = to_codes(pc.index_in(records, value_set=history.ids)).astype(np.int64)
    done = []
    for column in dict.fromkeys(columns):
        fields = [code for code, field in enumerate(history.field.distinct) if field == column]
        mine = np.isin(history.field.codes, fields)
        if not mine.any():
            continue
        before, old = _old_values(history, mine, codes, as_of)
        place = table.schema.get_field_index(column)
        today = as_strings(_plain(as_array(table.column(column))))
        rewound = pc.if_else(pa.array(before), old, today)
        changed = pc.not_equal(pc.fill_null(rewound, ""), pc.fill_null(today, ""))
        done.append(Rewound(column, int(pc.sum(changed).as_py() or 0)))
        table = table.set_column(place, column, rewound)
    return table, tuple(done)


def _old_values(history: History, mine: Flags, codes: Wholes, as_of: Days) -> tuple[Flags, Column]:
    """bool[n]: rows with a later change; and the old value of the first one."""
    keys = history.record[mine].astype(np.int64) * _SPAN + history.day[mine]
    asked = ~np.isnat(as_of) & (codes >= 0)
    day = np.where(asked, as_of.astype(np.int64), 0)
    next_change = np.searchsorted(keys, np.where(asked, codes, 0) * _SPAN + day, side="right")
    inside = np.minimum(next_change, len(keys) - 1)
    before = asked & (next_change < len(keys)) & (history.record[mine][inside] == codes)
    texts = pa.array([*history.old.distinct, None], pa.string())
    old = history.old.codes[mine][inside]
    return before, texts.take(pa.array(np.where(before & (old >= 0), old, len(texts) - 1)))


def _is_typed(column: Column) -> bool:
    return bool(pa.types.is_temporal(column.type))


def _plain(column: Column) -> Column:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
