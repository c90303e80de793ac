"""Tables beside the deals: no deal is lost, every row is counted, and what does not match is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.companies import same_companies
from icp_ml.deals.company_settings import CompanySettings
from icp_ml.deals.contract import Besides, read_deals
from icp_ml.deals.kinds import CategoryColumn
from icp_ml.deals.ledger import TableLedger, UnmatchedName
from icp_ml.deals.settings import DealsSettings, TablesSettings, parse_settings
from icp_ml.deals.table import DealTable
from icp_ml.errors import ConfigError, IcpError, InputError

LINE = Attribute("line", "line", "category", "firmographic", "fit")
REGION = Attribute("region", "region", "category", "firmographic", "fit")
PRODUCTS = {"source": "products.csv", "column": "item", "id": "product"}
DEALS = (
    "id,who,stage,item,site",
    "1,a,Won,GTX Pro,",
    "2,b,Lost,GTXPro,",
    "3,b,Open,GTXPro,",
    "4,c,Lost,,",
    "5,,Open,Saw,",
)
ROWS = ("product,line", "GTX Pro,pro", "Axe,hand", ",none", "GTX Pro,pro")


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(folder: Path, *lookups: Any, attributes: tuple[Attribute, ...] = (LINE,), **company: Any) -> DealTable:
    deals = {
        "source": "deals.csv",
        "id": "id",
        "account": "who",
        "outcome": {"column": "stage", "won": "Won", "lost": "Lost", "open": "Open"},
    }
    tables = parse_settings(TablesSettings, {"lookups": list(lookups)})
    settings = parse_settings(DealsSettings, deals)
    return read_deals(settings, tables, attributes, folder, besides=Besides(CompanySettings(**company)))


def refusal(folder: Path, error: type[IcpError], *lookups: Any, attributes: tuple[Attribute, ...] = (LINE,)) -> str:
    with pytest.raises(error) as caught:
        read(folder, *lookups, attributes=attributes)
    return caught.value.sentence


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "deals.csv", *DEALS)
    write(tmp_path, "products.csv", *ROWS)
    return tmp_path


def lines_of(deals: DealTable) -> list[str | None]:
    column = deals.parsed.columns["line"]
    assert isinstance(column, CategoryColumn)
    return [column.levels[code] if code >= 0 else None for code in column.codes]


def test_every_row_of_both_tables_is_in_one_count(folder: Path) -> None:
    deals = read(folder, PRODUCTS)
    # Of the five deals one matches, three name what the table lacks and one names nothing. Of the four products the
    # last repeats the first, one has no name, one is referred to, and nobody buys an axe.
    assert deals.tables == (
        TableLedger(
            table="products.csv", on="item", read=4, without_id=1, repeated=1, referenced=1, unreferenced=1,
            deals=5, matched=1, unmatched=3, blank=1,
            unmatched_names=(UnmatchedName("GTXPro", 2, "GTX Pro"), UnmatchedName("Saw", 1, None)),
            unmatched_distinct=2,
        ),
    )  # fmt: skip
    assert lines_of(deals) == ["pro", None, None]
    assert deals.counts()["products.csv: never referenced"] == 1


def test_a_spelling_that_is_declared_matches(folder: Path) -> None:
    deals = read(folder, {**PRODUCTS, "spelled": {"GTXPro": "GTX Pro"}})
    assert (deals.tables[0].matched, deals.tables[0].unmatched) == (3, 1)
    assert lines_of(deals) == ["pro", "pro", None]


def test_a_spelling_that_leads_nowhere_is_refused(folder: Path) -> None:
    sentence = refusal(folder, ConfigError, {**PRODUCTS, "spelled": {"GTXPro": "GTX Por"}})
    assert "'GTXPro' leads to 'GTX Por', which products.csv lacks; did you mean 'GTX Pro'?" in sentence


def test_an_id_on_rows_that_differ_is_refused(folder: Path) -> None:
    write(folder, "products.csv", *ROWS, "Axe,garden")
    assert "found 1 of them on several rows that differ, for example 'Axe'" in refusal(folder, InputError, PRODUCTS)


def test_any_number_of_tables_join_by_columns_of_the_deals(folder: Path) -> None:
    write(folder, "people.csv", "who,region", "a,north", "b,south", "c,north")
    deals = read(folder, PRODUCTS, {"source": "people.csv", "column": "who"}, attributes=(LINE, REGION))
    assert [(each.table, each.matched) for each in deals.tables] == [("products.csv", 1), ("people.csv", 4)]
    assert len(deals.won) == 3
    assert not deals.parsed.missing("region").any()


def test_a_column_in_two_tables_or_in_none_is_refused(folder: Path) -> None:
    write(folder, "more.csv", "who,line", "a,x")
    both = refusal(folder, InputError, PRODUCTS, {"source": "more.csv", "column": "who"})
    assert "the column 'line' in one table beside the deals, found it in 'products.csv', 'more.csv'" in both
    none = refusal(
        folder, InputError, PRODUCTS, attributes=(Attribute("l", "lines", "category", "firmographic", "fit"),)
    )
    assert "the column 'lines' in the deals or in 'products.csv', found none of that name; did you mean 'line'?" in none


def test_the_columns_of_the_deals_go_before_those_of_a_table(folder: Path) -> None:
    write(folder, "deals.csv", "id,who,stage,item,line", "1,a,Won,Axe,own", "2,b,Lost,Axe,own")
    assert lines_of(read(folder, PRODUCTS)) == ["own", "own"]


def test_a_table_that_does_not_add_up_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="not all accounted for"):
        TableLedger("t", "c", 3, 1, 0, 1, 0, deals=1, matched=1, unmatched=0, blank=0).check()


SITES = (
    "id,who,stage,item,site",
    "1,a1,Won,x,https://www.acme.com/",
    "2,a2,Lost,y,ACME.com",
    "3,a3,Lost,z,gmail.com",
    "4,a4,Lost,w,gmail.com",
    "5,a5,Won,v,",
    "6,a6,Won,u,",
)
ITEM = Attribute("item", "item", "category", "firmographic", "fit")


def test_accounts_with_one_web_domain_stay_on_one_side_and_others_do_not(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", *SITES)
    groups = read(tmp_path, attributes=(ITEM,), domain="site").groups()
    assert groups[0] == groups[1]
    assert len(set(groups.tolist())) == 5
    assert len(set(read(tmp_path, attributes=(ITEM,)).groups().tolist())) == 6


def test_taking_rows_keeps_what_companies_are_recognised_by(tmp_path: Path) -> None:
    write(tmp_path, "deals.csv", *SITES)
    taken = read(tmp_path, attributes=(ITEM,), domain="site").take(np.array([4, 1, 0]))
    assert taken.groups()[1] == taken.groups()[2] != taken.groups()[0]


def test_groups_are_told_by_domain_first_and_a_name_only_where_it_says_more(tmp_path: Path) -> None:
    named = ["id,who,stage,item,site,name", "1,a1,Won,x,acme.com,Acme Inc", "2,a2,Lost,y,acme.com,ACME"]
    named += ["3,a3,Lost,z,,Bolt Ltd", "4,a4,Won,w,bolt.io,bolt", "5,a4,Won,q,bolt.io,bolt", "6,a5,Won,v,,Acme East"]
    write(tmp_path, "deals.csv", *named)
    deals = read(tmp_path, attributes=(ITEM,), domain="site", name="name")
    assert deals.company is not None
    found = same_companies(deals.accounts, deals.won, deals.company)
    told = [(each.by, each.key, each.accounts, each.deals, each.won) for each in found]
    # The two accounts at acme.com are called alike as well, which says nothing new.
    assert told == [("domain", "acme.com", ("a1", "a2"), 2, 1), ("name", "bolt", ("a3", "a4"), 3, 2)]


def test_without_a_declared_column_the_account_itself_is_read(tmp_path: Path) -> None:
    rows = ["Acme Corp.", "ACME Corporation", "http://bolt.io", "bolt.io", "X-1", "X1"]
    written = [f"{k},{who},{'Won' if k % 2 else 'Lost'},i{k}," for k, who in enumerate(rows)]
    write(tmp_path, "deals.csv", "id,who,stage,item,site", *written)
    deals = read(tmp_path, attributes=(ITEM,))
    assert deals.company is not None
    found = same_companies(deals.accounts, deals.won, deals.company)
    assert [(each.by, each.accounts) for each in found] == [
        ("domain", ("bolt.io", "http://bolt.io")),
        ("name", ("ACME Corporation", "Acme Corp.")),
    ]


def test_a_name_of_marks_alone_resembles_nothing(folder: Path) -> None:
    write(folder, "deals.csv", *DEALS, "6,a,Lost,--,")
    told = {each.text: each.near for each in read(folder, PRODUCTS).tables[0].unmatched_names}
    assert told == {"GTXPro": "GTX Pro", "Saw": None, "--": None}
