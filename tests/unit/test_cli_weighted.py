"""A hand-weighted scorecard on the command line: from a YAML file to a bundle, without a single deal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

import icp_ml
from icp_ml.errors import BundleInvalid
from icp_ml.serve.weighted_bundle import open_weighted
from icp_ml.serve.weighted_scoring import WeightedScorer
from icp_training.registry import registry_of
from tests.cli_projects import files_in, icp, refusal
from tests.docs.pages import ROOT

CONVENTIONS = sorted((ROOT / "training" / "configs" / "scorecards").glob("*.yaml"))
WRITTEN = """
name: start
kind: weighted-scorecard
attributes:
  firmographic: {industry: category, employees: number}
  engagement: {seniority: category}
weights:
  industry: {weight: 20-40, rules: [{attribute: industry, exact: [Software], adjacent: [Media]}]}
  size: {weight: 10, rules: [{attribute: employees, inside: [51, 500]}]}
  person: {weight: 10, rules: [{attribute: seniority, levels: {C-level: 100, manager: 60}}]}
prospects: {id: domain}
"""


@pytest.fixture
def project(new_project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a scorecard, and the terminal in it."""
    folder = new_project("weighted")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ICP_HOME", raising=False)
    (folder / "start.yaml").write_text(WRITTEN, encoding="utf-8")
    return folder


def test_training_writes_and_registers_a_bundle_and_says_what_it_is(project: Path) -> None:
    done = icp("train", "start.yaml")
    assert (done.code, done.err) == (0, "")
    assert {path.name for path in project.iterdir()} == {"mlruns", "models", "start.yaml"}
    assert registry_of(project, "start").need("@challenger").version == 1
    told = done.out.splitlines()
    assert told[0].startswith("start version 1: a hand-weighted scorecard, not a probability.")
    assert "Weights given as ranges count by their middle: industry 20 to 40 as 30." in told
    assert "Weights add up to 50 and were scaled to 100: industry 60, size 20, person 20." in told
    assert told[-2:] == [
        "Bundle: models/start/v1",
        "Next: icp show models/start/v1, then icp score PROSPECTS -o scored.parquet --model models/start/v1",
    ]


def test_versions_count_up_and_one_configuration_has_one_content_hash(project: Path) -> None:
    first, second = icp("train", "start.yaml", "--json"), icp("train", "start.yaml", "--json")
    assert [json.loads(done.out)["version"] for done in (first, second)] == [1, 2]
    one, two = (open_weighted(project / "models" / "start" / name) for name in ("v1", "v2"))
    assert one.content_hash == two.content_hash
    document = json.loads(first.out)
    assert document["bundle"] == str(project / "models" / "start" / "v1")
    assert document["kind"] == "hand-weighted scorecard, not a probability"


@pytest.mark.parametrize("path", CONVENTIONS, ids=lambda path: path.stem)
def test_every_convention_becomes_a_bundle_that_scores(path: Path, project: Path) -> None:
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    (project / path.name).write_text(yaml.safe_dump({**values, "root": "."}, sort_keys=False), encoding="utf-8")
    assert icp("train", path.name).code == 0
    scorer = icp_ml.load(project / "models" / path.stem / "v1")
    assert isinstance(scorer, WeightedScorer)
    columns = [attribute.column for attribute in scorer.attributes]
    scored = scorer.score(pd.DataFrame([dict.fromkeys(columns, "1")]), as_of=date(2025, 6, 30))
    parts = scored[[f"score_{part}" for part in scorer.tier_book.parts if part not in {"fit", "intent"}]]
    assert parts.sum(axis=1)[0] + scorer.bundle.scorecard.base == pytest.approx(scored["score"][0], abs=1e-9)


REFUSED = {
    "kind: weighted_scorecard": "kind",
    "kind: weighted-scorecard\ndeals: {}": "deals",
    "kind: weighted-scorecard\nweight: 3": "did you mean 'weights'",
    "kind: weighted-scorecard\nexclusions: [{name: x, attribute: planet, is: [a]}]": "planet",
}


@pytest.mark.parametrize(("line", "said"), REFUSED.items())
def test_a_mistake_is_one_sentence_and_leaves_nothing(project: Path, line: str, said: str) -> None:
    Path("start.yaml").write_text(WRITTEN.replace("kind: weighted-scorecard", line), encoding="utf-8")
    before = files_in(project)
    code, sentence = refusal("train", "start.yaml")
    assert code == 2
    assert said in sentence
    assert files_in(project) == before


def test_a_rule_that_does_not_fit_leaves_nothing(project: Path) -> None:
    Path("start.yaml").write_text(WRITTEN.replace("attribute: employees", "attribute: employes"), encoding="utf-8")
    code, sentence = refusal("train", "start.yaml")
    assert code == 2
    assert "did you mean 'employees'" in sentence
    assert not Path("models").exists()


def test_there_is_nothing_to_check(project: Path) -> None:
    code, sentence = refusal("check", "start.yaml")
    assert code == 2
    assert "there is nothing to check" in sentence


def test_a_card_that_was_edited_is_refused(project: Path) -> None:
    icp("train", "start.yaml")
    card = project / "models" / "start" / "v1" / "card.md"
    card.write_text(card.read_text(encoding="utf-8").replace("not a probability", "now a probability"))
    with pytest.raises(BundleInvalid, match="changed after it was written"):
        icp_ml.load(card.parent)
