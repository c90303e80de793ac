"""The gate: refused, leaking and clearly worse models are not promoted; what cannot be compared is said."""

from __future__ import annotations

import pytest

from icp_ml.errors import GateNotPassed
from icp_ml.profile.records import Interval, Verdict
from icp_training.gate import pass_gate, pass_unproven, skill_interval
from tests import serve_models


def verdict(skill: float, gain: Interval, **changed: object) -> Verdict:
    made = serve_models.bundle().verdict
    return made.model_copy(update={"skill": skill, "gain": gain, **changed})


def between(low: float, value: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high)


def test_the_interval_of_the_skill_is_that_of_the_gain_in_its_unit() -> None:
    """A gain of 0.07 nats that is a skill of 10 %: the base rate costs 0.7 nats, so 0.035 to 0.14 is 5 to 20 %."""
    found = skill_interval(verdict(0.1, between(0.035, 0.07, 0.14)))
    assert (found.low, found.value, found.high) == pytest.approx((0.05, 0.1, 0.2))


def test_the_gate_refuses_what_is_not_reliable_leaks_or_is_clearly_worse() -> None:
    good = verdict(0.10, between(0.05, 0.10, 0.15))
    better = verdict(0.30, between(0.16, 0.30, 0.40))
    touching = verdict(0.30, between(0.15, 0.30, 0.40))
    with pytest.raises(GateNotPassed, match="reliable"):
        pass_gate(good.model_copy(update={"reliable": False}), None, "it")
    leaking = {"icp-ml": {"auc": between(0.9, 0.96, 1.0)}}
    with pytest.raises(GateNotPassed, match=r"0\.960"):
        pass_gate(good.model_copy(update={"figures": leaking}), None, "it")
    with pytest.raises(GateNotPassed, match=r"0\.100 \[0\.050, 0\.150\]"):
        pass_gate(good, better, "it")
    assert "not clearly below" in pass_gate(good, touching, "it")
    assert "not clearly below" in pass_gate(better, good, "it")
    assert "no live model" in pass_gate(good, None, "it")
    assert "not compared" in pass_gate(good, better.model_copy(update={"kind": "forward"}), "it")
    other = better.model_copy(update={"predicted": "won and kept 12 months"})
    assert "which predicts 'won and kept 12 months' and not 'won'" in pass_gate(good, other, "it")


def test_a_scorecard_that_nothing_speaks_for_does_not_replace_a_proven_model() -> None:
    proven = verdict(0.10, between(0.05, 0.10, 0.15))
    with pytest.raises(GateNotPassed, match=r"evidence was expected of it.*0\.100"):
        pass_unproven(proven, "it")
    for champion in (None, proven.model_copy(update={"reliable": False})):
        assert "nothing was learned from deals" in pass_unproven(champion, "it")
