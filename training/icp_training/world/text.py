"""Columns of text made a whole column at a time, by Arrow rather than row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
# An Arrow array; pyarrow ships no types.
Column: TypeAlias = Any


def frame(columns: Mapping[str, Column]) -> pd.DataFrame:
    """A DataFrame of the columns, in their order; missing values stay missing."""
    table: pd.DataFrame = pa.table(dict(columns)).to_pandas()
    return table


def levels_of(levels: Sequence[str], codes: npt.NDArray[np.integer], missing: Bools | None = None) -> Column:
    """The level that each code names; null where `missing`."""
    return pa.array(list(levels), pa.string()).take(pa.array(np.where(codes < 0, 0, codes), mask=missing))


def numbered(prefix: str, numbers: Ints, width: int) -> Column:
    """`A` and 12 at width 6 give `A000012`."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def iso_dates(days: npt.NDArray[np.integer], missing: Bools | None = None) -> Column:
    """Days since 1970 as `2024-03-01`; null where `missing`."""
    return pa.array(days.astype(np.int32), pa.date32(), mask=missing).cast(pa.string())


def yes_no(values: npt.NDArray[np.generic], missing: Bools | None = None) -> Column:
    """`yes` for 1 and `no` for anything else; null where `missing`."""
    return levels_of(("no", "yes"), (values == 1).astype(np.int64), missing)


def joined(members: Bools, names: Sequence[str], missing: Bools) -> Column:
    """The names of each row's members (n rows x names), joined by `;`; null where `missing` or without a
    member.
    """
    rows, codes = np.nonzero(members)
    offsets = np.searchsorted(rows, np.arange(len(members) + 1)).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), levels_of(names, codes))
    empty = missing | ~members.any(axis=1)
    return pc.if_else(pa.array(empty), pa.scalar(None, pa.string()), pc.binary_join(lists, ";"))


def money(amounts: Floats, missing: Bools) -> Column:
    """Amounts to three digits as people write them: `850 K`, `18.3 MM`, `1.24 B`."""
    safe = np.maximum(np.where(missing, 1.0, amounts), 1000.0)
    magnitude = 10.0 ** (np.floor(np.log10(safe)) - 2)
    distinct, codes = np.unique(np.round(safe / magnitude) * magnitude, return_inverse=True)
    return levels_of([_spelt(float(amount)) for amount in distinct], codes, missing)


def _spelt(amount: float) -> str:
    if amount >= 1e9:
        return f"{amount / 1e9:.4g} B"
    if amount >= 1e6:
        return f"{amount / 1e6:.4g} MM"
    return f"{amount / 1e3:.4g} K"
