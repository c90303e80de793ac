"""A world in the column layouts of HubSpot's own export, by labels: deals, companies and contacts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from icp_training.world.streams import stream
from icp_training.world.vendors import Mixed, Rows, account_values, attributes_of_accounts, draw_rows, write
from icp_training.world.world import World

NAMES = {
    "employees": "Number of Employees",
    "revenue": "Annual Revenue",
    "industry": "Industry",
    "country": "Country/Region",
    "founded": "Year Founded",
    "tools": "Web Technologies",
    "lead_source": "Original Traffic Source",
}
"""The default properties; every other attribute is a property of the company's own."""
_PIPELINE = "Sales Pipeline"


def label_of(attribute: str) -> str:
    """The label of an attribute or a leak."""
    return NAMES.get(attribute, attribute.replace("_", " ").capitalize())


def write_hubspot(world: World, folder: Path) -> Mixed:
    """Writes deals.csv, companies.csv and contacts.csv; lists are separated by semicolons.

    The folder is made where it is missing. Returns what was mixed into the deals; an export of HubSpot's has no
    deleted rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = draw_rows(world)
    rows = Rows(
        drawn.deals, drawn.won, drawn.over, drawn.renewal, drawn.test, drawn.duplicate, np.zeros_like(drawn.deleted)
    )
    write(_deals(world, rows), folder / "deals.csv")
    write(_companies(world, rows), folder / "companies.csv")
    write(_contacts(world), folder / "contacts.csv")
    return rows.mixed()


def _deals(world: World, rows: Rows) -> dict[str, object]:
    deals, rng = rows.deals, stream(world.settings.seed, "hubspot")
    size, over, won = len(deals), rows.over, rows.won
    companies = world.accounts.set_index("account_id")["company"]
    days = (pd.to_datetime(deals["closed"]) - pd.to_datetime(deals["opened"])).dt.days
    stage = _stages(rows)
    lost = pd.Series(np.where(rows.duplicate, "Duplicate", deals["reason"].str.capitalize())).where(rows.lost)
    return {
        "Record ID": _ids(10, deals["deal_id"].str.replace("R", "9").str.replace("D", "1")),
        "Deal Name": np.where(rows.test, "Test ", "") + "Deal " + deals["deal_id"].astype(str),
        "Pipeline": _PIPELINE,
        "Deal Stage": stage,
        "Deal Type": np.where(rows.renewal, "Existing Business", "New Business"),
        "Amount": deals["amount"],
        "Amount in company currency": deals["amount"],
        "Deal Probability": np.where(over, np.where(won, 1.0, 0.0), 0.4),
        "Forecast Amount": (deals["amount"] * np.where(over, won, 0.4)).round(2),
        "Weighted amount": (deals["amount"] * np.where(over, won, 0.4)).round(2),
        "Closed Deal Amount": np.where(won, deals["amount"], 0.0),
        "Close Date": deals["closed"] + " 16:05",
        "Create Date": deals["opened"] + " 09:30",
        "Days to Close": days,
        "Is Closed Won": _booleans(won),
        "Is Deal Closed?": _booleans(over),
        "Closed Lost Reason": lost,
        "Deal owner": deals["owner"],
        "HubSpot Team": None,
        "Original Traffic Source": deals["lead_source"],
        "Last Activity Date": deals["closed"] + " 11:00",
        "Number of Sales Activities": deals["stage_changes"] * 3 + rng.poisson(2, size),
        "Number of times contacted": deals["stage_changes"] + rng.poisson(1, size),
        "Number of Associated Contacts": 1 + rng.poisson(np.where(won, 2.0, 1.0)),
        f'Time in "Negotiation ({_PIPELINE})" (HH:mm:ss)': (deals["days_in_stage"] * 24).astype(str) + ":00:00",
        f'Date entered "Closed won ({_PIPELINE})"': pd.Series(deals["closed"] + " 16:05").where(won),
        f'Date entered "Closed lost ({_PIPELINE})"': pd.Series(deals["closed"] + " 16:05").where(rows.lost),
        "Last Modified Date": deals["closed"] + " 16:05",
        "Associated Company": [companies[account] for account in deals["account_id"]],
        "Associated Company IDs": _ids(20, deals["account_id"].str.replace("A", "1")),
        "Associated Contact": None,
        **{label_of(leak.name): deals[leak.name] for leak in world.truth.leaks},
    }


def _stages(rows: Rows) -> pd.Series[str]:
    stage = rows.deals["stage"].astype(object).where(~(rows.test | rows.duplicate), "Closed Lost")
    return stage.str.capitalize() + f" ({_PIPELINE})"


def _companies(world: World, rows: Rows) -> dict[str, object]:
    accounts = account_values(world)
    deals = rows.deals
    won = deals[rows.won].groupby("account_id")["amount"].sum()
    count = deals.groupby("account_id").size()
    bought = accounts["account_id"].map(won)
    return {
        "Record ID": _ids(20, accounts["account_id"].str.replace("A", "1")),
        "Company name": accounts["company"],
        "Company Domain Name": accounts["domain"],
        "Company owner": "rep-" + accounts["account_id"].str[-1],
        "Create Date": "2021-01-04 08:00",
        "Lifecycle Stage": np.where(bought.notna(), "Customer", "Opportunity"),
        "Lead Status": np.where(bought.notna(), "Open deal", "In progress"),
        "Number of Associated Deals": accounts["account_id"].map(count),
        "Total Revenue": bought,
        "Last Activity Date": None,
        **{label_of(name): accounts[name] for name in attributes_of_accounts(world)},
    }


def _contacts(world: World) -> dict[str, object]:
    contacts = world.contacts
    return {
        "Record ID": _ids(30, contacts["contact_id"].str.replace("C", "1")),
        "First Name": "F" + contacts["contact_id"].astype(str),
        "Last Name": "L" + contacts["contact_id"].astype(str),
        "Email": contacts["contact_id"].str.lower() + "@mail.example",
        "Job Title": contacts["title"],
        "Seniority": contacts["seniority"],
        "Create Date": contacts["since"] + " 08:00",
        "Last Activity Date": contacts["last_activity"],
        "Associated Company IDs": _ids(20, contacts["account"].str.replace("A", "1")),
    }


def _ids(kind: int, numbers: pd.Series[str]) -> list[str]:
    return [f"{kind}{number}" for number in numbers]


def _booleans(flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.where(flags, "true", "false")
