"""Types of customers that were won and turned out badly: they leave, are of grade C, detract, or cost too much.

    churned       customers known to have left early
    grade C       wins of the lowest grade
    detractor     a net promoter score of 6 or less
    support cost  at least four times the usual, which is the median of the customers of whom it is known

Each attribute is asked once for each pattern, by its single condition under which the pattern is most frequent. Its
p-value is that of the best condition, outcomes dealt out anew among accounts; over all attributes and patterns the
false discovery rate is held at 10 % (Benjamini and Hochberg 1995). Rates are of customers that did not choose the
condition. These outcomes are known long after the deal and are never attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import false_discovery_control

from icp_ml.deals.grading import Graded
from icp_ml.deals.ideal_settings import GRADES
from icp_ml.deals.rule_settings import ConditionSettings, rule_of
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.profile.condition_words import rule_words
from icp_ml.profile.definition import Proposal
from icp_ml.profile.exclusions import named_once, proposal_of
from icp_ml.profile.rates import win_rate_gap
from icp_ml.profile.subgroup_conditions import (
    LEAST_ACCOUNTS,
    SLACK,
    ConditionTable,
    Mask,
    Rows,
    SearchedDeals,
    conditions_of,
)
from icp_ml.profile.subgroup_finds import FOLDS
from icp_ml.profile.subgroups import DECIMALS, Floats, Outcomes, outcomes_of

DETRACTOR: Final = 6.0
"""A net promoter score up to this is a detractor's (Reichheld 2003)."""
SUPPORT_TIMES: Final = 4.0
"""Times the usual support cost from which a customer costs too much (the field's figure)."""
CONCENTRATED: Final = 2.0
"""A type is spoken of where the pattern is at least so many times as frequent in it as outside. We chose it."""
FALSE_DISCOVERY_RATE: Final = 0.10
PERMUTATIONS: Final = 4_999
"""One attribute alone among 120 of them and patterns needs a p-value of 0.0008."""
AT_ONCE: Final = 500


@dataclass(frozen=True)
class OutcomePattern:
    """name: in words, such as "churned". happened: float64[n], 1 or 0; NaN where not won or not known."""

    name: str
    happened: Floats


def churned(kept: Floats) -> OutcomePattern:
    """kept: float64[n], 1 where the customer stayed, 0 where it left early, NaN where lost or not known yet."""
    return OutcomePattern("churned", 1.0 - kept)


def of_grade_c(graded: Graded) -> OutcomePattern:
    """Wins of grade C among those that are graded."""
    worst = (graded.grade == GRADES.index("C")).astype(np.float64)
    return OutcomePattern("grade C", np.where(graded.grade >= 0, worst, np.nan))


def detracted(scores: Floats) -> OutcomePattern:
    """scores: float64[n], net promoter answers from 0 to 10, NaN where not known."""
    return OutcomePattern("detractors", _where_known(scores, scores <= DETRACTOR))


def costly(costs: Floats, times: float = SUPPORT_TIMES) -> OutcomePattern:
    """costs: float64[n] of support, NaN where not known. times: the usual, which is the median of those known."""
    known = costs[~np.isnan(costs)]
    usual = float(np.median(known)) if len(known) else np.nan
    return OutcomePattern(f"support cost {times:g} times the usual", _where_known(costs, costs >= times * usual))


def _where_known(values: Floats, happened: Mask) -> Floats:
    return np.where(np.isnan(values), np.nan, happened.astype(np.float64))


def outcome_proposals(deals: SearchedDeals, patterns: Sequence[OutcomePattern], seed: int) -> tuple[Proposal, ...]:
    """Exclusions of the types in which a pattern is concentrated, the surest first; none without enough customers.

    Raises what `conditions_of` raises.
    """
    asked = [question for pattern in patterns for question in _questions(deals, pattern, seed)]
    if not asked:
        return ()
    q_values = false_discovery_control([each.p_value for each in asked])
    sure = [each for each, q_value in zip(asked, q_values, strict=True) if q_value <= FALSE_DISCOVERY_RATE]
    ordered = sorted(sure, key=lambda each: (each.p_value, each.attribute, each.pattern.name))
    found = [_proposal(deals, each, seed) for each in ordered]
    return named_once([each for each in found if each is not None])


@dataclass(frozen=True)
class _Question:
    """An attribute and a pattern. known: rows of the customers of whom it is known whether it happened."""

    pattern: OutcomePattern
    attribute: str
    known: Rows
    p_value: float


def _questions(deals: SearchedDeals, pattern: OutcomePattern, seed: int) -> list[_Question]:
    known = np.flatnonzero(~np.isnan(pattern.happened))
    told = _told(deals, pattern)
    outcomes = outcomes_of(told, known)
    if outcomes is None:
        return []
    table = conditions_of(deals, known)
    if not table.settings:
        return []
    p_values = _p_values(_weights(table, known, outcomes), table, outcomes, seed)
    names = [deals.attributes[place].name for place in np.unique(table.attribute)]
    return [_Question(pattern, name, known, float(p)) for name, p in zip(names, p_values, strict=True)]


