"""What was known of each account on its day: facts found by binary search, measures taken over what was found.

One fact has two dates, when it began and when it became known, and counts on a day only if neither is later:

    account  began   known      as of 1 March   as of 10 March   as of 11 March
    A        1 March 1 March    counts          counts           counts
    A        1 March 11 March   -               -                counts

The day itself counts: what became known on the day is known on the day. Days are whole. An account of which no fact
of the table was known by the day is *unknown* on it, unless the table is complete; rows that became known later
change nothing, not even from unknown to none.

All accounts and days are answered together: the facts are sorted by account and day once, each question is a run of
neighbouring facts, and runs are laid out in chunks of bounded size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from icp_ml.deals.moments import Days
from icp_ml.deals.texts import Column, Flags, Floats, Ints, Texts, positions, to_codes

Wholes = npt.NDArray[np.int64]

FOREVER: Final = 1 << 20
"""A day after every day that can be read, as days since 1970; no readable day is before -FOREVER."""
CHUNK: Final = 4_000_000
"""Pairs of a question and a fact that are looked at together: some hundred megabytes."""


@dataclass(frozen=True)
class Asked:
    """Which account of a table each question is about, -1 for none of them, and as of which day.

    account: int64[n]. day: int64[n], days since 1970; -FOREVER asks about nothing.
    """

    account: Wholes
    day: Wholes


def asked(accounts: Column, as_of: Days, facts: Facts) -> Asked:
    """N questions to a table. accounts: n texts. as_of: datetime64[D], one day a row or one for all; NaT is no day."""
    codes = to_codes(pc.index_in(accounts, value_set=facts.accounts)).astype(np.int64)
    days = np.broadcast_to(np.asarray(as_of, dtype="datetime64[D]"), len(accounts))
    return Asked(codes, np.where(np.isnat(days), -FOREVER, days.astype(np.int64)))


@dataclass(frozen=True)
class Facts:
    """Facts of one table, sorted by account and by the day on which each began.

    accounts: distinct texts. account: int32[m] into them. began, known, ended: int32[m], days since 1970; known is at
    least began, ended is the last day in force. texts, numbers: further columns, m rows each. first_known:
    int32[accounts], the first day on which anything was known of each account, whatever was filtered out since.
    complete: an account without a fact has none.
    """

    accounts: Column
    account: Ints
    began: Ints
    known: Ints
    ended: Ints
    texts: Mapping[str, Texts]
    numbers: Mapping[str, Floats]
    first_known: Ints
    complete: bool

    @cached_property
    def keys(self) -> Wholes:
        """int64[m]: account and day of beginning in one ascending number."""
        return _keys(self.account, self.began)

    def where(self, rows: Flags) -> Facts:
        """Only the facts marked; what is known of whom stays as it was."""
        return self if rows.all() else self.at(np.flatnonzero(rows))

    def at(self, positions: npt.NDArray[np.intp]) -> Facts:
        """The facts at these positions, in their order; what is known of whom stays as it was."""
        return replace(
            self,
            account=self.account[positions],
            began=self.began[positions],
            known=self.known[positions],
            ended=self.ended[positions],
            texts={name: Texts(column.codes[positions], column.distinct) for name, column in self.texts.items()},
            numbers={name: column[positions] for name, column in self.numbers.items()},
        )


def sorted_facts(facts: Facts) -> Facts:
    """The same facts by account and then by the day on which they began."""
    return facts.at(np.argsort(_keys(facts.account, facts.began), kind="stable"))


def first_days(account: Ints, known: Ints, accounts: int) -> Ints:
    """int32[accounts]: the least of `known` for each account."""
    first = np.full(accounts, FOREVER, dtype=np.int32)
    np.minimum.at(first, account, known)
    return first


@dataclass(frozen=True)
class Chunk:
    """Facts that count for some of the questions. row: int64[p], which question, ascending; fact: int64[p]."""

    row: Wholes
    fact: Wholes


@dataclass(frozen=True)
class Found:
    """What counts for each of n questions. known: bool[n], whether anything was known of the account on the day."""

    facts: Facts
    day: Wholes
    known: Flags
    starts: Wholes
    sizes: Wholes

    def chunks(self, *, in_force: bool = False) -> Iterator[Chunk]:
        """Pairs of question and fact, all those of one question together. in_force: only facts that have not ended."""
        ends = np.cumsum(self.sizes)
        begin = 0
        while begin < len(ends):
            done = int(ends[begin - 1]) if begin else 0
            stop = max(begin + 1, int(np.searchsorted(ends, done + CHUNK, side="right")))
            yield self._chunk(begin, stop, in_force=in_force)
            begin = stop

    def _chunk(self, begin: int, stop: int, *, in_force: bool) -> Chunk:
        sizes = self.sizes[begin:stop]
        row = np.repeat(np.arange(begin, stop), sizes)
        fact = positions(self.starts[begin:stop], sizes)
        counts = self.facts.known[fact] <= self.day[row]
        if in_force:
            counts &= self.facts.ended[fact] >= self.day[row]
        return Chunk(row[counts], fact[counts])


def find(facts: Facts, questions: Asked, ages: tuple[int, int | None] = (0, None)) -> Found:
    """The facts that began `ages` days before each day; see `Recipe.ages`."""
    codes, day = questions.account, questions.day
    is_asked = day > -FOREVER
    known = is_asked & facts.complete
    there = is_asked & (codes >= 0)
    known[there] |= facts.first_known[codes[there]] <= day[there]
    youngest, oldest = ages
    places = np.where(there, codes, 0)
    earliest = np.full(len(day), -FOREVER) if oldest is None else np.maximum(day - oldest, -FOREVER)
    latest = np.maximum(day - youngest, -FOREVER)
    starts = np.searchsorted(facts.keys, _keys(places, earliest), side="left")
    ends = np.searchsorted(facts.keys, _keys(places, latest), side="right")
    sizes = np.where(there & known, np.maximum(ends - starts, 0), 0)
    return Found(facts, day, known, starts.astype(np.int64), sizes.astype(np.int64))


def _keys(account: npt.NDArray[np.integer], day: npt.NDArray[np.integer]) -> Wholes:
    return account.astype(np.int64) * (4 * FOREVER) + day


def count(found: Found) -> Floats:
    """How many facts; NaN where unknown."""
    return _summed(found, lambda chunk: None)


def total(found: Found, values: Floats) -> Floats:
    """The sum of the facts' values, those that have one; NaN where unknown."""
    return _summed(found, lambda chunk: np.nan_to_num(values[chunk.fact], nan=0.0))


