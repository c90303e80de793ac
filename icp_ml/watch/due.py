"""Is it time for a new version? Each reason that there is, in a sentence.

nothing is live yet
so many days have passed since the live version was made live
ten customers or more were won since its extract
fifty won accounts were crossed since: an ICP from fewer is a sketch
something was declared to have happened since
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

NEW_CUSTOMERS: Final = 10
ENOUGH_WINS: Final = 50
"""The field's working figures."""


@dataclass(frozen=True)
class Live:
    """What is live. words: what to call it. since: the day on which it was made live. extracted: the day of its deals'
    extract, None where they had no dates. won_accounts: that it learned from.
    """

    words: str
    since: date
    extracted: date | None
    won_accounts: int


@dataclass(frozen=True)
class Now:
    """What the deals say now. on: the day of the question. won_accounts: of all of them. new_customers: won accounts
    that had not been won by the live version's extract, None where there are no dates.
    """

    on: date
    won_accounts: int
    new_customers: int | None


def reasons_due(live: Live | None, now: Now, every_days: int, events: Sequence[tuple[date, str]]) -> tuple[str, ...]:
    """Every reason, none where it is not time. events: day and words of what was declared."""
    return ("Nothing is live yet.",) if live is None else tuple(_reasons(live, now, every_days, events))


def _reasons(live: Live, now: Now, every_days: int, events: Sequence[tuple[date, str]]) -> Iterator[str]:
    age = (now.on - live.since).days
    if age >= every_days:
        yield f"{live.words} was made live {age} days ago; a new version is due every {every_days} days."
    if now.new_customers is not None and now.new_customers >= NEW_CUSTOMERS:
        yield f"{now.new_customers:,} customers were won since its deals were extracted on {live.extracted}."
    if live.won_accounts < ENOUGH_WINS <= now.won_accounts:
        yield (
            f"It learned from {live.won_accounts:,} won accounts, and there are {now.won_accounts:,} now: an ICP from "
            f"fewer than {ENOUGH_WINS} is a sketch."
        )
    for day, what in events:
        if live.since < day <= now.on:
            yield f"On {day} something happened that may change who buys: {what}."
