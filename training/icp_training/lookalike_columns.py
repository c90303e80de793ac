"""Do both lists say the same of a company? What only tells the lists apart must not be learned as what tells companies.

A column that is filled for customers only, because sales asked them, separates the won accounts from the universe
perfectly, and says nothing about whom to call. So an attribute is asked about, and left out until somebody writes
`use: yes`, where

    only one list has its column            it is left out whatever anybody writes: there is nothing to compare
    it is known far more often on one side  its missingness alone separates
    its values differ in writing            won accounts have values that no company of the universe has
    it separates almost by itself           another unit, or a value that only customers get

What remains may still be known more often on one side, in many attributes at once. Where the number of known
attributes separates the two sides, the difference is evened out: values are emptied at random on the fuller side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact, mannwhitneyu

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, SetColumn
from icp_ml.deals.lookalikes import CompanyTable
from icp_ml.errors import ConfigError
from icp_ml.model.metrics import auc
from icp_ml.profile.lookalike_records import ColumnQuestion
from icp_training.masking import emptied_where

Flags = NDArray[np.bool_]

CHANCE = 0.01
"""One honest attribute in a hundred is asked about; leaving it out costs little, and using a trap costs everything."""
FAR_MORE_OFTEN = 0.4
"""Difference of the known shares, from which on being known or not ranks 70 % of pairs rightly, whatever the value is.
We chose it: under it the difference is evened out instead."""
OTHER_WRITING = 0.2
"""Share of the won accounts whose value no company of the universe has, beyond what chance explains."""
FEWEST_TO_SAY = 3
BY_ITSELF = 0.95
"""Area under the curve of one attribute alone; no published figure for a single attribute comes near it."""


@dataclass(frozen=True)
class Compared:
    """The table without what is left out, evened where that was needed, and what is said of it."""

    table: CompanyTable
    questions: tuple[ColumnQuestion, ...]
    notes: tuple[str, ...]


def compared(table: CompanyTable, asked_for: frozenset[str], seed: int) -> Compared:
    """Ask about attributes, leave out those that nobody asked for, and even out the rest.

    asked_for: attributes with `use: yes`. Raises `ConfigError` where no attribute is left.
    """
    questions = tuple(_questions(table, asked_for))
    out = {each.attribute for each in questions if each.left_out}
    kept = tuple(each for each in table.attributes if each.name not in out)
    if not kept:
        raise ConfigError(
            f"expected an attribute that both lists have and write alike, found none among {len(table.attributes)}: "
            f"{questions[0].attribute} {questions[0].evidence}; take the won accounts' attributes from the universe "
            f"(won.attributes: universe), or answer with use: yes"
        )
    table = replace(table, attributes=kept)
    trusted = {each.attribute for each in questions if not each.left_out}
    table, notes = _evened(table, [each for each in kept if each.name not in trusted], seed)
    return Compared(table, questions, notes)


def _questions(table: CompanyTable, asked_for: frozenset[str]) -> Iterator[ColumnQuestion]:
    lists = {name: side for side, names in table.only_in.items() for name in names}
    for attribute in table.attributes:
        if attribute.name in lists:
            where = "the won accounts" if lists[attribute.name] == "won" else "the universe"
            evidence = f"is a column of {where} only, so there is nothing to compare"
            yield ColumnQuestion(attribute=attribute.name, evidence=evidence, left_out=True)
            continue
        found = _evidence(table, attribute)
        if found is not None:
            left_out = attribute.name not in asked_for
            yield ColumnQuestion(attribute=attribute.name, evidence=found, left_out=left_out)


def _evidence(table: CompanyTable, attribute: Attribute) -> str | None:
    return (
        _known_on_one_side(table, attribute.name)
        or _written_otherwise(table, attribute.name)
        or _separates_by_itself(table, attribute.name)
    )


def _known_on_one_side(table: CompanyTable, name: str) -> str | None:
    known, won = table.known(name), table.won == 1
    shares = known[won].mean(), known[~won].mean()
    counts = [[int(known[side].sum()), int((~known[side]).sum())] for side in (won, ~won)]
    if abs(shares[0] - shares[1]) < FAR_MORE_OFTEN or fisher_exact(np.array(counts)).pvalue >= CHANCE:
        return None
    told = f"is known for {shares[0]:.0%} of the won accounts and {shares[1]:.0%} of the universe"
    if shares[0] > shares[1]:
        return f"{told}; known for customers only, it tells who was asked and not who would buy"
    return f"{told}; it tells which list a company is on and not who would buy"


def _written_otherwise(table: CompanyTable, name: str) -> str | None:
    """A value may be new by chance: as many are expected as the universe has values that occur once (Good 1953)."""
    column, won = table.parsed.columns[name], table.won == 1
    if not isinstance(column, CategoryColumn | SetColumn) or not len(column.levels):
        return None
    rows, codes = _occurrences(column)
    of_won = won[rows]
    in_universe = np.bincount(codes[~of_won], minlength=len(column.levels))
    new = in_universe[codes[of_won]] == 0
    if not len(new) or not in_universe.sum():
        return None
    by_chance = (in_universe == 1).sum() / in_universe.sum()
    holders = len(np.unique(rows[of_won][new]))
    if holders < FEWEST_TO_SAY or new.mean() <= by_chance + OTHER_WRITING:
        return None
    example = column.levels[int(np.bincount(codes[of_won][new]).argmax())]
    return (
        f"has values in {new.mean():.0%} of the won accounts' entries that no company of the universe has, such as "
        f"'{example}'; the lists write it differently"
    )


def _occurrences(column: CategoryColumn | SetColumn) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Row and level of each value that is there."""
    if isinstance(column, SetColumn):
        return np.repeat(np.arange(len(column.missing)), column.sizes()), column.indices.astype(np.int64)
    rows = np.flatnonzero(column.codes >= 0)
    return rows, column.codes[rows].astype(np.int64)


