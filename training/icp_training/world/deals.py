"""Deals: when they opened and with whom, whether they were won, and what was written down on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from icp_training.world.accounts import Population
from icp_training.world.observing import Rows
from icp_training.world.settings import WorldSettings
from icp_training.world.streams import stream
from icp_training.world.text import Bools, Column, Floats, Ints, frame, iso_dates, levels_of, numbered
from icp_training.world.winning import WinModel

WON, LOST = "Closed Won", "Closed Lost"
OPEN_STAGES = ("Discovery", "Evaluation", "Proposal", "Negotiation")
IGNORED_STAGES = ("Duplicate", "Test")
STAGES = (WON, LOST, *OPEN_STAGES, *IGNORED_STAGES)
WON_REASONS = ("fit", "price", "timing", "relationship")
LOST_REASONS = ("price", "no decision", "competitor", "timing", "no budget")
# Written down while the deal runs or after it ends, so each of them leaks the outcome.
IN_PROCESS = ("amount", "stage_changes", "days_in_stage", "close_reason")
_OWNERS = 12
_CYCLE_SPREAD = 0.6
_WON_CYCLE, _LOST_CYCLE = -0.15, 0.10


@dataclass(frozen=True)
class Book:
    """One entry per deal row, in the order of opening. Days since 1970.

    `account` indexes the population; `won` is 1 or 0, also where the deal is still open and nobody can know;
    `state` is 0 for a real deal, 1 for a row marked as a duplicate, 2 for a test.
    """

    account: Ints
    opened: Ints
    closed: Ints
    won: npt.NDArray[np.int8]
    is_open: Bools
    state: npt.NDArray[np.int8]
    chance: Floats

    def take(self, rows: Ints) -> Book:
        """The given rows, in the given order."""
        return Book(
            self.account[rows], self.opened[rows], self.closed[rows], self.won[rows], self.is_open[rows],
            self.state[rows], self.chance[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Drafts:
    """How many rows to draft so that enough of them have closed by the extract date, and over how many
    accounts.
    """

    rows: int
    accounts: int


def plan_drafts(settings: WorldSettings) -> Drafts:
    """Enough rows that, with those still open taken away, the closed deals asked for remain."""
    mean_cycle = settings.median_cycle_days * float(np.exp(_CYCLE_SPREAD**2 / 2)) * 1.25
    still_open = min(0.9, mean_cycle / (settings.months * 30.4))
    rows = int(np.ceil(1.08 * settings.deals / (1 - still_open))) + 25
    return Drafts(rows, max(1, round(rows / settings.deals_per_account)))


def draw_book(settings: WorldSettings, population: Population, model: WinModel) -> Book:
    """Exactly `settings.deals` closed deals, with the open, duplicate and test rows that come with as many.

    Raises ValueError where cycles are too long for the span to hold that many closed deals.
    """
    drafts, rng = plan_drafts(settings), stream(settings.seed, "deals")
    account = _accounts_of_deals(rng, drafts)
    opened = rng.integers(population.start, population.today + 1, drafts.rows)
    chance = model.probability(population, Rows(account, opened))
    won = (rng.random(drafts.rows) < chance).astype(np.int8)
    closed = opened + _cycle_days(rng, settings, population.employees[account], won)
    is_open = closed > population.today
    if (~is_open).sum() < settings.deals:
        raise ValueError(
            f"{settings.deals} closed deals were asked for and {(~is_open).sum()} closed within the "
            f"{settings.months} months, cycles being {settings.median_cycle_days:g} days: lengthen the span."
        )
    last = int(np.searchsorted(np.cumsum(~is_open), settings.deals))
    real = Book(account, opened, closed, won, is_open, np.zeros(drafts.rows, dtype=np.int8), chance)
    kept = _with_ignored_rows(rng, settings, real.take(np.arange(last + 1)))
    return kept.take(np.argsort(kept.opened, kind="stable"))


def _accounts_of_deals(rng: np.random.Generator, drafts: Drafts) -> Ints:
    """Every account has a deal; some have many."""
    weights = np.cumsum(np.exp(rng.normal(size=drafts.accounts)))
    more = np.searchsorted(weights, rng.random(drafts.rows - drafts.accounts) * weights[-1], side="right")
    return rng.permutation(np.concatenate([np.arange(drafts.accounts), more])).astype(np.int64)


def _cycle_days(
    rng: np.random.Generator, settings: WorldSettings, employees: Floats, won: npt.NDArray[np.int8]
) -> Ints:
    """Lognormal; wins are faster, large companies slower."""
    shift = np.where(won == 1, _WON_CYCLE, _LOST_CYCLE) + 0.08 * np.log(employees / 100)
    spread = _CYCLE_SPREAD * rng.normal(size=len(won))
    return np.maximum(1, np.round(settings.median_cycle_days * np.exp(shift + spread))).astype(np.int64)


def _with_ignored_rows(rng: np.random.Generator, settings: WorldSettings, real: Book) -> Book:
    """Rows of real deals again, marked as duplicate or as test, which a reader has to leave out."""
    counts = [round(share * settings.deals) for share in (settings.duplicate_share, settings.test_share)]
    rows = np.concatenate([np.arange(len(real.account)), rng.integers(0, len(real.account), sum(counts))])
    book = real.take(rows)
    state = np.repeat(np.array([0, 1, 2], dtype=np.int8), [len(real.account), *counts])
    return Book(book.account, book.opened, book.closed, book.won, book.is_open, state, book.chance)


def deal_frame(seed: int, population: Population, book: Book, account_ids: Column) -> pd.DataFrame:
    """The deal rows as a CRM exports them, in-process columns included; `account_ids` is one per row."""
    rng, size = stream(seed, "deal columns"), len(book.account)
    deal_ids = numbered("D", np.arange(1, size + 1), 7)
    kinds = levels_of(("New business", "Pilot", "Platform"), rng.integers(0, 3, size))
    columns: dict[str, Column] = {
        "deal_id": deal_ids,
        "account_id": account_ids,
        "name": levels_of(("Opportunity", "Opportunity", "Test entry"), book.state.astype(np.int64)),
        "deal_type": kinds,
        "opened_at": iso_dates(book.opened),
        "closed_at": iso_dates(book.closed, book.is_open),
        "stage": _stages(rng, book),
        "owner": numbered("rep-", rng.integers(1, _OWNERS + 1, size), 2),
    }
    return frame(columns | _in_process_columns(rng, population, book))


def _stages(rng: np.random.Generator, book: Book) -> Column:
    codes = np.where(book.won == 1, 0, 1)
    codes = np.where(book.is_open, 2 + rng.integers(0, len(OPEN_STAGES), len(codes)), codes)
    return levels_of(STAGES, np.where(book.state > 0, 5 + book.state, codes))


def _in_process_columns(rng: np.random.Generator, population: Population, book: Book) -> dict[str, Column]:
    size, won = len(book.account), (book.won == 1) & ~book.is_open
    ran = np.minimum(book.closed, population.today) - book.opened
    list_price = 40 * population.employees[book.account] ** 0.7 * np.exp(0.5 * rng.normal(size=size))
    agreed = np.where(won, 0.9, 1.05) * list_price
    last_stage = np.round(ran * rng.beta(np.where(won, 2.0, 4.0), 5.0))
    reasons = np.where(
        won,
        rng.integers(0, len(WON_REASONS), size),
        len(WON_REASONS) + rng.integers(0, len(LOST_REASONS), size),
    )
    return {
        "amount": pa.array(np.round(agreed, -1)),
        "stage_changes": pa.array(1 + rng.poisson(np.where(won, 3.5, 1.8))),
        "days_in_stage": pa.array(last_stage.astype(np.int64)),
        "close_reason": levels_of((*WON_REASONS, *LOST_REASONS), reasons, book.is_open),
    }
