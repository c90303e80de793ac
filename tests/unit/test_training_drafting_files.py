"""Several exports at once: which is which is found out and said, and what cannot be told is refused in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from icp_ml.deals.contract import read_deals
from icp_ml.errors import InputError
from icp_training.config import Config, load_config
from icp_training.drafting import Draft, draft_config, draft_prospects

DEALS = 120
RNG = np.random.default_rng(8)
SEATS = RNG.integers(1, 900, DEALS).tolist()
SOURCES = RNG.choice(["web", "call", "fair"], DEALS).tolist()
STAGES = ["Won" if i % 3 == 0 else "Lost" for i in range(DEALS)]
OWN = {"Deal ID": [f"D{i}" for i in range(DEALS)], "Customer ID": [f"C{i // 2}" for i in range(DEALS)], "Stage": STAGES}
COMPANIES = {"Code": [f"C{i}" for i in range(60)], "Sector": RNG.choice(["mills", "mines", "farms"], 60).tolist()}


def write(folder: Path, file: str, columns: Mapping[str, Sequence[object]]) -> Path:
    pa_csv.write_csv(pa.table({name: pa.array(values) for name, values in columns.items()}), folder / file)
    return folder / file


def loaded(folder: Path, draft: Draft) -> Config:
    (folder / "icp.yaml").write_text(draft.text, encoding="utf-8")
    return load_config(folder / "icp.yaml")


def test_a_file_of_ones_own_with_the_accounts_is_joined_by_its_values(tmp_path: Path) -> None:
    accounts = write(tmp_path, "companies.csv", {"Company Number": COMPANIES["Code"], "Sector": COMPANIES["Sector"]})
    draft = draft_config([accounts, write(tmp_path, "deals.csv", OWN)], tmp_path)
    config = loaded(tmp_path, draft)
    assert config.tables.accounts is not None
    assert (config.deals.account, config.tables.accounts.id) == ("Customer ID", "Company Number")
    deals = read_deals(config.deals, config.tables, config.resolved(), tmp_path)
    assert not deals.parsed.missing("Sector").any()
    assert "120 of 120 deals find theirs" in draft.text


def test_a_file_that_nobody_refers_to_is_said_and_not_used(tmp_path: Path) -> None:
    other = write(tmp_path, "weather.csv", {"Day": ["Monday", "Friday"], "Rain": ["yes", "no"]})
    draft = draft_config([write(tmp_path, "deals.csv", OWN | {"Seats": SEATS}), other], tmp_path)
    assert loaded(tmp_path, draft).tables.accounts is None
    assert "# weather.csv: no vendor's columns recognised; not used" in draft.text.splitlines()


def test_a_file_that_may_be_a_lookup_is_said(tmp_path: Path) -> None:
    products = write(tmp_path, "products.csv", {"Product": ["Axe", "Saw"], "Line": ["hand", "hand"]})
    sold = {"Product": ["Axe" if k % 2 else "Saw" for k in range(len(SEATS))]}
    draft = draft_config([write(tmp_path, "deals.csv", OWN | {"Seats": SEATS} | sold), products], tmp_path)
    assert (
        "# products.csv: no vendor's columns recognised; not used; the deals have a column 'Product' too, so that "
        "tables.lookups can join it"
    ) in draft.text.splitlines()


def test_an_account_id_that_stands_twice_joins_nothing(tmp_path: Path) -> None:
    twice = write(tmp_path, "companies.csv", {"Company Number": [f"C{i // 2}" for i in range(120)]})
    draft = draft_config([write(tmp_path, "deals.csv", OWN | {"Seats": SEATS}), twice], tmp_path)
    assert loaded(tmp_path, draft).tables.accounts is None


def test_two_exports_of_deals_are_refused(tmp_path: Path) -> None:
    one, other = write(tmp_path, "old.csv", OWN), write(tmp_path, "new.csv", OWN)
    with pytest.raises(
        InputError, match=r"one export with the outcome of each deal, found 2 among 'old.csv', 'new.csv'"
    ):
        draft_config([one, other], tmp_path)


def test_renewals_in_a_file_of_ones_own_are_left_out_too(tmp_path: Path) -> None:
    more = {"Deal Type": ["New", "Renewal"] * 60, "Reason": ["Duplicate", "Price", "Price"] * 40}
    draft = draft_config(write(tmp_path, "deals.csv", OWN | more | {"Seats": SEATS}), tmp_path)
    deals = loaded(tmp_path, draft).deals
    assert deals.types is not None
    assert (deals.types.new, deals.types.leave_out) == (("New",), ("Renewal",))
    # Duplicate stands on rows 0, 3, 6, ...: those are the won ones, so no loss is one.
    assert deals.reasons is None
    assert draft.left_out == 60


def test_names_that_say_test_are_asked_about_where_they_are_many(tmp_path: Path) -> None:
    names = ["Test rig"] * 40 + ["Pump"] * 80
    own: dict[str, Sequence[object]] = {
        "Id": OWN["Deal ID"],
        "StageName": STAGES,
        "Name": names,
        "CloseDate": ["2024-05-01"] * DEALS,
    }
    draft = draft_config(write(tmp_path, "deals.csv", own | {"LeadSource": SOURCES}), tmp_path)
    assert loaded(tmp_path, draft).deals.tests is None
    assert "asked: are 40 deals tests by their name?" in draft.text


def test_an_export_of_deleted_rows_alone_is_not_emptied(tmp_path: Path) -> None:
    own = {
        "Id": OWN["Deal ID"],
        "StageName": STAGES,
        "IsDeleted": ["true"] * DEALS,
        "CloseDate": ["2024-05-01"] * DEALS,
    }
    draft = draft_config(write(tmp_path, "deals.csv", own | {"LeadSource": SOURCES}), tmp_path)
    assert loaded(tmp_path, draft).deals.deleted is None
    assert "IsDeleted says that every deal was deleted, so it is not applied" in draft.text


def test_deals_that_name_several_companies_are_asked_about(tmp_path: Path) -> None:
    own: dict[str, Sequence[object]] = {
        "Record ID": OWN["Deal ID"],
        "Deal Stage": STAGES,
        "Deal Name": OWN["Deal ID"],
        "Associated Company IDs": ["1;2"] * 3 + [str(i % 50) for i in range(DEALS - 3)],
        "Lead Source": SOURCES,
    }
    draft = draft_config(write(tmp_path, "deals.csv", own), tmp_path)
    assert "# asked: 3 deals name several accounts" in draft.text
    primary = own | {"Associated Company IDs (Primary)": [str(i % 50) for i in range(DEALS)]}
    better = draft_config(write(tmp_path, "deals.csv", primary), tmp_path)
    assert loaded(tmp_path, better).deals.account == "Associated Company IDs (Primary)"
    assert "several accounts" not in better.text


LIST: dict[str, Sequence[object]] = {
    "Company": ["Ash", "Elm"],
    "Company Name for Emails": ["Ash", "Elm"],
    "# Employees": ["12", "400"],
    "Annual Revenue": ["1-10", "11-50"],
    "Technologies": ["Abacus, Quill", "Quill"],
    "Website": ["http://www.ash.example", "elm.example"],
}
CRM: dict[str, Sequence[object]] = {
    "Id": [f"D{i}" for i in range(DEALS)],
    "StageName": STAGES,
    "CloseDate": ["2024-05-01"] * DEALS,
    "NumberOfEmployees": SEATS,
    "AnnualRevenue": RNG.integers(1, 90, DEALS).tolist(),
    "Technologies__c": RNG.choice(["Abacus;Quill", "Quill"], DEALS).tolist(),
}


def test_a_prospect_list_is_led_to_the_attributes_and_what_does_not_fit_is_said(tmp_path: Path) -> None:
    prospects = write(tmp_path, "list.csv", LIST)
    draft = draft_config(write(tmp_path, "deals.csv", CRM), tmp_path, prospects=prospects)
    config = loaded(tmp_path, draft)
    assert (config.prospects.source, config.prospects.id) == ("list.csv", "Website")
    assert config.prospects.map == {"# Employees": "NumberOfEmployees"}
    assert "not mapped: Annual Revenue to AnnualRevenue: the list has it as ordered, the deals as number" in draft.text
    assert "not mapped: Technologies to Technologies__c: its members are separated by ','" in draft.text


def test_for_a_configuration_that_exists_only_the_section_is_drafted(tmp_path: Path) -> None:
    loaded(tmp_path, draft_config(write(tmp_path, "deals.csv", CRM), tmp_path))
    before = (tmp_path / "icp.yaml").read_bytes()
    section = draft_prospects(tmp_path / "icp.yaml", write(tmp_path, "list.csv", LIST))
    assert '    "# Employees": NumberOfEmployees' in section
    assert (tmp_path / "icp.yaml").read_bytes() == before
    (tmp_path / "icp.yaml").write_bytes(before + section.encode())
    assert load_config(tmp_path / "icp.yaml").prospects.map == {"# Employees": "NumberOfEmployees"}


@pytest.mark.parametrize("text", ["1709285400000", "2024-03-01 14:05", "2024-03-01T09:30:00.000+0000", "2024-03-01"])
def test_dates_are_read_as_vendors_write_them(tmp_path: Path, text: str) -> None:
    own = {"dealname": OWN["Deal ID"], "dealstage": ["closedwon", "closedlost"] * 60, "closedate": [text] * DEALS}
    more = {"createdate": [text] * DEALS, "lead_source": SOURCES}
    config = loaded(tmp_path, draft_config(write(tmp_path, "deals.csv", own | more), tmp_path))
    assert (config.deals.opened, config.deals.closed) == ("createdate", "closedate")
    deals = read_deals(config.deals, config.tables, config.resolved(), tmp_path)
    assert deals.opened is not None
    assert set(deals.opened.astype(str).tolist()) == {"2024-03-01"}
