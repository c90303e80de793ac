"""`icp plan`: sizes, an assignment from a scored list, and what its outcomes show."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icp_ml.serve.loading import open_any
from tests import icp_bundles, serve_models
from tests.cli_projects import icp, refusal

DAY = ("--as-of", serve_models.AS_OF.isoformat())
ROWS = 400
ASKED = ("plan", "scored.parquet", "--rate", "0.04", "--arms", "1,3", "--per-arm", "30")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = icp_bundles.write_project(tmp_path_factory.mktemp("project"), ROWS)
    for suffix in ("parquet", "csv"):
        words = (folder / "list.csv", "-o", folder / f"scored.{suffix}", "--model", folder / "models/planted/v2", *DAY)
        assert icp("score", *words).code == 0
    return folder


@pytest.fixture
def project(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return made


def planned(*words: object, start: tuple[object, ...] = ASKED) -> dict[str, Any]:
    done = icp(*start, *words, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def scored() -> pd.DataFrame:
    return pd.read_parquet("scored.parquet").set_index("domain")


def outcomes_of(path: str, rates: dict[str, int]) -> None:
    """Every n-th account of an arm is a success, and the others none."""
    drawn = pd.read_csv(path, dtype=str)
    place = drawn.groupby("arm").cumcount()
    drawn["outcome"] = ["yes" if at % rates[arm] == 0 else "no" for at, arm in zip(place, drawn["arm"], strict=True)]
    drawn.to_csv("outcomes.csv", index=False)


def test_sizes_are_told_without_a_list() -> None:
    start = ("plan", "--rate", "0.05", "--difference", "0.25")
    found = planned("--per-week", "20", start=start)
    assert found["power"] >= 0.8
    assert found["accounts"][0] == found["accounts"][1]
    assert found["weeks"] == -(-found["total"] // 20)
    assert [each["accounts"] for each in found["customary"]] == [100, 200]
    assert icp(*start).out.startswith(f"{found['accounts'][0]} accounts an arm tell 5% from 30% in 8")


def test_given_sizes_are_answered_with_what_they_can_show() -> None:
    said = icp("plan", "--rate", "0.04", "--per-arm", "150").out.splitlines()[0]
    found = planned(start=("plan", "--rate", "0.04", "--per-arm", "150"))
    assert found["accounts"] == [150, 150]
    assert said == "150 accounts an arm: a rise from 4% to 12.9% can be shown, and no smaller difference."
    assert 0.128 < found["shows"]["above"] <= 0.129  # shown rounded up: no smaller difference is claimed


def test_the_rate_may_be_that_of_a_model(project: Path) -> None:
    found = planned(start=("plan", "--model", "planted/v1", "--difference", "0.3"))
    bundle = open_any(project / "models" / "planted" / "v1").bundle
    assert found["rate"] == bundle.profile.win_rate.value  # type: ignore[union-attr]
    assert "of deals that were opened" in found["rate_from"]


def test_arms_are_drawn_from_their_tiers_and_the_hold_in_from_low_ones(project: Path) -> None:
    found = planned("--hold-in", "10", "-o", "plan.csv", "--force")
    drawn, tiers = pd.read_csv("plan.csv"), scored()["tier"]
    assert Counter(drawn["arm"]) == {"1": 30, "3": 30, "hold-in": 10}
    assert drawn["domain"].is_unique
    expected = drawn["arm"].replace("hold-in", "out of scope")
    assert tiers[drawn["domain"]].tolist() == expected.tolist()
    candidates = {arm["name"]: arm["candidates"] for arm in found["plan"]["arms"]}
    assert candidates == {tier: int((tiers == tier).sum()) for tier in ("1", "3")}
    assert found["plan"]["low_tiers"] == ["2-3", "out of scope"]
    assert json.loads(Path("plan.json").read_text()) == found["plan"]


def test_the_plan_names_the_model_that_scored_the_list(project: Path) -> None:
    stored = open_any(project / "models" / "planted" / "v2")
    assert planned("-o", "plan.csv", "--force")["plan"]["content_hash"] == stored.content_hash
    from_csv = ("plan", "scored.csv", *ASKED[2:])
    assert planned("-o", "plan.csv", "--force", start=from_csv)["plan"]["content_hash"] is None


def test_the_same_accounts_are_drawn_from_rows_in_any_order_and_any_file(project: Path) -> None:
    planned("-o", "plan.csv", "--force", "--hold-in", "5")
    pd.read_csv("scored.csv", dtype=str).sample(frac=1, random_state=1).to_csv("mixed.csv", index=False)
    planned("-o", "again.csv", "--force", "--hold-in", "5", start=("plan", "mixed.csv", *ASKED[2:]))
    assert Path("plan.csv").read_bytes() == Path("again.csv").read_bytes()
    planned("-o", "again.csv", "--force", "--hold-in", "5", "--seed", "2")
    assert Path("plan.csv").read_bytes() != Path("again.csv").read_bytes()


def test_marked_rows_are_never_drawn(project: Path) -> None:
    """v2 excludes energy; a customer marked by hand is left out too, with every other row of its account."""
    frame = pd.read_csv("scored.csv", dtype=str)
    first = frame[frame["tier"] == "1"].index[0]
    twin = frame.loc[[first]].assign(domain="https://www." + frame.loc[first, "domain"] + "/")
    marked = twin.assign(domain=frame.loc[first, "domain"].upper(), status="already a customer", tier=None)
    pd.concat([frame, twin, marked]).to_csv("marked.csv", index=False)
    words = ("plan", "marked.csv", "--rate", "0.04", "--arms", "1,3", "--per-arm", "9999", "-o", "all.csv", "--force")
    planned(start=words)
    drawn = set(pd.read_csv("all.csv")["domain"])
    free = frame[frame["status"].str.startswith("scored") & frame["tier"].isin(["1", "3"])]
    assert drawn == set(free["domain"]) - {frame.loc[first, "domain"]}


def test_segments_come_from_the_list_that_was_scored_and_are_balanced_over_bands(project: Path) -> None:
    words = ("--by", "industry", "--arms", "Software,Retail", "--list", "list.csv", "--balance", "score")
    start = ("plan", "scored.parquet", "--rate", "0.04", "--per-arm", "30", *words)
    found = planned("-o", "plan.csv", "--force", start=start)["plan"]
    drawn = pd.read_csv("plan.csv")
    industries = pd.read_csv("list.csv").set_index("domain")["industry"]
    assert industries[drawn["domain"]].tolist() == drawn["arm"].tolist()
    bands = drawn["why"].str.extract(r"(score [^:]+):")[0]
    counts = pd.crosstab(bands, drawn["arm"])
    assert len(counts) == 5
    assert (counts["Software"] - counts["Retail"]).abs().sum() <= 2 * sum(arm["filled"] for arm in found["arms"])


def test_too_few_accounts_are_drawn_whole_and_said(project: Path) -> None:
    words = (
        "plan",
        "scored.parquet",
        "--rate",
        "0.04",
        "--arms",
        "1,2",
        "--per-arm",
        "200",
        "-o",
        "few.csv",
        "--force",
    )
    there = int((scored()["tier"] == "2").sum())
    assert there < 200
    assert (
        f"200 accounts of tier 2 were wanted, and only {there} may be contacted; with so few, a rise" in icp(*words).out
    )


def test_outcomes_are_read_against_the_plan_and_each_look_is_kept(project: Path) -> None:
    planned("-o", "plan.csv", "--force", "--hold-in", "10")
    outcomes_of("plan.csv", {"1": 2, "3": 10, "hold-in": 10})  # 15 and 3 of 30, 1 of 10
    pd.read_csv("outcomes.csv").groupby("arm").head(8).to_csv("early.csv", index=False)
    early = planned(start=("plan", "plan.csv", "--result", "early.csv"))
    assert early["pairs"][0]["verdict"] == "not yet"
    assert early["pairs"][0]["more"] == 60 - 16
    found = planned(start=("plan", "plan.csv", "--result", "outcomes.csv"))
    assert [(arm["contacted"], arm["successes"]) for arm in found["arms"]] == [(30, 15), (30, 3)]
    assert (found["hold_in"]["contacted"], found["hold_in"]["successes"]) == (10, 1)
    assert found["pairs"][0]["verdict"] == "differs"
    assert [look["counts"]["1"]["contacted"] for look in json.loads(Path("plan.json").read_text())["looks_taken"]] == [
        8,
        30,
    ]
    kept = Path("plan.json").read_bytes()
    assert planned(start=("plan", "plan.csv", "--result", "outcomes.csv")) == found
    assert Path("plan.json").read_bytes() == kept
    assert refusal("plan", "plan.csv", "--result", "early.csv")[0] == 3
    assert Path("plan.json").read_bytes() == kept


def test_outcomes_in_other_words_blank_ones_and_strangers(project: Path) -> None:
    planned("-o", "plan.csv", "--force")
    drawn = pd.read_csv("plan.csv")
    drawn["stage"] = ["Meeting", "none yet", None] * 20
    stranger = pd.DataFrame({"domain": ["stranger.example"], "stage": ["Meeting"]})
    pd.concat([drawn, stranger]).rename(columns={"domain": "Site"}).to_csv("stages.csv", index=False)
    words = ("plan", "plan.csv", "--result", "stages.csv", "--id", "Site", "--outcome", "stage")
    done = icp(*words, "--success", "meeting, won", "--json")
    found = json.loads(done.out)
    assert [(arm["contacted"], arm["successes"]) for arm in found["arms"]] == [(20, 10), (20, 10)]
    assert "accounts that are not in the plan, 1 of them" in done.err
    code, said = refusal(*words)
    assert (code, "'Meeting' and the like in 41 rows" in said) == (3, True)


def test_an_assignment_that_was_changed_and_outcomes_that_change_are_noticed(project: Path) -> None:
    planned("-o", "plan.csv", "--force")
    for share in (10, 5):
        outcomes_of("plan.csv", {"1": share, "3": 10})
        done = icp("plan", "plan.csv", "--result", "outcomes.csv")
        assert ("ATTENTION: outcomes of 1 and 3 changed" in done.out) == (share == 5)
    pd.read_csv("plan.csv").iloc[1:].to_csv("plan.csv", index=False)
    code, said = refusal("plan", "plan.csv", "--result", "outcomes.csv")
    assert (code, "30 accounts of arm 1 that were planned, found 29" in said) == (3, True)


def test_the_hold_in_takes_its_time_too(project: Path) -> None:
    found = planned("--hold-in", "10", "--per-week", "60", "-o", "plan.csv", "--force")["shows"]
    assert (found["total"], found["weeks"]) == (70, 2)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("plan",), 2, "--rate or --model"),
        (("plan", "--rate", "0.04", "--model", "planted/v1"), 2, "found both"),
        (("plan", "--rate", "0.04", "--difference", "0.0001"), 2, "ask for a larger difference"),
        (("plan", "--rate", "4"), 2, "4 % is 0.04"),
        (("plan", "--rate", "0.04", "--per-arm", "many"), 2, "'many'"),
        (("plan", "--rate", "0.04", "--per-arm", "1,2,3"), 2, "'1,2,3'"),
        (("plan", "--rate", "0.04", "--hold-in", "5"), 2, "a scored list was expected"),
        (("plan", "--rate", "0.04", "--difference", "0.1", "--arms", "3", "--ratio", "2"), 2, "--per-arm"),
        (("plan", "scored.csv", "--rate", "0.04"), 2, "--arms 1,3"),
        (("plan", "scored.csv", "--rate", "0.04", "--arms", "1,3"), 2, "-o"),
        ((*ASKED, "-o", "scored.parquet", "--force"), 2, "the list itself"),
        (("plan", "scored.csv", "--rate", "0.04", "--arms", "1,7", "-o", "x.csv"), 3, "tier 7"),
        (("plan", "list.csv", "--rate", "0.04", "--arms", "1,3", "-o", "x.csv"), 3, "'tier'"),
        (("plan", "--result", "list.csv"), 2, "an assignment file was expected"),
        (("plan", "list.csv", "--result", "list.csv"), 3, "list.json"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_a_sentence(
    project: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    found = refusal(*words)
    assert (found[0], said in found[1]) == (code, True), found[1]
    assert not (project / "x.csv").exists()


def test_outcomes_of_nobody_in_the_plan_are_refused(project: Path) -> None:
    assert icp(*ASKED, "-o", "alone.csv").code == 0
    pd.DataFrame({"domain": ["x.example", "y.example"], "outcome": ["yes", "no"]}).to_csv("others.csv", index=False)
    code, said = refusal("plan", "alone.csv", "--result", "others.csv")
    assert code == 3
    assert said == (
        "others.csv: expected outcomes of accounts in alone.csv, found 2 of none of them; check the id column, or name "
        "it with --id"
    )
