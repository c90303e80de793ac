"""What a training learns from where the world has turned: the deals opened since, and no others.

A turn is seen by what is live failing on deals that it has not met (`icp_ml.watch.turn`). That it has failed does not
say that the deals of before mislead: it may have been a bad model all along. They are left out where the deals since
are told better without them, each by a model that has not met its account. The day is remembered in the version that
comes of it, because the window of the next one may still reach back before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.table import DealTable
from icp_ml.errors import InputError, TooFewDeals
from icp_ml.model.metrics import log_losses
from icp_ml.model.splits import grouped_folds
from icp_ml.model.win_model import ModelParams, fit_win_model
from icp_ml.serve.bundle import StoredBundle
from icp_ml.watch.turn import Turn, Unmet, find_turn
from icp_training.comparing import COPIES, Since, as_champion_reads, champion_rival, ground_of
from icp_training.config import Config
from icp_training.cores import one_core_each
from icp_training.evaluation import rows_to_learn_from
from icp_training.pipeline import read

Rows = NDArray[np.intp]

MOST_LEARNED: Final = 20_000
"""Deals, the latest ones, that either model learns from: which of the two is better does not hang on more."""


@dataclass(frozen=True)
class Period:
    """config, deals: what is learned from, and how it is read. since: the day before which deals are left out because
    of a turn, seen now or by an earlier training; None where there is none. turned: how that turn was seen. turn: what
    was seen now, heeded or not.
    """

    config: Config
    deals: DealTable
    since: str | None = None
    turned: str | None = None
    turn: Turn | None = None

    @property
    def note(self) -> str | None:
        """What a person should know about it, None where nothing turned."""
        if self.since is not None:
            return f"Deals opened before {self.since} are left out, because the world has turned: {self.turned}."
        if self.turn is None:
            return None
        return (
            f"What is live fails: {self.turn.words}. Older deals are learned from all the same, because those since "
            "are too few or not told better without them."
        )


def period_of(config: Config, root: Path, live: StoredBundle | None) -> Period:
    """The deals that one may learn from. Raises what `read` raises.

    Where too few have opened since a turn to learn from, all of the window are learned from.
    """
    deals = read(config, root)
    if live is None or not config.refresh.heed_turns:
        return Period(config, deals)
    turn, misled = turn_since(config, root, deals, live)
    before = live.bundle.provenance
    since, turned = (turn.since, turn.words) if turn is not None and misled else (before.since, before.turned)
    if since is None:
        return Period(config, deals, turn=turn)
    reading = reading_since(config, since)
    try:
        return Period(reading, read(reading, root), since, turned, turn)
    except (InputError, TooFewDeals):
        return Period(config, deals, turn=turn)


def turn_since(config: Config, root: Path, deals: DealTable, live: StoredBundle) -> tuple[Turn | None, bool]:
    """The turn that shows in deals opened since the live version's extract, and whether older deals mislead about them.

    None is seen where the live version predicts something else, or lacks an attribute that it would read.
    """
    config, deals, found = ground_of(config, root, deals, live)
    if found is None or deals.opened is None or live.bundle.provenance.target != deals.predicted:
        return None, False
    rows = _first_of_each(deals.groups(), found.fold.test, deals.opened)
    parsed, lacking = as_champion_reads(config, root, deals, live.bundle.attributes)
    if lacking or not len(rows):
        return None, False
    said = champion_rival(live, parsed.take(rows)).log_odds
    turn = find_turn(Unmet(deals.opened[rows], said, deals.won[rows]), found.cut)
    return turn, turn is not None and _mislead(deals, found, np.datetime64(turn.since), config.seed)


def _first_of_each(groups: NDArray[np.int64], rows: Rows, opened: NDArray[np.datetime64]) -> Rows:
    """The row of each group that opened first."""
    ordered = rows[np.argsort(opened[rows], kind="stable")]
    return np.sort(ordered[np.unique(groups[ordered], return_index=True)[1]])


def _mislead(deals: DealTable, found: Since, since: np.datetime64, seed: int) -> bool:
    """Whether the deals opened since are told better by what was learned from deals since than by all of the window."""
    assert deals.opened is not None
    groups, lately = deals.groups(), deals.opened >= since
    judged = found.fold.test[lately[found.fold.test]]
    newest = found.today[np.argsort(deals.opened[found.today], kind="stable")][-MOST_LEARNED:]
    losses = []
    with one_core_each(len(deals.won)):
        for learned in (newest, newest[lately[newest]]):
            log_odds = np.empty(len(judged))
            for places in grouped_folds(groups[judged], deals.won[judged], COPIES, seed):
                rows = np.sort(learned[~np.isin(groups[learned], groups[judged[places]])])
                if not 0 < deals.won[rows].sum() < len(rows):
                    return False
                model = fit_win_model(rows_to_learn_from(deals, rows), ModelParams(), seed)
                log_odds[places] = model.log_odds(model.vocabulary.encode(deals.parsed.take(judged[places])))
            losses.append(float(log_losses(log_odds, deals.won[judged]).mean()))
    return losses[1] < losses[0]


def reading_since(config: Config, since: str) -> Config:
    """The same, with no deal that opened before that day; a later day that the configuration names stands."""
    window = config.deals.window
    day = max(each for each in (window.since, date.fromisoformat(since)) if each is not None)
    cut = config.deals.model_copy(update={"window": window.model_copy(update={"since": day})})
    return config.model_copy(update={"deals": cut})
