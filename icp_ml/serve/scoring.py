"""Scoring: a list in, the same rows out in the same order, with tier, score, probability and the reasons for it.

    scorer = icp_ml.load("models/icp/v3")
    scorer.score(frame)                          a DataFrame for a DataFrame, a Table for a Table
    for batch in scorer.score(batches): ...      record batches for record batches, one at a time

The probability is that of winning a closed opportunity. For lists of companies that nobody talks to yet,
the order is supported by the deals; the level is an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.vocabulary import ModelColumn, Vocabulary
from icp_ml.serve.bundle import Bundle, open_bundle
from icp_ml.serve.golden import used_attributes
from icp_ml.serve.incoming import Batches, Tabular
from icp_ml.serve.list_scorer import Answers, ListScorer, Reading
from icp_ml.serve.outgoing import ODDS
from icp_ml.serve.potential_columns import potential_columns, potential_values
from icp_ml.serve.reasons import ReasonBook, reason_book
from icp_ml.serve.tier_book import TierBook

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scorer(ListScorer[Bundle]):
    """A model that learned from deals; `ListScorer` has the fields, and what scores a list."""

    @staticmethod
    def load(path: str | Path) -> Scorer:
        """Open a bundle folder.

        Raises `ModelNotFound` where there is none, `BundleInvalid` where it disagrees.
        """
        stored = open_bundle(Path(path))
        return Scorer(stored.bundle, stored.content_hash)

    @property
    def classes_(self) -> NDArray[np.int64]:
        """What the columns of `predict_proba` stand for: lost (0) and won (1)."""
        return np.array([0, 1])

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that the model uses."""
        return used_attributes(self.bundle.model, self.bundle.attributes)

    @property
    def columns(self) -> tuple[ModelColumn, ...]:
        """What contributions are of, in their order."""
        return self.vocabulary.columns

    @property
    def base(self) -> float:
        """Mean log-odds of the reference deals."""
        return self.bundle.model.base

    @property
    def vocabulary(self) -> Vocabulary:
        """The values that the deals had."""
        return self.bundle.model.vocabulary

    @cached_property
    def tier_book(self) -> TierBook:
        """What tiers, scores and actions come from."""
        return TierBook(self.bundle.tiering.cuts, self.bundle.policy.actions, self.base, self.columns)

    def predict_proba(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None) -> Floats:
        """Probability of losing and winning, float64[n, 2], as scikit-learn has it; NaN where nothing is known."""
        won = self.bundle.model.probability(self.log_odds(data, as_of))
        return np.column_stack([1.0 - won, won])

    def log_odds(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None) -> Floats:
        """Log-odds of winning a closed opportunity, float64[n]; NaN where no attribute is known."""
        found = [
            np.where(self._knows(reading), self._margins(self._encoded(reading)), np.nan)
            for reading in self._readings(data, as_of)
        ]
        return np.concatenate([np.empty(0), *found])

    @property
    def _about(self) -> Mapping[str, str]:
        provenance = self.bundle.provenance
        return {"icp.model": f"{provenance.name} version {provenance.version}", "icp.target": provenance.target}

    @cached_property
    def _book(self) -> ReasonBook:
        return reason_book(self.bundle.model, self.attributes)

    @property
    def _labels(self) -> Sequence[str]:
        return self._book.labels

    @property
    def _odds(self) -> tuple[str, ...]:
        return (*ODDS, *potential_columns(self.bundle.potential))

    def _encoded(self, reading: Reading) -> Floats:
        return self.vocabulary.encode(reading.parsed)

    def _margins(self, encoded: Floats) -> Floats:
        """Log-odds, float64[n]. LightGBM does not answer for no rows at all."""
        return self.bundle.model.log_odds(encoded) if len(encoded) else np.empty(0)

    def _contributions(self, encoded: Floats) -> Floats:
        return self.bundle.model.contributions(encoded).values if len(encoded) else np.empty(encoded.shape)

    def _effects(self, reading: Reading) -> Floats:
        return self._contributions(self._encoded(reading))

    def _answer(self, reading: Reading, reasons: int) -> Answers:
        encoded = self._encoded(reading)
        log_odds, effects = self._margins(encoded), self._contributions(encoded)
        probability = self.bundle.model.probability(log_odds)
        return Answers(
            scale=log_odds,
            effects=effects,
            reasons=self._book.strongest(encoded, effects, reading.parsed, reasons),
            odds=(probability, log_odds, *potential_values(self.bundle.potential, encoded, probability)),
        )
