"""`icp size`: a list through a model, counted; what a person reads and what a job reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icp_ml.profile.market_size import size_verdict
from tests import icp_bundles, serve_models
from tests.cli_projects import icp, refusal
from tests.weighted_projects import write_weighted

DAY = ("--as-of", serve_models.AS_OF.isoformat())
ROWS = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return icp_bundles.write_project(tmp_path_factory.mktemp("project"), ROWS)


@pytest.fixture
def project(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return made


def sized(*words: str) -> dict[str, Any]:
    done = icp("size", "list.csv", "--model", "planted/v1", *DAY, *words, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def by_hand() -> pd.DataFrame:
    """The three criteria, asked of the texts of the list by pandas."""
    frame = serve_models.frame(ROWS, 5)
    employees = frame["employees"].str.replace(",", "").astype(float)
    return pd.DataFrame(
        {
            "domain": frame["domain"],
            "size": employees.between(51, 500),
            "industry": frame["industry"] == "Software",
            "demo": frame["demo"] == "yes",
        }
    )


def test_counts_are_those_of_a_second_route(project: Path) -> None:
    found, expected = sized("--contacted", "mailed.csv:who"), by_hand()
    met = expected[["size", "industry", "demo"]]
    matches = met.sum(axis=1) >= 2
    assert found["rows"] == found["in_market"] == ROWS
    assert [each["met"] for each in found["criteria"]] == met.sum().tolist()
    assert [each["together"] for each in found["criteria"]] == [
        int(met["size"].sum()),
        int((met["size"] & met["industry"]).sum()),
        int(met.all(axis=1).sum()),
    ]
    assert found["matches"] == matches.sum()
    known = {
        "c1.example": "customers",
        "c2.example": "open_deals",
        "c3.example": "contacted",
        "c4.example": "contacted",
    }
    kinds = expected.loc[matches, "domain"].map(known).fillna("left").value_counts()
    assert found["overlap"] == {
        kind: int(kinds.get(kind, 0)) for kind in ("customers", "open_deals", "contacted", "left")
    }


def test_tiers_are_those_of_the_score_and_customers_are_in_theirs(project: Path) -> None:
    found = sized()
    scored = serve_models.scorer().score(serve_models.frame(ROWS, 5), as_of=serve_models.AS_OF, reasons=0)
    tiers = {each["label"]: each["companies"] for each in found["tiers"]}
    assert tiers == {**dict.fromkeys(tiers, 0), **scored["tier"].value_counts().to_dict()}
    of_customer = scored.set_index("domain")["tier"]["c1.example"]
    customers = {each["label"]: each["overlap"]["customers"] for each in found["tiers"]}
    assert customers == {**dict.fromkeys(tiers, 0), of_customer: 1}
    assert all(each["overlap"]["contacted"] is None for each in found["tiers"])


def test_the_mean_probability_is_that_of_the_companies_that_match(project: Path) -> None:
    scored = serve_models.scorer().score(serve_models.frame(ROWS, 5), as_of=serve_models.AS_OF, reasons=0)
    matches = by_hand()[["size", "industry", "demo"]].sum(axis=1) >= 2
    assert sized()["probability"] == pytest.approx(scored["probability"][matches].mean(), abs=1e-12)


def test_repeated_accounts_count_once(project: Path) -> None:
    twice = pd.concat([serve_models.frame(ROWS, 5)] * 2)
    twice.to_csv("twice.csv", index=False)
    once = sized()
    done = icp("size", "twice.csv", "--model", "planted/v1", *DAY, "--json")
    found = json.loads(done.out)
    assert (found["rows"], found["repeated"]) == (2 * ROWS, ROWS)
    for name in ("in_market", "criteria", "at_least", "matches", "tiers", "overlap"):
        assert found[name] == once[name]


def test_rules_leave_out_and_add_up(project: Path) -> None:
    done = icp("size", "list.csv", "--model", "planted/v2", *DAY, "--json")
    found = json.loads(done.out)
    energy = int((serve_models.frame(ROWS, 5)["industry"] == "Energy").sum())
    assert found["rules"] == [{"rule": "no energy", "kind": "exclusion", "companies": energy}]
    assert found["in_market"] == ROWS - energy


def test_people_read_the_verdict_first_and_on_which_deals_costs_are_measured(project: Path) -> None:
    told = icp("size", "list.csv", "--model", "planted/v1", *DAY, "--no-known").out
    assert told.splitlines()[0].startswith(f"{sized()['matches']} companies match: under 2,000 may run out")
    assert "Such deals are all deals that do not meet the criterion." in told
    assert "Nobody said who is a customer or was contacted" in told


def test_a_model_without_a_definition_still_counts_tiers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_weighted(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    assert icp("train", "start.yaml").code == 0
    found = json.loads(icp("size", "list.csv", "--json").out)
    # by hand: scores 100, 62, 60, 0 and nothing known, at cuts of 70, 50 and 30
    assert {each["label"]: each["companies"] for each in found["tiers"]} == {
        "1": 1, "2": 2, "3": 0, "out of scope": 1, None: 1,
    }  # fmt: skip
    assert (found["matches"], found["verdict"], found["criteria"]) == (None, "no definition", [])
    assert icp("size", "list.csv").code == 0


def test_what_cannot_be_counted_is_refused_in_a_sentence(project: Path) -> None:
    code, said = refusal("size", "list.csv", "--model", "planted/v1", *DAY, "--contacted", "mailed.csv")
    assert (code, "FILE:COLUMN" in said) == (2, True)
    code, said = refusal("size", "list.csv", "--model", "planted/v1", *DAY, "--contacted", "mailed.csv:whom")
    assert (code, "'whom'" in said) == (3, True)
    serve_models.frame(5, 5).drop(columns="domain").to_csv("nameless.csv", index=False)
    assert refusal("size", "nameless.csv", "--model", "planted/v1", *DAY)[0] == 3


@pytest.mark.parametrize(
    ("matches", "verdict"),
    [(0, "may run out"), (1999, "may run out"), (2000, "workable"), (5000, "workable"), (5001, "between"),
     (10_000, "between"), (10_001, "too broad"), (None, "no definition")],
)  # fmt: skip
def test_the_verdict_changes_where_the_field_says(matches: int | None, verdict: str) -> None:
    assert size_verdict(matches)[0] == verdict
