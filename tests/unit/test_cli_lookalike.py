"""From won accounts and a universe to a scored list, on the command line, and never a probability."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import icp_ml
from benchmarks.fuzz.bundle_texts import sealed, stored_in, write_stored
from icp_ml.errors import BundleInvalid
from icp_ml.profile.lookalike_records import ColumnQuestion
from icp_ml.profile.records import Interval
from icp_ml.serve.bundle import StoredBundle, open_bundle
from icp_ml.serve.documents import to_bytes
from icp_ml.serve.loading import load
from icp_ml.serve.lookalike_bundle import StoredLookalike, open_lookalike
from icp_ml.serve.lookalike_card import lookalike_card
from icp_ml.serve.lookalike_scoring import LookalikeScorer
from icp_ml.serve.mlflow_loader import main_column
from icp_ml.watch.gates import Gate, Reign
from icp_training.gate import gates_for
from icp_training.report.lookalike_page import lookalike_report
from tests import serve_models
from tests.cli_projects import icp, refusal
from tests.lookalike_projects import write_project

BUNDLE = Path("models/look/v1")


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Path]) -> Path:
    """A project with a trained model of resemblance, and what the training said in said.txt."""
    folder = write_project(new_project("lookalike"), alike=1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = icp("train", "look.yaml", "--trials", "1")
    assert done.code == 0, done.err
    (folder / "said.txt").write_text(done.out, encoding="utf-8")
    return folder


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the project's folder."""
    monkeypatch.chdir(project)
    return project


def test_training_says_what_it_made_and_on_what_assumption(here: Path) -> None:
    said = (here / "said.txt").read_text(encoding="utf-8")
    assert "40 won accounts and 400 companies of the universe" in said
    assert "Assumed: the won accounts are a fair draw" in said
    assert "Warning: Only 40 won accounts, which is thin" in said
    assert "Bundle: models/look/v1" in said
    assert "What won accounts have in common" in said
    assert "industry" in said.partition("Not in it")[0]


def test_a_scored_list_has_a_resemblance_in_the_place_of_the_probability(here: Path) -> None:
    done = icp("score", "list.csv", "-o", "scored.csv", "--model", BUNDLE, "--force")
    assert done.code == 0, done.err
    assert "a resemblance to won accounts, not a probability" in done.out
    scored = pd.read_csv(here / "scored.csv", dtype={"tier": str})
    assert "probability" not in scored
    assert list(scored.columns[:7]) == ["domain", "tier", "score", "action", "quadrant", "resemblance", "log_odds"]
    assert scored["resemblance"].between(0, 100).all()
    ordered = scored.sort_values("log_odds")
    assert ordered["resemblance"].is_monotonic_increasing
    assert ordered["score"].is_monotonic_increasing
    prospects = pd.read_csv(here / "list.csv")
    alike = (prospects["industry"] == "Software") & prospects["employees"].between(50, 500)
    assert scored["resemblance"][alike].mean() > scored["resemblance"][~alike].mean() + 20
    layers = [f"score_{layer}" for layer in ("firmographic", "behavioural")]
    base = scored["score"] - scored[layers].sum(axis=1)
    assert np.ptp(base) < 1e-6


def test_the_library_opens_it_and_gives_the_same_as_the_command_line(here: Path) -> None:
    scorer = icp_ml.load(BUNDLE)
    assert isinstance(scorer, LookalikeScorer)
    assert not hasattr(scorer, "predict_proba")
    prospects = pd.read_csv(here / "list.csv")
    scored = scorer.score(prospects)
    assert scored["resemblance"].tolist() == scorer.resemblance(prospects).tolist()
    parts = scorer.contributions(prospects)
    assert np.abs(parts.sum(axis=1) - scorer.log_odds(prospects)).max() < 1e-9


