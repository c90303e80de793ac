"""What holds for every campaign: power rises, the level is kept, arms are balanced, the order of rows says nothing."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.watch.campaign_test import boundary, ending, share_of_plan, spending
from icp_ml.watch.campaigns import HOLD_IN, Candidate, Wanted, assign
from icp_ml.watch.sample_size import Promise, power_of

SIZES = st.integers(5, 60)
RATES = st.floats(0.02, 0.5)
TIERS = ("1", "2", "3", "out of scope")
ROWS = st.lists(st.tuples(st.integers(0, 80), st.sampled_from(TIERS), st.sampled_from("abc")), min_size=1, max_size=120)


def pool_of(rows: list[tuple[int, str, str]]) -> list[Candidate]:
    """Accounts that may repeat, and one that keeps each arm and the hold-in from being empty."""
    kept = (("one", "1", "a"), ("three", "3", "a"), ("low", "out of scope", "a"))
    named = [*((f"k{key}", tier, stratum) for key, tier, stratum in rows), *kept]
    return [Candidate(key, key, tier, tier, stratum) for key, tier, stratum in named]


def wanted_of(n: int, seed: int) -> Wanted:
    return Wanted({"1": n, "3": n}, "tier", seed, hold_in=n, low_tiers=("out of scope",))


@settings(max_examples=25)
@given(SIZES, SIZES, st.integers(1, 3), RATES)
def test_the_level_is_kept_at_every_common_rate(first: int, second: int, looks: int, rate: float) -> None:
    promise = Promise(looks=looks)
    spent = ending(promise.boundary((first, second)), (rate, rate))
    assert spent[-1] <= promise.level + 0.001  # a rate between two that were searched may lie a little higher
    assert list(spent) == sorted(spent)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=3), st.floats(0.01, 0.2))
def test_looks_at_any_time_spend_no_more_than_their_share(steps: list[tuple[int, int]], level: float) -> None:
    looks = [(sum(s[0] for s in steps[: n + 1]), sum(s[1] for s in steps[: n + 1])) for n in range(len(steps))]
    fixed = boundary(looks, looks[-1], level)
    shares = [share_of_plan(look, looks[-1]) for look in looks]
    assert all(spent <= spending(level, share) + 1e-9 for spent, share in zip(fixed.spent, shares, strict=True))


@settings(max_examples=15)
@given(st.integers(20, 60), RATES, st.floats(0.05, 0.4))
def test_power_rises_with_accounts_and_with_the_difference(size: int, rate: float, gap: float) -> None:
    promise = Promise()
    power = power_of(promise, (size, size), (rate, rate + gap))
    slack = 0.03  # outcomes are whole numbers: power rises in steps that now and then go back a little
    assert power_of(promise, (2 * size, 2 * size), (rate, rate + gap)) >= power - slack
    assert power_of(promise, (size, size), (rate, min(rate + gap + 0.05, 0.99))) >= power


@settings(max_examples=15)
@given(SIZES, SIZES, RATES, RATES)
def test_it_does_not_matter_which_arm_is_called_the_first(a: int, b: int, one: float, other: float) -> None:
    promise = Promise(looks=2)
    assert abs(power_of(promise, (a, b), (one, other)) - power_of(promise, (b, a), (other, one))) < 1e-6


@given(ROWS, st.randoms(use_true_random=False), st.integers(1, 30), st.integers(0, 5))
def test_the_order_of_rows_says_nothing(rows: list[tuple[int, str, str]], mixer: Random, n: int, seed: int) -> None:
    pool = pool_of(rows)
    mixed = pool.copy()
    mixer.shuffle(mixed)
    assert assign(mixed, wanted_of(n, seed)) == assign(pool, wanted_of(n, seed))


@given(ROWS, st.integers(1, 30), st.integers(0, 5))
def test_an_account_is_drawn_once_from_its_own_arm(rows: list[tuple[int, str, str]], n: int, seed: int) -> None:
    pool = pool_of(rows)
    drawn = assign(pool, wanted_of(n, seed))
    tiers = {(each.id, each.tier) for each in pool}
    assert len({each.id for each in drawn.accounts}) == len(drawn.accounts)
    for each in drawn.accounts:
        assert (each.id, "out of scope" if each.arm == HOLD_IN else each.arm) in tiers


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(30, 90), min_size=1),
    st.dictionaries(st.sampled_from("abcde"), st.integers(30, 90), min_size=1),
    st.integers(1, 30),
)
def test_arms_with_accounts_enough_are_alike_to_one_account(
    ones: dict[str, int], threes: dict[str, int], n: int
) -> None:
    """Of every stratum in common an arm has at least 30, and so as many as are wanted of it."""
    pool = [
        Candidate(f"{tier}{stratum}{place}", f"{tier}{stratum}{place}", tier, tier, stratum)
        for tier, counts in (("1", ones), ("3", threes))
        for stratum, count in counts.items()
        for place in range(count)
    ]
    if not ones.keys() & threes.keys():
        return
    drawn = assign(pool, Wanted({"1": n, "3": n}, "tier", seed=1))
    first, second = (Counter(each.id[1] for each in drawn.accounts if each.arm == arm) for arm in ("1", "3"))
    assert first == second
    assert all(arm.filled == 0 for arm in drawn.arms)


@given(ROWS, st.integers(1, 20), st.integers(0, 5))
def test_who_is_drawn_stays_drawn_when_fewer_others_are_there(
    rows: list[tuple[int, str, str]], n: int, seed: int
) -> None:
    """Without balance: leaving out accounts that were not drawn changes nothing."""
    plain = [Candidate(each.key, each.id, each.group, each.tier) for each in pool_of(rows)]
    drawn = assign(plain, wanted_of(n, seed))
    chosen = {each.id for each in drawn.accounts}
    again = assign([each for each in plain if each.id in chosen], wanted_of(n, seed))
    assert [(each.id, each.arm) for each in again.accounts] == [(each.id, each.arm) for each in drawn.accounts]