def _separates_by_itself(table: CompanyTable, name: str) -> str | None:
    column = table.parsed.columns[name]
    if not isinstance(column, NumberColumn):
        return None
    known = table.known(name)
    values, won = column.values[known], table.won[known]
    if won.sum() < FEWEST_TO_SAY or won.sum() == len(won):
        return None
    area = auc(values, won, np.ones(len(won)))
    if max(area, 1.0 - area) < BY_ITSELF:
        return None
    usual = [float(np.median(values[won == side])) for side in (1, 0)]
    return (
        f"separates the lists almost by itself: its median is {usual[0]:.3g} for the won accounts and {usual[1]:.3g} "
        f"in the universe; look for another unit, or a value that only customers get"
    )


def _evened(table: CompanyTable, attributes: Sequence[Attribute], seed: int) -> tuple[CompanyTable, tuple[str, ...]]:
    """Where one side is better known, each attribute is emptied on its fuller side until both are known as often."""
    if not attributes:
        return table, ()
    won = table.won == 1
    known = np.sum([table.known(each.name) for each in attributes], axis=0)
    p_value = mannwhitneyu(known[won], known[~won]).pvalue
    if not p_value < CHANCE:  # where all are known as often, there is none: SciPy answers 1, or from 1.18 on NaN
        return table, ()
    rng = np.random.default_rng(seed)
    emptied = {each.name: _too_many(table.known(each.name), won, rng) for each in attributes}
    note = (
        f"Of {len(attributes)} attributes {known[won].mean():.1f} are known of a won account and "
        f"{known[~won].mean():.1f} of a company of the universe. The difference was evened out before learning, by "
        f"emptying values at random on the fuller side, so that being well known counts for nothing."
    )
    return replace(table, parsed=emptied_where(table.parsed, emptied)), (note,)


def _too_many(known: Flags, won: Flags, rng: np.random.Generator) -> Flags:
    """bool[n]: values to be emptied, so that both sides are known as often as the emptier one is."""
    shares = np.where(won, known[won].mean(), known[~won].mean())
    keep = np.divide(shares.min(), shares, out=np.ones(len(won)), where=shares > 0)
    return np.asarray(known & (rng.random(len(won)) >= keep), dtype=np.bool_)