def test_show_and_explain_speak_of_resemblance(here: Path) -> None:
    shown = icp("show", BUNDLE)
    assert shown.code == 0, shown.err
    assert shown.out.startswith("look, version 1: a resemblance to won accounts, not a probability")
    document = json.loads(icp("show", BUNDLE, "--json").out)
    assert document["kind"] == "lookalike"
    assert [row["label"] for row in document["tiers"]["rows"]] == ["1", "2", "3", "out of scope"]
    told = icp("explain", "list.csv", "--id", "p0.example", "--model", BUNDLE)
    assert told.code == 0, told.err
    assert "it resembles the won accounts more than" in told.out
    assert "the average company" in told.out
    as_json = json.loads(icp("explain", "list.csv", "--id", "p0.example", "--model", BUNDLE, "--json").out)
    assert as_json["probability"] is None
    assert 0 <= as_json["resemblance"] <= 100
    for text in (shown.out, told.out):
        assert "probability" not in text.replace("not a probability", "")


def test_its_page_puts_won_accounts_beside_the_universe_and_names_no_chance(here: Path) -> None:
    kept = (here / BUNDLE / "report.html").read_text(encoding="utf-8")
    assert icp("report", BUNDLE, "-o", "drawn.html", "--force").code == 0
    assert (here / "drawn.html").read_text(encoding="utf-8") == kept
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", kept[kept.index("<main") : kept.index("</main")]))
    assert "This may be used to put companies in an order" in words
    first = open_lookalike(BUNDLE).bundle.tiering.table.rows[0]
    assert f"Tier 1 holds {first.share_of_won.value:.0%} of the won accounts" in words
    assert "win rate" not in words
    assert "the other companies" in words


def page_of(stored: StoredLookalike, **changes: object) -> str:
    """The words of the page of a bundle that was changed."""
    drawn = lookalike_report(replace(stored, bundle=replace(stored.bundle, **changes)))  # type: ignore[arg-type]
    body = drawn[drawn.index("<main") : drawn.index("</main")]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


@pytest.mark.usefixtures("here")
def test_its_page_says_what_it_may_not_be_used_for_and_what_it_lacks() -> None:
    stored = open_lookalike(BUNDLE)
    made = stored.bundle
    plain = page_of(stored)
    for words, changes in (
        (
            "This may not be used to choose companies.",
            {"verdict": made.verdict.model_copy(update={"reliable": False})},
        ),
        (
            "No single attribute tells won accounts from other companies surely enough to be named.",
            {"profile": made.profile.model_copy(update={"attributes": ()})},
        ),
        ("The model uses no attribute.", {"profile": made.profile.model_copy(update={"attributes": ()})}),
        (
            "A note on tiers.",
            {
                "tiering": replace(
                    made.tiering, table=made.tiering.table.model_copy(update={"notes": ("A note on tiers.",)})
                )
            },
        ),
        (
            "Changed since version 7, without training: tier 1 from 95",
            {"provenance": made.provenance.model_copy(update={"amended_from": 7, "changes": ("tier 1 from 95",)})},
        ),
    ):
        assert words not in plain
        assert words in page_of(stored, **changes)
    pairs = round(100 * made.verdict.ranking.value)
    refused = page_of(stored, verdict=made.verdict.model_copy(update={"reliable": False}))
    assert f"it put the won one first in {pairs} of 100 pairs, and that may be chance." in refused
    assert "This may be used" not in refused


