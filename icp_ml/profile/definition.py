"""The Ideal Customer Profile as a definition: conditions that people can check and that other tools can run.

    criterion     a condition that goes with winning: "employees 51 to 500"
    match         a company matches the ICP where it meets at least so many of the criteria, is not outside the
                  boundary, and no exclusion hits it
    points        the criteria as a scorecard of whole points, 100 where all of them are met
    proposal      an exclusion or boundary that the deals suggest; it counts once a person has approved it

What is not known meets no criterion, puts nobody outside the boundary, and excludes nobody.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from icp_ml.deals.rule_settings import ConditionSettings, RuleSettings
from icp_ml.deals.settings import Axis, Layer
from icp_ml.profile.records import Interval, Record
from icp_ml.profile.widening import Widened

Breadth = Literal["too broad", "workable", "over-constrained"]
Origin = Literal["learned", "pinned"]

FEWEST_CRITERIA, MOST_CRITERIA = 6, 12
OVER_CONSTRAINED = 15
"""Under 6 criteria an ICP is too broad, over 15 over-constrained; 6 to 12 are workable (the field's figures)."""


class Side(Record):
    """The deals on one side of a condition.

    deals, won: all deals that are on it. win_rate: of the deals that were on it by conditions found without their
    accounts, with its 95 % interval; NaN in [0, 1] where there are none.
    """

    deals: int
    won: int
    win_rate: Interval


class PeriodGap(Record):
    """In one quarter: win rate of the deals inside minus that of all others, with its 95 % interval."""

    period: str
    deals: int
    gap: Interval


class CriterionEvidence(Record):
    """What speaks for a criterion.

    inside, outside, not_known: the deals that meet it, that are known not to, and of which it is not known. gap: win
    rate inside minus that outside, by conditions found without the deals' accounts. share: of the explanation that its
    attribute carries. stability: share of resamples of accounts in which the attribute was found again with a
    condition that agrees on most deals. periods: quarter by quarter.
    """

    inside: Side
    outside: Side
    not_known: Side
    gap: Interval
    share: float
    stability: float
    periods: tuple[PeriodGap, ...] = ()


class Criterion(Record):
    """One condition of the ICP.

    name: by which it is pinned, banned and exported; unique in a definition. words: the condition as people read it.
    points: whole, 0 to 100. evidence: None for a pinned one that no deal bears on. origin: learned, or pinned by a
    person, with `reason`. review_by: the day by which it should be looked at again.
    """

    name: str
    condition: ConditionSettings
    words: str
    factor: str
    layer: Layer
    axis: Axis
    points: int
    evidence: CriterionEvidence | None = None
    origin: Origin = "learned"
    reason: str = ""
    review_by: date | None = None


class LeftOut(Record):
    """A factor without a criterion, and why; banned: a person said so."""

    factor: str
    reason: str
    banned: bool = False


class Match(Record):
    """A company matches where it meets at least `least` of the criteria. inside, outside: deals that do and do not.

    share_of_wins: of all wins, that of the deals that match. All None where criteria were changed without the deals.
    """

    least: int
    inside: Side | None = None
    outside: Side | None = None
    share_of_wins: float | None = None


class PointsTier(Record):
    """A tier of the points scorecard: from how many points on; the lowest one starts at 0."""

    label: str
    points_from: int


class PointsScorecard(Record):
    """tiers: from the best to the lowest. agreement: share of deals whose tier by points is that of the model.

    None where criteria were changed without the deals.
    """

    tiers: tuple[PointsTier, ...]
    agreement: Interval | None = None


class Proposal(Record):
    """A rule that the deals suggest. deals, won: that it hits. win_rate: as `Side` has it; high is its upper bound.

    why: in words, with counts. kind: what it would become.
    """

    rule: RuleSettings
    kind: Literal["exclusion", "boundary"]
    deals: int
    won: int
    win_rate: Interval
    why: str


class AssumedCondition(Record):
    """One condition of the ICP that the company believes in today, on the same deals."""

    condition: ConditionSettings
    words: str
    inside: Side
    outside: Side
    not_known: Side
    gap: Interval


class Assumed(Record):
    """The assumed ICP, tested: deals that are known to meet all of its conditions, and all others.

    gap: win rate inside minus that of all others. share_of_wins: of all wins, that of the deals inside.
    """

    conditions: tuple[AssumedCondition, ...]
    inside: Side
    outside: Side
    gap: Interval
    share_of_wins: float


class ObservedState(Record):
    """The deals in one state of an attribute. text: as reasons name it."""

    text: str
    deals: int
    won: int


class Definition(Record):
    """The ICP. criteria: most points first. breadth: the verdict on their number, and breadth_sentence why.

    match, points: None where there is no criterion. proposals: not in force until approved. assumed: None where nobody
    said what is believed. observed: what became of the deals in each state that a reason can name. widened: the deals
    that would match too where one criterion is asked more widely, or not at all.
    """

    target: str
    deals: int
    accounts: int
    win_rate: Interval
    criteria: tuple[Criterion, ...]
    left_out: tuple[LeftOut, ...]
    breadth: Breadth
    breadth_sentence: str
    match: Match | None = None
    points: PointsScorecard | None = None
    proposals: tuple[Proposal, ...] = ()
    assumed: Assumed | None = None
    observed: tuple[ObservedState, ...] = ()
    widened: tuple[Widened, ...] = ()
