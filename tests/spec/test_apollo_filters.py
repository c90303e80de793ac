"""What is set in Apollo for a condition, and where that is not quite what the condition asks. As of 30 June 2025."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
import yaml

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.currencies import Currency
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.settings import ProspectsSettings, parse_settings
from icp_ml.serve.exports.apollo_filters import Inexpressible, Setting, filter_of, filters, setting

AS_OF = date(2025, 6, 30)
ATTRIBUTES = {
    each.name: each
    for each in (
        Attribute("size", "NumberOfEmployees", "number", "firmographic", "fit"),
        Attribute("sector", "Industry", "category", "firmographic", "fit"),
        Attribute("codes", "NAICS_Code__c", "category", "firmographic", "fit", rollup="naics3"),
        Attribute("stack", "tech_stack", "set", "technographic", "fit"),
        Attribute("money", "Annual Revenue", "number", "firmographic", "fit", currency=Currency(("EUR",))),
        Attribute("age", "Year Founded", "year", "firmographic", "fit"),
        Attribute("round", "Latest Funding", "ordered", "firmographic", "fit", order=("Seed", "Series A", "Series B")),
        Attribute("raised", "Last Raised At", "date", "behavioural", "intent"),
        Attribute("sits", "Offices", "number", "firmographic", "fit"),
        Attribute("bands", "Number of Employees", "category", "firmographic", "fit"),
        Attribute("is software", "Industry", "flag", "firmographic", "fit"),
        Attribute("sector code", "Industry", "number", "firmographic", "fit"),
        Attribute("years", "Year Founded", "number", "firmographic", "fit"),
        Attribute("level", "Seniority", "category", "engagement", "intent"),
    )
}

NOTES = {
    "dated": "as of 2025-06-30; set it anew as time goes on",
    "in euros": "Apollo counts in USD, the ICP in EUR",
    "by codes": "Apollo names industries by itself: choose those that fit",
    "of the unknown": "Apollo cannot ask for what it does not know",
    "of names": "'# Employees' takes numbers, and this asks for names",
    "of yes or no": "'Industry' takes names, and this asks for yes or no",
    "of numbers": "'Industry' takes names, and this asks for numbers",
    "of no time": "'Founded Year' takes a time, and this is asked as a plain number",
    "no band": "no band of '# Employees' holds such a number",
    "one end": "51-100 is cut: Apollo finds 51 to 59 too",
    "both ends": "51-100 is cut: Apollo finds 51 to 59 and 91 to 100 too",
    "two bands": "51-100 and 101-200 are cut: Apollo finds 51 to 59 and 151 to 200 too",
    "open band": "10001+ is cut: Apollo finds over 20000 too",
    "": "",
}
# condition | filter | set | note or why not
TABLE = """
{attribute: size, at_least: 51, under: 501} | # Employees | include 51-100, 101-200, 201-500 |
{attribute: size, over: 50, at_most: 500} | # Employees | include 51-100, 101-200, 201-500 |
{attribute: size, at_least: 60, under: 101} | # Employees | include 51-100 | one end
{attribute: size, at_least: 60, at_most: 150} | # Employees | include 51-100, 101-200 | two bands
{attribute: size, at_least: 60, at_most: 90} | # Employees | include 51-100 | both ends
{attribute: size, over: 10000} | # Employees | include 10001+ |
{attribute: size, at_least: 5001, under: 20001} | # Employees | include 5001-10000, 10001+ | open band
{attribute: size, under: 1} | # Employees | | no band
{attribute: size, missing: true} | # Employees | | of the unknown
{attribute: sector, is: [Software, Retail]} | Industry | include Software, Retail |
{attribute: sector, is_not: [Government]} | Industry | exclude Government |
{attribute: codes, is: ['511']} | Industry | include 511 | by codes
{attribute: stack, is: [Cartellux]} | Technologies | include Cartellux |
{attribute: stack, is_not: [Rivalo]} | Technologies | exclude Rivalo |
{attribute: money, at_least: 1000000} | Revenue | include from 1M | in euros
{attribute: money, over: 1000000, under: 50000000} | Revenue | include from 1M, up to 50M | in euros
{attribute: age, under: 5} | Founded Year | include from 2021 | dated
{attribute: age, at_most: 5} | Founded Year | include from 2020 | dated
{attribute: age, at_least: 2, under: 8} | Founded Year | include from 2018, up to 2023 | dated
{attribute: age, over: 2} | Founded Year | include up to 2022 | dated
{attribute: round, at_least: Series A} | Funding Stage | include Series A, Series B |
{attribute: round, under: Series A} | Funding Stage | include Seed |
{attribute: raised, under: 2} | Last Funding Date | include from 2023-07-01 | dated
{attribute: raised, at_least: 2} | Last Funding Date | include up to 2023-06-30 | dated
{attribute: level, is: [VP]} | Management Level | include VP |
{attribute: bands, is: [51-100]} | # Employees | | of names
{attribute: is software, is: [yes]} | Industry | | of yes or no
{attribute: sector code, over: 3} | Industry | | of numbers
{attribute: years, over: 3} | Founded Year | | of no time
{attribute: sits, over: 3} | | |
"""
LINES = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_what_is_set(line: list[str]) -> None:
    written, name, values, note = line
    said = NOTES[note]
    condition = bind_condition(parse_settings(ConditionSettings, yaml.safe_load(written)), ATTRIBUTES, "the test")
    preset = filter_of(condition.attribute, ProspectsSettings())
    assert (preset.filter if preset else "") == name
    if preset is None:
        return
    found = setting(condition, preset, AS_OF)
    if isinstance(found, Inexpressible):
        assert (values, found.why) == ("", said)
    else:
        side, _, listed = values.partition(" ")
        assert found == Setting(name, "include" if side == "include" else "exclude", tuple(listed.split(", ")), said)


def test_the_map_of_a_list_tells_what_a_column_holds() -> None:
    attribute = Attribute("how many", "hm", "number", "firmographic", "fit")
    assert filter_of(attribute, ProspectsSettings()) is None
    found = filter_of(attribute, ProspectsSettings(map={"# Employees": "hm"}))
    assert found is not None
    assert found.filter == "# Employees"


def test_a_name_that_only_contains_one_of_the_names_is_another_column() -> None:
    for column in ("Industry growth", "Employees abroad", "Toolshed", "Restate"):
        assert filter_of(Attribute("x", column, "number", "firmographic", "fit"), ProspectsSettings()) is None


def test_the_filters_stand_in_the_order_in_which_they_are_set() -> None:
    first = ["Industry", "# Employees", "Technologies", "Job Titles", "Management Level", "Keywords"]
    assert [each.filter for each in filters()][: len(first)] == first
    bands = next(each.bands for each in filters() if each.takes == "bands")
    assert all(low[1] is not None and low[1] + 1 == high[0] for low, high in pairwise(bands))
