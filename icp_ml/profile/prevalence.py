"""Wins minus losses: the states in which won accounts are far more or less often than lost ones, and those of both.

    ICP attribute      won and lost accounts differ in one of its states beyond chance: accounts permuted, and the
                       whole family of states held at a false-discovery rate of 10 % (Benjamini and Hochberg 1995)
    market boundary    it does not differ, and nearly all of both are in one state, with a difference shown to be small
    undecided          all else: to find no difference is not to show that there is none

Each state is judged alone: what goes with another attribute goes with winning here too. What a profile presents, given
all other attributes, is another question (see `icp`). A state that was chosen by looking is measured on accounts that
had no part in the choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.rule_settings import ConditionSettings, rule_of
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.model.splits import Rows, complement, grouped_folds
from icp_ml.profile.account_shares import Shares, account_shares
from icp_ml.profile.association import relative_to_time
from icp_ml.profile.boundary import Held, boundary_condition, boundary_state, is_small, nearly_all
from icp_ml.profile.closed_won_records import FactorVerdict, Standing, StateShares, WinsMinusLosses
from icp_ml.profile.condition_words import condition_words
from icp_ml.profile.definition import Proposal
from icp_ml.profile.family_tests import Question, permuted_p_values
from icp_ml.profile.rates import win_rate
from icp_ml.profile.records import Interval
from icp_ml.profile.segmenting import LEAST_DEALS, check_bands, holds
from icp_ml.profile.segments import ClosedDeals
from icp_ml.profile.states import Factor, distinct_partitions, factors_of

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FALSE_DISCOVERY_RATE: Final = 0.10
FOLDS: Final = 5
"""Folds by account over which a chosen state is measured."""
_ORDER: Final[tuple[Standing, ...]] = ("ICP attribute", "market boundary", "undecided")


@dataclass(frozen=True)
class _Compared:
    """A factor among won and lost accounts. p_values, q_values: float64[s], NaN where a state was not tested."""

    factor: Factor
    shares: Shares
    p_values: Floats
    q_values: Floats

    @property
    def differing(self) -> list[int]:
        """The places of the states in which won and lost accounts differ."""
        return np.flatnonzero(np.nan_to_num(self.q_values, nan=1.0) <= FALSE_DISCOVERY_RATE).tolist()


@dataclass(frozen=True)
class _Ground:
    """The deals, their folds by account, and the bands in use."""

    deals: ClosedDeals
    settings: SegmentsSettings
    folds: Sequence[Rows]


def wins_minus_losses(
    deals: ClosedDeals, seed: int, *, target: str = "won", settings: SegmentsSettings | None = None
) -> WinsMinusLosses:
    """Judge every attribute, and every member of a set, by the states that won and lost accounts are in.

    deals: of which `won`, `groups`, `opened` and the attributes are looked at. target: what `won` stands for.
    Raises `ConfigError` where `settings` gives bands to what is not there or has none.
    """
    bands = settings or SegmentsSettings()
    check_bands(bands, deals.attributes)
    ground = _Ground(deals, bands, grouped_folds(deals.groups, deals.won, FOLDS, seed))
    factors = [each for attribute in deals.attributes for each in factors_of(attribute, deals.parsed, bands)]
    compared, tested = _compared(factors, deals, seed)
    judged = sorted((_judged(each, ground) for each in compared), key=lambda pair: _ORDER.index(pair[0].standing))
    return WinsMinusLosses(
        target=target,
        deals=len(deals.won),
        accounts=len(np.unique(deals.groups)),
        tested=tested,
        verdicts=tuple(verdict for verdict, _ in judged),
        boundary=tuple(proposal for _, proposal in judged if proposal is not None),
    )


def _compared(factors: Sequence[Factor], deals: ClosedDeals, seed: int) -> tuple[list[_Compared], int]:
    """Every factor with the p-values of its states, and how many questions the family has."""
    partitions = [distinct_partitions(factor) for factor in factors]
    questions = [
        (place, state, Question(factor.states[state], factor.known))
        for place, (factor, (states, _)) in enumerate(zip(factors, partitions, strict=True))
        for state in states
        if (factor.known & ~factor.states[state]).sum() >= LEAST_DEALS
    ]
    residuals = relative_to_time(np.asarray(deals.won - deals.won.mean(), dtype=np.float64), deals.opened)
    asked = [question for _, _, question in questions]
    p_values = permuted_p_values(asked, residuals, deals.groups, seed) if asked else np.empty(0)
    q_values = false_discovery_control(p_values) if asked else p_values
    found = {(place, state): k for k, (place, state, _) in enumerate(questions)}
    compared = []
    for place, (factor, (states, of_state)) in enumerate(zip(factors, partitions, strict=True)):
        numbers = [found.get((place, states[part]), -1) for part in of_state]
        p, q = (np.append(values, np.nan)[numbers] for values in (p_values, q_values))
        shares = account_shares(factor.states, factor.known, deals.won, deals.groups)
        compared.append(_Compared(factor, shares, p, q))
    return compared, len(questions)


def _judged(one: _Compared, ground: _Ground) -> tuple[FactorVerdict, Proposal | None]:
    if one.differing:
        strongest = max(one.differing, key=lambda state: abs(one.shares.distance()[state]))
        beyond = _difference(_chosen_elsewhere(one, strongest, ground), one.factor, ground.deals)
        return _verdict(one, "ICP attribute", strongest, beyond, ""), None
    state = boundary_state(one.shares)
    if state is None:
        return _verdict(one, "undecided", None, None, _why_undecided(one)), None
    inside = _inside_elsewhere(one.factor, state, ground)
    proposal = _proposal(one, state, inside, ground)
    return _verdict(one, "market boundary", state, _difference(inside, one.factor, ground.deals), ""), proposal


def _verdict(
    one: _Compared, standing: Standing, chosen: int | None, beyond: Interval | None, reason: str
) -> FactorVerdict:
    order = np.argsort(-np.abs(one.shares.distance()), kind="stable").tolist()
    return FactorVerdict(
        factor=one.factor.name,
        attribute=one.factor.attribute.name,
        layer=one.factor.attribute.layer,
        standing=standing,
        states=tuple(_state(one, state) for state in order),
        chosen=None if chosen is None else order.index(chosen),
        beyond=beyond,
        reason=reason or ("" if chosen is None else _told(one, chosen)),
    )


def _state(one: _Compared, state: int) -> StateShares:
    p, q = float(one.p_values[state]), float(one.q_values[state])
    asked = one.factor.conditions[state]
    return StateShares(
        condition=asked,
        words=condition_words(asked, one.factor.attribute),
        won_accounts=one.shares.won_accounts,
        lost_accounts=one.shares.lost_accounts,
        won=one.shares.of_won(state),
        lost=one.shares.of_lost(state),
        difference=one.shares.difference(state),
        p_value=None if np.isnan(p) else p,
        q_value=None if np.isnan(q) else q,
    )


def _told(one: _Compared, state: int) -> str:
    shares, difference = one.shares, one.shares.difference(state)
    words = condition_words(one.factor.conditions[state], one.factor.attribute)
    return (
        f"{words}: {shares.won[state]:.0%} of {shares.won_accounts:,} won accounts and {shares.lost[state]:.0%} of "
        f"{shares.lost_accounts:,} lost ones, a difference of {_points(difference)}"
    )


def _points(found: Interval) -> str:
    return f"{found.value:+.0%} [{found.low:+.0%}, {found.high:+.0%}]"


def _why_undecided(one: _Compared) -> str:
    common = [state for state in nearly_all(one.shares) if not is_small(one.shares, state)]
    if common:
        return f"{_told(one, common[0])}, which may be more than 5 points"
    if np.isnan(one.p_values).all():
        return f"fewer than {LEAST_DEALS} deals are in another state than most"
    return "no difference beyond chance, and no state that nearly all won and lost accounts are in"


def _chosen_elsewhere(one: _Compared, strongest: int, ground: _Ground) -> Mask:
    """bool[n]: in the state that the other folds' accounts tell most apart, on the side that wins go with on all."""
    deals, factor = ground.deals, one.factor
    sign = np.sign(one.shares.distance()[strongest])
    inside = np.zeros(len(deals.won), dtype=bool)
    for fold in ground.folds:
        rest = complement(fold, len(deals.won))
        there = account_shares(factor.states[:, rest], factor.known[rest], deals.won[rest], deals.groups[rest])
        distance = there.distance()
        best = int(np.abs(distance).argmax())
        held = factor.states[best][fold]
        inside[fold] = held if distance[best] * sign >= 0 else factor.known[fold] & ~held
    return inside


