"""Two small models of one list: that of `tests/serve_models.py`, and one whose deals other attributes decided."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa

from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.policy import TiersSettings
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.win_model import CrossFit, TrainingRows, cross_fit, fit_members, training_rows
from icp_ml.profile.reference import draw_reference
from icp_ml.profile.tiering import Tiering
from icp_ml.profile.tiers import TieredDeals, measure_tiers, objective_sentence
from icp_ml.serve.bundle import Bundle
from icp_ml.serve.golden import make_golden
from tests import serve_models

SEED = 5


@cache
def later_training() -> TrainingRows:
    """400 other deals: visits and industry decide, and demo no longer does."""
    table = serve_models.raw_list(serve_models.DEALS, seed=11)
    parsed = parse_attributes(table, serve_models.ATTRIBUTES, np.array(serve_models.AS_OF, dtype="datetime64[D]"))
    frame, rng = table.to_pandas(), np.random.default_rng(12)
    score = 0.12 * (frame["visits"].astype(float) - 15) + 1.2 * (frame["industry"] == "Software") - 0.4
    won = (rng.random(len(frame)) < 1 / (1 + np.exp(-score.to_numpy()))).astype(np.int8)
    return training_rows(parsed, serve_models.ATTRIBUTES, won, np.arange(len(frame), dtype=np.int64))


@cache
def _crossed() -> CrossFit:
    return cross_fit(later_training(), serve_models.PARAMS, seed=SEED)


@cache
def later_bundle() -> Bundle:
    """The model of these deals, with cuts and reference of its own."""
    data, crossed, settings = later_training(), _crossed(), TiersSettings()
    model = fit_members(data, serve_models.PARAMS, crossed, seed=SEED)
    cuts = fit_cuts(crossed.log_odds, data.won, data.groups, settings).cuts
    deals = TieredDeals(cuts.tiers(crossed.log_odds), data.won, data.groups)
    earlier = serve_models.bundle()
    return replace(
        earlier,
        provenance=earlier.provenance.model_copy(update={"version": 2, "extracted": "2024-09-30"}),
        model=model,
        tiering=Tiering(settings, cuts, measure_tiers(deals, cuts, objective_sentence(settings))),
        reference=draw_reference(data.rows, model.vocabulary.columns, crossed.log_odds),
        golden=make_golden(model, serve_models.ATTRIBUTES, serve_models.AS_OF, seed=7),
        calibration=None,
    )


def changed_list(rows: int, seed: int) -> pa.Table:
    """The list of that seed a quarter later: visits and demo of every third company are others."""
    before, other = serve_models.raw_list(rows, seed).to_pandas(), serve_models.raw_list(rows, seed + 1).to_pandas()
    third = np.arange(rows) % 3 == 0
    for name in ("visits", "demo"):
        before.loc[third, name] = other.loc[third, name]
    return pa.Table.from_pandas(before, preserve_index=False)
