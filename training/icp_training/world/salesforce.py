"""A world in Salesforce's column layouts, by API names: opportunities, accounts, contacts and both field histories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from icp_training.world.deals import OPEN_STAGES
from icp_training.world.streams import stream
from icp_training.world.vendors import (
    Mixed,
    Rows,
    account_changes,
    account_values,
    attributes_of_accounts,
    draw_rows,
    write,
)
from icp_training.world.world import World

NAMES = {
    "employees": "NumberOfEmployees",
    "revenue": "AnnualRevenue",
    "industry": "Industry",
    "country": "BillingCountry",
    "ownership": "Ownership",
    "founded": "YearStarted",
    "lead_source": "LeadSource",
}
"""The standard fields; every other attribute is a custom field."""
_FIRST_STAGE = "Prospecting"
_PROBABILITY = (10, 25, 60, 80)
_FORECAST = ("Pipeline", "Pipeline", "BestCase", "Forecast")


def field_of(attribute: str) -> str:
    """The API name of an attribute or a leak: a standard field or a custom one."""
    return NAMES.get(attribute, f"{attribute.title()}__c")


def write_salesforce(world: World, folder: Path) -> Mixed:
    """Writes opportunities.csv, accounts.csv, contacts.csv, opportunity_field_history.csv and account_history.csv.

    The folder is made where it is missing. Returns what was mixed into the opportunities.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = draw_rows(world)
    write(_opportunities(world, rows), folder / "opportunities.csv")
    write(_accounts(world), folder / "accounts.csv")
    write(_contacts(world), folder / "contacts.csv")
    write(_opportunity_history(rows), folder / "opportunity_field_history.csv")
    write(_account_history(world), folder / "account_history.csv")
    return rows.mixed()


def _opportunities(world: World, rows: Rows) -> dict[str, object]:
    deals, rng = rows.deals, stream(world.settings.seed, "salesforce")
    size = len(deals)
    stage = _stages(rows)
    place = np.array([OPEN_STAGES.index(text) if text in OPEN_STAGES else 0 for text in deals["stage"]])
    probability = np.where(rows.over, np.where(rows.won, 100, 0), np.array(_PROBABILITY)[place])
    category = np.where(rows.over, np.where(rows.won, "Closed", "Omitted"), np.array(_FORECAST)[place])
    amount = deals["amount"].round(2)
    closed = pd.to_datetime(deals["closed"])
    account = _ids("001", deals["account_id"])
    names = np.where(rows.test, "Test - ", "") + "Opportunity " + deals["deal_id"].astype(str)
    touched = (closed - pd.to_timedelta(rng.integers(0, 9, size), unit="D")).dt.strftime("%Y-%m-%d")
    stamp = _stamp(deals["closed"])
    return {
        "Id": _ids("006", deals["deal_id"]),
        "IsDeleted": _booleans(rows.deleted),
        "AccountId": account,
        "IsPrivate": "false",
        "Name": names,
        "Description": None,
        "StageName": stage,
        "Amount": amount,
        "Probability": probability,
        "ExpectedRevenue": (amount * probability / 100).round(2),
        "TotalOpportunityQuantity": None,
        "CloseDate": deals["closed"],
        "Type": np.where(
            rows.renewal, np.where(rng.random(size) < 0.7, "Renewal", "Existing Customer - Upgrade"), "New Business"
        ),
        "NextStep": np.where(rows.over, "", "Call back"),
        "LeadSource": deals["lead_source"],
        "IsClosed": _booleans(rows.over),
        "IsWon": _booleans(rows.won),
        "ForecastCategory": category,
        "ForecastCategoryName": category,
        "CampaignId": None,
        "HasOpportunityLineItem": _booleans(rows.won | (rng.random(size) < 0.3)),
        "Pricebook2Id": None,
        "OwnerId": _ids("005", deals["owner"]),
        "CreatedDate": _stamp(deals["opened"]),
        "CreatedById": _ids("005", deals["owner"]),
        "LastModifiedDate": stamp,
        "LastModifiedById": _ids("005", deals["owner"]),
        "SystemModstamp": stamp,
        "LastActivityDate": touched,
        "PushCount": deals["stage_changes"],
        "LastStageChangeDate": stamp,
        "FiscalQuarter": closed.dt.quarter,
        "FiscalYear": closed.dt.year,
        "Fiscal": closed.dt.year.astype(str) + " " + closed.dt.quarter.astype(str),
        "ContactId": None,
        "LastViewedDate": None,
        "LastReferencedDate": None,
        "HasOpenActivity": _booleans(~rows.over),
        "HasOverdueTask": "false",
        "Loss_Reason__c": np.where(rows.duplicate, "Duplicate", deals["reason"].str.capitalize()),
        **{field_of(leak.name): deals[leak.name] for leak in world.truth.leaks},
    }


