"""Who is contacted in a campaign: arms drawn at random from a scored list, alike in what they are balanced over.

    arms 1 and 3, two an arm, balanced over country

    tier 1    DE DE DE FR FR FR       drawn   DE FR
    tier 3    DE DE FR UK UK UK       drawn   DE FR     no tier 1 company is in the UK, so none is compared

Every stratum (one value of each column that is balanced over) has in every arm the same share of the accounts, as many
as the arm in which it is rarest would give it. Where an arm has too few accounts in a stratum, others of that arm fill
the places, and their number is said.

The order in which accounts are drawn is that of a hash of seed and account, and so does not depend on the rows' order,
and hardly on the list: an account that is drawn stays drawn when others are added, unless one of them goes first.

The *hold-in* is drawn from tiers that would not be contacted. Without it only what the model likes is ever tried, and
the next model learns that it was right.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from icp_ml.errors import ConfigError, InputError

HOLD_IN: Final = "hold-in"
"""The arm of accounts that would not have been contacted."""


@dataclass(frozen=True)
class Candidate:
    """An account of the list that may be contacted.

    key: by which it is the same account. id: as the list writes it. group: its value of the column that arms are of.
    tier: empty where it has none. stratum: what arms are balanced over, in words; empty where over nothing.
    """

    key: str
    id: str
    group: str
    tier: str
    stratum: str = ""


@dataclass(frozen=True)
class Drawn:
    """An account that is to be contacted, in which arm, and why."""

    id: str
    arm: str
    why: str


@dataclass(frozen=True)
class DrawnArm:
    """name: the arm. candidates: accounts that it was drawn from. accounts: how many were drawn.

    filled: drawn accounts whose stratum had its share already.
    """

    name: str
    candidates: int
    accounts: int
    filled: int = 0


@dataclass(frozen=True)
class Wanted:
    """What to draw. sizes: accounts by arm, in the order of the arms. by: the column that arms are of.

    hold_in: a number of accounts from 1 on, a share of the candidates under 1, 0 for none. low_tiers: the tiers that
    the hold-in is drawn from, where no arm took the account. Raises `ConfigError` for a size under 1 or a hold-in under
    0.
    """

    sizes: Mapping[str, int]
    by: str
    seed: int
    hold_in: float = 0.0
    low_tiers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.sizes.values()) < 1 or self.hold_in < 0:
            raise ConfigError(
                f"one account an arm or more and a hold-in of 0 or more were expected, found "
                f"{min(self.sizes.values())} and {self.hold_in:g}; say how many"
            )


@dataclass(frozen=True)
class Assignment:
    """accounts: arm by arm, the hold-in last, each in the order in which they were drawn. hold_in: None without one."""

    accounts: tuple[Drawn, ...]
    arms: tuple[DrawnArm, ...]
    hold_in: DrawnArm | None


def assign(candidates: Iterable[Candidate], wanted: Wanted) -> Assignment:
    """Draw the arms and the hold-in. An arm with fewer candidates than are wanted is drawn whole.

    candidates: in any order; of several with one key the first by group, tier, stratum and id stands for the account.
    Raises `InputError` where an arm has no candidate, or no stratum has candidates in every arm.
    """
    ordered = _in_order(candidates, wanted.seed)
    of_arm = {arm: [each for each in ordered if each.group == arm] for arm in wanted.sizes}
    _check_candidates(of_arm, wanted.by, ordered)
    shares = _common_shares(of_arm, wanted.by)
    accounts: list[Drawn] = []
    arms = []
    for arm, members in of_arm.items():
        balanced, filling = _drawn(members, min(wanted.sizes[arm], len(members)), shares)
        accounts += [Drawn(each.id, arm, _why(each, wanted.by, len(members))) for each in balanced]
        accounts += [Drawn(each.id, arm, _why(each, wanted.by, len(members)) + ", to fill up") for each in filling]
        arms.append(DrawnArm(arm, len(members), len(balanced) + len(filling), len(filling)))
    chosen = {each.id for each in accounts}
    held_in, about = _held_in([each for each in ordered if each.id not in chosen], wanted)
    return Assignment((*accounts, *held_in), tuple(arms), about)


def _in_order(candidates: Iterable[Candidate], seed: int) -> list[Candidate]:
    """One candidate an account, in the order in which they are drawn."""
    of_key: dict[str, Candidate] = {}
    for each in candidates:
        known = of_key.setdefault(each.key, each)
        of_key[each.key] = min(known, each, key=lambda one: (one.group, one.tier, one.stratum, one.id))
    return sorted(of_key.values(), key=lambda each: (_place(seed, each.key), each.key))


def _place(seed: int, key: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{key}".encode()).digest()


def _check_candidates(of_arm: Mapping[str, Collection[Candidate]], by: str, ordered: Sequence[Candidate]) -> None:
    lacking = [arm for arm, members in of_arm.items() if not members]
    if lacking:
        there = Counter(each.group for each in ordered if each.group).most_common(8)
        found = ", ".join(f"{group} ({count:,})" for group, count in there) or "no other value"
        raise InputError(
            f"accounts with {by} {lacking[0]} that may be contacted were expected, found none; there are {found}"
        )


def _common_shares(of_arm: Mapping[str, Collection[Candidate]], by: str) -> dict[str, float]:
    """The share of each stratum in every arm: the least that any arm has of it, all of them adding up to 1."""
    counts = [Counter(each.stratum for each in members) for members in of_arm.values()]
    least = {
        stratum: min(found[stratum] / found.total() for found in counts)
        for stratum in sorted(set.intersection(*(set(found) for found in counts)))
    }
    if not least:
        raise InputError(
            f"values that the arms of {by} have in common were expected in the columns to balance over, found none; "
            "balance over other columns"
        )
    return {stratum: share / sum(least.values()) for stratum, share in least.items()}


def _drawn(
    members: Sequence[Candidate], size: int, shares: Mapping[str, float]
) -> tuple[list[Candidate], list[Candidate]]:
    """The accounts drawn by the shares, and those that fill up. members: in the order in which they are drawn."""
    left = Counter(_quotas(shares, size))
    balanced, others = [], []
    for each in members:
        if left[each.stratum] > 0:
            left[each.stratum] -= 1
            balanced.append(each)
        else:
            others.append(each)
    return balanced, others[: size - len(balanced)]


def _quotas(shares: Mapping[str, float], size: int) -> dict[str, int]:
    """Whole numbers that add up to `size`, each within one of its share: largest remainders, then by name."""
    exact = {stratum: share * size for stratum, share in shares.items()}
    whole = {stratum: math.floor(each + 1e-9) for stratum, each in exact.items()}
    short = size - sum(whole.values())
    by_remainder = sorted(exact, key=lambda stratum: (whole[stratum] - exact[stratum], stratum))
    return {stratum: count + (stratum in by_remainder[:short]) for stratum, count in whole.items()}


def _held_in(left: Sequence[Candidate], wanted: Wanted) -> tuple[list[Drawn], DrawnArm | None]:
    """left: accounts that no arm took, in the order in which they are drawn."""
    if not wanted.hold_in:
        return [], None
    low = [each for each in left if each.tier in wanted.low_tiers]
    if not low:
        raise InputError(
            f"accounts of tier {' or '.join(wanted.low_tiers)} outside of the arms were expected for the hold-in, "
            "found none; name other tiers with --low-tiers, or leave out --hold-in"
        )
    size = math.ceil(wanted.hold_in * len(low)) if wanted.hold_in < 1 else math.floor(wanted.hold_in)
    drawn = [Drawn(each.id, HOLD_IN, _at_random(f"tier {each.tier}", len(low))) for each in low[:size]]
    return drawn, DrawnArm(HOLD_IN, len(low), len(drawn))


def _why(drawn: Candidate, by: str, among: int) -> str:
    of_stratum = f", {drawn.stratum}" if drawn.stratum else ""
    return _at_random(f"{by} {drawn.group}{of_stratum}", among)


def _at_random(what: str, among: int) -> str:
    return f"{what}: at random, {among:,} to draw from"
