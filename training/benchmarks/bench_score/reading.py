"""A Parquet list in batches, its columns straight to numbers and codes: what a well-built pipeline does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.bench_score.answers import Encoded
from benchmarks.bench_score.recipe import Recipe, RecipeColumn

Floats = NDArray[np.float64]
Arrow: TypeAlias = Any

ROWS: Final = 65_536
"""Rows of a batch, as in icp-ml."""
OTHER: Final = 1
FIRST_LEVEL: Final = 2


def batches(path: Path, recipe: Recipe, rows: int) -> Iterator[Arrow]:
    """Record batches of at most `rows` rows with the columns that are needed; categories stay dictionaries."""
    names = [recipe.id, *(column.name for column in recipe.columns)]
    file = pq.ParquetFile(path, read_dictionary=recipe.names("category"))
    yield from file.iter_batches(batch_size=rows, columns=names)


def encode(batch: Arrow, recipe: Recipe) -> Encoded:
    """Values for LightGBM, and the bin or code of each."""
    shape = (batch.num_rows, len(recipe.columns))
    rows, states = np.empty(shape), np.empty(shape, dtype=np.int32)
    missing = np.empty(shape, dtype=bool)
    for j, column in enumerate(recipe.columns):
        values = batch.column(column.name)
        missing[:, j] = np.asarray(values.is_null())
        if column.kind == "category":
            states[:, j] = _codes(values, column)
            rows[:, j] = states[:, j]
        else:
            rows[:, j] = _numbers(values, column)
            states[:, j] = _bins(rows[:, j], missing[:, j], column)
    return Encoded(rows, states, missing)


def _codes(values: Arrow, column: RecipeColumn) -> NDArray[np.int32]:
    code_of = {level: code for code, level in enumerate(column.levels, FIRST_LEVEL)}
    codes = [code_of.get(text, OTHER) for text in values.dictionary.to_pylist()]
    table = np.array([*codes, 0], dtype=np.int32)
    return np.asarray(table[np.asarray(values.indices.fill_null(len(codes)))], dtype=np.int32)


def _numbers(values: Arrow, column: RecipeColumn) -> Floats:
    numbers = np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    return numbers if column.fill is None else np.where(np.isnan(numbers), column.fill, numbers)


def _bins(numbers: Floats, missing: NDArray[np.bool_], column: RecipeColumn) -> NDArray[np.int32]:
    thresholds = np.array(column.thresholds)
    return np.where(missing, len(thresholds) + 1, np.searchsorted(thresholds, numbers, side="left")).astype(np.int32)
