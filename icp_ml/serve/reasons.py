"""Reason codes: what spoke most for a row and what spoke most against it.

A reason is a code into one list of labels, shared by all rows and batches, and an effect: in log-odds, or in points
of score where the scorecard is weighted by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable
from icp_ml.model.win_model import WinModel
from icp_ml.profile.wording import label_codes, label_texts

Floats = NDArray[np.float64]

SMALLEST_EFFECT: Final = 1e-9
"""Contributions are exact to this; what is smaller is rounding and no reason."""
NO_REASON: Final = -1


@dataclass(frozen=True)
class Reasons:
    """The k strongest reasons of each row, strongest first.

    codes: int32 (n, k) into the labels, -1 where there are fewer. effects: (n, k), in the unit of the
    contributions, 0 where there is none.
    """

    codes: NDArray[np.int32]
    effects: Floats

    def columns(self, labels: pa.Array) -> list[pa.Array]:
        """Label, effect, label, effect, ...: dictionary and float64 arrays, null where there is no reason."""
        arrays = []
        for place in range(self.codes.shape[1]):
            codes, effects = self.codes[:, place], self.effects[:, place]
            none = codes == NO_REASON
            arrays.append(pa.DictionaryArray.from_arrays(pa.array(codes, mask=none), labels))
            arrays.append(pa.array(effects, mask=none))
        return arrays


@dataclass(frozen=True)
class ReasonBook:
    """All labels of a model. labels: distinct texts. codes_of: for each model column the label of each state.

    sets: for each set attribute the places of its columns.
    """

    model: WinModel
    labels: tuple[str, ...]
    codes_of: tuple[NDArray[np.int32], ...]
    sets: Mapping[str, tuple[int, ...]]

    def strongest(
        self, encoded: Floats, contributions: Floats, parsed: ParsedTable, count: int
    ) -> tuple[Reasons, Reasons]:
        """The `count` strongest reasons for and against each row. Ties go to the earlier column.

        encoded, contributions: (n, p). A set that is not known gives one reason, the sum of its factors:
        none of them is known more or less than the others.
        """
        codes = self._codes(encoded, parsed)
        values = self._sets_not_known_as_one(contributions, parsed)
        return strongest(values, codes, count)

    def _codes(self, encoded: Floats, parsed: ParsedTable) -> NDArray[np.int32]:
        codes = np.empty(encoded.shape, dtype=np.int32)
        pairs = zip(self.model.vocabulary.columns, self.model.scorecard.columns, strict=True)
        for place, (column, points) in enumerate(pairs):
            missing = parsed.missing(column.attribute)
            codes[:, place] = self.codes_of[place][label_codes(column, points, encoded[:, place], missing)]
        return codes

    def _sets_not_known_as_one(self, contributions: Floats, parsed: ParsedTable) -> Floats:
        values = contributions.copy()
        for attribute, places in self.sets.items():
            rows = np.flatnonzero(parsed.missing(attribute))
            block = np.ix_(rows, np.array(places))
            values[block] = 0.0
            values[rows, places[0]] = contributions[block].sum(axis=1)
        return values


def reason_book(model: WinModel, attributes: Sequence[Attribute]) -> ReasonBook:
    """Collect the labels of a model's columns. `attributes`: at least those of its vocabulary."""
    by_name = {attribute.name: attribute for attribute in attributes}
    code_of: dict[str, int] = {}
    codes, sets = [], dict[str, tuple[int, ...]]()
    pairs = zip(model.vocabulary.columns, model.scorecard.columns, strict=True)
    for place, (column, points) in enumerate(pairs):
        texts = label_texts(by_name[column.attribute], column, points)
        codes.append(np.array([code_of.setdefault(text, len(code_of)) for text in texts], dtype=np.int32))
        if column.kind in ("member", "count"):
            sets[column.attribute] = (*sets.get(column.attribute, ()), place)
    return ReasonBook(model, tuple(code_of), tuple(codes), sets)


def strongest(contributions: Floats, codes: NDArray[np.int32], count: int) -> tuple[Reasons, Reasons]:
    """The `count` strongest reasons for and against each row. Ties go to the earlier column.

    contributions: (n, p), in any unit, which effects keep. codes: (n, p), the label of each.
    """
    return _top(contributions, codes, count), _negated(_top(-contributions, codes, count))


def _top(values: Floats, codes: NDArray[np.int32], count: int) -> Reasons:
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    effects = np.zeros((len(values), count))
    chosen = np.full((len(values), count), NO_REASON, dtype=np.int32)
    effects[:, : order.shape[1]] = np.take_along_axis(values, order, axis=1)
    chosen[:, : order.shape[1]] = np.take_along_axis(codes, order, axis=1)
    is_reason = effects > SMALLEST_EFFECT
    return Reasons(np.where(is_reason, chosen, NO_REASON).astype(np.int32), np.where(is_reason, effects, 0.0))


def _negated(reasons: Reasons) -> Reasons:
    return Reasons(reasons.codes, -reasons.effects)
