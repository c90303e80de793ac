"""Which facts count on a day: rules that a person could argue over, as tables with the answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.attributes import resolve_attributes
from icp_ml.deals.point_in_time import build_columns, open_tables
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.settings import AttributesSettings, parse_settings

# One signal. The deal opened on the day in the third column; `days` is that of the recipe, "-" for none.
SIGNALS = """
occurred    known       opened      days    counts
2024-03-10  2024-03-10  2024-03-10  -       yes       the day itself counts
2024-03-10  2024-03-10  2024-03-09  -       unknown   it had not happened: nothing was known of the company
2024-03-10  2024-03-12  2024-03-10  -       unknown   it had happened, and nobody knew
2024-03-10  2024-03-12  2024-03-11  -       unknown
2024-03-10  2024-03-12  2024-03-12  -       yes       known on the day is known
2024-03-10  -           2024-03-10  -       yes       without a second date it was known when it occurred
2024-03-10  2024-03-01  2024-03-05  -       unknown   announced beforehand: it counts when it has happened
2024-03-10  2024-03-01  2024-03-10  -       yes
2024-03-10  2024-03-10  2024-03-10  1       yes       one day is the day itself
2024-03-10  2024-03-10  2024-03-11  1       no
2024-03-10  2024-03-10  2024-06-07  90      yes       the 90 days that end with the day
2024-03-10  2024-03-10  2024-06-08  90      no        and not the day before them
2024-03-10  2024-06-08  2024-06-08  90      no        what counts is when it occurred, once it is known
2024-03-10  2024-03-10  2024-05-08  60-240  no        59 days
2024-03-10  2024-03-10  2024-05-09  60-240  yes       60 days
2024-03-10  2024-03-10  2024-11-05  60-240  yes       240 days
2024-03-10  2024-03-10  2024-11-06  60-240  no        241 days
"""

# One tool, lapse 90. The other tool of the account was there all the time, so that the account is always known.
TOOLS = """
first       last        asked       in use  dropped
2024-01-10  -           2024-01-09  no      no
2024-01-10  -           2024-01-10  yes     no
2024-01-10  -           2030-01-01  yes     no
2024-01-10  2024-06-01  2024-06-01  yes     no
2024-01-10  2024-06-01  2024-08-30  yes     no      90 days later nobody could know
2024-01-10  2024-06-01  2024-08-31  no      yes     the first day on which it is gone
2024-01-10  2024-06-01  2024-09-29  no      yes     the 30 days that end with the day
2024-01-10  2024-06-01  2024-09-30  no      no
"""


def cases(table: str, columns: int) -> list[list[str]]:
    return [line.split()[:columns] for line in table.strip().splitlines()[1:]]


def written(text: str) -> str:
    return "" if text == "-" else text


@pytest.mark.parametrize(("occurred", "known", "opened", "days", "counts"), cases(SIGNALS, 5))
def test_a_signal_counts_on_a_day(
    occurred: str, known: str, opened: str, days: str, counts: str, tmp_path: Path
) -> None:
    (tmp_path / "signals.csv").write_text(f"who,when,known\nA,{occurred},{written(known)}\n", encoding="utf-8")
    window = {"-": None, "60-240": [60, 240]}.get(days, days)
    recipe = {"table": "signals", "days": int(window) if isinstance(window, str) else window}
    layers = {"behavioural": {"it": {"kind": "flag", "from": recipe}}}
    tables = {"signals": {"source": "signals.csv", "account": "who", "occurred": "when", "known": "known"}}
    [answer] = built(layers, tables, opened, tmp_path).column("it").to_pylist()
    assert {None: "unknown", True: "yes", False: "no"}[answer] == counts


@pytest.mark.parametrize(("first", "last", "day", "in_use", "dropped"), cases(TOOLS, 5))
def test_a_tool_is_in_use_on_a_day(first: str, last: str, day: str, in_use: str, dropped: str, tmp_path: Path) -> None:
    rows = f"who,tool,first,last\nA,One,{first},{written(last)}\nA,Other,2020-01-01,\n"
    (tmp_path / "tools.csv").write_text(rows, encoding="utf-8")
    table = {"source": "tools.csv", "account": "who", "tool": "tool", "first_seen": "first", "last_seen": "last"}
    gone = {"table": "technologies", "tool": "One", "event": "dropped", "days": 30}
    layers = {
        "technographic": {"it": {"kind": "flag", "from": {"table": "technologies", "tool": "One"}}},
        "behavioural": {"gone": {"kind": "flag", "from": gone}},
    }
    made = built(layers, {"technologies": table}, day, tmp_path)
    said = ["yes" if made.column(name).to_pylist()[0] else "no" for name in ("it", "gone")]
    assert said == [in_use, dropped]


def test_unknown_none_and_zero_are_three_things(tmp_path: Path) -> None:
    """A is watched and hired; B is watched and did not; of C nobody knows anything."""
    rows = "who,type,when\nA,job,2024-01-01\nB,news,2024-01-01\nC,job,2025-01-01\n"
    (tmp_path / "signals.csv").write_text(rows, encoding="utf-8")
    table = {"source": "signals.csv", "account": "who", "type": "type", "occurred": "when"}
    layers = {
        "behavioural": {"jobs": {"kind": "number", "from": {"table": "signals", "type": "job", "measure": "count"}}}
    }
    for complete, answers in ((False, [1, 0, None, None]), (True, [1, 0, 0, 0])):
        tables = {"signals": {**table, "complete": complete}}
        made = built(layers, tables, "2024-06-01", tmp_path, accounts=("A", "B", "C", "D"))
        assert made.column("jobs").to_pylist() == answers


def test_no_tool_in_a_category_is_a_value_and_no_tool_list_is_none(tmp_path: Path) -> None:
    rows = "who,tool,category,first\nA,Some CRM,CRM,2024-01-01\nB,Some Shop,Shop,2024-01-01\n"
    (tmp_path / "tools.csv").write_text(rows, encoding="utf-8")
    columns = {"tool": "tool", "category": "category", "first_seen": "first"}
    tables = {"technologies": {"source": "tools.csv", "account": "who", **columns}}
    layers = {
        "technographic": {
            "crm": {"kind": "category", "from": {"table": "technologies", "category": "crm"}},
            "tools": {"kind": "set", "from": "technologies"},
        }
    }
    made = built(layers, tables, "2024-06-01", tmp_path, accounts=("A", "B", "C"))
    assert made.column("crm").to_pylist() == ["Some CRM", "none known", None]
    assert made.column("tools").to_pylist() == [["Some CRM"], ["Some Shop"], None]


def built(layers: object, tables: object, day: str, folder: Path, accounts: tuple[str, ...] = ("A",)) -> pa.Table:
    attributes = resolve_attributes(parse_settings(AttributesSettings, layers), ())
    opened = open_tables(parse_settings(DatedTables, tables), attributes, folder)
    return build_columns(pa.array(accounts), np.array(day, dtype="datetime64[D]"), opened, attributes)


# How the table names a company, how the deal or the list does, and whether they meet.
NAMES = """
acme.com                    | https://www.Acme.com/about  | yes
https://www.acme.com        | acme.com                    | yes
ACME.COM                    | acme.com.                   | yes
001x0000000aBcD             | 001x0000000aBcD             | yes
001x0000000aBcD             | 001x0000000abcd             | no
A-17                        | " A-17 "                    | yes
acme.com                    | acme.org                    | no
jane@acme.com               | acme.com                    | no
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines())
def test_web_addresses_meet_by_their_domain_and_other_ids_exactly(line: str, tmp_path: Path) -> None:
    there, here, meet = (part.strip().strip('"') for part in line.split("|"))
    (tmp_path / "signals.csv").write_text(f"who,when\n{there},2024-01-01\n", encoding="utf-8")
    tables = {"signals": {"source": "signals.csv", "account": "who", "occurred": "when"}}
    layers = {"behavioural": {"it": {"kind": "flag", "from": "signals"}}}
    [answer] = built(layers, tables, "2024-06-01", tmp_path, accounts=(here,)).column("it").to_pylist()
    assert answer is (True if meet == "yes" else None)


def test_values_of_one_day_are_added_in_the_order_of_the_table_on_every_machine(tmp_path: Path) -> None:
    """Another order would end in another last digit, and a sorting that is not stable has one for each processor."""
    values = np.random.default_rng(2).normal(size=400) * 10.0 ** np.arange(400) ** 0.4
    days = [f"2024-01-{1 + place % 3:02d}" for place in range(400)]
    rows = "".join(f"A,{day},{value!r}\n" for day, value in zip(days, values.tolist(), strict=True))
    (tmp_path / "signals.csv").write_text(f"who,when,value\n{rows}", encoding="utf-8")
    tables = {"signals": {"source": "signals.csv", "account": "who", "occurred": "when", "value": "value"}}
    layers = {"behavioural": {"it": {"kind": "number", "from": {"table": "signals", "measure": "total"}}}}
    [answer] = built(layers, tables, "2024-06-01", tmp_path).column("it").to_pylist()
    first, second, third = (values[start::3] for start in range(3))
    assert answer == np.cumsum([*first, *second, *third])[-1] != np.cumsum([*first[::-1], *second, *third])[-1]
