"""A bought list of companies: emptier than the CRM, with customers, open deals and repeats among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from icp_training.world.accounts import Population
from icp_training.world.deals import Book
from icp_training.world.observing import Gap, Rows, seen_frame
from icp_training.world.settings import WorldSettings
from icp_training.world.streams import stream
from icp_training.world.tables import company_columns
from icp_training.world.text import Ints, frame, levels_of
from icp_training.world.winning import WinModel

STATUSES = ("new", "customer", "open deal", "repeat")


@dataclass(frozen=True)
class Listed:
    """One entry per row of the list: the company, and why it is there (a position in STATUSES)."""

    account: Ints
    status: Ints


def draw_listed(settings: WorldSettings, population: Population, book: Book, strangers: Ints) -> Listed:
    """Exactly `settings.prospects` rows in random order; `strangers` are the companies without a deal.

    Customers are accounts with a won deal, open deals accounts with an open and no won one; where the CRM has
    fewer than asked for, strangers make up the number. A repeat follows a row that is in the list already.
    """
    rng, size = stream(settings.seed, "list"), settings.prospects
    real = book.state == 0
    customers = np.unique(book.account[real & ~book.is_open & (book.won == 1)])
    opened = np.setdiff1d(book.account[real & book.is_open], customers)
    repeats = round(settings.repeated_share * size)
    parts = [
        rng.permutation(customers)[: round(settings.customer_share * size)],
        rng.permutation(opened)[: round(settings.open_share * size)],
    ]
    first = np.concatenate([strangers[: size - repeats - sum(map(len, parts))], *parts])
    counts = [len(first) - sum(map(len, parts)), *map(len, parts), repeats]
    account = np.concatenate([first, rng.choice(first, size=repeats, replace=False)])
    order = rng.permutation(size)
    return Listed(account[order].astype(np.int64), np.repeat(np.arange(len(STATUSES)), counts)[order])


def strangers_needed(settings: WorldSettings) -> int:
    """How many companies without a deal the population must hold, whatever the CRM turns out to have."""
    return settings.prospects - round(settings.repeated_share * settings.prospects)


def prospect_frame(
    population: Population, listed: Listed, names: Sequence[str], gaps: Mapping[str, Gap]
) -> pd.DataFrame:
    """`domain`, `company` and the attributes as the list has them on the extract date."""
    columns = company_columns(listed.account)
    keys = frame({"domain": columns["domain"], "company": columns["company"]})
    return pd.concat([keys, seen_frame(population, names, _today(population, listed), gaps, "list")], axis=1)


def prospect_truth(population: Population, listed: Listed, model: WinModel) -> pd.DataFrame:
    """`domain`, `status` and the true `probability` of winning a deal that opens today, row by row of the
    list.
    """
    rows = _today(population, listed)
    return frame(
        {
            "domain": company_columns(listed.account)["domain"],
            "status": levels_of(STATUSES, listed.status),
            "probability": pa.array(model.probability(population, rows)),
            "anti_icp": pa.array(model.in_anti_icp(population, rows)),
        }
    )


def _today(population: Population, listed: Listed) -> Rows:
    return Rows(listed.account, np.full(len(listed.account), population.today))
