"""A place in the universe, from log-odds: worked by hand, and for any universe."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import percentileofscore

from icp_ml.model.resemblance import Resemblance, fit_resemblance

LOG_ODDS = st.lists(st.floats(-8, 8).map(lambda z: round(z, 1)), min_size=1, max_size=60)


def test_of_a_hundred_and_one_companies_each_is_at_its_own_per_cent() -> None:
    scale = fit_resemblance(np.arange(101.0) / 10)
    assert scale.percentile(np.array([0.0, 2.5, 2.55, 10.0])) == pytest.approx([0, 25, 25.5, 100])
    assert scale.percentile(np.array([-3.0, 12.0])).tolist() == [0, 100]
    assert scale.log_odds(25.5) == pytest.approx(2.55)


def test_equal_companies_share_the_middle_of_their_places() -> None:
    """Half of the universe at 0 and half at 1: a company at 0 stands in the middle of the lower half."""
    scale = fit_resemblance(np.repeat([0.0, 1.0], 1000))
    low, between, high = scale.percentile(np.array([0.0, 0.5, 1.0]))
    assert low == pytest.approx(25, abs=0.6)
    assert high == pytest.approx(75, abs=0.6)
    assert low < between < high


@given(LOG_ODDS, LOG_ODDS)
def test_more_log_odds_never_resemble_less_and_all_places_are_between_0_and_100(
    universe: list[float], asked: list[float]
) -> None:
    found = fit_resemblance(np.array(universe)).percentile(np.sort(asked))
    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found <= 100)).all()


def test_it_agrees_with_the_share_counted_one_by_one() -> None:
    rng = np.random.default_rng(1)
    universe = rng.normal(size=2000)
    asked = rng.normal(size=50)
    counted = [percentileofscore(universe, each, kind="mean") for each in asked]
    assert fit_resemblance(universe).percentile(asked) == pytest.approx(counted, abs=1.0)


@pytest.mark.parametrize("quantiles", [(0.0,) * 100, (*range(100), 5)])
def test_what_is_no_scale_is_refused(quantiles: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="quantiles that rise"):
        Resemblance(quantiles)
