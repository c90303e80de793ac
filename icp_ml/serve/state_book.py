"""From the states that tables tell apart to the reasons that people read.

Tables tell more values of a column apart than its reasons do: every cut of a tree or of the scorecard starts a new
state, and a reason names a bin of the scorecard. And a gap that the vocabulary filled is still called a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import ParsedTable
from icp_ml.model.cells.looking_up import SideReasons
from icp_ml.model.cells.tables import CellTables
from icp_ml.profile.wording import label_codes
from icp_ml.serve.reasons import NO_REASON, ReasonBook, Reasons

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class StateBook:
    """label_of: (columns, most states), the label of each state of a column that is known. unknown: (columns,), the

    label of one that is not. attributes: the distinct attributes. attribute_of: (columns,), places among them.
    """

    label_of: Codes
    unknown: Codes
    attributes: tuple[str, ...]
    attribute_of: NDArray[np.int64]

    def named(self, side: SideReasons, parsed: ParsedTable, count: int) -> Reasons:
        """The first `count` reasons of one side, by their labels."""
        columns, states = side.columns[:, :count], side.states[:, :count]
        there = columns != NO_REASON
        place = np.where(there, columns, 0)
        gaps = np.column_stack([parsed.missing(name) for name in self.attributes])
        is_gap = gaps[np.arange(len(place))[:, None], self.attribute_of[place]]
        codes = np.where(is_gap, self.unknown[place], self.label_of[place, np.where(there, states, 0)])
        return Reasons(np.where(there, codes, NO_REASON).astype(np.int32), side.effects[:, :count])


def state_book(book: ReasonBook, tables: CellTables) -> StateBook:
    """The labels of all states of a model's columns."""
    columns = book.model.vocabulary.columns
    label_of = np.zeros(tables.singles.shape, dtype=np.int32)
    unknown = np.zeros(len(columns), dtype=np.int32)
    pairs = zip(columns, book.model.scorecard.columns, tables.columns, strict=True)
    for place, (column, points, codes) in enumerate(pairs):
        if column.is_category:
            values = np.zeros(codes.count)
            values[codes.code_of_level] = np.arange(len(codes.code_of_level))
        else:
            values = codes.representatives()
        labels = book.codes_of[place]
        known = np.zeros(len(values), dtype=bool)
        label_of[place, : len(values)] = labels[label_codes(column, points, values, known)]
        unknown[place] = labels[label_codes(column, points, values[:1], ~known[:1])][0]
    attributes = tuple(dict.fromkeys(column.attribute for column in columns))
    attribute_of = np.array([attributes.index(column.attribute) for column in columns], dtype=np.int64)
    return StateBook(label_of, unknown, attributes, attribute_of)
