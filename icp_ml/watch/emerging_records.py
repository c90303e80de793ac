"""What emerged since the live model's extract, as frozen records, and in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.profile.records import Interval, Record
from icp_ml.watch.due import NEW_CUSTOMERS

KINDS: Final = range(4)
BEFORE, SINCE, LOST_BEFORE, LOST_SINCE = KINDS
"""What an account is: customer before or since, or only lost before or since."""
FEWEST: Final = NEW_CUSTOMERS
"""Accounts of each kind under which nothing is asked: so many new customers make a new version due."""


class EmergingProfile(Record):
    """One condition. before, since, lost_before, lost_since: shares of the accounts of which it is known, with 95 %
    intervals. known: how many these are, in the same order. p_value: its own; q_value: within the family.

    more_than_before, more_than_lost: differences to the customers since, of states chosen without the accounts that
    measure them, 95 %. in_icp: whether a criterion of the live ICP is about its attribute.
    """

    factor: str
    attribute: str
    condition: ConditionSettings
    words: str
    before: Interval
    since: Interval
    lost_before: Interval
    lost_since: Interval
    known: tuple[int, int, int, int]
    p_value: float
    q_value: float
    more_than_before: Interval
    more_than_lost: Interval
    in_icp: bool


class Emerging(Record):
    """extracted: the day of the live model's extract. before, since, lost_before, lost_since: accounts.

    tested: conditions asked of, 0 where there are too few accounts. profiles: strongest evidence first.
    """

    extracted: str
    before: int
    since: int
    lost_before: int
    lost_since: int
    tested: int
    profiles: tuple[EmergingProfile, ...]


def emerging_sentences(found: Emerging) -> Iterator[str]:
    """What a person should take from it; nothing where nobody was won or lost since."""
    if not found.tested and (found.since or found.lost_since):
        yield (
            f"What emerges cannot be told yet: {found.since:,} customers won since {found.extracted} and "
            f"{found.lost_since:,} accounts lost, beside {found.before:,} and {found.lost_before:,} before; of each "
            f"{FEWEST} are needed."
        )
    if found.tested and not found.profiles:
        yield (
            f"No emerging profile: the {found.since:,} customers won since {found.extracted} are of the kinds that the "
            f"{found.before:,} before them were ({found.tested:,} conditions asked of)."
        )
    for each in found.profiles:
        live = "has a criterion about it" if each.in_icp else "says nothing about it"
        yield (
            f"Emerging: {each.words}, {_share(each.since)} of {each.known[SINCE]:,} customers won since "
            f"{found.extracted}, {_share(each.before)} of {each.known[BEFORE]:,} won before and "
            f"{_share(each.lost_since)} of {each.known[LOST_SINCE]:,} lost since ({_share(each.lost_before)} of "
            f"{each.known[LOST_BEFORE]:,} lost before). The live ICP {live}."
        )


def _share(found: Interval) -> str:
    return f"{found.value:.0%}"
