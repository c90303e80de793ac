"""A cell is what one method says of one fold; it is kept until the method's code or the fold's data change.

A cell is a Parquet file: `log_odds`, one column for each further prediction that came with it (the members of a
stack), and `seconds`, the same in every row. Code of icp-ml is no part of a peer's cell, nor the other way round.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from benchmarks.bench_model.folds import Plan, folder_of
from benchmarks.bench_model.methods import HAND, METHODS, method_hash
from benchmarks.bench_model.places import CACHE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CellKey:
    """One method on one fold of one seed of one set. trials: those that a fold may spend."""

    name: str
    seed: int
    fold: int
    method: str
    trials: int


@dataclass(frozen=True)
class Cell:
    """predictions: log-odds of the test rows by name, `log_odds` being the method's own. seconds: fitting included."""

    predictions: dict[str, Floats]
    seconds: float


def path_of(key: CellKey, plan: Plan) -> Path:
    """Where a cell is kept."""
    trials = key.trials if METHODS[key.method].searches else 0
    fold = plan.folds[key.fold]
    parts = (
        method_hash(key.method),
        fold.hand if key.method.startswith(HAND) else fold.digest,
        str(trials),
        str(key.seed),
    )
    digest = hashlib.sha256("/".join(parts).encode()).hexdigest()[:20]
    folder = key.method.replace(" ", "-").replace(",", "")
    return CACHE / "cells" / folder / f"{key.name}-{key.seed}-{key.fold}-{digest}.parquet"


def fold_folder(key: CellKey) -> Path:
    """Where the data of a cell's fold are."""
    return folder_of(key.name, key.seed) / str(key.fold)


def write_cell(path: Path, cell: Cell) -> None:
    """Keep a cell; whole or not at all."""
    rows = len(cell.predictions["log_odds"])
    columns = {**cell.predictions, "seconds": np.full(rows, cell.seconds)}
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


def read_cell(path: Path) -> Cell:
    """A cell that is kept."""
    table = parquet.read_table(path)
    columns = {name: np.asarray(table.column(name), dtype=np.float64) for name in table.column_names}
    seconds = columns.pop("seconds")
    return Cell(columns, float(seconds[0]) if len(seconds) else 0.0)
