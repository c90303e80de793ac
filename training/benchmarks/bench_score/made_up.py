"""Made-up rows: a block of a list from its number alone, and whether such a company's deal would be won.

Block 7 of seed 1 is the same whatever was drawn before it, so that a list of any length is written in bounded memory.
Numbers are rounded as people round them: a share to three decimals, a count to a whole number, a rating to a tenth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.bench_score.sizes import ID, Columns

Floats = NDArray[np.float64]
Arrow: TypeAlias = Any

BLOCK: Final = 65_536
"""Rows that are drawn at once."""


def blocks(columns: Columns, rows: int, seed: int) -> Iterator[Arrow]:
    """A list of `rows` rows as record batches of `BLOCK` rows: an id, doubles, dictionaries of texts, booleans."""
    for start in range(0, rows, BLOCK):
        yield block(columns, start, min(BLOCK, rows - start), seed)


def block(columns: Columns, start: int, rows: int, seed: int) -> Arrow:
    """The rows from `start`, a multiple of `BLOCK`, at most `BLOCK` of them."""
    rng = np.random.default_rng((seed, start // BLOCK))
    names = iter(columns.names)
    gaps = [columns.gaps[place % len(columns.gaps)] for place in range(len(columns.names))]
    arrays: list[NDArray[Any]] = [_number(place, rows, rng) for place in range(columns.numbers)]
    arrays += [_category(levels, rows, rng) for levels in columns.levels]
    arrays += [rng.random(rows) < 0.4 for _ in range(columns.flags)]
    table = {ID: pa.array([f"company-{place}.example" for place in range(start, start + rows)])}
    for values, share in zip(arrays, gaps, strict=True):
        missing = rng.random(rows) < share
        name = next(names)
        if name.startswith("category"):
            table[name] = _texts(name, values, missing)
        else:
            table[name] = pa.array(values, mask=missing)
    return pa.RecordBatch.from_pydict(table)


def _number(place: int, rows: int, rng: np.random.Generator) -> Floats:
    kind = place % 3
    if kind == 0:
        return np.asarray(np.round(np.exp(rng.normal(4.5, 1.4, rows))))
    return np.asarray(np.round(rng.beta(2.0, 5.0, rows), 3) if kind == 1 else np.round(rng.normal(50.0, 15.0, rows), 1))


def _category(levels: int, rows: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Codes of which the earlier ones are more frequent."""
    weights = 1.0 / np.sqrt(np.arange(1, levels + 1))
    return rng.choice(levels, rows, p=weights / weights.sum()).astype(np.int32)


def _texts(name: str, codes: NDArray[Any], missing: NDArray[np.bool_]) -> Arrow:
    texts = pa.array([f"{name} value {code + 1:02d}" for code in range(int(codes.max(initial=0)) + 1)])
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=missing), texts)


def outcomes(table: Arrow, columns: Columns, seed: int) -> NDArray[np.int8]:
    """1 where the deal is won: every column counts a little, and neighbours count together.

    A gap says nothing. Interactions give the trees something that the scorecard cannot say.
    """
    rng = np.random.default_rng((seed, 1_000_003))
    signals = np.column_stack([_signal(table.column(name), rng) for name in columns.names])
    alone = signals @ rng.normal(0.0, 0.35, signals.shape[1])
    together = (signals[:, :-1] * signals[:, 1:]) @ rng.normal(0.0, 0.5, signals.shape[1] - 1)
    log_odds = alone + together - 0.4
    return np.asarray(rng.random(len(signals)) < 1.0 / (1.0 + np.exp(-log_odds)), dtype=np.int8)


def _signal(column: Arrow, rng: np.random.Generator) -> Floats:
    """What a column says, about -1 to 1, and 0 where it is missing."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    missing = np.asarray(column.is_null())
    if pa.types.is_dictionary(column.type):
        of_level = rng.normal(0.0, 0.7, len(column.dictionary))
        said = of_level[np.asarray(column.indices.fill_null(0))]
    else:
        values = np.asarray(column.cast(pa.float64()).fill_null(0.0))
        ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
        said = 2.0 * ranks / max(len(values) - 1, 1) - 1.0
    return np.where(missing, 0.0, said)
