"""What databases call their types, as the plain Arrow types that every other source has."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
import pyarrow as pa

from icp_ml.deals.texts import Column
from icp_ml.errors import InputError

_KIND: Final = b"POSTGRESQL:type"
_MONEY: Final = b"money"
_UUID_BYTES: Final = 16
_HEX: Final = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_GROUPS: Final = (0, 8, 12, 16, 20, 32)
"""Where the five groups of a UUID's digits begin and end."""


def plain_schema(name: str, schema: pa.Schema) -> pa.Schema:
    """The schema of `plain_batch`, without what the driver notes beside each column.

    name: what the source is called. Raises `InputError` for a column that holds no texts, numbers, dates or lists of
    them. An amount of PostgreSQL's type money is refused too: its driver gives cents, or whatever the server's
    country has.
    """
    return pa.schema([pa.field(field.name, _plain_type(name, field)) for field in schema])


def plain_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The same rows in plain types."""
    columns = [_plain_column(batch.column(place), field.type) for place, field in enumerate(schema)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _plain_type(name: str, field: pa.Field) -> pa.DataType:
    kind = field.type
    if isinstance(kind, pa.UuidType):
        return pa.string()
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    is_money = bool(field.metadata) and field.metadata.get(_KIND) == _MONEY
    if is_money or not _is_plain(kind):
        shown = "money" if is_money else field.type
        raise InputError(
            f"{name}: expected texts, numbers, dates or lists in the column '{field.name}', found values of type "
            f"{shown}; cast it to {'numeric' if is_money else 'text'} in the query, or leave it out"
        )
    return kind


def _is_plain(kind: pa.DataType) -> bool:
    test = pa.types
    if test.is_list(kind) or test.is_large_list(kind):
        return not test.is_nested(kind.value_type) and _is_plain(kind.value_type)
    if test.is_dictionary(kind):
        return _is_plain(kind.value_type)
    return not (test.is_nested(kind) or test.is_interval(kind) or test.is_duration(kind) or _is_binary(kind))


def _is_binary(kind: pa.DataType) -> bool:
    test = pa.types
    return bool(test.is_binary(kind) or test.is_large_binary(kind) or test.is_fixed_size_binary(kind))


def _plain_column(column: Column, kind: pa.DataType) -> Column:
    if isinstance(column.type, pa.UuidType):
        return _uuid_texts(column)
    return column.storage if isinstance(column.type, pa.BaseExtensionType) else column


def _uuid_texts(column: Column) -> Column:
    """The usual spelling, 8-4-4-4-12 digits in small letters."""
    known = np.asarray(column.is_valid(), dtype=bool)
    present = column.storage.drop_null().cast(pa.binary())
    values = np.frombuffer(b"".join(present.to_pylist()), dtype=np.uint8).reshape(-1, _UUID_BYTES)
    digits = np.stack([_HEX[values >> 4], _HEX[values & 15]], axis=2).reshape(len(values), 2 * _UUID_BYTES)
    groups = [digits[:, start:end] for start, end in itertools.pairwise(_GROUPS)]
    dash = np.full((len(values), 1), ord("-"), dtype=np.uint8)
    spelled = np.hstack([part for group in groups for part in (group, dash)][:-1])
    texts = np.full(len(known), None, dtype=object)
    texts[known] = np.ascontiguousarray(spelled).view(f"S{spelled.shape[1]}").ravel().astype(str)
    return pa.array(texts, pa.string())
