"""What a campaign shows: outcomes so far against the plan, with the looks that were taken before.

A pair of arms ends with a difference at the first look whose mid-p is under its bound (`campaign_test`). What comes
later does not take it back. Without one, more accounts follow, up to the plan's end; then the interval says what
difference there may still be.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, pairwise
from typing import Final, Literal

import numpy as np
from scipy.stats import binomtest

from icp_ml.errors import InputError
from icp_ml.profile.records import Interval, Record
from icp_ml.watch.campaign_record import ArmCounts, CampaignPlan, LookTaken
from icp_ml.watch.campaign_test import Pair, boundary, difference, mid_p, share_of_plan
from icp_ml.watch.campaigns import HOLD_IN

Verdict = Literal["differs", "not yet", "not shown", "nothing known"]

_ALONE: Final = 0.95
"""Confidence of the rate of one arm by itself."""


class ArmResult(Record):
    """An arm so far. planned: accounts drawn. rate: with its Wilson interval at 95 %; None where nothing is known."""

    name: str
    planned: int
    contacted: int
    successes: int
    rate: Interval | None


class PairResult(Record):
    """Two arms held beside each other, at the look that decided, else at the latest.

    by: the column that the arms are of. counts: of each arm at that look. looks: at this pair so far. share: of the
    planned knowledge, 0 to 1. p_value: the mid-p, and bound: what it had to be under; spent: of `level` by that look.
    difference: rate of the first arm less that of the second, at `confidence`. more: accounts still to come. changed:
    readings in which other outcomes stood for as many accounts as before. None where nothing is known.
    """

    by: str
    arms: tuple[str, str]
    verdict: Verdict
    counts: tuple[ArmCounts, ArmCounts] | None
    looks: int
    share: float
    level: float
    spent: float
    more: int
    changed: int = 0
    p_value: float | None = None
    bound: float | None = None
    difference: Interval | None = None
    confidence: float | None = None


class CampaignResult(Record):
    """pairs: all of them, in the order of the arms. hold_in: None where none was drawn."""

    arms: tuple[ArmResult, ...]
    hold_in: ArmResult | None
    pairs: tuple[PairResult, ...]


def counts_of(arm_of: Mapping[str, str], outcomes: Mapping[str, bool]) -> dict[str, ArmCounts]:
    """Contacted accounts and successes by arm. arm_of: of each account that was drawn. outcomes: where one is known."""
    counts = {}
    for arm in dict.fromkeys(arm_of.values()):
        known = [outcomes[key] for key, of in arm_of.items() if of == arm and key in outcomes]
        counts[arm] = ArmCounts(contacted=len(known), successes=sum(known))
    return counts


def campaign_result(plan: CampaignPlan) -> CampaignResult:
    """What the looks of the plan show, the last of them being now.

    Raises `InputError` where a look knows of fewer outcomes than the one before, or there is none.
    """
    if not plan.looks_taken:
        raise InputError("a campaign with outcomes was expected, found no look at any; name the outcomes with --result")
    _check_growing(plan)
    now = plan.looks_taken[-1].counts
    pairs = [_pair(plan, (one.name, other.name)) for one, other in combinations(plan.arms, 2)]
    return CampaignResult(
        arms=tuple(_arm(arm.name, arm.accounts, now) for arm in plan.arms),
        hold_in=None if plan.hold_in is None else _arm(HOLD_IN, plan.hold_in.accounts, now),
        pairs=tuple(pairs),
    )


def _check_growing(plan: CampaignPlan) -> None:
    for earlier, later in pairwise(plan.looks_taken):
        for arm, counts in earlier.counts.items():
            if later.counts[arm].contacted < counts.contacted:
                raise InputError(
                    f"the outcomes of {counts.contacted:,} accounts of arm {arm} or more were expected, as on "
                    f"{earlier.day}, found {later.counts[arm].contacted:,}; bring all outcomes since the start"
                )


def _arm(name: str, planned: int, now: Mapping[str, ArmCounts]) -> ArmResult:
    counts = now[name]
    rate = _rate(counts) if counts.contacted else None
    return ArmResult(name=name, planned=planned, contacted=counts.contacted, successes=counts.successes, rate=rate)


def _rate(counts: ArmCounts) -> Interval:
    found = binomtest(counts.successes, counts.contacted)
    bounds = found.proportion_ci(_ALONE, method="wilson")
    return Interval(value=float(found.statistic), low=float(bounds.low), high=float(bounds.high))


def _sizes(look: LookTaken, arms: tuple[str, str]) -> Pair:
    return look.counts[arms[0]].contacted, look.counts[arms[1]].contacted


def _successes(look: LookTaken, arms: tuple[str, str]) -> Pair:
    return look.counts[arms[0]].successes, look.counts[arms[1]].successes


def _pair(plan: CampaignPlan, arms: tuple[str, str]) -> PairResult:
    planned, level = _planned(plan, arms), plan.promise.pair_level
    looks = _looks_at(plan, arms)
    if not looks:
        return PairResult(
            by=plan.by, arms=arms, verdict="nothing known", counts=None, looks=0, share=0.0, level=level, spent=0.0,
            more=sum(planned),
        )  # fmt: skip
    sizes = [_sizes(look, arms) for look in looks]
    readings = [(_sizes(look, arms), _successes(look, arms)) for look in plan.looks_taken]
    fixed = boundary(sizes, planned, level, is_final=looks[-1].is_final)
    values = [_mid_p(look, arms) for look in looks]
    deciding = next((place for place, value in enumerate(values) if value < fixed.bounds[place]), None)
    at = len(looks) - 1 if deciding is None else deciding
    share = share_of_plan(sizes[-1], planned)
    has_ended = share >= 1 or looks[-1].is_final
    verdict: Verdict = "differs" if deciding is not None else "not shown" if has_ended else "not yet"
    outside = min(fixed.bounds[at], level)
    return PairResult(
        by=plan.by, arms=arms, verdict=verdict, counts=(looks[at].counts[arms[0]], looks[at].counts[arms[1]]),
        looks=len(looks), share=share, level=level, spent=fixed.spent[at], p_value=values[at], bound=fixed.bounds[at],
        more=sum(planned) - sum(sizes[-1]) if verdict == "not yet" else 0,
        difference=difference(_successes(looks[at], arms), sizes[at], outside), confidence=1 - outside,
        changed=sum(one[0] == other[0] and one[1] != other[1] for one, other in pairwise(readings)),
    )  # fmt: skip


def _planned(plan: CampaignPlan, arms: tuple[str, str]) -> Pair:
    accounts = {arm.name: arm.accounts for arm in plan.arms}
    return accounts[arms[0]], accounts[arms[1]]


def _looks_at(plan: CampaignPlan, arms: tuple[str, str]) -> list[LookTaken]:
    """The looks that knew more of this pair than the one before, from the first that knew of both arms.

    A look that knew as many outcomes takes the place of the one before: it corrects them.
    """
    found: list[LookTaken] = []
    for look in plan.looks_taken:
        if not min(_sizes(look, arms)):
            continue
        if found and _sizes(found[-1], arms) == _sizes(look, arms):
            found[-1] = look
        else:
            found.append(look)
    return found


def _mid_p(look: LookTaken, arms: tuple[str, str]) -> float:
    first, second = (np.array([each]) for each in _successes(look, arms))
    return float(mid_p((first, second), _sizes(look, arms))[0])


def pair_sentence(pair: PairResult) -> str:
    """What the pair shows, in one sentence; the better arm first where there is one."""
    if pair.counts is None or pair.difference is None or pair.confidence is None:
        return f"{pair.by} {pair.arms[0]} and {pair.arms[1]}: of one of them no outcome is known."
    told = [
        f"{pair.by} {arm} ({each.successes:,} of {each.contacted:,})"
        for arm, each in zip(pair.arms, pair.counts, strict=True)
    ]
    if pair.verdict == "differs":
        better, worse = told if pair.difference.value > 0 else reversed(told)
        gap = _turned(pair.difference)
        return f"{better} does better than {worse}, by {_points(gap.value)} points ({_between(gap, pair.confidence)})."
    between = _between(pair.difference, pair.confidence)
    if pair.verdict == "not yet":
        return f"{told[0]} against {told[1]}: not yet, {pair.more:,} more accounts until the end; so far {between}."
    return f"{told[0]} against {told[1]}: no difference is shown. What there may be of one is {between}."


def _between(gap: Interval, confidence: float) -> str:
    return f"{_points(gap.low)} to {_points(gap.high)} points, at {confidence:.1%}"


def _turned(found: Interval) -> Interval:
    """The better arm less the worse one."""
    return found if found.value > 0 else Interval(value=-found.value, low=-found.high, high=-found.low)


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
