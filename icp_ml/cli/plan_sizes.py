"""How large a campaign is to be, and what it can show: `icp plan` without a list, and the sizes of a drawn one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_ml.watch.sample_size import Detectable, Promise

WAIT_DAYS: Final = 30
"""Days of outreach after which the field's guides begin to compare meeting rates."""


@dataclass(frozen=True)
class Rate:
    """The rate that a campaign is planned at, and where it comes from, in words."""

    value: float
    source: str


@dataclass(frozen=True)
class Sizes:
    """The sizes of a campaign and what they can show.

    accounts: in each arm. shows: by the two smallest arms. difference: asked for, None where sizes were given alone;
    power: for it, by these two. per_week: accounts contacted in a week, None where nobody said. hold_in: accounts in
    the hold-in.
    """

    promise: Promise
    rate: float
    rate_from: str
    accounts: tuple[int, ...]
    shows: Detectable
    difference: float | None
    power: float | None
    per_week: int | None
    hold_in: int = 0
    wait_days: int = WAIT_DAYS

    @property
    def total(self) -> int:
        """Accounts in all arms and in the hold-in."""
        return sum(self.accounts) + self.hold_in

    @property
    def weeks(self) -> int | None:
        """Weeks until all have been contacted."""
        return None if self.per_week is None else math.ceil(self.total / self.per_week)


@dataclass(frozen=True)
class Question:
    """What a campaign is to show, as it was asked on the command line.

    per_arm: a number of accounts, or one an arm with commas between. ratio: of the second arm to the first.
    """

    promise: Promise
    rate: Rate
    difference: float | None
    per_arm: str | None
    ratio: float
    per_week: int | None

    @property
    def rates(self) -> tuple[float, float] | None:
        """The rates to tell apart; None where no difference was asked for."""
        return None if self.difference is None else (self.rate.value, self.rate.value + self.difference)

    def wanted(self) -> tuple[int, ...]:
        """Accounts in each arm: those that were named, those that the difference takes, or the customary ones.

        Raises `ConfigError` where a number is none, or there are not as many as arms.
        """
        from icp_ml.watch.sample_size import CUSTOMARY, accounts_needed

        if self.per_arm is not None:
            return _named_sizes(self.per_arm, self.promise.arms)
        if self.rates is None:
            return (CUSTOMARY[-1],) * self.promise.arms
        if self.promise.arms > 2 and self.ratio != 1:
            raise ConfigError(
                "--ratio was given with more than two arms, and it is about two; name sizes with --per-arm"
            )
        needed = accounts_needed(self.promise, self.rates, self.ratio).accounts
        return needed if self.promise.arms == 2 else needed[:1] * self.promise.arms

    def sizes(self, accounts: Sequence[int], hold_in: int = 0) -> Sizes:
        """What so many accounts can show. Raises `ConfigError` for a rate that is none."""
        from icp_ml.watch.sample_size import power_of, smallest_difference

        pair = accounts[:2] if len(accounts) == 2 else sorted(accounts)[:2]
        smallest = (pair[0], pair[1])
        return Sizes(
            promise=self.promise,
            rate=self.rate.value,
            rate_from=self.rate.source,
            accounts=tuple(accounts),
            shows=smallest_difference(self.promise, smallest, self.rate.value),
            difference=self.difference,
            power=None if self.rates is None else power_of(self.promise, smallest, self.rates),
            per_week=self.per_week,
            hold_in=hold_in,
        )

    def customary(self) -> list[tuple[int, Detectable]]:
        """What the sizes that the field's guides speak of can show."""
        from icp_ml.watch.sample_size import CUSTOMARY, smallest_difference

        return [(each, smallest_difference(self.promise, (each, each), self.rate.value)) for each in CUSTOMARY]


def planned_rate(rate: float | None, model: str | None) -> Rate:
    """The rate that somebody states, or the win rate of a model's deals.

    Raises `ConfigError` where neither or both are named, or the model holds no win rate.
    """
    if (rate is None) == (model is None):
        found = "neither" if rate is None else "both"
        raise ConfigError(
            f"--rate or --model was expected, for the rate at which an arm answers, found {found}; say one, such as "
            "--rate 0.04"
        )
    return _rate_of(model) if rate is None else Rate(rate, "as stated")


def _rate_of(model: str | None) -> Rate:
    from icp_ml.cli.places import find_model
    from icp_ml.serve.bundle import Bundle
    from icp_ml.serve.loading import open_any

    folder = find_model(model)
    bundle = open_any(folder).bundle
    if not isinstance(bundle, Bundle):
        raise ConfigError(f"a model that learned from deals was expected, and {folder} holds no win rate; say --rate")
    name = f"{bundle.provenance.name} version {bundle.provenance.version}"
    if bundle.calibration is not None and bundle.calibration.base_rate is not None:
        return Rate(bundle.calibration.base_rate, f"the base rate stated for {name}")
    counted = f"the win rate of the {bundle.profile.deals:,} deals of {name}"
    return Rate(
        bundle.profile.win_rate.value, f"{counted}, of deals that were opened: cold outreach answers less often"
    )


def _named_sizes(per_arm: str, arms: int) -> tuple[int, ...]:
    parts = [part.strip() for part in per_arm.split(",")]
    if not all(part.isdecimal() and int(part) for part in parts) or len(parts) not in (1, arms):
        raise ConfigError(
            f"--per-arm was expected as a number of accounts, or as {arms} with commas between, and '{per_arm}' was "
            "found; write it as 150"
        )
    numbers = tuple(int(part) for part in parts)
    return numbers * arms if len(numbers) == 1 else numbers
