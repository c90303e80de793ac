"""Scoring: a list in, the same rows out in the same order, with tier, score, probability and the reasons for it.

    scorer = icp_ml.load("models/icp/v3")
    scorer.score(frame)                          a DataFrame for a DataFrame, a Table for a Table
    for batch in scorer.score(batches): ...      record batches for record batches, one at a time

The probability is that of winning a closed opportunity. For lists of companies that nobody talks to yet,
the order is supported by the deals; the level is an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.rules import bind_rules, outside
from icp_ml.errors import ConfigError
from icp_ml.profile.observed import observed_words
from icp_ml.serve.bundle import Bundle, open_bundle
from icp_ml.serve.calibration_file import level_sentence, needs
from icp_ml.serve.incoming import Batches, Tabular
from icp_ml.serve.learned_scoring import LearnedScorer
from icp_ml.serve.list_scorer import Answers, Reading
from icp_ml.serve.outgoing import LABEL_TYPE, ODDS, ODDS_WITH_INTERVALS
from icp_ml.serve.potential_columns import potential_columns, potential_values
from icp_ml.serve.tier_book import coded

Floats = NDArray[np.float64]

OUTSIDE: Final = "outside_proposed_market"
"""The column that names the rule of a proposed boundary by which a row lies outside; only where one is proposed."""


@dataclass(frozen=True)
class Scorer(LearnedScorer[Bundle]):
    """A model that learned from deals; `ListScorer` has the other fields, and what scores a list.

    intervals: whether each probability comes with its interval; only a bundle with a calibration has them.
    """

    intervals: bool = False

    @staticmethod
    def load(path: str | Path) -> Scorer:
        """Open a bundle folder.

        Raises `ModelNotFound` where there is none, `BundleInvalid` where it disagrees.
        """
        stored = open_bundle(Path(path))
        return Scorer(stored.bundle, stored.content_hash)

    @property
    def of_each_model(self) -> tuple[Scorer, ...]:
        """A scorer for each model of the bundle; the first one is this."""
        return (self,)

    @cached_property
    def read_attributes(self) -> tuple[Attribute, ...]:
        """What the model and its rules ask about, and the criteria of its ICP."""
        definition = self.bundle.definition
        asked = set() if definition is None else {each.condition.attribute for each in definition.criteria}
        asked |= {name for rule in self._proposed for name in rule.attributes}
        read = {each.name for each in super().read_attributes} | asked
        return tuple(each for each in self.bundle.attributes if each.name in read)

    @property
    def _proposed(self) -> tuple[RuleSettings, ...]:
        """The boundary that the deals suggest and nobody has approved."""
        definition = self.bundle.definition
        in_force = {rule.name for rule in self.bundle.policy.boundary}
        proposals = () if definition is None else definition.proposals
        return tuple(each.rule for each in proposals if each.kind == "boundary" and each.rule.name not in in_force)

    def _told_beside(self, records: Tabular, reading: Reading, as_of: date | None) -> Tabular:
        """With the first rule of the proposed boundary that each row is known not to meet; nothing is suppressed."""
        if not self._proposed:
            return records
        found = outside(bind_rules(self._proposed, self.read_attributes), reading.parsed, as_of)
        column = coded(found, [rule.name for rule in self._proposed])
        if OUTSIDE in records.schema.names:
            raise ConfigError(f"the id column is called '{OUTSIDE}', and so is a column of the output; rename it")
        schema = records.schema.append(pa.field(OUTSIDE, LABEL_TYPE))
        return pa.RecordBatch.from_arrays([*records.columns, column], schema=schema)

    @cached_property
    def _observed(self) -> Mapping[str, str]:
        definition = self.bundle.definition
        return {} if definition is None else observed_words(definition.observed, definition.win_rate.value)

    def with_level(self, base_rate: float | None = None, *, intervals: bool = False) -> Scorer:
        """The same with probabilities at a stated base rate, where one is given, and with their intervals if asked.

        Order, score, tier and reasons stay. Raises `ConfigError` for a rate outside (0, 1), and for a bundle that was
        made before there were intervals and stated rates.
        """
        bundle = self.bundle if base_rate is None else self.bundle.at_base_rate(base_rate)
        if intervals:
            needs(bundle.calibration, "an interval for each probability")
        return self._passing_on(replace(self, bundle=bundle, intervals=intervals))

    @property
    def base_rate(self) -> float | None:
        """The base rate that was stated, None where the level is what was learned."""
        return None if self.bundle.calibration is None else self.bundle.calibration.base_rate

    @property
    def classes_(self) -> NDArray[np.int64]:
        """What the columns of `predict_proba` stand for: lost (0) and won (1)."""
        return np.array([0, 1])

    def predict_proba(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None) -> Floats:
        """Probability of losing and winning, float64[n, 2], as scikit-learn has it; NaN where nothing is known."""
        won = self.bundle.model.probability(self.log_odds(data, as_of))
        return np.column_stack([1.0 - won, won])

    @property
    def _about(self) -> Mapping[str, str]:
        provenance = self.bundle.provenance
        about = {"icp.model": f"{provenance.name} version {provenance.version}", "icp.target": provenance.target}
        return about if self.base_rate is None else {**about, "icp.level": level_sentence(self.base_rate)}

    @property
    def _odds(self) -> tuple[str, ...]:
        return (*(ODDS_WITH_INTERVALS if self.intervals else ODDS), *potential_columns(self.bundle.potential))

    @property
    def _level(self) -> str | None:
        return None if self.base_rate is None else f"stated base rate {self.base_rate:.3g}"

    def _probabilities(self, log_odds: Floats) -> tuple[Floats, ...]:
        """The columns of `_odds` but those of deal potential, the probability first."""
        probability = self.bundle.model.probability(log_odds)
        if not self.intervals:
            return probability, log_odds
        band = needs(self.bundle.calibration, "an interval for each probability").band
        return (probability, *band.bounds(log_odds, self.bundle.model.shift), log_odds)

    def _answer(self, reading: Reading, reasons: int) -> Answers:
        encoded = self._encoded(reading)
        found = self._looked_up(encoded, reading, reasons)
        probabilities = self._probabilities(found.log_odds)
        return Answers(
            scale=found.log_odds,
            sums=found.sums,
            reasons=found.reasons,
            odds=(*probabilities, *potential_values(self.bundle.potential, encoded, probabilities[0])),
        )
