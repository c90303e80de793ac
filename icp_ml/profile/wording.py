"""The states of an attribute in words, one wording for the ICP and for the reasons of a scored row.

    employees 51 to 200      employees over 1,000      employees not known       founded 2 to 8 years ago
    industry: Software       industry: other           demo_requested: yes       tools: no HubSpot

There are finitely many, so a reason is a number into one list of labels and no text is made while scoring.
The bins of a number are those of the scorecard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE, MISSING_CODE, ModelColumn
from icp_ml.model.scorecard import ColumnPoints

Floats = NDArray[np.float64]

DIGITS: Final = 3
"""Significant digits of a cut point: it lies half way between two values seen, so that more would be false."""
AGE_DIGITS: Final = 2
"""An age in years is known to the day, and read to a few months."""
MOST_DIGITS: Final = 17
"""Two different floats always differ in this many digits."""
NOT_KNOWN: Final = "not known"
OTHER: Final = "other"
HALF: Final = 0.5
"""A flag and a member are 0 or 1."""


_AGO: Final = {True: " years ago", False: ""}


@dataclass(frozen=True)
class _Edges:
    """For each cut point, where the bin above it starts and where the bin below it ends."""

    starts: tuple[str, ...]
    ends: tuple[str, ...]


def label_texts(attribute: Attribute, column: ModelColumn, points: ColumnPoints) -> tuple[str, ...]:
    """The labels of a column, in the order of `label_codes`."""
    name = column.name if column.kind == "count" else attribute.name
    unknown = f"{attribute.name} {NOT_KNOWN}"
    if column.is_category:
        return (unknown, f"{name}: {OTHER}", *(f"{name}: {level}" for level in column.levels[FIRST_VALUE_CODE:]))
    if column.kind == "flag":
        return (f"{name}: no", f"{name}: yes", unknown)
    if column.kind == "member":
        return (f"{name}: no {column.member}", f"{name}: {column.member}", unknown)
    cuts = points.thresholds.tolist()
    return (*(f"{name}{words}" for words in _bin_words(attribute, column, cuts)), unknown)


def label_codes(
    column: ModelColumn, points: ColumnPoints, values: Floats, missing: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """The label of each encoded value, shape (n,). `missing`: where the attribute is not known.

    A gap that the vocabulary filled is still called a gap.
    """
    if column.is_category:
        return np.where(missing, MISSING_CODE, values.astype(np.intp))
    if column.kind in ("flag", "member"):
        return np.where(missing | np.isnan(values), 2, values > HALF)
    return np.where(missing, len(points.thresholds) + 1, points.codes(values))


def state_words(attribute: Attribute, column: ModelColumn, points: ColumnPoints, codes: Sequence[int]) -> str:
    """Several states of one column in a few words, without the attribute's name: neighbouring bins become one range.

    codes: as `ColumnPoints.codes` gives them, the last one being missing for a number.
    """
    if column.is_category:
        names = (NOT_KNOWN, OTHER, *column.levels[FIRST_VALUE_CODE:])
        return ", ".join(names[code] for code in sorted(codes, key=lambda code: (code < FIRST_VALUE_CODE, code)))
    missing = len(points.thresholds) + 1
    runs = _runs([code for code in codes if code != missing])
    texts = [_run_words(attribute, column, points, run) for run in runs]
    return ", ".join([*texts, *([NOT_KNOWN] if missing in codes else [])])


def _runs(codes: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of neighbouring codes."""
    ordered = sorted(codes)
    starts = [code for code in ordered if code - 1 not in ordered]
    ends = [code for code in ordered if code + 1 not in ordered]
    return list(zip(starts, ends, strict=True))


def _run_words(attribute: Attribute, column: ModelColumn, points: ColumnPoints, run: tuple[int, int]) -> str:
    if column.kind in ("flag", "member") and len(points.thresholds) and run[0] == run[1]:
        return ("no", "yes")[run[0]]
    return _words_of_runs(attribute, column, points.thresholds.tolist(), [run])[0].removeprefix(":").strip()


def _bin_words(attribute: Attribute, column: ModelColumn, cuts: Sequence[float]) -> list[str]:
    """One text a bin."""
    return _words_of_runs(attribute, column, cuts, [(bin_, bin_) for bin_ in range(len(cuts) + 1)])


def _words_of_runs(
    attribute: Attribute, column: ModelColumn, cuts: Sequence[float], runs: Sequence[tuple[int, int]]
) -> list[str]:
    """One text a run, from its first bin to its last; how a number is written follows from all the column's cuts."""
    if attribute.kind == "ordered" and attribute.order:
        return [f": {_rank_words(attribute.order, cuts, run)}" for run in runs]
    is_age = attribute.kind in ("date", "year")
    whole = _between_whole_numbers(cuts) and attribute.kind != "date"
    edges = _edge_words(cuts, AGE_DIGITS if is_age else DIGITS, whole=whole)
    return [_run_text(edges, run, is_age=is_age, is_start=column.kind == "ordered") for run in runs]


def _run_text(edges: _Edges, run: tuple[int, int], *, is_age: bool, is_start: bool) -> str:
    first, last = run
    if first == 0 and last == len(edges.ends):
        return " known"
    if first == 0:
        return f" starting at {edges.ends[last]} or less" if is_start else f" up to {edges.ends[last]}{_AGO[is_age]}"
    if last == len(edges.ends):
        return f" starting over {edges.ends[first - 1]}" if is_start else f" over {edges.ends[first - 1]}{_AGO[is_age]}"
    between = _span(edges.starts[first - 1], edges.ends[last])
    return f" starting at {between}" if is_start else f" {between}{_AGO[is_age]}"


def _rank_words(order: Sequence[str], cuts: Sequence[float], run: tuple[int, int]) -> str:
    """Ranks are whole: the bin between two cuts holds the levels from the first rank above the lower one."""
    edges = [-1, *(math.floor(cut) for cut in cuts), len(order) - 1]
    return _span(order[edges[run[0]] + 1], order[edges[run[1] + 1]])


def _between_whole_numbers(cuts: Sequence[float]) -> bool:
    """Whether the cuts can be the middles of neighbouring whole numbers, each bin holding at least one."""
    floors = [math.floor(cut) for cut in cuts]
    return all(cut * 2 == math.floor(cut * 2) for cut in cuts) and len(set(floors)) == len(floors)


def _edge_words(cuts: Sequence[float], digits: int, *, whole: bool) -> _Edges:
    """Of whole numbers each bin starts where the one before it has ended, plus one."""
    upper = [float(math.floor(cut)) for cut in cuts] if whole else list(cuts)
    lower = [end + 1 for end in upper] if whole else upper
    used = _digits_that_tell_apart(upper, digits)
    return _Edges(tuple(_amount(value, used) for value in lower), tuple(_amount(value, used) for value in upper))


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _digits_that_tell_apart(values: Sequence[float], at_least: int) -> int:
    for digits in range(at_least, MOST_DIGITS):
        if len({_amount(value, digits) for value in values}) == len(values):
            return digits
    return MOST_DIGITS


def exact_amount(value: float) -> str:
    """A number for people with as many digits as it has, such as 51, 1.25M, 0.5."""
    digits = next(digits for digits in range(1, MOST_DIGITS + 1) if float(f"{value:.{digits}g}") == value)
    return _amount(value, max(digits, DIGITS))


def _amount(value: float, digits: int) -> str:
    """A number for people: significant digits only, thousands separated, millions and billions by letter."""
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if abs(rounded) >= size:
            return f"{rounded / size:.{digits}g}{letter}"
    text = f"{rounded:,.{max(decimals, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
