"""Columns of any type to values: the reading of each kind, before anything is known about the deals.

Every function takes a pyarrow column (texts, dictionary-coded texts, or an already typed Parquet column)
and the configured texts that mean "not known". What is neither missing nor readable becomes missing and is
counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.amounts import read_amounts, read_lower_bounds, read_midpoints
from icp_ml.deals.moments import Days, plausible_days, read_days, read_years
from icp_ml.deals.settings import DateOrder, Decimal, Ranges
from icp_ml.deals.texts import (
    Column,
    Flags,
    Floats,
    Ints,
    Texts,
    Trouble,
    as_array,
    encode_texts,
    gather,
    known_texts,
    positions,
    trouble_of,
)

_FLAG_OF = {"yes": 1.0, "true": 1.0, "y": 1.0, "t": 1.0, "1": 1.0, "1.0": 1.0}
_FLAG_OF |= {"no": 0.0, "false": 0.0, "n": 0.0, "f": 0.0, "0": 0.0, "0.0": 0.0}


@dataclass(frozen=True)
class ReadNumbers:
    """values: float64[n], NaN where missing or unreadable."""

    values: Floats
    trouble: Trouble


@dataclass(frozen=True)
class ReadDays:
    """values: datetime64[D][n], NaT where missing or unreadable.

    blank: bool[n], where nothing was written.
    """

    values: Days
    trouble: Trouble
    blank: Flags


@dataclass(frozen=True)
class ReadSets:
    """Members in compressed rows: those of row i are `indices[indptr[i]:indptr[i + 1]]`, ascending."""

    indptr: npt.NDArray[np.int64]
    indices: Ints
    levels: tuple[str, ...]
    missing: Flags


def parse_numbers(
    column: Column, missing: Iterable[str] = (), decimal: Decimal = ".", ranges: Ranges | None = None
) -> ReadNumbers:
    """Numbers, money, percentages; range texts only with `ranges`. Infinite values are unreadable."""
    array = as_array(column)
    if _is_numeric(array.type):
        return _finite(array)
    texts = known_texts(array, missing)
    read = read_midpoints if ranges == "midpoint" else read_amounts
    return _spread(texts, read(texts.distinct, decimal))


def parse_range_levels(column: Column, missing: Iterable[str] = (), decimal: Decimal = ".") -> ReadNumbers:
    """Range texts in their order: each as its lower bound (`amounts.standing`)."""
    array = as_array(column)
    if _is_numeric(array.type):
        return _finite(array)
    texts = encode_texts(array).without_tokens(missing)
    return _spread(texts, read_lower_bounds(texts.distinct, decimal))


def parse_ranks(column: Column, order: Sequence[str], missing: Iterable[str] = ()) -> ReadNumbers:
    """Levels as their place in `order`, 0 for the lowest, whatever their case; other texts are unreadable."""
    rank_of = {level.strip().lower(): float(rank) for rank, level in enumerate(order)}
    texts = encode_texts(column).without_tokens(missing)
    return _spread(texts, _look_up(texts.distinct, rank_of))


def parse_flags(column: Column, missing: Iterable[str] = ()) -> ReadNumbers:
    """Yes and no in their usual spellings, as 1 and 0."""
    texts = known_texts(column, missing)
    return _spread(texts, _look_up(texts.distinct, _FLAG_OF))


def parse_years(column: Column, missing: Iterable[str] = ()) -> ReadNumbers:
    """Calendar years of four digits, or the year of a typed date."""
    array = as_array(column)
    texts = known_texts(array, missing)
    spelled = [text[:4] for text in texts.distinct] if pa.types.is_temporal(array.type) else texts.distinct
    return _spread(texts, read_years(spelled))


def parse_days(column: Column, order: DateOrder = "iso", missing: Iterable[str] = ()) -> ReadDays:
    """Days in the declared order; typed dates and times as they are, by their day."""
    array = as_array(column)
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        return _typed_days(array)
    texts = known_texts(array, missing)
    days = np.append(read_days(texts.distinct, order), np.datetime64("NaT", "D"))[texts.codes]
    return ReadDays(days, trouble_of(texts, np.isnat(days)), texts.codes < 0)


def parse_categories(column: Column, missing: Iterable[str] = ()) -> Texts:
    """Texts as they stand, in alphabetical order; only the empty and the configured ones are missing."""
    texts = encode_texts(column).without_tokens(missing)
    used = np.unique(texts.codes[texts.codes >= 0])
    levels = sorted(texts.distinct[code] for code in used)
    place = {level: rank for rank, level in enumerate(levels)}
    rank_of = np.array([place.get(text, -1) for text in texts.distinct], dtype=np.int32)
    return Texts(gather(rank_of, texts.codes, -1), levels)


def parse_sets(column: Column, separator: str = ";", missing: Iterable[str] = ()) -> ReadSets:
    """Lists of members: texts with a separator, or Parquet lists.

    A text without any member is missing. A Parquet list of length 0 is not: it says that there is none.
    """
    array = as_array(column)
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        lists, row_codes, empty_is_known = array, np.arange(len(array)), True
    else:
        texts = encode_texts(array).without_tokens(missing)
        lists = pc.split_pattern(pa.array(texts.distinct, pa.string()), separator)
        row_codes, empty_is_known = texts.codes.astype(np.int64), False
    members = parse_categories(pc.list_flatten(lists), missing)
    owners = np.asarray(pc.list_parent_indices(lists), dtype=np.int64)
    sizes, codes = _distinct_members(owners, members.codes, len(lists))
    known = np.asarray(pc.is_valid(lists), dtype=bool) if empty_is_known else sizes > 0
    missing_rows = ~gather(known, row_codes, 0)
    return _rows_of_lists(sizes, codes, row_codes, tuple(members.distinct), missing_rows)


def _distinct_members(owners: npt.NDArray[np.int64], codes: Ints, lists: int) -> tuple[npt.NDArray[np.int64], Ints]:
    """The number of distinct members of each list, and their codes list after list, ascending."""
    present = codes >= 0
    levels = int(codes.max(initial=0)) + 1
    keys = np.unique(owners[present] * levels + codes[present])
    return np.bincount(keys // levels, minlength=lists), (keys % levels).astype(np.int32)


def _rows_of_lists(
    sizes: npt.NDArray[np.int64],
    codes: Ints,
    row_codes: npt.NDArray[np.int64],
    levels: tuple[str, ...],
    missing: Flags,
) -> ReadSets:
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    row_sizes = gather(sizes, row_codes, 0)
    indptr = np.concatenate([[0], np.cumsum(row_sizes)]).astype(np.int64)
    return ReadSets(indptr, codes[positions(gather(starts, row_codes, 0), row_sizes)], levels, missing)


def _spread(texts: Texts, values: Floats) -> ReadNumbers:
    spread = gather(values, texts.codes, np.nan)
    return ReadNumbers(spread, trouble_of(texts, np.isnan(spread)))


def _look_up(texts: Sequence[str], value_of: dict[str, float]) -> Floats:
    return np.array([value_of.get(text.lower(), np.nan) for text in texts], dtype=np.float64)


def _is_numeric(kind: pa.DataType) -> bool:
    test = pa.types
    return bool(test.is_integer(kind) or test.is_floating(kind) or test.is_decimal(kind) or test.is_boolean(kind))


def _finite(array: Column) -> ReadNumbers:
    numeric = array.cast(pa.int8()) if pa.types.is_boolean(array.type) else array
    values = np.array(pc.fill_null(numeric.cast(pa.float64(), safe=False), np.nan), dtype=np.float64)
    infinite = np.isinf(values)
    examples = tuple(str(value) for value in np.unique(values[infinite]))
    return ReadNumbers(np.where(infinite, np.nan, values), Trouble(int(infinite.sum()), examples))


def _typed_days(array: Column) -> ReadDays:
    days = np.array(array.cast(pa.date32(), safe=False), dtype="datetime64[D]")
    plausible = plausible_days(days)
    return ReadDays(plausible, trouble_of(encode_texts(array), np.isnat(plausible)), np.isnat(days))
