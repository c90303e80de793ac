"""What Clay's formulas make of cells that need more than case and space: codes, phrases, answers, bands, currencies.

`?` stands for not known. In a cell, ~ is an empty one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import yaml

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition, bind_condition
from icp_ml.deals.currencies import Currency
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.settings import ProspectsSettings, parse_settings
from icp_ml.errors import ConfigError
from icp_ml.serve.exports.clay_cells import Column
from icp_ml.serve.exports.clay_conditions import fails, holds
from icp_ml.serve.exports.clay_readings import readings
from tests.clay_engine import Row, filled

ATTRIBUTES = {
    each.name: each
    for each in (
        Attribute("sector", "Sector", "category", "firmographic", "fit", rollup="naics2", missing=("none",)),
        Attribute("subsector", "Sector", "category", "firmographic", "fit", rollup="naics3"),
        Attribute("division", "SIC", "category", "firmographic", "fit", rollup="sic1"),
        Attribute("group", "SIC", "category", "firmographic", "fit", rollup="sic2"),
        Attribute(
            "motion",
            "Motion",
            "category",
            "firmographic",
            "fit",
            phrases=(("sales-led", ("enterprise sales", "field sales")), ("hybrid", ())),
        ),
        Attribute("trigger", "Research", "flag", "behavioural", "intent", answer="visible.trigger"),
        Attribute("band", "Size", "ordered", "firmographic", "fit"),
        Attribute("size", "Size", "number", "firmographic", "fit", ranges="midpoint"),
        Attribute("revenue", "Revenue", "number", "firmographic", "fit", currency=Currency(("EUR",), "Currency")),
    )
}

# condition                                  | cell                           | answer
TABLE = """
{attribute: sector, is: [51 Information]}    | Sector: 511210                 | yes
{attribute: sector, is: [51 Information]}    | Sector: 511210 - Software      | yes
{attribute: sector, is: [51 Information]}    | Sector: NAICS 51               | yes
{attribute: sector, is: [51 Information]}    | Sector: 51 Information         | yes
{attribute: sector, is: [51 Information]}    | Sector: 334111                 | no
{attribute: sector, is: [31-33 Manufacturing]} | Sector: 334111               | yes
{attribute: sector, is_not: [51 Information]} | Sector: 334111                | yes
{attribute: sector, is_not: [51 Information]} | Sector: software              | ?
{attribute: sector, is: [51 Information]}    | Sector: None                   | ?
{attribute: sector, is: [51 Information]}    | Sector: 5112101234             | ?
{attribute: sector, is: [51 Information]}    | Sector: A5112101234            | ?
{attribute: sector, is: [51 Information]}    | Sector: 991210                 | ?
{attribute: subsector, is: ['511']}          | Sector: 511210                 | yes
{attribute: subsector, is: ['511']}          | Sector: 51                     | ?
{attribute: subsector, is: ['511']}          | Sector: 518210                 | no
{attribute: division, is: [I Services]}      | SIC: 7372                      | yes
{attribute: division, is: [I Services]}      | SIC: I Services                | yes
{attribute: division, is: [I Services]}      | SIC: '0111'                    | no
{attribute: division, is: [I Services]}      | SIC: 737                       | ?
{attribute: group, is: ['73']}               | SIC: 7372                      | yes
{attribute: group, is: ['73']}               | SIC: '0111'                    | no
{attribute: motion, is: [sales-led]}         | Motion: Enterprise  SALES!     | yes
{attribute: motion, is: [sales-led]}         | Motion: sales_led              | yes
{attribute: motion, is: [sales-led]}         | Motion: Hybrid                 | no
{attribute: motion, is_not: [hybrid]}        | Motion: something new          | yes
{attribute: motion, is_not: [hybrid]}        | Motion: ???                    | yes
{attribute: motion, is_not: [hybrid]}        | Motion: ~                      | ?
{attribute: trigger, is: 'yes'}              | trigger: true                  | yes
{attribute: trigger, is: 'yes'}              | trigger: 'no'                  | no
{attribute: trigger, is: 'yes'}              | trigger: Not found             | ?
{attribute: trigger, is: 'yes'}              | Research: 'yes'                | ?
{attribute: band, at_least: 51}              | Size: 51-200 employees         | yes
{attribute: band, at_least: 51}              | Size: 11-50                    | no
{attribute: band, at_least: 51}              | Size: 10,001+                  | yes
{attribute: band, under: 2}                  | Size: 0-10                     | yes
{attribute: band, at_least: 51}              | Size: a few                    | ?
{attribute: size, at_least: 100}             | Size: 51-200                   | yes
{attribute: size, at_least: 126}             | Size: 51-200                   | no
{attribute: size, at_least: 15000}           | Size: more than 10K            | yes
{attribute: revenue, at_least: 5000000}      | {Revenue: 10M, Currency: eur}  | yes
{attribute: revenue, at_least: 5000000}      | {Revenue: €1M, Currency: EUR}  | no
{attribute: revenue, at_least: 5000000}      | {Revenue: $10M, Currency: EUR} | ?
{attribute: revenue, at_least: 5000000}      | {Revenue: 10M, Currency: USD}  | ?
{attribute: revenue, at_least: 5000000}      | {Revenue: 10M, Currency: ~}    | ?
"""
LINES = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]


def cells(written: str) -> dict[str, str | None]:
    found: dict[str, object] = yaml.safe_load(written)
    return {name: None if cell is None else "true" if cell is True else str(cell) for name, cell in found.items()}


def bound(written: str) -> Condition:
    return bind_condition(parse_settings(ConditionSettings, yaml.safe_load(written)), ATTRIBUTES, "the test")


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line[0]} {line[1]}")
def test_what_a_formula_answers(line: list[str]) -> None:
    written, cell, answer = line
    condition, row = bound(written), cells(cell.replace("None", "'None'"))
    asked = (Column("holds", holds(condition), ""), Column("fails", fails(condition), ""))
    columns = (*readings(condition.attribute, ProspectsSettings()), *asked)
    found = filled(columns, [dict(row)], None)[0]
    assert (found["holds"], found["fails"]) == {"yes": (True, False), "no": (False, True), "?": (False, False)}[answer]


@pytest.mark.parametrize("line", [each for each in LINES if "trigger" not in each[0]], ids=lambda line: line[1])
def test_the_library_answers_the_same(line: list[str]) -> None:
    written, cell, answer = line
    condition, row = bound(written), cells(cell.replace("None", "'None'"))
    raw = pa.table({name: pa.array([text], pa.string()) for name, text in row.items()})
    parsed = parse_attributes(raw, (condition.attribute,), np.array("2025-06-30", dtype="datetime64[D]"))
    said = (bool(condition.holds(parsed)[0]), bool(condition.fails(parsed)[0]))
    assert said == {"yes": (True, False), "no": (False, True), "?": (False, False)}[answer]


def test_not_known_can_be_asked_for() -> None:
    condition = bound("{attribute: band, missing: true}")
    columns = (*readings(condition.attribute, ProspectsSettings()), Column("holds", holds(condition), ""))
    rows: list[Row] = [{"Size": "51-200"}, {"Size": ""}, {}]
    assert [row["holds"] for row in filled(columns, rows, None)] == [False, True, True]


def test_a_column_name_that_would_end_a_reference_is_refused() -> None:
    attribute = Attribute("size", "Size }} x", "number", "firmographic", "fit")
    with pytest.raises(ConfigError, match="without double braces"):
        readings(attribute, ProspectsSettings())
