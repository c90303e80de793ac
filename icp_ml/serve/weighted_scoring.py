"""Scoring by a hand-weighted scorecard: the same rows out, in the same order, as any model gives them.

There is no probability and there are no log-odds. Sub-scores, and the effects of reasons, are points of score:
base + sub-scores of the layers = score, and so do those of the axes, to 1e-9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.vocabulary import Vocabulary
from icp_ml.errors import ConfigError
from icp_ml.model.lineage import Level, roll_up
from icp_ml.model.weighted import WeightedScorecard
from icp_ml.model.weighted import score as score_of
from icp_ml.profile.weighted_records import NOT_A_PROBABILITY
from icp_ml.serve.incoming import Batches, Incoming, NamedBatch, Tabular
from icp_ml.serve.known import KnownAccounts, Seen
from icp_ml.serve.marks import Marker, make_marker
from icp_ml.serve.notes import ScoringNotes, oddities
from icp_ml.serve.outgoing import AnsweredRows, Outgoing, StatusBook, has_id, row_ids
from icp_ml.serve.reasons import Reasons, strongest
from icp_ml.serve.scoring import BASE, REASONS, ScoredBatch
from icp_ml.serve.tier_book import TierAnswers, TierBook
from icp_ml.serve.weighted_bundle import WeightedBundle, open_weighted

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]


class WeightedTierBook(TierBook):
    """Where the scale of the cuts is the score itself, parts are points already: no slope comes between."""

    def _answers(self, log_odds: Floats, parts: Floats, quadrant: NDArray[np.int8]) -> TierAnswers:
        return TierAnswers(self.cuts.tiers(log_odds), log_odds, parts, quadrant)


@dataclass(frozen=True)
class _OutcomeBook:
    """The outcomes of all rules in words. labels: distinct. codes_of: for each rule the label of each outcome."""

    labels: tuple[str, ...]
    codes_of: tuple[Codes, ...]

    def strongest(self, outcomes: NDArray[np.intp], contributions: Floats, count: int) -> tuple[Reasons, Reasons]:
        """outcomes: (n, factors), as `WeightedScorecard.codes` has them."""
        codes = np.empty(outcomes.shape, dtype=np.int32)
        for place, labels in enumerate(self.codes_of):
            codes[:, place] = labels[outcomes[:, place]]
        return strongest(contributions, codes, count)


def _outcome_book(scorecard: WeightedScorecard) -> _OutcomeBook:
    code_of: dict[str, int] = {}
    codes = [
        np.array([code_of.setdefault(each.text, len(code_of)) for each in factor.outcomes], dtype=np.int32)
        for factor in scorecard.factors
    ]
    return _OutcomeBook(tuple(code_of), tuple(codes))


@dataclass(frozen=True)
class WeightedScorer:
    """A verified hand-weighted scorecard, ready to answer. Fields are as `Scorer` has them."""

    bundle: WeightedBundle
    content_hash: str = ""
    known: KnownAccounts | None = None

    @staticmethod
    def load(path: str | Path) -> WeightedScorer:
        """Open a bundle folder. Raises as `open_weighted` does."""
        stored = open_weighted(Path(path))
        return WeightedScorer(stored.bundle, stored.content_hash)

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that some rule of the scorecard looks at."""
        return self.bundle.scorecard.attributes

    @cached_property
    def read_attributes(self) -> tuple[Attribute, ...]:
        """The attributes that the scorecard, an exclusion or the boundary asks about: what is read from a list."""
        policy = self.bundle.policy
        asked = {rule.attribute for rule in (*policy.exclusions, *policy.boundary)}
        used = {attribute.name for attribute in self.attributes}
        return tuple(each for each in self.bundle.attributes if each.name in used | asked)

    @cached_property
    def tier_book(self) -> TierBook:
        """What tiers and actions come from; it is asked with scores."""
        bundle = self.bundle
        return WeightedTierBook(bundle.cuts, bundle.policy.actions, bundle.scorecard.base, bundle.scorecard.columns)

    @overload
    def score(self, data: pd.DataFrame, *, as_of: date | None = None, reasons: int = REASONS) -> pd.DataFrame: ...
    @overload
    def score(self, data: Tabular | Batches, *, as_of: date | None = None, reasons: int = REASONS) -> Any: ...
    def score(
        self, data: pd.DataFrame | Tabular | Batches, *, as_of: date | None = None, reasons: int = REASONS
    ) -> pd.DataFrame | Tabular | Iterator[Tabular]:
        """Score a list; arguments, answers and errors are as `Scorer.score` has them, without the odds."""
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
        """Score batches one at a time. Raises `ConfigError`, before the first batch, as `Scorer.score_stream` does."""
        self._day(as_of)
        return self._score_each(batches, as_of, self._outgoing(reasons))

    def contributions(
        self, data: pd.DataFrame | Tabular | Batches, as_of: date | None = None, by: Level = "factor"
    ) -> pd.DataFrame:
        """What each rule adds to the score less what it usually adds, in points; with "base" a row adds up to it.

        by: "factor" (a rule), "attribute", "layer" or "axis". NaN where no attribute is known.
        """
        scorecard, day = self.bundle.scorecard, self._day(as_of)
        found = []
        for batch in self._incoming.batches(data):
            parsed = self._parsed(batch, day)
            knows = self._missing(parsed) < len(self.attributes)
            found.append(np.where(knows[:, None], scorecard.contributions(scorecard.points(parsed)), np.nan))
        whole = np.concatenate([np.empty((0, len(scorecard.factors))), *found])
        names, values = roll_up(whole, scorecard.columns, by)
        frame = pd.DataFrame(values, columns=list(names), index=data.index if isinstance(data, pd.DataFrame) else None)
        frame.insert(0, BASE, scorecard.base)
        return frame

    @cached_property
    def _incoming(self) -> Incoming:
        return Incoming(self.read_attributes, self.bundle.prospects)

    @cached_property
    def _marker(self) -> Marker:
        return make_marker(self.bundle.policy, self.read_attributes, self.known)

    @cached_property
    def _book(self) -> _OutcomeBook:
        return _outcome_book(self.bundle.scorecard)

    def _outgoing(self, reasons: int) -> Outgoing:
        if reasons < 0:
            raise ConfigError(f"the number of reasons was expected to be 0 or more and is {reasons}; raise it")
        provenance = self.bundle.provenance
        metadata = {
            "icp.model": f"{provenance.name} version {provenance.version}",
            "icp.content_hash": self.content_hash,
            "icp.kind": NOT_A_PROBABILITY,
            "icp.base_score": repr(self.tier_book.base_score),
        }
        return Outgoing(pa.array(self._book.labels, pa.string()), reasons, self.tier_book, metadata, odds=())

    def _score_whole(self, data: pd.DataFrame | Tabular, as_of: date | None, reasons: int) -> Tabular:
        batches = self._incoming.batches(data)
        scored = [each.records for each in self.score_stream(batches, as_of=as_of, reasons=reasons)]
        return pa.Table.from_batches(scored)

    def _day(self, as_of: date | None) -> NDArray[np.datetime64] | None:
        dated = [attribute.name for attribute in self.read_attributes if attribute.kind in ("date", "year")]
        if as_of is None and dated:
            raise ConfigError(
                f"the day to which ages count was expected, because '{dated[0]}' is read, and none was given; "
                "pass as_of, such as the day of the list"
            )
        return None if as_of is None else np.array(as_of, dtype="datetime64[D]")

    def _parsed(self, batch: NamedBatch, day: NDArray[np.datetime64] | None) -> ParsedTable:
        return parse_attributes(batch.records, self.read_attributes, day, batch.absent)

    def _missing(self, parsed: ParsedTable) -> Codes:
        missing = np.zeros(parsed.n_rows, dtype=np.int32)
        for attribute in self.attributes:
            missing += parsed.missing(attribute.name)
        return missing

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
        parsed = self._parsed(batch, self._day(as_of))
        absent = tuple(each.name for each in self.attributes if each.name in batch.absent)
        statuses = StatusBook(len(self.attributes), absent, self._marker.texts)
        id_name, ids = row_ids(batch, first_row)
        named = None if batch.id is None else ids
        repeated, seen = (np.zeros(len(ids), dtype=bool), seen) if named is None else seen.meet(ids)
        marks = self._marker.codes(parsed, named, repeated, as_of)
        missing = self._missing(parsed)
        rows = self._answer(parsed, missing, statuses.codes(missing, has_id(ids), marks), statuses, outgoing.reasons)
        records = outgoing.record_batch(outgoing.schema(id_name, ids.type), ids, rows, statuses.texts)
        return ScoredBatch(records, self._notes(parsed, rows, statuses), batch, rows.is_scored, repeated), seen

    def _answer(
        self, parsed: ParsedTable, missing: Codes, status: Codes, statuses: StatusBook, reasons: int
    ) -> AnsweredRows:
        scorecard = self.bundle.scorecard
        outcomes, points = scorecard.codes(parsed), scorecard.points(parsed)
        effects = scorecard.contributions(points)
        answers = self.tier_book.answer(score_of(points), effects)
        marked = statuses.is_marked(status)
        actions = self.tier_book.action_codes(answers)
        instead = np.array([self.tier_book.suppressed_action(each) for each in self._marker.actions], dtype=np.int32)
        actions[marked] = instead[status[marked] - statuses.first_mark]
        return AnsweredRows(
            tiers=answers,
            actions=actions,
            reasons=self._book.strongest(outcomes, effects, reasons),
            missing=missing,
            status=status,
            is_scored=statuses.is_scored(status),
            is_marked=marked,
        )

    def _notes(self, parsed: ParsedTable, rows: AnsweredRows, statuses: StatusBook) -> ScoringNotes:
        """A value that no rule names is no oddity: it is what `otherwise` is for."""
        unreadable, _ = oddities(parsed, Vocabulary(()))
        labels = self.tier_book.cuts.labels
        by_tier = np.bincount(rows.tiers.tier[rows.is_scored & ~rows.is_marked], minlength=len(labels)).tolist()
        by_status = np.bincount(rows.status, minlength=len(statuses.texts)).tolist()
        return ScoringNotes(
            rows=len(rows.status),
            scored=int(rows.is_scored.sum()),
            by_status={text: count for text, count in zip(statuses.texts, by_status, strict=True) if count},
            unreadable=unreadable,
            probability_sum=None,
            by_tier=dict(zip(labels, by_tier, strict=True)),
        )
