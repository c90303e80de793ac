"""Which rows and columns of a scored list are written, and work side by side that stays in order."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyarrow as pa
import pytest

from icp_ml.errors import ConfigError
from icp_ml.serve.in_order import in_order
from icp_ml.serve.output_rows import OutputRows, least_tier

RECORDS = pa.RecordBatch.from_arrays(
    [
        pa.array(["a", "b", "c", "d", "e"]),
        pa.array(["1", "2-3", None, "out of scope", "1"]).dictionary_encode(),
        pa.array([90.0, 40.0, None, 5.0, 80.0]),
    ],
    schema=pa.schema(
        [("id", pa.string()), ("tier", pa.dictionary(pa.int32(), pa.string())), ("score", pa.float64())],
        metadata={"icp.model": "m"},
    ),
)


@pytest.mark.parametrize(
    ("least", "ids"),
    [(None, "abcde"), (1, "ae"), (2, "abe"), (3, "abe")],
)
def test_tiers_from_the_first_to_the_one_that_is_named(least: int | None, ids: str) -> None:
    """By hand: 2-3 counts as 2; no tier, and out of scope, are in none."""
    assert "".join(OutputRows(least).of(RECORDS).column("id").to_pylist()) == ids


def test_columns_come_in_the_order_that_is_asked_the_id_first_and_metadata_stay() -> None:
    written = OutputRows(columns=("score", "tier", "score")).of(RECORDS)
    assert written.schema.names == ["id", "score", "tier"]
    assert written.schema.metadata == {b"icp.model": b"m"}


def test_a_column_and_a_tier_that_are_not_there_are_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'score'"):
        OutputRows(columns=("scor",)).of(RECORDS)
    assert least_tier("3", ("1", "2-3", "out of scope")) == 3
    assert least_tier(None, ("1",)) is None
    with pytest.raises(ConfigError, match="--min-tier names '4'"):
        least_tier("4", ("1", "2-3", "out of scope"))


def test_results_keep_the_order_whatever_each_takes() -> None:
    def slow(item: int) -> int:
        time.sleep(0.002 * (item % 3 == 0))
        return item * item

    assert list(in_order(slow, range(40), 3)) == [item * item for item in range(40)]


def test_few_items_are_held_at_once() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = in_order(lambda item: item, items(), 2)
    assert next(results) == 0
    assert len(taken) == 4


def test_an_error_comes_at_its_place() -> None:
    def fails_at_five(item: int) -> int:
        if item == 5:
            raise ValueError("five")
        return item

    results = in_order(fails_at_five, range(20), 4)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="five"):
        next(results)
