"""Exports in a vendor's layout go from `icp init` to a model without an edit by hand, and no row is lost on the way."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
import yaml

from icp_ml.deals.contract import read_deals
from icp_ml.deals.kinds import CategoryColumn
from icp_ml.deals.ledger import RowLedger
from icp_ml.deals.table import DealTable
from icp_training import line
from icp_training.config import Config, load_config
from icp_training.drafting import Draft, draft_config
from icp_training.leakage.questions import refuse_questions
from icp_training.pipeline import fit, judge
from icp_training.pipeline import read as pipeline_read
from icp_training.search import Budget
from icp_training.world import WorldSettings, make_world
from tests.vendor_worlds import NAMES, WRITERS, exports, small

VENDORS = ("salesforce", "hubspot")


def loaded(folder: Path, draft: Draft) -> Config:
    (folder / "icp.yaml").write_text(draft.text, encoding="utf-8")
    return load_config(folder / "icp.yaml")


def read(folder: Path, draft: Draft) -> DealTable:
    config = loaded(folder, draft)
    return read_deals(config.deals, config.tables, config.resolved(), folder)


def steps(ledger: RowLedger) -> dict[str, int]:
    return {step.name: step.rows for step in ledger.steps}


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_was_mixed_in_is_counted_and_left_out(vendor: str, tmp_path: Path) -> None:
    files, mixed = exports(vendor, tmp_path)
    draft = draft_config(files, tmp_path)
    counted = steps(read(tmp_path, draft).ledger)
    assert counted["test"] == mixed.tests > 0
    assert counted["another deal type"] == mixed.other_types > 0
    assert counted["not a loss"] == mixed.not_losses > 0
    assert counted.get("deleted", 0) == mixed.deleted
    assert draft.left_out == mixed.deleted + mixed.tests + mixed.other_types + mixed.not_losses


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_deals_that_remain_are_the_worlds_own_with_their_outcomes(vendor: str, tmp_path: Path) -> None:
    files, mixed = exports(vendor, tmp_path)
    deals = read(tmp_path, draft_config(files, tmp_path))
    own = small().deals
    closed = own["stage"].isin(["Closed Won", "Closed Lost"])
    kept = closed.sum() - steps(deals.ledger)["out of window"]
    # The rows that are marked as deleted are closed or open ones of the world's own.
    assert kept - mixed.deleted <= len(deals.won) <= kept
    assert deals.won.mean() == pytest.approx((own.loc[closed, "stage"] == "Closed Won").mean(), abs=0.01)
    assert deals.unmatched_accounts == 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_columns_are_sorted_by_what_the_vendor_says_of_them(vendor: str, tmp_path: Path) -> None:
    draft = draft_config(exports(vendor, tmp_path)[0], tmp_path)
    config = loaded(tmp_path, draft)
    name_of = NAMES[vendor]
    planted = {name_of(one.attribute) for one in small().truth.planted}
    assert planted <= set(draft.used)
    assert not {name_of(leak.name) for leak in small().truth.leaks} & set(draft.used)
    written = {column for _, attributes in config.attributes.layers() for column in attributes}
    assert not written & set(config.outcome_fields)
    tools = config.attributes.technographic[name_of("tools")]
    assert tools.kind == "set"


IN_PROCESS = {
    "salesforce": ("Probability", "ExpectedRevenue", "ForecastCategory", "Amount", "LastActivityDate", "PushCount",
                   "NextStep", "OwnerId", "Loss_Reason__c", "IsWon", "FiscalQuarter", "Type", "Rating"),
    "hubspot": ("Deal Probability", "Forecast Amount", "Closed Deal Amount", "Days to Close", "Amount", "Deal owner",
                "Number of Sales Activities", "Closed Lost Reason", "Is Closed Won", "Lifecycle Stage", "Lead Status",
                "Total Revenue", "Number of Associated Deals"),
}  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_nothing_that_a_deal_writes_down_on_its_way_is_learned_from(vendor: str, tmp_path: Path) -> None:
    draft = draft_config(exports(vendor, tmp_path)[0], tmp_path)
    config = loaded(tmp_path, draft)
    assert not set(IN_PROCESS[vendor]) & {attribute.column for attribute in config.resolved()}


def industries(folder: Path, files: list[Path]) -> dict[str, str]:
    """What the deals that are learned from say of their account's industry, by the world's own id."""
    deals = read(folder, draft_config(files, folder))
    column = deals.parsed.columns["Industry"]
    assert isinstance(column, CategoryColumn)
    said = [column.levels[code] if code >= 0 else "" for code in column.codes.tolist()]
    return {deal[3:-3].lstrip("0"): text for deal, text in zip(deals.ids.tolist(), said, strict=True)}


def test_with_their_history_accounts_are_read_as_they_were_known_when_each_deal_opened(tmp_path: Path) -> None:
    files, _ = exports("salesforce", tmp_path)
    known = small().known_at_opening["industry"].fillna("").tolist()
    then = dict(zip(small().deals["deal_id"].tolist(), known, strict=True))
    rewound = industries(tmp_path, files)
    assert rewound == {deal: then[deal] for deal in rewound}
    today = industries(tmp_path, [file for file in files if "history" not in file.name])
    assert today.keys() == rewound.keys()
    assert today != rewound


def test_contacts_and_histories_are_declared_and_no_person_is_learned_from(tmp_path: Path) -> None:
    files, _ = exports("salesforce", tmp_path)
    tables = loaded(tmp_path, draft_config(files, tmp_path)).tables
    assert tables.account_history is not None
    assert tables.deal_history is not None
    assert tables.contacts is not None
    assert (tables.account_history.id, tables.account_history.old) == ("AccountId", "OldValue")
    assert (tables.deal_history.id, tables.deal_history.changed) == ("OpportunityId", "CreatedDate")
    assert (tables.contacts.account, tables.contacts.since, tables.contacts.title) == (
        "AccountId",
        "CreatedDate",
        "Title",
    )


@pytest.mark.parametrize(
    ("vendor", "domain", "name"),
    [("salesforce", "Website", None), ("hubspot", "Company Domain Name", "Company name")],
)
def test_companies_are_recognised_by_columns_that_the_deals_do_not_hide(
    vendor: str, domain: str, name: str | None, tmp_path: Path
) -> None:
    company = loaded(tmp_path, draft_config(exports(vendor, tmp_path)[0], tmp_path)).company
    # The opportunities' Name is not the company's.
    assert (company.domain, company.name) == (domain, name)


def test_the_order_of_the_files_does_not_matter(tmp_path: Path) -> None:
    files, _ = exports("hubspot", tmp_path)
    meant = {str(yaml.safe_load(draft_config(order, tmp_path).text)) for order in permutations(files)}
    assert len(meant) == 1


def test_without_the_accounts_the_deals_alone_are_drafted(tmp_path: Path) -> None:
    exports("hubspot", tmp_path)
    config = loaded(tmp_path, draft_config(tmp_path / "deals.csv", tmp_path))
    assert config.tables.accounts is None
    assert config.deals.account == "Associated Company IDs"


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_init_uses_raises_no_question_at_training(vendor: str, tmp_path: Path) -> None:
    world = make_world(WorldSettings(deals=600, prospects=50, seed=3))  # many columns that tell accounts apart
    WRITERS[vendor](world, tmp_path)
    draft = draft_config(sorted(tmp_path.glob("*.csv")), tmp_path)
    refuse_questions(loaded(tmp_path, draft), tmp_path)
    assert not {NAMES[vendor](leak.name) for leak in world.truth.leaks} & set(draft.used)


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_safe_answers_suffice_to_train(vendor: str, tmp_path: Path) -> None:
    files, mixed = exports(vendor, tmp_path)
    draft = draft_config(files, tmp_path)
    loaded(tmp_path, draft)
    report = line.check(tmp_path / "icp.yaml")
    assert report.refusal is None
    assert {name: rows for name, rows, _ in report.ledger}["another deal type"] == mixed.other_types
    config = load_config(tmp_path / "icp.yaml")
    refuse_questions(config, tmp_path)
    judged = judge(pipeline_read(config, tmp_path), Budget(trials=1), config.seed)
    fitted = fit(judged, Budget(trials=1), config.seed)
    strong = {NAMES[vendor](one.attribute) for one in small().truth.planted}
    assert strong & {attribute.attribute for attribute in fitted.profile.presented()}
