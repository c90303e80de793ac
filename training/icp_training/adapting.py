"""Deals as empty as the list that will be scored: to judge by, and to learn from.

Whatever the list lacks, it lacks together, row by row (`masking`). Deals are emptied in the same patterns, once to be
judged by and, where the configuration asks for it, in other draws to learn from. What adapting brought and what it cost
is measured beside a model that was not adapted, on the same deals and with the same parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.table import DealTable
from icp_ml.model.metrics import Estimate, Judged, log_losses, resamples
from icp_training.masking import Patterns, masked_like

Floats = NDArray[np.float64]

COPIES = 1
"""Copies of each deal. On three worlds of 600 deals two or three were no better than one."""
TO_JUDGE_BY = 0
DRAWS = 1_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Adaptation:
    """What learning from masked copies brought, in nats a deal of log loss saved, with 95 % intervals over accounts.

    emptied: on deals as empty as the list. as_they_are: on the deals themselves; below 0 it cost something.
    """

    emptied: Estimate
    as_they_are: Estimate

    @property
    def sentence(self) -> str:
        """What to tell of it, and what to do where it did not pay."""
        told = (
            f"Adapted to the list: beside a model of the deals alone, log loss falls by {_figure(self.emptied)} nats a "
            f"deal on deals as empty as the list, and by {_figure(self.as_they_are)} on the deals as they are."
        )
        return (
            told if self.emptied.low > 0 else f"{told} That it pays is not shown: consider leaving train.adapt_to out."
        )


def emptied(deals: DealTable, patterns: Patterns, seed: int) -> ParsedTable:
    """The attributes of the deals as empty as the list, to judge by."""
    return masked_like(deals.parsed, patterns, deals.won, (seed, TO_JUDGE_BY))


def adapted(deals: DealTable, patterns: Patterns, seed: int) -> DealTable:
    """The same deals, with copies as empty as the list to learn from; drawn apart from those to judge by."""
    copies = (masked_like(deals.parsed, patterns, deals.won, (seed, TO_JUDGE_BY + k)) for k in range(1, COPIES + 1))
    return replace(deals, copies=tuple(copies))


def adaptation_of(judged: Judged, with_copies: Sequence[Floats], without: Sequence[Floats], seed: int) -> Adaptation:
    """Compare two models deal by deal. with_copies, without: log-odds (n,) on the deals as they are, and emptied."""
    pairs = zip(with_copies, without, strict=True)
    saved = np.column_stack([log_losses(plain, judged.won) - log_losses(own, judged.won) for own, plain in pairs])
    draws = [weights @ saved / weights.sum() for weights in resamples(judged.groups, DRAWS, seed)]
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    as_they_are, empty = (
        Estimate(float(saved[:, k].mean()), float(low[k]), float(high[k])) for k in range(saved.shape[1])
    )
    return Adaptation(emptied=empty, as_they_are=as_they_are)


def _figure(found: Estimate) -> str:
    return f"{found.value:.4f} [{found.low:.4f}, {found.high:.4f}]"
