"""`icp review`: scored lists as they were given beside the deals since, and the deals since beside the live model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from icp_ml.watch.followed import NOT_KNOWN, Followed
from icp_ml.watch.given import GivenList, given_to, read_given
from icp_ml.watch.outreach import measure_outreach
from icp_ml.watch.review import measure_review
from icp_ml.watch.review_records import OutreachReview, Review
from icp_training.backtest.as_known import History, StillOpen, read_history
from icp_training.comparing import as_champion_reads, live_model
from icp_training.config import Config
from icp_training.review_contacts import read_contacts
from icp_training.review_versions import as_given, criteria_met, hand_points, versions_of

Labels = NDArray[np.object_]

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
    kept = (*(() if names.account is None else (names.account,)), *config.refresh.review.kept)
    history = read_history(config, root, kept)
    versions = versions_of(root, lists)
    met = criteria_met(config, root, history, versions)
    found = measure_review(_followed(config, history, lists, names.account, met), config.seed, hand_points(versions))
    live = live_model(root, config.name)
    return found.model_copy(
        update={
            "outreach": _outreach(config, root, lists, history),
            "absent": tuple(_absent(config, history, met)),
            "drift": () if live is None else drift_since(config, root, history, live, found.gap),
        }
    )


def _outreach(config: Config, root: Path, lists: Sequence[GivenList], history: History) -> OutreachReview | None:
    settings = config.refresh.review.outreach
    return None if settings is None else measure_outreach(lists, read_contacts(settings, root, history.extracted))


def _absent(config: Config, history: History, met: Mapping[str, object]) -> Iterator[str]:
    """What is not shown, and what to configure."""
    asked = config.refresh.review
    if asked.outreach is None:
        yield "Replies and meetings are not shown: say under refresh.review.outreach where they stand."
    if asked.channel is None:
        yield "Deals by channel are not shown: name their column under refresh.review.channel."
    if asked.representative is None:
        yield "Representatives are not shown: name the deals' column under refresh.review.representative."
    if history.deals.amounts is None:
        yield "Amounts are not shown: say under potential where it stands what wins bring."
    if not met:
        yield (
            "Criteria are not shown: no list says which version scored it (a CSV does not), or that version has no ICP "
            "or is no longer below models/."
        )


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


def _followed(
    config: Config,
    history: History,
    lists: Sequence[GivenList],
    account: str | None,
    met: Mapping[str, Mapping[str, Labels]],
) -> Followed:
    """The deals opened since the first list, decided ones first, then open ones."""
    deals, beside = history.deals, history.still_open
    opened, groups = history.opened, history.groups
    if beside is not None:
        opened, groups = np.append(opened, beside.opened), np.append(groups, beside.groups)
    rows = np.flatnonzero(opened >= np.datetime64(lists[0].day))
    decided = len(deals.won)
    closed = np.full(len(opened), NOT_YET)
    closed[:decided] = history.closed
    won = np.zeros(len(opened), dtype=np.int8)
    won[:decided] = deals.won
    amounts = None if deals.amounts is None else np.append(deals.amounts, np.full(len(opened) - decided, np.nan))[rows]
    given = given_to(lists, pa.array(_called(history, account)[rows].tolist(), pa.string()), opened[rows])
    asked = config.refresh.review
    channel = {} if asked.channel is None else {"channel": _or_not_known(_called(history, asked.channel)[rows])}
    return Followed(
        lists=tuple(lists),
        given=given,
        opened=opened[rows],
        closed=closed[rows],
        won=won[rows],
        groups=groups[rows],
        amounts=amounts,
        extracted=history.extracted.astype(object),
        gap=_gap(history),
        parted_by={**channel, **as_given(met, lists, given, rows)},
        worked_by=None if asked.representative is None else _called(history, asked.representative)[rows],
    )


def _called(history: History, column: str | None) -> Labels:
    """The texts of a column, of the account where it is None, of the decided deals and then of the open ones."""
    both: list[DealTable | StillOpen] = [history.deals, *([] if history.still_open is None else [history.still_open])]
    return np.concatenate([each.accounts if column is None else each.parted_by[column] for each in both])


def _or_not_known(texts: Labels) -> Labels:
    return np.asarray(np.where(texts == "", NOT_KNOWN, texts).astype(object))


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
        matured=history.opened[rows] <= history.until - np.timedelta64(gap, "D"),
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
