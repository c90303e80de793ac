"""Scoring by a model of resemblance: the same rows out, in the same order, as any model gives them.

There is no probability. `resemblance` is the share of the universe, in per cent, that resembles the won accounts less;
`log_odds`, to which the reasons add up, are those of standing among the won accounts rather than in the universe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icp_ml.profile.lookalike_records import NOT_A_PROBABILITY
from icp_ml.serve.incoming import Batches, Tabular
from icp_ml.serve.learned_scoring import LearnedScorer
from icp_ml.serve.list_scorer import Answers, Reading
from icp_ml.serve.lookalike_bundle import LookalikeBundle, open_lookalike

Floats = NDArray[np.float64]

RESEMBLANCE: Final = "resemblance"
ODDS: Final = (RESEMBLANCE, "log_odds")
"""What a model of resemblance says beside the score."""


@dataclass(frozen=True)
class LookalikeScorer(LearnedScorer[LookalikeBundle]):
    """A model that learned from won accounts and a company universe; `ListScorer` has the fields."""

    @staticmethod
    def load(path: str | Path) -> LookalikeScorer:
        """Open a bundle folder. Raises as `open_lookalike` does."""
        stored = open_lookalike(Path(path))
        return LookalikeScorer(stored.bundle, stored.content_hash)

    def resemblance(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None) -> Floats:
        """Share of the universe, in per cent, that resembles the won accounts less, float64[n].

        NaN where no attribute is known. data, as_of: as for `score`.
        """
        log_odds = self.log_odds(data, as_of)
        return np.where(np.isnan(log_odds), np.nan, self.bundle.resemblance.percentile(log_odds))

    @property
    def _about(self) -> Mapping[str, str]:
        provenance = self.bundle.provenance
        return {"icp.model": f"{provenance.name} version {provenance.version}", "icp.kind": NOT_A_PROBABILITY}

    @property
    def _odds(self) -> tuple[str, ...]:
        return ODDS

    def _answer(self, reading: Reading, reasons: int) -> Answers:
        encoded = self._encoded(reading)
        found = self._looked_up(encoded, reading, reasons)
        odds = (self.bundle.resemblance.percentile(found.log_odds), found.log_odds)
        return Answers(found.log_odds, found.sums, found.reasons, odds)
