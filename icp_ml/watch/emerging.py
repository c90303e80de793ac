"""Emerging profiles: what companies won lately are more often than those won before, and than those lost lately.

An account counts once in a period: as a customer by its first win in it, or where it won nothing as lost by its first
loss. A customer of before is none of those since, whatever it buys.

More of a kind among the customers since than before may only say that more of them are talked to: then there are more
of them among the lost, too. More than among the lost since may have been so all along: then the live model knows it.
What is tested is whether the odds of the kind among won against lost accounts have risen, whatever they were
(`emerging_test`). That is every way of dealing outcomes to the accounts of each period, holds at any number of them,
and asks nothing of how often the kind was met or won before. A profile is named where besides it makes up more of the
customers since than of those before, and than of the lost since. There is one question for each state of each
attribute, at a false-discovery rate of 10 % (Benjamini and Hochberg 1995). The state that tells most of an attribute is
named, and measured on accounts that had no part in choosing it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, SetColumn
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.profile.account_shares import account_shares
from icp_ml.profile.candidates import NO
from icp_ml.profile.condition_words import condition_words
from icp_ml.profile.prevalence import FALSE_DISCOVERY_RATE, FOLDS
from icp_ml.profile.rates import wilson
from icp_ml.profile.records import Interval
from icp_ml.profile.segmenting import LEAST_DEALS, condition, having
from icp_ml.profile.states import Factor, factors_of
from icp_ml.watch.emerging_records import (
    BEFORE,
    FEWEST,
    KINDS,
    LOST_BEFORE,
    LOST_SINCE,
    SINCE,
    Emerging,
    EmergingProfile,
)
from icp_ml.watch.emerging_test import odds_rise

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]
Kinds = NDArray[np.int8]


@dataclass(frozen=True)
class DecidedDeals:
    """Won and lost deals, n of them. won: int8[n]. groups: int64[n], accounts. closed, known_on: datetime64[D][n],
    days of closing, and of the outcome being known.
    """

    attributes: tuple[Attribute, ...]
    parsed: ParsedTable
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    closed: NDArray[np.datetime64]
    known_on: NDArray[np.datetime64]


@dataclass(frozen=True)
class _Accounts:
    """One deal for each of a accounts, of which some stand in both periods. kind: int8[a]. groups: int64[a]."""

    attributes: tuple[Attribute, ...]
    parsed: ParsedTable
    kind: Kinds
    groups: NDArray[np.int64]

    def count(self, kind: int) -> int:
        return int((self.kind == kind).sum())


@dataclass(frozen=True)
class _Asked:
    """A state, which is a row of its factor's. p_value: its own. q_value: within the family."""

    factor: Factor
    state: int
    p_value: float
    q_value: float


def find_emerging(
    deals: DecidedDeals,
    extracted: np.datetime64,
    seed: int,
    *,
    in_icp: Collection[str] = (),
    settings: SegmentsSettings | None = None,
) -> Emerging:
    """Every profile that emerged since the day `extracted`; none where under ten accounts of a kind could tell.

    in_icp: attributes that the live ICP has criteria about. Assumes that accounts are independent of one another.
    """
    accounts = _accounts(deals, extracted)
    found = Emerging(
        extracted=str(extracted),
        before=accounts.count(BEFORE),
        lost_before=accounts.count(LOST_BEFORE),
        since=accounts.count(SINCE),
        lost_since=accounts.count(LOST_SINCE),
        tested=0,
        profiles=(),
    )
    if min(accounts.count(kind) for kind in KINDS) < FEWEST:
        return found
    asked = _asked(accounts, settings or SegmentsSettings())
    told = [_profile(each, accounts, seed, in_icp) for each in _strongest(asked)]
    return found.model_copy(update={"tested": len(asked), "profiles": tuple(told)})


def _accounts(deals: DecidedDeals, extracted: np.datetime64) -> _Accounts:
    """What each account is in each period, by the deal that made it so."""
    is_won, since = deals.won == 1, deals.known_on > extracted
    is_new = since & ~np.isin(deals.groups, deals.groups[is_won & ~since])
    rows = np.concatenate([_one_each(deals, np.flatnonzero(period)) for period in (~since, is_new)])
    kind = np.where(is_won, np.where(since, SINCE, BEFORE), np.where(since, LOST_SINCE, LOST_BEFORE))
    return _Accounts(deals.attributes, deals.parsed.take(rows), kind[rows].astype(np.int8), deals.groups[rows])


def _one_each(deals: DecidedDeals, rows: Rows) -> Rows:
    """Of these deals each account's first win, or where there is none its first loss."""
    ordered = rows[np.lexsort((deals.closed[rows], deals.won[rows] == 0, deals.groups[rows]))]
    return ordered[np.unique(deals.groups[ordered], return_index=True)[1]]


