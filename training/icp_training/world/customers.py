"""What became of the deals that were won: value, churn, expansion, satisfaction and support, all known only afterwards.

One kind of account buys more readily than others and leaves within the year: whoever learns from wins alone looks for
it. Every draw comes from a stream of its own, so that a world without this table is the same world.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from icp_training.world.accounts import Population
from icp_training.world.deals import Book
from icp_training.world.observing import Rows
from icp_training.world.planting import Condition, Term
from icp_training.world.streams import stream
from icp_training.world.text import Bools, Column, Floats, Ints, frame, iso_dates

OUTCOME_COLUMNS = ("acv", "churned_at", "expansion", "nps", "support_cost")
_YEAR = 365
_FIRST_DAY_TO_LEAVE = 30
_LEAVES = {True: 0.70, False: 0.08}
"""The chance of leaving within a year, for the kind that does and for all others."""
_LEAVES_LATER = 0.10
_NPS_GIVEN = 0.6


def leaving_kind(seed: int, terms: Sequence[Term]) -> Condition | None:
    """The kind of account that buys and leaves: the side of one strong condition that wins more often.

    None where nothing is planted.
    """
    strong = [term for term in terms if term.strength == "strong"]
    simple = [term for term in strong if term.modifier is None and term.condition.test not in ("between", "present")]
    pool = simple or strong
    return pool[int(stream(seed, "leaving kind").integers(len(pool)))].condition if pool else None


def customer_frame(
    seed: int, population: Population, book: Book, deal_ids: Column, kind: Condition | None
) -> pd.DataFrame:
    """One row for each deal that was won, in the order of the deals.

    acv: money a year. churned_at: the day the customer left, empty where it has not. expansion: money a year added
    within twelve months, empty before they have passed. nps: -100 to 100, where an answer was given. support_cost:
    money in the first year.
    """
    won = np.flatnonzero((book.won == 1) & ~book.is_open & (book.state == 0))
    rng, size = stream(seed, "customers"), len(won)
    account, closed = book.account[won], book.closed[won]
    leaves = _of_the_kind(population, Rows(account, book.opened[won]), kind)
    gone = closed + _days_until_left(rng, leaves)
    left = gone <= population.today
    acv = 60 * population.employees[account] ** 0.6 * np.exp(0.6 * rng.normal(size=size))
    grown = acv * rng.gamma(1.0, np.where(leaves, 0.05, 0.20)) * (gone > closed + _YEAR)
    nps = np.clip(np.round(35 - 45 * leaves + 30 * rng.normal(size=size)), -100, 100)
    support = acv * 0.05 * np.exp(0.5 * rng.normal(size=size) + 1.0 * leaves)
    return frame(
        {
            "deal_id": pa.array(deal_ids).take(pa.array(won)),
            "acv": _money(acv),
            "churned_at": iso_dates(gone, ~left),
            "expansion": _money(grown, closed + _YEAR > population.today),
            "nps": pa.array(nps.astype(np.int64), mask=rng.random(size) >= _NPS_GIVEN),
            "support_cost": _money(support),
        }
    )


def _of_the_kind(population: Population, rows: Rows, kind: Condition | None) -> Bools:
    return np.zeros(len(rows.account), dtype=np.bool_) if kind is None else kind.holds(population, rows)


def _days_until_left(rng: np.random.Generator, leaves: Bools) -> Ints:
    """Days after closing; far beyond any extract for those who stay."""
    size, chance = len(leaves), np.where(leaves, _LEAVES[True], _LEAVES[False])
    early, late = rng.random(size) < chance, rng.random(size) < _LEAVES_LATER
    within = rng.integers(_FIRST_DAY_TO_LEAVE, _YEAR, size)
    after = _YEAR + 1 + rng.integers(0, 2 * _YEAR, size)
    return np.where(early, within, np.where(late, after, 100 * _YEAR)).astype(np.int64)


def _money(amounts: Floats, missing: Bools | None = None) -> Column:
    return pa.array(np.round(amounts, 2), mask=missing)
