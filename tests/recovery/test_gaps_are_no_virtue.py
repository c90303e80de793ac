"""An attribute that goes missing by its outcome among deals, and by luck on the list: its absence says nothing there.

`size` decides. It was filled in for most won deals and half of the lost ones, or the other way round. A list lacks it,
and with it `age`, in three of five rows. What a model says of rows that were emptied by luck is held against the truth.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from icp_ml.deals.table import DealTable
from icp_ml.model.metrics import log_losses
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import ModelParams, WinModel, fit_win_model
from icp_training.adapting import adapted
from icp_training.evaluation import rows_to_learn_from
from icp_training.masking import Patterns, without
from tests.deal_tables import table_of

DEALS, LISTED = 500, 2_000
PARAMS = ModelParams(ScorecardParams(), TreeParams(num_leaves=4, max_depth=2, min_data_in_leaf=10))
BARE = np.arange(10) % 5 < 3
PATTERNS = Patterns(("age", "size"), np.column_stack([BARE, BARE]))


def emptied_by_outcome(deals: DealTable, of_won: float, of_lost: float) -> DealTable:
    gone = np.random.default_rng(8).random(len(deals.won)) < np.where(deals.won == 1, of_won, of_lost)
    columns = {**deals.parsed.columns, "size": without(deals.parsed.columns["size"], gone)}
    return replace(deals, parsed=replace(deals.parsed, columns=columns))


def fitted(deals: DealTable) -> WinModel:
    return fit_win_model(rows_to_learn_from(deals, np.arange(len(deals.won))), PARAMS, 1)


def on_the_list(model: WinModel) -> tuple[float, float]:
    """Mean log loss on rows with gaps by luck, and by how much log-odds rise where the size is not known."""
    listed = table_of(LISTED, seed=21)
    gone = np.random.default_rng(9).random(LISTED) < BARE.mean()
    columns = {name: without(listed.parsed.columns[name], gone) for name in PATTERNS.names}
    rows = model.vocabulary.encode(replace(listed.parsed, columns={**listed.parsed.columns, **columns}))
    log_odds = model.log_odds(rows)
    return float(log_losses(log_odds, listed.won).mean()), float(log_odds[gone].mean() - log_odds[~gone].mean())


@pytest.mark.parametrize(("of_won", "of_lost", "sign"), [(0.1, 0.5, -1), (0.5, 0.1, 1)])
def test_absence_is_neither_a_virtue_nor_a_fault(of_won: float, of_lost: float, sign: int) -> None:
    deals = emptied_by_outcome(table_of(DEALS, seed=20), of_won, of_lost)
    loss, rise = on_the_list(fitted(deals))
    adapted_loss, adapted_rise = on_the_list(fitted(adapted(deals, PATTERNS, 1)))
    assert sign * rise > 0.5
    assert abs(adapted_rise) < 0.6 * abs(rise)
    assert adapted_loss < loss - 0.005
