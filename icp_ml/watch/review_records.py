"""What a review of outcomes reports, as frozen records that are written as JSON."""

from __future__ import annotations

from typing import Literal

from icp_ml.deals.settings import Layer
from icp_ml.profile.records import Interval, Record
from icp_ml.profile.yardsticks_of_tiers import TierYardsticks
from icp_ml.watch.campaign_record import CampaignPlan
from icp_ml.watch.campaign_result import CampaignResult
from icp_ml.watch.drift import Drift


class Opportunities(Record):
    """accounts: on lists that are old enough. opened: of them, those with a deal before the next list. rate: with its
    95 % interval.
    """

    accounts: int
    opened: int
    rate: Interval


class PartReview(Record):
    """The mature deals of one part, such as a tier. deals, won: decided ones; still_open: the others.

    win_rate, days_to_win (mean of wins), acv (mean amount of wins): with 90 % intervals over accounts, None where
    there is nothing to measure. opportunities: None for parts that lists do not have.
    """

    label: str
    deals: int
    won: int
    still_open: int
    win_rate: Interval | None
    days_to_win: Interval | None
    acv: Interval | None
    opportunities: Opportunities | None = None


class CutReview(Record):
    """The mature deals parted by one thing. by: "quadrant", "channel", or a criterion in words."""

    by: str
    parts: tuple[PartReview, ...]


class ContactReview(Record):
    """Accounts of one part that were contacted long enough ago, each counted once for the list that it stood on.

    replied, met: of them; None where nobody says. Rates with 90 % intervals over accounts.
    """

    label: str
    contacted: int
    replied: int | None
    reply_rate: Interval | None
    met: int | None
    meeting_rate: Interval | None


class ContactCut(Record):
    """Contacted accounts parted by one thing. by: "tier", "quadrant" or "channel"."""

    by: str
    parts: tuple[ContactReview, ...]


class OutreachReview(Record):
    """until: last day of which the contacts tell. too_young, on_no_list: contacted accounts that are left out."""

    until: str
    too_young: int
    on_no_list: int
    cuts: tuple[ContactCut, ...]
    sentences: tuple[str, ...]


class RepresentativeReview(Record):
    """Mature deals of one representative. outside: of accounts on no list, without a tier or out of scope. share: of
    `deals`. won: of `decided`. Rates with 90 % intervals over accounts.
    """

    label: str
    deals: int
    outside: int
    share: Interval
    decided: int
    won: int
    win_rate: Interval | None


class OutsideReview(Record):
    """Deals worked outside of the recommended tiers beside those inside. representatives: None where nobody says who
    worked a deal; those with few deals are one.
    """

    parts: tuple[PartReview, ...]
    representatives: tuple[RepresentativeReview, ...] | None
    sentences: tuple[str, ...]


class LayerEffect(Record):
    """What one layer told. ranking: share of pairs of a won and a lost deal of one list that its sub-score alone puts
    in the right order. effect: odds ratio of winning for ten points more, the other layers being equal. points: now,
    and proposed. None where that cannot be said. 90 % intervals over accounts.
    """

    layer: Layer
    ranking: Interval | None
    effect: Interval | None
    points: float | None = None
    proposed: Interval | None = None


class LayersReview(Record):
    """Which layer predicted, on the decided mature deals of the lists that one model scored.

    p_value: of the hypothesis that a point tells as much in each layer. verdict: what follows for hand-kept points.
    """

    model: str
    deals: int
    won_accounts: int
    lost_accounts: int
    layers: tuple[LayerEffect, ...]
    p_value: float | None
    verdict: Literal["too few", "no difference shown", "differ", "shift"]
    sentence: str


class CampaignReview(Record):
    """A campaign by its assignment file. result: None where no outcome has been read yet."""

    assignment: str
    plan: CampaignPlan
    result: CampaignResult | None
    sentences: tuple[str, ...]


class ListReview(Record):
    """One list. deals: opened with its accounts before the next list. mature: of them. matures: the day on which all of
    these will be.
    """

    name: str
    day: str
    model: str
    accounts: int
    deals: int
    mature: int
    matures: str


class Kept(Record):
    """How the order and the probabilities held up on mature deals; None for what cannot be said."""

    ranking: Interval | None
    observed_over_expected: Interval | None
    slope: Interval | None


class Review(Record):
    """The whole. extracted: day of the deals' export. gap: days after which a deal counts as mature.

    mature: deals on lists that are decided or open and old enough. outside: such deals by where they came from.
    tiers, cuts, worked_outside, layers, yardsticks, kept: None or empty where too few deals are mature. outreach: None
    where nobody says who was contacted. drift: what was asked of the deals since the live model's extract, alarms and
    others. absent: what is not shown, and what would show it. sentences: what a person should take from it.
    """

    extracted: str
    gap: int
    lists: tuple[ListReview, ...]
    mature: int
    too_young: int
    outside: dict[str, int]
    tiers: tuple[PartReview, ...] = ()
    cuts: tuple[CutReview, ...] = ()
    outreach: OutreachReview | None = None
    worked_outside: OutsideReview | None = None
    layers: LayersReview | None = None
    yardsticks: TierYardsticks | None = None
    kept: Kept | None = None
    drift: tuple[Drift, ...] = ()
    campaigns: tuple[CampaignReview, ...] = ()
    absent: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
