"""The worlds that the protocol is judged on: planted, strong, with nothing true, and with a truth that changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from icp_training.world.nulls import with_copies
from icp_training.world.settings import WorldSettings
from icp_training.world.streams import stream
from icp_training.world.world import World, make_silent_world, make_world

STRONG_WORLD_AUC = 0.85
STRONG_WORLD_NOISE = 20
DRIFTING_WORLD_NOISE = 4
# Of the attributes of a null world, the share that is filled late, so that older deals are emptier.
NULL_AGED_SHARE = 0.3
NULL_COPIED_SHARE = 0.05
# Six halves that each show a ratio of 4 would leave nothing to chance: the more attributes, the smaller.
_PLANTED_ODDS = {5: (3.0, 4.2), 6: (2.9, 3.4)}


def make_planted_world(seed: int, deals: int = 500) -> World:
    """The world for recovery: 5 or 6 strong attributes of different kinds, 2 or 3 weak ones, 20 of noise.

    Each strong attribute shows an odds ratio of about 3 to 4 between its halves, all others varying freely.
    """
    rng = stream(seed, "planted world")
    strong = int(rng.integers(5, 7))
    return make_world(
        WorldSettings(
            deals=deals, prospects=1000, seed=seed, name="planted", months=24, deals_per_account=1.15,
            strong=strong, weak=int(rng.integers(2, 4)), noise=20, strong_odds=_PLANTED_ODDS[strong],
            weak_odds=(1.4, 1.8), keep_proxies=False, interactions=1, base_rates=(0.35, 0.45),
            account_spread=(0.1, 0.3), drift=(0.0, 0.3), planted_missing=(0.0, 0.06), leaks=0,
        )
    )  # fmt: skip


def make_strong_world(seed: int, deals: int = 150) -> World:
    """The world for power: the true probability ranks deals with an AUC of 0.85, amid 20 of noise.

    3 to 5 attributes decide, one of them mostly where another holds; the base rate is 35 to 50 %. Account
    effects and drift are off, so that the AUC is that of the attributes. 150 deals are on at least 120
    accounts.
    """
    return make_world(_strong_settings(seed, deals))


def make_null_world(seed: int, deals: int = 150) -> World:
    """The strong world's columns and sizes, with outcomes that no attribute has anything to do with.

    What is there instead are traps: account effects, a base rate that moves, a 200-level category, one row in
    twenty copied under other ids, and attributes that are emptier on older deals.
    """
    copies = round(NULL_COPIED_SHARE * deals)
    settings = replace(
        _strong_settings(seed, deals - copies),
        name="null",
        interactions=0,
        oracle_auc=None,
        account_spread=(0.6, 1.0),
        drift=(0.5, 1.2),
        aged_share=NULL_AGED_SHARE,
    )
    return with_copies(make_silent_world(settings), copies)


def make_drifting_world(seed: int, deals: int = 1800) -> World:
    """The world for looking back: three years, and after half of them other attributes decide.

    Base rate and AUC of the true probability (0.85) stay as they are, and no attribute that decides afterwards shares
    a cluster with one that did before. The change falls on the first day of a quarter.
    """
    settings = _strong_settings(seed, deals)
    return make_world(
        replace(
            settings, name="drifting", months=36, noise=DRIFTING_WORLD_NOISE, strong=4, truth_changes=date(2024, 1, 1)
        )
    )


def _strong_settings(seed: int, deals: int) -> WorldSettings:
    rng = stream(seed, "strong world")
    return WorldSettings(
        deals=deals, prospects=200, seed=seed, name="strong", months=24, deals_per_account=1.08,
        median_cycle_days=30.0, strong=int(rng.integers(3, 6)), weak=0, noise=STRONG_WORLD_NOISE,
        strong_odds=(3.0, 5.0), keep_proxies=False, anti_icp=False, interactions=1, base_rates=(0.37, 0.48),
        oracle_auc=STRONG_WORLD_AUC, account_spread=(0.0, 0.0), drift=(0.0, 0.0), planted_missing=(0.0, 0.06),
        duplicate_share=0.0, test_share=0.0, leaks=0,
    )  # fmt: skip