def _asked(accounts: _Accounts, settings: SegmentsSettings) -> list[_Asked]:
    """Every state that ten accounts are in and ten are not, with what the test says of it."""
    factors = [
        _both_ways(factor, accounts.parsed)
        for attribute in accounts.attributes
        for factor in factors_of(attribute, accounts.parsed, settings)
    ]
    found = [
        (factor, state, float(p_values[state]))
        for factor in factors
        for p_values in [_p_values(factor.states, factor.known, accounts.kind)]
        for state in _distinct(factor)
    ]
    q_values: list[float] = false_discovery_control([p for *_, p in found]).tolist() if found else []
    return [_Asked(*each, q) for each, q in zip(found, q_values, strict=True)]


def _distinct(factor: Factor) -> list[int]:
    """The places of states that enough accounts are in and are not, each once, however it may be put."""
    _, first = np.unique(factor.states, axis=0, return_index=True)
    inside = factor.states.sum(axis=1)
    enough = np.minimum(inside, factor.known.sum() - inside) >= LEAST_DEALS
    return [place for place in sorted(first.tolist()) if enough[place]]


def _both_ways(factor: Factor, parsed: ParsedTable) -> Factor:
    """The factor with the other side of a flag, or of the member of a set, as a state too."""
    attribute = factor.attribute
    if attribute.kind == "flag":
        other = having(attribute, [NO])
    elif isinstance(parsed.columns[attribute.name], SetColumn):
        other = condition(attribute, **{"is_not": list(factor.conditions[0].values)})
    else:
        return factor
    lacks = factor.known & ~factor.states[0]
    return Factor(factor.name, attribute, factor.known, (*factor.conditions, other), np.vstack([factor.states, lacks]))


def _p_values(states: Mask, known: Mask, kind: Kinds) -> Floats:
    """float64[s]: of each state, that its odds have risen; 1 where it is no more frequent than in both others."""
    counts = np.array([_held(states, known & (kind == each)) for each in KINDS])
    sizes = np.array([(known & (kind == each)).sum() for each in KINDS])
    shares = counts / np.maximum(sizes, 1)[:, None]
    emerges = (shares[SINCE] > shares[BEFORE]) & (shares[SINCE] > shares[LOST_SINCE])
    return np.array([odds_rise(counts[:, k], sizes) if emerges[k] else 1.0 for k in range(len(states))])


def _held(states: Mask, among: Mask) -> NDArray[np.int64]:
    """int64[s]: how many of the accounts are in each state."""
    return np.asarray(states[:, among].sum(axis=1), dtype=np.int64)


def _strongest(asked: Sequence[_Asked]) -> list[_Asked]:
    """Of those beyond chance the most surprising one of each factor."""
    beyond = sorted((each for each in asked if each.q_value <= FALSE_DISCOVERY_RATE), key=lambda each: each.p_value)
    first: dict[str, _Asked] = {}
    for each in beyond:
        first.setdefault(each.factor.name, each)
    return list(first.values())


def _profile(asked: _Asked, accounts: _Accounts, seed: int, in_icp: Collection[str]) -> EmergingProfile:
    factor, kind = asked.factor, accounts.kind
    among = [factor.known & (kind == each) for each in KINDS]
    sizes = [int(each.sum()) for each in among]
    held = factor.states[asked.state]
    shares = [wilson(float(held[each].mean()), size) for each, size in zip(among, sizes, strict=True)]
    elsewhere = _chosen_elsewhere(factor, accounts, seed)
    return EmergingProfile(
        factor=factor.name,
        attribute=factor.attribute.name,
        condition=factor.conditions[asked.state],
        words=condition_words(factor.conditions[asked.state], factor.attribute),
        before=shares[BEFORE],
        since=shares[SINCE],
        lost_before=shares[LOST_BEFORE],
        lost_since=shares[LOST_SINCE],
        known=(sizes[BEFORE], sizes[SINCE], sizes[LOST_BEFORE], sizes[LOST_SINCE]),
        p_value=asked.p_value,
        q_value=asked.q_value,
        more_than_before=_more_than(BEFORE, elsewhere, factor, accounts),
        more_than_lost=_more_than(LOST_SINCE, elsewhere, factor, accounts),
        in_icp=factor.attribute.name in in_icp,
    )


def _chosen_elsewhere(factor: Factor, accounts: _Accounts, seed: int) -> Mask:
    """bool[a]: in the state of the factor that the other folds' accounts find most surprising."""
    inside = np.zeros(len(accounts.kind), dtype=bool)
    for fold in grouped_folds(accounts.groups, (accounts.kind == SINCE).astype(np.int8), FOLDS, seed):
        rest = complement(fold, len(inside))
        best = int(_p_values(factor.states[:, rest], factor.known[rest], accounts.kind[rest]).argmin())
        inside[fold] = factor.states[best, fold]
    return inside


def _more_than(other: int, inside: Mask, factor: Factor, accounts: _Accounts) -> Interval:
    """The share of the customers since less that of the accounts of another kind (Newcombe 1998)."""
    among = factor.known & np.isin(accounts.kind, (SINCE, other))
    is_since = (accounts.kind == SINCE).astype(np.int8)
    return account_shares(inside[None, :], among, is_since, accounts.groups).difference(0)
