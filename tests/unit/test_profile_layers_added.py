"""Layers added one by one: sums and counts by hand, and a planted layer that says everything."""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.deals.settings import Axis, Layer
from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.metrics import estimate_all
from icp_ml.profile.layers_added import (
    LayeredRows,
    above_cut,
    carried_by_firmographics,
    layered,
    layers_added,
    pooled_layers,
)

DEALS = 600


def column(name: str, layer: Layer, axis: Axis) -> ModelColumn:
    return ModelColumn(name, name, name, layer, axis, "number")


COLUMNS = (
    column("visits", "engagement", "intent"),
    column("employees", "firmographic", "fit"),
    column("hiring", "behavioural", "intent"),
    column("founded", "firmographic", "fit"),
)


def planted(seed: int = 1) -> tuple[LayeredRows, np.ndarray[tuple[int], np.dtype[np.int8]]]:
    """Contributions of which those of engagement are the truth, firmographics a weak hint, and behaviour is nothing."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1.6, DEALS)
    values = np.column_stack([truth, rng.normal(0, 0.1, DEALS) + 0.1 * truth, np.zeros(DEALS), np.zeros(DEALS)])
    won = (rng.random(DEALS) < 1 / (1 + np.exp(0.5 - truth))).astype(np.int8)
    return layered(values, COLUMNS, -0.5, 0.8), won


def test_sums_go_up_to_each_layer_fit_first_whatever_the_order_of_columns() -> None:
    values = np.array([[0.5, 0.1, -0.2, 0.3], [-1.0, 0.0, 0.0, 0.0]])
    rows = layered(values, COLUMNS, -1.0, 0.0)
    assert rows.used == ("firmographic", "behavioural", "engagement")
    steps = dict(rows.steps())
    assert steps["firmographic"] == pytest.approx([-0.6, -1.0])  # -1 + 0.1 + 0.3
    assert steps["behavioural"] == pytest.approx([-0.8, -1.0])
    assert steps["engagement"] == pytest.approx([-0.3, -2.0])


def test_each_deal_has_the_base_and_the_cut_of_its_own_model() -> None:
    one = layered(np.array([[0.4]]), COLUMNS[1:2], 0.0, 0.4)
    other = layered(np.array([[0.4]]), COLUMNS[:1], -0.1, 0.4)
    both = pooled_layers([one, other])
    assert both.used == ("firmographic", "engagement")
    assert dict(above_cut(both)) == {"firmographic": 0.5, "engagement": 0.5}  # at the cut is in; the other ends at 0.3
    assert both.base.tolist() == [0.0, -0.1]


def test_counts_above_the_cut_by_hand() -> None:
    #                                     visits employees
    values = np.array([[v, e, 0, 0] for v, e in [(1, 1), (1, -1), (-1, 2), (-3, 2), (0, 0), (5, -5)]], dtype=np.float64)
    won = np.array([1, 0, 1, 1, 0, 0], dtype=np.int8)
    steps = layers_added(layered(values, COLUMNS, 0.0, 1.0), won, np.arange(6), seed=1)
    found = {step.layer: step for step in steps}
    # employees alone: rows 0, 2, 3 are at 1 or more, all won; with visits rows 0 (2) and 2 (1) are, both won
    assert (found["firmographic"].above, found["firmographic"].win_rate.value) == (3, 1.0)
    assert (found["engagement"].above, found["engagement"].win_rate.value) == (2, 1.0)
    assert found["engagement"].share_above.value == pytest.approx(2 / 6)
    assert found["behavioural"].auc_gained.value == 0.0
    assert all(step.list_above is None for step in steps)


def test_the_last_step_is_the_model_itself_with_its_own_intervals() -> None:
    rows, won = planted()
    groups = np.arange(DEALS) // 2
    steps = layers_added(rows, won, groups, seed=4)
    whole = estimate_all(rows.base + rows.by_layer.sum(axis=1), won, groups, seed=4)
    for mine, theirs in ((steps[-1].auc, whole["auc"]), (steps[-1].log_loss, whole["log_loss"])):
        assert (mine.value, mine.low, mine.high) == pytest.approx((theirs.value, theirs.low, theirs.high), abs=1e-12)


def test_gains_add_up_from_the_base_rate_to_the_model() -> None:
    rows, won = planted()
    steps = layers_added(rows, won, np.arange(DEALS), seed=4)
    assert 0.5 + sum(step.auc_gained.value for step in steps) == pytest.approx(steps[-1].auc.value, abs=1e-12)
    of_base = np.logaddexp(0.0, -0.5) - won.mean() * -0.5  # log loss of a constant, by its formula
    saved = sum(step.log_loss_saved.value for step in steps)
    assert of_base - saved == pytest.approx(steps[-1].log_loss.value, abs=1e-12)


def test_the_layer_that_says_everything_is_found_and_the_one_that_says_nothing_gains_nothing() -> None:
    rows, won = planted()
    found = {step.layer: step for step in layers_added(rows, won, np.arange(DEALS), seed=4)}
    assert found["engagement"].auc_gained.low > 0.0
    assert found["engagement"].log_loss_saved.low > 0.0
    silent = found["behavioural"].auc_gained
    assert (silent.value, silent.low, silent.high) == (0.0, 0.0, 0.0)
    assert found["engagement"].above > found["firmographic"].above == 0  # the hint alone reaches no cut
    assert (found["firmographic"].win_rate.low, found["firmographic"].win_rate.high) == (0.0, 1.0)
    assert found["engagement"].win_rate.low > won.mean()


def test_a_list_is_counted_by_the_published_model() -> None:
    rows, won = planted()
    listed = layered(np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0] * 4, [0.0] * 4]), COLUMNS, -0.5, 0.8)
    steps = layers_added(rows, won, np.arange(DEALS), seed=4, listed=listed)
    assert [step.list_above for step in steps] == [0.25, 0.25, 0.5]
    nobody = layered(np.empty((0, 4)), COLUMNS, -0.5, 0.8)
    assert dict(above_cut(nobody)) == {"firmographic": 0.0, "behavioural": 0.0, "engagement": 0.0}


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"firmographic": 0.80, "technographic": 0.20}, None),
        ({"firmographic": 0.81, "technographic": 0.19}, "what is technographic says little beside it"),
        ({"firmographic": 1.0}, "no attribute of any other kind"),
        ({"technographic": 1.0}, None),
        ({}, None),
    ],
)
def test_firmographics_over_four_fifths_are_a_warning(shares: dict[Layer, float], said: str | None) -> None:
    found = carried_by_firmographics(shares)
    assert (found is None) == (said is None)
    assert said is None or said in str(found)
