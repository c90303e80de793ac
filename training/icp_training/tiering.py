"""Tiers of a model: cut on out-of-fold log-odds of all deals, measured by cuts of the same making that saw fewer.

Each fold's cuts come from its own training deals, and place its test deals; what the pooled places show is what is
said of the tiers, and which of them are merged. The cuts that the bundle carries are fitted last, on all deals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.texts import Flags
from icp_ml.model.metrics import Judged
from icp_ml.model.tier_cuts import FittedCuts
from icp_ml.model.tiers import in_common
from icp_ml.profile.ideal_wins import ideal_tiers
from icp_ml.profile.tiering import Tiering
from icp_ml.profile.tiers import TieredDeals, merge_until_told_apart, objective_sentence
from icp_training.evaluation import Evaluation, FoldResult, judged_rows


def tiers_of(evaluation: Evaluation, own: FittedCuts, settings: TiersSettings, ideal: Flags) -> Tiering:
    """The bundle's tiers. own: cuts fitted on the out-of-fold log-odds of all deals. ideal: bool, of all deals."""
    results, judged = evaluation.results, evaluation.judged
    tiering = tiers_by(results, judged, own, settings)
    *folds, cuts = in_common([*(result.cuts for result in results), tiering.cuts])
    places = [fold.tiers(result.model) for fold, result in zip(folds, results, strict=True)]
    rows = ideal_tiers(cuts.labels, np.concatenate(places), ideal[judged_rows(results)], judged.groups)
    return replace(tiering, table=tiering.table.model_copy(update={"ideal": rows}))


def tiers_by(results: Sequence[FoldResult], judged: Judged, own: FittedCuts, settings: TiersSettings) -> Tiering:
    """The same by the folds alone. judged: their predictions, one fold after the other."""
    *folds, cuts = in_common([*(result.cuts for result in results), own.cuts])
    places = [fold.tiers(result.model) for fold, result in zip(folds, results, strict=True)]
    told = TieredDeals(np.concatenate(places), judged.won, judged.groups)
    cuts, table = merge_until_told_apart(told, cuts, objective_sentence(settings), own.notes)
    return Tiering(settings, cuts, table)
