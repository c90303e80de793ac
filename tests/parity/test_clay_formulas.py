"""Clay's formulas in a JavaScript engine say what the library says, row by row, on 1,000 rows as lists hold them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import NumberColumn, ParsedTable, parse_attributes
from icp_ml.deals.rules import bind_rules, first_hit, outside
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.serve.exports.clay import DISQUALIFIED, POINTS, PUSH, TIER, clay_columns
from icp_ml.serve.exports.clay_cells import reading_name
from icp_ml.serve.exports.points import points_of, points_tier, scorecard_of
from tests.clay_engine import Cell, Row, filled
from tests.definitions import AS_OF, ATTRIBUTES, boundary, definition, exclusions
from tests.exports import LIST_NAMES, exported

ROWS = 1000
IN_TURN = 0.3
"""Share of cells that take the values of their column one after the other, so that none is left out."""
CELLS: dict[str, tuple[Cell, ...]] = {
    "Headcount": (
        *("51", "500", "501", "50", "1,200", "120 ", " 75", "12K", "1e2", "51.0", "(60)", "-60", "\u221260", "60 %"),
        *("51-200", "fifty", "1,2", "12,34", "0x40", "1_000", "Infinity", "NaN", "0", "999999999999999", "", " "),
        *(None, "n/a", "-", "Unknown", 51, 500.5, 0, -7, 1e21),
    ),
    "Annual Revenue": (
        *("10000000", "9,999,999.99", "$10M", "$9.9 MM", "10 million", "USD 12m", "US$ 20,000,000", "€50M", "C$ 50M"),
        *("999,999", "1,000,000", "$1M", "$0.9M", "1b", "10m usd", "10m eur", "", None, "-", "about 10M", 2.5e7, 3),
    ),
    "Industry": (
        *("Software", "SOFTWARE", " software ", "Retail", "retail", "Government", "GOVERNMENT", "Stra\u00dfenbau"),
        *("unknown", "Unknown", "UNKNOWN ", "", None, "Soft ware", "Software;Retail", "n/a", 7),
    ),
    "Funding Stage": ("Seed", "SEED", "Series A", "series b ", "Series C", "Series D", "A", "", None, "unknown", 1),
    "Founded": ("2019", "2019.0", 2024, 1990, "2026", "19", "0999", "2200", "2201", "", None, "soon", "2025"),
    "Last Raised": (
        *("2024-03-01", "2024/3/1", "20240301", "2024-03-01T09:30:00Z", "2024-03-01, 9:30", "1709285400000"),
        *("2025-06-30", "2025-07-01", "2023-12-30", "2022-06-30", "2022-06-29", "2024-02-30", "2023-02-29"),
        *("2024-02-29", "3/1/2024", "2024-13-01", "2024-00-10", "0999-01-01", "9999-12-31", "", None, "never", "-"),
    ),
    "Stack": (
        *("Cartellux", "cartellux; Rivalo", "RIVALO", "Rivalo ;; ", ";", " ; ", "", None, "Slack;Jira", "Cartellux2"),
        *("The Cartellux", "Cartellux|Rivalo", "a\nCartellux"),
    ),
    "Demo Requested": ("yes", "No", "TRUE", "f", "1", "0.0", "maybe", "", None),
}


@cache
def rows() -> tuple[Row, ...]:
    """Each value of a column stands in many rows beside random ones of the others; a cell may be absent altogether."""
    rng = np.random.default_rng(6)
    drawn: list[Row] = []
    for place in range(ROWS):
        chosen = {name: place if rng.random() < IN_TURN else int(rng.integers(ROWS)) for name in CELLS}
        row = {name: cells[chosen[name] % len(cells)] for name, cells in CELLS.items()}
        drawn.append({name: cell for name, cell in row.items() if cell is not None or rng.random() < 0.5})
    return tuple(drawn)


def text_of(cell: Cell) -> str | None:
    """A cell as a CSV export of the table writes it; an engine writes whole numbers without a point."""
    if cell is None or isinstance(cell, str):
        return cell
    return str(int(cell)) if float(cell).is_integer() and abs(cell) < 1e15 else repr(float(cell))  # type: ignore[arg-type]


def parsed_from(attributes: tuple[Attribute, ...], table: tuple[Row, ...], as_of: date = AS_OF) -> ParsedTable:
    theirs = {ours: name for name, ours in LIST_NAMES.items()}
    columns = {
        each.column: [text_of(row.get(theirs.get(each.column, each.column))) for row in table] for each in attributes
    }
    raw = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    return parse_attributes(raw, attributes, np.array(as_of, dtype="datetime64[D]"))


@pytest.fixture(scope="module", params=[False, True], ids=["typed cells", "text cells"])
def answers(request: pytest.FixtureRequest) -> list[Row]:
    return filled(clay_columns(exported()), rows(), AS_OF, as_text=request.param)


@pytest.fixture(scope="module")
def parsed() -> ParsedTable:
    return parsed_from(ATTRIBUTES, rows())


def test_the_master_is_the_points_scorecard_on_every_row(answers: list[Row], parsed: ParsedTable) -> None:
    expected = points_of(definition(), ATTRIBUTES, parsed)
    assert [int(row[POINTS]) for row in answers] == expected.tolist()  # type: ignore[arg-type]
    assert len(set(expected.tolist())) > 30  # the rows are of many kinds


def test_the_tier_is_that_of_the_points(answers: list[Row], parsed: ParsedTable) -> None:
    scorecard = scorecard_of(definition())
    places = points_tier(scorecard, points_of(definition(), ATTRIBUTES, parsed))
    assert [row[TIER] for row in answers] == [scorecard.tiers[place].label for place in places]
    assert set(places.tolist()) == {0, 1, 2}


def test_disqualified_names_the_rule_that_marks_the_row_in_a_scored_list(
    answers: list[Row], parsed: ParsedTable
) -> None:
    hits = first_hit(bind_rules(exclusions(), ATTRIBUTES), parsed, AS_OF)
    unmet = outside(bind_rules(boundary(), ATTRIBUTES), parsed, AS_OF)
    said = [
        f"excluded: {exclusions()[hit].name}"
        if hit >= 0
        else f"outside the market: {boundary()[out].name}"
        if out >= 0
        else ""
        for hit, out in zip(hits.tolist(), unmet.tolist(), strict=True)
    ]
    assert [row[DISQUALIFIED] for row in answers] == said
    assert set(hits.tolist()) == {-1, 0, 1, 2}
    assert (unmet == 0).any()


def test_what_is_pushed_is_of_the_first_tier_and_not_disqualified(answers: list[Row]) -> None:
    pushed = [str(row[PUSH]).lower() == "true" for row in answers]
    assert pushed == [row[TIER] == "1" and row[DISQUALIFIED] == "" for row in answers]
    assert any(pushed)


@pytest.mark.parametrize("name", [each.name for each in ATTRIBUTES if each.kind in ("number", "date", "ordered")])
def test_a_reading_is_what_the_library_reads(answers: list[Row], parsed: ParsedTable, name: str) -> None:
    column = parsed.columns[name]
    assert isinstance(column, NumberColumn)
    attribute = next(each for each in ATTRIBUTES if each.name == name)
    read = [row[reading_name(attribute)] for row in answers]
    found = np.array([np.nan if cell in (None, "") else float(cell) for cell in read])  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, column.values)


def test_a_rule_that_has_ended_disqualifies_nobody() -> None:
    row = {"Stack": "Rivalo"}
    before, after = date(2025, 12, 30), date(2025, 12, 31)
    said = [filled(clay_columns(exported()), [row], day)[0][DISQUALIFIED] for day in (before, after)]
    assert said == ["excluded: locked in", ""]


def test_ages_count_to_today_where_no_day_is_written() -> None:
    row = {"Last Raised": date.today().isoformat()}
    columns = clay_columns(exported())
    assert filled(columns, [row], None)[0]["ICP reads raised"] in (0, 1 / 365.25)  # the engine's day is that of UTC


def test_an_empty_row_survives_every_formula() -> None:
    empty: list[Row] = [{}, dict.fromkeys(CELLS), dict.fromkeys(CELLS, ""), dict.fromkeys(CELLS, ())]
    for row in filled(clay_columns(exported()), empty[:3], AS_OF):
        assert (row[POINTS], row[TIER], row[DISQUALIFIED], row[PUSH]) == (0, "3", "", False)
    known_to_use_nothing = filled(clay_columns(exported()), empty[3:], AS_OF)[0]
    assert known_to_use_nothing[POINTS] == 8  # "no Rivalo" holds where a list has no members


def test_the_tiers_to_push_can_be_named() -> None:
    columns = clay_columns(exported(), push=("1", "2"))
    answers = filled(columns, rows(), AS_OF)
    assert [row[PUSH] for row in answers] == [row[TIER] in ("1", "2") and row[DISQUALIFIED] == "" for row in answers]


def test_a_reading_of_another_column_leaves_the_points_alone() -> None:
    """The formulas know the list by the map, and do not look at a column that the map does not lead from."""
    row = {"Headcount": "120", "Employees": "9"}
    assert filled(clay_columns(exported()), [row], AS_OF)[0][POINTS] == 22
    plain = replace(exported(), prospects=ProspectsSettings())
    assert filled(clay_columns(plain), [row], AS_OF)[0][POINTS] == 0
