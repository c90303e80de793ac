"""Whatever stands in a cell, a formula reads what the library reads, and never fails."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.currencies import Currency
from icp_ml.deals.kinds import NumberColumn, ParsedTable, SetColumn, parse_attributes
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.serve.exports.clay_cells import reading_name
from icp_ml.serve.exports.clay_readings import readings
from tests.clay_engine import Row, filled

AS_OF = date(2025, 6, 30)
LATIN_EXTENDED = 0x250
"""The letters below it are those of western languages."""
NUMBERS = {
    "amount": Attribute("a", "a", "number", "firmographic", "fit", missing=("Select",)),
    "decimal comma": Attribute("a", "a", "number", "firmographic", "fit", decimal=","),
    "midpoint": Attribute("a", "a", "number", "firmographic", "fit", ranges="midpoint"),
    "band": Attribute("a", "a", "ordered", "firmographic", "fit"),
    "band, decimal comma": Attribute("a", "a", "ordered", "firmographic", "fit", decimal=","),
    "dollars": Attribute("a", "a", "number", "firmographic", "fit", currency=Currency(("USD",))),
    "euros": Attribute("a", "a", "number", "firmographic", "fit", currency=Currency(("EUR",))),
    "rank": Attribute("a", "a", "ordered", "firmographic", "fit", order=("Seed", "Series A"), missing=("-",)),
    "flag": Attribute("a", "a", "flag", "engagement", "intent"),
    "date": Attribute("a", "a", "date", "behavioural", "intent"),
    "date, month first": Attribute("a", "a", "date", "behavioural", "intent", date_order="mdy"),
    "date, day first": Attribute("a", "a", "date", "behavioural", "intent", date_order="dmy"),
    "year": Attribute("a", "a", "year", "firmographic", "fit"),
}
WORDS = (
    *(
        "0",
        "1",
        "5",
        "10",
        "51",
        "200",
        "1,200",
        "1.200",
        "12,34",
        "1,000,000",
        "1.5",
        "2,5",
        ".5",
        "7.",
        "1e3",
        "2e-1",
    ),
    *("2024", "2019", "3", "29", "02", "1709285400000", "19", "-", "+", "--", "\u2013", "/", ".", ",", ";", ":", " "),
    *(
        "k",
        "K",
        "m",
        "MM",
        "mn",
        "mio",
        "mil",
        "million",
        "millions",
        "b",
        "bn",
        "billion",
        "tn",
        "trillion",
        "thousand",
    ),
    *(
        "$",
        "€",
        "£",
        "usd",
        "EUR",
        "US$",
        "C$",
        "%",
        "(",
        ")",
        "'",
        "\u00a0",
        "to",
        "and",
        "from ",
        "between ",
        "..",
        "…",
    ),
    *(
        "more than ",
        "over",
        "at least ",
        ">=",
        ">",
        "<",
        "up to ",
        "under ",
        " or more",
        " or less",
        "+",
        " plus",
        "≥ ",
    ),
    *(
        " employees",
        " people",
        " years",
        "T",
        "09:30",
        ", 9:30 AM",
        "yes",
        "no",
        "seed",
        "Series A",
        "n/a",
        "Select",
        "x",
    ),
)
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map("".join) | st.text(max_size=8)
SPELLED = (
    *("51-200", "10-50M", "$10M - $50M", "1,001 to 5,000", "between 10 and 50", "100-1k", "200-51", "1k-2", "5-5"),
    *(
        "1,000+",
        "more than 1M",
        "over 5 employees",
        "10 or more",
        ">= 3",
        "100K or less",
        "up to 50",
        "< 10",
        "under -5",
    ),
    *(
        "0 (No business)",
        "11-50 employees",
        "11 \u2013 50",
        "0-1",
        "0-0.5",
        "0+",
        "-5-5",
        "$(1,200)",
        "($1,200)",
        "(-5)",
    ),
    *("+-5", "--5", "-$5", "$-5", "$ 5", "5 $", "5 €", "€ 5", "5 eur", "usd 5 usd", "12 %", "1 000", "1'000", "5.e3"),
    *("3/1/2024", "1.3.2024", "13/1/2024", "2024-02-30", "20240301T09:30", "2024-3-1 9:30", "2024-03-01junk"),
    *("2019.00", "2019.5", "1709285400000", "0000000000000", "31-12-2024", "12-31-2024", "2025-06-30", "2025-07-01"),
)


def parsed(attribute: Attribute, texts: list[str]) -> ParsedTable:
    raw = pa.table({"a": pa.array(texts, pa.string())})
    return parse_attributes(raw, (attribute,), np.array(AS_OF, dtype="datetime64[D]"))


def read(attribute: Attribute, texts: list[str]) -> list[object]:
    rows: list[Row] = [{"a": text, "ICP as of": AS_OF.isoformat()} for text in texts]
    return [row[reading_name(attribute)] for row in filled(readings(attribute, ProspectsSettings()), rows, AS_OF)]


def numbers(cells: list[object]) -> list[float]:
    return [float("nan") if cell in ("", None) else float(str(cell)) for cell in cells]


def check_numbers(name: str, texts: list[str]) -> None:
    column = parsed(NUMBERS[name], texts).columns["a"]
    assert isinstance(column, NumberColumn)
    found = numbers(read(NUMBERS[name], texts))
    wrong = [
        (text, here, there)
        for text, here, there in zip(texts, found, column.values.tolist(), strict=True)
        if here != there and not (np.isnan(here) and np.isnan(there))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", NUMBERS)
def test_spellings_that_people_use_are_read_alike(name: str) -> None:
    check_numbers(name, [*SPELLED, *WORDS])


SCRIPTS = {"full width": 0xFF10, "Arabic": 0x0660, "Devanagari": 0x0966}


@pytest.mark.parametrize("zero", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("name", NUMBERS)
def test_digits_of_other_scripts_are_no_digits_to_either(name: str, zero: int) -> None:
    digits = {ord("0") + digit: chr(zero + digit) for digit in range(10)}
    texts = [text.translate(digits) for text in (*SPELLED, *WORDS)]
    texts += [text[:-1] + text[-1].translate(digits) for text in SPELLED]
    check_numbers(name, texts)
    assert np.isnan(parsed(NUMBERS[name], ["5".translate(digits)]).columns["a"].values).all()  # type: ignore[union-attr]


@pytest.mark.parametrize("name", NUMBERS)
@settings(max_examples=6, deadline=None)
@given(texts=st.lists(TEXTS, min_size=40, max_size=60))
def test_any_text_is_read_alike(name: str, texts: list[str]) -> None:
    check_numbers(name, texts)


TOOLS = Attribute("a", "a", "set", "technographic", "fit", separator=",", missing=("none", "N/A"))
MEMBERS = st.sampled_from(["Slack", " slack ", "JIRA", "Stra\u00dfe", "none", "n/a", "", " ", "a|b", "x y"])
LISTS = st.lists(st.lists(MEMBERS, max_size=5), min_size=1, max_size=30)


@settings(max_examples=25, deadline=None)
@given(lists=LISTS)
def test_a_set_has_the_same_members_as_a_text_and_as_a_list(lists: list[list[str]]) -> None:
    texts = pa.array([",".join(members) for members in lists], pa.string())
    for cells, column in ((texts.to_pylist(), texts), (lists, pa.array(lists, pa.list_(pa.string())))):
        table = parse_attributes(pa.table({"a": column}), (TOOLS,), None)
        rows: list[Row] = [{"a": cell} for cell in cells]
        answers = filled(readings(TOOLS, ProspectsSettings()), rows, AS_OF)
        assert [_members(str(row[reading_name(TOOLS)])) for row in answers] == _members_of(table)


def _members(reading: str) -> frozenset[str] | None:
    """None where nothing is known."""
    return frozenset(reading.strip("|").split("|")) - {""} if reading else None


def _members_of(table: ParsedTable) -> list[frozenset[str] | None]:
    column = table.columns["a"]
    assert isinstance(column, SetColumn)
    found: list[frozenset[str] | None] = []
    for row, is_missing in enumerate(column.missing.tolist()):
        codes = column.indices[column.indptr[row] : column.indptr[row + 1]]
        names = frozenset(column.levels[code].strip().casefold().replace("|", "\u00a6") for code in codes)
        found.append(None if is_missing else names)
    return found


def test_case_is_folded_alike_but_for_rare_letters() -> None:
    """Every letter of western languages, alone in a cell of a category: the few that differ are of old spellings."""
    category = Attribute("a", "a", "category", "firmographic", "fit")
    letters = [chr(code) for code in range(LATIN_EXTENDED) if chr(code).isalpha()]
    differ = [
        letter for letter, cell in zip(letters, read(category, letters), strict=True) if cell != letter.casefold()
    ]
    assert set(differ) == {
        "\u00b5",
        "\u0149",
        "\u017f",
        "\u01f0",
    }  # micro sign, n with apostrophe, long s, j with caron
