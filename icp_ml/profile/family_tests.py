"""Do won and lost deals differ in a state beyond what chance would give? One question for each of many states.

As in `association`, each deal's outcome is taken relative to the deals of its time, and accounts exchange their means.
The statistic is the sum of outcomes in a state minus its share of that of all deals whose value is known. All states
see the same permutations. A state that chance has matched fifty times needs no more of them (Besag and Clifford 1991):
its p-value is (1 + matched) / (1 + permutations so far), which is valid, and exact to a seventh of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from icp_ml.profile.association import AT_ONCE, PERMUTATIONS

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

ENOUGH_MATCHES: Final = 50
FOR_EACH_STATE: Final = 20
"""Permutations for each state of the family: the smallest p-value is then well under the first step of the control."""


@dataclass(frozen=True)
class Question:
    """Where a state holds and where it is known whether it does, both bool[n]."""

    holds: Mask
    known: Mask


def permuted_p_values(questions: Sequence[Question], residuals: Floats, groups: NDArray[np.int64], seed: int) -> Floats:
    """Two-sided p-values, one for each question. residuals: float64[n], outcomes relative to their time."""
    _, member = np.unique(groups, return_inverse=True)
    deals = np.bincount(member)
    mean = np.bincount(member, weights=residuals) / deals
    table = vstack([_coefficients(each, member, len(deals)) for each in questions], format="csr")
    observed = np.abs(table @ mean)
    matched, dealt = np.zeros(len(questions)), np.zeros(len(questions))
    rng = np.random.default_rng(seed)
    for _ in range(max(PERMUTATIONS, FOR_EACH_STATE * len(questions)) // AT_ONCE):
        asked = np.flatnonzero(matched < ENOUGH_MATCHES)
        means = rng.permuted(np.tile(mean, (AT_ONCE, 1)), axis=1).T
        if len(asked):
            chance = np.abs(table[asked] @ means)
            matched[asked] += (chance >= observed[asked, None] - 1e-9).sum(axis=1)
            dealt[asked] += AT_ONCE
    return np.asarray((1.0 + matched) / (1.0 + dealt))


def _coefficients(question: Question, member: NDArray[np.intp], accounts: int) -> csr_matrix:
    """(1, accounts): what an account's mean outcome adds to the statistic."""
    share = question.holds.sum() / max(question.known.sum(), 1)
    of_deals = question.holds - share * question.known
    return csr_matrix(np.bincount(member, weights=of_deals, minlength=accounts)[None, :])
