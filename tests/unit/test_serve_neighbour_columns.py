"""Nearest accounts beside scored rows: for the first tier and for nobody else, and as they are of each row alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.kinds import parse_attributes
from icp_ml.errors import ConfigError
from icp_ml.profile.neighbours import Neighbours, SoldDeals, draw_neighbours
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.neighbour_columns import BECAUSE, NEAREST, NEIGHBOUR_FIELDS, NOTHING, Comparer, comparer
from tests import serve_models

ROWS = 120
DAY = serve_models.AS_OF


@cache
def neighbours() -> Neighbours:
    table, day = serve_models.raw_list(serve_models.DEALS, seed=1), np.array(DAY, dtype="datetime64[D]")
    parsed = parse_attributes(table, serve_models.ATTRIBUTES, day)
    accounts = np.array(table.column("domain").to_pylist(), dtype=object)
    deals = SoldDeals(parsed, accounts, serve_models.training().won, None)
    return draw_neighbours(serve_models.win_model(), deals, seed=1)


@cache
def compare() -> Comparer:
    return Comparer(serve_models.scorer(), neighbours())


def batch(rows: int = ROWS, id_column: str | None = "domain") -> NamedBatch:
    records = serve_models.raw_list(rows, seed=5).combine_chunks().to_batches()[0]
    return NamedBatch(records, id_column, frozenset())


def scored_and_compared(source: NamedBatch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    scored = next(iter(serve_models.scorer().score_stream([source], as_of=DAY)))
    return scored.records, compare().with_columns(scored.records, scored.source, DAY)


def test_every_row_of_the_first_tier_has_what_it_has_alone_and_no_other_row_has_any() -> None:
    scored, found = scored_and_compared(batch())
    assert found.schema.names == [*scored.schema.names, *(field.name for field in NEIGHBOUR_FIELDS)]
    assert found.select(scored.schema.names).equals(scored)
    first = [tier == "1" for tier in scored.column("tier").to_pylist()]
    assert 5 < sum(first) < ROWS - 5
    for row, answer in enumerate(found.to_pylist()):
        if not first[row]:
            assert all(answer[field.name] is None for field in NEIGHBOUR_FIELDS)
            continue
        alone = compare().likeness(NamedBatch(batch().records.slice(row, 1), "domain", frozenset()), DAY)
        assert [answer[name] for name in NEAREST] == [each.account for each in (*alone.won, *alone.lost)]
        assert answer[NOTHING] is alone.resembles_nothing
        assert answer[BECAUSE] == ("; ".join(alone.because) if alone.resembles_nothing else None)


def test_batches_say_what_the_whole_list_says() -> None:
    _, whole = scored_and_compared(batch())
    parts = [
        scored_and_compared(NamedBatch(batch().records.slice(start, 25), "domain", frozenset()))[1].to_pylist()
        for start in range(0, ROWS, 25)
    ]
    assert [row for part in parts for row in part] == whole.to_pylist()


def test_a_dictionary_holds_the_accounts_that_are_named_and_no_others() -> None:
    _, found = scored_and_compared(batch())
    for name in NEAREST:
        column = found.column(name)
        assert set(column.dictionary.to_pylist()) == set(column.drop_null().to_pylist())


def test_a_list_without_a_row_of_the_first_tier_has_the_columns_all_the_same() -> None:
    source = batch()
    scored = serve_models.scorer().score(pa.Table.from_batches([source.records]), as_of=DAY)
    others = [row for row, tier in enumerate(scored.column("tier").to_pylist()) if tier != "1"]
    rest = NamedBatch(source.records.take(pa.array(others)), "domain", frozenset())
    _, found = scored_and_compared(rest)
    assert found.schema.names[-len(NEIGHBOUR_FIELDS) :] == [field.name for field in NEIGHBOUR_FIELDS]
    assert all(found.column(field.name).null_count == len(others) for field in NEIGHBOUR_FIELDS)


def test_an_id_with_the_name_of_a_new_column_is_refused() -> None:
    records = batch(5).records
    named = records.rename_columns([NOTHING if name == "domain" else name for name in records.schema.names])
    scored = next(iter(serve_models.scorer().score_stream([NamedBatch(named, NOTHING, frozenset())], as_of=DAY)))
    with pytest.raises(ConfigError, match="the id column is called 'resembles_nothing'"):
        compare().with_columns(scored.records, scored.source, DAY)


def test_a_bundle_that_names_no_account_says_so() -> None:
    with pytest.raises(ConfigError, match=r"--neighbours was asked for, and the bundle holds no neighbours\.json"):
        comparer(serve_models.scorer(), "--neighbours")


def test_another_kind_of_model_says_so() -> None:
    with pytest.raises(ConfigError, match="this kind of model did not learn from any"):
        comparer("a scorecard weighted by hand", "--neighbours")
