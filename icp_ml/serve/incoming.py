"""A list in memory, with its columns called what the attributes call them: DataFrames and Arrow alike.

Lists in files go through `icp_ml.deals.prospects`; both ways apply the map of the bundle, and end in the
same batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.prospects import absent_attributes
from icp_ml.deals.reading import BATCH_ROWS
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.deals.words import listed
from icp_ml.errors import InputError

Tabular: TypeAlias = Any
"""pa.Table or pa.RecordBatch; pyarrow ships no types."""
Batches: TypeAlias = Iterable[Any]
"""Record batches, or anything that yields them, such as a pa.RecordBatchReader."""


@dataclass(frozen=True)
class NamedBatch:
    """Rows of a list. id: the name of the id column, None where rows go by their number.

    absent: names of the attributes whose column the list lacks.
    """

    records: Tabular
    id: str | None
    absent: frozenset[str]


@dataclass(frozen=True)
class Incoming:
    """How a list in memory is read: the attributes that the model uses, and the settings for lists."""

    attributes: tuple[Attribute, ...]
    settings: ProspectsSettings

    def batches(self, data: pd.DataFrame | Tabular | Batches) -> Iterator[NamedBatch]:
        """The rows of `data` in their order; each batch has the columns that are needed and no others.

        Raises `InputError` where the list has no attribute's column, has one twice, or holds nested values;
        `TypeError` where `data` is no table and no sequence of record batches.
        """
        if isinstance(data, pd.DataFrame):
            yield from self._of_frame(data)
        elif isinstance(data, pa.Table | pa.RecordBatch):
            yield from self._of_arrow(data)
        else:
            for item in data:
                yield from self._of_arrow(_record_batch(item))

    def _of_frame(self, frame: pd.DataFrame) -> Iterator[NamedBatch]:
        names = [str(name) for name in frame.columns]
        taken = _taken_columns(names, self.attributes, self.settings)
        columns = {new: _as_arrow(frame.iloc[:, names.index(old)], old) for old, new in taken.items()}
        yield from _sliced(pa.table(columns), self._id_among(taken), self.attributes)

    def _of_arrow(self, data: Tabular) -> Iterator[NamedBatch]:
        taken = _taken_columns(data.schema.names, self.attributes, self.settings)
        named = pa.table({new: data.column(old) for old, new in taken.items()})
        yield from _sliced(named, self._id_among(taken), self.attributes)

    def _id_among(self, taken: dict[str, str]) -> str | None:
        return None if self.settings.id is None else taken.get(self.settings.id)


def _record_batch(item: object) -> Tabular:
    if isinstance(item, pa.RecordBatch | pa.Table):
        return item
    raise TypeError(
        f"expected a DataFrame, an Arrow table or Arrow record batches to score, found {type(item).__name__}"
    )


def _sliced(table: Tabular, id_name: str | None, attributes: Sequence[Attribute]) -> Iterator[NamedBatch]:
    absent = frozenset(absent_attributes(table.schema.names, attributes))
    batches = table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS)
    for batch in batches or [pa.RecordBatch.from_pylist([], schema=table.schema)]:
        yield NamedBatch(batch, id_name, absent)


def _taken_columns(
    names: Sequence[str], attributes: Sequence[Attribute], settings: ProspectsSettings
) -> dict[str, str]:
    """The columns needed, from the list's name to the name used here, in the order of the list."""
    renamed = [settings.map.get(name, name) for name in names]
    wanted = {column for attribute in attributes for column in attribute.columns}
    pairs = zip(names, renamed, strict=True)
    taken = [(old, new) for old, new in pairs if new in wanted or old == settings.id]
    _check_some_attribute(wanted.intersection(renamed), sorted(wanted), names)
    times = Counter(new for _, new in taken)
    for old, new in taken:
        if times[new] > 1:
            raise InputError(
                f"expected one column for '{new}' in the list, found {times[new]}, '{old}' among them; "
                "remove or rename the others"
            )
    return dict(taken)


def _check_some_attribute(found: set[str], wanted: Sequence[str], names: Sequence[str]) -> None:
    if not found:
        raise InputError(
            f"expected columns such as {listed(wanted)} in the list, found none of them among "
            f"{listed(names) or 'no columns'}; rename the list's columns or set prospects.map"
        )


def _as_arrow(series: pd.Series[Any], name: str) -> Tabular:
    """A column as Arrow; an object column of mixed values as their texts."""
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError):
        return _as_texts(series, name)


def _as_texts(series: pd.Series[Any], name: str) -> Tabular:
    try:
        return pa.array([_as_text(value, name) for value in series], pa.string())
    except UnicodeEncodeError:
        raise InputError(
            f"expected Unicode text in each row of the column '{name}', found half of a character; write it anew"
        ) from None


def _as_text(value: object, name: str) -> str | None:
    if not pd.api.types.is_scalar(value):
        raise InputError(
            f"expected one text, number or date in each row of the column '{name}', found a {type(value).__name__}; "
            "write its members as a text or as a list"
        )
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]  # the stubs want a known scalar
