"""Small segments are drawn to the whole, as far as segments differ by no more than chance; accounts are what counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icp_ml.profile.shrinkage import Alike, Floats, Observed, alike, drawn_means, drawn_rates, strength


def seen(deals: int, mean: float) -> Observed:
    """As many independent deals as there are."""
    return Observed(deals, deals, mean, float(deals))


def whole_of(segments: Sequence[Observed]) -> Observed:
    deals = sum(each.deals for each in segments)
    return seen(deals, sum(each.deals * each.mean for each in segments if each.deals) / deals)


# --- accounts -----------------------------------------------------------------------------------------------------


def independent(values: list[float], groups: list[int]) -> float:
    known = np.array(values, dtype=np.float64)
    everyone = np.ones(len(values), dtype=bool)
    return alike(known, np.array(groups)).observed(known, everyone).independent


def test_deals_that_only_repeat_their_account_count_once() -> None:
    assert independent([1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]) == pytest.approx(4)


def test_deals_of_as_many_accounts_all_count() -> None:
    assert independent([1, 0, 1, 1, 0], [4, 3, 2, 1, 0]) == 5


def test_deals_that_differ_within_accounts_all_count() -> None:
    # Each account won one and lost one: they are less alike than strangers, and more than all deals there cannot be.
    assert independent([1, 0, 1, 0, 1, 0], [0, 0, 1, 1, 2, 2]) == 6


def test_accounts_of_unequal_size_count_as_kish_says() -> None:
    # rho 1, an account of three deals and one of a single deal: m = (9 + 1) / 4 = 2.5, so 4 / 2.5 = 1.6 deals.
    values = np.array([1.0, 1.0, 1.0, 0.0])
    found = Alike(1.0, np.array([0, 0, 0, 1])).observed(values, np.ones(4, dtype=bool))
    assert found.independent == pytest.approx(1.6)
    assert (found.deals, found.accounts) == (4, 2)


def test_the_likeness_of_an_account_is_found_where_it_was_planted() -> None:
    # A common part with variance 0.3 and an own part with 0.7: two deals of an account have correlation 0.3.
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(3000), rng.integers(1, 5, 3000))
    values = np.sqrt(0.3) * rng.normal(size=3000)[groups] + np.sqrt(0.7) * rng.normal(size=len(groups))
    assert alike(values, groups).rho == pytest.approx(0.3, abs=0.03)


def test_what_is_not_known_counts_nowhere() -> None:
    values = np.array([1.0, np.nan, 0.0, np.nan])
    found = alike(values, np.arange(4)).observed(values, np.array([True, True, True, False]))
    assert (found.deals, found.accounts, found.mean) == (2, 2, 0.5)


# --- how far a segment is drawn -----------------------------------------------------------------------------------


def test_the_strength_of_the_whole_worked_by_hand() -> None:
    # Rates 0.3 and 0.5 of 100 deals each: spread 100 x 0.01 x 2 / 0.24 = 25 / 3, less 1 for chance, over a room of
    # 200 - 100 - 1 = 99: phi = 22 / 297 = 2 / 27, k = 25 / 2. So b = 12.5 / 112.5 = 1 / 9.
    segments = [seen(100, 0.3), seen(100, 0.5)]
    assert strength(segments, 0.24) == pytest.approx(12.5)
    low, high = drawn_rates(segments, whole_of(segments))
    assert low is not None
    assert high is not None
    assert low.value == pytest.approx(0.4 - 0.1 * 8 / 9)
    assert high.value == pytest.approx(0.4 + 0.1 * 8 / 9)


def test_segments_that_differ_by_less_than_chance_all_equal_the_whole() -> None:
    segments = [seen(100, 0.40), seen(50, 0.41), seen(80, 0.39)]
    whole = whole_of(segments)
    assert strength(segments, 0.24) == math.inf
    found = drawn_rates(segments, whole)
    assert [each.value for each in found if each is not None] == [whole.mean] * 3


def test_the_smaller_of_two_segments_with_one_rate_is_drawn_further() -> None:
    segments = [seen(10, 0.8), seen(200, 0.8), seen(400, 0.2)]
    small, large, _ = drawn_rates(segments, whole_of(segments))
    assert small is not None
    assert large is not None
    assert small.value < large.value < 0.8
    assert small.high - small.low > large.high - large.low


def test_a_segment_that_won_all_its_deals_is_not_certain() -> None:
    segments = [seen(3, 1.0), seen(300, 0.3), seen(300, 0.5)]
    small = drawn_rates(segments, whole_of(segments))[0]
    assert small is not None
    assert small.high > small.value > small.low
    assert small.value < 0.9


def test_a_segment_without_a_deal_has_no_figure() -> None:
    segments = [seen(50, 0.2), Observed(0, 0, math.nan, 0.0), seen(50, 0.6)]
    assert drawn_rates(segments, whole_of(segments))[1] is None
    assert drawn_means(segments, whole_of(segments), 1.0)[1] is None


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_where_nobody_or_everybody_left_the_interval_still_has_a_width(rate: float) -> None:
    segments = [seen(5, rate), seen(20, rate)]
    small, large = drawn_rates(segments, whole_of(segments))
    assert small is not None
    assert large is not None
    assert small.value == large.value == rate
    assert small.high - small.low > large.high - large.low > 0


def test_a_single_segment_is_left_as_it_is() -> None:
    found = drawn_means([seen(40, 2.0)], seen(100, 3.0), 1.0)[0]
    assert found is not None
    assert found.value == 2.0
    assert found.high - 2.0 == pytest.approx(1.959963984540054 / math.sqrt(40))


Segment = st.tuples(st.integers(1, 500), st.floats(0, 1))


@given(st.lists(Segment, min_size=1, max_size=8))
def test_a_rate_lies_between_its_own_and_the_whole_and_within_its_interval(drawn: list[tuple[int, float]]) -> None:
    segments = [seen(deals, rate) for deals, rate in drawn]
    whole = whole_of(segments)
    for own, found in zip(segments, drawn_rates(segments, whole), strict=True):
        assert found is not None
        assert min(own.mean, whole.mean) - 1e-9 <= found.value <= max(own.mean, whole.mean) + 1e-9
        assert 0 <= found.low <= found.high <= 1


# --- does it do what it is for? -----------------------------------------------------------------------------------


def sample(rng: np.random.Generator, truth: Floats, deals: int) -> list[Observed]:
    sizes = np.maximum(rng.multinomial(deals, rng.dirichlet(np.full(len(truth), 2.0))), 1)
    return [seen(int(size), rng.binomial(size, rate) / size) for size, rate in zip(sizes, truth, strict=True)]


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.15])
def test_drawn_rates_are_nearer_the_truth_and_their_intervals_hold(spread: float) -> None:
    rng = np.random.default_rng(3)
    inside, drawn_error, own_error = [], [], []
    for _ in range(150):
        truth = np.clip(0.35 + spread * rng.standard_normal(6), 0.02, 0.98)
        segments = sample(rng, truth, 300)
        for rate, own, found in zip(truth, segments, drawn_rates(segments, whole_of(segments)), strict=True):
            assert found is not None
            inside.append(found.low <= rate <= found.high)
            drawn_error.append((found.value - rate) ** 2)
            own_error.append((own.mean - rate) ** 2)
    assert np.mean(drawn_error) < np.mean(own_error)
    assert np.mean(inside) > 0.9


def test_means_are_drawn_nearer_the_truth_too() -> None:
    rng = np.random.default_rng(4)
    drawn_error, own_error, inside = [], [], []
    for _ in range(150):
        truth = 5 + 0.2 * rng.standard_normal(6)
        sizes = rng.integers(3, 40, 6)
        segments = [seen(int(n), float(rng.normal(mean, 1, n).mean())) for mean, n in zip(truth, sizes, strict=True)]
        for mean, own, found in zip(truth, segments, drawn_means(segments, whole_of(segments), 1.04), strict=True):
            assert found is not None
            inside.append(found.low <= mean <= found.high)
            drawn_error.append((found.value - mean) ** 2)
            own_error.append((own.mean - mean) ** 2)
    assert np.mean(drawn_error) < np.mean(own_error)
    assert np.mean(inside) > 0.9


def test_a_segment_without_a_deal_has_no_figure_where_nobody_was_won_either() -> None:
    none, some = drawn_rates([Observed(0, 0, math.nan, 0.0), seen(20, 0.0)], seen(20, 0.0))
    assert none is None
    assert some is not None
