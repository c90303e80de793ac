"""What becomes of each row of an export, worked by hand on one small table.

The extract day is 2024-06-30 and the window 12 months, so that a deal closed on 2023-06-30 is inside it and one
closed a day earlier is not.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from icp_ml.deals.admission import months_before
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.settings import (
    DealsSettings,
    OutcomeSettings,
    RepeatedIds,
    TablesSettings,
    WindowSettings,
    parse_settings,
)
from icp_ml.errors import ConfigError, InputError

EXPORT = """
    line | id | account | opened     | closed     | stage  | fate
    2    | d1 | a1      | 2024-01-01 | 2024-02-01 | Won    | accepted
    3    | d2 | a2      | 2023-01-01 | 2023-06-30 | lost   | accepted
    4    | d3 | a3      | 2023-01-01 | 2023-06-29 | Lost   | out of window
    5    | d4 |         | 2024-01-01 | 2024-02-01 | Lost   | rejected: no account id
    6    | d5 | a5      |            | 2024-02-01 | Lost   | rejected: no opening date
    7    | d6 | a6      | 2024-01-01 |            | Won    | rejected: no closing date
    8    | d7 | a7      | 2024-13-01 | 2024-02-01 | Won    | rejected: unreadable opening date
    9    | d8 | a8      | 2024-03-01 | 2024-02-01 | Won    | rejected: closed before it opened
    10   | d9 | a9      | 2024-03-01 | 2024-03-01 | Won    | accepted
    11   | d10|         |            | 2025-02-01 | Open   | open
    12   | d11| a11     | 2024-05-05 |            | Open   | open
    13   | d12| a12     | 2024-01-01 | 2024-02-01 | Test   | ignored
    14   | d1 | a1      | 2024-01-01 | 2024-03-01 | Lost   | repeated
    15   | d14| a14     | 2024-01-01 | 2024-02-01 |        | rejected: no outcome
    16   | d15| a15     | 2024-01-01 | 2024-07-01 | Won    | rejected: closing date after the extract
    17   |    | a16     | 2024-01-01 | 2024-02-01 | Lost   | rejected: no deal id
    18   | d17| a17     | 2024-01-01 | 2024-02-01 | Lost   | accepted
    19   | d18| a18     | 2024-01-01 | 2024-02-01 | Lost   | accepted
    20   | d19| a19     | 2024-01-01 | 2024-02-01 | Lost   | accepted
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in EXPORT.strip().splitlines()]
INDUSTRY = Attribute("industry", "account", "category", "firmographic", "fit")


def read(folder: Path, repeated_ids: RepeatedIds, since: date | None = None, d11: str = "2024-05-05") -> DealTable:
    """since: see `WindowSettings`. d11: the day on which that deal opened."""
    lines = [",".join(row[1:6]).replace("2024-05-05", d11) for row in ROWS]
    (folder / "deals.csv").write_text("\n".join(lines), encoding="utf-8")
    settings = DealsSettings(
        source="deals.csv",
        id="id",
        account="account",
        opened="opened",
        closed="closed",
        outcome=OutcomeSettings(column="stage", won=("Won",), lost=("Lost",), open=("Open",), ignore=("Test",)),
        window=WindowSettings(months=12, since=since),
        extracted=date(2024, 6, 30),
        repeated_ids=repeated_ids,
    )
    return read_deals(settings, TablesSettings(), (INDUSTRY,), folder)


def test_every_row_has_the_fate_that_the_table_says(tmp_path: Path) -> None:
    deals = read(tmp_path, "keep_first")
    fate = {int(row[0]): row[6] for row in ROWS[1:]}
    rejected = {line: text for line, text in fate.items() if text.startswith("rejected")}
    assert {row.line: f"rejected: {row.reason}" for row in deals.rejected} == rejected
    assert sorted(deals.ids) == sorted(row[1] for row in ROWS[1:] if row[6] == "accepted")


def test_the_ledger_adds_up_to_the_rows_read(tmp_path: Path) -> None:
    ledger = read(tmp_path, "keep_first").ledger
    assert (ledger.read, ledger.rejected, ledger.ignored, ledger.out_of_window) == (19, 8, 1, 1)
    assert (ledger.open, ledger.repeated, ledger.accepted) == (2, 1, 6)
    assert 8 + 1 + 1 + 2 + 1 + 6 == 19


def test_the_ledger_tells_of_every_rule_and_of_what_cannot_be_judged_only_where_there_is_such_a_row(
    tmp_path: Path,
) -> None:
    told = [step.name for step in read(tmp_path, "keep_all").ledger.steps]
    assert told == ["read", "rejected", "ignored", "out of window", "open", "repeated", "accepted"]


def test_an_open_deal_counts_as_censored_from_the_opening_that_can_be_read(tmp_path: Path) -> None:
    assert read(tmp_path, "keep_first").open_deals.opened.tolist() == [date(2024, 5, 5)]


def test_a_deal_opened_before_the_day_since_which_deals_count_is_out_of_the_window(tmp_path: Path) -> None:
    """d2 opened in 2023; d3 is out by its closing already. An open deal of before does not say how long deals take."""
    found = read(tmp_path, "keep_first", date(2024, 1, 1))
    assert sorted(found.ids) == ["d1", "d17", "d18", "d19", "d9"]
    assert (found.ledger.out_of_window, found.ledger.accepted) == (2, 5)
    (step,) = (each for each in found.ledger.steps if each.name == "out of window")
    assert step.explanation == "closed more than 12 months before the extract or opened before 2024-01-01"
    assert found.open_deals.opened.tolist() == [date(2024, 5, 5)]
    assert read(tmp_path, "keep_first", date(2024, 1, 1), d11="2023-05-05").open_deals.opened.tolist() == []
    assert read(tmp_path, "keep_first", d11="2023-05-05").open_deals.opened.tolist() == [date(2023, 5, 5)]


def test_a_day_of_opening_needs_openings() -> None:
    said = {"source": "deals.csv", "outcome": {"column": "stage", "won": ["Won"], "lost": ["Lost"]}}
    with pytest.raises(ConfigError, match=r"deals.opened beside deals.window.since"):
        parse_settings(DealsSettings, {**said, "window": {"since": date(2024, 3, 1)}})


def test_repeated_ids_are_refused_kept_once_or_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found 1 rows that repeat one, for example 'd1'"):
        read(tmp_path, "refuse")
    assert read(tmp_path, "keep_all").ledger.accepted == 7


@pytest.mark.parametrize(
    ("day", "months", "answer"),
    [
        ("2024-06-30", 12, "2023-06-30"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2024-03-31", 1, "2024-02-29"),
        ("2024-01-15", 24, "2022-01-15"),
    ],
)
def test_months_are_counted_in_the_calendar(day: str, months: int, answer: str) -> None:
    assert months_before(np.datetime64(day, "D"), months) == np.datetime64(answer)