def decay(found: Found, half_life: float) -> Floats:
    """The sum of 0.5 to the power of (age in days / half_life); NaN where unknown."""
    began = found.facts.began
    return _summed(found, lambda chunk: 0.5 ** ((found.day[chunk.row] - began[chunk.fact]) / half_life))


def distinct(found: Found, texts: Texts, *, in_force: bool) -> Floats:
    """How many different texts; a fact without one does not count. NaN where unknown."""
    numbers = np.zeros(len(found.day))
    for rows, _ in members(found, texts, in_force=in_force):
        numbers += np.bincount(rows, minlength=len(numbers))
    return np.where(found.known, numbers, np.nan)


def members(found: Found, texts: Texts, *, in_force: bool) -> Iterator[tuple[Wholes, Wholes]]:
    """Each question's different texts as pairs of row and code, by row and then by code."""
    width = len(texts.distinct) + 1
    for chunk in found.chunks(in_force=in_force):
        codes = texts.codes[chunk.fact]
        has = codes >= 0
        pairs = np.unique(chunk.row[has] * width + codes[has])
        yield pairs // width, pairs % width


def some(found: Found, *, in_force: bool) -> Floats:
    """1 where there is a fact, 0 where there is none, NaN where unknown."""
    there = np.zeros(len(found.day))
    for chunk in found.chunks(in_force=in_force):
        there[chunk.row] = 1.0
    return np.where(found.known, there, np.nan)


def last_day(found: Found) -> Floats:
    """The latest day on which a fact began, as days since 1970; NaN where there is none."""
    return greatest(found, found.facts.began.astype(np.float64))


def greatest(found: Found, values: Floats, *, in_force: bool = False) -> Floats:
    """The greatest value of the facts; NaN where none has one."""
    best = np.full(len(found.day), -np.inf)
    for chunk in found.chunks(in_force=in_force):
        found_values = values[chunk.fact]
        has = ~np.isnan(found_values)
        np.maximum.at(best, chunk.row[has], found_values[has])
    return np.where(np.isfinite(best), best, np.nan)


def latest(found: Found, ranks: Floats, *, in_force: bool = False) -> Floats:
    """The rank of the fact that began last; of several on one day, of the one known last, then of the greatest rank.

    ranks: float64[m], NaN for facts that do not take part. NaN where there is none.
    """
    chosen = np.full(len(found.day), np.nan)
    facts = found.facts
    for chunk in found.chunks(in_force=in_force):
        has = ~np.isnan(ranks[chunk.fact])
        row, fact = chunk.row[has], chunk.fact[has]
        order = np.lexsort((ranks[fact], facts.known[fact], facts.began[fact], row))
        chosen[row[order]] = ranks[fact[order]]  # the last of each row is what stays
    return chosen


def _summed(found: Found, weigh: Callable[[Chunk], Floats | None]) -> Floats:
    sums = np.zeros(len(found.day))
    for chunk in found.chunks():
        if len(chunk.row):
            first, last = int(chunk.row[0]), int(chunk.row[-1]) + 1
            sums[first:last] += np.bincount(chunk.row - first, weights=weigh(chunk), minlength=last - first)
    return np.where(found.known, sums, np.nan)
