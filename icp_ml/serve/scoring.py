"""Scoring: a list in, the same rows out in the same order, with tier, score, probability and the reasons for it.

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
from icp_ml.serve.bundle import Bundle, open_bundle
from icp_ml.serve.golden import used_attributes
from icp_ml.serve.incoming import Batches, Incoming, NamedBatch, Tabular
from icp_ml.serve.known import KnownAccounts, Seen
from icp_ml.serve.marks import Marker, make_marker
from icp_ml.serve.notes import ScoringNotes, oddities
from icp_ml.serve.outgoing import Outgoing, ScoredRows, StatusBook, has_id, row_ids
from icp_ml.serve.reasons import ReasonBook, reason_book
from icp_ml.serve.tier_book import TierBook

Floats = NDArray[np.float64]

REASONS: Final = 3
BASE: Final = "base"


@dataclass(frozen=True)
class ScoredBatch:
    """Output rows of one batch, and what there is to say about them.

    source: the rows as they were read. is_scored: bool[n], rows with a score. repeated: rows whose id was met before.
    """

    records: Tabular
    notes: ScoringNotes
    source: NamedBatch
    is_scored: NDArray[np.bool_]
    repeated: NDArray[np.bool_]


@dataclass(frozen=True)
class _Reading:
    """One batch as the model sees it. missing: number of the model's attributes not known in each row."""

    parsed: ParsedTable
    encoded: Floats
    missing: NDArray[np.int32]


@dataclass(frozen=True)
class Scorer:
    """A verified bundle, ready to answer. It has no clock:

    `as_of` is the day to which ages in a list count. content_hash: of the bundle as it was read, "" for one that was
    not. known: customers and open deals to be marked, None where nobody was named.
    """

    bundle: Bundle
    content_hash: str = ""
    known: KnownAccounts | None = None

    @staticmethod
    def load(path: str | Path) -> Scorer:
        """Open a bundle folder.

        Raises `ModelNotFound` where there is none, `BundleInvalid` where it disagrees.
        """
        stored = open_bundle(Path(path))
        return Scorer(stored.bundle, stored.content_hash)

    @property
    def classes_(self) -> NDArray[np.int64]:
        """What the columns of `predict_proba` stand for: lost (0) and won (1)."""
        return np.array([0, 1])

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that the model uses."""
        return used_attributes(self.bundle.model, self.bundle.attributes)

    @cached_property
    def read_attributes(self) -> tuple[Attribute, ...]:
        """The attributes that the model or a rule asks about: what is read from a list."""
        policy = self.bundle.policy
        asked = {rule.attribute for rule in (*policy.exclusions, *policy.boundary)}
        used = {attribute.name for attribute in self.attributes}
        return tuple(each for each in self.bundle.attributes if each.name in used | asked)

    @cached_property
    def tier_book(self) -> TierBook:
        """What tiers, scores and actions come from."""
        model = self.bundle.model
        return TierBook(self.bundle.tiering.cuts, self.bundle.policy.actions, model.base, model.vocabulary.columns)

    @cached_property
    def _marker(self) -> Marker:
        return make_marker(self.bundle.policy, self.read_attributes, self.known)

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
        self._day(as_of)
        return self._score_each(batches, as_of, self._outgoing(reasons))

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
        return Incoming(self.read_attributes, self.bundle.prospects)

    @cached_property
    def _book(self) -> ReasonBook:
        return reason_book(self.bundle.model, self.attributes)

    def _outgoing(self, reasons: int) -> Outgoing:
        if reasons < 0:
            raise ConfigError(f"the number of reasons was expected to be 0 or more and is {reasons}; raise it")
        provenance = self.bundle.provenance
        metadata = {
            "icp.model": f"{provenance.name} version {provenance.version}",
            "icp.content_hash": self.content_hash,
            "icp.target": provenance.target,
            "icp.base_score": repr(self.tier_book.base_score),
        }
        return Outgoing(pa.array(self._book.labels, pa.string()), reasons, self.tier_book, metadata)

    def _score_whole(self, data: pd.DataFrame | Tabular, as_of: date | None, reasons: int) -> Tabular:
        batches = self._incoming.batches(data)
        scored = [each.records for each in self.score_stream(batches, as_of=as_of, reasons=reasons)]
        return pa.Table.from_batches(scored)

    def _readings(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None) -> Iterator[_Reading]:
        day = self._day(as_of)
        return (self._read(batch, day) for batch in self._incoming.batches(data))

    def _read(self, batch: NamedBatch, day: NDArray[np.datetime64] | None) -> _Reading:
        parsed = parse_attributes(batch.records, self.read_attributes, day, batch.absent)
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
        dated = [attribute.name for attribute in self.read_attributes if attribute.kind in ("date", "year")]
        if as_of is None and dated:
            raise ConfigError(
                f"the day to which ages count was expected, because '{dated[0]}' is read, and none was given; "
                "pass as_of, such as the day of the list"
            )
        return None if as_of is None else np.array(as_of, dtype="datetime64[D]")

    def _score_each(
        self, batches: Iterable[NamedBatch], as_of: date | None, outgoing: Outgoing
    ) -> Iterator[ScoredBatch]:
        first_row, seen = 1, Seen()
        for batch in batches:
            scored, seen = self._score_batch(batch, as_of, outgoing, first_row, seen)
            yield scored
            first_row += batch.records.num_rows

    def _score_batch(
        self, batch: NamedBatch, as_of: date | None, outgoing: Outgoing, first_row: int, seen: Seen
    ) -> tuple[ScoredBatch, Seen]:
        reading = self._read(batch, self._day(as_of))
        absent = tuple(each.name for each in self.attributes if each.name in batch.absent)
        statuses = StatusBook(len(self.attributes), absent, self._marker.texts)
        id_name, ids = row_ids(batch, first_row)
        named = None if batch.id is None else ids
        repeated, seen = (np.zeros(len(ids), dtype=bool), seen) if named is None else seen.meet(ids)
        marks = self._marker.codes(reading.parsed, named, repeated, as_of)
        status = statuses.codes(reading.missing, has_id(ids), marks)
        rows = self._answer(reading, status, statuses, outgoing.reasons)
        schema = outgoing.schema(id_name, ids.type)
        records = outgoing.record_batch(schema, ids, rows, statuses.texts)
        notes = self._notes(reading, rows, statuses)
        return ScoredBatch(records, notes, batch, rows.is_scored, repeated), seen

    def _answer(self, reading: _Reading, status: NDArray[np.int32], statuses: StatusBook, reasons: int) -> ScoredRows:
        log_odds, effects = self._margins(reading), self._effects(reading)
        answers = self.tier_book.answer(log_odds, effects)
        marked = statuses.is_marked(status)
        actions = self.tier_book.action_codes(answers)
        instead = np.array([self.tier_book.suppressed_action(each) for each in self._marker.actions], dtype=np.int32)
        actions[marked] = instead[status[marked] - statuses.first_mark]
        return ScoredRows(
            probability=self.bundle.model.probability(log_odds),
            log_odds=log_odds,
            tiers=answers,
            actions=actions,
            reasons=self._book.strongest(reading.encoded, effects, reading.parsed, reasons),
            missing=reading.missing,
            status=status,
            is_scored=statuses.is_scored(status),
            is_marked=marked,
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
            by_tier=self._by_tier(rows),
        )

    def _by_tier(self, rows: ScoredRows) -> dict[str, int]:
        labels = self.bundle.tiering.cuts.labels
        counts = np.bincount(rows.tiers.tier[rows.is_scored & ~rows.is_marked], minlength=len(labels)).tolist()
        return dict(zip(labels, counts, strict=True))
