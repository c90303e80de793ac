"""A small project whose deals hold nothing but ids and dates: all that can be learned stands in two dated tables.

Companies that hired in the 90 days before a deal opened buy more often. After the opening the won ones hire, too: who
counts what became known later finds a stronger rule, and a false one.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from tests.cli_projects import write_config

START, END = date(2023, 1, 1), date(2024, 12, 31)
SCORED_ON = date(2025, 1, 31)
ACCOUNTS, DEALS = 160, 260
TOOLS = ("Alpha", "Beta", "Gamma")
HIRING = {"kind": "number", "from": {"table": "signals", "type": "job_posting", "measure": "count", "days": 90}}


def write_dated_project(folder: Path) -> Path:
    """deals.csv, signals.csv, technologies.csv, list.csv and icp.yaml, and list_signals.csv for other companies."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    signals = _signals(rng, [f"c{number}" for number in range(ACCOUNTS)], START, END)
    deals = _deals(rng, signals)
    won = deals[deals["stage"] == "Won"]
    days = [day + timedelta(days=5) for day in won["opened"]]
    after = [(account, "job_posting", day, day) for account, day in zip(won["account"], days, strict=True)] * 4
    later = pd.DataFrame(after, columns=["account", "type", "occurred", "known"])
    pd.concat([signals, later]).to_csv(folder / "signals.csv", index=False)
    deals.to_csv(folder / "deals.csv", index=False)
    _technologies(rng).to_csv(folder / "technologies.csv", index=False)
    pd.DataFrame({"domain": [f"c{number}" for number in range(60)]}).to_csv(folder / "list.csv", index=False)
    write_config(folder, dated_config())
    return folder


def dated_config() -> dict[str, object]:
    return {
        "name": "dated",
        "deals": {
            "source": "deals.csv", "id": "id", "account": "account", "opened": "opened", "closed": "closed",
            "outcome": {"column": "stage", "won": ["Won"], "lost": ["Lost"]}, "window": {"months": 36},
        },
        "tables": {
            "signals": {
                "source": "signals.csv", "account": "account", "type": "type", "occurred": "occurred",
                "known": "known", "complete": True,
            },
            "technologies": {
                "source": "technologies.csv", "account": "account", "tool": "tool", "first_seen": "first_seen",
            },
        },
        "attributes": {
            "behavioural": {"hiring": HIRING},
            "technographic": {"tools": {"kind": "set", "from": "technologies"}},
        },
        "prospects": {"source": "list.csv", "id": "domain"},
    }  # fmt: skip


def hiring_on(folder: Path, accounts: list[str], day: date) -> list[int]:
    """Postings of the 90 days that end with the day, known by it, counted one by one."""
    signals = pd.read_csv(folder / "signals.csv")
    first = (day - timedelta(days=89)).isoformat()
    inside = (signals["occurred"] >= first) & (signals["occurred"] <= day.isoformat())
    counts = signals[inside & (signals["known"] <= day.isoformat())].groupby("account").size()
    return [int(counts.get(account, 0)) for account in accounts]


def _signals(rng: np.random.Generator, accounts: list[str], start: date, end: date) -> pd.DataFrame:
    busy = rng.gamma(1.5, 4.0, len(accounts))
    account = np.repeat(accounts, rng.poisson(busy * 2))
    occurred = [start + timedelta(days=int(day)) for day in rng.integers(0, (end - start).days, len(account))]
    known = [day + timedelta(days=int(lag)) for day, lag in zip(occurred, rng.poisson(6, len(account)), strict=True)]
    return pd.DataFrame({"account": account, "type": "job_posting", "occurred": occurred, "known": known})


def _deals(rng: np.random.Generator, signals: pd.DataFrame) -> pd.DataFrame:
    accounts = [f"c{number}" for number in rng.integers(0, ACCOUNTS, DEALS)]
    opened = [START + timedelta(days=100 + int(day)) for day in rng.integers(0, 560, len(accounts))]
    counts = []
    for account, day in zip(accounts, opened, strict=True):
        mine = signals[(signals["account"] == account) & (signals["known"] <= day) & (signals["occurred"] <= day)]
        counts.append(int((mine["occurred"] > day - timedelta(days=90)).sum()))
    chance = 1 / (1 + np.exp(1.6 - 1.1 * np.array(counts)))
    closed = [
        day + timedelta(days=int(days)) for day, days in zip(opened, rng.integers(5, 40, len(opened)), strict=True)
    ]
    stage = np.where(rng.random(len(opened)) < chance, "Won", "Lost")
    ids = [f"d{place}" for place in range(len(opened))]
    return pd.DataFrame({"id": ids, "account": accounts, "opened": opened, "closed": closed, "stage": stage})


def _technologies(rng: np.random.Generator) -> pd.DataFrame:
    rows = [
        (f"c{number}", tool, START - timedelta(days=int(rng.integers(0, 900))))
        for number in range(ACCOUNTS)
        for tool in TOOLS
        if rng.random() < 0.5
    ]
    return pd.DataFrame(rows, columns=["account", "tool", "first_seen"])
