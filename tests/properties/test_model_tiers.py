"""Laws of tiers and scores for any deals and any cuts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from icp_ml.deals.policy import TiersSettings
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.tiers import Cuts, merged, sub_scores
from icp_ml.profile.tiers import TieredDeals, measure_tiers, merge_until_told_apart

Deals = tuple[NDArray[np.float64], NDArray[np.int8], NDArray[np.int64]]


@st.composite
def some_deals(draw: st.DrawFn) -> Deals:
    size = draw(st.integers(1, 80))
    log_odds = draw(arrays.arrays(np.float64, size, elements=st.floats(-8, 8).map(lambda z: round(z, 1))))
    won = draw(arrays.arrays(np.int8, size, elements=st.integers(0, 1)))
    return log_odds, won, draw(arrays.arrays(np.int64, size, elements=st.integers(0, 30)))


@st.composite
def some_cuts(draw: st.DrawFn) -> Cuts:
    steps = draw(st.lists(st.floats(0.01, 5), min_size=4, max_size=4))
    low = draw(st.floats(-9, 3))
    third, second, first, high = low + np.cumsum(steps)
    labels = ("1", "2", "3", "out of scope")
    return Cuts((float(first), float(second), float(third)), (70.0, 50.0, 30.0), labels, low, float(high))


SETTINGS = st.sampled_from(
    [
        TiersSettings(),
        TiersSettings.model_validate({1: 80, 2: 60}),
        TiersSettings.model_validate({"objective": "capacity", "capacity": {1: 0.1, 2: 0.3, 3: 0.6}}),
        TiersSettings.model_validate({"objective": "fixed", "fixed": {1: 0.5, 2: 0.3, 3: 0.1}}),
    ]
)


@given(some_cuts(), arrays.arrays(np.float64, 20, elements=st.floats(-30, 30)))
def test_a_better_chance_never_has_a_lower_score_or_a_worse_tier(cuts: Cuts, log_odds: NDArray[np.float64]) -> None:
    ordered = np.sort(log_odds)
    scores, places = cuts.score(ordered), cuts.tiers(ordered)
    assert (np.diff(scores) >= 0).all()
    assert (np.diff(places) <= 0).all()
    assert scores.min() >= 0
    assert scores.max() <= 100
    at_least = np.array([*cuts.scores, 0.0])[places]
    below = np.array([100.0, *cuts.scores])[places]
    assert (scores >= at_least).all()
    assert (scores <= below).all()


@given(
    some_cuts(),
    arrays.arrays(np.float64, (10, 4), elements=st.floats(-6, 6)),
    st.floats(-5, 5),
    st.sampled_from([1.0, 1e-3, 1e-9, 1e-13, 0.0]),
)
def test_base_score_and_sub_scores_add_up_to_the_score(
    cuts: Cuts, contributions: NDArray[np.float64], base: float, size: float
) -> None:
    # The last part nearly cancels the others, so that rows come as near to the base as `size` says.
    rest = contributions[:, :3].sum(axis=1)
    parts = np.column_stack([contributions[:, :3], size * contributions[:, 3] - rest])
    log_odds = base + parts.sum(axis=1)
    added = sub_scores(cuts, parts, log_odds, base).sum(axis=1)
    assert np.abs(cuts.score(base) + added - cuts.score(log_odds)).max() <= 1e-9


@given(some_deals(), SETTINGS, st.integers(0, 2**32 - 1))
def test_cuts_do_not_know_the_order_of_deals_and_never_part_equals(
    deals: Deals, settings: TiersSettings, seed: int
) -> None:
    log_odds, won, groups = deals
    fitted = fit_cuts(log_odds, won, groups, settings)
    order = np.random.default_rng(seed).permutation(len(won))
    assert fit_cuts(log_odds[order], won[order], groups[order], settings) == fitted
    if settings.objective != "fixed":
        assert not set(fitted.cuts.log_odds) & set(log_odds.tolist())


@given(some_deals(), SETTINGS)
def test_tiers_hold_every_deal_once_before_and_after_merging(deals: Deals, settings: TiersSettings) -> None:
    log_odds, won, groups = deals
    cuts = fit_cuts(log_odds, won, groups, settings).cuts
    tiered = TieredDeals(cuts.tiers(log_odds), won, groups)
    before = measure_tiers(tiered, cuts, "")
    remaining, after = merge_until_told_apart(tiered, cuts, "")
    for table in (before, after):
        assert sum(row.deals for row in table.rows) == len(won)
        assert sum(row.won for row in table.rows) == won.sum()
    # A second route to the merged tiers: the remaining cuts place every deal anew.
    assert [row.deals for row in after.rows] == np.bincount(
        remaining.tiers(log_odds), minlength=len(remaining.labels)
    ).tolist()


@given(some_cuts(), st.sets(st.integers(0, 2)), arrays.arrays(np.float64, 20, elements=st.floats(-30, 30)))
def test_merging_moves_no_prospect_across_a_bound_that_stays(
    cuts: Cuts, gone: set[int], log_odds: NDArray[np.float64]
) -> None:
    pairs = [(cuts.labels[place], cuts.labels[place + 1]) for place in gone]
    kept = [place for place in range(3) if place not in gone]
    expected = sum((cuts.tiers(log_odds) > place).astype(int) for place in kept)
    assert (merged(cuts, pairs).tiers(log_odds) == expected).all()
