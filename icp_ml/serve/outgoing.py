"""What leaves for each row of a list: tier and score, what is done, probability, reasons, and the row's status.

    id, tier, score, action, quadrant, probability, log_odds, score_LAYER, ..., score_fit, score_intent,
    reason_for_1, reason_for_1_effect, ..., reason_against_1, ..., attributes_missing, status

Where intervals are asked for, probability_low and probability_high follow the probability; where its level was stated,
probability_level, which says so. A model with deal potential has its columns after the log-odds (see
`potential_columns`). A model of resemblance has `resemblance` in the place of the probability. A hand-weighted
scorecard has no probability and no log-odds, and no such columns.

A row that cannot be scored keeps its place, has null where a score would be, and says why. A row with a mark (a
customer, excluded, ...) has its score, and no tier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from icp_ml.errors import ConfigError
from icp_ml.profile.tiers import QUADRANTS
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.reasons import Reasons
from icp_ml.serve.tier_book import NONE, QUADRANT_TEXTS, TierAnswers, TierBook, coded

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Arrow: TypeAlias = Any

ROW_NUMBER: Final = "row"
"""Name of the id column where the list has none: rows are numbered from 1."""
AS_OF: Final = "icp.as_of"
"""Key of a Parquet output's metadata: the day to which ages were counted."""
LABEL_TYPE: Final = pa.dictionary(pa.int32(), pa.string())
PROBABILITY: Final = "probability"
ODDS: Final = (PROBABILITY, "log_odds")
"""What a model that learned from deals says beside the score."""
ODDS_WITH_INTERVALS: Final = ("probability", "probability_low", "probability_high", "log_odds")
LEVEL: Final = "probability_level"
"""The column that says that the level of the probability was stated and not learned."""