def _inside_elsewhere(factor: Factor, state: int, ground: _Ground) -> Mask:
    """bool[n]: inside the boundary that is drawn from the other folds' accounts."""
    deals = ground.deals
    column = _column_of(factor, deals)
    inside = np.zeros(len(deals.won), dtype=bool)
    for fold in ground.folds:
        rest = complement(fold, len(deals.won))
        drawn = _drawn(factor, state, column.take(rest), deals.won[rest], ground.settings)
        inside[fold] = holds(drawn, factor.attribute, column.take(fold))
    return inside


def _column_of(factor: Factor, deals: ClosedDeals) -> ParsedTable:
    name = factor.attribute.name
    return ParsedTable(deals.parsed.n_rows, {name: deals.parsed.columns[name]}, ())


def _drawn(
    factor: Factor, state: int, column: ParsedTable, won: NDArray[np.int8], settings: SegmentsSettings
) -> ConditionSettings:
    return boundary_condition(Held(factor.attribute, column, won), factor.conditions[state], settings)


def _difference(inside: Mask, factor: Factor, deals: ClosedDeals) -> Interval:
    return account_shares(inside[None, :], factor.known, deals.won, deals.groups).difference(0)


def _proposal(one: _Compared, state: int, elsewhere: Mask, ground: _Ground) -> Proposal:
    factor, deals = one.factor, ground.deals
    asked = _drawn(factor, state, _column_of(factor, deals), deals.won, ground.settings)
    inside = holds(asked, factor.attribute, deals.parsed)
    outside = factor.known & ~inside
    words = condition_words(asked, factor.attribute)
    return Proposal(
        rule=rule_of(f"market: {factor.name}", (asked,), f"won and lost alike: {words}"),
        kind="boundary",
        deals=int(inside.sum()),
        won=int(deals.won[inside].sum()),
        win_rate=win_rate(deals.won, deals.groups, elsewhere),
        why=(
            f"{_told(one, state)}; the rule '{words}' leaves {int(outside.sum()):,} of {int(factor.known.sum()):,} "
            f"deals outside, {int(deals.won[outside].sum()):,} of them won"
        ),
    )
