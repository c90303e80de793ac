"""Dates that may mean two days are refused until somebody says which is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from icp_ml.deals.attributes import resolve_attributes
from icp_ml.deals.contract import read_deals
from icp_ml.deals.date_orders import how_to_declare
from icp_ml.deals.kinds import NumberColumn
from icp_ml.deals.settings import AttributesSettings, DateOrder, DealsSettings, TablesSettings, parse_settings
from icp_ml.deals.table import DealTable
from icp_ml.errors import InputError

HOW = [
    (["03/04/2024"], "may be 2024-03-04 (mdy) or 2024-04-03 (dmy); set KEY to the one that is meant"),
    (["03/04/2024", "25/04/2024"], "can be read as dmy; set KEY: dmy"),
    (["03/04/2024", "04/25/2024"], "can be read as mdy; set KEY: mdy"),
    (["31.12.2024"], "can be read as dmy; set KEY: dmy"),
    (["2024-03-04"], None),
    (["soon"], None),
    (["25/04/2024", "04/25/2024"], None),
    (["03/04/24"], None),
]


@pytest.mark.parametrize(("texts", "answer"), HOW)
def test_what_to_declare(texts: list[str], answer: str | None) -> None:
    assert how_to_declare(texts, "KEY") == answer


def read(folder: Path, opened: list[str], funded: list[str], order: DateOrder = "iso") -> DealTable:
    """Four deals, closed much later, with a date of funding."""
    lines = [f"{day},{year},2030-01-01,{won}" for day, year, won in zip(opened, funded, "1010", strict=True)]
    (folder / "deals.csv").write_text("\n".join(["opened,funded,closed,won", *lines]))
    outcome = {"column": "won", "won": ["1"], "lost": ["0"]}
    dates = {"opened": "opened", "closed": "closed", "date_order": order}
    deals = parse_settings(DealsSettings, {"source": "deals.csv", "outcome": outcome, **dates})
    attributes = parse_settings(AttributesSettings, {"firmographic": {"funded": {"kind": "date", "date_order": order}}})
    return read_deals(deals, TablesSettings(), resolve_attributes(attributes, ()), folder)


AMBIGUOUS = ["03/04/2024", "01/02/2024", "05/06/2024", "07/08/2024"]
ISO = ["2024-03-04", "2024-01-02", "2024-05-06", "2024-07-08"]


def test_openings_that_may_be_two_days_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"may be .* \(mdy\) or .* \(dmy\); set deals.date_order to the one"):
        read(tmp_path, AMBIGUOUS, ISO)


def test_a_date_that_may_be_two_days_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found '.*' in 4 rows like it, which may be .* set date_order of attribute"):
        read(tmp_path, ISO, AMBIGUOUS)


def test_a_date_that_may_be_two_days_is_refused_whatever_else_cannot_be_read(tmp_path: Path) -> None:
    """Of the sizes, which are read first, two cannot be read, which is no mistake of a declaration."""
    sizes = ("1", "x", "y", "4")
    rows = [f"{day},{size},{year},{won}" for day, size, year, won in zip(ISO, sizes, AMBIGUOUS, "1010", strict=True)]
    (tmp_path / "deals.csv").write_text("\n".join(["opened,size,funded,won", *rows]))
    outcome = {"column": "won", "won": ["1"], "lost": ["0"]}
    deals = parse_settings(DealsSettings, {"source": "deals.csv", "opened": "opened", "outcome": outcome})
    layer = {"size": "number", "funded": "date"}
    attributes = resolve_attributes(parse_settings(AttributesSettings, {"firmographic": layer}), ())
    with pytest.raises(InputError, match="in the column 'funded'"):
        read_deals(deals, TablesSettings(), attributes, tmp_path)


def test_a_few_dates_in_another_order_are_counted(tmp_path: Path) -> None:
    table = read(tmp_path, ISO, [AMBIGUOUS[0], "2020-01-01", "2020-01-01", ""])
    assert table.parsed.unreadable[0].rows == 1


def test_declared_dates_are_read_in_their_order(tmp_path: Path) -> None:
    # mdy: funded on 4 March 2024, 2 January 2024, 6 May 2024, 8 July 2024, the days on which the deals opened.
    column = read(tmp_path, ISO, AMBIGUOUS, "mdy").parsed.columns["funded"]
    assert isinstance(column, NumberColumn)
    assert column.values.tolist() == [0.0] * 4


def test_texts_that_are_no_dates_in_any_order_are_counted(tmp_path: Path) -> None:
    [trouble] = read(tmp_path, ISO, ["soon", "later", "never", "2020-01-01"]).parsed.unreadable
    assert (trouble.attribute, trouble.rows) == ("funded", 3)
