"""Replies and meetings of accounts that were contacted, by what they had been given.

    list of 2025-01-06            acme.com  tier 1
    written to 2025-01-10, again 2025-01-20, replied 2025-01-22      one contacted account of tier 1, with a reply
    written to 2025-03-01, on the day of the contacts' last news     too young: 30 days have not passed

An account counts once for each list that it stood on, and once for each channel in the cut by channel; it has replied
where any of its contacts has. It counts from 30 days after the first of them on: outreach takes that long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.policy import OUT_OF_SCOPE
from icp_ml.deals.texts import Column
from icp_ml.model.tier_rates import Sets, one_set, rate_ratio
from icp_ml.profile.yardsticks_of_tiers import DISCRIMINATES, RATIO
from icp_ml.watch.followed import LEAST_DAYS, NO_LIST, NO_TIER, NOT_KNOWN, labels_given
from icp_ml.watch.given import GivenList, given_to
from icp_ml.watch.review_parts import largest, ordered, rate_of
from icp_ml.watch.review_records import ContactCut, ContactReview, OutreachReview

Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]
Labels = NDArray[np.object_]
Codes = NDArray[np.int64]

FIRST: Final = "1"


@dataclass(frozen=True)
class Contacts:
    """n contacts. accounts: ids as the lists have them. on: days. replied, met: bool[n], None where nobody says.

    channel: object[n] of texts, "" where not known; None where nobody says. until: the last day of which they tell.
    """

    accounts: Column
    on: Days
    replied: Flags | None
    met: Flags | None
    channel: Labels | None
    until: np.datetime64


@dataclass(frozen=True)
class _Units:
    """m contacted accounts, each with a list. labels: object[m]. groups: account. replied, met: as of `Contacts`."""

    labels: Labels
    groups: Codes
    replied: Flags | None
    met: Flags | None


def measure_outreach(lists: Sequence[GivenList], contacts: Contacts) -> OutreachReview:
    """By tier, by quadrant where lists have one, and by channel where the contacts say it."""
    several = tuple(lists)
    given = given_to(several, contacts.accounts, contacts.on)
    on_list = given.list >= 0
    account = np.where(on_list, _account_codes(several, given.list, given.row), -1)
    tier, quadrant = labels_given(several, given, "tier", NO_TIER), labels_given(several, given, "quadrant", "")
    parted = {"tier": tier, "quadrant": np.where(tier == NO_TIER, "", quadrant).astype(object)}
    if contacts.channel is not None:
        parted["channel"] = np.where(contacts.channel == "", NOT_KNOWN, contacts.channel).astype(object)
    units = {
        by: _units(contacts, account, given.list, labels, np.flatnonzero(on_list & (labels != "")))
        for by, labels in parted.items()
    }
    cuts = tuple(_cut(by, found) for by, (found, _) in units.items() if len(found.labels))
    return OutreachReview(
        until=str(contacts.until),
        too_young=units["tier"][1],
        on_no_list=int((~on_list).sum()),
        cuts=cuts,
        sentences=tuple(_sentences(units["tier"][0])),
    )


def _account_codes(lists: Sequence[GivenList], place: NDArray[np.intp], row: NDArray[np.intp]) -> Codes:
    """int64[n]: one code for one account, on whatever list it stands."""
    hashes = np.array([lists[of].hashes[at] if of >= 0 else 0 for of, at in zip(place, row, strict=True)], np.uint64)
    return np.unique(hashes, return_inverse=True)[1].astype(np.int64)


def _units(
    contacts: Contacts, account: Codes, place: NDArray[np.intp], labels: Labels, rows: NDArray[np.intp]
) -> tuple[_Units, int]:
    """The contacts of these rows as accounts, and how many accounts are left out as too young."""
    of_label = np.unique(labels[rows].astype(str), return_inverse=True)[1]
    keys = np.column_stack([account[rows], place[rows], of_label])
    distinct, first, unit = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    starts = np.full(len(distinct), np.datetime64("9999-12-31"))
    np.minimum.at(starts, unit.ravel(), contacts.on[rows])
    old = starts + LEAST_DAYS <= contacts.until
    replied, met = (_any(happened, rows, unit.ravel(), len(distinct)) for happened in (contacts.replied, contacts.met))
    return _Units(
        labels=labels[rows][first][old],
        groups=distinct[old, 0],
        replied=None if replied is None else replied[old],
        met=None if met is None else met[old],
    ), int((~old).sum())


def _any(happened: Flags | None, rows: NDArray[np.intp], unit: NDArray[np.intp], units: int) -> Flags | None:
    if happened is None:
        return None
    return np.bincount(unit, weights=happened[rows], minlength=units) > 0


def _cut(by: str, units: _Units) -> ContactCut:
    labels = largest(units.labels)
    return ContactCut(by=by, parts=tuple(_part(label, units, labels == label) for label in ordered(labels)))


def _part(label: str, units: _Units, here: Flags) -> ContactReview:
    outcomes: Mapping[str, Flags | None] = {"replied": units.replied, "met": units.met}
    rates = {
        name: None if each is None else rate_of(each[here].astype(np.int8), units.groups[here])
        for name, each in outcomes.items()
    }
    return ContactReview(
        label=label,
        contacted=int(here.sum()),
        replied=None if units.replied is None else int(units.replied[here].sum()),
        reply_rate=rates["replied"],
        met=None if units.met is None else int(units.met[here].sum()),
        meeting_rate=rates["met"],
    )


def _sentences(units: _Units) -> Iterator[str]:
    """The first tier beside the last, by what the guides count: meetings, and replies where nobody counts those."""
    happened, word = (units.replied, "replied") if units.met is None else (units.met, "had a meeting")
    tiers = [label for label in ordered(units.labels) if label not in (NO_TIER, NO_LIST, OUT_OF_SCOPE)]
    if happened is None or len(tiers) < 2 or tiers[0].partition("-")[0] != FIRST:
        return
    first, last = (_set_of(units, happened, label) for label in (tiers[0], tiers[-1]))
    ratio, low, high = (float(each[0]) for each in rate_ratio(first, last))
    said = "they do not" if high < DISCRIMINATES else "they do" if low >= DISCRIMINATES else "it cannot be told yet"
    yield (
        f"Accounts of tier {tiers[0]} {word} {ratio:.2f} [{low:.2f}, {high:.2f}] times as often as those of tier "
        f"{tiers[-1]}; the guides expect {RATIO[0]:g} to {RATIO[1]:g} times as many meetings, and tiers that "
        f"discriminate {DISCRIMINATES:g} at least: {said}."
    )


def _set_of(units: _Units, happened: Flags, label: str) -> Sets:
    here = units.labels == label
    return one_set(happened[here].astype(np.int8), units.groups[here])
