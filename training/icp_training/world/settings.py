"""What a person may choose about a synthetic world; everything else is drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class WorldSettings:
    """The size, span and difficulty of a synthetic world.

    `deals` counts closed deals (won or lost); open, duplicate and test deals come on top of them, copies do
    not. `prospects` counts the rows of the list, repeats included. `months` is the span over which deals
    open; it ends at `extracted`. Rates are shares of 1. Pairs are ranges that the seed draws from. Without
    `keep_proxies`, only planted and noise attributes are kept. From `truth_changes` on, other attributes decide;
    None is never. Raises ValueError where a size cannot be met.
    """

    deals: int = 2000
    prospects: int = 20_000
    seed: int = 1
    name: str = "synthetic"
    extracted: date = date(2025, 6, 30)
    months: int = 30
    deals_per_account: float = 1.8
    median_cycle_days: float = 45.0
    strong: int = 5
    weak: int = 3
    noise: int = 12
    strong_odds: tuple[float, float] = (2.8, 4.2)
    weak_odds: tuple[float, float] = (1.3, 1.7)
    keep_proxies: bool = True
    anti_icp: bool = True
    interactions: int = 2
    base_rates: tuple[float, float] = (0.25, 0.40)
    oracle_auc: float | None = None
    account_spread: tuple[float, float] = (0.3, 0.5)
    drift: tuple[float, float] = (0.3, 0.8)
    truth_changes: date | None = None
    planted_missing: tuple[float, float] = (0.02, 0.12)
    noise_missing: tuple[float, float] = (0.0, 0.35)
    aged_share: float = 0.0
    duplicate_share: float = 0.02
    test_share: float = 0.01
    leaks: int = 2
    customer_share: float = 0.03
    open_share: float = 0.02
    repeated_share: float = 0.01

    def __post_init__(self) -> None:
        if self.deals < 1 or self.prospects < 0 or self.months < 1 or self.leaks < 0:
            raise ValueError("A world needs at least one deal and one month, and no negative sizes.")
        if self.deals_per_account < 1:
            raise ValueError("An account in the deals has at least one deal: deals_per_account is 1 or more.")
