"""Is the prospect list like the deals that were learned from, and where is it not?

A scorecard is asked to tell deals from prospects, by folds of accounts. Where it cannot (an AUC near one half), what
was learned from deals is about companies like those on the list. Where it can, its contributions say by which
attributes. It is asked twice: by what is missing and nothing else, and by what is known, after values were taken away
at random until both sides know equally much. This is the domain classifier of the shift literature (Rabanser,
Guennemann and Lipton 2019).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.contract import DealTable
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable, SetColumn
from icp_ml.deals.vocabulary import ModelColumn, fit_vocabulary
from icp_ml.model.scorecard import ScorecardParams, fit_scorecard
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.profile.representativeness_records import ColumnShift, Likeness, Representativeness
from icp_training.list_sample import ListSample
from icp_training.masking import masked_to
from icp_training.search import sample_groups
from icp_training.sufficiency import Spread, auc_spread

Floats = NDArray[np.float64]

MOST_ROWS = 5_000
"""Deals, and prospects, that the classifier looks at: seconds, and intervals of a hundredth."""
FOLDS = 5
ALIKE, APART = 0.6, 0.8
"""AUC under which a list is called like the deals, and from which it is called another population. We chose both: at
0.6 two normal curves stand a third of a standard deviation apart, at 0.8 more than one whole."""
EXAMPLES = 3
TOLD = 3


def representativeness(deals: DealTable, sample: ListSample, seed: int) -> Representativeness | None:
    """Hold the list against the deals; None where the list has no attribute of them, or fewer rows than folds."""
    names = [attribute.name for attribute in deals.attributes if attribute.name not in sample.absent]
    if not names or sample.parsed.n_rows < FOLDS:
        return None
    rng = np.random.default_rng(seed)
    from_deals = sample_groups(deals.groups(), MOST_ROWS, seed)
    from_list = np.sort(rng.permutation(sample.parsed.n_rows)[:MOST_ROWS])
    both = stacked(deals.parsed.take(from_deals), sample.parsed.take(from_list), names)
    is_listed = np.repeat([0, 1], [len(from_deals), len(from_list)]).astype(np.int8)
    own = deals.groups()[from_deals]
    groups = np.concatenate([own, own.max(initial=0) + 1 + np.arange(len(from_list))])
    attributes = [attribute for attribute in deals.attributes if attribute.name in names]
    gaps = np.column_stack([both.missing(name) for name in names]).astype(np.float64)
    flags = [ModelColumn(a.name, a.name, a.name, a.layer, a.axis, "flag") for a in attributes]
    by_gaps = _told_apart(gaps, flags, is_listed, groups, seed)
    even = _equally_known(both, len(from_deals), seed)
    vocabulary = fit_vocabulary(even, attributes)
    rows = vocabulary.encode(even)
    by_values = _told_apart(rows, vocabulary.columns, is_listed, groups, seed)
    shares = _shares(rows, vocabulary.columns, is_listed)
    shifts = sorted(
        (_shift(name, shares.get(name, 0.0), deals.parsed, sample.parsed) for name in names),
        key=lambda found: (-found.share, found.attribute),
    )
    low, high = _interval(by_values)
    likeness: Likeness = "alike" if by_values.auc < ALIKE else "differs" if by_values.auc < APART else "apart"
    return Representativeness(
        rows=sample.parsed.n_rows,
        auc=by_values.auc,
        low=low,
        high=high,
        auc_of_gaps=by_gaps.auc,
        likeness=likeness,
        columns=tuple(shifts),
        absent=sample.absent,
        sentences=tuple(_sentences(likeness, by_values, by_gaps, shifts)),
    )


def _interval(found: Spread) -> tuple[float, float]:
    return max(found.auc - found.within(), 0.0), min(found.auc + found.within(), 1.0)


def _equally_known(both: ParsedTable, deals: int, seed: int) -> ParsedTable:
    """The first `deals` rows and the others with each attribute known equally often, by taking values away."""
    parts = [both.take(np.arange(deals)), both.take(np.arange(deals, both.n_rows))]
    known = {name: min(float((~part.missing(name)).mean()) for part in parts) for name in both.columns}
    one, other = (masked_to(part, known, seed + place) for place, part in enumerate(parts))
    return stacked(one, other, tuple(both.columns))


def stacked(one: ParsedTable, other: ParsedTable, names: Sequence[str]) -> ParsedTable:
    """The rows of one table and then those of the other, with the named attributes; levels are those of both."""
    columns = {name: _stacked(one.columns[name], other.columns[name]) for name in names}
    return ParsedTable(one.n_rows + other.n_rows, columns, ())


def _stacked(one: ParsedColumn, other: ParsedColumn) -> ParsedColumn:
    if isinstance(one, NumberColumn) and isinstance(other, NumberColumn):
        return NumberColumn(np.concatenate([one.values, other.values]))
    if isinstance(one, CategoryColumn) and isinstance(other, CategoryColumn):
        levels, first, second = _common_levels(one.levels, other.levels)
        return CategoryColumn(np.concatenate([first[one.codes], second[other.codes]]), levels)
    if isinstance(one, SetColumn) and isinstance(other, SetColumn):
        levels, first, second = _common_levels(one.levels, other.levels)
        return SetColumn(
            np.concatenate([one.indptr, one.indptr[-1] + other.indptr[1:]]),
            np.concatenate([first[one.indices], second[other.indices]]),
            levels,
            np.concatenate([one.missing, other.missing]),
        )
    raise TypeError("one attribute was read as two kinds")


def _common_levels(
    one: Sequence[str], other: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.int32], NDArray[np.int32]]:
    """All levels by alphabet, and for each table the new code of each code; that of -1 stands last and is -1."""
    levels = tuple(sorted({*one, *other}))
    place = {level: code for code, level in enumerate(levels)}
    first, second = ([*(place[level] for level in known), -1] for known in (one, other))
    return levels, np.array(first, dtype=np.int32), np.array(second, dtype=np.int32)


def _told_apart(
    rows: Floats, columns: Sequence[ModelColumn], is_listed: NDArray[np.int8], groups: NDArray[np.int64], seed: int
) -> Spread:
    log_odds = np.zeros(len(rows))
    for held_out in grouped_folds(groups, is_listed, FOLDS, seed):
        rest = complement(held_out, len(rows))
        varying = _varying(rows[rest])
        fitted = fit_scorecard(
            rows[rest][:, varying], is_listed[rest], [columns[place] for place in varying], ScorecardParams()
        )
        log_odds[held_out] = fitted.log_odds(rows[held_out][:, varying])
    return auc_spread(log_odds, is_listed, groups)


def _varying(rows: Floats) -> list[int]:
    """The columns that hold more than one value; from the others nothing can be learned."""
    return [place for place, values in enumerate(rows.T) if len(np.unique(values)) > 1]


def _shares(rows: Floats, columns: Sequence[ModelColumn], is_listed: NDArray[np.int8]) -> dict[str, float]:
    """Mean absolute contribution of each attribute, over that of all."""
    values = fit_scorecard(rows, is_listed, columns, ScorecardParams()).contributions(rows)
    sizes: dict[str, float] = {}
    for name in dict.fromkeys(column.attribute for column in columns):
        of_it = [place for place, column in enumerate(columns) if column.attribute == name]
        sizes[name] = float(np.abs(values[:, of_it].sum(axis=1)).mean())
    total = sum(sizes.values())
    return {name: size / total if total else 0.0 for name, size in sizes.items()}


def _shift(name: str, share: float, deals: ParsedTable, listed: ParsedTable) -> ColumnShift:
    unseen_rows, unseen = _unseen(deals.columns[name], listed.columns[name])
    known = [float((~table.missing(name)).mean()) for table in (deals, listed)]
    return ColumnShift(
        attribute=name,
        share=share,
        known_deals=known[0],
        known_list=known[1],
        unseen_rows=unseen_rows,
        unseen=unseen,
    )


def _unseen(of_deals: ParsedColumn, listed: ParsedColumn) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Rows of the list with a value that stands in no deal, and the most frequent of these values with their rows."""
    if isinstance(of_deals, NumberColumn) or isinstance(listed, NumberColumn):
        return 0, ()
    known = set(np.array(of_deals.levels, dtype=object)[np.unique(_codes(of_deals))].tolist())
    is_new = np.array([level not in known for level in listed.levels], dtype=bool)
    codes = _codes(listed)
    rows_of = np.bincount(codes, minlength=len(listed.levels)) * is_new
    order = [code for code in np.argsort(-rows_of, kind="stable")[:EXAMPLES].tolist() if rows_of[code]]
    if isinstance(listed, SetColumn):
        owner = np.repeat(np.arange(len(listed.missing)), listed.sizes())
        rows = len(np.unique(owner[is_new[codes]])) if len(codes) else 0
    else:
        rows = int(rows_of.sum())
    return rows, tuple((listed.levels[code], int(rows_of[code])) for code in order)


