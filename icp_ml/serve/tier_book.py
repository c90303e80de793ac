"""Tier, score, sub-scores, quadrant and action of each row, from its log-odds and contributions.

score(base) + the sub-scores of the layers = score, and so do those of the axes, to 1e-9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.policy import EXCLUDED, OUT_OF_SCOPE, ActionsSettings, Quadrant
from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.tiers import Cuts, sub_scores
from icp_ml.profile.tiers import QUADRANTS, quadrants

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]

Group: TypeAlias = tuple[str, str]
"""Layer and axis."""

NONE: Final = -1
QUADRANT_TEXTS: Final[Mapping[Quadrant, str]] = MappingProxyType(
    {
        "both": "high fit, high intent",
        "fit": "high fit, low intent",
        "intent": "low fit, high intent",
        "neither": "low fit, low intent",
    }
)
LEAVE: Final = "leave to the account's owner"
SEE_FIRST: Final = "see the account's first row"


@dataclass(frozen=True)
class TierAnswers:
    """Answers to n rows. tier, quadrant: int8 places in labels and QUADRANTS; quadrant is all -1 with one axis.

    score: [0, 100]. sub_scores: (n, parts), in points of score.
    """

    tier: NDArray[np.int8]
    score: Floats
    sub_scores: Floats
    quadrant: NDArray[np.int8]


@dataclass(frozen=True)
class TierBook:
    """What is needed to answer. base: mean log-odds of the reference rows. columns: of the contributions."""

    cuts: Cuts
    actions: ActionsSettings
    base: float
    columns: tuple[ModelColumn, ...]

    @property
    def base_score(self) -> float:
        """The score of the average training deal's log-odds, to which the sub-scores add."""
        return float(self.cuts.score(self.base))

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Names of the sub-scores: layers in the order of the model, then the axes where there are two."""
        layers = tuple(dict.fromkeys(str(column.layer) for column in self.columns))
        return (*layers, *(("fit", "intent") if self.has_both_axes else ()))

    @property
    def has_both_axes(self) -> bool:
        """Whether the model has attributes of fit and of intent; a quadrant needs both."""
        return len({column.axis for column in self.columns}) > 1

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """What contributions are summed by before anything is answered: layer and axis, in the order of the columns."""
        return tuple(dict.fromkeys((str(column.layer), str(column.axis)) for column in self.columns))

    @cached_property
    def group_of(self) -> NDArray[np.int64]:
        """int64[p]: the place in `groups` of each column."""
        place = {group: k for k, group in enumerate(self.groups)}
        return np.array([place[str(c.layer), str(c.axis)] for c in self.columns], dtype=np.int64)

    def summed(self, contributions: Floats) -> Floats:
        """(n, groups): contributions (n, p) summed by group, in the order of the columns."""
        sums = np.zeros((len(contributions), len(self.groups)))
        for column, group in enumerate(self.group_of.tolist()):
            sums[:, group] += contributions[:, column]
        return sums

    def answer(self, log_odds: Floats, sums: Floats) -> TierAnswers:
        """log_odds: (n,). sums: (n, groups), which with the base add up to them."""
        by_layer = self._by(sums, 0)
        if not self.has_both_axes:
            nowhere = np.full(len(log_odds), NONE, dtype=np.int8)
            return self._answers(log_odds, by_layer, nowhere)
        axes = tuple(dict.fromkeys(axis for _, axis in self.groups))
        by_axis = self._by(sums, 1)
        fit, intent = (by_axis[:, axes.index(axis)] for axis in ("fit", "intent"))
        return self._answers(log_odds, np.column_stack([by_layer, fit, intent]), quadrants(fit, intent))

    def _by(self, sums: Floats, part: int) -> Floats:
        """Sums of groups that share their layer (part 0) or their axis (1)."""
        names = tuple(dict.fromkeys(group[part] for group in self.groups))
        found = np.zeros((len(sums), len(names)))
        for k, group in enumerate(self.groups):
            found[:, names.index(group[part])] += sums[:, k]
        return found

    def _answers(self, log_odds: Floats, parts: Floats, quadrant: NDArray[np.int8]) -> TierAnswers:
        points = sub_scores(self.cuts, parts, log_odds, self.base)
        return TierAnswers(self.cuts.tiers(log_odds), self.cuts.score(log_odds), points, quadrant)

    @cached_property
    def action_texts(self) -> tuple[str, ...]:
        """Every text that an action can have."""
        by_tier = [self.actions.action(label, each) for label in self.cuts.labels for each in (*QUADRANTS, None)]
        suppressed = [self.actions.action(label, None) for label in (EXCLUDED, OUT_OF_SCOPE)]
        return tuple(dict.fromkeys([*by_tier, *suppressed, LEAVE, SEE_FIRST]))

    def action_codes(self, answers: TierAnswers) -> Codes:
        """int32[n]: places in `action_texts`, by tier and quadrant."""
        table = np.array(
            [
                [self.action_texts.index(self.actions.action(label, each)) for each in (*QUADRANTS, None)]
                for label in self.cuts.labels
            ],
            dtype=np.int32,
        )
        return np.asarray(table[answers.tier, answers.quadrant], dtype=np.int32)

    def suppressed_action(self, label: str) -> int:
        """Place of the action for rows that no tier is given: label is "excluded", "out of scope", or an action."""
        text = self.actions.action(label, None) if label in (EXCLUDED, OUT_OF_SCOPE) else label
        return self.action_texts.index(text)


def coded(codes: NDArray[np.signedinteger], texts: Sequence[str]) -> pa.Array:
    """A dictionary array; null where the code is -1."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))
