"""Campaigns keep what was promised: the power within two points, and the level, by drawing them.

A short version of training/benchmarks/campaign_power.py, through the very function that reads the result.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from icp_ml.watch.campaign_record import ArmCounts, CampaignPlan, LookTaken, PlannedArm
from icp_ml.watch.campaign_result import campaign_result
from icp_ml.watch.campaign_test import mid_p
from icp_ml.watch.sample_size import Promise, accounts_needed, evenly

CAMPAIGNS = 20_000
RATES = (0.05, 0.30)
TWO_POINTS = 0.02
"""Beyond which a power is not what was promised; six standard errors of 20,000 draws are 1.7 points."""


@cache
def ended(looks: int, rates: tuple[float, float]) -> tuple[float, float]:
    """Share of drawn campaigns that end with a difference, and the promise."""
    promise = Promise(looks=looks)
    needed = accounts_needed(promise, RATES)
    fixed = promise.boundary(needed.accounts)
    rng = np.random.default_rng(11)
    steps = np.diff(np.array([(0, 0), *fixed.looks]), axis=0)
    arms = [np.cumsum(rng.binomial(steps[:, arm], rates[arm], (CAMPAIGNS, looks)), axis=1) for arm in (0, 1)]
    under = [
        mid_p((arms[0][:, place], arms[1][:, place]), look) < bound
        for place, (look, bound) in enumerate(zip(fixed.looks, fixed.bounds, strict=True))
    ]
    return float(np.logical_or.reduce(under).mean()), needed.power


@pytest.mark.parametrize("looks", [1, 3])
def test_the_power_is_the_promised_one_within_two_points(looks: int) -> None:
    found, promised = ended(looks, RATES)
    assert found == pytest.approx(promised, abs=TWO_POINTS)
    assert Promise().power <= promised < Promise().power + TWO_POINTS


@pytest.mark.parametrize("looks", [1, 3])
@pytest.mark.parametrize("rate", RATES)
def test_where_nothing_differs_it_is_said_so_as_often_as_allowed(looks: int, rate: float) -> None:
    standard_error = (0.05 * 0.95 / CAMPAIGNS) ** 0.5
    assert ended(looks, (rate, rate))[0] <= 0.05 + 3 * standard_error


def test_what_reads_the_result_decides_as_the_drawing_does() -> None:
    """40 campaigns of two looks, one by one, through the plan's record."""
    promise, sizes = Promise(looks=2), (60, 60)
    fixed = promise.boundary(sizes)
    rng = np.random.default_rng(5)
    verdicts = []
    for _ in range(40):
        early, more = (rng.binomial(30, (0.05, 0.25)) for _ in range(2))
        drawn = [early, early + more]
        by_hand = any(
            mid_p((found[:1], found[1:]), look)[0] < bound
            for found, look, bound in zip(drawn, evenly(sizes, 2), fixed.bounds, strict=True)
        )
        verdict = campaign_result(_looked_at(drawn, evenly(sizes, 2))).pairs[0].verdict
        assert (verdict == "differs") == by_hand
        verdicts.append(verdict)
    assert {"differs", "not shown"} == set(verdicts)


def _looked_at(drawn: list[np.ndarray], looks: tuple[tuple[int, int], ...]) -> CampaignPlan:
    arms = tuple(PlannedArm(name=arm, candidates=60, accounts=60, filled=0) for arm in "ab")
    plan = CampaignPlan(
        made="2025-03-03", list="scored.csv", rows=200, id_name="domain", content_hash=None, by="tier", arms=arms,
        hold_in=None, low_tiers=(), balance=(), seed=1, rate=0.05, rate_from="as stated", difference=None, level=0.05,
        power=0.8, looks=2,
    )  # fmt: skip
    for place, (found, sizes) in enumerate(zip(drawn, looks, strict=True), 1):
        counts = {
            arm: ArmCounts(contacted=n, successes=int(won)) for arm, n, won in zip("ab", sizes, found, strict=True)
        }
        plan = plan.after(LookTaken(day=f"2025-04-0{place}", counts=counts))
    return plan
