"""A column as its distinct texts and a code a row, so that each text is read once however often it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.errors import InputError

Column: TypeAlias = Any  # pa.Array or pa.ChunkedArray; pyarrow ships no types
Ints: TypeAlias = npt.NDArray[np.int32]
Flags: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]

V = TypeVar("V", bound=np.generic)

UNKNOWN_WORDS = ("na", "n/a", "nan", "null", "none", "-", "unknown")
"""What means "not known" where a number, flag, date or year should stand. In a category they are values."""

MOST_EXAMPLES = 3  # enough to see what went wrong; a fourth was never the one that helped


@dataclass(frozen=True)
class Texts:
    """codes: int32[n], -1 where the row is missing. distinct: the texts, stripped, none empty, none twice.

    A text of `distinct` may stand in no row.
    """

    codes: Ints
    distinct: list[str]

    def texts(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.object_]:
        """object[k]: the text of each of the given rows, the empty text where it is missing."""
        found: npt.NDArray[np.object_] = np.array([*self.distinct, ""], dtype=object)[self.codes[rows]]
        return found

    def without(self, unwanted: Flags) -> Texts:
        """The same with the rows of the unwanted distinct texts missing; the texts keep their codes."""
        return Texts(gather(np.where(unwanted, -1, np.arange(len(unwanted))), self.codes, -1), self.distinct)

    def without_tokens(self, tokens: Iterable[str]) -> Texts:
        """The same with the rows missing whose text is one of `tokens`, whatever its case and outer space."""
        lowered = {token.strip().lower() for token in tokens}
        return self.without(np.array([text.lower() in lowered for text in self.distinct], dtype=bool))


@dataclass(frozen=True)
class Trouble:
    """Texts that could not be read: in how many rows, and the most frequent of them."""

    rows: int = 0
    examples: tuple[str, ...] = ()

    def and_then(self, later: Trouble) -> Trouble:
        """Both together, where the later reading saw nothing of what the first could not read."""
        return Trouble(self.rows + later.rows, (*self.examples, *later.examples)[:MOST_EXAMPLES])


def trouble_of(texts: Texts, unread: Flags) -> Trouble:
    """Count the rows marked `unread` that hold a text.

    The most frequent texts come first, then by alphabet.
    """
    codes = texts.codes[unread & (texts.codes >= 0)]
    rows_of = np.bincount(codes, minlength=len(texts.distinct))
    found = sorted((-int(rows_of[code]), texts.distinct[code]) for code in np.flatnonzero(rows_of))
    return Trouble(len(codes), tuple(text for _, text in found[:MOST_EXAMPLES]))


def gather(values: npt.NDArray[V], codes: npt.NDArray[np.integer[Any]], otherwise: float) -> npt.NDArray[V]:
    """`values[code]` for each code, and `otherwise` where the code is negative."""
    padded = np.append(values, np.asarray(otherwise, dtype=values.dtype))
    return cast("npt.NDArray[V]", padded[codes])


def positions(starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The positions start, start + 1, ..., start + size - 1 of each pair, one pair after the other."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    offsets: npt.NDArray[np.int64] = np.repeat(starts - (ends - sizes), sizes)
    return np.arange(total, dtype=np.int64) + offsets


def known_texts(column: Column, missing: Iterable[str]) -> Texts:
    """A column in which a number, flag, date or year should stand, without what means "not known" there."""
    return encode_texts(column).without_tokens((*missing, *UNKNOWN_WORDS))


def encode_texts(column: Column) -> Texts:
    """Any column as texts. Nothing but null, NaN and the empty text is missing.

    Whole floats lose their ".0", so that a Parquet column 1.0, 2.0 and a CSV column 1, 2 mean the same.
    Raises `InputError` for a nested column.
    """
    encoded = as_encoded(column)
    spelled = pc.utf8_trim_whitespace(as_strings(encoded.dictionary))
    distinct = pc.unique(spelled.filter(pc.not_equal(spelled, "")))
    code_of = to_codes(pc.index_in(spelled, value_set=distinct))
    return Texts(gather(code_of, to_codes(encoded.indices), -1), distinct.to_pylist())


def as_encoded(column: Column) -> Column:
    """One contiguous dictionary array."""
    whole = as_array(column)
    if pa.types.is_dictionary(whole.type):
        return whole
    return as_strings(whole).dictionary_encode()


def as_array(column: Column) -> Column:
    """One contiguous array of a column that may come in chunks."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def as_strings(array: Column) -> Column:
    """A string array of the same length; NaN becomes null. Raises `InputError` for a nested type."""
    if pa.types.is_string(array.type):
        return array
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        return pc.binary_join(array.cast(pa.list_(pa.string())), ";")
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    try:
        return array.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InputError(
            f"expected a column of texts, numbers, dates or lists, found values of type {array.type}; "
            "flatten it before the export"
        ) from None


def to_codes(indices: Column) -> Ints:
    """Dictionary indices as int32, -1 for null."""
    return np.asarray(pc.fill_null(indices.cast(pa.int32()), -1), dtype=np.int32)