@pytest.mark.usefixtures("here")
def test_its_gate_asks_for_evidence_for_no_leak_and_whether_a_judged_model_is_live(tmp_path: Path) -> None:
    stored, reign = open_lookalike(BUNDLE), Reign(date(2025, 5, 1), date(2025, 7, 1))
    live = open_bundle(serve_models.write(tmp_path / "live"))
    doubted = live.bundle.verdict.model_copy(update={"reliable": False})
    unproven = replace(live, bundle=replace(live.bundle, verdict=doubted))

    def gate(champion: StoredBundle | None, **changes: object) -> Gate:
        verdict = stored.bundle.verdict.model_copy(update=changes)
        (found,) = gates_for(replace(stored, bundle=replace(stored.bundle, verdict=verdict)), champion, reign, None)
        return found

    assert [gate(champion).state for champion in (None, unproven, live)] == ["green", "green", "red"]
    assert gate(live).sentence == "it knows won accounts only, and what is live has seen losses too"
    chance = gate(None, reliable=False)
    assert (chance.name, chance.state) == ("enough evidence", "red")
    assert chance.sentence == "on 40 held-out won accounts the resemblance may be chance; bring more won accounts"
    leak = gate(None, ranking=Interval(value=0.951, low=0.9, high=0.99))
    assert (leak.name, leak.state) == ("no leak", "red")
    assert leak.sentence.startswith("95.1% of pairs in order are not seen without a column that tells the lists apart")
    assert gate(None, ranking=Interval(value=0.95, low=0.9, high=0.99)).state == "green"


def test_its_page_shows_the_best_of_a_list_by_resemblance(here: Path) -> None:
    assert icp("score", "list.csv", "-o", "page.csv", "--model", BUNDLE, "--force").code == 0
    assert icp("report", BUNDLE, "-o", "listed.html", "--scored", "page.csv", "--force").code == 0
    page = (here / "listed.html").read_text(encoding="utf-8")
    shown = re.findall(r'aria-controls="more-\d+">([^<]+)</button>', page)
    scored = pd.read_csv(here / "page.csv").query("tier.notna()").set_index("domain")["score"]
    assert scored[shown].tolist() == scored.sort_values(ascending=False).tolist()
    assert re.search(r"<button[^>]*>resemblance</button>", page)
    assert "of the universe" in page


def test_no_file_of_the_bundle_holds_a_probability(here: Path) -> None:
    for path in (here / BUNDLE).glob("*.json"):
        assert '"probability"' not in path.read_text(encoding="utf-8"), path.name
        assert '"win_rate"' not in path.read_text(encoding="utf-8"), path.name


def test_a_bundle_whose_scale_was_changed_does_not_open(here: Path, tmp_path: Path) -> None:
    for path in (here / BUNDLE).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    scale = tmp_path / "resemblance.json"
    scale.write_text(scale.read_text(encoding="utf-8").replace("-", "-1", 1), encoding="utf-8")
    with pytest.raises(BundleInvalid, match=r"resemblance\.json of the bundle was changed"):
        icp_ml.load(tmp_path)


def test_it_is_promoted_and_a_cut_is_moved_by_resemblance(here: Path) -> None:
    done = icp("promote", "look/v1", "--reason", "first")
    assert done.code == 0, done.err
    assert "the resemblance is reliable" in done.out
    assert icp("amend", BUNDLE, "--cut", "1=95", "--reason", "Fewer calls").code == 0
    before, after = (open_lookalike(Path("models/look") / name) for name in ("v1", "v2"))
    assert before.model_hash == after.model_hash
    start = after.bundle.tiering.cuts.log_odds[0]
    assert after.bundle.resemblance.percentile(np.array([start]))[0] == pytest.approx(95)
    assert after.bundle.tiering.table.notes[-1].startswith("The cut of tier 1 was moved by hand from resemblance")
    code, said = refusal("amend", BUNDLE, "--cut", "1=195", "--reason", "x")
    assert (code, "expected a resemblance between 0 and 100" in said) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        ("score", "list.csv", "-o", "other.csv", "--model", BUNDLE, "--intervals"),
        ("score", "list.csv", "-o", "other.csv", "--model", BUNDLE, "--base-rate", "0.1"),
        ("amend", BUNDLE, "--base-rate", "0.1", "--reason", "x"),
    ],
    ids=["intervals", "a base rate", "an amended base rate"],
)
def test_what_speaks_of_a_probability_is_refused(here: Path, words: tuple[object, ...]) -> None:
    code, said = refusal(*words)
    assert code == 2
    assert "probability" in said
    assert not (here / "other.csv").exists()


