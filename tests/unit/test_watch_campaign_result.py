"""What outcomes show, look by look."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from icp_ml.errors import InputError
from icp_ml.watch.campaign_record import ArmCounts, CampaignPlan, LookTaken, PlannedArm
from icp_ml.watch.campaign_result import campaign_result, counts_of, pair_sentence
from icp_ml.watch.campaigns import HOLD_IN


def planned(*arms: str, accounts: int = 150, hold_in: int = 0) -> CampaignPlan:
    drawn = tuple(PlannedArm(name=arm, candidates=900, accounts=accounts, filled=0) for arm in arms)
    low = PlannedArm(name=HOLD_IN, candidates=900, accounts=hold_in, filled=0) if hold_in else None
    return CampaignPlan(
        made="2025-03-03", list="scored.csv", rows=2000, id_name="domain", content_hash=None, by="tier", arms=drawn,
        hold_in=low, low_tiers=("3",), balance=(), seed=1, rate=0.04, rate_from="as stated", difference=None,
        level=0.05, power=0.8, looks=2,
    )  # fmt: skip


def look(day: str, *, is_final: bool = False, **counts: tuple[int, int]) -> LookTaken:
    """counts: contacted and successes of arm a, b and so on."""
    of_arm = {arm: ArmCounts(contacted=n, successes=won) for arm, (n, won) in counts.items()}
    return LookTaken(day=day, counts=of_arm, is_final=is_final)


def test_a_clear_difference_is_shown_with_the_better_arm_first() -> None:
    found = campaign_result(planned("a", "b").after(look("2025-04-01", a=(150, 3), b=(150, 24))))
    pair = found.pairs[0]
    assert (pair.verdict, pair.more) == ("differs", 0)
    assert pair.difference is not None
    assert pair.difference.high < 0
    assert pair_sentence(pair).startswith("tier b (24 of 150) does better than tier a (3 of 150), by 14.0 points")


def test_without_one_more_accounts_follow_until_the_end() -> None:
    plan = planned("a", "b").after(look("2025-04-01", a=(70, 3), b=(60, 5)))
    first = campaign_result(plan).pairs[0]
    assert (first.verdict, first.more) == ("not yet", 300 - 130)
    last = campaign_result(plan.after(look("2025-05-01", a=(150, 6), b=(150, 8)))).pairs[0]
    assert (last.verdict, last.more, last.looks) == ("not shown", 0, 2)
    assert last.difference is not None
    assert last.difference.low < 0 < last.difference.high


def test_what_a_look_has_shown_no_later_one_takes_back() -> None:
    plan = planned("a", "b").after(look("2025-04-01", a=(75, 20), b=(75, 1)))
    early = campaign_result(plan).pairs[0]
    late = campaign_result(plan.after(look("2025-05-01", a=(150, 21), b=(150, 20)))).pairs[0]
    assert early.verdict == late.verdict == "differs"
    assert (late.counts, late.p_value) == (early.counts, early.p_value)


def test_an_early_look_asks_for_more() -> None:
    """8 of 75 against 1 of 75 is p = 0.02, which is a difference at the end and none half way."""
    plan = planned("a", "b").after(look("2025-04-01", a=(75, 8), b=(75, 1)))
    assert campaign_result(plan).pairs[0].verdict == "not yet"
    whole = planned("a", "b", accounts=75).after(look("2025-04-01", a=(75, 8), b=(75, 1)))
    assert campaign_result(whole).pairs[0].verdict == "differs"


def test_no_more_outcomes_means_that_all_is_spent_now() -> None:
    plan = planned("a", "b").after(look("2025-04-01", a=(75, 8), b=(75, 1), is_final=True))
    assert campaign_result(plan).pairs[0].verdict == "differs"
    plan = planned("a", "b").after(look("2025-04-01", a=(75, 4), b=(75, 3), is_final=True))
    assert campaign_result(plan).pairs[0].verdict == "not shown"


def test_the_same_outcomes_are_the_same_look() -> None:
    plan = planned("a", "b").after(look("2025-04-01", a=(75, 4), b=(75, 3)))
    assert plan.after(look("2025-04-09", a=(75, 4), b=(75, 3))) is plan
    assert len(plan.after(look("2025-04-09", a=(76, 4), b=(75, 3))).looks_taken) == 2


def test_corrected_outcomes_are_no_second_look() -> None:
    plan = planned("a", "b").after(look("2025-04-01", a=(75, 4), b=(75, 3)))
    pair = campaign_result(plan.after(look("2025-04-02", a=(75, 5), b=(75, 3)))).pairs[0]
    assert (pair.looks, pair.changed) == (1, 1)
    assert pair.counts is not None
    assert pair.counts[0].successes == 5


def test_three_arms_are_three_pairs_at_a_third_of_the_level() -> None:
    found = campaign_result(planned("a", "b", "c").after(look("2025-04-01", a=(150, 2), b=(150, 11), c=(150, 30))))
    assert [pair.arms for pair in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    # by hand: 2 and 11 of 150 are p = 0.011, under a third of 5 %; 11 and 30 p = 0.001
    assert [pair.verdict for pair in found.pairs] == ["differs"] * 3
    assert [pair.level for pair in found.pairs] == pytest.approx([0.05 / 3] * 3)


def test_an_arm_of_which_nothing_is_known_is_no_result() -> None:
    found = campaign_result(planned("a", "b").after(look("2025-04-01", a=(40, 2), b=(0, 0))))
    assert found.pairs[0].verdict == "nothing known"
    assert found.arms[1].rate is None
    assert "no outcome is known" in pair_sentence(found.pairs[0])


def test_the_hold_in_is_told_and_not_compared() -> None:
    told = look("2025-04-01", a=(150, 12), b=(150, 4))
    seen = told.model_copy(update={"counts": {**told.counts, HOLD_IN: ArmCounts(contacted=50, successes=1)}})
    found = campaign_result(planned("a", "b", hold_in=50).after(seen))
    assert len(found.pairs) == 1
    assert found.hold_in is not None
    assert found.hold_in.rate is not None
    bounds = binomtest(1, 50).proportion_ci(0.95, method="wilson")
    assert (found.hold_in.rate.low, found.hold_in.rate.high) == pytest.approx((bounds.low, bounds.high))


def test_outcomes_are_counted_by_arm_and_strangers_by_none() -> None:
    arm_of = {"w": "a", "x": "a", "y": "b", "z": "b"}
    counts = counts_of(arm_of, {"w": True, "x": False, "y": False, "stranger": True})
    assert counts == {"a": ArmCounts(contacted=2, successes=1), "b": ArmCounts(contacted=1, successes=0)}


def test_outcomes_that_went_missing_are_refused() -> None:
    plan = planned("a", "b").after(look("2025-04-01", a=(75, 4), b=(75, 3)))
    with pytest.raises(InputError, match=r"75 accounts of arm a or more .* on 2025-04-01, found 74"):
        campaign_result(plan.after(look("2025-05-01", a=(74, 4), b=(80, 3))))
    with pytest.raises(InputError, match="no look"):
        campaign_result(planned("a", "b"))
