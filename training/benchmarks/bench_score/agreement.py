"""Whether two contestants wrote the same: only then is it worth anything who was faster.

Columns of the same names in the same order; ids, tiers, actions, quadrants and statuses equal; probability, log-odds
and effects to 1e-9, or to what is asked; points of score to a thousand times that (a sub-score divides by the distance
from the base, which can be small); the same reasons in the same order, where those whose effects are that close to
each other may change places.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

EXACT: Final = 1e-9
POINTS_TO_LOG_ODDS: Final = 1_000.0
"""How many times as much points of score may differ as log-odds."""
RANKS: Final = 3


def differences(ours: Path, theirs: Path, tolerance: float = EXACT) -> list[str]:
    """A sentence for each column in which two outputs differ; none where they agree."""
    one, other = pq.ParquetFile(ours).read(), pq.ParquetFile(theirs).read()
    if one.schema.names != other.schema.names or one.num_rows != other.num_rows:
        return [
            f"expected {one.num_rows:,} rows of {', '.join(one.schema.names)}, found {other.num_rows:,} rows of "
            f"{', '.join(other.schema.names)}"
        ]
    return [*_column_differences(_plain(one), _plain(other), tolerance)]


def _plain(table: pa.Table) -> pd.DataFrame:
    fields = [pa.field(f.name, f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in table.schema]
    frame: pd.DataFrame = table.cast(pa.schema(fields)).to_pandas()
    return frame


def _column_differences(one: pd.DataFrame, other: pd.DataFrame, tolerance: float) -> Iterator[str]:
    swapped = _swapped(one, tolerance)
    for name in one.columns:
        if pd.api.types.is_float_dtype(one[name]):
            gap, allowed = _gap(one[name], other[name]), _allowed(name, tolerance)
            if not gap <= allowed:
                yield f"{name} differs by up to {gap:.1e}, and {allowed:.0e} is allowed"
            continue
        differs = ~((one[name] == other[name]) | (one[name].isna() & other[name].isna())).to_numpy()
        if name.startswith("reason_"):
            differs &= ~swapped[name.rpartition("_")[0]]
        if differs.any():
            first = int(np.argmax(differs))
            yield (
                f"{name} differs in {int(differs.sum()):,} of {len(one):,} rows, first in row {first + 1:,}: "
                f"{one[name].iloc[first]} and {other[name].iloc[first]}"
            )


def _allowed(name: str, tolerance: float) -> float:
    return tolerance * POINTS_TO_LOG_ODDS if name.startswith("score") else tolerance


def _gap(one: pd.Series, other: pd.Series) -> float:
    left, right = one.to_numpy(dtype=np.float64), other.to_numpy(dtype=np.float64)
    if (np.isnan(left) != np.isnan(right)).any():
        return float("inf")
    return float(np.nanmax(np.abs(left - right), initial=0.0))


def _swapped(frame: pd.DataFrame, tolerance: float) -> dict[str, NDArray[np.bool_]]:
    """By side, the rows in which two of the reasons that are shown have effects within the tolerance of each other."""
    found = {}
    for side in ("reason_for", "reason_against"):
        effects = frame[[f"{side}_{rank}_effect" for rank in range(1, RANKS + 1)]].to_numpy(dtype=np.float64)
        found[side] = np.asarray((np.abs(np.diff(effects, axis=1)) < tolerance).any(axis=1))
    return found


def main() -> None:
    """Compare two files; leaves with 1 where they differ, after saying where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ours", type=Path)
    parser.add_argument("theirs", type=Path)
    parser.add_argument("--tolerance", type=float, default=EXACT)
    asked = parser.parse_args()
    found = differences(asked.ours, asked.theirs, asked.tolerance)
    if found:
        sys.exit("; ".join(found))


if __name__ == "__main__":
    main()
