"""What a bundle says of the profiles in it: several ICPs, each of the deals that its filter names."""

from __future__ import annotations

from icp_ml.deals.profile_settings import USUAL_MOST, ProfileSettings
from icp_ml.deals.words import listed
from icp_ml.profile.records import Interval, Record


class ProfileRecord(Record):
    """One ICP among several.

    asked: its filter. deals, accounts, won: its own. borrows_all: whether it keeps the model, tiers and criteria of all
    deals, because its own are too few to judge one, or show no ranking of their own. discount: what a deal outside
    counts in its model, between 0 and 1. level: log-odds by which the probabilities of a profile that borrows all were
    moved towards its own deals; 0 for others. ranking: share of pairs of a won and a lost deal of its own in the right
    order, None where they could not be judged. shared: deals that other profiles have too, by their name. sentence:
    what a person should know.
    """

    asked: ProfileSettings
    deals: int
    accounts: int
    won: int
    borrows_all: bool
    discount: float
    level: float
    ranking: Interval | None
    shared: dict[str, int]
    sentence: str

    @property
    def name(self) -> str:
        """Of its folder and its columns."""
        return self.asked.name


class ProfilesRecord(Record):
    """All profiles. in_none: deals that belong to no profile. notes: what to beware of, a sentence each."""

    profiles: tuple[ProfileRecord, ...]
    deals: int
    in_none: int
    notes: tuple[str, ...]


def notes_on(profiles: tuple[ProfileRecord, ...], deals: int, in_none: int) -> tuple[str, ...]:
    """What to beware of: too many of them, deals in none, and profiles that are hardly two."""
    found = []
    if len(profiles) > USUAL_MOST:
        found.append(
            f"There are {len(profiles)} profiles, and nobody keeps more than {USUAL_MOST} ICPs apart; consider joining "
            "some of them."
        )
    found += [each for pair in _pairs(profiles) if (each := _on_overlap(*pair))]
    alone = [each.name for each in profiles if each.deals == deals]
    if alone:
        found.append(f"{listed(alone)} holds all deals, so that it is the whole once more.")
    if in_none:
        found.append(f"{in_none:,} of {deals:,} deals belong to no profile; the model of all deals answers for them.")
    return tuple(found)


def _pairs(profiles: tuple[ProfileRecord, ...]) -> list[tuple[ProfileRecord, ProfileRecord]]:
    return [(one, other) for place, one in enumerate(profiles) for other in profiles[place + 1 :]]


def _on_overlap(one: ProfileRecord, other: ProfileRecord) -> str:
    both = one.shared.get(other.name, 0)
    if not both:
        return ""
    smaller = min((one, other), key=lambda each: each.deals)
    larger = other if smaller is one else one
    return (
        f"'{smaller.name}' and '{larger.name}' share {both:,} deals, {both / smaller.deals:.0%} of the smaller one; a "
        "company in both is given to the one with the higher probability."
    )
