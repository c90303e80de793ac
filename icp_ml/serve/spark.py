"""Scoring on Spark: the same scorer in every worker, the same answers row for row.

    from icp_ml.serve.spark import score_frame
    scored = score_frame(spark.read.parquet("universe"), "models/icp/v3", as_of=date(2025, 6, 30), keep=["country"])
    scored.write.partitionBy("country").parquet("scored")

A frame is scored in two passes. The first reads the ids alone, at once, and finds those that stand in several
partitions, so that an account is told as repeated wherever its rows lie. The second is lazy and runs with whatever is
done with the result. pyspark is imported in functions only, and neither pass has a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError, InputError
from icp_ml.serve.incoming import Incoming, NamedBatch
from icp_ml.serve.known import KnownAccounts
from icp_ml.serve.list_scorer import REASONS
from icp_ml.serve.loading import AnyScorer, load
from icp_ml.serve.spark_passes import arrow_of, output_schema, places_of, sent
from icp_ml.serve.spark_sources import CHECK, PLACE, FrameSource
from icp_ml.serve.spark_tasks import Asked, Order, Scoring, Shipped

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def score_frame(
    frame: DataFrame,
    model: str | Path,
    *,
    id_column: str | None = None,
    as_of: date | None = None,
    reasons: int = REASONS,
    known: KnownAccounts | None = None,
    keep: Sequence[str] = (),
) -> DataFrame:
    """Score a DataFrame: its rows, partitions and their order, with the columns of `outgoing` and those of `keep`.

    frame: columns as the deals had them, or as the bundle's map says. Its order is that of its partitions. model: a
    bundle folder that the driver can read; its files travel to the workers once. id_column: takes the place of what the
    bundle says; without either, rows are numbered. as_of: required where the model uses a date or year. reasons: how
    many for and against. known: customers and open deals, see `known.read_known`. keep: columns to stand beside the
    answers, such as those that the output is partitioned by.

    Reads the ids of the frame at once and returns a lazy frame; the workers need icp_ml. Raises what `load` and
    `ListScorer.score` raise; `InputError` where the frame lacks a column that was named; `ConfigError` where a kept
    column is called what one of the output is, and for a Spark Connect session. Work on the result fails, with an
    `InputError` in its text, where partitions no longer hold the rows whose ids were read: what comes out of a shuffle
    is persisted or written down before it is scored.
    """
    _check_classic()
    folder, asked = Path(model), Asked(as_of, reasons, known)
    scorer = asked.ready(load(folder))
    source = _source(frame, scorer, id_column, keep)
    form = _form(frame, scorer, source)
    read = [name for name in frame.columns if _is_read(name, scorer, source)]
    ids = [] if source.id_name is None else [source.id_name]
    schema = output_schema(scorer, asked, form, frame.select(*map(_column, keep)).schema)
    places = places_of(_positioned(frame, ids, ids), source)
    order = Order(Shipped.from_folder(folder), asked, places, arrow_of(schema), source.keep)
    task = Scoring(source, sent(frame.sparkSession, order))
    return _positioned(frame, [*read, *keep], ids).mapInArrow(task.scored, schema)


def _check_classic() -> None:
    from pyspark.sql.utils import is_remote  # noqa: PLC0415 - Spark is loaded where it is asked for

    if is_remote():
        raise ConfigError(
            "a Spark session of its own was expected, and this one is a Spark Connect client, which can broadcast "
            "nothing; run the job on the cluster"
        )


def _source(frame: DataFrame, scorer: AnyScorer, id_column: str | None, keep: Sequence[str]) -> FrameSource:
    names = frame.columns
    for name in (*([] if id_column is None else [id_column]), *keep):
        if name not in names:
            raise InputError(
                f"the frame: expected the column '{name}', found none of that name; {suggestion(name, names)}"
            )
    stored = scorer.bundle.prospects
    settings = stored if id_column is None else stored.model_copy(update={"id": id_column})
    return FrameSource(settings, settings.id if settings.id in names else None, tuple(keep))


def _form(frame: DataFrame, scorer: AnyScorer, source: FrameSource) -> NamedBatch:
    """An empty batch of the frame, as the scorer sees it."""
    incoming = Incoming(scorer.read_attributes, source.settings)
    names = frame.columns
    _ = list(incoming.batches(pa.Table.from_arrays([pa.nulls(0)] * len(names), names=names)))  # what cannot be read
    read = frame.select(*(_column(name) for name in names if _is_read(name, scorer, source)))
    (form,) = incoming.batches(arrow_of(read.schema).empty_table())
    return form


def _is_read(name: str, scorer: AnyScorer, source: FrameSource) -> bool:
    wanted = {column for attribute in scorer.read_attributes for column in attribute.columns}
    return name == source.id_name or source.settings.map.get(name, name) in wanted


def _positioned(frame: DataFrame, columns: Sequence[str], ids: Sequence[str]) -> DataFrame:
    """These columns of a frame, with the partition of each row and a hash of its id."""
    from pyspark.sql import functions as sql  # noqa: PLC0415 - Spark is loaded where it is asked for

    check = sql.xxhash64(*(_column(name).cast("string") for name in ids)) if ids else sql.lit(0).cast("long")
    chosen = [_column(name) for name in dict.fromkeys(columns)]
    return frame.select(*chosen, sql.spark_partition_id().alias(PLACE), check.alias(CHECK))


def _column(name: str) -> Column:
    from pyspark.sql import functions as sql  # noqa: PLC0415 - Spark is loaded where it is asked for

    quoted = name.replace("`", "``")
    return sql.col(f"`{quoted}`")
