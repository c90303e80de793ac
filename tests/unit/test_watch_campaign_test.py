"""The test of a campaign: its order, its bounds and its interval, each by a second route."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, boschloo_exact, hypergeom

from icp_ml.watch.campaign_test import Boundary, boundary, difference, ending, mid_p, share_of_plan, spending

SMALL = (7, 10)


@cache
def slow_mid_p(first: int, second: int, sizes: tuple[int, int]) -> float:
    """By the hypergeometric distribution of scipy."""
    law = hypergeom(sum(sizes), sizes[0], first + second)
    half = law.pmf(first) / 2
    return float(2 * min(law.cdf(first) - half, law.sf(first) + half))


def slow_ending(fixed: Boundary, rates: tuple[float, float]) -> float:
    """Every path of successes over two looks, one by one."""
    (early, late), total = fixed.looks, 0.0
    steps = (late[0] - early[0], late[1] - early[1])
    for one, two in product(range(early[0] + 1), range(early[1] + 1)):
        chance = binom.pmf(one, early[0], rates[0]) * binom.pmf(two, early[1], rates[1])
        if slow_mid_p(one, two, early) < fixed.bounds[0]:
            total += chance
            continue
        for more, further in product(range(steps[0] + 1), range(steps[1] + 1)):
            if slow_mid_p(one + more, two + further, late) < fixed.bounds[1]:
                total += chance * binom.pmf(more, steps[0], rates[0]) * binom.pmf(further, steps[1], rates[1])
    return float(total)


@pytest.mark.parametrize("sizes", [SMALL, (1, 1), (40, 10), (150, 150)])
def test_the_mid_p_is_that_of_the_hypergeometric_distribution(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    first, second = (rng.integers(0, size + 1, 200) for size in sizes)
    expected = [slow_mid_p(*pair, sizes) for pair in zip(first.tolist(), second.tolist(), strict=True)]
    assert mid_p((first, second), sizes) == pytest.approx(expected, abs=1e-9)


def test_the_chance_of_ending_is_that_of_all_paths_counted() -> None:
    fixed = boundary([(3, 5), SMALL], SMALL)
    loose = Boundary(fixed.looks, (0.2, 0.3), fixed.spent)  # bounds that end some campaigns at either look
    for rates in ((0.3, 0.3), (0.2, 0.7)):
        assert ending(loose, rates)[-1] == pytest.approx(slow_ending(loose, rates), abs=1e-6)


@pytest.mark.parametrize("sizes", [(20, 20), (12, 30)])
def test_the_bound_is_the_largest_that_keeps_the_level(sizes: tuple[int, int]) -> None:
    fixed = boundary([sizes], sizes)
    rates = np.linspace(0.005, 0.5, 100).tolist()
    grid = np.arange(sizes[0] + 1)[:, None], np.arange(sizes[1] + 1)[None, :]
    values = np.unique(mid_p((grid[0] + 0 * grid[1], grid[1] + 0 * grid[0]), sizes))
    wider = Boundary(fixed.looks, (float(values[values > fixed.bounds[0]][0]),), fixed.spent)
    assert max(ending(fixed, (rate, rate))[-1] for rate in rates) <= 0.05
    assert max(ending(wider, (rate, rate))[-1] for rate in rates) > 0.05


def test_the_test_decides_nearly_as_boschloo_does() -> None:
    """Both keep the level exactly and order outcomes by a tail of Fisher's test; they differ on few outcomes."""
    sizes = (9, 9)
    bound = boundary([sizes], sizes).bounds[0]
    outcomes = list(product(range(10), range(10)))
    arrays = np.array([one for one, _ in outcomes]), np.array([two for _, two in outcomes])
    ours = mid_p(arrays, sizes) < bound
    theirs = [boschloo_exact([[a, b], [9 - a, 9 - b]], n=16).pvalue <= 0.05 for a, b in outcomes]
    assert np.mean(ours == np.array(theirs)) >= 0.96


def test_many_accounts_have_the_published_bounds() -> None:
    """Two equal looks at 5 % by Lan and DeMets' boundary: nominal levels 0.00305 and 0.0490 (z = 2.963 and 1.969)."""
    fixed = boundary([(1000, 1000), (2000, 2000)], (2000, 2000))
    assert fixed.bounds == pytest.approx((0.00305, 0.0490), rel=0.03)


def test_the_level_is_spent_late_and_wholly() -> None:
    # by hand: 4 (1 - Phi(2.2414 / sqrt(0.5))) = 4 (1 - Phi(3.1698)) = 4 x 0.000763 = 0.00305
    assert spending(0.05, 0.5) == pytest.approx(0.00305, abs=5e-6)
    assert spending(0.05, 1.0) == pytest.approx(0.05)
    assert spending(0.05, 1.5) == pytest.approx(0.05)


def test_a_look_depends_on_no_later_one() -> None:
    early = boundary([(50, 40)], (100, 100))
    both = boundary([(50, 40), (100, 100)], (100, 100))
    assert early.bounds[0] == both.bounds[0]


def test_a_last_look_before_the_plan_is_full_may_spend_what_is_left() -> None:
    as_planned = boundary([(60, 60)], (100, 100)).bounds[0]
    assert boundary([(60, 60)], (100, 100), is_final=True).bounds[0] > 5 * as_planned


@pytest.mark.parametrize(
    ("contacted", "share"),
    # by hand: variance 1/100 + 1/100 = 0.02; of 50 + 50: 0.04; of 100 + 25: 0.05
    [((100, 100), 1.0), ((50, 50), 0.5), ((100, 25), 0.4), ((0, 100), 0.0)],
)
def test_the_share_of_the_plan_is_that_of_knowledge(contacted: tuple[int, int], share: float) -> None:
    assert share_of_plan(contacted, (100, 100)) == pytest.approx(share)


@pytest.mark.parametrize(
    ("successes", "sizes", "low", "high"),
    # Newcombe 1998, table II, method 10, examples (a) to (d)
    [
        ((56, 48), (70, 80), 0.0524, 0.3339),
        ((9, 3), (10, 10), 0.1705, 0.8090),
        ((6, 2), (7, 7), 0.0582, 0.8062),
        ((5, 0), (56, 29), -0.0381, 0.1926),
    ],
)
def test_the_interval_is_the_published_one(
    successes: tuple[int, int], sizes: tuple[int, int], low: float, high: float
) -> None:
    found = difference(successes, sizes)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)
