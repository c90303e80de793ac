"""Scoring a Parquet list on Spark: a partition for each piece, in the order in which one process reads the list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.loading import AnyScorer, load
from icp_ml.serve.spark_passes import arrow_of, by_place, output_schema, places_of, sent, told_plainly
from icp_ml.serve.spark_sources import ListSource
from icp_ml.serve.spark_tasks import Asked, Counted, Order, Places, Scoring, Shipped, Told

if TYPE_CHECKING:
    from pyspark.accumulators import Accumulator
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class ScoredList:
    """A list on its way. frame: lazy. keys: the columns of the folders' keys, the last ones of the frame."""

    frame: DataFrame
    keys: tuple[str, ...]
    _told: Accumulator[dict[int, Told]]

    def told(self) -> list[Told]:
        """What there is to say about each piece, in the order of the list, once the frame was written."""
        return [found for _, found in sorted(self._told.value.items())]


def score_pieces(spark: SparkSession, source: ListSource, model: Path, asked: Asked) -> ScoredList:
    """Score a Parquet list that the driver and the workers find under the same paths.

    Reads its ids at once, where it has ids and more than one piece. Raises as `spark.score_frame` does.
    """
    from pyspark.sql.types import StringType, StructField, StructType  # noqa: PLC0415 - Spark is loaded when asked for

    kept = StructType([StructField(name, StringType()) for name in source.keep])
    scorer = asked.ready(load(model))
    schema = output_schema(scorer, asked, _form(source, scorer), kept)
    handed = spark.range(0, len(source.pieces), 1, len(source.pieces))
    places = _places(handed, source)
    order = Order(Shipped.from_folder(model), _keeping(asked, source), places, arrow_of(schema), source.keep)
    told: Accumulator[dict[int, Told]] = by_place(spark)
    frame = handed.mapInArrow(Scoring(source, sent(spark, order), told).scored, schema)
    return ScoredList(frame, source.keep, told)


def _form(source: ListSource, scorer: AnyScorer) -> NamedBatch:
    """An empty batch of the list."""
    (stretch,) = source.rows([pa.record_batch({"id": [0]})], scorer)
    batch = next(stretch.reads).batch
    return replace(batch, records=batch.records.slice(0, 0))


def _keeping(asked: Asked, source: ListSource) -> Asked:
    """Chosen columns are those of the output; the folders' keys stand beside them."""
    columns = asked.wanted.columns
    if columns is None:
        return asked
    return replace(asked, wanted=replace(asked.wanted, columns=(*columns, *source.keep)))


def _places(handed: DataFrame, source: ListSource) -> Places:
    if source.prospects.id is not None and len(source.pieces) > 1:
        with told_plainly():
            return places_of(handed, source)
    counted = {place: Counted(piece.rows) for place, piece in enumerate(source.pieces)}
    return Places(counted, np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int32))
