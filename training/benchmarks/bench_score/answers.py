"""From contributions to everything that is written for a row, in numpy: what a well-built pipeline does.

The streaming contestant and woodelf share it; they differ in how the trees' contributions are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.bench_score.recipe import Recipe

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Arrow: TypeAlias = Any

REASONS: Final = 3
SMALLEST: Final = 1e-9
"""A contribution that is smaller is no reason, as in icp-ml."""


@dataclass(frozen=True)
class Encoded:
    """One batch. rows: (n, p) for LightGBM. states: (n, p), the bin or code of each value, missing where it was."""

    rows: Floats
    states: Codes
    missing: NDArray[np.bool_]


@dataclass(frozen=True)
class Answering:
    """A recipe laid out for whole batches."""

    recipe: Recipe

    @cached_property
    def labels(self) -> Arrow:
        """Every text that a reason can have."""
        return pa.array([text for column in self.recipe.columns for text in column.labels], pa.string())

    @cached_property
    def first_label(self) -> Codes:
        """Where each column's labels start."""
        counts = [len(column.labels) for column in self.recipe.columns]
        return np.concatenate([[0], np.cumsum(counts[:-1])]).astype(np.int32)

    @cached_property
    def statuses(self) -> Arrow:
        """The status by the number of missing attributes."""
        count = len(self.recipe.columns)
        return pa.array(["scored", *(f"scored with {k} of {count} attributes missing" for k in range(1, count))])

    @cached_property
    def _sums(self) -> Floats:
        """(p, parts): which columns add to which sub-score."""
        columns, parts = self.recipe.columns, self.recipe.parts
        return np.array([[float(part in (column.layer, column.axis)) for part in parts] for column in columns])

    def on_scorecard(self, states: Codes) -> Floats:
        """Contributions of the scorecard, (n, p)."""
        values = np.empty(states.shape)
        for j, column in enumerate(self.recipe.columns):
            values[:, j] = np.array(column.points)[states[:, j]]
        return values

    def batch(self, ids: Arrow, encoded: Encoded, on_trees: Floats) -> Arrow:
        """The rows to be written. on_trees: (n, p), the trees' contributions in log-odds."""
        on_card, with_trees = self.recipe.weights
        effects = on_card * self.on_scorecard(encoded.states) + with_trees * on_trees
        log_odds = self.recipe.base + effects.sum(axis=1)
        absent = encoded.missing.sum(axis=1, dtype=np.int32)
        columns = {self.recipe.id: ids, **self._tiers(log_odds, effects)}
        columns |= self._reasons("for", effects, encoded.states)
        columns |= self._reasons("against", -effects, encoded.states)
        columns |= {"attributes_missing": pa.array(absent), "status": _coded(absent, self.statuses)}
        return pa.RecordBatch.from_pydict(columns)

    def _tiers(self, log_odds: Floats, effects: Floats) -> dict[str, Arrow]:
        recipe = self.recipe
        score = np.interp(log_odds, recipe.knots, recipe.scores)
        base_score = np.interp(recipe.base, recipe.knots, recipe.scores)
        slope = (score - base_score) / (log_odds - recipe.base)
        parts = effects @ self._sums
        tier = np.searchsorted(-np.array(recipe.bounds), -log_odds, side="left").astype(np.int32)
        fit, intent = (parts[:, recipe.parts.index(axis)] for axis in ("fit", "intent"))
        quadrant = (2 * (fit < 0) + (intent < 0)).astype(np.int32)
        texts = tuple(dict.fromkeys(text for row in recipe.actions for text in row))
        action = np.array([[texts.index(text) for text in row] for row in recipe.actions], dtype=np.int32)
        return {
            "tier": _coded(tier, pa.array(recipe.tiers)),
            "score": pa.array(score),
            "action": _coded(action[tier, quadrant], pa.array(texts)),
            "quadrant": _coded(quadrant, pa.array(recipe.quadrants)),
            "probability": pa.array(1.0 / (1.0 + np.exp(-(log_odds + recipe.anchor)))),
            "log_odds": pa.array(log_odds),
            **{f"score_{part}": pa.array(parts[:, k] * slope) for k, part in enumerate(recipe.parts)},
        }

    def _reasons(self, side: str, values: Floats, states: Codes) -> dict[str, Arrow]:
        places = np.argpartition(-values, REASONS - 1, axis=1)[:, :REASONS]
        found = np.take_along_axis(values, places, axis=1)
        order = np.lexsort((places, -found), axis=1)
        places, found = np.take_along_axis(places, order, axis=1), np.take_along_axis(found, order, axis=1)
        codes = self.first_label[places] + np.take_along_axis(states, places, axis=1)
        none, sign = found <= SMALLEST, 1.0 if side == "for" else -1.0
        columns = {}
        for rank in range(REASONS):
            name = f"reason_{side}_{rank + 1}"
            indices = pa.array(codes[:, rank], mask=none[:, rank])
            columns[name] = pa.DictionaryArray.from_arrays(indices, self.labels)
            columns[f"{name}_effect"] = pa.array(sign * found[:, rank], mask=none[:, rank])
        return columns


def _coded(codes: Codes, texts: Arrow) -> Arrow:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), texts)
