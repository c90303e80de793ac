"""Several ICPs over one list: the best profile of each row answers for it, and every profile's answer stands beside.

    ..., profile, profile_NAME_probability, profile_NAME_score, profile_NAME_tier, ...

A row is open to a profile unless it is known to lie outside of it. Among those that it is open to the one with the
highest probability answers: tier, score, action, sub-scores and reasons are that profile's. Where there is none, and
for customers, excluded and repeated rows, the model of all deals answers and `profile` is null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Final, Self, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.errors import ConfigError
from icp_ml.serve.bundle import Profiles
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.list_scorer import ScoredBatch
from icp_ml.serve.notes import ScoringNotes
from icp_ml.serve.outgoing import LABEL_TYPE, PROBABILITY, Outgoing
from icp_ml.serve.placed import Placed
from icp_ml.serve.scoring import Scorer
from icp_ml.serve.tier_book import NONE, coded

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Arrow: TypeAlias = Any

PROFILE: Final = "profile"
OF_EACH: Final = (PROBABILITY, "score", "tier")
"""What is said of a row by every profile that it is open to."""


@dataclass(frozen=True)
class ProfiledScorer(Scorer):
    """A bundle with several ICPs; where something is asked that only one model can say, that of all deals says it."""

    @cached_property
    def profiles(self) -> Mapping[str, Scorer]:
        """What answers for each profile, by its name. Who is known is the whole's to say."""
        found = self._profiles.by_name()
        return {name: Scorer(each, self.content_hash, intervals=self.intervals) for name, each in found.items()}

    @property
    def of_each_model(self) -> tuple[Scorer, ...]:
        """That of all deals, then those of the profiles."""
        return (self, *self.profiles.values())

    @cached_property
    def whole(self) -> Scorer:
        """The model of all deals, alone."""
        return Scorer(replace(self.bundle, profiles=None), self.content_hash, self.known, self.intervals)

    def answering(self, batch: NamedBatch, as_of: date | None) -> tuple[str | None, Scorer]:
        """The profile that answers for the first row of a batch and its scorer; the whole's where none does."""
        scored = next(iter(self.score_stream([batch], as_of=as_of, reasons=0)))
        name = scored.records.column(PROFILE)[0].as_py()
        return name, self.whole if name is None else self.profiles[name]

    def _passing_on(self, made: Self) -> Self:
        if "profiles" in vars(self):
            for name, each in self.profiles.items():
                each._passing_on(made.profiles[name])
        return super()._passing_on(made)

    @property
    def _profiles(self) -> Profiles:
        if self.bundle.profiles is None:
            raise ConfigError("a bundle with several profiles was expected, and this one has none; load it anew")
        return self.bundle.profiles

    @cached_property
    def read_attributes(self) -> tuple[Attribute, ...]:
        """What any of the models, their rules or criteria ask about."""
        asked = {each.name for scorer in self.profiles.values() for each in scorer.read_attributes}
        asked |= {each.name for each in super().read_attributes}
        return tuple(each for each in self.bundle.attributes if each.name in asked)

    @property
    def _about(self) -> Mapping[str, str]:
        bases = {f"icp.base_score.{name}": repr(each.tier_book.base_score) for name, each in self.profiles.items()}
        return {**super()._about, **bases}

    def _score_batch(self, placed: Placed, as_of: date | None, outgoing: Outgoing) -> ScoredBatch:
        whole = super()._score_batch(placed, as_of, outgoing)
        answers = []
        for name, scorer in self.profiles.items():
            scored = scorer._score_batch(placed, as_of, scorer._outgoing(outgoing.reasons, as_of))
            answers.append(_Answer(name, scored.records, self._outside[name]))
        return _joined(whole, answers)

    @cached_property
    def _outside(self) -> Mapping[str, str]:
        """For each profile the status of a row that lies outside of it; empty where none can."""
        rules = {each.name: each.asked.boundary for each in self._profiles.record.profiles}
        return {name: "" if rule is None else f"outside the market: {rule.name}" for name, rule in rules.items()}


