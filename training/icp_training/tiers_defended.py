"""Layers added and tiers beside the field's working figures, of the judged deals of one evaluation.

Each deal is asked about by the model of the fold that had not seen its account, and by that fold's own cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.contract import DealTable
from icp_ml.model.cells.contributing import explained
from icp_ml.model.metrics import Judged
from icp_ml.model.tier_outcomes import told_by_cuts
from icp_ml.model.tiers import Cuts, in_common
from icp_ml.profile.layers_added import LayeredRows, LayerStep, layered, layers_added, pooled_layers
from icp_ml.profile.tiering import Tiering
from icp_ml.profile.yardsticks_of_tiers import TierYardsticks, measure_yardsticks
from icp_training.evaluation import Evaluation, FoldResult, judged_rows


@dataclass(frozen=True)
class Defended:
    """All deals, the folds that judged some of them, these in the order of the folds, and the cuts of the bundle."""

    deals: DealTable
    results: Sequence[FoldResult]
    judged: Judged
    cuts: Cuts

    def folds(self) -> tuple[Cuts, ...]:
        """Each fold's own cuts, merged to the tiers of the bundle."""
        return in_common([*(result.cuts for result in self.results), self.cuts])[:-1]


def defended(tiering: Tiering, deals: DealTable, evaluation: Evaluation, seed: int) -> Tiering:
    """The same tiers with both in their table."""
    ground = Defended(deals, evaluation.results, evaluation.judged, tiering.cuts)
    found = {"layers": layers_of(ground, seed), "yardsticks": yardsticks_of(ground, seed)}
    return replace(tiering, table=tiering.table.model_copy(update=found))


def layers_of(ground: Defended, seed: int, listed: LayeredRows | None = None) -> tuple[LayerStep, ...]:
    """What each layer adds. listed: rows of a list by the published model.

    Deals above the cut in the last step are those of the first tier in the bundle's table.
    """
    pairs = zip(ground.results, ground.folds(), strict=True)
    rows = pooled_layers([_layers_of_fold(ground.deals, result, own) for result, own in pairs])
    return layers_added(rows, ground.judged.won, ground.judged.groups, seed, listed=listed)


def _layers_of_fold(deals: DealTable, result: FoldResult, cuts: Cuts) -> LayeredRows:
    model = result.fitted
    found = explained(model, model.vocabulary.encode(deals.parsed.take(result.fold.test)))
    cut = cuts.log_odds[0] if cuts.log_odds else -np.inf  # with one tier only, everything is in it
    return layered(found.values, model.vocabulary.columns, found.base, cut)


def yardsticks_of(ground: Defended, seed: int) -> TierYardsticks:
    """The tiers of a bundle beside the field's working figures."""
    judged = ground.judged
    pairs = zip(ground.results, ground.folds(), strict=True)
    told = told_by_cuts(
        ground.cuts.labels,
        np.concatenate([own.tiers(result.model) for result, own in pairs]),
        judged.won,
        judged.groups,
        days=_days(ground.deals, ground.results),
        is_open=np.zeros(len(judged.won), dtype=bool),
        block=0,
    )
    return measure_yardsticks(told, seed)


def _days(deals: DealTable, results: Sequence[FoldResult]) -> NDArray[np.float64]:
    """float64[n]: from opening to closing of each judged deal, NaN without dates."""
    rows = judged_rows(results)
    if deals.opened is None or deals.closed is None:
        return np.full(len(rows), np.nan)
    return np.asarray((deals.closed - deals.opened)[rows], dtype=np.float64)
