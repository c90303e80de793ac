"""What is true of every table: the future changes nothing, order changes nothing, company is no neighbour."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icp_ml.deals.attributes import resolve_attributes
from icp_ml.deals.list_tables import open_list_tables
from icp_ml.deals.point_in_time import build_columns, open_tables
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.settings import AttributesSettings, parse_settings

START = date(2024, 1, 1)
ACCOUNTS = ("a", "b", "c")
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

RECIPES: dict[str, dict[str, object]] = {
    "count": {"kind": "number", "from": {"table": "signals", "measure": "count", "days": 5}},
    "heat": {"kind": "number", "from": {"table": "signals", "measure": "decay", "half_life": 3}},
    "since": {"kind": "number", "from": {"table": "signals", "measure": "days_since"}},
    "total": {"kind": "number", "from": {"table": "signals", "measure": "total"}},
    "last": {"kind": "category", "from": {"table": "signals", "of": "type"}},
    "kinds": {"kind": "set", "from": "signals"},
    "tools": {"kind": "set", "from": "technologies"},
    "dropped": {"kind": "flag", "from": {"table": "technologies", "event": "dropped"}},
}
ATTRIBUTES = resolve_attributes(parse_settings(AttributesSettings, {"behavioural": RECIPES}), ())
TABLES = parse_settings(
    DatedTables,
    {
        "signals": {
            "source": "signals.parquet", "account": "account", "type": "type", "occurred": "first", "known": "known",
            "value": "value",
        },
        "technologies": {
            "source": "technologies.parquet", "account": "account", "tool": "type", "first_seen": "first",
            "last_seen": "last", "known": "known", "lapse": 2,
        },
    },
)  # fmt: skip

Fact = tuple[str, str, int, int, int, int]
days = st.integers(0, 20)
fact = st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from("xyz"), days, days, days, st.integers(0, 3))
rows = st.lists(fact, min_size=1, max_size=25)


def written(folder: Path, facts: list[Fact]) -> pa.Table:
    frame = pd.DataFrame(facts, columns=["account", "type", "first", "lag", "ran", "value"])
    first = [START + timedelta(days=day) for day in frame["first"]]
    known = [day + timedelta(days=int(lag)) for day, lag in zip(first, frame["lag"], strict=True)]
    last = [day + timedelta(days=int(ran)) for day, ran in zip(first, frame["ran"], strict=True)]
    frame = frame.assign(first=first, known=known, last=last, value=frame["value"].astype(float))
    for name in ("signals", "technologies"):
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    asked = [account for account in (*ACCOUNTS, "d") for _ in range(22)]
    when = np.tile(np.datetime64(START) + np.arange(22), len(ACCOUNTS) + 1)
    return build_columns(pa.array(asked), when, open_tables(TABLES, ATTRIBUTES, folder), ATTRIBUTES)


@FEW
@given(rows)
def test_what_becomes_known_later_changes_nothing(tmp_path: Path, facts: list[Fact]) -> None:
    """With every row that was not known by a day taken away, that day's answers are the same: unknown ones too.

    A tool may have been seen for the last time after the day; that it is in use on the day is then known on the day.
    """
    whole = written(tmp_path, facts)
    day = 10
    by_then = [fact for fact in facts if fact[2] + fact[3] <= day]
    if not by_then:
        assert all(value is None for name in whole.column_names for value in whole.column(name).to_pylist()[day::22])
        return
    before = written(tmp_path, by_then)
    for name in whole.column_names:
        assert whole.column(name).to_pylist()[day::22] == before.column(name).to_pylist()[day::22], name


@FEW
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(tmp_path: Path, facts: list[Fact], random: Random) -> None:
    one = written(tmp_path, facts)
    shuffled = list(facts)
    random.shuffle(shuffled)
    other = written(tmp_path, shuffled)
    assert one.equals(other)


@FEW
@given(rows)
def test_a_list_read_in_parts_is_the_list_read_at_once(tmp_path: Path, facts: list[Fact]) -> None:
    written(tmp_path, facts)
    tables = open_list_tables(TABLES, ATTRIBUTES, tmp_path)
    whole = pa.RecordBatch.from_pydict({"who": [*ACCOUNTS, "d"]})
    day = START + timedelta(days=9)
    at_once = tables.completed(whole, "who", day).to_pylist()
    one_by_one = [tables.completed(whole.slice(place, 1), "who", day).to_pylist()[0] for place in range(4)]
    assert at_once == one_by_one


@pytest.mark.parametrize("text", [" a ", "a"])
def test_an_account_is_the_same_with_space_around_it(text: str, tmp_path: Path) -> None:
    written(tmp_path, [(" a", "x", 0, 0, 5, 1)])
    tables = open_tables(TABLES, ATTRIBUTES, tmp_path)
    day = np.array(START, dtype="datetime64[D]")
    assert build_columns(pa.array([text]), day, tables, ATTRIBUTES).column("kinds").to_pylist() == [["x"]]
