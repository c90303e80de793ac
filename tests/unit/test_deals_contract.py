"""Deals, accounts and prospects against their declarations."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.kinds import CategoryColumn
from icp_ml.deals.ledger import RowLedger
from icp_ml.deals.prospects import absent_attributes, open_prospects, prospect_batches
from icp_ml.deals.settings import (
    DealsSettings,
    ProspectsSettings,
    TablesSettings,
    WindowSettings,
    parse_settings,
)
from icp_ml.deals.sufficiency import AccountCounts, account_floor, check_floors
from icp_ml.deals.table import joined_groups
from icp_ml.errors import ConfigError, IcpError, InputError, TooFewDeals

SIZE = Attribute("size", "size", "number", "firmographic", "fit")
MANY = tuple(Attribute(f"a{k}", f"a{k}", "category", "firmographic", "fit") for k in range(8))


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def settings(**changes: Any) -> DealsSettings:
    declared = {"source": "deals.csv", "outcome": {"column": "stage", "won": ["Won"], "lost": ["Lost"]}}
    return parse_settings(DealsSettings, declared | changes)


def read(folder: Path, attributes: tuple[Attribute, ...] = (SIZE,), **changes: Any) -> DealTable:
    tables = parse_settings(TablesSettings, changes.pop("tables", {}))
    return read_deals(settings(**changes), tables, attributes, folder)


def refusal(folder: Path, error: type[IcpError], **changes: Any) -> str:
    with pytest.raises(error) as caught:
        read(folder, **changes)
    return caught.value.sentence


def test_without_id_and_account_each_row_is_its_own_deal_and_account(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "stage,size", "Won,1", "Lost,2")
    deals = read(tmp_path)
    assert deals.ids.tolist() == deals.accounts.tolist() == ["2", "3"]
    assert deals.won.tolist() == [1, 0]
    assert (deals.opened, deals.closed, deals.extracted) == (None, None, None)
    assert len(deals.open_deals.opened) == 0


def test_an_outcome_value_that_is_not_listed_is_told_with_its_rows(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "stage,size", "Won,1", "Lost,2", "Stalled,3", "Stalled,4", "Maybe,5")
    sentence = refusal(tmp_path, InputError)
    assert "found 'Stalled (2 rows)', 'Maybe (1 rows)' under none; add each to one of the four lists" in sentence


def test_a_value_that_is_not_listed_is_told_wherever_it_stands(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "stage,size", "Stalled,1", "Won,2", "Lost,3")
    assert "found 'Stalled (1 rows)' under none" in refusal(tmp_path, InputError)


def test_a_deal_of_the_day_of_the_extract_counts_and_one_of_the_day_after_is_rejected(tmp_path: Path) -> None:
    rows = ("Won,1,2024-06-30,2024-06-30", "Lost,2,2024-06-01,2024-06-30", "Lost,3,2024-06-01,2024-07-01")
    write(tmp_path, "deals.csv", "stage,size,o,c", *rows)
    deals = read(tmp_path, opened="o", closed="c", extracted=date(2024, 6, 30))
    assert deals.won.tolist() == [0, 1]
    assert [(row.line, row.reason) for row in deals.rejected] == [(4, "closing date after the extract")]


def test_a_missing_outcome_column_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "Stages,size", "Won,1")
    assert refusal(tmp_path, InputError).endswith("did you mean 'Stages'?")


def test_one_class_only_is_too_few(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "stage,size", "Won,1", "Won,2")
    assert "found none that is lost among 2 accepted rows" in refusal(tmp_path, TooFewDeals)


def test_dates_that_mostly_cannot_be_read_are_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "stage,size,o", "Won,1,1/31/2024", "Lost,2,2/1/2024", "Lost,2,2024-02-01")
    sentence = refusal(tmp_path, InputError, opened="o")
    assert "'unreadable opening date' in 2 of 3 won or lost deals" in sentence
    assert "dates like 2024-12-31 were expected and '1/31/2024' was found" in sentence
    assert read(tmp_path, opened="o", date_order="mdy").ledger.accepted == 3


def test_a_window_that_holds_nothing_is_told(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "stage,size,c", "Won,1,2020-01-01", "Lost,2,2020-01-02")
    assert "found none and 2 before it" in refusal(tmp_path, InputError, closed="c", extracted="2024-01-01")
    kept = read(tmp_path, closed="c", extracted="2024-01-01", window=WindowSettings(months=None))
    assert kept.ledger.accepted == 2


def test_the_extract_day_is_the_last_thing_that_happened_not_the_last_plan(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "stage,size,c", "Won,1,2024-01-01", "Lost,2,2024-01-02", "Open,3,2024-12-31")
    outcome = {"column": "stage", "won": "Won", "lost": "Lost", "open": "Open"}
    assert read(tmp_path, closed="c", outcome=outcome).extracted == np.datetime64("2024-01-02")


def test_no_attribute_is_told(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "stage", "Won", "Lost")
    assert "at least one attribute" in refusal(tmp_path, ConfigError, attributes=())


def accounts_beside(folder: Path, *rows: str) -> dict[str, Any]:
    write(folder, "deals.csv", "stage,who,size", "Won,a,1", "Lost, b ,2", "Lost,nobody,3")
    write(folder, "accounts.csv", "name,sector", *rows)
    return {"account": "who", "tables": {"accounts": {"source": "accounts.csv", "id": "name"}}}


def test_deals_get_the_columns_of_their_account_and_keep_their_row_without_one(tmp_path: Path) -> None:
    declared = accounts_beside(tmp_path, "b,steel", "a,wood", ",none", ",none")
    sector = Attribute("sector", "sector", "category", "firmographic", "fit")
    deals = read(tmp_path, (SIZE, sector), **declared)
    column = deals.parsed.columns["sector"]
    assert isinstance(column, CategoryColumn)
    assert [column.levels[code] if code >= 0 else None for code in column.codes] == ["wood", "steel", None]
    assert deals.unmatched_accounts == 1


def test_an_account_on_two_rows_is_refused(tmp_path: Path) -> None:
    declared = accounts_beside(tmp_path, "a,wood", "a,steel")
    sector = Attribute("sector", "sector", "category", "firmographic", "fit")
    sentence = refusal(tmp_path, InputError, attributes=(sector,), **declared)
    assert "found 1 of them on several rows that differ, for example 'a'" in sentence


def test_accounts_need_a_reference(tmp_path: Path) -> None:
    declared = accounts_beside(tmp_path, "a,wood") | {"account": None}
    assert "deals.account" in refusal(tmp_path, ConfigError, **declared)


def copies(folder: Path, attributes: int, *, blank: bool = False) -> DealTable:
    values = ",".join("" if blank else f"v{k}" for k in range(8))
    rows = [f"Won,1,{values}", f"Lost,2,{values}", f"Lost,2,{values}", f"Lost,4,other{values}"]
    write(folder, "deals.csv", "stage,id," + ",".join(f"a{k}" for k in range(8)), *rows)
    return read(folder, MANY[:attributes], id="id", repeated_ids="keep_all")


def test_rows_alike_in_eight_known_attributes_are_copies(tmp_path: Path) -> None:
    assert len(set(copies(tmp_path, 8).identical[:3].tolist())) == 1
    assert copies(tmp_path, 8).groups().tolist() == [0, 0, 0, 1]


def test_rows_alike_in_few_or_in_blanks_are_copies_only_with_one_id(tmp_path: Path) -> None:
    for deals in (copies(tmp_path, 7), copies(tmp_path, 8, blank=True)):
        one, two, again, _ = deals.identical.tolist()
        assert one != two == again


def test_groups_join_through_others() -> None:
    accounts = np.array(["a", "b", "b", "c", "d"], dtype=object)
    ids = np.array(["1", "1", "2", "3", "4"], dtype=object)
    identical = np.array([0, 1, 2, 2, 3])
    assert joined_groups(accounts, ids, identical).tolist() == [0, 0, 0, 0, 1]


def test_taking_rows_takes_them_everywhere(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", "stage,size,o", "Won,1,2024-01-01", "Lost,2,2024-01-02", "Lost,3,2024-01-03")
    taken = read(tmp_path, opened="o").take(np.array([2, 0]))
    assert taken.ids.tolist() == ["4", "2"]
    assert taken.won.tolist() == [0, 1]
    assert taken.opened is not None
    assert taken.opened.astype(str).tolist() == ["2024-01-03", "2024-01-01"]
    assert taken.parsed.n_rows == 2


def test_a_ledger_that_does_not_add_up_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="10 rows were read and 9 are accounted for"):
        RowLedger(read=10, rejected=1, ignored=1, out_of_window=1, open=1, repeated=1, accepted=4).check()


def test_floors_count_accounts_and_not_deals() -> None:
    won = np.array([1] * 100 + [0] * 30, dtype=np.int8)
    accounts = np.array([f"w{k % 12}" for k in range(100)] + [f"l{k}" for k in range(30)], dtype=object)
    counts = account_floor(won, accounts)
    assert counts == AccountCounts(won_accounts=12, lost_accounts=30)
    with pytest.raises(TooFewDeals, match="at least 30 accounts with a won deal, found 12"):
        check_floors(counts)
    check_floors(AccountCounts(30, 30))


LIST = ProspectsSettings(id="Name", map={"Company Size": "size", "Elsewhere": "a1"})


def test_a_list_is_read_under_the_names_of_the_attributes(tmp_path: Path) -> None:
    write(tmp_path, "list.csv", "Company Size,Name,Note", "10,acme,x", "20,globex,y")
    batch = next(prospect_batches(tmp_path / "list.csv", LIST, (SIZE, MANY[1])))
    assert batch.to_pydict() == {"Name": ["acme", "globex"], "size": ["10", "20"]}
    assert open_prospects(tmp_path / "list.csv", LIST, (SIZE, MANY[1])).absent == ("a1",)


def test_absent_attributes_are_named_in_their_order() -> None:
    assert absent_attributes(["size", "a1"], (MANY[0], SIZE, MANY[2])) == ("a0", "a2")


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("Name,Note", "expected columns such as 'size', found none of them among 'Name', 'Note'"),
        ("Names,size", "expected the id column 'Name', found none of that name; did you mean 'Names'?"),
        ("Name,size,Company Size", "expected one column for 'size', found several"),
    ],
)
def test_a_list_that_cannot_be_used_is_told(tmp_path: Path, header: str, part: str) -> None:
    write(tmp_path, "list.csv", header, ",".join("1" for _ in header.split(",")))
    with pytest.raises(InputError) as caught:
        list(prospect_batches(tmp_path / "list.csv", LIST, (SIZE,)))
    assert part in caught.value.sentence
