"""Which ids stand in several stretches of a list, and what that says of the rows before each: without Spark."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.errors import PySparkException
from pyspark.sql.types import StructType

from icp_ml.errors import ConfigError, InputError
from icp_ml.serve import spark, spark_sources
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.placed import Passed
from icp_ml.serve.scoring import Scorer
from icp_ml.serve.spark_passes import output_schema, told_plainly
from icp_ml.serve.spark_tasks import Asked, ByPlace, Counted, FirstPass, Places, Read, Stretch, in_several
from tests import serve_models
from tests.unit import test_serve_weighted

Ids = list[str | None]


class Added:
    """An accumulator without a cluster."""

    def __init__(self) -> None:
        self.value: dict[int, Counted] = {}

    def add(self, more: dict[int, Counted]) -> None:
        self.value = ByPlace[Counted]().addInPlace(self.value, more)


class Stretches:
    """A source whose stretches are lists of ids."""

    def __init__(self, stretches: list[Ids]) -> None:
        self.stretches = stretches

    def ids(self, _handed: object) -> list[Stretch]:
        return [Stretch(place, iter([self.read(ids)])) for place, ids in enumerate(self.stretches) if ids]

    def read(self, ids: Ids) -> Read:
        return Read(NamedBatch(pa.record_batch({"id": pa.array(ids, pa.string())}), "id", frozenset()))

    rows = None


def places_of(source: Stretches) -> Places:
    counted = Added()
    found = pa.Table.from_batches(list(in_several(FirstPass(source, counted).met([]))))  # type: ignore[arg-type]
    keys = found.column("key").to_numpy().view(np.uint64)
    order = np.argsort(keys)
    return Places(counted.value, keys[order], found.column("first").to_numpy()[order])


@given(st.lists(st.lists(st.sampled_from([*"abcdefgh", " A", "B ", "", None]), max_size=8), max_size=6))
def test_each_stretch_alone_tells_the_repeats_that_the_whole_list_tells(stretches: list[Ids]) -> None:
    """Against one pass over the list from its first row to its last, as one process makes it."""
    source, passed = Stretches(stretches), Passed()
    places = places_of(source)
    for place, ids in enumerate(stretches):
        batch = source.read(ids).batch
        before = places.before(place)
        expected, after = passed.and_then(batch)
        assert before.and_then(batch)[0].tolist() == expected.tolist()
        assert not ids or before.rows == passed.rows
        passed = after


def test_only_ids_of_several_stretches_are_told_each_with_the_first() -> None:
    places = places_of(Stretches([["a", "a", "x"], [], ["b", "c"], ["C ", "A", "y", "", None], ["", "c"]]))
    assert sorted(places.first.tolist()) == [
        0,
        2,
    ]  # a is first met in 0, c in 2; b, x, y and blanks are nobody's repeat
    assert {place: each.rows for place, each in places.counted.items()} == {0: 3, 2: 2, 3: 5, 4: 2}


def test_a_level_is_asked_of_what_has_probabilities_alone() -> None:
    weighted = test_serve_weighted.scorer()
    assert Asked(None, 3, None, base_rate=None).ready(weighted) == weighted
    moved = Asked(None, 3, None, base_rate=0.02).ready(serve_models.scorer())
    assert isinstance(moved, Scorer)
    assert moved.base_rate == 0.02


@pytest.mark.parametrize("sizes", [[], [0], [3, 0, 4], [10], [25, 1], [1] * 11])
def test_small_batches_become_large_ones_of_the_same_rows(monkeypatch: pytest.MonkeyPatch, sizes: list[int]) -> None:
    monkeypatch.setattr(spark_sources, "BATCH_ROWS", 5)
    starts = np.cumsum([0, *sizes])
    batches = [
        pa.record_batch({"row": np.arange(start, start + size)}) for start, size in zip(starts, sizes, strict=False)
    ]
    gathered = list(spark_sources._gathered(batches))
    rows = [row for batch in gathered for row in batch.column("row").to_pylist()]
    assert rows == list(range(sum(sizes)))
    assert [batch.num_rows for batch in gathered[:-1]] == [5] * (len(gathered) - 1)
    assert all(0 < batch.num_rows <= 5 for batch in gathered)


def test_ids_of_a_type_that_spark_lacks_are_refused() -> None:
    listed = serve_models.raw_list(1, 1)
    listed = listed.set_column(listed.schema.get_field_index("domain"), "domain", pa.array([None], pa.time32("s")))
    form = NamedBatch(listed.to_batches()[0].slice(0, 0), "domain", frozenset())
    with pytest.raises(ConfigError, match="the ids were expected as texts, numbers or dates, and are of type time32"):
        output_schema(serve_models.scorer(), Asked(serve_models.AS_OF, 0, None), form, StructType([]))


def test_what_spark_itself_has_to_say_is_passed_on_as_it_is() -> None:
    with pytest.raises(PySparkException, match="out of memory"), told_plainly():
        raise PySparkException("out of memory")
    with pytest.raises(InputError, match=r"^list\.csv: expected rows$"), told_plainly():
        raise PySparkException("Task 3 failed: icp_ml.errors.InputError: list.csv: expected rows\n  at org.apache")
    with pytest.raises(PySparkException), told_plainly():
        raise PySparkException("icp_ml.errors.NoSuchError: what?")


def test_a_client_of_spark_connect_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyspark.sql.utils.is_remote", lambda: True)
    with pytest.raises(ConfigError, match="a Spark session of its own was expected, and this one is a Spark Connect"):
        spark._check_classic()
