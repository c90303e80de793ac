"""Evidence from dates: what was written down, or went on counting, after the deal had opened or closed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from icp_training.leakage.columns import Column, Facts, Flags, Floats
from icp_training.leakage.measures import lower_bound, rank_correlation
from icp_training.leakage.records import Evidence, found, not_applicable, passed

ONE_DAY = 1.0
"""A date on the day after the opening may be the same hour in another time zone."""
SOME_LATE = 0.1
PLANNED = 0.05
"""Share of dates after the extract from which a column holds plans, such as the end of a contract."""
FEWEST_DEALS = 20
TRACKS_TODAY = 0.8
"""Rank correlation with the closing date from which a number counts to today; we chose it."""
TRACKS_CYCLE = 0.4
"""Lower bound of the rank correlation with the length of the deal from which a number goes on counting until the
close. Company size, which lengthens deals, came to 0.25 at most in the worlds that we made."""
STILL_EMPTY = 0.1
CHANGED = 0.05
LUCK = 0.001
"""The chance, shared among the values, that open deals lack a value by luck."""


def after_opening(column: Column, facts: Facts) -> Evidence:
    """L09. Dates after the opening, unless they reach beyond the extract and are plans."""
    if column.days is None:
        return not_applicable("L09", "it is not a date")
    if facts.opened is None:
        return not_applicable("L09", "no opening date is known")
    rows = facts.decided & ~np.isnan(column.days) & ~np.isnan(facts.opened)
    if rows.sum() < FEWEST_DEALS:
        return not_applicable("L09", f"it is known for fewer than {FEWEST_DEALS} decided deals")
    late = float((column.days > facts.opened + ONE_DAY)[rows].mean())
    closed = np.nan if facts.closed is None else float((column.days >= facts.closed)[rows].mean())
    future = 0.0 if facts.extracted is None else float((column.days[rows] > facts.extracted).mean())
    figures = {"after_opening": late, "after_close": closed, "after_extract": future}
    said = f"{late:.0%} of its dates lie after the opening" + (
        "" if np.isnan(closed) else f", {closed:.0%} after the close"
    )
    if late >= SOME_LATE and future <= PLANNED:
        return found("L09", said, **figures)
    return passed("L09", f"{said}, {future:.0%} after the extract", **figures)


def until_the_close(column: Column, facts: Facts) -> Evidence:
    """L14. A number, or the time from the opening to a date, that follows the length of the deal."""
    cycle = facts.cycle
    values = _since_opening(column, facts)
    if values is None:
        return not_applicable("L14", "it is neither a number nor a date")
    if cycle is None:
        return not_applicable("L14", "opening and closing dates are not known")
    best, strongest = _strongest(values, cycle, facts)
    said = f"it follows the length of the deal with a rank correlation of {strongest:.2f}"
    if best > TRACKS_CYCLE:
        return found("L14", said, rank=strongest, low=best)
    return passed("L14", said, rank=strongest, low=best)


def measured_today(column: Column, facts: Facts) -> Evidence:
    """L05. A number that follows the closing date, or the opening date, as an age counted to the extract does."""
    if column.numbers is None:
        return not_applicable("L05", "it is not a number")
    dates = [(name, days) for name, days in (("opening", facts.opened), ("closing", facts.closed)) if days is not None]
    if not dates:
        return not_applicable("L05", "opening and closing dates are not known")
    tried = [(*_strongest(column.numbers, days, facts), name) for name, days in dates]
    _, strongest, name = max(tried, key=lambda one: abs(one[1]))
    said = f"it follows the {name} date with a rank correlation of {strongest:.2f}, as what is counted to today does"
    if abs(strongest) >= TRACKS_TODAY:
        return found("L05", said, rank=strongest)
    return passed("L05", f"its rank correlation with the {name} date is {strongest:.2f}", rank=strongest)


def _since_opening(column: Column, facts: Facts) -> Floats | None:
    if column.days is None:
        return column.numbers
    return None if facts.opened is None else column.days - facts.opened


def _strongest(values: Floats, times: Floats, facts: Facts) -> tuple[float, float]:
    """The highest bound of the rank correlation among all, won and lost deals, and that correlation."""
    found_in = [rank_correlation(values, times, rows) for rows in _sides(facts)]
    bounds = [(lower_bound(correlation, count), correlation) for correlation, count in found_in]
    return max(bounds, key=lambda one: one[0])


def _sides(facts: Facts) -> Iterator[Flags]:
    yield facts.decided
    yield facts.decided & facts.won
    yield facts.decided & ~facts.won


def filled_when_decided(column: Column, facts: Facts) -> Evidence:
    """L15. Empty while deals are open, or with values that open deals never have; held against deals as recent."""
    is_open, decided = facts.open, _as_recent(facts)
    if is_open.sum() < FEWEST_DEALS or decided.sum() < FEWEST_DEALS:
        return not_applicable("L15", f"there are fewer than {FEWEST_DEALS} open deals, or decided ones as recent")
    now, then = float(column.known[is_open].mean()), float(column.known[decided].mean())
    said = f"it is filled in for {then:.0%} of decided and {now:.0%} of open deals"
    if then > 0.2 and now < STILL_EMPTY * then and (1 - then) ** is_open.sum() < LUCK:
        return found("L15", said, decided=then, open=now)
    lacking = _never_open(column, decided, is_open)
    if lacking >= SOME_LATE:
        said = f"{lacking:.0%} of decided deals have values that no open deal has"
        return found("L15", said, decided=then, open=now, lacking=lacking)
    return passed("L15", said, decided=then, open=now, lacking=lacking)


def _as_recent(facts: Facts) -> Flags:
    """Decided deals that opened as late as the open ones, where there are 50 of them; else all decided ones."""
    if facts.opened is None or not (facts.open & ~np.isnan(facts.opened)).any():
        return facts.decided
    start = np.nanquantile(facts.opened[facts.open], 0.1)
    recent: Flags = facts.decided & (facts.opened >= start)
    return recent if recent.sum() >= 50 else facts.decided


def _never_open(column: Column, decided: Flags, is_open: Flags) -> float:
    """Share of decided deals with a value that, by its share among them, open deals should have had and never do."""
    if not column.is_text:
        return 0.0
    size = len(column.texts.values)
    then = np.bincount(column.texts.codes[decided & column.known], minlength=size) / max(
        (decided & column.known).sum(), 1
    )
    known_open = is_open & column.known
    now = np.bincount(column.texts.codes[known_open], minlength=size)
    missed = (now == 0) & ((1 - then) ** known_open.sum() < LUCK / max(size, 1))
    return float(then[missed].sum() * column.known[decided].mean())


def changed_later(column: Column, facts: Facts) -> Evidence:
    """L04. By the field's own history, changed after the opening, or filled then."""
    if column.rewound is not None:
        said = f"it is read as it was at the opening; {column.rewound:,} deals say another thing today"
        return passed("L04", said, rewound=column.rewound)
    history = facts.history
    if history is None:
        return not_applicable("L04", "there is no table of field changes")
    if facts.opened is None:
        return not_applicable("L04", "no opening date is known")
    here = (history.field == column.name) & (history.record >= 0)
    record, day = history.record[here], history.day[here]
    late = day > facts.opened[record] + ONE_DAY
    counted = float(max(facts.decided.sum(), 1))
    changed = len(np.unique(record[late & facts.decided[record]])) / counted
    filled = len(np.unique(record[late & facts.decided[record] & history.was_empty[here]])) / counted
    ended = 0.0
    if facts.closed is not None:
        ended = len(np.unique(record[(day >= facts.closed[record]) & facts.decided[record]])) / counted
    said = f"by its history it changed after the opening in {changed:.0%} of deals, from the close on in {ended:.0%}"
    figures = {"changed": changed, "filled": filled, "on_or_after_close": ended}
    if max(changed, ended) >= CHANGED:
        return found("L04", said, **figures)
    return passed("L04", said, **figures)
