"""The files that evidence about columns is read from: how many rows, which columns of the tables, which answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from icp_ml.deals.settings import parse_settings
from icp_training.config import Config
from icp_training.leakage import sources
from icp_training.leakage.sources import read_sources

DEALS = 40
OUTCOME = {"column": "stage", "won": ["Won"], "lost": ["Lost"]}


def write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def config(attributes: dict[str, object], **more: object) -> Config:
    deals = {"source": "deals.csv", "id": "deal", "account": "account", "outcome": OUTCOME, "window": {"months": None}}
    return parse_settings(Config, {"deals": deals, "attributes": {"firmographic": attributes}, **more})


def deals_in(folder: Path) -> None:
    rows = [f"D{k},A{k % 10},{'Won' if k % 2 else 'Lost'},{k}" for k in range(DEALS)]
    write(folder / "deals.csv", ["deal,account,stage,seats", *rows])


def test_of_many_deals_those_that_are_looked_at_are_spread_over_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deals_in(tmp_path)
    monkeypatch.setattr(sources, "MOST_ROWS", 14)
    (seats,) = read_sources(config({"seats": "number"}), tmp_path).columns
    assert [int(seats.values[code]) for code in seats.codes] == list(range(0, DEALS, 3))


def test_a_table_in_which_an_id_stands_twice_offers_only_what_is_declared(tmp_path: Path) -> None:
    """Its other columns may differ from row to row, and nobody asked for them."""
    deals_in(tmp_path)
    once = [f"A{k},t{k % 3},r{k % 2}" for k in range(10)]
    read = config({"trade": "category"}, tables={"accounts": {"source": "accounts.csv", "id": "account"}})
    write(tmp_path / "accounts.csv", ["account,trade,region", *once])
    names = {each.name for each in read_sources(read, tmp_path).columns}
    assert names == {"seats", "trade", "region"}
    write(tmp_path / "accounts.csv", ["account,trade,region", *once, "A0,t0,r7"])
    assert {each.name for each in read_sources(read, tmp_path).columns} == {"seats", "trade"}


def test_two_attributes_of_one_answer_are_judged_once(tmp_path: Path) -> None:
    rows = [f'D{k},A{k},{"Won" if k % 2 else "Lost"},"{{""size"": ""s{k % 4}""}}"' for k in range(DEALS)]
    write(tmp_path / "deals.csv", ["deal,account,stage,ai", *rows])
    answered = {"kind": "category", "column": "ai", "answer": "size"}
    (judged,) = read_sources(config({"size": answered, "again": answered}), tmp_path).columns
    assert (judged.name, sorted(judged.values)) == ("ai: size", ["s0", "s1", "s2", "s3"])


def test_of_a_long_list_the_first_rows_tell_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is read in pieces; when there are enough rows no further piece is read."""
    deals_in(tmp_path)
    write(tmp_path / "list.csv", ["site,seats", *(f"s{k}.example,{k if k % 4 else ''}" for k in range(DEALS))])
    read = config({"seats": "number"}, prospects={"source": "list.csv", "id": "site"})
    whole = read_sources(read, tmp_path).facts.listed
    assert whole == {"site": 1.0, "seats": 0.75}
    monkeypatch.setattr(sources, "MOST_LISTED", DEALS)
    assert read_sources(read, tmp_path).facts.listed == whole
