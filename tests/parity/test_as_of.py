"""The fast engine says of every company on every day what the slow and obvious reference says."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals import as_of
from icp_ml.deals.attributes import Attribute, resolve_attributes
from icp_ml.deals.point_in_time import build_columns, open_tables
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.settings import AttributesSettings, parse_settings
from tests.parity import slow_as_of

START = date(2024, 1, 1)
DAYS = 40  # few, so that many facts fall on the day itself
ACCOUNTS = 12
DEALS = 40
WORLDS = 12

SIGNALS: dict[str, dict[str, Any]] = {
    "count": {"kind": "number", "measure": "count"},
    "count of one type": {"kind": "number", "measure": "count", "type": "hire", "days": 7},
    "one day": {"kind": "number", "measure": "count", "days": 1},
    "window": {"kind": "flag", "type": ["round"], "days": [3, 9]},
    "exact age": {"kind": "number", "measure": "count", "days": [4, 4]},
    "any": {"kind": "flag"},
    "total": {"kind": "number", "measure": "total", "type": "hire"},
    "total in a window": {"kind": "number", "measure": "total", "days": 10},
    "heat": {"kind": "number", "measure": "decay", "half_life": 4.5},
    "independent sources": {"kind": "number", "measure": "distinct", "days": 12},
    "kinds": {"kind": "number", "measure": "distinct", "of": "type"},
    "since": {"kind": "number", "measure": "days_since", "type": "round"},
    "months": {"kind": "number", "measure": "months_since"},
    "last value": {"kind": "number", "measure": "latest"},
    "last day": {"kind": "date", "type": "round"},
    "types": {"kind": "set", "days": 20},
    "last source": {"kind": "category", "of": "source"},
    "stage": {"kind": "ordered", "of": "source", "type": "round"},
    "first party": {"kind": "number", "measure": "count", "party": "first"},
    "third party": {"kind": "flag", "party": "third", "days": 15},
    "sales hires": {"kind": "number", "measure": "count", "role": "sales"},
    "by source": {"kind": "flag", "source": ["Press", "Web"]},
}
TECHNOLOGIES: dict[str, dict[str, Any]] = {
    "tools": {"kind": "set"},
    "crm": {"kind": "category", "category": "CRM"},
    "density": {"kind": "number", "measure": "count"},
    "areas": {"kind": "number", "measure": "distinct", "of": "category"},
    "competitor": {"kind": "flag", "tool": ["alpha", "BETA"]},
    "legacy": {"kind": "flag", "legacy": True},
    "modern": {"kind": "number", "measure": "count", "legacy": False},
    "contract": {"kind": "number", "measure": "days_to_contract_end"},
    "adopted": {"kind": "number", "measure": "count", "event": "adopted", "days": 10},
    "adopted what": {"kind": "set", "event": "adopted", "days": [2, 12]},
    "dropped": {"kind": "flag", "event": "dropped", "days": 15},
    "dropped since": {"kind": "number", "measure": "days_since", "event": "dropped", "category": "crm"},
    "dropped on": {"kind": "date", "event": "dropped"},
}
CONTACTS: dict[str, dict[str, Any]] = {
    "people": {"kind": "number", "measure": "count"},
    "seniorities": {"kind": "set"},
    "most senior": {"kind": "ordered", "measure": "highest", "order": list(slow_as_of.ORDER)},
    "latest level": {"kind": "ordered", "order": list(slow_as_of.ORDER)},
    "newest": {"kind": "number", "measure": "days_since", "seniority": "director"},
    "sales people": {"kind": "flag", "role": ["sales", "finance"]},
}


def declared() -> tuple[Attribute, ...]:
    """Every measure, filter and kind; each attribute's name says its table first."""
    entries: dict[str, dict[str, object]] = {}
    for table, recipes in (("signals", SIGNALS), ("technologies", TECHNOLOGIES), ("contacts", CONTACTS)):
        for name, given in recipes.items():
            rest = {key: value for key, value in given.items() if key not in ("kind", "order")}
            kept = {key: value for key, value in given.items() if key in ("kind", "order")} | {"use": True}
            entries[f"{table}: {name}"] = {**kept, "from": {"table": table, **rest}}
    return resolve_attributes(parse_settings(AttributesSettings, {"behavioural": entries}), ())


ATTRIBUTES = declared()


def some_day(rng: np.random.Generator, blank: float = 0.0) -> str:
    if rng.random() < blank:
        return ""
    return (START + timedelta(days=int(rng.integers(0, DAYS)))).isoformat()


