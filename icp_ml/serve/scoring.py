"""Scoring: a list in, the same rows out in the same order, with a probability and the reasons for it.

    scorer = icp_ml.load("models/icp/v3")
    scorer.score(frame)                          a DataFrame for a DataFrame, a Table for a Table
    for batch in scorer.score(batches): ...      record batches for record batches, one at a time

The probability is that of winning a closed opportunity. For lists of companies that nobody talks to yet,
the order is supported by the deals; the level is an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final, overload

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.errors import ConfigError
from icp_ml.model.lineage import Level, roll_up
from icp_ml.serve.bundle import Bundle, read_bundle
from icp_ml.serve.golden import used_attributes
from icp_ml.serve.incoming import Batches, Incoming, NamedBatch, Tabular
from icp_ml.serve.notes import ScoringNotes, oddities
from icp_ml.serve.outgoing import ROW_NUMBER, Outgoing, ScoredRows, StatusBook, has_id, plain_ids
from icp_ml.serve.reasons import ReasonBook, reason_book

Floats = NDArray[np.float64]

REASONS: Final = 3
BASE: Final = "base"


@dataclass(frozen=True)
class ScoredBatch:
    """Output rows of one batch, and what there is to say about them."""

    records: Tabular
    notes: ScoringNotes


@dataclass(frozen=True)
class _Reading:
    """One batch as the model sees it. missing: number of attributes not known in each row."""

    parsed: ParsedTable
    encoded: Floats
    missing: NDArray[np.int32]


@dataclass(frozen=True)
class Scorer:
    """A verified bundle, ready to answer. It has no clock:

    `as_of` is the day to which ages in a list count.
    """

    bundle: Bundle

    @staticmethod
    def load(path: str | Path) -> Scorer:
        """Open a bundle folder.

        Raises `ModelNotFound` where there is none, `BundleInvalid` where it disagrees.
        """
        return Scorer(read_bundle(Path(path)))

    @property
    def classes_(self) -> NDArray[np.int64]:
        """What the columns of `predict_proba` stand for: lost (0) and won (1)."""
        return np.array([0, 1])

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that the model uses."""
        return used_attributes(self.bundle.model, self.bundle.attributes)

    @overload
    def score(self, data: pd.DataFrame, *, as_of: date | None = None, reasons: int = REASONS) -> pd.DataFrame: ...
    @overload
    def score(self, data: Tabular | Batches, *, as_of: date | None = None, reasons: int = REASONS) -> Any: ...
    def score(
        self, data: pd.DataFrame | Tabular | Batches, *, as_of: date | None = None, reasons: int = REASONS
    ) -> pd.DataFrame | Tabular | Iterator[Tabular]:
        """Score a list; see the head of the file for what comes back and `outgoing` for its columns.

        data: columns as the deals had them, or as the bundle's map says; others are ignored, and a list may
        lack some. as_of: required where the model uses a date or year. reasons: how many for and against, 0
        or more.

        Raises `ConfigError` without a needed `as_of`, `InputError` where the list has no attribute's column.
        """
        if isinstance(data, pd.DataFrame):
            scored = self._score_whole(data, as_of, reasons).to_pandas()
            scored.index = data.index
            return scored
        if isinstance(data, pa.Table):
            return self._score_whole(data, as_of, reasons)
        if isinstance(data, pa.RecordBatch):
            return self._score_whole(data, as_of, reasons).combine_chunks().to_batches()[0]
        batches = self._incoming.batches(data)
        return (scored.records for scored in self.score_stream(batches, as_of=as_of, reasons=reasons))

    def score_stream(
        self, batches: Iterable[NamedBatch], *, as_of: date | None = None, reasons: int = REASONS
    ) -> Iterator[ScoredBatch]:
        """Score batches one at a time; nothing is kept from one to the next but the number of rows.

        Raises `ConfigError`, before the first batch, where `as_of` is needed and None, or `reasons` is
        negative.
        """
        return self._score_each(batches, self._day(as_of), self._outgoing(reasons))

    def predict_proba(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None) -> Floats:
        """Probability of losing and winning, float64[n, 2], as scikit-learn has it; NaN where nothing is known."""
        won = self.bundle.model.probability(self.log_odds(data, as_of))
        return np.column_stack([1.0 - won, won])

    def log_odds(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None) -> Floats:
        """Log-odds of winning a closed opportunity, float64[n]; NaN where no attribute is known."""
        found = [
            np.where(self._knows(reading), self._margins(reading), np.nan) for reading in self._readings(data, as_of)
        ]
        return np.concatenate([np.empty(0), *found])

    def contributions(
        self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None, by: Level = "factor"
    ) -> pd.DataFrame:
        """What each factor adds to the log-odds of each row; with the column "base" a row adds up to `log_odds`.

        by: "factor", "attribute", "layer" or "axis": the signed sums at that level. NaN where no attribute is known.
        """
        model = self.bundle.model
        found = [
            np.where(self._knows(reading)[:, None], self._effects(reading), np.nan)
            for reading in self._readings(data, as_of)
        ]
        columns = model.vocabulary.columns
        names, values = roll_up(np.concatenate([np.empty((0, len(columns))), *found]), columns, by)
        index = data.index if isinstance(data, pd.DataFrame) else None
        frame = pd.DataFrame(values, columns=list(names), index=index)
        frame.insert(0, BASE, model.base)
        return frame

    @cached_property
    def _incoming(self) -> Incoming:
        return Incoming(self.attributes, self.bundle.prospects)

    @cached_property
    def _book(self) -> ReasonBook:
        return reason_book(self.bundle.model, self.attributes)

    def _outgoing(self, reasons: int) -> Outgoing:
        if reasons < 0:
            raise ConfigError(f"the number of reasons was expected to be 0 or more and is {reasons}; raise it")
        return Outgoing(pa.array(self._book.labels, pa.string()), reasons)

    def _score_whole(self, data: pd.DataFrame | Tabular, as_of: date | None, reasons: int) -> Tabular:
        batches = self._incoming.batches(data)
        scored = [each.records for each in self.score_stream(batches, as_of=as_of, reasons=reasons)]
        return pa.Table.from_batches(scored)

    def _readings(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None) -> Iterator[_Reading]:
        day = self._day(as_of)
        return (self._read(batch, day) for batch in self._incoming.batches(data))

    def _read(self, batch: NamedBatch, day: NDArray[np.datetime64] | None) -> _Reading:
        parsed = parse_attributes(batch.records, self.attributes, day, batch.absent)
        missing = np.zeros(parsed.n_rows, dtype=np.int32)
        for attribute in self.attributes:
            missing += parsed.missing(attribute.name)
        return _Reading(parsed, self.bundle.model.vocabulary.encode(parsed), missing)

    def _knows(self, reading: _Reading) -> NDArray[np.bool_]:
        return reading.missing < len(self.attributes)

    def _margins(self, reading: _Reading) -> Floats:
        """Log-odds, float64[n]. LightGBM does not answer for no rows at all."""
        return self.bundle.model.log_odds(reading.encoded) if len(reading.encoded) else np.empty(0)

    def _effects(self, reading: _Reading) -> Floats:
        """Contributions, float64[n, p]."""
        encoded = reading.encoded
        return self.bundle.model.contributions(encoded).values if len(encoded) else np.empty(encoded.shape)

    def _day(self, as_of: date | None) -> NDArray[np.datetime64] | None:
        dated = [attribute.name for attribute in self.attributes if attribute.kind in ("date", "year")]
        if as_of is None and dated:
            raise ConfigError(
                f"the day to which ages count was expected, because the model uses '{dated[0]}', and none was given; "
                "pass as_of, such as the day of the list"
            )
        return None if as_of is None else np.array(as_of, dtype="datetime64[D]")

    def _score_each(
        self, batches: Iterable[NamedBatch], day: NDArray[np.datetime64] | None, outgoing: Outgoing
    ) -> Iterator[ScoredBatch]:
        first_row = 1
        for batch in batches:
            yield self._score_batch(batch, day, outgoing, first_row)
            first_row += batch.records.num_rows

    def _score_batch(
        self, batch: NamedBatch, day: NDArray[np.datetime64] | None, outgoing: Outgoing, first_row: int
    ) -> ScoredBatch:
        reading = self._read(batch, day)
        absent = tuple(each.name for each in self.attributes if each.name in batch.absent)
        statuses = StatusBook(len(self.attributes), absent)
        id_name, ids = _ids(batch, first_row)
        status = statuses.codes(reading.missing, has_id(ids))
        rows = self._answer(reading, status, statuses, outgoing.reasons)
        schema = outgoing.schema(id_name, ids.type)
        return ScoredBatch(
            outgoing.record_batch(schema, ids, rows, statuses.texts), self._notes(reading, rows, statuses)
        )

    def _answer(self, reading: _Reading, status: NDArray[np.int32], statuses: StatusBook, reasons: int) -> ScoredRows:
        log_odds = self._margins(reading)
        return ScoredRows(
            probability=self.bundle.model.probability(log_odds),
            log_odds=log_odds,
            reasons=self._book.strongest(reading.encoded, self._effects(reading), reading.parsed, reasons),
            missing=reading.missing,
            status=status,
            is_scored=statuses.is_scored(status),
        )

    def _notes(self, reading: _Reading, rows: ScoredRows, statuses: StatusBook) -> ScoringNotes:
        unreadable, unseen = oddities(reading.parsed, self.bundle.model.vocabulary)
        count_of = np.bincount(rows.status, minlength=len(statuses.texts)).tolist()
        return ScoringNotes(
            rows=len(rows.status),
            scored=int(rows.is_scored.sum()),
            by_status={text: count for text, count in zip(statuses.texts, count_of, strict=True) if count},
            unreadable=unreadable,
            unseen=unseen,
            probability_sum=float(rows.probability[rows.is_scored].sum()),
        )


def _ids(batch: NamedBatch, first_row: int) -> tuple[str, Tabular]:
    if batch.id is not None:
        return batch.id, plain_ids(batch.records.column(batch.id))
    return ROW_NUMBER, pa.array(np.arange(first_row, first_row + batch.records.num_rows))
