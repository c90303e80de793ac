"""What every model that learned does with a list: encode by its vocabulary, sum contributions, name the reasons.

From deals or from won accounts and a universe: a kind of model says what stands beside the score.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Protocol, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.vocabulary import ModelColumn, Vocabulary
from icp_ml.model.cells.compiling import NotCompiled
from icp_ml.model.cells.contributing import compile_model
from icp_ml.model.cells.looking_up import CellModel, JointColumns
from icp_ml.model.cells.tables import CellTables
from icp_ml.model.tiers import Cuts
from icp_ml.model.win_model import WinModel
from icp_ml.serve.golden import Answering, used_attributes
from icp_ml.serve.incoming import Batches, Tabular
from icp_ml.serve.known import KnownAccounts
from icp_ml.serve.list_scorer import ListBundle, ListScorer, Reading
from icp_ml.serve.reasons import ReasonBook, Reasons, reason_book
from icp_ml.serve.state_book import StateBook, state_book
from icp_ml.serve.tier_book import TierBook

Floats = NDArray[np.float64]


class LearnedTiers(Protocol):
    """What scoring asks of the tiers of a bundle that learned."""

    @property
    def cuts(self) -> Cuts:
        """Where tiers start, in log-odds."""


class LearnedBundle(ListBundle, Protocol):
    """What scoring asks of a bundle that learned."""

    @property
    def model(self) -> WinModel:
        """Vocabulary, members and stack."""

    @property
    def tiering(self) -> LearnedTiers:
        """The tiers."""


L = TypeVar("L", bound=LearnedBundle)

_COMPILED: Final = ("tables", "_cells", "_states")
"""What a scorer keeps that depends on nothing but vocabulary and members."""


@dataclass(frozen=True)
class LookedUp:
    """What a model says of n rows. sums: (n, groups of the tier book). reasons: for and against."""

    log_odds: Floats
    sums: Floats
    reasons: tuple[Reasons, Reasons]


@dataclass(frozen=True)
class LearnedScorer(ListScorer[L], ABC):
    """A model with log-odds; `ListScorer` has the fields, and what scores a list."""

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
        """Mean log-odds of the reference rows."""
        return self.bundle.model.base if isinstance(self.tables, NotCompiled) else self.tables.base

    @property
    def vocabulary(self) -> Vocabulary:
        """The values that the rows had which were learned from."""
        return self.bundle.model.vocabulary

    @cached_property
    def tier_book(self) -> TierBook:
        """What tiers, scores and actions come from."""
        return TierBook(self.bundle.tiering.cuts, self.bundle.policy.actions, self.base, self.columns)

    def log_odds(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None) -> Floats:
        """Log-odds of what the model tells apart, float64[n]; NaN where no attribute is known."""
        found = [
            np.where(self._knows(reading), self._margins(self._encoded(reading)), np.nan)
            for reading in self._readings(data, as_of)
        ]
        return np.concatenate([np.empty(0), *found])

    @cached_property
    def _book(self) -> ReasonBook:
        return reason_book(self.bundle.model, self.attributes)

    @property
    def _labels(self) -> Sequence[str]:
        return tuple(self._observed.get(text, text) for text in self._book.labels)

    @property
    def _observed(self) -> Mapping[str, str]:
        """For the text of a reason the same with what became of such deals, where that is known."""
        return {}

    def _encoded(self, reading: Reading) -> Floats:
        return self.vocabulary.encode(reading.parsed)

    @cached_property
    def tables(self) -> CellTables | NotCompiled:
        """The model as tables, or why it has none; then LightGBM explains each row, as exactly and more slowly."""
        return compile_model(self.bundle.model)

    @property
    def row_answers(self) -> Answering:
        """What answers for rows: the tables, or the members of the model where it has none."""
        return Answering(self._margins, self._contributions)

    def knowing(self, known: KnownAccounts | None) -> Self:
        """The same, with these customers and open deals to be marked; what was compiled is not compiled again."""
        return self._passing_on(super().knowing(known))

    def _passing_on(self, made: Self) -> Self:
        """Another scorer with the same members, which is given what was compiled of them."""
        vars(made).update({name: vars(self)[name] for name in _COMPILED if name in vars(self)})
        return made

    @cached_property
    def _cells(self) -> CellModel | None:
        return None if isinstance(self.tables, NotCompiled) else CellModel(self.tables)

    def _margins(self, encoded: Floats) -> Floats:
        """Log-odds, float64[n]. LightGBM does not answer for no rows at all."""
        if self._cells is not None:
            return self._cells.log_odds(encoded)
        return self.bundle.model.log_odds(encoded) if len(encoded) else np.empty(0)

    def _contributions(self, encoded: Floats) -> Floats:
        if self._cells is not None:
            return self._cells.contributions(encoded)
        return self.bundle.model.contributions(encoded).values if len(encoded) else np.empty(encoded.shape)

    def _looked_up(self, encoded: Floats, reading: Reading, reasons: int) -> LookedUp:
        """What the model says of encoded rows: by its tables, or by itself where it has none."""
        if self._cells is not None:
            told = self._cells.reasoned(
                encoded, max(reasons, 1), self._joint(reading), self.tier_book.group_of, len(self.tier_book.groups)
            )
            sides = (told.for_it, told.against_it)
            named = [self._states.named(side, reading.parsed, reasons) for side in sides]
            return LookedUp(told.log_odds, told.sums, (named[0], named[1]))
        log_odds, effects = self._margins(encoded), self._contributions(encoded)
        strongest = self._book.strongest(encoded, effects, reading.parsed, reasons)
        return LookedUp(log_odds, self.tier_book.summed(effects), strongest)

    def _joint(self, reading: Reading) -> JointColumns | None:
        """Sets that are not known give one reason each."""
        sets = self._book.sets
        if not sets:
            return None
        unknown = np.column_stack([reading.parsed.missing(name) for name in sets])
        return JointColumns(tuple(sets.values()), unknown)

    @cached_property
    def _states(self) -> StateBook:
        if isinstance(self.tables, NotCompiled):
            raise TypeError("states are those of tables, and this model has none")
        return state_book(self._book, self.tables)

    def _effects(self, reading: Reading) -> Floats:
        return self._contributions(self._encoded(reading))
