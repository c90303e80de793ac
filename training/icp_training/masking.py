"""Values taken away by luck, so that one table knows as little as another does.

By share, each attribute is emptied on its own. By pattern, each row is emptied as some row of the other table is, so
that what is missing together there is missing together here: a list of which half the rows are full and half are bare
is another thing than one of which each value is there or not by the toss of a coin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Patterns:
    """How the rows of a table are empty. missing: bool[k, a], each row and attribute of `names`; at least one row."""

    names: tuple[str, ...]
    missing: Flags

    def known(self, place: int) -> float:
        """The share of rows in which the attribute at this place of `names` is known."""
        return 1.0 - float(self.missing[:, place].mean())


def patterns_of(parsed: ParsedTable) -> Patterns | None:
    """How the rows of this table are empty; None where it has no row."""
    names = tuple(sorted(parsed.columns))
    if not parsed.n_rows:
        return None
    return Patterns(names, np.column_stack([parsed.missing(name) for name in names]))


def masked_like(parsed: ParsedTable, patterns: Patterns, won: NDArray[np.int8], luck: Sequence[int]) -> ParsedTable:
    """The same rows, each emptied as a row of the patterns drawn for it is.

    won: int8[n]. luck: seeds of what is drawn. An attribute that is missing here already loses fewer values to the
    pattern, by luck, until it is known as often as there, among won and among lost deals alike: nobody has lost a
    prospect yet, so what a list lacks cannot be due to it. Where it is known less often than there, it stays as it is.
    """
    rng = np.random.default_rng(list(luck))
    drawn = rng.integers(0, len(patterns.missing), parsed.n_rows)
    columns = dict(parsed.columns)
    for place, name in enumerate(patterns.names):
        thinned, there = rng.random(parsed.n_rows), patterns.known(place)
        share = np.zeros(parsed.n_rows)
        for outcome in (0, 1):
            rows = won == outcome
            share[rows] = _lost_to_the_pattern(~parsed.missing(name)[rows], there)
        if share.any():
            columns[name] = without(columns[name], patterns.missing[drawn, place] & (thinned < share))
    return replace(parsed, columns=columns)


def _lost_to_the_pattern(known: Flags, there: float) -> float:
    """How many of the values that the pattern lacks have to go, so that a share `there` is known in the end."""
    here = float(known.mean()) if len(known) else 0.0
    return (here - there) / (here * (1.0 - there)) if there < here else 0.0


def masked_to(parsed: ParsedTable, known: Mapping[str, float], seed: int) -> ParsedTable:
    """The same rows with each attribute known in at most a share `known` of them, 0 to 1.

    Which values go is luck and depends on nothing else; an attribute that is known less often, or is not in `known`,
    stays as it is.
    """
    columns = dict(parsed.columns)
    for place, name in enumerate(sorted(columns)):
        now = float((~parsed.missing(name)).mean()) if parsed.n_rows else 0.0
        if known.get(name, 1.0) < now:
            luck = np.random.default_rng([seed, place]).random(parsed.n_rows)
            columns[name] = without(columns[name], luck >= known[name] / now)
    return replace(parsed, columns=columns)


def without(column: ParsedColumn, rows: Flags) -> ParsedColumn:
    """The same column, missing in the rows where `rows`, bool[n], is true."""
    if isinstance(column, NumberColumn):
        return NumberColumn(np.where(rows, np.nan, column.values))
    if isinstance(column, CategoryColumn):
        return CategoryColumn(np.where(rows, -1, column.codes).astype(np.int32), column.levels)
    sizes = column.sizes()
    indptr = np.concatenate([[0], np.cumsum(np.where(rows, 0, sizes))]).astype(np.int64)
    return replace(
        column, indptr=indptr, indices=column.indices[np.repeat(~rows, sizes)], missing=column.missing | rows
    )


def emptied_where(parsed: ParsedTable, rows: Mapping[str, Flags]) -> ParsedTable:
    """The same rows with the values of each named attribute taken away where its flags, bool[n], say so."""
    return replace(parsed, columns={**parsed.columns, **{n: without(parsed.columns[n], at) for n, at in rows.items()}})
