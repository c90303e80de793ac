"""What every model does with a list, whether it learned from deals or was weighted by hand: rows in, rows out.

    read the columns that are asked about -> mark customers and exclusions -> answer -> tier, action, status

A kind of model says what it answers (`ListScorer._answer`); everything around the answer is here, once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Final, Generic, Protocol, Self, TypeVar, overload

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.deals.vocabulary import ModelColumn, Vocabulary
from icp_ml.errors import ConfigError
from icp_ml.model.lineage import Level, roll_up
from icp_ml.profile.tiering import Policy
from icp_ml.serve.in_order import in_order
from icp_ml.serve.incoming import Batches, Incoming, NamedBatch, Tabular
from icp_ml.serve.known import KnownAccounts
from icp_ml.serve.marks import Marker, make_marker
from icp_ml.serve.notes import ScoringNotes, oddities
from icp_ml.serve.outgoing import AS_OF, PROBABILITY, AnsweredRows, Outgoing, StatusBook, has_id, row_ids
from icp_ml.serve.placed import NOTHING_PASSED, Passed, Placed, placed_in
from icp_ml.serve.reasons import Reasons
from icp_ml.serve.tier_book import TierBook

Floats = NDArray[np.float64]
Day = NDArray[np.datetime64]

REASONS: Final = 3
MOST_REASONS: Final = 1_000
"""Reasons on a side of a row, where the model has no more attributes; a larger number is a slip."""
BASE: Final = "base"


class ListBundle(Protocol):
    """What scoring a list asks of a bundle of any kind."""

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """All declared attributes; a rule may ask about one that the model does not use."""

    @property
    def prospects(self) -> ProspectsSettings:
        """How a list is read."""

    @property
    def policy(self) -> Policy:
        """Actions, exclusions, boundary."""


B = TypeVar("B", bound=ListBundle)


@dataclass(frozen=True)
class Reading:
    """One batch as it was read. missing: int32[n], how many of the model's attributes are not known in each row."""

    parsed: ParsedTable
    missing: NDArray[np.int32]


