"""Who is drawn: arms, balance, hold-in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from icp_ml.errors import ConfigError, InputError
from icp_ml.watch.campaign_lists import Asked, read_scored
from icp_ml.watch.campaigns import HOLD_IN, Candidate, Wanted, assign

COUNTRIES = {"1": {"DE": 30, "FR": 60, "PL": 10}, "3": {"DE": 40, "FR": 40, "UK": 120}}


def candidates(countries: dict[str, dict[str, int]]) -> list[Candidate]:
    """So many accounts of each tier and country, and 50 out of scope."""
    named = [
        Candidate(f"{tier}{country}{n}.example", f"{tier}{country}{n}.example", tier, tier, f"country {country}")
        for tier, counts in countries.items()
        for country, count in counts.items()
        for n in range(count)
    ]
    return [*named, *(Candidate(f"low{n}", f"low{n}", "out of scope", "out of scope") for n in range(50))]


def test_arms_have_each_stratum_alike_and_none_that_one_arm_lacks() -> None:
    drawn = assign(candidates(COUNTRIES), Wanted({"1": 20, "3": 20}, "tier", seed=1))
    found = {arm: Counter(each.id[1:3] for each in drawn.accounts if each.arm == arm) for arm in ("1", "3")}
    # by hand: shares of DE 0.3 and 0.2, of FR 0.6 and 0.2: the least of each 0.2 and 0.2, so half and half
    assert found == {"1": {"DE": 10, "FR": 10}, "3": {"DE": 10, "FR": 10}}
    assert [arm.filled for arm in drawn.arms] == [0, 0]


def test_an_arm_that_has_too_few_of_a_stratum_fills_up_and_says_so() -> None:
    drawn = assign(candidates(COUNTRIES), Wanted({"1": 90, "3": 90}, "tier", seed=1))
    # by hand: 45 of DE and 45 of FR are wanted; arm 1 has 30 of DE, arm 3 has 40 of each
    assert [(arm.accounts, arm.filled) for arm in drawn.arms] == [(90, 15), (90, 10)]
    assert sum(each.why.endswith("to fill up") for each in drawn.accounts) == 25


def test_an_arm_with_too_few_accounts_is_drawn_whole() -> None:
    drawn = assign(candidates({"1": {"DE": 7}, "3": {"DE": 90}}), Wanted({"1": 20, "3": 20}, "tier", seed=1))
    assert [(arm.candidates, arm.accounts) for arm in drawn.arms] == [(7, 7), (90, 20)]


@pytest.mark.parametrize(("asked", "count"), [(10, 10), (0.1, 5), (0.11, 6), (500, 50), (0, 0)])
def test_the_hold_in_is_a_number_or_a_share_of_low_tiers(asked: float, count: int) -> None:
    wanted = Wanted({"1": 5, "3": 5}, "tier", seed=1, hold_in=asked, low_tiers=("out of scope",))
    drawn = assign(candidates(COUNTRIES), wanted)
    held = [each for each in drawn.accounts if each.arm == HOLD_IN]
    assert len(held) == count
    assert all(each.id.startswith("low") for each in held)
    assert (drawn.hold_in is None) == (count == 0)


def test_the_hold_in_takes_no_account_of_an_arm() -> None:
    wanted = Wanted({"1": 5, "3": 150}, "country", seed=1, hold_in=300, low_tiers=("3",))
    drawn = assign(candidates(COUNTRIES), wanted)
    assert max(Counter(each.id for each in drawn.accounts).values()) == 1
    assert sum(each.arm == HOLD_IN for each in drawn.accounts) == 200 - 150


def test_another_seed_draws_others() -> None:
    first, second = (
        {each.id for each in assign(candidates(COUNTRIES), Wanted({"1": 20, "3": 20}, "tier", seed)).accounts}
        for seed in (1, 2)
    )
    assert first != second


def test_who_is_drawn_has_nothing_to_do_with_the_alphabet() -> None:
    """Of 100 accounts half come first by name; of 2,000 draws of ten each, near five are among them."""
    pool = [Candidate(f"{n:03}", f"{n:03}", arm, arm) for n in range(100) for arm in ("1",)]
    pool += [Candidate("x", "x", "3", "3")]
    early = [
        sum(
            each.id < "050"
            for each in assign(pool, Wanted({"1": 10, "3": 1}, "tier", seed)).accounts
            if each.arm == "1"
        )
        for seed in range(300)
    ]
    # by hand: hypergeometric, variance 10 x 0.25 x 90 / 99 = 2.27, so 5 standard errors of the mean are 0.43
    assert sum(early) / 300 == pytest.approx(5.0, abs=0.43)


def test_what_cannot_be_drawn_is_refused() -> None:
    pool = candidates(COUNTRIES)
    with pytest.raises(InputError, match=r"tier 2 .* there are 3 \(200\), 1 \(100\), out of scope \(50\)"):
        assign(pool, Wanted({"1": 5, "2": 5}, "tier", seed=1))
    with pytest.raises(InputError, match="in common"):
        assign(candidates({"1": {"DE": 9}, "3": {"UK": 9}}), Wanted({"1": 5, "3": 5}, "tier", seed=1))
    with pytest.raises(InputError, match="hold-in"):
        assign(pool, Wanted({"1": 5, "3": 5}, "tier", seed=1, hold_in=5, low_tiers=("4",)))
    with pytest.raises(ConfigError):
        Wanted({"1": 0, "3": 5}, "tier", seed=1)


def test_a_list_on_which_nobody_may_be_contacted_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scored.csv"
    path.write_text(
        "domain,tier,status\na.de,1,already a customer\nb.de,,not scored: no attribute known\n", encoding="utf-8"
    )
    said = "expected accounts that may be contacted, found 2 rows without a score or with a mark; name another list"
    with pytest.raises(InputError, match=said):
        read_scored(path, Asked("tier", ("1", "2")))