def _told(deals: SearchedDeals, pattern: OutcomePattern) -> SearchedDeals:
    """The deals with what happened in the place of the outcome; 0 where not known, which no row searched is."""
    happened = np.nan_to_num(pattern.happened).astype(np.int8)
    return SearchedDeals(deals.attributes, deals.parsed, happened, deals.groups, deals.opened)


def _weights(table: ConditionTable, rows: Rows, outcomes: Outcomes) -> Floats:
    """float64[c, k]: times the mean outcomes of the accounts of k deals, each condition's score as `subgroups` has it.

    Zeros for a condition with under 20 accounts on either side.
    """
    shares = table.holds[:, rows] * outcomes.share
    held = shares.sum(axis=1)
    others = len(outcomes.mean) - held
    left = held * others / len(outcomes.mean)
    is_asked = np.minimum(held, others) >= LEAST_ACCOUNTS - SLACK
    return np.asarray(shares * np.where(is_asked, 1 / np.sqrt(np.maximum(left, 1.0)), 0.0)[:, None])


def _p_values(weights: Floats, table: ConditionTable, outcomes: Outcomes, seed: int) -> Floats:
    """Of each attribute's best condition, at least 1 / (permutations + 1)."""
    starts = np.flatnonzero(np.diff(table.attribute, prepend=-1))
    observed = np.maximum.reduceat(weights @ outcomes.mean[outcomes.member], starts)
    rng = np.random.default_rng(seed)
    as_good = np.zeros(len(observed))
    for start in range(0, PERMUTATIONS, AT_ONCE):
        width = min(AT_ONCE, PERMUTATIONS - start)
        dealt = rng.permuted(np.tile(outcomes.mean, (width, 1)), axis=1).T
        best = np.maximum.reduceat(weights @ dealt[outcomes.member], starts, axis=0)
        as_good += (best >= observed[:, None] - 1e-9).sum(axis=1)
    return np.asarray((1 + as_good) / (1 + PERMUTATIONS))


def _proposal(deals: SearchedDeals, question: _Question, seed: int) -> Proposal | None:
    """None where the pattern is not clearly concentrated in customers that did not choose the condition."""
    told = _told(deals, question.pattern)
    best = _best_condition(told, question.known, question.attribute)
    if best is None:
        return None
    settings, inside = best
    unseen = _unseen(told, question.known, question.attribute, seed)
    known = ~np.isnan(question.pattern.happened)
    customers = inside & known
    shares = _shares(told, unseen & known, ~unseen & known)
    if shares is None or len(np.unique(told.groups[customers])) < LEAST_ACCOUNTS:
        return None
    words = rule_words(rule_of("unnamed", (settings,)), deals.attributes)
    why = (
        f"{question.pattern.name}: {int(told.won[customers].sum()):,} of {int(customers.sum()):,} customers with "
        f"{words}; of customers that did not choose the condition {shares[0]:.0%} inside, {shares[1]:.0%} outside"
    )
    return proposal_of(deals, (settings,), (inside, unseen), why)


def _shares(told: SearchedDeals, inside: Mask, outside: Mask) -> tuple[float, float] | None:
    """How frequent the pattern is inside and outside; None where it is not concentrated inside beyond chance."""
    if not inside.any() or not outside.any() or win_rate_gap(told.won, told.groups, inside, outside).low <= 0:
        return None
    share, elsewhere = float(told.won[inside].mean()), float(told.won[outside].mean())
    return (share, elsewhere) if share >= CONCENTRATED * elsewhere else None


def _best_condition(told: SearchedDeals, rows: Rows, attribute: str) -> tuple[ConditionSettings, Mask] | None:
    """The attribute's condition with the best score on the deals `rows`, and where it holds among all."""
    alone = tuple(each for each in told.attributes if each.name == attribute)
    outcomes = outcomes_of(told, rows)
    table = conditions_of(SearchedDeals(alone, told.parsed, told.won, told.groups, told.opened), rows)
    if outcomes is None or not table.settings:
        return None
    scores = np.round(_weights(table, rows, outcomes) @ outcomes.mean[outcomes.member], DECIMALS)
    best = int(np.argmax(scores))
    return (table.settings[best], table.holds[best]) if scores[best] > 0 else None


def _unseen(told: SearchedDeals, known: Rows, attribute: str, seed: int) -> Mask:
    """bool[n]: deals that meet the condition found without their accounts, whether or not the pattern is known."""
    unseen = np.zeros(len(told.won), dtype=bool)
    for held_out in grouped_folds(told.groups, told.won, FOLDS, seed):
        rest = np.intersect1d(complement(held_out, len(told.won)), known)
        best = _best_condition(told, rest, attribute)
        if best is not None:
            unseen[held_out] = best[1][held_out]
    return unseen
