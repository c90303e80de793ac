"""What holds of reading and encoding for every table: rows alone, in batches and in another order mean the same."""

from __future__ import annotations

import contextlib
import csv
from datetime import date
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.deals.amounts import midpoint, read_amounts, read_range, standing
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.moments import read_days
from icp_ml.deals.reading import read_table
from icp_ml.deals.table import joined_groups
from icp_ml.deals.vocabulary import Vocabulary, fit_vocabulary
from icp_ml.errors import InputError

ATTRIBUTES = (
    Attribute("number", "number", "number", "firmographic", "fit"),
    Attribute("band", "band", "ordered", "firmographic", "fit"),
    Attribute("category", "category", "category", "firmographic", "fit"),
    Attribute("flag", "flag", "flag", "engagement", "intent"),
    Attribute("tools", "tools", "set", "technographic", "fit"),
    Attribute("list", "list", "set", "technographic", "fit"),
    Attribute("founded", "founded", "date", "firmographic", "fit"),
)
TEXTS = st.sampled_from(["", " ", "1", "2.5", "1,200", "$3K", "yes", "no", "None", "51-200", "a;b", "b; c", "x"])
ROW = st.fixed_dictionaries(
    {
        **{name: st.one_of(st.none(), TEXTS) for name in ("number", "band", "category", "flag", "tools")},
        "list": st.one_of(st.none(), st.lists(st.sampled_from(["a", "b", "c", " "]), max_size=3)),
        "founded": st.sampled_from(["2001-02-03", "2030-01-01", "", "?"]),
    }
)
SCHEMA = pa.schema([(a.column, pa.list_(pa.string()) if a.name == "list" else pa.string()) for a in ATTRIBUTES])
TABLES = st.lists(ROW, min_size=1, max_size=40).map(lambda rows: pa.Table.from_pylist(rows, schema=SCHEMA))
AS_OF = np.array(["2024-01-01"], dtype="datetime64[D]")


def fitted(table: pa.Table) -> Vocabulary:
    return fit_vocabulary(parse_attributes(table, ATTRIBUTES, AS_OF), ATTRIBUTES)


def encoded(vocabulary: Vocabulary, table: pa.Table | pa.RecordBatch) -> np.ndarray:
    return vocabulary.encode(parse_attributes(table, ATTRIBUTES, AS_OF))


@given(TABLES)
@settings(max_examples=60, deadline=None)
def test_rows_one_at_a_time_equal_the_batch(table: pa.Table) -> None:
    vocabulary = fitted(table)
    alone = [encoded(vocabulary, table.slice(row, 1)) for row in range(table.num_rows)]
    np.testing.assert_array_equal(np.vstack(alone), encoded(vocabulary, table))


@given(TABLES, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_does_not_matter(table: pa.Table, random: Random) -> None:
    order = np.array(random.sample(range(table.num_rows), table.num_rows))
    shuffled = table.take(pa.array(order))
    vocabulary = fitted(table)
    assert fitted(shuffled) == vocabulary
    np.testing.assert_array_equal(encoded(vocabulary, shuffled), encoded(vocabulary, table)[order])


@given(TABLES)
@settings(max_examples=60, deadline=None)
def test_taking_parsed_rows_is_parsing_taken_rows(table: pa.Table) -> None:
    rows = np.arange(table.num_rows)[::2][::-1]
    parsed = parse_attributes(table, ATTRIBUTES, AS_OF)
    vocabulary = fitted(table)
    np.testing.assert_array_equal(vocabulary.encode(parsed.take(rows)), encoded(vocabulary, table.take(pa.array(rows))))
    assert fit_vocabulary(parsed, ATTRIBUTES, rows) == fitted(table.take(pa.array(rows)))


@given(TABLES, TABLES)
@settings(max_examples=60, deadline=None)
def test_any_row_gets_codes_in_range_and_no_gap_where_none_was_seen(seen: pa.Table, new: pa.Table) -> None:
    vocabulary = fitted(seen)
    matrix = encoded(vocabulary, new)
    assert matrix.flags.c_contiguous
    for place, column in enumerate(vocabulary.columns):
        values = matrix[:, place]
        if column.is_category:
            assert set(values.tolist()) <= set(range(len(column.levels)))
        if column.fill is not None:
            assert not np.isnan(values).any()
        if column.kind == "member":
            assert set(values[~np.isnan(values)].tolist()) <= {0.0, 1.0}


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_written_is_the_number_read(value: float) -> None:
    assert read_amounts([repr(value), f"{value:,.2f}"], ".").tolist() == [value, float(f"{value:.2f}")]


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_range_holds_its_midpoint_and_stands_at_or_just_above_its_lower_end(low: int, width: int) -> None:
    ends = read_range(f"{low:,}-{low + width:,}", ".")
    assert ends is not None
    assert list(ends) == [low, low + width]
    assert low < midpoint(ends) < low + width
    assert low <= standing(ends) <= max(low, 1)


@given(st.dates(min_value=date(1000, 1, 1), max_value=date(2200, 12, 31)))
def test_a_day_written_in_any_order_is_the_day_read(day: date) -> None:
    expected = np.datetime64(str(day), "D")
    year, month, number = str(day).split("-")
    assert read_days([f"{year}-{month}-{number}"], "iso")[0] == expected
    assert read_days([f"{month}/{number}/{year}"], "mdy")[0] == expected
    assert read_days([f"{int(number)}.{int(month)}.{year}"], "dmy")[0] == expected


LABELS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=15)


@given(LABELS)
def test_groups_are_the_finest_partition_that_keeps_shared_labels_together(labels: list[tuple[int, int]]) -> None:
    one, other = (np.array(column) for column in zip(*labels, strict=True))
    reach = (one[:, None] == one) | (other[:, None] == other)
    for _ in labels:
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    groups = joined_groups(one, other)
    np.testing.assert_array_equal(groups[:, None] == groups, reach)


CELL = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv")


@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5), delimiter=st.sampled_from(",;\t|"))
@settings(max_examples=60, deadline=None)
def test_every_text_survives_csv(folder: Path, rows: list[tuple[str, str]], delimiter: str) -> None:
    quoted = [delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows]
    path = folder / "cells.csv"
    path.write_bytes(("\n".join([f"a{delimiter}b", *quoted]) + "\n").encode())
    read = read_table(path, delimiter=delimiter).to_pydict()
    assert read == {"a": [row[0] or None for row in rows], "b": [row[1] or None for row in rows]}


TRICKY = st.text(st.sampled_from('ab,;\t|" \n€'), min_size=1, max_size=5).filter(lambda text: bool(text.strip()))
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.tuples(
        st.lists(TRICKY, min_size=width, max_size=width, unique_by=str.strip),
        st.lists(st.lists(TRICKY, min_size=width, max_size=width), min_size=1, max_size=4),
    )
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])


@given(table=TABLES, delimiter=st.sampled_from(",;\t|"), encoding=ENCODINGS)
@settings(max_examples=200, deadline=None)
def test_a_file_that_declares_nothing_is_read_right_or_refused(
    folder: Path, table: tuple[list[str], list[list[str]]], delimiter: str, encoding: str
) -> None:
    names, rows = table
    path = folder / "undeclared.csv"
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows([names, *rows])
    expected = [dict(zip([name.strip() for name in names], row, strict=True)) for row in rows]
    assert read_table(path, delimiter=delimiter).to_pylist() == expected
    with contextlib.suppress(InputError):
        assert read_table(path).to_pylist() == expected
