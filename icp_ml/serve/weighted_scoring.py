"""Scoring by a hand-weighted scorecard: the same rows out, in the same order, as any model gives them.

There is no probability and there are no log-odds. Sub-scores, and the effects of reasons, are points of score:
base + sub-scores of the layers = score, and so do those of the axes, to 1e-9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.vocabulary import ModelColumn, Vocabulary
from icp_ml.model.weighted import WeightedScorecard
from icp_ml.model.weighted import score as score_of
from icp_ml.profile.weighted_records import NOT_A_PROBABILITY
from icp_ml.serve.list_scorer import Answers, ListScorer, Reading
from icp_ml.serve.reasons import Reasons, strongest
from icp_ml.serve.tier_book import TierAnswers, TierBook
from icp_ml.serve.weighted_bundle import WeightedBundle, open_weighted

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]


class WeightedTierBook(TierBook):
    """Where the scale of the cuts is the score itself, parts are points already: no slope comes between."""

    def _answers(self, log_odds: Floats, parts: Floats, quadrant: NDArray[np.int8]) -> TierAnswers:
        return TierAnswers(self.cuts.tiers(log_odds), log_odds, parts, quadrant)


@dataclass(frozen=True)
class _OutcomeBook:
    """The outcomes of all rules in words. labels: distinct. codes_of: for each rule the label of each outcome."""

    labels: tuple[str, ...]
    codes_of: tuple[Codes, ...]

    def strongest(self, outcomes: NDArray[np.intp], contributions: Floats, count: int) -> tuple[Reasons, Reasons]:
        """outcomes: (n, factors), as `WeightedScorecard.codes` has them."""
        codes = np.empty(outcomes.shape, dtype=np.int32)
        for place, labels in enumerate(self.codes_of):
            codes[:, place] = labels[outcomes[:, place]]
        return strongest(contributions, codes, count)


def _outcome_book(scorecard: WeightedScorecard) -> _OutcomeBook:
    code_of: dict[str, int] = {}
    codes = [
        np.array([code_of.setdefault(each.text, len(code_of)) for each in factor.outcomes], dtype=np.int32)
        for factor in scorecard.factors
    ]
    return _OutcomeBook(tuple(code_of), tuple(codes))


@dataclass(frozen=True)
class WeightedScorer(ListScorer[WeightedBundle]):
    """A hand-weighted scorecard; `ListScorer` has the fields, and what scores a list."""

    @staticmethod
    def load(path: str | Path) -> WeightedScorer:
        """Open a bundle folder. Raises as `open_weighted` does."""
        stored = open_weighted(Path(path))
        return WeightedScorer(stored.bundle, stored.content_hash)

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that some rule of the scorecard looks at."""
        return self.bundle.scorecard.attributes

    @cached_property
    def columns(self) -> tuple[ModelColumn, ...]:
        """One for each rule."""
        return self.bundle.scorecard.columns

    @property
    def base(self) -> float:
        """The score of a row for which every rule gives its usual points."""
        return self.bundle.scorecard.base

    @property
    def vocabulary(self) -> Vocabulary:
        """Empty: a value that no rule names is no oddity, it is what `otherwise` is for."""
        return Vocabulary(())

    @cached_property
    def tier_book(self) -> TierBook:
        """What tiers and actions come from; it is asked with scores."""
        return WeightedTierBook(self.bundle.cuts, self.bundle.policy.actions, self.base, self.columns)

    @property
    def _about(self) -> Mapping[str, str]:
        provenance = self.bundle.provenance
        return {"icp.model": f"{provenance.name} version {provenance.version}", "icp.kind": NOT_A_PROBABILITY}

    @cached_property
    def _book(self) -> _OutcomeBook:
        return _outcome_book(self.bundle.scorecard)

    @property
    def _labels(self) -> Sequence[str]:
        return self._book.labels

    @property
    def _odds(self) -> tuple[str, ...]:
        return ()

    def _effects(self, reading: Reading) -> Floats:
        scorecard = self.bundle.scorecard
        return scorecard.contributions(scorecard.points(reading.parsed))

    def _answer(self, reading: Reading, reasons: int) -> Answers:
        scorecard = self.bundle.scorecard
        outcomes, points = scorecard.codes(reading.parsed), scorecard.points(reading.parsed)
        effects = scorecard.contributions(points)
        sums = self.tier_book.summed(effects)
        return Answers(score_of(points), sums, self._book.strongest(outcomes, effects, reasons))
