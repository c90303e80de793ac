"""Which deals are no new business that was won or lost, as a table; every row is counted in one place of the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.deal_type_settings import DealTypesSettings, LossReasonsSettings, TestDealsSettings
from icp_ml.deals.deal_types import columns_to_leave_out_by, names_a_test
from icp_ml.deals.settings import DealsSettings, OutcomeSettings, TablesSettings, parse_settings
from icp_ml.errors import ConfigError, InputError

# The fate is what the rules of the page docs/presets.md say, worked out by hand.
ROWS = """
id | name               | type      | stage | reason     | deleted | fate
1  | Alder Mill         | New       | Won   |            | no      | accepted
2  | Alder Mill 2       | new       | Lost  | Price      | no      | accepted
3  | Birch Works        |           | Lost  |            | no      | accepted
4  | Cedar Hall         | Renewal   | Won   |            | no      | another deal type
5  | Cedar Hall 2       | renewal   | Open  |            | no      | another deal type
6  | Test for Dana      | New       | Won   |            | no      | test
7  | TEST               | Renewal   | Lost  |            | no      | test
8  | Testing Grounds    | New       | Lost  | No budget  | no      | accepted
9  | Elm Yard           | New       | Lost  | duplicate  | no      | not a loss
10 | Elm Yard           | New       | Won   | Duplicate  | no      | accepted
11 | Elm Yard           | Renewal   | Lost  | Duplicate  | no      | another deal type
12 | Fir Lane           | New       | Won   |            | yes     | deleted
13 | Fir Lane test      | Renewal   | Junk  |            | yes     | ignored
14 | Ginkgo House       | New       | Open  |            |         | open
"""
CELLS = [[cell.strip() for cell in line.split("|")] for line in ROWS.strip().splitlines()]
SETTINGS = DealsSettings(
    source="deals.csv",
    id="id",
    outcome=OutcomeSettings(column="stage", won=("Won",), lost=("Lost",), open=("Open",), ignore=("Junk",)),
    types=DealTypesSettings(column="type", new=("New",), leave_out=("Renewal",)),
    reasons=LossReasonsSettings(column="reason", not_a_loss=("Duplicate",)),
    tests=TestDealsSettings(column="name", words=("test",)),
    deleted="deleted",
)


def read(folder: Path, settings: DealsSettings, rows: list[list[str]]) -> DealTable:
    text = "\n".join(",".join(row) for row in rows)
    (folder / "deals.csv").write_text(text + "\n", encoding="utf-8")
    attributes = (Attribute("name", "name", "category", "firmographic", "fit"),)
    return read_deals(settings, TablesSettings(), attributes, folder)


def test_every_row_has_the_fate_that_the_table_says(tmp_path: Path) -> None:
    deals = read(tmp_path, SETTINGS, CELLS)
    fates = [row[6] for row in CELLS[1:]]
    counted = {step.name: step.rows for step in deals.ledger.steps if step.rows}
    assert counted == {"read": len(fates), **{fate: fates.count(fate) for fate in fates}}
    assert sorted(deals.ids) == sorted(row[0] for row in CELLS[1:] if row[6] == "accepted")
    assert deals.ledger.left_out == 2 + 3 + 1 + 1


def test_rules_that_are_not_declared_leave_nothing_out(tmp_path: Path) -> None:
    plain = SETTINGS.model_copy(update={"types": None, "reasons": None, "tests": None, "deleted": None})
    ledger = read(tmp_path, plain, CELLS).ledger
    assert (ledger.left_out, ledger.accepted) == (0, 11)
    assert [step.name for step in ledger.steps] == [
        "read", "rejected", "ignored", "out of window", "open", "repeated", "accepted",
    ]  # fmt: skip


def test_the_rules_need_the_columns_that_they_name_and_no_others() -> None:
    assert sorted(columns_to_leave_out_by(SETTINGS)) == ["deleted", "name", "reason", "type"]
    assert columns_to_leave_out_by(SETTINGS.model_copy(update={"reasons": None, "deleted": None})) == ("type", "name")


def test_a_type_that_is_listed_nowhere_is_refused(tmp_path: Path) -> None:
    rows = [*CELLS, ["15", "Hazel", "Upgrade", "Won", "", "no", ""]]
    with pytest.raises(InputError, match=r"'type' under new or leave_out.*found 'Upgrade \(1 rows\)'"):
        read(tmp_path, SETTINGS, rows)


@pytest.mark.parametrize(
    ("name", "is_test"),
    [
        ("test", True),
        ("Test - please ignore", True),
        ("Acme (TEST)", True),
        ("Testify Ltd", False),
        ("Contest House", False),
        ("my_test_deal", False),
        ("", False),
    ],
)
def test_a_word_marks_a_test_only_where_it_stands_alone(name: str, *, is_test: bool) -> None:
    assert names_a_test(("test",))(name) is is_test


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"types": {"column": "type"}}, "at least one value in 'new' or 'leave_out'"),
        ({"types": {"column": "t", "new": ["A"], "leave_out": ["a "]}}, "expected 'a ' to mean one thing"),
        ({"reasons": {"column": "reason", "not_a_loss": []}}, "deals.reasons.not_a_loss"),
        ({"types": {"column": "type", "newer": ["A"]}}, "did you mean 'new'"),
    ],
)
def test_a_rule_that_means_nothing_or_two_things_is_refused(rules: dict[str, object], said: str) -> None:
    deals = {"source": "d.csv", "outcome": {"column": "s", "won": ["W"], "lost": ["L"]}, **rules}
    with pytest.raises(ConfigError) as refusal:
        parse_settings(_Wrapped, {"deals": deals})
    assert said in str(refusal.value)


class _Wrapped(TablesSettings):
    deals: DealsSettings
