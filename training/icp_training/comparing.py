"""A training beside what is live: both ways of making a model on the deals that opened since the live one's extract.

The champion answers as it is. The challenger answers as the same configuration would have made it on the day of that
extract: searched with a fifth of the trials and fitted to the deals that had closed by then, as far back as the window
reached on that day. Counted from today, the window would leave the challenger fewer of them each quarter, and none in
the end.

A configuration that learns only from deals opened since a later day (`deals.window.since`) would have made nothing on
that of the extract. Its copies learn from what is known today and answer for accounts that they have not met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.admission import outside_window
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import read_deals
from icp_ml.deals.kinds import ParsedColumn, ParsedTable, parse_attributes
from icp_ml.deals.settings import WindowSettings
from icp_ml.deals.table import DealTable
from icp_ml.errors import BundleInvalid, IcpError, InputError, ModelNotFound
from icp_ml.model.splits import Fold, grouped_folds, maturity
from icp_ml.serve.bundle import StoredBundle, open_bundle
from icp_ml.serve.folder import kind_of
from icp_ml.serve.ledger import live_folder
from icp_ml.serve.manifests import KIND
from icp_ml.watch.comparison import TIERS, Comparison, Rival, SharedDeals, figures_of, gap_of
from icp_training.config import Config
from icp_training.cores import one_core_each
from icp_training.evaluation import FoldResult, judge_fold
from icp_training.search import Budget

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

A_DAY: Final = np.timedelta64(1, "D")
COPIES: Final = 5
"""Of a challenger that is judged by copies: each has met four fifths of the accounts."""


@dataclass(frozen=True)
class Since:
    """cut: the day after which the deals opened. fold: what the challenger would have learned from on the day of the
    champion's extract, and what opened after the cut. today: what it learns from today. crossed: see `Comparison`.
    """

    cut: np.datetime64
    fold: Fold
    today: Rows
    crossed: bool = False


def live_model(root: Path, name: str) -> StoredBundle | None:
    """What is live, where it learned from deals and can be read."""
    try:
        folder = live_folder(root / "models", name)
        return None if folder is None or kind_of(folder) != KIND else open_bundle(folder)
    except (BundleInvalid, InputError, ModelNotFound):
        return None


def compare(config: Config, root: Path, deals: DealTable, champion: StoredBundle, budget: Budget) -> Comparison:
    """The comparison, as far as the deals allow one. deals: all that the configuration reads.

    They are read once more where a window has cut them, but not where members learn from masked copies of them, which
    no reading gives.
    """
    config, deals, found = ground_of(config, root, deals, champion)
    said = asked_of(deals, champion, found)
    if found is None:
        return said
    rows = found.fold.test
    shared = SharedDeals(deals.won[rows], deals.groups()[rows])
    if not shared.are_enough or not _can_learn(deals, found.today if found.crossed else found.fold.train):
        return said
    parsed, lacking = as_champion_reads(config, root, deals, champion.bundle.attributes)
    with one_core_each(len(deals.won)):
        challenger = _by_copies(config, deals, found, budget) if found.crossed else _copy(config, deals, found, budget)
    live = champion_rival(champion, parsed.take(rows))
    return said.model_copy(
        update={
            "champion": figures_of(live, shared, config.seed),
            "challenger": figures_of(challenger, shared, config.seed),
            "gap": gap_of(live, challenger, shared, config.seed),
            "lacking": lacking,
        }
    )


def ground_of(
    config: Config, root: Path, deals: DealTable, champion: StoredBundle
) -> tuple[Config, DealTable, Since | None]:
    """All deals without the window, the configuration that reads them, and those that the champion has not met."""
    window = config.deals.window
    if window != WindowSettings(months=None) and not deals.copies:
        everything = config.deals.model_copy(update={"window": WindowSettings(months=None)})
        config = config.model_copy(update={"deals": everything})
        deals = read_deals(config.deals, config.tables, config.resolved(), root, besides=config.besides())
    return config, deals, _since(deals, champion, window)


def asked_of(deals: DealTable, champion: StoredBundle, found: Since | None) -> Comparison:
    """Whom a comparison is with and on which deals, before anything is told of them."""
    rows = np.array([], dtype=np.intp) if found is None else found.fold.test
    return Comparison(
        champion_version=champion.bundle.provenance.version,
        champion_hash=champion.content_hash,
        since=None if found is None else str(found.cut),
        deals=len(rows),
        won=int(deals.won[rows].sum()),
        accounts=len(np.unique(deals.groups()[rows])),
        crossed=found is not None and found.crossed,
    )


def _since(deals: DealTable, champion: StoredBundle, window: WindowSettings) -> Since | None:
    """The matured deals opened after the champion's extract, of accounts that neither model has met."""
    horizon, extracted, today = deals.horizon(), champion.bundle.provenance.extracted, deals.extracted
    if horizon is None or extracted is None or today is None or deals.opened is None or deals.closed is None:
        return None
    gap = maturity(deals.opened, deals.closed, horizon.open_since, horizon.until).gap
    cut, groups = np.datetime64(extracted), deals.groups()
    since = cut if window.since is None else np.datetime64(window.since)
    first, all_months = max(since, cut + A_DAY), window.model_copy(update={"since": None})
    met, learnt, now = (
        (horizon.known_on <= day) & ~outside_window(deals.opened, deals.closed, day, which)
        for day, which in ((cut, all_months), (cut, window), (today, window))
    )
    last = horizon.until - np.timedelta64(gap, "D")
    matured = (deals.opened >= first) & (deals.opened <= last)
    known = np.isin(groups, groups[met])
    name = f"deals opened from {first} to {last}"
    learn, judge, returning = (np.flatnonzero(each) for each in (learnt, matured & ~known, matured & known))
    return Since(first - A_DAY, Fold(name, learn, judge, returning), np.flatnonzero(now), crossed=bool(since > cut))


