"""Amending, promoting and serving a hand-weighted scorecard: as any bundle, but it never replaces what was proven."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from icp_ml.serve.weighted_bundle import open_weighted
from icp_training.registry import registry_of
from tests.cli_projects import icp, refusal
from tests.weighted_projects import SCORES


def test_a_cut_is_moved_by_score_and_the_scorecard_is_the_same(weighted_project: Path) -> None:
    done = icp("amend", "--cut", "1=62", "--reason", "Fewer in tier 2", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["changes"] == [{"what": "tier 1 starts at score", "before": "70", "after": "62"}]
    one, two = (open_weighted(weighted_project / "models" / "start" / name) for name in ("v1", "v2"))
    assert (one.model_hash, one.bundle.scorecard) == (two.model_hash, two.bundle.scorecard)
    assert one.content_hash != two.content_hash
    assert list(two.bundle.tiers.scores) == [62, 50, 30]
    assert two.bundle.provenance.amended_from == 1
    assert icp("score", "list.csv", "-o", "scored.csv", "--model", "start/v2").code == 0
    assert pd.read_csv("scored.csv", dtype={"tier": str})["tier"].tolist()[:2] == ["1", "1"]


MISTAKES = {
    ("--cut", "1=0.45"): "found 0.45 for tier 1 and 50 for tier 2",
    ("--cut", "1=170"): "expected a score between 0 and 100, found 170",
    ("--cut", "4=20"): "there are cuts for '1', '2', '3'",
    ("--cut", "1=70"): "is so already",
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.items())
def test_a_cut_that_cannot_be_is_one_sentence_and_no_version(
    weighted_project: Path, words: tuple[str, str], said: str
) -> None:
    code, sentence = refusal("amend", *words, "--reason", "x")
    assert code == 2
    assert said in sentence
    assert not (weighted_project / "models" / "start" / "v2").exists()


def test_it_is_promoted_and_rolled_back_as_any_bundle_is(weighted_project: Path) -> None:
    first = icp("promote", "--reason", "A start without deals")
    assert first.code == 0, first.err
    assert "nothing was learned from deals" in first.out
    assert icp("amend", "--cut", "2=55", "--reason", "Later").code == 0
    assert icp("promote", "start/v2").code == 0
    assert registry_of(weighted_project, "start").need("@champion").version == 2
    assert icp("rollback").code == 0
    assert [(each["action"], each["version"]) for each in json.loads(icp("history", "--json").out)] == [
        ("promote", 1),
        ("promote", 2),
        ("rollback", 1),
    ]


def test_mlflow_s_own_loader_answers_with_the_scores(weighted_project: Path) -> None:
    import mlflow  # noqa: PLC0415 - it takes seconds, which collecting the tests need not wait

    assert icp("promote").code == 0
    registry = registry_of(weighted_project, "start")
    number = registry.need("@champion").number
    served = mlflow.pyfunc.load_model(registry.client.get_model_version_download_uri("start", number))
    known = pd.read_csv("list.csv").assign(employees=[51.0, 500.0, float("nan"), 9.0, float("nan")])
    answers = served.predict(known)
    assert answers.columns[0] == "score"
    assert tuple(answers["score"][:4]) == SCORES
    assert pd.isna(answers["score"][4])
    assert "probability" not in answers.columns
