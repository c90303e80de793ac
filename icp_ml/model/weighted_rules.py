"""One rule of a hand-weighted scorecard, ready to be applied: from parsed values to an outcome, and its points.

Each rule is one factor. Its outcomes are numbered as the levels of a category are: 0 not known, 1 otherwise, then
what the rule names. Nothing here is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable, SetColumn
from icp_ml.deals.settings import AXIS_OF_LAYER, Axis, Layer
from icp_ml.deals.texts import gather
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE, MISSING_CODE, OTHER_CODE, ModelColumn
from icp_ml.deals.weighted_settings import TOTAL

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Outcome:
    """What a rule can say of a row, in words that name the attribute, and its points, 0 to 100."""

    text: str
    points: float


@dataclass(frozen=True)
class Texts:
    """Values of a category or members of a set, as `folded` gives them, and the outcome of each."""

    code_of: Mapping[str, int]

    def codes(self, column: ParsedColumn) -> Codes:
        """intp[n]. Of several members of a set, the one with the most points decides: it has the lowest code."""
        if isinstance(column, NumberColumn):
            raise TypeError("a number was read where a rule names texts")
        of_level = np.array([self.code_of.get(folded(level), OTHER_CODE) for level in column.levels], dtype=np.intp)
        if isinstance(column, CategoryColumn):
            return gather(of_level, column.codes, MISSING_CODE)
        return self._codes_of_members(column, of_level)

    def _codes_of_members(self, column: SetColumn, of_level: Codes) -> Codes:
        codes = np.where(column.missing, MISSING_CODE, OTHER_CODE).astype(np.intp)
        rows = np.repeat(np.arange(len(codes)), column.sizes())
        found = of_level[column.indices]
        for code in sorted(set(self.code_of.values()), reverse=True):
            codes[rows[found == code]] = code
        return codes


@dataclass(frozen=True)
class Equals:
    """Values of a flag or an ordered attribute as they are read, and the outcome of each."""

    code_of: Mapping[float, int]

    def codes(self, amounts: Floats) -> Codes:
        """intp[n]; NaN is not known."""
        codes = _known_or_not(amounts)
        for value, code in self.code_of.items():
            codes[amounts == value] = code
        return codes


@dataclass(frozen=True)
class Inside:
    """From low to high, both included, infinite where there is no bound; the first named outcome."""

    low: float
    high: float

    def codes(self, amounts: Floats) -> Codes:
        """intp[n]; NaN is not known."""
        codes = _known_or_not(amounts)
        codes[(amounts >= self.low) & (amounts <= self.high)] = FIRST_VALUE_CODE
        return codes


@dataclass(frozen=True)
class Reaches:
    """thresholds: ascending. Where the k-th of them, from 0, is the highest that is reached, the outcome is 2 + k."""

    thresholds: tuple[float, ...]

    def codes(self, amounts: Floats) -> Codes:
        """intp[n]; NaN is not known."""
        reached = np.searchsorted(np.array(self.thresholds), amounts, side="right")
        return np.where(np.isnan(amounts), MISSING_CODE, OTHER_CODE + reached)


Test: TypeAlias = Texts | Equals | Inside | Reaches


@dataclass(frozen=True)
class WeightedFactor:
    """A rule and its place in the scorecard.

    weight: the most that it can add to the score, above 0, at most 100. attributes: one; several where they are
    counted (`counts`). outcomes: not known, otherwise, then what the rule names. usual: the mean of the different
    points that it can give where the attribute is known, 0 to 100.
    """

    name: str
    group: str
    attributes: tuple[Attribute, ...]
    counts: bool
    layer: Layer
    weight: float
    test: Test
    outcomes: tuple[Outcome, ...]
    usual: float

    @property
    def axis(self) -> Axis:
        """The axis of the layer."""
        return AXIS_OF_LAYER[self.layer]

    @property
    def neutral(self) -> float:
        """What the usual points add to the score, 0 to `weight`."""
        return self.weight * self.usual / TOTAL

    @property
    def points(self) -> Floats:
        """What each outcome adds to the score, float64[outcomes], 0 to `weight`."""
        return np.array([self.weight * outcome.points / TOTAL for outcome in self.outcomes], dtype=np.float64)

    @property
    def column(self) -> ModelColumn:
        """The factor as a category whose levels are its outcomes, with the way back to attribute, layer and axis."""
        attribute = " + ".join(each.name for each in self.attributes)
        levels = tuple(outcome.text for outcome in self.outcomes)
        return ModelColumn(self.name, self.name, attribute, self.layer, self.axis, "category", levels)

    def codes(self, parsed: ParsedTable) -> Codes:
        """intp[n]: the outcome of each row."""
        if isinstance(self.test, Texts):
            return self.test.codes(parsed.columns[self.attributes[0].name])
        return self.test.codes(self._count(parsed) if self.counts else self._value(parsed))

    def _value(self, parsed: ParsedTable) -> Floats:
        column = parsed.columns[self.attributes[0].name]
        if not isinstance(column, NumberColumn):
            raise TypeError(f"texts were read where the rule '{self.name}' needs an amount")
        return column.values

    def _count(self, parsed: ParsedTable) -> Floats:
        """float64[n]: how many are present among those that are known; NaN where none is known."""
        present = np.zeros(parsed.n_rows)
        known = np.zeros(parsed.n_rows, dtype=bool)
        for attribute in self.attributes:
            present += _present(parsed.columns[attribute.name])
            known |= ~parsed.missing(attribute.name)
        return np.where(known, present, np.nan)


def folded(text: str) -> str:
    """A text as rules compare it: whatever its case and outer space."""
    return text.strip().casefold()


def _present(column: ParsedColumn) -> Floats:
    """float64[n]: the members of a set; 1 for a flag that is yes and a number above 0. What is missing counts 0."""
    if isinstance(column, SetColumn):
        return column.sizes().astype(np.float64)
    if isinstance(column, CategoryColumn):
        raise TypeError("a category cannot be counted")
    return (column.values > 0).astype(np.float64)


def _known_or_not(amounts: Floats) -> Codes:
    return np.where(np.isnan(amounts), MISSING_CODE, OTHER_CODE).astype(np.intp)
