"""The driver's side of scoring on Spark: the first pass over the ids, what is sent, and the output's types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import pyarrow as pa

from icp_ml import errors
from icp_ml.deals.words import listed
from icp_ml.errors import ConfigError
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.loading import AnyScorer
from icp_ml.serve.spark_tasks import (
    MET,
    SEVERAL,
    Asked,
    ByPlace,
    Cluster,
    Counted,
    FirstPass,
    Order,
    Places,
    Records,
    Source,
    in_several,
)

if TYPE_CHECKING:
    from pyspark.accumulators import Accumulator, AccumulatorParam
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

V = TypeVar("V")

_SAID = re.compile(r"icp_ml\.errors\.(\w+): (.+)")
_SIGNED = {pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64(), pa.uint64(): pa.decimal128(20, 0)}
"""Spark has no unsigned numbers: the next larger type holds each of them."""


def places_of(handed: DataFrame, source: Source) -> Places:
    """Read the ids, at once: how many rows each stretch has, and which ids stand in several.

    handed: what Spark hands to the tasks of the first pass. Only ids that stand in several stretches come to the
    driver, 12 bytes each.
    """
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 - Spark is loaded where it is asked for

    counted: Accumulator[dict[int, Counted]] = by_place(handed.sparkSession)
    met = handed.mapInArrow(FirstPass(source, counted).met, from_arrow_schema(MET))
    found = met.repartition("bucket").mapInArrow(in_several, from_arrow_schema(SEVERAL)).toArrow()
    keys, first = found.column("key").to_numpy().view(np.uint64), found.column("first").to_numpy()
    order = np.argsort(keys, kind="stable")
    return Places(dict(counted.value), keys[order], first[order].astype(np.int32))


def by_place(spark: SparkSession) -> Accumulator[dict[int, V]]:
    """An accumulator in which each stretch's word counts once, however often its task ran."""
    param = cast("AccumulatorParam[dict[int, V]]", ByPlace[V]())
    return spark.sparkContext.accumulator({}, param)


def sent(spark: SparkSession, order: Order) -> Cluster:
    """The order on its way to every worker, once."""
    return spark.sparkContext.broadcast(order)


def output_schema(scorer: AnyScorer, asked: Asked, form: NamedBatch, kept: StructType) -> StructType:
    """The output's columns in Spark's types, the kept ones last.

    form: a batch of the list, of which only names and types matter. Raises as `ListScorer.score_stream` does, and
    `ConfigError` where a kept column is called what another one is, or Spark has no such ids.
    """
    from pyspark.errors import PySparkTypeError  # noqa: PLC0415 - Spark is loaded where it is asked for
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415
    from pyspark.sql.types import StructType  # noqa: PLC0415

    (answered,) = scorer.score_stream([form], as_of=asked.as_of, reasons=asked.reasons)
    records = asked.wanted.of(answered.records)
    taken = [name for name in kept.names if name in answered.records.schema.names]
    if taken:
        raise ConfigError(
            f"the output has columns called {listed(taken)}, and so are columns or folders of the list that are to be "
            "kept beside them; rename those"
        )
    fields = [(field.name, _plain_type(field.type)) for field in records.schema]
    try:
        own = from_arrow_schema(pa.schema(fields))
    except PySparkTypeError:
        raise ConfigError(
            f"the ids were expected as texts, numbers or dates, and are of type {fields[0][1]}, which Spark does not "
            "have; write them as texts"
        ) from None
    return StructType([*own.fields, *kept.fields])


def arrow_of(schema: StructType) -> Records:
    """The types in which workers hand rows back."""
    from pyspark.sql.pandas.types import to_arrow_schema  # noqa: PLC0415 - Spark is loaded where it is asked for

    return to_arrow_schema(schema, timezone="UTC")


@contextmanager
def told_plainly() -> Iterator[None]:
    """What a worker has to say to a person is raised here as the error that it was, without Spark's words around it."""
    from pyspark.errors import PySparkException  # noqa: PLC0415 - Spark is loaded where it is asked for

    try:
        yield
    except PySparkException as error:
        found = _SAID.search(str(error))
        kind = getattr(errors, found[1], None) if found else None
        if found is None or kind is None:
            raise
        raise kind(found[2].strip()) from None


def _plain_type(kind: Records) -> Records:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return _SIGNED.get(value, value)