def _stages(rows: Rows) -> pd.Series[str]:
    """Salesforce has no stage for tests and duplicates: both are closed as lost."""
    stage = rows.deals["stage"].astype(object)
    return stage.where(~(rows.test | rows.duplicate), "Closed Lost")


def _accounts(world: World) -> dict[str, object]:
    accounts = account_values(world)
    won = set(world.deals.loc[world.deals["stage"] == "Closed Won", "account_id"])
    customer = accounts["account_id"].isin(won)
    return {
        "Id": _ids("001", accounts["account_id"]),
        "IsDeleted": "false",
        "MasterRecordId": None,
        "Name": accounts["company"],
        "Type": np.where(customer, "Customer - Direct", "Prospect"),
        "ParentId": None,
        "Website": "www." + accounts["domain"].astype(str),
        "Rating": np.where(customer, "Hot", ""),
        "OwnerId": _ids("005", accounts["account_id"].str[-1]),
        "CreatedDate": _stamp(pd.Series(["2021-01-04"] * len(accounts))),
        **{field_of(name): accounts[name] for name in attributes_of_accounts(world)},
    }


def _contacts(world: World) -> dict[str, object]:
    contacts = world.contacts
    return {
        "Id": _ids("003", contacts["contact_id"]),
        "IsDeleted": "false",
        "AccountId": _ids("001", contacts["account"]),
        "LastName": "L" + contacts["contact_id"].astype(str),
        "FirstName": "F" + contacts["contact_id"].astype(str),
        "Title": contacts["title"],
        "CreatedDate": _stamp(contacts["since"]),
        "LastActivityDate": contacts["last_activity"],
        "Seniority__c": contacts["seniority"],
    }


def _opportunity_history(rows: Rows) -> pd.DataFrame:
    """The stage when the opportunity was made and when it closed, and the amount that was agreed in the end."""
    deals, over = rows.deals, rows.over
    ids, opened, closed = _ids("006", deals["deal_id"]), _stamp(deals["opened"]), _stamp(deals["closed"])
    listed = (deals["amount"] * 1.1).round(2).astype(str)
    created = _history(ids, "created", "", "", opened)
    stage = _history(ids, "StageName", _FIRST_STAGE, _stages(rows), closed)[over]
    amount = _history(ids, "Amount", listed, deals["amount"].round(2).astype(str), closed)[over]
    history = pd.concat([created, stage, amount], ignore_index=True)
    history.insert(0, "Id", [f"017{number:012d}AAA" for number in range(len(history))])
    return history.sort_values("CreatedDate", kind="stable").reset_index(drop=True)


def _history(
    ids: list[str], field: str, old: pd.Series[str] | str, new: pd.Series[str] | str, day: pd.Series[str]
) -> pd.DataFrame:
    said = {"Field": field, "OldValue": old, "NewValue": new, "CreatedDate": day}
    return pd.DataFrame({"OpportunityId": ids, **said}).astype(object)


def _account_history(world: World) -> dict[str, object]:
    changes = account_changes(world)
    return {
        "Id": [f"016{number:012d}AAA" for number in range(len(changes))],
        "IsDeleted": "false",
        "AccountId": _ids("001", changes["account_id"]),
        "CreatedById": None,
        "CreatedDate": _stamp(changes["day"]),
        "Field": [field_of(name) for name in changes["attribute"]],
        "OldValue": changes["old"],
        "NewValue": changes["new"],
    }


def _ids(prefix: str, texts: pd.Series[str]) -> list[str]:
    """Eighteen characters: what kind of record it is, and which one."""
    folded = texts.str.replace("[^0-9A-Za-z]", "", regex=True)
    return [f"{prefix}{text:0>12}AAA" for text in folded]


def _stamp(days: pd.Series[str]) -> pd.Series[str]:
    return days.astype(object).where(days.isna(), days.astype(str) + "T09:30:00.000+0000")


def _booleans(flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.where(flags, "true", "false")