def test_won_accounts_that_are_any_companies_are_refused_and_nothing_is_written(
    new_project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_project(new_project("any"), alike=0.1)
    monkeypatch.chdir(folder)
    code, said = refusal("train", "look.yaml", "--trials", "1")
    assert code == 5
    assert said.startswith("no reliable resemblance in these attributes: of a held-out won account")
    assert not (folder / "models").exists()


def test_a_question_is_told_and_check_says_who_judges_it(
    new_project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_project(new_project("trap"), alike=0.1)
    monkeypatch.chdir(folder)
    universe = pd.read_csv("universe.csv").drop(columns="score")
    universe.to_csv("universe.csv", index=False)
    done = icp("train", "look.yaml", "--minutes", "0.01", "--json")  # and the usual number of trials
    document = json.loads(done.out)
    assert document["verdict"]["questions"][0]["attribute"] == "score"
    assert document["verdict"]["questions"][0]["left_out"]
    assert document["refused"].startswith("no reliable resemblance")
    code, told = refusal("check", "look.yaml")
    assert code == 2
    assert "a lookalike has it" in told


def broken(bundle: Path, folder: Path, name: str, change: Callable[[Any], None]) -> Path:
    """The bundle with one file changed and all hashes made to agree."""
    stored = stored_in(bundle)
    document = json.loads(stored.content[name])
    change(document)
    content = {**stored.content, name: to_bytes(document)}
    return write_stored(folder, sealed(stored, content), content)


def other_label(tiers: Any) -> None:
    tiers["table"]["rows"][0]["label"] = "9"


def rising_cuts(tiers: Any) -> None:
    tiers["cuts"]["log_odds"].reverse()


def short_row(golden: Any) -> None:
    golden["contributions"][0].pop()


def rule_of_nothing(policy: Any) -> None:
    policy["exclusions"] = [{"name": "gone", "attribute": "nothing", "is": ["x"]}]


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("tiers.json", other_label, "table and cuts name other tiers"),
        ("tiers.json", rising_cuts, "fall"),
        ("golden.json", short_row, r"a row has not \d+ contributions"),
        ("policy.json", rule_of_nothing, "'gone' asks about 'nothing'"),
    ],
)
def test_a_bundle_that_disagrees_with_itself_is_refused_by_the_name_of_its_file(
    here: Path, tmp_path: Path, name: str, change: Callable[[Any], None], said: str
) -> None:
    folder = broken(here / BUNDLE, tmp_path, name, change)
    with pytest.raises(BundleInvalid, match=rf"{re.escape(name)} of the bundle cannot be used: .*{said}"):
        icp_ml.load(folder)


def test_other_tools_look_for_its_resemblance(here: Path) -> None:
    assert main_column(load(here / BUNDLE)) == "resemblance"


def test_its_card_says_what_was_asked_and_where_nothing_stands_up(here: Path) -> None:
    bundle = open_lookalike(here / BUNDLE).bundle
    asked = (
        ColumnQuestion(attribute="region", evidence="is known of every won account and of no other", left_out=True),
        ColumnQuestion(attribute="score", evidence="has other values on either side", left_out=False),
    )
    none = tuple(each.model_copy(update={"presented": False}) for each in bundle.profile.attributes)
    card = lookalike_card(
        bundle.provenance,
        bundle.profile.model_copy(update={"attributes": none}),
        bundle.verdict.model_copy(update={"questions": asked}),
        bundle.tiering.table,
        bundle.policy,
    )
    assert (
        "- Left out: region is known of every won account and of no other; if that is a difference between companies, "
        "write use: yes."
    ) in card
    assert "- Used, because the configuration says so: score has other values on either side." in card
    assert "No single attribute stands up given all the others." in card
