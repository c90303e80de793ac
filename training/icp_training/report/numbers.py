"""Numbers as the page shows them: rounded for people, exact for those who hover."""

from __future__ import annotations

import math

from icp_ml.profile.records import Interval
from icp_training.report.parts import Cell

UNKNOWN = "not known"


def percent(value: float) -> str:
    """0.7281 as 73%; a share under 1 % keeps a digit, so that it is not called 0."""
    if math.isnan(value):
        return UNKNOWN
    return f"{value:.1%}" if 0 < abs(value) < 0.01 else f"{value:.0%}"


def share(value: float, of: int | None = None) -> Cell:
    """A share of a whole. of: the deals or accounts of the whole, where a number of them follows from the share."""
    counts = () if of is None else parted(round(value * of), of)
    return Cell(percent(value), f"{value:.6f}", counts)


def rate(found: Interval, counts: tuple[int, ...] = ()) -> Cell:
    """A rate with its interval. counts: those that it is of, where no other cell of its row tells them."""
    if math.isnan(found.value):
        return Cell(UNKNOWN)
    text = f"{percent(found.value)} ({percent(found.low)} to {percent(found.high)})"
    return Cell(text, f"{found.value:.6f} [{found.low:.6f}, {found.high:.6f}]", counts)


def points(found: Interval) -> Cell:
    """A difference of two rates in percentage points."""
    text = f"{100 * found.value:+.0f} ({100 * found.low:+.0f} to {100 * found.high:+.0f}) points"
    return Cell(text, f"{found.value:+.6f} [{found.low:+.6f}, {found.high:+.6f}]")


def figure(found: Interval, digits: int = 3) -> Cell:
    """Any other figure with its interval."""
    if math.isnan(found.value):
        return Cell(UNKNOWN)
    known = math.isfinite(found.low) and math.isfinite(found.high)
    bounds = f" ({found.low:.{digits}g} to {found.high:.{digits}g})" if known else ""
    text = f"{found.value:.{digits}g}{bounds}"
    return Cell(text, f"{found.value!r} [{found.low!r}, {found.high!r}]")


def number(value: int) -> Cell:
    """A whole number that counts nobody, such as points."""
    return Cell(f"{value:,}")


def count(value: int, of: int | None = None) -> Cell:
    """A number of deals, accounts or rows. of: those that it is a part of, where the rest follows from it."""
    return Cell(f"{value:,}", counts=(value,) if of is None else parted(value, of))


def won_of(won: int, deals: int) -> Cell:
    """So many of so many."""
    return Cell(f"{won:,} of {deals:,} won", f"{won / deals:.6f}" if deals else "", parted(won, deals))


def parted(part: int, whole: int) -> tuple[int, ...]:
    """Both parts of a whole, and the whole; nothing of a whole of nobody."""
    return (part, whole - part, whole) if whole else ()


def parts_at(found: Interval, whole: int) -> tuple[int, ...]:
    """Both parts of a whole of which a share is told."""
    return () if math.isnan(found.value) else parted(round(found.value * whole), whole)