@dataclass(frozen=True)
class StatusBook:
    """The texts that a row's status can have: by number of missing attributes, "no id", then the marks.

    attributes: how many the model uses. absent: names of those whose column the whole list lacks.
    """

    attributes: int
    absent: tuple[str, ...]
    marks: tuple[str, ...] = ()

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Entry k is for k missing attributes."""
        of = f"of {self.attributes} attributes missing"
        lacking = f"; the list lacks {', '.join(self.absent)}" if self.absent else ""
        some = (f"scored with {count} {of}{lacking}" for count in range(1, self.attributes))
        return ("scored", *some, "not scored: no attribute known", "not scored: no id", *self.marks)

    def codes(self, missing: NDArray[np.int32], has_id: Flags, marks: NDArray[np.int32]) -> NDArray[np.int32]:
        """The status of each row, as a place in `texts`. marks: places in `marks`, -1 for none."""
        marked = (marks >= 0) & (missing < self.attributes)
        codes = np.where(marked, self.first_mark + marks, missing)
        return np.where(has_id, codes, self.attributes + 1).astype(np.int32)

    def is_scored(self, codes: NDArray[np.int32]) -> Flags:
        """Whether a status is that of a row with a score."""
        return (codes < self.attributes) | self.is_marked(codes)

    def is_marked(self, codes: NDArray[np.int32]) -> Flags:
        """Whether a status is a mark: such a row has a score and no tier."""
        return codes >= self.first_mark

    @property
    def first_mark(self) -> int:
        """The place in `texts` of the first mark."""
        return self.attributes + 2


@dataclass(frozen=True)
class AnsweredRows:
    """The answers to n rows, as arrays of length n. reasons: for and against. actions: places in the book's texts.

    odds: the columns that the output's `odds` name, in their order.
    """

    tiers: TierAnswers
    actions: NDArray[np.int32]
    reasons: tuple[Reasons, Reasons]
    missing: NDArray[np.int32]
    status: NDArray[np.int32]
    is_scored: Flags
    is_marked: Flags
    odds: tuple[Floats, ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """The shape of the output: one schema for all batches of a list. metadata: what Parquet carries along.

    odds: `ODDS` or `ODDS_WITH_INTERVALS` and the columns of deal potential that the model has, what stands in their
    place, or none. level: the text of the column `LEVEL`, None where there is none.
    """

    labels: Arrow
    reasons: int
    tiers: TierBook
    metadata: Mapping[str, str]
    odds: tuple[str, ...] = ODDS
    level: str | None = None

    def schema(self, id_name: str, id_type: Arrow) -> Arrow:
        """Column names and types. Raises `ConfigError` where the id column has the name of another column."""
        names = ["tier", "score", "action", "quadrant", *self.odds, *([] if self.level is None else [LEVEL])]
        texts = ("tier", "action", "quadrant", LEVEL)
        fields = [pa.field(id_name, id_type)]
        fields += [pa.field(name, LABEL_TYPE if name in texts else pa.float64()) for name in names]
        fields += [pa.field(f"score_{part}", pa.float64()) for part in self.tiers.parts]
        for side in ("for", "against"):
            for rank in range(1, self.reasons + 1):
                fields.append(pa.field(f"reason_{side}_{rank}", LABEL_TYPE))
                fields.append(pa.field(f"reason_{side}_{rank}_effect", pa.float64()))
        fields += [pa.field("attributes_missing", pa.int32()), pa.field("status", LABEL_TYPE)]
        if id_name in [field.name for field in fields[1:]]:
            raise ConfigError(
                f"the id column is called '{id_name}', and so is a column of the output; rename it in the list or "
                "name another id column"
            )
        return pa.schema(fields, metadata=dict(self.metadata))

    def record_batch(self, schema: Arrow, ids: Arrow, rows: AnsweredRows, statuses: Sequence[str]) -> Arrow:
        """The output rows of one batch."""
        hidden = ~rows.is_scored
        reasons_for, reasons_against = (_hidden(reasons, hidden) for reasons in rows.reasons)
        answers = rows.tiers
        tier = np.where(hidden | rows.is_marked, np.int8(NONE), answers.tier)
        arrays = [
            ids,
            coded(tier, self.tiers.cuts.labels),
            pa.array(answers.score, mask=hidden),
            coded(np.where(hidden, np.int32(NONE), rows.actions), self.tiers.action_texts),
            coded(np.where(hidden, np.int8(NONE), answers.quadrant), [QUADRANT_TEXTS[each] for each in QUADRANTS]),
            *(pa.array(values, mask=hidden) for values in rows.odds),
            *([] if self.level is None else [coded(np.where(hidden, np.int8(NONE), np.int8(0)), [self.level])]),
            *(pa.array(answers.sub_scores[:, k], mask=hidden) for k in range(len(self.tiers.parts))),
            *reasons_for.columns(self.labels),
            *reasons_against.columns(self.labels),
            pa.array(rows.missing),
            coded(rows.status, statuses),
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _hidden(reasons: Reasons, hidden: Flags) -> Reasons:
    return Reasons(np.where(hidden[:, None], np.int32(-1), reasons.codes), reasons.effects)


def row_ids(batch: NamedBatch, first_row: int) -> tuple[str, Arrow]:
    """Name and values of a batch's id column; the rows' numbers from `first_row` where the list has none."""
    if batch.id is not None:
        return batch.id, plain_ids(batch.records.column(batch.id))
    return ROW_NUMBER, pa.array(np.arange(first_row, first_row + batch.records.num_rows))


def plain_ids(column: Arrow) -> Arrow:
    """An id column in a type that does not change from batch to batch."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


def has_id(ids: Arrow) -> Flags:
    """Where there is an id: neither null nor blank text."""
    present = ids.is_valid()
    if pa.types.is_string(ids.type) or pa.types.is_large_string(ids.type):
        length = pc.utf8_length(pc.utf8_trim_whitespace(ids))
        present = pc.greater(pc.fill_null(length, 0), 0)
    return np.asarray(present, dtype=bool)
