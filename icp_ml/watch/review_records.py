"""What a review of outcomes reports, as frozen records that are written as JSON."""

from __future__ import annotations

from icp_ml.profile.records import Interval, Record
from icp_ml.profile.yardsticks_of_tiers import TierYardsticks
from icp_ml.watch.drift import Drift


class TierReview(Record):
    """One tier. accounts: on lists that are old enough. opportunities: of them, those that opened a deal until the next
    list. deals, won: mature ones that are decided; still_open: mature ones that are not. acv: mean of wins, None where
    nobody says what they bring. days_to_win: mean of wins. Rates and means with 95 and 90 % intervals.
    """

    label: str
    accounts: int
    opportunities: int
    opportunity_rate: Interval
    deals: int
    won: int
    still_open: int
    win_rate: Interval | None
    days_to_win: Interval | None
    acv: float | None


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
    tiers, yardsticks, kept: None or empty where too few deals are mature. drift: what was asked of the deals since the
    live model's extract, alarms and others. sentences: what a person should take from it.
    """

    extracted: str
    gap: int
    lists: tuple[ListReview, ...]
    mature: int
    too_young: int
    outside: dict[str, int]
    tiers: tuple[TierReview, ...] = ()
    yardsticks: TierYardsticks | None = None
    kept: Kept | None = None
    drift: tuple[Drift, ...] = ()
    sentences: tuple[str, ...] = ()
