"""What leaves for each row of a list: id, probability, log-odds, reasons, what was missing, and the row's status.

    id, probability, log_odds, reason_for_1, reason_for_1_effect, ..., reason_against_1, ...,
    attributes_missing, status

A row that cannot be scored keeps its place, has null where a score would be, and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from icp_ml.errors import ConfigError
from icp_ml.serve.reasons import Reasons

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Arrow: TypeAlias = Any

ROW_NUMBER: Final = "row"
"""Name of the id column where the list has none: rows are numbered from 1."""
LABEL_TYPE: Final = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class StatusBook:
    """The texts that a row's status can have: by number of missing attributes, then "no id".

    attributes: how many the model uses. absent: names of those whose column the whole list lacks.
    """

    attributes: int
    absent: tuple[str, ...]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Entry k is for k missing attributes; the last one for a row without id."""
        of = f"of {self.attributes} attributes missing"
        lacking = f"; the list lacks {', '.join(self.absent)}" if self.absent else ""
        some = (f"scored with {count} {of}{lacking}" for count in range(1, self.attributes))
        return ("scored", *some, "not scored: no attribute known", "not scored: no id")

    def codes(self, missing: NDArray[np.int32], has_id: Flags) -> NDArray[np.int32]:
        """The status of each row, as a place in `texts`."""
        return np.where(has_id, missing, len(self.texts) - 1).astype(np.int32)

    def is_scored(self, codes: NDArray[np.int32]) -> Flags:
        """Whether a status is that of a row with a score."""
        return codes < self.attributes


@dataclass(frozen=True)
class ScoredRows:
    """The answers to n rows, as arrays of length n. reasons: for and against."""

    probability: Floats
    log_odds: Floats
    reasons: tuple[Reasons, Reasons]
    missing: NDArray[np.int32]
    status: NDArray[np.int32]
    is_scored: Flags


@dataclass(frozen=True)
class Outgoing:
    """The shape of the output: one schema for all batches of a list."""

    labels: Arrow
    reasons: int

    def schema(self, id_name: str, id_type: Arrow) -> Arrow:
        """Column names and types. Raises `ConfigError` where the id column has the name of another column."""
        fields = [pa.field(id_name, id_type), pa.field("probability", pa.float64()), pa.field("log_odds", pa.float64())]
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
        return pa.schema(fields)

    def record_batch(self, schema: Arrow, ids: Arrow, rows: ScoredRows, statuses: Sequence[str]) -> Arrow:
        """The output rows of one batch."""
        hidden = ~rows.is_scored
        reasons_for, reasons_against = (_hidden(reasons, hidden) for reasons in rows.reasons)
        status = pa.DictionaryArray.from_arrays(pa.array(rows.status), pa.array(statuses, pa.string()))
        arrays = [
            ids,
            pa.array(rows.probability, mask=hidden),
            pa.array(rows.log_odds, mask=hidden),
            *reasons_for.columns(self.labels),
            *reasons_against.columns(self.labels),
            pa.array(rows.missing),
            status,
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _hidden(reasons: Reasons, hidden: Flags) -> Reasons:
    return Reasons(np.where(hidden[:, None], np.int32(-1), reasons.codes), reasons.effects)


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
