"""Gates of a kind that did not learn from losses, and what a refusal says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from icp_ml.errors import GateNotPassed
from icp_ml.serve.bundle import StoredBundle, open_bundle
from icp_ml.serve.loading import open_any
from icp_ml.watch.gates import Gate, Reign, worst
from icp_training.gate import check_passed, gates_for
from icp_training.line import weigh
from tests import serve_models
from tests.weighted_projects import write_weighted

REIGN = Reign(date(2025, 5, 1), date(2025, 7, 1))


def judged(folder: Path, *, reliable: bool) -> StoredBundle:
    stored = open_bundle(serve_models.write(folder))
    verdict = stored.bundle.verdict.model_copy(update={"reliable": reliable})
    return replace(stored, bundle=replace(stored.bundle, verdict=verdict))


def test_a_scorecard_that_nothing_speaks_for_does_not_replace_a_proven_model(tmp_path: Path) -> None:
    by_hand = open_any(weigh(write_weighted(tmp_path) / "start.yaml", "2025-06-30T08:00:00+00:00").folder)
    proven = judged(tmp_path / "proven", reliable=True)
    assert worst(gates_for(by_hand, proven, REIGN, None)) == "red"
    unproven = replace(proven, bundle=judged(tmp_path / "unproven", reliable=False).bundle)
    for champion in (None, unproven, by_hand):
        (gate,) = gates_for(by_hand, champion, REIGN, None)
        assert gate.state == "green"
        assert "nothing was learned from deals" in gate.sentence
    assert worst(gates_for(proven, by_hand, REIGN, None)) == "green", "a model that learned has nothing to fear of it"


def test_a_refusal_names_every_red_gate_and_what_to_do() -> None:
    green, shaky = Gate(name="a", state="green", sentence="so"), Gate(name="b", state="open", sentence="so")
    red = Gate(name="skill", state="red", sentence="worse")
    check_passed((green, shaky), "it")
    with pytest.raises(GateNotPassed, match=r"1 of 3 refuse it \(skill: worse\).*--force with a --reason"):
        check_passed((green, red, shaky), "it")
