"""`icp review` with a project whose deals are younger than its list, and with mistakes."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from icp_ml.cli.pages import print_page
from icp_ml.cli.review_page import review_page
from icp_ml.deals.settings import parse_settings
from icp_ml.watch.review import measure_review
from icp_training.config import Config, load_weighted
from icp_training.reviewing import Names, names_of
from icp_training.weighing import weigh_into
from tests.cli_projects import config, deal_rows, icp, refusal, strong, write_config, write_project
from tests.followed_deals import Company, followed_of

DAY = date(2024, 6, 3)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every account of the deals on one list, in tier 1 where its last deal was won, else in tier 2: a seer's list."""
    write_project(tmp_path, strong())
    won = {row["account_id"]: row["stage"] == "Closed Won" for row in deal_rows(strong())}
    table = pa.table(
        {
            "account": list(won),
            "tier": ["1" if each else "2" for each in won.values()],
            "score": [80.0 if each else 55.0 for each in won.values()],
        }
    )
    scored = pa.array(["scored"] * len(won))
    csv.write_csv(table.append_column("status", scored), tmp_path / "seen.csv")
    pq.write_table(table.replace_schema_metadata({"icp.as_of": DAY.isoformat()}), tmp_path / "seen.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


def test_a_list_of_somebody_who_knew_is_found_right(project: Path) -> None:
    found = json.loads(icp("review", "icp.yaml", "seen.parquet", "--id", "account", "--json").out)
    ends = {"Closed Won", "Closed Lost", "Discovery", "Evaluation", "Proposal", "Negotiation"}
    rows = [row for row in deal_rows(strong()) if row["stage"] in ends and date.fromisoformat(row["opened_at"]) >= DAY]
    assert found["lists"][0]["deals"] == len(rows)
    last = date.fromisoformat(found["extracted"]) - timedelta(days=found["gap"])
    mature = [row for row in rows if date.fromisoformat(row["opened_at"]) <= last]
    assert found["mature"] == len(mature)
    assert sum(tier["won"] for tier in found["tiers"]) == sum(row["stage"] == "Closed Won" for row in mature)
    assert found["kept"]["ranking"]["value"] > 0.9
    assert found["drift"] == []
    page = icp("review", "icp.yaml", "seen.parquet", "--id", "account").out
    assert "The order held" in page
    assert "What became of each tier" in page


def test_what_is_not_configured_is_absent_with_a_line_that_says_what_to_write(project: Path) -> None:
    found = json.loads(icp("review", "icp.yaml", "seen.parquet", "--id", "account", "--json").out)
    assert (found["outreach"], found["layers"], found["cuts"]) == (None, None, [])
    assert found["worked_outside"]["representatives"] is None
    wanted = [
        "refresh.review.outreach",
        "refresh.review.channel",
        "refresh.review.representative",
        "potential",
        "models/",
    ]
    assert [any(name in line for line in found["absent"]) for name in wanted] == [True] * len(wanted)


def test_replies_channels_representatives_and_campaigns_are_shown_where_they_are_named(project: Path) -> None:
    """Every winner of the list was met, and no one else; the channel is the deal's type."""
    won = {row["account_id"] for row in deal_rows(strong()) if row["stage"] == "Closed Won"}
    lines = [
        f"{row['account_id']},2024-06-05,{'yes' if row['account_id'] in won else 'no'}" for row in deal_rows(strong())
    ]
    (project / "outreach.csv").write_text("\n".join(["account,sent,met", *lines]), encoding="utf-8")
    outreach = {"source": "outreach.csv", "account": "account", "contacted": "sent", "meeting": "met"}
    review = {"channel": "deal_type", "representative": "owner", "outreach": outreach}
    write_config(project, {**config(strong()), "refresh": {"review": review}})
    assert icp("plan", "seen.csv", "--rate", "0.3", "--arms", "1,2", "--per-arm", "5", "-o", "plan.csv").code == 0
    words = ("review", "icp.yaml", "seen.parquet", "--id", "account", "--campaign", "plan.csv")
    found = json.loads(icp(*words, "--json").out)
    tiers = {each["label"]: each for each in found["outreach"]["cuts"][0]["parts"]}
    assert tiers["1"]["met"] == tiers["1"]["contacted"]
    assert tiers["1"]["replied"] is None
    (channel,) = [cut for cut in found["cuts"] if cut["by"] == "channel"]
    assert sum(part["deals"] + part["still_open"] for part in channel["parts"]) == found["mature"]
    owners = {row["owner"] for row in deal_rows(strong())}
    shown = {each["label"] for each in found["worked_outside"]["representatives"]}
    assert shown <= owners | {"with under 10 deals each", "not known"}
    assert sum(each["deals"] for each in found["worked_outside"]["representatives"]) == found["mature"]
    assert found["campaigns"][0]["result"] is None
    page = icp(*words).out
    assert "Accounts of tier 1 had a meeting" in page
    assert "no outcome of its 10 accounts has been read" in page
    assert "Who works outside of the recommended tiers" in page


def test_a_campaign_says_in_a_review_what_icp_plan_said_and_the_review_takes_no_look(project: Path) -> None:
    """Every account of tier 1 answers and none of tier 2: 40 of 40 against 0 of 40."""
    assert icp("plan", "seen.csv", "--rate", "0.3", "--arms", "1,2", "--per-arm", "40", "-o", "plan.csv").code == 0
    arms = pd.read_csv("plan.csv", dtype=str)
    arms.assign(outcome=np.where(arms["arm"] == "1", "yes", "no"))[["account", "outcome"]].to_csv(
        "may.csv", index=False
    )
    said = json.loads(icp("plan", "plan.csv", "--result", "may.csv", "--json").out)
    before = (project / "plan.json").read_bytes()
    words = ("review", "icp.yaml", "seen.parquet", "--id", "account", "--campaign", "plan.csv")
    (shown,) = json.loads(icp(*words, "--json").out)["campaigns"]
    assert shown["sentences"] == said["sentences"]
    assert shown["result"]["pairs"] == said["pairs"]
    assert "tier 1 (40 of 40) does better than tier 2 (0 of 40)" in icp(*words).out
    assert (project / "plan.json").read_bytes() == before


def test_criteria_share_a_table_and_channels_have_their_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """12 of 20 that met it were won, and 3 of 10 that did not."""
    monkeypatch.setenv("COLUMNS", "160")
    companies = [Company(f"c{k}", won=k < 12 or k >= 27) for k in range(30)]
    parted = {"channel": ["mail"] * 30, "industry: Software": ["met"] * 20 + ["not met"] * 10}
    print_page(review_page(measure_review(followed_of(companies, parted_by=parted), seed=1)))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert any(line[:5] == ["industry:", "Software:", "met", "20", "12"] for line in lines)
    assert any(line[:6] == ["industry:", "Software:", "not", "met", "10", "3"] for line in lines)
    assert any(line[:3] == ["mail", "30", "15"] for line in lines)
    assert sum("By" in line for line in lines) == 2


SCORECARD = """
name: start
kind: weighted-scorecard
attributes: {firmographic: {ownership: category}, behavioural: {research_score: number}}
prospects: {id: account_id}
weights:
  ownership: {weight: 70, rules: [{attribute: ownership, exact: [public]}]}
  research: {weight: 30, rules: [{attribute: research_score, at_least: {60: 100, 30: 50}}]}
"""


def test_a_hand_kept_scorecard_is_told_what_its_points_told(project: Path) -> None:
    """The order of a layer alone is counted over all pairs of a won and a lost deal."""
    (project / "start.yaml").write_text(SCORECARD, encoding="utf-8")
    made = weigh_into(project, load_weighted(project / "start.yaml"), 1, "2024-06-03T08:00:00")
    frame = pd.DataFrame(deal_rows(strong()))
    frame.drop_duplicates("account_id")[["account_id", "ownership", "research_score"]].to_csv("list.csv", index=False)
    assert icp("score", "list.csv", "--model", made.folder, "-o", "given.parquet", "--as-of", "2022-07-01").code == 0
    found = json.loads(icp("review", "icp.yaml", "given.parquet", "--id", "account_id", "--json").out)
    last = str(date.fromisoformat(found["extracted"]) - timedelta(days=found["gap"]))
    scored = pd.read_parquet("given.parquet").set_index("account_id")
    told = frame[frame["stage"].isin(["Closed Won", "Closed Lost"]) & frame["opened_at"].between("2022-07-01", last)]
    told = told[scored["tier"].notna().loc[told["account_id"]].to_numpy()]
    layers = found["layers"]
    assert (layers["model"], layers["deals"]) == ("start version 1", len(told))
    assert {each["layer"]: each["points"] for each in layers["layers"]} == {"firmographic": 70, "behavioural": 30}
    for each in layers["layers"]:
        points = scored[f"score_{each['layer']}"].loc[told["account_id"]].to_numpy()
        won = (told["stage"] == "Closed Won").to_numpy()
        gaps = points[won][:, None] - points[~won][None, :]
        assert each["ranking"]["value"] == pytest.approx(((gaps > 0) + 0.5 * (gaps == 0)).mean())
    assert "Which layer predicted" in icp("review", "icp.yaml", "given.parquet", "--id", "account_id").out


def test_two_lists_of_two_days_are_reviewed_beside_each_other(project: Path) -> None:
    """Without open deals, without an outcome that says what is open, and with what wins bring."""
    values = config(strong())
    deals = values["deals"]
    assert isinstance(deals, dict)
    outcome = {**deals["outcome"], "ignore": [*deals["outcome"].get("ignore", []), *deals["outcome"]["open"]]}
    del outcome["open"]
    rows = deal_rows(strong())
    column = next(name for name in rows[0] if "amount" in name)
    potential = {"amount": {"column": column, "currency": "USD"}}
    write_config(project, {**values, "deals": {**deals, "outcome": outcome}, "potential": potential})
    table = pq.read_table("seen.parquet")
    pq.write_table(table.replace_schema_metadata({"icp.as_of": "2024-09-02"}), "later.parquet")
    words = ("review", "icp.yaml", "later.parquet", "seen.parquet", "--id", "account", "--json")
    found = json.loads(icp(*words).out)
    assert [each["day"] for each in found["lists"]] == ["2024-06-03", "2024-09-02"]
    ended = [row for row in rows if row["stage"] in ("Closed Won", "Closed Lost")]
    opened = [row["opened_at"] for row in ended if row["opened_at"] >= "2024-06-03"]
    counted = [sum(day < "2024-09-02" for day in opened), sum(day >= "2024-09-02" for day in opened)]
    assert [each["deals"] for each in found["lists"]] == counted
    assert not any("Amounts are not shown" in line for line in found["absent"])


def test_a_list_whose_id_nobody_names_is_refused(project: Path) -> None:
    values = {**config(strong()), "prospects": {}}
    write_config(project, values)
    code, sentence = refusal("review", "icp.yaml", "seen.parquet")
    assert code == 2
    assert sentence.startswith("the lists' id column was expected, and nobody names it; say --id, or set prospects.id")


def test_mistakes_are_one_sentence(project: Path) -> None:
    assert refusal("review", "icp.yaml", "nowhere.parquet")[0] == 3
    assert refusal("review", "icp.yaml", "2025-13-01=seen.parquet")[0] == 2
    code, sentence = refusal("review", "icp.yaml", "seen.parquet", "--id", "account", "2024-06-03=seen.parquet")
    assert code == 3
    assert "one list a day was expected" in sentence
    assert refusal("review", "icp.yaml", "seen.parquet", "--id", "nothing")[0] == 3


@pytest.mark.parametrize(
    ("known", "said", "account"),
    [("deals.csv", None, "website"), ("others.csv", None, None), ("others.csv", "deal_site", "deal_site")],
)
def test_deals_are_called_as_known_calls_them_where_it_reads_the_same(
    known: str, said: str | None, account: str | None
) -> None:
    outcome = {"column": "stage", "won": ["Closed Won"]}
    values = {**config(strong()), "known": {"source": known, "account": "website", "outcome": outcome}}
    assert names_of(parse_settings(Config, values), None, said) == Names("domain", account)
