"""Which ids stand in several stretches of a list, and what that says of the rows before each: without Spark."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.placed import Passed
from icp_ml.serve.spark_tasks import ByPlace, Counted, FirstPass, Places, Read, Stretch, in_several

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