@dataclass(frozen=True)
class Answers:
    """What a model says of n rows.

    scale: float64[n], what the cuts of the tiers are asked with. sums: (n, groups of the tier book), which with the
    base add up to it. reasons: for and against. odds: the columns that the output's `odds` name, the probability first.
    """

    scale: Floats
    sums: Floats
    reasons: tuple[Reasons, Reasons]
    odds: tuple[Floats, ...] = ()


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
class ListScorer(ABC, Generic[B]):
    """A verified bundle, ready to answer. It has no clock:

    `as_of` is the day to which ages in a list count. content_hash: of the bundle as it was read, "" for one that was
    not. known: customers and open deals to be marked, None where nobody was named.
    """

    bundle: B
    content_hash: str = ""
    known: KnownAccounts | None = None

    @property
    @abstractmethod
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that the model uses."""

    @property
    @abstractmethod
    def columns(self) -> tuple[ModelColumn, ...]:
        """What effects are of, in their order, with attribute, layer and axis."""

    @property
    @abstractmethod
    def base(self) -> float:
        """What the effects of a row add to, on the scale of the cuts."""

    @property
    @abstractmethod
    def vocabulary(self) -> Vocabulary:
        """The columns in which a value that no deal had is worth a note."""

    @property
    @abstractmethod
    def tier_book(self) -> TierBook:
        """What tiers, scores and actions come from."""

    @property
    @abstractmethod
    def _about(self) -> Mapping[str, str]:
        """What Parquet output says of the model."""

    @property
    @abstractmethod
    def _labels(self) -> Sequence[str]:
        """Every text that a reason can have."""

    @property
    @abstractmethod
    def _odds(self) -> tuple[str, ...]:
        """The columns of `Answers.odds`."""

    @property
    def _level(self) -> str | None:
        """What is said of the level of each probability, None where it is what was learned."""
        return None

    @abstractmethod
    def _effects(self, reading: Reading) -> Floats:
        """float64[n, columns]: what each column adds to the base in each row."""

    @abstractmethod
    def _answer(self, reading: Reading, reasons: int) -> Answers:
        """The answers to all rows, those that nothing is known of included."""

    @cached_property
    def read_attributes(self) -> tuple[Attribute, ...]:
        """The attributes that the model, an exclusion or the boundary asks about: what is read from a list."""
        policy = self.bundle.policy
        asked = {name for rule in (*policy.exclusions, *policy.boundary) for name in rule.attributes}
        used = {attribute.name for attribute in self.attributes}
        return tuple(each for each in self.bundle.attributes if each.name in used | asked)

    def knowing(self, known: KnownAccounts | None) -> Self:
        """The same, with these customers and open deals to be marked."""
        return replace(self, known=known)

    @overload
    def score(self, data: pd.DataFrame, *, as_of: date | None = None, reasons: int = REASONS) -> pd.DataFrame: ...
    @overload
    def score(self, data: Tabular | Batches, *, as_of: date | None = None, reasons: int = REASONS) -> Any: ...
    def score(
        self, data: pd.DataFrame | Tabular | Batches, *, as_of: date | None = None, reasons: int = REASONS
    ) -> pd.DataFrame | Tabular | Iterator[Tabular]:
        """Score a list: a DataFrame for a DataFrame, a Table for a Table; see `outgoing` for the columns.

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
        self,
        batches: Iterable[NamedBatch],
        *,
        as_of: date | None = None,
        reasons: int = REASONS,
        threads: int = 1,
        after: Passed = NOTHING_PASSED,
    ) -> Iterator[ScoredBatch]:
        """Score batches, `threads` of them side by side; all that is kept from one to the next is the ids met.

        after: what of the list lies before the first batch. Neither changes an answer. Raises `ConfigError`, before the
        first batch, where `as_of` is needed and None, or `reasons` is negative.
        """
        self._day(as_of)
        outgoing = self._outgoing(reasons, as_of)
        placed = placed_in(batches, after)
        return in_order(lambda each: self._score_batch(each, as_of, outgoing), placed, threads)

    def contributions(
        self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None, by: Level = "factor"
    ) -> pd.DataFrame:
        """What each factor adds in each row to the column "base"; together they are what the tiers are cut on:

        log-odds, or for a hand-weighted scorecard the score. by: "factor", "attribute", "layer" or "axis": the signed
        sums at that level. NaN where no attribute is known.
        """
        found = [
            np.where(self._knows(reading)[:, None], self._effects(reading), np.nan)
            for reading in self._readings(data, as_of)
        ]
        names, values = roll_up(np.concatenate([np.empty((0, len(self.columns))), *found]), self.columns, by)
        index = data.index if isinstance(data, pd.DataFrame) else None
        frame = pd.DataFrame(values, columns=list(names), index=index)
        frame.insert(0, BASE, self.base)
        return frame

    @cached_property
    def _incoming(self) -> Incoming:
        return Incoming(self.read_attributes, self.bundle.prospects)

    @cached_property
    def _marker(self) -> Marker:
        return make_marker(self.bundle.policy, self.read_attributes, self.known)

    def _outgoing(self, reasons: int, as_of: date | None) -> Outgoing:
        most = max(MOST_REASONS, len(self.attributes))
        if not 0 <= reasons <= most:
            raise ConfigError(f"the number of reasons was expected to be from 0 to {most} and is {reasons}; change it")
        metadata = {
            **self._about,
            **({} if as_of is None else {AS_OF: as_of.isoformat()}),
            "icp.content_hash": self.content_hash,
            "icp.base_score": repr(self.tier_book.base_score),
        }
        return Outgoing(pa.array(self._labels, pa.string()), reasons, self.tier_book, metadata, self._odds, self._level)

    def _score_whole(self, data: pd.DataFrame | Tabular, as_of: date | None, reasons: int) -> Tabular:
        batches = self._incoming.batches(data)
        scored = [each.records for each in self.score_stream(batches, as_of=as_of, reasons=reasons)]
        return pa.Table.from_batches(scored)

    def _readings(self, data: pd.DataFrame | Tabular | Batches, as_of: date | None) -> Iterator[Reading]:
        day = self._day(as_of)
        return (self._read(batch, day) for batch in self._incoming.batches(data))

    def _read(self, batch: NamedBatch, day: Day | None) -> Reading:
        parsed = parse_attributes(batch.records, self.read_attributes, day, batch.absent)
        missing = np.zeros(parsed.n_rows, dtype=np.int32)
        for attribute in self.attributes:
            missing += parsed.missing(attribute.name)
        return Reading(parsed, missing)

    def _knows(self, reading: Reading) -> NDArray[np.bool_]:
        return reading.missing < len(self.attributes)

    def _day(self, as_of: date | None) -> Day | None:
        dated = [attribute.name for attribute in self.read_attributes if attribute.kind in ("date", "year")]
        if as_of is None and dated:
            raise ConfigError(
                f"the day to which ages count was expected, because '{dated[0]}' is read, and none was given; "
                "pass as_of, such as the day of the list"
            )
        return None if as_of is None else np.array(as_of, dtype="datetime64[D]")

    def _score_batch(self, placed: Placed, as_of: date | None, outgoing: Outgoing) -> ScoredBatch:
        batch = placed.batch
        reading = self._read(batch, self._day(as_of))
        absent = tuple(each.name for each in self.attributes if each.name in batch.absent)
        statuses = StatusBook(len(self.attributes), absent, self._marker.texts)
        id_name, ids = row_ids(batch, placed.first_row)
        named = None if batch.id is None else ids
        marks = self._marker.codes(reading.parsed, named, placed.repeated, as_of)
        status = statuses.codes(reading.missing, has_id(ids), marks)
        rows = self._rows(reading, status, statuses, outgoing.reasons)
        records = outgoing.record_batch(outgoing.schema(id_name, ids.type), ids, rows, statuses.texts)
        records = self._told_beside(records, reading, as_of)
        return ScoredBatch(records, self._notes(reading, rows, statuses), batch, rows.is_scored, placed.repeated)

    def _told_beside(self, records: Tabular, _reading: Reading, _as_of: date | None) -> Tabular:
        """The output rows with what a kind of model has to say besides."""
        return records

    def _rows(self, reading: Reading, status: NDArray[np.int32], statuses: StatusBook, reasons: int) -> AnsweredRows:
        said = self._answer(reading, reasons)
        answers = self.tier_book.answer(said.scale, said.sums)
        marked = statuses.is_marked(status)
        actions = self.tier_book.action_codes(answers)
        instead = np.array([self.tier_book.suppressed_action(each) for each in self._marker.actions], dtype=np.int32)
        actions[marked] = instead[status[marked] - statuses.first_mark]
        return AnsweredRows(
            tiers=answers,
            actions=actions,
            reasons=said.reasons,
            odds=said.odds,
            missing=reading.missing,
            status=status,
            is_scored=statuses.is_scored(status),
            is_marked=marked,
        )

    def _notes(self, reading: Reading, rows: AnsweredRows, statuses: StatusBook) -> ScoringNotes:
        unreadable, unseen = oddities(reading.parsed, self.vocabulary)
        labels = self.tier_book.cuts.labels
        by_tier = np.bincount(rows.tiers.tier[rows.is_scored & ~rows.is_marked], minlength=len(labels)).tolist()
        by_status = np.bincount(rows.status, minlength=len(statuses.texts)).tolist()
        return ScoringNotes(
            rows=len(rows.status),
            scored=int(rows.is_scored.sum()),
            by_status={text: count for text, count in zip(statuses.texts, by_status, strict=True) if count},
            unreadable=unreadable,
            unseen=unseen,
            probability_sum=float(rows.odds[0][rows.is_scored].sum()) if PROBABILITY in self._odds else None,
            by_tier=dict(zip(labels, by_tier, strict=True)),
        )