def rows_of(rng: np.random.Generator) -> dict[str, list[dict[str, str]]]:
    """Rows of the three tables; some accounts have none, and some cells are empty."""

    def pick(*texts: str) -> str:
        return str(rng.choice(texts))

    def account() -> str:
        return f"a{rng.integers(0, ACCOUNTS - 2)}"

    signals = [
        {
            "account": account(),
            "begin": some_day(rng, 0.02),
            "known": some_day(rng, 0.4),
            "type": pick("hire", "round", "visit", "Hire"),
            "value": pick("1", "2", "2.5", "10", ""),
            "source": pick("press", "web", "board", ""),
            "party": pick("first", "third", ""),
            "title": pick("Account Executive", "Head of Sales", "Presales", "Finance lead", ""),
        }
        for _ in range(120)
    ]
    tools = [
        {
            "account": account(),
            "begin": some_day(rng, 0.02),
            "last": some_day(rng, 0.4),
            "known": some_day(rng, 0.7),
            "tool": pick("alpha", "Alpha CRM", "beta", "Gamma", "Old One", "Own Build"),
            "category": pick("", "", "crm", "Built"),
            "contract": some_day(rng, 0.5),
        }
        for _ in range(60)
    ]
    people = [
        {
            "account": account(),
            "begin": some_day(rng, 0.02),
            "seniority": pick(*slow_as_of.ORDER, "Owner", ""),
            "title": pick("sales", "finance and sales", "salesman", "other"),
        }
        for _ in range(40)
    ]
    return {"signals": signals, "technologies": tools, "contacts": people}


def write_tables(folder: Path, rows: dict[str, list[dict[str, str]]]) -> None:
    for name, table in rows.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(table[0]))
            writer.writeheader()
            writer.writerows(table)
    (folder / "tools.csv").write_text(
        "tool,category,aliases,legacy\nAlpha,crm,Alpha CRM,\nBeta,crm,,no\nGamma,mail,,\nOld One,mail,,yes\n",
        encoding="utf-8",
    )


def settings(*, complete: bool) -> DatedTables:
    roles = {name: list(words) for name, words in slow_as_of.ROLES.items()}
    same = {name: name for name in ("type", "value", "party", "title", "known")}
    signals: dict[str, object] = {"occurred": "begin", "source_of": "source", "roles": roles, **same}
    technologies: dict[str, object] = {
        "tool": "tool", "category": "category", "first_seen": "begin", "last_seen": "last", "known": "known",
        "contract_end": "contract", "lapse": slow_as_of.LAPSE, "taxonomy": "tools.csv", "shipped": False,
    }  # fmt: skip
    contacts: dict[str, object] = {"since": "begin", "seniority": "seniority", "title": "title", "roles": roles}
    tables = {"signals": signals, "technologies": technologies, "contacts": contacts}
    common: dict[str, object] = {"account": "account", "complete": complete}
    return parse_settings(DatedTables, {name: {"source": f"{name}.csv", **common, **t} for name, t in tables.items()})


def assert_same(attribute: Attribute, fast: Sequence[Any], slow: Sequence[Any]) -> int:
    for place, (one, other) in enumerate(zip(fast, slow, strict=True)):
        found = tuple(sorted(one)) if isinstance(one, list) else one
        same = found == pytest.approx(other, rel=1e-12) if isinstance(other, float) else found == other
        assert same, (attribute.name, place, found, other)
    return len(fast)


@pytest.mark.parametrize("complete", [False, True])
def test_ten_thousand_cases_agree_with_one_row_at_a_time(tmp_path: Path, complete: bool) -> None:  # noqa: FBT001
    cases = 0
    for seed in range(WORLDS):
        rng = np.random.default_rng(seed)
        rows = rows_of(rng)
        write_tables(tmp_path, rows)
        accounts = [f"a{number}" for number in rng.integers(0, ACCOUNTS, DEALS)]
        days = [START + timedelta(days=int(day)) for day in rng.integers(-2, DAYS + 20, DEALS)]
        tables = open_tables(settings(complete=complete), ATTRIBUTES, tmp_path)
        built = build_columns(pa.array(accounts), np.array(days, dtype="datetime64[D]"), tables, ATTRIBUTES)
        for attribute in ATTRIBUTES:
            recipe = attribute.recipe
            assert recipe is not None
            mine = {name: [row for row in rows[recipe.table] if row["account"] == name] for name in set(accounts)}
            slow = [
                slow_as_of.answer(attribute.kind, recipe, mine[account], day, complete=complete)
                for account, day in zip(accounts, days, strict=True)
            ]
            cases += assert_same(attribute, built.column(attribute.column).to_pylist(), slow)
    assert cases >= 10_000


def test_the_size_of_a_chunk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(99)
    write_tables(tmp_path, rows_of(rng))
    tables = open_tables(settings(complete=False), ATTRIBUTES, tmp_path)
    accounts = pa.array([f"a{number}" for number in rng.integers(0, ACCOUNTS, 200)])
    days = np.datetime64(START) + rng.integers(0, DAYS, 200)
    whole = build_columns(accounts, days, tables, ATTRIBUTES)
    monkeypatch.setattr(as_of, "CHUNK", 7)
    assert build_columns(accounts, days, tables, ATTRIBUTES).equals(whole)
