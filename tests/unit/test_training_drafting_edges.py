"""Exports that say little, or say it otherwise: what is drafted of them is what they hold, and the rest is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from icp_ml.errors import InputError
from icp_training.config import Config, load_config
from icp_training.drafting import Draft, draft_config, draft_prospects
from icp_training.presets.reading import vendor_preset

DEALS = 240
SEATS = [k * 7 % 90 + 1 for k in range(DEALS)]
STAGES = ["Closed Won" if k % 3 == 0 else "Closed Lost" for k in range(DEALS)]
OWN: Mapping[str, Sequence[object]] = {"Deal ID": [f"D{k}" for k in range(DEALS)], "Stage": STAGES, "Seats": SEATS}
CRM: Mapping[str, Sequence[object]] = {
    "Id": [f"D{k}" for k in range(DEALS)],
    "StageName": STAGES,
    "CloseDate": ["2024-05-01"] * DEALS,
    "LeadSource": np.random.default_rng(8).choice(["web", "call", "fair"], DEALS).tolist(),
}


def write(folder: Path, file: str, columns: Mapping[str, Sequence[object]]) -> Path:
    pa_csv.write_csv(pa.table({name: pa.array(list(values)) for name, values in columns.items()}), folder / file)
    return folder / file


def drafted(folder: Path, columns: Mapping[str, Sequence[object]], *beside: Path) -> tuple[Draft, Config]:
    draft = draft_config([write(folder, "deals.csv", columns), *beside], folder)
    (folder / "icp.yaml").write_text(draft.text, encoding="utf-8")
    return draft, load_config(folder / "icp.yaml")


def test_deals_that_name_no_account_are_joined_with_no_file(tmp_path: Path) -> None:
    other = write(tmp_path, "companies.csv", {"Company Number": ["C1", "C2"], "Sector": ["mills", "mines"]})
    draft, config = drafted(tmp_path, OWN, other)
    assert (config.deals.account, config.tables.accounts) == (None, None)
    assert "# companies.csv: no vendor's columns recognised; not used" in draft.text.splitlines()


def test_a_vendors_accounts_that_hardly_any_deal_refers_to_are_not_used(tmp_path: Path) -> None:
    accounts = write(
        tmp_path,
        "accounts.csv",
        {"Id": [f"X{k}" for k in range(40)], "NumberOfEmployees": SEATS[:40], "BillingCountry": ["Chile"] * 40},
    )
    draft, config = drafted(tmp_path, {**CRM, "AccountId": [f"A{k // 2}" for k in range(DEALS)]}, accounts)
    assert config.tables.accounts is None
    (said,) = (line for line in draft.text.splitlines() if line.startswith("# accounts.csv: Salesforce accounts"))
    assert said.endswith("; not used: too few deals find their account in it")


def test_two_exports_that_a_vendor_calls_deals_are_refused(tmp_path: Path) -> None:
    files = [write(tmp_path, name, CRM) for name in ("old.csv", "new.csv")]
    with pytest.raises(InputError, match=r"expected one export of deals, found 2: 'old.csv', 'new.csv'; give one of"):
        draft_config(files, tmp_path)


def test_types_of_which_none_is_left_out_have_no_line_that_leaves_out(tmp_path: Path) -> None:
    kinds = ["New Business" if k % 4 else "Mystery" for k in range(DEALS)]
    draft, config = drafted(tmp_path, {**CRM, "Type": kinds})
    assert config.deals.types is not None
    assert (config.deals.types.new, config.deals.types.leave_out) == (("New Business", "Mystery"), ())
    assert "    # asked: is Mystery (60) new business? It counts as such" in draft.text.splitlines()
    assert draft.left_out == 0


@pytest.mark.parametrize("count", [200, 201])
def test_a_column_of_hundreds_of_types_is_none_of_types(tmp_path: Path, count: int) -> None:
    draft, config = drafted(tmp_path, {**CRM, "Type": [f"kind {k % count}" for k in range(DEALS)]})
    assert config.deals.types is None
    assert ("no value of Type is known as new business or as a renewal" in draft.text) is (count == 200)


def test_reasons_that_are_all_losses_or_all_none_are_told_as_what_they_are(tmp_path: Path) -> None:
    price = ["" if stage == "Closed Won" else "Price" for stage in STAGES]
    draft, config = drafted(tmp_path, {**CRM, "Loss Reason": price})
    assert config.deals.reasons is None
    assert "  # reasons that count as losses: Price 160" in draft.text.splitlines()
    half = ["" if stage == "Closed Won" or k % 2 else "Duplicate" for k, stage in enumerate(STAGES)]
    draft, config = drafted(tmp_path, {**CRM, "Loss Reason": half})
    assert config.deals.reasons is not None
    assert config.deals.reasons.not_a_loss == ("Duplicate",)
    assert "reasons that count as losses" not in draft.text
    assert draft.left_out == half.count("Duplicate")


def test_a_list_of_which_nothing_leads_anywhere_has_no_map(tmp_path: Path) -> None:
    """`Seats` bears the attribute's name and needs no entry; an empty column could stand for nothing."""
    drafted(tmp_path, {**CRM, "NumberOfEmployees": SEATS})
    plain = {"Website": ["a.example", "b.example"], "NumberOfEmployees": ["4", "9"]}
    section = draft_prospects(tmp_path / "icp.yaml", write(tmp_path, "list.csv", plain))
    assert "  map:" not in section.splitlines()
    assert "not mapped" not in section
    empty = {"Website": ["a.example", "b.example"], "# Employees": ["", ""], "Company Name for Emails": ["A", "B"]}
    section = draft_prospects(tmp_path / "icp.yaml", write(tmp_path, "list.csv", empty))
    assert "  map:" not in section.splitlines()
    assert "  # not mapped: # Employees to NumberOfEmployees: it is empty" in section.splitlines()


def test_a_history_without_what_was_there_before_is_not_declared(tmp_path: Path) -> None:
    changes: Mapping[str, Sequence[object]] = {
        "OpportunityId": ["D1", "D2"],
        "Field": ["LeadSource", "LeadSource"],
        "CreatedDate": ["2024-04-01", "2024-04-02"],
        "OldValue": ["web", "call"],
        "NewValue": ["call", "web"],
    }
    more = {**CRM, "CreatedDate": ["2024-03-01"] * DEALS}
    _, whole = drafted(tmp_path, more, write(tmp_path, "history.csv", changes))
    assert whole.tables.deal_history is not None
    short = {name: values for name, values in changes.items() if name != "OldValue"}
    draft, config = drafted(tmp_path, more, write(tmp_path, "history.csv", short))
    assert config.tables.deal_history is None
    assert "# history.csv: Salesforce opportunity field history" in draft.text


def test_of_few_deals_a_vendors_column_is_what_it_holds(tmp_path: Path) -> None:
    """Outcomes of a handful of deals say nothing of a column, so that none is left out because of them."""
    few = {name: values[:12] for name, values in CRM.items()}
    always = ["web" if stage == "Closed Won" else "call" for stage in STAGES]
    _, config = drafted(tmp_path, {**few, "LeadSource": always[:12]})
    attributes = {name: each for _, layer in config.attributes.layers() for name, each in layer.items()}
    assert attributes["LeadSource"].kind == "category"


def test_a_kind_of_export_that_a_vendor_does_not_have_is_a_bug() -> None:
    salesforce = vendor_preset("salesforce")
    assert salesforce.export("accounts").called == "accounts"
    with pytest.raises(KeyError, match="prospects"):
        salesforce.export("prospects")
