"""Amounts of a whole table: converted as of the opening, refused where they are mixed, and the same in a list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv as pa_csv

from icp_ml.deals.attributes import resolve_attributes
from icp_ml.deals.contract import read_deals
from icp_ml.deals.kinds import NumberColumn, ParsedTable, parse_attributes
from icp_ml.deals.prospects import prospect_batches
from icp_ml.deals.settings import (
    AttributesSettings,
    DealsSettings,
    ProspectsSettings,
    TablesSettings,
    parse_settings,
)
from icp_ml.deals.table import DealTable
from icp_ml.errors import ConfigError, InputError

OPENED = ["2024-01-01", "2024-02-01", "2024-03-01", "2024-03-02"]
AMOUNTS = ["100", "100", "100", "100"]
CODES = ["USD", "EUR", "EUR", "GBP"]
RATES = "currency,date,rate\nEUR,2024-03-01,1.2\nEUR,2024-01-15,1.1\nEUR,2025-01-01,9\n"


def read(
    folder: Path,
    currency: object,
    *,
    amounts: list[str] = AMOUNTS,
    rates: str | None = RATES,
    dated: bool = True,
) -> DealTable:
    """Four deals, half of them won."""
    table = {"opened": OPENED, "closed": ["2024-04-01"] * 4, "stage": ["won", "lost"] * 2, "code": CODES}
    pa_csv.write_csv(pa.table({**table, "amount": amounts}), folder / "deals.csv")
    (folder / "rates.csv").write_text(rates or "")
    dates = {"opened": "opened", "closed": "closed"} if dated else {"window": {"months": None}}
    outcome = {"column": "stage", "won": ["won"], "lost": ["lost"]}
    deals = parse_settings(DealsSettings, {"source": "deals.csv", "outcome": outcome, **dates})
    tables = parse_settings(TablesSettings, {"rates": {"source": "rates.csv"}} if rates else {})
    declared = {"kind": "number", "column": "amount", **({} if currency is None else {"currency": currency})}
    attributes = parse_settings(AttributesSettings, {"firmographic": {"budget": declared}})
    return read_deals(deals, tables, resolve_attributes(attributes, ()), folder)


def values_of(parsed: ParsedTable) -> list[float | None]:
    column = parsed.columns["budget"]
    assert isinstance(column, NumberColumn)
    return [None if np.isnan(value) else round(float(value), 9) for value in column.values]


DAY = np.array("2024-06-30", dtype="datetime64[D]")
DECLARED = {"column": "code", "to": "USD"}


def test_amounts_are_converted_at_the_rate_of_the_day_on_which_the_deal_opened(tmp_path: Path) -> None:
    table = read(tmp_path, DECLARED)
    assert values_of(table.parsed) == [100, 110, 120, None]
    (lost,) = table.parsed.unreadable
    assert (lost.attribute, lost.rows, lost.examples) == ("budget", 1, ("100 GBP",))


def test_a_list_is_converted_at_the_latest_rate_that_the_deals_came_with(tmp_path: Path) -> None:
    table = read(tmp_path, DECLARED)
    # The extract is of 1 April 2024, so that the rate of 2025 was not known; nobody asks for the table again.
    (tmp_path / "rates.csv").unlink()
    (tmp_path / "list.csv").write_text("id,amount,code\n1,100,EUR\n2,100,USD\n3,100,GBP\n4,100,\n")
    (batch,) = prospect_batches(tmp_path / "list.csv", ProspectsSettings(), table.attributes)
    parsed = parse_attributes(batch, table.attributes, DAY)
    assert values_of(parsed) == [120, 100, None, None]
    assert parsed.unreadable[0].rows == 2


def test_a_row_means_the_same_alone_and_in_a_batch(tmp_path: Path) -> None:
    table = read(tmp_path, DECLARED)
    amounts = pa.table({"amount": ["€100", "$100", "100", "x", None], "code": ["EUR", "USD", None, "EUR", "EUR"]})
    together = values_of(parse_attributes(amounts, table.attributes, DAY))
    alone = [values_of(parse_attributes(amounts.slice(row, 1), table.attributes, DAY))[0] for row in range(5)]
    assert together == alone == [120, 100, None, None, None]


def test_a_list_without_the_column_is_read_as_far_as_its_texts_say(tmp_path: Path) -> None:
    table = read(tmp_path, DECLARED)
    amounts = pa.table({"amount": ["€100", "100"]})
    assert values_of(parse_attributes(amounts, table.attributes, DAY)) == [120, None]


@pytest.mark.parametrize(
    "mixed", [["$100", "€100", "100", "100"], ["100", "US$5", "C$5", "1"], ["5 EUR", "$5", "", ""]]
)
def test_amounts_in_several_currencies_are_never_read_as_one(tmp_path: Path, mixed: list[str]) -> None:
    with pytest.raises(
        InputError, match=r"expected the amounts of 'amount' in one currency, found '.*' and '.*'; declare"
    ):
        read(tmp_path, None, amounts=mixed)


def test_a_list_in_another_currency_than_the_deals_is_counted_as_unreadable(tmp_path: Path) -> None:
    table = read(tmp_path, None, amounts=["$100", "$200", "300", "US$400"], rates=None)
    assert values_of(table.parsed) == [100, 200, 300, 400]
    amounts = pa.table({"amount": ["€100", "$100", "100", "C$100"]})
    parsed = parse_attributes(amounts, table.attributes, DAY)
    assert values_of(parsed) == [None, 100, 100, None]
    assert (parsed.unreadable[0].rows, parsed.unreadable[0].examples) == (2, ("€100", "C$100"))


def test_the_short_form_takes_one_currency_and_no_rates(tmp_path: Path) -> None:
    table = read(tmp_path, "usd", amounts=["$100", "€200", "300", "400 USD"], rates=None)
    assert values_of(table.parsed) == [100, None, 300, 400]


REFUSED = [
    ("currency,date,rate\nEUR,2024-01-01,0\n", "a rate above zero in every row, found 1 rows without"),
    ("currency,date,rate\nEUR,soon,1\n,2024-01-01,1\n", "found 2 rows without"),
    (
        "currency,date,rate\nEUR,2024-01-01,1\nEUR,2024-01-01,2\n",
        "one rate a day for EUR, found 1.0 and 2.0 on 2024-01-01",
    ),
    ("code,date,rate\nEUR,2024-01-01,1\n", "expected a column 'currency'"),
]


@pytest.mark.parametrize(("rates", "sentence"), REFUSED)
def test_a_table_of_rates_that_cannot_be_used_is_told(tmp_path: Path, rates: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read(tmp_path, DECLARED, rates=rates)


def test_without_opening_dates_nothing_can_be_converted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at the rate of the day on which the deal opened"):
        read(tmp_path, DECLARED, dated=False)


def test_a_currency_beside_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected 'currency' only beside 'kind: number'"):
        parse_settings(AttributesSettings, {"firmographic": {"a": {"kind": "flag", "currency": "USD"}}})
    with pytest.raises(ConfigError, match="currency"):
        parse_settings(AttributesSettings, {"firmographic": {"a": {"kind": "number", "currency": "dollars"}}})


def test_rates_lead_to_one_currency(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text(
        "opened,closed,stage,amount,price,code\n2024-01-01,2024-04-01,won,1,1,EUR\n2024-01-01,2024-04-01,lost,1,1,EUR\n"
    )
    (tmp_path / "rates.csv").write_text(RATES)
    declared = {
        name: {"kind": "number", "currency": {"column": "code", "to": to}}
        for name, to in (("amount", "USD"), ("price", "GBP"))
    }
    attributes = parse_settings(AttributesSettings, {"firmographic": declared})
    outcome = {"column": "stage", "won": ["won"], "lost": ["lost"]}
    deals = parse_settings(
        DealsSettings, {"source": "deals.csv", "outcome": outcome, "opened": "opened", "closed": "closed"}
    )
    tables = parse_settings(TablesSettings, {"rates": {"source": "rates.csv"}})
    with pytest.raises(ConfigError, match="are to be in 'GBP', 'USD'; give all of them the same 'to'"):
        read_deals(deals, tables, resolve_attributes(attributes, ()), tmp_path)