def _codes(column: CategoryColumn | SetColumn) -> NDArray[np.int32]:
    return column.indices if isinstance(column, SetColumn) else column.codes[column.codes >= 0]


def _sentences(likeness: Likeness, values: Spread, gaps: Spread, shifts: Sequence[ColumnShift]) -> Iterator[str]:
    low, high = _interval(values)
    figure = f"AUC {values.auc:.2f} [{low:.2f}, {high:.2f}] by what is known, where 0.50 is no difference"
    most = ", ".join(f"{shift.attribute} ({shift.share:.0%})" for shift in shifts[:TOLD] if shift.share > 0)
    if likeness == "alike":
        yield f"The list looks like the deals ({figure}): what was learned is about companies like these."
    elif likeness == "differs":
        yield (
            f"The list differs from the deals ({figure}), most by {most}: trust the order, and take probabilities and "
            "tiers for an assumption where a company is unlike those you have sold to."
        )
    else:
        yield (
            f"The list is another population than the deals ({figure}), most by {most}: the order is supported only "
            "where companies are like those you have sold to, and the level nowhere. Learn from deals with such "
            "companies, or score a nearer list."
        )
    if gaps.auc >= ALIKE:
        yield _gaps_told(gaps.auc, shifts)


def _gaps_told(by_gaps: float, shifts: Sequence[ColumnShift]) -> str:
    widest = sorted(shifts, key=lambda shift: -abs(shift.known_list - shift.known_deals))[:TOLD]
    gaps = ", ".join(
        f"{shift.attribute} (known for {shift.known_deals:.0%} of deals and {shift.known_list:.0%} of prospects)"
        for shift in widest
    )
    return (
        f"What is missing tells a deal from a prospect (AUC {by_gaps:.2f} by gaps alone), most of all {gaps}: scores "
        "of emptier rows are less sure than the figures say; evaluate: {missing_as: prospects} measures by how much."
    )
