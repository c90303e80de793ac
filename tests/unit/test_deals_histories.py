"""Records say again what they said on a day. The reference walks back from today, one change after the other."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from icp_ml.deals.contract import read_deals
from icp_ml.deals.histories import read_history, rewind
from icp_ml.deals.kinds import CategoryColumn, NumberColumn
from icp_ml.deals.point_in_time_settings import HistorySettings
from icp_ml.errors import ConfigError, InputError
from icp_training.config import Config

START = date(2024, 1, 1)


def settings(**changes: object) -> HistorySettings:
    names = {"source": "history.csv", "id": "Id", "field": "Field", "changed": "Changed", "old": "Old"}
    return HistorySettings.model_validate({**names, **changes})


def walked_back(today: str, changes: list[tuple[str, str]], day: str) -> str:
    """changes: (moment, what was said until then). Undo every change of a later day, the last one first."""
    for moment, old in sorted(changes, reverse=True):
        if moment[:10] > day:
            today = old
    return today


def test_a_record_says_what_it_said_on_the_day(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    records = [f"r{number}" for number in range(8)]
    rows = []
    for place in range(90):
        moment = f"{START + timedelta(days=int(rng.integers(0, 30)))}T{place % 24:02d}:{place % 60:02d}"
        said = str(rng.choice(["a", "b", "c", ""]))
        rows.append((str(rng.choice(records)), str(rng.choice(["Kind", "Size"])), moment, said))
    pd.DataFrame(rows, columns=["Id", "Field", "Changed", "Old"]).to_csv(tmp_path / "history.csv", index=False)
    history = read_history(settings(fields={"Size": "size now"}), tmp_path)
    asked = [(record, START + timedelta(days=day)) for record in [*records, "stranger"] for day in range(-1, 32)]
    today = [f"today {record}" for record, _ in asked]
    table = pa.table({"Kind": today, "size now": today, "other": today})
    days = np.array([day for _, day in asked], dtype="datetime64[D]")
    said_then, done = rewind(table, pa.array([record for record, _ in asked]), days, history, table.schema.names)
    for field, column in (("Kind", "Kind"), ("Size", "size now")):
        expected = [
            walked_back(now, [(row[2], row[3]) for row in rows if row[:2] == (record, field)], day.isoformat())
            for now, (record, day) in zip(today, asked, strict=True)
        ]
        assert [text or "" for text in said_then.column(column).to_pylist()] == expected
        changed = sum(now != then for now, then in zip(today, expected, strict=True))
        assert {each.column: each.changed for each in done}[column] == changed > 0
    assert said_then.column("other").to_pylist() == today


def test_a_change_on_the_day_itself_has_been_made(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(
        "Id,Field,Changed,Old\nA,Kind,2024-03-10T23:59:00Z,before\n", encoding="utf-8"
    )
    history = read_history(settings(), tmp_path)
    table = pa.table({"Kind": ["after"] * 3})
    days = np.array(["2024-03-09", "2024-03-10", "2024-03-11"], dtype="datetime64[D]")
    rewound, _ = rewind(table, pa.array(["A"] * 3), days, history, ["Kind"])
    assert rewound.column("Kind").to_pylist() == ["before", "after", "after"]


def test_most_days_unreadable_is_a_mistake_of_the_declaration(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("Id,Field,Changed,Old\nA,Kind,3/9/24,x\nA,Kind,soon,x\n", encoding="utf-8")
    with pytest.raises(InputError, match="2 of 2 rows"):
        read_history(settings(), tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two accounts; A moved from Retail to Software and grew after its first deal opened, B never changed."""
    (tmp_path / "deals.csv").write_text(
        "id,account,opened,closed,stage,Lead Source\n1,A,2024-01-10,2024-02-01,Won,Event\n"
        "2,A,2024-05-10,2024-06-01,Lost,Event\n3,B,2024-01-10,2024-02-01,Lost,Event\n",
        encoding="utf-8",
    )
    (tmp_path / "accounts.csv").write_text("id,Industry,Employees\nA,Software,900\nB,Retail,40\n", encoding="utf-8")
    (tmp_path / "account_history.csv").write_text(
        "AccountId,Field,CreatedDate,OldValue,NewValue\nA,Industry,2024-03-01T08:00:00.000Z,Retail,Software\n"
        "A,NumberOfEmployees,2024-03-01T08:00:00.000Z,500,900\n",
        encoding="utf-8",
    )
    (tmp_path / "deal_history.csv").write_text(
        "OpportunityId,Field,CreatedDate,OldValue,NewValue\n2,Lead Source,2024-05-20,Referral,Event\n", encoding="utf-8"
    )
    return tmp_path


def config(**attributes: object) -> Config:
    shape = {"field": "Field", "changed": "CreatedDate", "old": "OldValue"}
    return Config.model_validate({
        "deals": {
            "source": "deals.csv", "id": "id", "account": "account", "opened": "opened", "closed": "closed",
            "outcome": {"column": "stage", "won": ["Won"], "lost": ["Lost"]},
        },
        "tables": {
            "accounts": {"source": "accounts.csv", "id": "id"},
            "account_history": {
                "source": "account_history.csv", "id": "AccountId", **shape,
                "fields": {"NumberOfEmployees": "Employees"},
            },
            "deal_history": {"source": "deal_history.csv", "id": "OpportunityId", **shape},
        },
        "attributes": {"firmographic": attributes},
    })  # fmt: skip


def test_accounts_and_deals_are_rewound_to_the_opening(project: Path) -> None:
    read = config(Industry="category", Employees="number", source={"kind": "category", "column": "Lead Source"})
    deals = read_deals(read.deals, read.tables, read.resolved(), project)
    deals = deals.take(np.argsort(deals.ids))
    industry, employees, source = (deals.parsed.columns[name] for name in ("Industry", "Employees", "source"))
    assert isinstance(industry, CategoryColumn)
    assert isinstance(employees, NumberColumn)
    assert isinstance(source, CategoryColumn)
    assert [industry.levels[code] for code in industry.codes] == ["Retail", "Software", "Retail"]
    assert employees.values.tolist() == [500, 900, 40]
    assert [source.levels[code] for code in source.codes] == ["Event", "Referral", "Event"]
    assert {each.column: each.changed for each in deals.dated.rewound} == {
        "Industry": 1, "Employees": 1, "Lead Source": 1,
    }  # fmt: skip


def test_a_column_without_history_is_as_it_says_today(project: Path) -> None:
    (project / "account_history.csv").write_text("AccountId,Field,CreatedDate,OldValue\nA,Phone,2024-03-01,1\n")
    read = config(Industry="category")
    deals = read_deals(read.deals, read.tables, read.resolved(), project)
    assert deals.dated.rewound == ()
    assert {each.table: each.others for each in deals.dated.histories} == {
        "account_history": ("Phone",), "deal_history": ("Lead Source",),
    }  # fmt: skip


def test_without_the_day_of_opening_or_the_id_nothing_is_rewound(project: Path) -> None:
    read = config(Industry="category")
    undated = read.deals.model_copy(update={"opened": None})
    with pytest.raises(ConfigError, match=r"tables.deal_history rewinds records .* deals.opened is not declared"):
        read_deals(undated, read.tables, read.resolved(), project)
    unnamed = read.deals.model_copy(update={"id": None})
    with pytest.raises(ConfigError, match=r"tables.deal_history rewinds records .* deals.id is not declared"):
        read_deals(unnamed, read.tables, read.resolved(), project)
