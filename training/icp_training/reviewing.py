"""`icp review`: scored lists as they were given beside the deals since, and the deals since beside the live model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.table import DealTable
from icp_ml.errors import ConfigError, InputError
from icp_ml.model.splits import maturity
from icp_ml.serve.bundle import StoredBundle
from icp_ml.watch.drift import Cohort, Drift, find_drift, told
from icp_ml.watch.given import GivenList, given_to, read_given
from icp_ml.watch.review import Followed, measure_review
from icp_ml.watch.review_records import Review
from icp_training.backtest.as_known import History, StillOpen, read_history
from icp_training.comparing import as_champion_reads, live_model
from icp_training.config import Config

NOT_YET = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class ListFile:
    """A scored list that a person names. day: where the file does not say it."""

    path: Path
    day: date | None = None


@dataclass(frozen=True)
class Names:
    """What the same company is called by: in the lists' column `id`, and in the deals' column `account`."""

    id: str
    account: str | None


def names_of(config: Config, id_column: str | None, account: str | None) -> Names:
    """As the configuration says where None is given: lists by `prospects.id`, deals as `known` recognises companies
    where it reads the same deals, or else by their account. Raises `ConfigError` where nobody names the lists' column.
    """
    told = id_column or config.prospects.id
    if told is None:
        raise ConfigError("the lists' id column was expected, and nobody names it; say --id, or set prospects.id")
    known = config.known
    same = known.account if known is not None and known.source == config.deals.source else None
    return Names(config.prospects.map.get(told, told), account or same)


def review(config: Config, root: Path, files: Sequence[ListFile], names: Names) -> Review:
    """The review of these lists.

    Raises what reading raises, `TooFewDeals` where deals have no dates, and `InputError` where two lists are of one
    day, so that nobody knows which one counted.
    """
    lists = _lists(files, names.id)
    history = read_history(config, root, () if names.account is None else (names.account,))
    gap = _gap(history)
    found = measure_review(_followed(history, lists, names.account, gap), config.seed)
    live = live_model(root, config.name)
    return found if live is None else found.model_copy(update={"drift": drift_since(config, root, history, live, gap)})


def _lists(files: Sequence[ListFile], id_name: str) -> tuple[GivenList, ...]:
    """By day, the oldest first."""
    lists = sorted((read_given(each.path, id_name, each.day) for each in files), key=lambda each: each.day)
    for one, later in pairwise(lists):
        if one.day == later.day:
            raise InputError(
                f"one list a day was expected, and {one.name} and {later.name} are both of {one.day}; name one of them"
            )
    return tuple(lists)


def _gap(history: History) -> int:
    """Days after which four in five deals have closed."""
    still_open = history.still_open
    since = np.array([], dtype="datetime64[D]") if still_open is None else still_open.opened
    return maturity(history.opened, history.closed, since, history.until).gap


def _followed(history: History, lists: Sequence[GivenList], account: str | None, gap: int) -> Followed:
    """The deals opened since the first list, decided ones first, then open ones."""
    deals, beside = history.deals, history.still_open
    first = np.datetime64(lists[0].day)
    opened, called, groups = history.opened, _called(deals, account), history.groups
    if beside is not None:
        opened, called = np.append(opened, beside.opened), np.append(called, _called(beside, account))
        groups = np.append(groups, beside.groups)
    rows = np.flatnonzero(opened >= first)
    decided = len(deals.won)
    closed = np.full(len(opened), NOT_YET)
    closed[:decided] = history.closed
    won = np.zeros(len(opened), dtype=np.int8)
    won[:decided] = deals.won
    amounts = None if deals.amounts is None else np.append(deals.amounts, np.full(len(opened) - decided, np.nan))[rows]
    return Followed(
        lists=tuple(lists),
        given=given_to(lists, pa.array(called[rows].tolist(), pa.string()), opened[rows]),
        opened=opened[rows],
        closed=closed[rows],
        won=won[rows],
        groups=groups[rows],
        amounts=amounts,
        extracted=history.extracted.astype(object),
        gap=gap,
    )


def _called(deals: DealTable | StillOpen, account: str | None) -> NDArray[np.object_]:
    """What lists call each deal's company."""
    return deals.accounts if account is None else deals.parted_by[account]


def drift_since(config: Config, root: Path, history: History, live: StoredBundle, gap: int) -> tuple[Drift, ...]:
    """The deals that opened since the live model's extract, one an account, beside what its deals looked like."""
    extracted = live.bundle.provenance.extracted
    if extracted is None:
        return ()
    rows = _first_of_each(history.groups, np.flatnonzero(history.opened > np.datetime64(extracted)), history.opened)
    bundle = live.bundle if live.bundle.calibration is None else live.bundle.at_base_rate(None)
    parsed, _ = as_champion_reads(config, root, history.deals, bundle.attributes)
    encoded = bundle.model.vocabulary.encode(parsed.take(rows))
    cohort = Cohort(
        rows=encoded,
        log_odds=bundle.model.log_odds(encoded),
        won=history.deals.won[rows],
        matured=history.opened[rows] <= history.until - gap,
    )
    profile = bundle.profile
    rate = (round(profile.win_rate.value * profile.accounts), profile.accounts)
    found = find_drift(bundle.reference, rate, cohort, config.seed)
    attributes = {each.name: each for each in bundle.attributes}
    return tuple(told(each, bundle.reference, bundle.model.vocabulary.columns, attributes) for each in found)


def _first_of_each(
    groups: NDArray[np.int64], rows: NDArray[np.intp], opened: NDArray[np.datetime64]
) -> NDArray[np.intp]:
    """Of these rows the earliest of each account."""
    ordered = rows[np.argsort(opened[rows], kind="stable")]
    return np.sort(ordered[np.unique(groups[ordered], return_index=True)[1]])
