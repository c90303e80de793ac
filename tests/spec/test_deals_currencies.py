"""What an amount is worth in the currency of its attribute, as tables to argue over; worked by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.currencies import Currency, RateSeries, codes_named
from icp_ml.deals.kinds import NumberColumn, parse_attributes

# One EUR was 1.10 USD from 2 January on and 1.20 from 1 March on; one JPY was 0.01 USD from 1 January on.
RATES = (
    RateSeries("EUR", ("2024-01-02", "2024-03-01"), (1.1, 1.2)),
    RateSeries("JPY", ("2024-01-01",), (0.01,)),
)

MARKED = """
    1,200         | any
    $1,200        | any dollar
    US$ 5         | USD
    C$5           | CAD
    5 A$          | AUD
    R$ 5          | BRL
    1.200 €       | EUR
    EUR 5m        | EUR
    5m eur        | EUR
    £5            | GBP
    ¥5            | CNY JPY
    $5 USD        | USD
    $5 EUR        | none
    $5M-10M       | any dollar
    5 euros       | any
    12 %          | any
"""


def rows_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


@pytest.mark.parametrize(("text", "codes"), rows_of(MARKED))
def test_a_text_names_its_currency(text: str, codes: str) -> None:
    found = codes_named(text)
    if codes == "any dollar":
        assert found is not None
        assert {"USD", "CAD", "AUD"} < found
        assert "EUR" not in found
    else:
        spelled = "any" if found is None else " ".join(sorted(found)) or "none"
        assert spelled == codes


# text | what the column says, "-" for no such column | day | worth in USD
AMOUNTS = """
    1,200   | -    | 2024-02-28 | 1200
    $1,200  | -    | 2024-02-28 | 1200
    US$100  | -    | 2024-02-28 | 100
    C$100   | -    | 2024-02-28 | unreadable
    €100    | -    | 2024-01-01 | unreadable
    €100    | -    | 2024-01-02 | 110
    €100    | -    | 2024-02-29 | 110
    €100    | -    | 2024-03-01 | 120
    €100    | -    | 2031-01-01 | 120
    ¥100    | -    | 2024-02-28 | unreadable
    €1.5M   | -    | 2024-03-01 | 1800000
    100     | USD  | 2024-02-28 | 100
    100     | eur  | 2024-02-28 | 110
    €100    | EUR  | 2024-02-28 | 110
    ¥100    | JPY  | 2024-02-28 | 1
    $100    | EUR  | 2024-02-28 | unreadable
    $100    | CAD  | 2024-02-28 | unreadable
    100     | GBP  | 2024-02-28 | unreadable
    100     |      | 2024-02-28 | unreadable
    $100    |      | 2024-02-28 | unreadable
    €100    |      | 2024-02-28 | 110
            | EUR  | 2024-02-28 | missing
    ten     | EUR  | 2024-02-28 | unreadable
"""


@pytest.mark.parametrize(("text", "code", "day", "worth"), rows_of(AMOUNTS))
def test_an_amount_is_worth(text: str, code: str, day: str, worth: str) -> None:
    column = None if code == "-" else "code"
    attribute = Attribute(
        "budget", "amount", "number", "firmographic", "fit", currency=Currency(("USD",), column, RATES)
    )
    table = pa.table({"amount": pa.array([text or None]), "code": pa.array([code or None])})
    parsed = parse_attributes(table, [attribute], np.array([day], dtype="datetime64[D]"))
    found = parsed.columns["budget"]
    assert isinstance(found, NumberColumn)
    if worth in ("unreadable", "missing"):
        assert np.isnan(found.values[0])
        assert [each.rows for each in parsed.unreadable] == ([1] if worth == "unreadable" else [])
    else:
        assert found.values[0] == pytest.approx(float(worth), rel=1e-12)
        assert parsed.unreadable == ()