def _can_learn(deals: DealTable, rows: Rows) -> bool:
    return bool(0 < deals.won[rows].sum() < len(rows))


def _copy(config: Config, deals: DealTable, found: Since, budget: Budget) -> Rival:
    """The challenger of the day of the champion's extract."""
    return _answers(judge_fold(deals, found.fold, budget, config.seed, config.tiers))


def _by_copies(config: Config, deals: DealTable, found: Since, budget: Budget) -> Rival:
    """The challenger of today, each account by a copy that has not met it."""
    judged, groups = found.fold.test, deals.groups()
    log_odds, tiers = np.empty(len(judged)), np.empty(len(judged), dtype=np.int8)
    for places in grouped_folds(groups[judged], deals.won[judged], COPIES, config.seed):
        learn = found.today[~np.isin(groups[found.today], groups[judged[places]])]
        fold = Fold(found.fold.name, learn, judged[places], learn[:0])
        answers = _answers(judge_fold(deals, fold, budget, config.seed, config.tiers))
        log_odds[places], tiers[places] = answers.log_odds, answers.ranks() - 1
    return Rival(log_odds, tiers, TIERS)


def _answers(result: FoldResult) -> Rival:
    return Rival(result.model, result.cuts.tiers(result.model), result.cuts.labels)


def champion_rival(champion: StoredBundle, parsed: ParsedTable) -> Rival:
    """At the level that its deals had: a base rate that somebody stated is a wish, and not what it learned."""
    model, cuts = champion.bundle.model, champion.bundle.tiering.cuts
    log_odds = model.log_odds(model.vocabulary.encode(parsed))
    return Rival(log_odds + model.anchor, cuts.tiers(log_odds), cuts.labels)


def as_champion_reads(
    config: Config, root: Path, deals: DealTable, attributes: Sequence[Attribute]
) -> tuple[ParsedTable, tuple[str, ...]]:
    """The deals with the attributes as the champion declares them, and the names of those that are gone."""
    now = {each.name: each for each in deals.attributes}
    columns: dict[str, ParsedColumn] = {}
    lacking = []
    for each in attributes:
        if now.get(each.name) == each:
            columns[each.name] = deals.parsed.columns[each.name]
            continue
        column = _read_alone(config, root, deals, each)
        if column is None:
            lacking.append(each.name)
        columns[each.name] = column or _all_missing(each, len(deals.won))
    return ParsedTable(len(deals.won), columns, ()), tuple(lacking)


def _read_alone(config: Config, root: Path, deals: DealTable, attribute: Attribute) -> ParsedColumn | None:
    """An attribute that the configuration declares otherwise now, or no more; None where it cannot be read."""
    try:
        read = read_deals(config.deals, config.tables, (attribute,), root, besides=config.besides())
    except IcpError:
        return None
    same = np.array_equal(read.ids, deals.ids) and np.array_equal(read.accounts, deals.accounts)
    return read.parsed.columns[attribute.name] if same else None


def _all_missing(attribute: Attribute, rows: int) -> ParsedColumn:
    nothing = pa.table({"": pa.nulls(rows)})
    return parse_attributes(nothing, (attribute,), None, frozenset({attribute.name})).columns[attribute.name]