@dataclass(frozen=True)
class _Answer:
    """What one profile says of a batch. outside: the status of rows that are known to lie outside of it."""

    name: str
    records: Arrow
    outside: str

    @cached_property
    def is_open(self) -> Flags:
        """bool[n]: rows with a score that are not outside."""
        outside: Flags = np.asarray(pc.equal(self.records.column("status").cast(pa.string()), self.outside), dtype=bool)
        scored: Flags = np.asarray(self.records.column("score").is_valid(), dtype=bool)
        return scored & ~outside

    @cached_property
    def chance(self) -> Floats:
        """float64[n]: the probability, below all others where the row is not open to the profile."""
        probability = self.records.column(PROBABILITY).to_numpy(zero_copy_only=False)
        return np.where(self.is_open, probability, -np.inf)

    def beside(self, is_marked: Flags) -> list[Arrow]:
        """The columns of `OF_EACH`, null where the row is not open to the profile; no tier for rows with a mark."""
        hidden = {"tier": ~self.is_open | is_marked}
        return [
            pc.if_else(pa.array(hidden.get(name, ~self.is_open)), None, self.records.column(name)) for name in OF_EACH
        ]


def _joined(whole: ScoredBatch, answers: Sequence[_Answer]) -> ScoredBatch:
    records = whole.records
    is_marked = whole.is_scored & np.asarray(records.column("tier").is_null(), dtype=bool)
    chances = np.column_stack([each.chance for each in answers])
    best = np.where(np.isfinite(chances).any(axis=1) & ~is_marked, chances.argmax(axis=1), NONE)
    rows = np.arange(records.num_rows) + (best + 1) * records.num_rows
    sources = [records, *(each.records for each in answers)]
    columns = [_gathered(sources, field, rows) for field in records.schema]
    fields, beside = list(records.schema), [coded(best.astype(np.int32), [each.name for each in answers])]
    fields.append(pa.field(PROFILE, LABEL_TYPE))
    for each in answers:
        fields += [pa.field(f"profile_{each.name}_{name}", records.schema.field(name).type) for name in OF_EACH]
        beside += each.beside(is_marked)
    _check_id_name(records.schema.names[0], [field.name for field in fields[len(columns) :]])
    schema = pa.schema(fields, metadata=records.schema.metadata)
    joined = pa.RecordBatch.from_arrays([*columns, *beside], schema=schema)
    open_to = np.isfinite(chances[~is_marked]).sum(axis=1)
    return replace(whole, records=joined, notes=_notes(whole, joined, int((open_to > 1).sum())))


def _check_id_name(id_name: str, of_profiles: Sequence[str]) -> None:
    if id_name in of_profiles:
        raise ConfigError(
            f"the id column is called '{id_name}', and so is a column of the output; rename it in the list or name "
            "another id column"
        )


def _gathered(sources: Sequence[Arrow], field: Arrow, rows: NDArray[np.intp]) -> Arrow:
    """One column of the output: each row from the source that answers for it. A column that one lacks is null there."""
    arrays = [
        each.column(field.name) if field.name in each.schema.names else pa.nulls(each.num_rows, field.type)
        for each in sources
    ]
    return pa.chunked_array(arrays, field.type).unify_dictionaries().combine_chunks().take(pa.array(rows))


def _notes(whole: ScoredBatch, joined: Arrow, in_several: int) -> ScoringNotes:
    tiers = _counts(joined.column("tier"))
    probability = joined.column(PROBABILITY).to_numpy(zero_copy_only=False)
    profiles = dict.fromkeys(joined.column(PROFILE).dictionary.to_pylist(), 0)
    return replace(
        whole.notes,
        by_tier={label: tiers.get(label, 0) for label in dict.fromkeys([*whole.notes.by_tier, *sorted(tiers)])},
        by_status=_counts(joined.column("status")),
        probability_sum=float(probability[whole.is_scored].sum()),
        by_profile={**profiles, **_counts(joined.column(PROFILE))},
        in_several=in_several,
    )


def _counts(column: Arrow) -> dict[str, int]:
    """Rows by text, the nulls left out."""
    return dict(Counter(text for text in column.to_pylist() if text is not None))
