"""Has the base rate of recent deals left the range of those that were learned from?

    matured deals by quarter of opening:   Q1 31 %   Q2 28 %   Q3 34 %   Q4 30 %   |   Q1 17 % [10 %, 27 %]
    the range learned from is 28 % to 34 %, the recent interval lies below it: the alarm is raised

Only deals old enough that slow outcomes have been recorded are counted, because young ones that have closed are mostly
the quick ones. Quarters with few deals are joined with the ones after them. An alarm needs the whole 95 % interval of
the recent rate, over accounts, outside the range of the earlier rates. That is strict: the range is that of noisy
rates, and widens with their number.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from icp_ml.profile.rates import win_rate
from icp_ml.profile.records import BaseRates, PeriodRate

Days = NDArray[np.datetime64]
Rows = NDArray[np.intp]

LEAST_IN_A_PERIOD = 40
"""Deals under which a quarter's rate says little: at 30 % won its 95 % interval runs from 18 % to 46 %. We chose it."""
LEAST_PERIODS = 3
"""Periods under which there is no range to leave: two to learn from, and the recent one."""


def base_rates(
    opened: Days, won: NDArray[np.int8], groups: NDArray[np.int64], matured: np.datetime64
) -> BaseRates | None:
    """The base rate over time, from each deal's day of opening, outcome and account, (n,) each.

    matured: the last day of opening that has had time to close. None where there are under three periods.
    """
    periods = list(_periods(opened, matured))
    if len(periods) < LEAST_PERIODS:
        return None
    *learned, recent = [_rate(name, rows, won, groups) for name, rows in periods]
    rates = [each.win_rate.value for each in learned]
    lowest, highest = min(rates), max(rates)
    has_left = recent.win_rate.high < lowest or recent.win_rate.low > highest
    return BaseRates(
        learned=tuple(learned),
        recent=recent,
        lowest=lowest,
        highest=highest,
        has_left=has_left,
        sentence=_told(recent, (lowest, highest), len(learned), has_left=has_left),
    )


def quarters(days: Days) -> NDArray[np.int64]:
    """The calendar quarter of each day, counted from the first of 1970."""
    return days.astype("datetime64[M]").astype(np.int64) // 3


def quarter_name(quarter: int) -> str:
    """Such as "2024 Q3"."""
    return f"{1970 + quarter // 4} Q{quarter % 4 + 1}"


def _periods(opened: Days, matured: np.datetime64) -> Iterator[tuple[str, Rows]]:
    """Quarters of matured deals, oldest first; counted from the latest, so that the recent one is always large enough.

    What is left over at the beginning joins the first period.
    """
    known = np.flatnonzero(opened <= matured)
    quarter = quarters(opened[known])
    runs: list[list[int]] = []
    held = 0
    for each in np.unique(quarter)[::-1].tolist():
        if not runs or held >= LEAST_IN_A_PERIOD:
            runs.append([])
            held = 0
        runs[-1].append(each)
        held += int((quarter == each).sum())
    if len(runs) > 1 and held < LEAST_IN_A_PERIOD:
        left_over = runs.pop()
        runs[-1].extend(left_over)
    for run in runs[::-1]:
        first, last = quarter_name(min(run)), quarter_name(max(run))
        yield (first if first == last else f"{first} to {last}"), known[np.isin(quarter, run)]


def _rate(name: str, rows: Rows, won: NDArray[np.int8], groups: NDArray[np.int64]) -> PeriodRate:
    among = np.zeros(len(won), dtype=bool)
    among[rows] = True
    return PeriodRate(period=name, deals=len(rows), won=int(won[rows].sum()), win_rate=win_rate(won, groups, among))


def _told(recent: PeriodRate, learned: tuple[float, float], periods: int, *, has_left: bool) -> str:
    rate = recent.win_rate
    now = (
        f"{rate.value:.0%} [{rate.low:.0%}, {rate.high:.0%}] of the {recent.deals:,} matured deals opened in "
        f"{recent.period} were won"
    )
    before = f"{learned[0]:.0%} to {learned[1]:.0%} in the {periods} periods before"
    if has_left:
        return f"ALARM: the base rate has left the range that was learned from: {now}, against {before}."
    return f"The base rate is within what was learned from, or not surely outside: {now}, against {before}."
