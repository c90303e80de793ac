"""What two arms show, as one would argue over it with a marketing leader. 150 accounts an arm are planned, at 5 %."""

from __future__ import annotations

import pytest

from icp_ml.watch.campaign_record import ArmCounts, CampaignPlan, LookTaken, PlannedArm
from icp_ml.watch.campaign_result import campaign_result

# p is Fisher's mid-p, from the hypergeometric distribution of scipy
#    outcomes known, successes: first arm; second arm; how it stands           p      why
CASES = """
     150  18   150   5   differs                                              0.005  clear at the end
     150  12   150   6   not shown                                            0.155  twice as many, and chance does that
     150   6   150   0   differs                                              0.015  six against none is not chance
     150   4   150   0   not shown                                            0.061  four against none may be
     75    9    75   2   not yet                                              0.032  enough at the end, too early here
     75   18    75   2   differs                                              0.000  so clear that no more are needed
     150  12     0   0   nothing known                                        -      one arm alone says nothing
     150  12    75   6   not yet                                              0.982  one arm is still on its way
"""


@pytest.mark.parametrize("line", CASES.strip().splitlines())
def test_what_the_outcomes_show(line: str) -> None:
    numbers, rest = line.split()[:4], line.split(maxsplit=4)[4]
    known, first, other, second = map(int, numbers)
    verdict, p_value = (rest[:45].strip(), rest[45:].split()[0])
    counts = {"a": ArmCounts(contacted=known, successes=first), "b": ArmCounts(contacted=other, successes=second)}
    pair = campaign_result(_plan().after(LookTaken(day="2025-04-01", counts=counts))).pairs[0]
    assert pair.verdict == verdict
    assert pair.p_value == (None if p_value == "-" else pytest.approx(float(p_value), abs=5e-4))


def _plan() -> CampaignPlan:
    arms = tuple(PlannedArm(name=arm, candidates=900, accounts=150, filled=0) for arm in "ab")
    return CampaignPlan(
        made="2025-03-03", list="scored.csv", rows=2000, id_name="domain", content_hash=None, by="tier", arms=arms,
        hold_in=None, low_tiers=(), balance=(), seed=1, rate=0.04, rate_from="as stated", difference=None, level=0.05,
        power=0.8, looks=1,
    )  # fmt: skip
