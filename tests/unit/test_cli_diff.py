"""`icp diff`: what changed in the ICP, who moves and why, and the changelog entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests import icp_bundles, serve_models
from tests.cli_projects import icp, refusal
from tests.weighted_projects import write_weighted

DAY = ("--as-of", serve_models.AS_OF.isoformat())
MODELS = ("planted/v1", "planted/v2")
ROWS = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = icp_bundles.write_project(tmp_path_factory.mktemp("project"), ROWS)
    then = serve_models.frame(ROWS, 5)
    then.loc[0:9, "demo"] = "no"
    then.iloc[:-2].to_csv(folder / "then.csv", index=False)
    return folder


@pytest.fixture
def project(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return made


def told(*words: str) -> dict[str, Any]:
    done = icp("diff", *MODELS, *words, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def test_criteria_that_came_went_and_moved_are_told_with_their_evidence(project: Path) -> None:
    found = told()["definition"]
    kinds = {each["factor"]: each["kind"] for each in found["criteria"]}
    # strengths (points and share are equal, stability 0.9): demo 0.225 gone, tool 0.207 new, size 0.36 to 0.378 with
    # one end of two moved: 0.018 + 2 x 0.25 x 0.36 = 0.198; industry stays
    assert kinds == {"demo": "went", "tools:HubSpot": "came", "employees": "moved", "industry": "stays"}
    assert [each["change"] for each in found["criteria"]] == pytest.approx([0.225, 0.207, 0.198, 0.0])
    assert found["criteria"][0]["before"]["inside"]["deals"] == 200
    assert found["criteria"][0]["why"] == "chance explains it"
    assert [(each["name"], each["change"]) for each in found["rules"]] == [("no energy", "came")]
    assert "tier_moves" not in told()


def test_the_accounts_that_move_are_those_whose_scores_say_so(project: Path) -> None:
    found = told("--list", "list.csv", *DAY)["tier_moves"]
    assert sum(found["by_cause"].values()) == found["moved"] == len(found["moves"])
    assert sum(each["accounts"] for each in found["by_path"]) == found["moved"]
    assert found["accounts"] == ROWS
    assert found["by_cause"]["data"] == 0
    energy = serve_models.frame(ROWS, 5).set_index("domain")["industry"] == "Energy"
    by_rule = [each for each in found["moves"] if each["cause"] == "rules"]
    assert by_rule
    assert all(energy[each["id"]] and each["because"] == "excluded: no energy" for each in by_rule)
    for verb, side in (("before", "planted/v1"), ("after", "planted/v2")):
        assert icp("score", "list.csv", "-o", f"{verb}.csv", "--model", side, "--no-known", "--force", *DAY).code == 0
        tiers = pd.read_csv(f"{verb}.csv", dtype=str).set_index("domain")["tier"].fillna("no tier")
        assert all(tiers[each["id"]] == each[verb] for each in found["moves"])


def test_an_earlier_list_is_joined_by_id_and_what_it_changes_is_of_the_data(project: Path) -> None:
    words = ("--list", "list.csv", "--old-list", "then.csv", "--id", "domain", *DAY)
    done = icp("diff", "planted/v1", "planted/v1", *words, "--json")
    found = json.loads(done.out)["tier_moves"]
    assert (found["accounts"], found["came"], found["gone"]) == (ROWS - 2, 2, 0)
    assert found["by_cause"]["data"] == found["moved"] > 0
    assert {each["because"] for each in found["moves"]} == {"demo"}
    assert {each["id"] for each in found["moves"]} <= {f"c{place}.example" for place in range(10)}


def test_a_model_beside_itself_changes_nothing(project: Path) -> None:
    done = icp("diff", "planted/v1", "planted/v1", "--list", "list.csv", *DAY)
    assert "The 3 criteria are what they were." in done.out
    assert f"0 of {ROWS} accounts change tier" in done.out


def test_the_page_has_the_largest_change_first(project: Path) -> None:
    lines = icp("diff", *MODELS, "--list", "list.csv", *DAY).out.splitlines()
    assert lines[0] == "planted version 1 -> planted version 2"
    assert lines[1].startswith("demo: yes went, with 25 points: then 80 of 200 (40%) of such deals won, 50 of 250")
    assert lines[2].startswith("tools: HubSpot came, with 23 points")
    assert lines[3].startswith("employees 51 to under 501 moved to employees 51 to under 1,000, 40 points then, 42 now")


def test_the_changelog_is_markdown_with_every_change_and_the_moves(project: Path) -> None:
    done = icp("diff", *MODELS, "--list", "list.csv", *DAY, "--changelog")
    entry, found = done.out, told("--list", "list.csv", *DAY)["tier_moves"]
    assert entry.startswith("## planted version 2 (2024-07-01)\n")
    bullets = [line for line in entry.splitlines() if line.startswith("- ")]
    assert [line.split()[1] for line in bullets] == ["demo:", "tools:", "employees", "Win", "The"]
    assert f"{found['moved']} of {ROWS} accounts change tier" in entry
    rows = [line.split("|") for line in entry.splitlines() if line.startswith(("| tier", "| no tier", "| out"))]
    assert sum(int(row[3]) for row in rows) == found["moved"]


def test_every_account_that_moved_is_written(project: Path) -> None:
    done = icp("diff", *MODELS, "--list", "list.csv", *DAY, "-o", "moved.csv", "--force")
    assert done.code == 0, done.err
    found = told("--list", "list.csv", *DAY)["tier_moves"]["moves"]
    assert pd.read_csv("moved.csv")["id"].tolist() == [each["id"] for each in found]


def test_what_cannot_be_compared_is_refused_in_a_sentence(project: Path, tmp_path: Path) -> None:
    assert refusal("diff", *MODELS, "--old-list", "then.csv")[0] == 2
    assert refusal("diff", *MODELS, "--changelog", "--json")[0] == 2
    write_weighted(tmp_path)
    assert icp("train", tmp_path / "start.yaml").code == 0
    code, said = refusal("diff", MODELS[0], tmp_path / "models" / "start" / "v1")
    assert (code, "of another kind" in said) == (2, True)
