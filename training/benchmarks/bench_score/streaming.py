"""Well built: Arrow batches, whole-array encoding, LightGBM's `pred_contrib`, argpartition, reasons as codes.

woodelf takes part by the same code, with its own contributions in the place of LightGBM's.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.bench_score.answers import Answering
from benchmarks.bench_score.reading import ROWS, batches, encode
from benchmarks.bench_score.recipe import TREES, read_recipe
from benchmarks.bench_score.stopwatch import Stopwatch

Floats = NDArray[np.float64]
Explain = Callable[[Floats], Floats]

WOODELF_ROWS: Final = 262_144
"""It makes its tables anew for each batch, so that larger ones cost it less."""


@dataclass(frozen=True)
class Way:
    """How rows are explained. folder: of the model. explain: from rows (n, p) to the trees' contributions, (n, p).

    rows: of a batch.
    """

    folder: Path
    explain: Explain
    rows: int


def score(folder: Path, source: Path, out: Path, threads: int, watch: Stopwatch) -> None:
    """Score with LightGBM's own contributions."""
    booster = lgb.Booster(model_file=str(folder / TREES))

    def explain(rows: Floats) -> Floats:
        return np.asarray(booster.predict(rows, pred_contrib=True, num_threads=threads))[:, :-1]

    _score(Way(folder, explain, ROWS), source, out, watch)


def score_by_woodelf(folder: Path, source: Path, out: Path, _threads: int, watch: Stopwatch) -> None:
    """Score with woodelf's; it has no threads of its own."""
    booster = lgb.Booster(model_file=str(folder / TREES))
    explainer = importlib.import_module("woodelf").WoodelfExplainer(booster)
    names = booster.feature_name()

    def explain(rows: Floats) -> Floats:
        return np.asarray(explainer.shap_values(pd.DataFrame(rows, columns=names), verbose=False))

    _score(Way(folder, explain, WOODELF_ROWS), source, out, watch)


def _score(way: Way, source: Path, out: Path, watch: Stopwatch) -> None:
    recipe = read_recipe(way.folder)
    answering = Answering(recipe)
    writer = None
    for batch in watch.each("read", batches(source, recipe, way.rows)):
        with watch.stage("encode"):
            encoded = encode(batch, recipe)
        with watch.stage("contributions"):
            on_trees = way.explain(encoded.rows)
        with watch.stage("tiers and reasons"):
            records = answering.batch(batch.column(recipe.id), encoded, on_trees)
        with watch.stage("write"):
            writer = writer or pq.ParquetWriter(out, records.schema)
            writer.write_batch(records)
    with watch.stage("write"):
        if writer is not None:
            writer.close()
