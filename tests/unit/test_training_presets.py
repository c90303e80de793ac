"""The preset files say one thing of each column, and an export is recognised by its columns however they are spelt."""

from __future__ import annotations

from collections import Counter

import pytest

from icp_training.presets.matching import recognise
from icp_training.presets.reading import (
    ExportPreset,
    folded,
    is_named,
    says,
    value_words,
    vendor_preset,
    vendors,
)

EXPORTS = [
    pytest.param(export, id=f"{vendor}-{export.holds}")
    for vendor in (*vendors("crm"), *vendors("list"))
    for export in vendor_preset(vendor).exports
]


@pytest.mark.parametrize("export", EXPORTS)
def test_no_column_of_an_export_is_in_two_groups(export: ExportPreset) -> None:
    spelled = Counter(
        name
        for _, meanings in export.groups()
        for name in {folded(name) for meaning in meanings for name in meaning.names}
    )
    assert [name for name, groups in spelled.items() if groups > 1] == []


@pytest.mark.parametrize("export", EXPORTS)
def test_what_an_export_is_told_by_can_be_found_in_it(export: ExportPreset) -> None:
    assert {part for group in export.needs for part in group} <= set(export.parts)
    assert len(export.marks) == len(set(export.marks)) >= 2


@pytest.mark.parametrize("export", EXPORTS)
def test_every_column_that_is_sorted_says_why(export: ExportPreset) -> None:
    silent = [m for group, meanings in export.groups() for m in meanings if not m.why and export.holds != "prospects"]
    assert silent == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("StageName", "stage_name"),
        ("Loss_Reason__c", "Loss Reason"),
        ("loss_reason_c", "Loss Reason"),
        ("Probability (%)", "probability"),
        ("# Employees", "Employees"),
    ],
)
def test_api_names_columns_of_elt_tools_and_labels_fold_to_one_spelling(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_a_star_stands_for_anything_and_nothing_else_does() -> None:
    assert is_named('Date entered "Proposal (Sales Pipeline)"', ("Date entered*",))
    assert not is_named("Days entered", ("Date entered*",))
    assert not is_named("Datentered", ("Date*entered*x",))


SALESFORCE = {
    "API names": ["Id", "AccountId", "StageName", "IsWon", "IsClosed", "CloseDate", "CreatedDate", "Amount"],
    "snake_case": ["id", "account_id", "stage_name", "is_won", "is_closed", "close_date", "created_date", "amount"],
    "labels": ["Opportunity ID", "Account ID", "Stage", "Won", "Closed", "Close Date", "Created Date", "Amount",
               "Opportunity Owner"],
}  # fmt: skip
HUBSPOT = {
    "snake_case": ["hs_object_id", "dealname", "dealstage", "hs_is_closed_won", "hs_is_closed", "closedate",
                   "createdate", "amount"],
    "labels": ["Record ID", "Deal Name", "Deal Stage", "Is Closed Won", "Is Deal Closed?", "Close Date", "Create Date",
               "Amount"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "names"),
    [*(("Salesforce", names) for names in SALESFORCE.values()), *(("HubSpot", names) for names in HUBSPOT.values())],
)
def test_deals_are_recognised_in_every_spelling_and_order(vendor: str, names: list[str]) -> None:
    for order in (names, names[::-1]):
        seen = recognise(order, vendors("crm"))
        assert seen is not None
        assert (seen.vendor, seen.holds) == (vendor, "deals")
        assert all(seen.part(part) for part in ("id", "stage", "won", "decided", "opened", "closed"))
        assert set(seen.columns) == set(names)


@pytest.mark.parametrize(
    ("names", "holds"),
    [
        (["Id", "AccountId", "Field", "OldValue", "NewValue", "CreatedDate"], "account_history"),
        (["Id", "OpportunityId", "Field", "OldValue", "NewValue", "CreatedDate"], "deal_history"),
        (["Id", "AccountId", "LastName", "FirstName", "Title", "CreatedDate"], "contacts"),
        (["Id", "Name", "Industry", "NumberOfEmployees", "AnnualRevenue", "BillingCountry"], "accounts"),
        (["id", "lead_status", "is_converted", "converted_date", "number_of_employees", "annual_revenue"], "leads"),
        (["id", "stage_name", "is_won", "close_date", "_fivetran_start", "_fivetran_end"], "versions"),
        (["Record ID", "First Name", "Last Name", "Job Title", "Email", "Company Name", "Create Date"], "contacts"),
        (["Record ID", "Company name", "Company Domain Name", "Industry", "Number of Employees"], "accounts"),
    ],
)
def test_what_an_export_holds_is_told_by_its_columns(names: list[str], holds: str) -> None:
    seen = recognise(names, vendors("crm"))
    assert seen is not None
    assert seen.holds == holds


@pytest.mark.parametrize(
    "names",
    [
        ["Deal ID", "Stage", "Forecast Category", "Seats"],  # a single name of a vendor's is no evidence
        ["deal_id", "account_id", "name", "opened_at", "closed_at", "stage", "owner", "amount", "lead_source"],
        ["StageName", "AccountId"],
        [],
    ],
)
def test_a_spreadsheet_of_ones_own_is_no_vendors(names: list[str]) -> None:
    assert recognise(names, vendors("crm")) is None


@pytest.mark.parametrize(
    ("names", "vendor"),
    [
        (["Company", "Company Name for Emails", "# Employees", "Industry", "Website", "Technologies"], "Apollo"),
        (["Name", "Domain", "Primary Industry", "Size", "Country", "LinkedIn URL"], "Clay"),
    ],
)
def test_prospect_lists_are_recognised(names: list[str], vendor: str) -> None:
    seen = recognise(names, vendors("list"))
    assert seen is not None
    assert (seen.vendor, seen.holds) == (vendor, "prospects")


@pytest.mark.parametrize(
    ("value", "fate"),
    [
        ("New Business", "new"),
        ("newbusiness", "new"),
        ("New Customer", "new"),
        ("Net New", "new"),
        ("Existing Customer - Upgrade", "leave_out"),
        ("existingbusiness", "leave_out"),
        ("Renewal", "leave_out"),
        ("New Renewal", "leave_out"),
        ("Add-On Business", "leave_out"),
        ("Pilot", ""),
        ("Brand renewed", "leave_out"),
        ("Knew", ""),
        ("Tested before", ""),
        ("Test", "leave_out"),
    ],
)
def test_deal_types_are_told_by_their_words(value: str, fate: str) -> None:
    types = value_words().types
    found = [name for name in ("leave_out", "new") if says(value, getattr(types, name))]
    assert next(iter(found), "") == fate
