"""What a person should know about a list after it was scored: counts that add up over batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import CategoryColumn, ParsedTable, SetColumn
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE, OTHER_LEVEL, ModelColumn, Vocabulary

EXAMPLES = 3


@dataclass(frozen=True)
class Oddity:
    """values: how many values of one attribute were odd. examples: up to three of them."""

    values: int
    examples: tuple[str, ...]

    def plus(self, other: Oddity) -> Oddity:
        """Both together; the examples met first are kept."""
        examples = tuple(dict.fromkeys((*self.examples, *other.examples)))[:EXAMPLES]
        return Oddity(self.values + other.values, examples)


@dataclass(frozen=True)
class ScoringNotes:
    """rows: in, which is also rows out. by_status: rows by their status; they add up to `rows`.

    unreadable: by attribute, values taken as missing. unseen: by attribute, values the model has no level
    for, being too rare in the deals or not among them. probability_sum: over the `scored` rows,
    None where there are no probabilities. by_tier: rows by tier, without those that have a mark. by_profile: rows by
    the profile that answers for them, empty where there is one ICP; in_several: rows that more than one may answer for.
    """

    rows: int = 0
    scored: int = 0
    by_status: Mapping[str, int] = field(default_factory=dict)
    unreadable: Mapping[str, Oddity] = field(default_factory=dict)
    unseen: Mapping[str, Oddity] = field(default_factory=dict)
    probability_sum: float | None = 0.0
    by_tier: Mapping[str, int] = field(default_factory=dict)
    by_profile: Mapping[str, int] = field(default_factory=dict)
    in_several: int = 0

    @property
    def mean_probability(self) -> float | None:
        """Over the scored rows; None where no row was scored, or there are no probabilities."""
        return None if self.probability_sum is None or not self.scored else self.probability_sum / self.scored

    @property
    def unscored_share(self) -> float:
        """Share of rows without a score, in [0, 1]; 0 for no rows."""
        return 1.0 - self.scored / self.rows if self.rows else 0.0

    def plus(self, other: ScoringNotes) -> ScoringNotes:
        """The notes on both sets of rows."""
        return ScoringNotes(
            rows=self.rows + other.rows,
            scored=self.scored + other.scored,
            by_status=dict(Counter(self.by_status) + Counter(other.by_status)),
            unreadable=_merged(self.unreadable, other.unreadable),
            unseen=_merged(self.unseen, other.unseen),
            probability_sum=_total(self.probability_sum, other.probability_sum),
            by_tier=_added(self.by_tier, other.by_tier),
            by_profile=_added(self.by_profile, other.by_profile),
            in_several=self.in_several + other.in_several,
        )


def _added(ours: Mapping[str, int], theirs: Mapping[str, int]) -> dict[str, int]:
    """Counts of both, in the order in which they were met; a count of none is kept."""
    return {**ours, **{name: ours.get(name, 0) + count for name, count in theirs.items()}}


def _total(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else ours + theirs


def oddities(parsed: ParsedTable, vocabulary: Vocabulary) -> tuple[dict[str, Oddity], dict[str, Oddity]]:
    """Unreadable and unseen values of a batch, by attribute."""
    unreadable = {found.attribute: Oddity(found.rows, found.examples) for found in parsed.unreadable}
    return unreadable, dict(_unseen(parsed, vocabulary))


def _unseen(parsed: ParsedTable, vocabulary: Vocabulary) -> Iterator[tuple[str, Oddity]]:
    phrases = {found.attribute: found.examples for found in parsed.unmapped}
    for attribute, columns in _by_attribute(vocabulary).items():
        column = parsed.columns[attribute]
        if isinstance(column, CategoryColumn):
            known = columns[0].levels[FIRST_VALUE_CODE:]
            found = _outside(column.levels, column.codes, known)
        elif isinstance(column, SetColumn):
            known = tuple(each.member for each in columns if each.member)
            found = _outside(column.levels, column.indices, known)
        else:
            continue
        if found.values:
            yield attribute, Oddity(found.values, _in_the_lists_words(found.examples, phrases.get(attribute, ())))


def _in_the_lists_words(examples: Sequence[str], phrases: Sequence[str]) -> tuple[str, ...]:
    """What stood in the list where a phrase fits no category, in place of the level that it became."""
    return tuple([*(text for text in examples if text != OTHER_LEVEL or not phrases), *phrases][:EXAMPLES])


def _by_attribute(vocabulary: Vocabulary) -> dict[str, list[ModelColumn]]:
    columns: dict[str, list[ModelColumn]] = {}
    for column in vocabulary.columns:
        columns.setdefault(column.attribute, []).append(column)
    return columns


def _outside(levels: Sequence[str], codes: NDArray[np.int32], known: Sequence[str]) -> Oddity:
    """Values that are none of `known`; the most frequent are the examples."""
    support = np.bincount(codes[codes >= 0], minlength=len(levels))
    familiar = set(known)
    strange = sorted(
        (-int(support[code]), level) for code, level in enumerate(levels) if support[code] and level not in familiar
    )
    return Oddity(-sum(count for count, _ in strange), tuple(level for _, level in strange[:EXAMPLES]))


def _merged(ours: Mapping[str, Oddity], theirs: Mapping[str, Oddity]) -> dict[str, Oddity]:
    merged = dict(ours)
    for attribute, oddity in theirs.items():
        merged[attribute] = merged[attribute].plus(oddity) if attribute in merged else oddity
    return merged
