"""The pictures of a run show the figures that the bundle states, and a run holds them with the tables behind them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox
from scipy.special import expit

from icp_ml.model.metrics import Judged
from icp_ml.profile.reliability import reliability
from icp_training.pictures import calibration_picture, icp_picture, record_evidence, tier_picture
from icp_training.tracking import open_run
from tests import serve_models

DEALS = 400


def judged() -> Judged:
    rng = np.random.default_rng(5)
    log_odds = rng.normal(-1, 1, DEALS)
    won = (rng.random(DEALS) < expit(log_odds)).astype(np.int8)
    zeros = np.zeros(DEALS)
    return Judged(log_odds, zeros, won, np.arange(DEALS), zeros.astype(np.intp))


def extent(bar: Patch) -> Bbox:
    """Width and height of a bar in the units of its axes."""
    return bar.get_path().get_extents(bar.get_patch_transform())


def test_the_calibration_picture_shows_the_bins_of_the_verdict_with_their_intervals() -> None:
    deals = judged()
    bins = reliability(deals.log_odds, deals.won, deals.groups)
    axes = calibration_picture(bins).axes[0]
    line = axes.lines[1]
    assert line.get_xdata() == pytest.approx([each.predicted for each in bins])
    assert line.get_ydata() == pytest.approx([each.win_rate.value for each in bins])
    bars = np.array([path.vertices for path in axes.collections[0].get_paths()])
    assert bars[:, :, 1] == pytest.approx(np.array([[each.win_rate.low, each.win_rate.high] for each in bins]))
    assert [text.get_text() for text in axes.texts] == [f"{each.deals}" for each in bins]


def test_bars_are_as_high_as_the_win_rates_and_as_long_as_the_shares() -> None:
    bundle = serve_models.bundle()
    tiers = tier_picture(bundle.tiering.table).axes[0]
    rates = [row.win_rate.value for row in bundle.tiering.table.rows if row.deals]
    assert [extent(bar).height for bar in tiers.patches] == pytest.approx(rates)
    icp = icp_picture(bundle.profile).axes[0]
    shares = [each.share for each in bundle.profile.attributes]
    assert [extent(bar).width for bar in icp.patches][::-1] == pytest.approx(shares)


def test_a_run_holds_pictures_and_tables(new_project: Callable[[str], Path]) -> None:
    run = open_run(new_project("evidence"), "icp", {})
    bundle = serve_models.bundle()
    record_evidence(run, bundle.verdict, bundle.tiering.table, bundle.profile)
    run.end("FINISHED")
    found = {Path(each.path).name for each in run.client.list_artifacts(run.run_id, "evidence")}
    stems = {"calibration.png", "tiers.png", "icp.png", "figures.csv", "tiers.csv", "icp.csv"}
    stems |= {"reliability.csv", "stability.csv", "stability_by_quarter.csv"}
    assert found == stems
