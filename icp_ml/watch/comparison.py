"""Champion and challenger on the same deals, which neither of them learned from.

The deals opened after the day of the champion's extract and are old enough that slow outcomes are in. The challenger
that answers for them is the same configuration fitted to what was known on that day; what is registered has learned
from all deals. What is compared is therefore two ways of making a model, a quarter apart, and not two sets of trees.

Where the world has turned since that day (`icp_ml.watch.turn`), what was known then is what the challenger leaves out.
It answers by several copies, each fitted to the deals since of other accounts than those it answers for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.metrics import Estimate, estimate_all, log_losses, resamples
from icp_ml.profile.records import Interval, Record

Floats = NDArray[np.float64]

LEAST_COMPARED: Final = 100
"""Deals under which nothing is told apart."""
ONE_SIDED: Final = 0.1
"""Each bound of a difference is wrong one time in ten."""
DRAWS: Final = 1_000
TIERS: Final = ("1", "2", "3", "in none")
"""What `Rival.ranks` counts, from 1 on."""


class RivalFigures(Record):
    """How one model did. log_loss: nats a deal, at its own level. separation: the odds of winning in its first tier
    over those in all others, None where either is empty. Intervals at 95 %.
    """

    log_loss: float
    auc: Interval
    calibration_slope: Interval
    observed_over_expected: Interval
    separation: Interval | None


class RivalGap(Record):
    """Challenger minus champion; each bound is wrong one time in ten.

    log_loss: nats a deal; below zero the challenger is better. separation: of the logarithms of the odds ratios; above
    zero the challenger's first tier stands out more; None where either has none.
    moved: share of the deals that the two put into different tiers. moved_far: by two tiers or more.
    """

    log_loss: Interval
    separation: Interval | None
    moved: float
    moved_far: float


class Comparison(Record):
    """What a challenger was compared with, and what came of it.

    champion_version, champion_hash: the bundle that was live. since: the day of its extract, after which the deals
    opened; None where there are no dates. crossed: whether the challenger learned only from deals opened after that
    day, and answered for each account by a copy that had not met it; since is then the day before those deals.
    deals, won, accounts: of those that could be compared. champion, challenger, gap: None where they are too few to
    tell. lacking: attributes of the champion that the data no longer has.
    """

    champion_version: int
    champion_hash: str
    since: str | None
    deals: int
    won: int
    accounts: int
    champion: RivalFigures | None = None
    challenger: RivalFigures | None = None
    gap: RivalGap | None = None
    lacking: tuple[str, ...] = ()
    crossed: bool = False


@dataclass(frozen=True)
class Rival:
    """One model's answers to n deals. log_odds: at its own level. tiers: places in its labels, best first, int8[n]."""

    log_odds: Floats
    tiers: NDArray[np.int8]
    labels: tuple[str, ...]

    def ranks(self) -> NDArray[np.int64]:
        """The tier of each deal as a number that means the same in all: a tier merged of two is called by its better,
        and what is in none comes last.
        """
        numbers = np.array([int(label[0]) if label[0].isdigit() else len(TIERS) for label in self.labels])
        return np.asarray(numbers[self.tiers], dtype=np.int64)


@dataclass(frozen=True)
class SharedDeals:
    """The n deals. won: int8[n]. groups: accounts that belong together, int64[n]."""

    won: NDArray[np.int8]
    groups: NDArray[np.int64]

    @property
    def are_enough(self) -> bool:
        """Whether anything can be told from them."""
        return len(self.won) >= LEAST_COMPARED and 0 < self.won.sum() < len(self.won)


def figures_of(rival: Rival, deals: SharedDeals, seed: int) -> RivalFigures:
    """How one model did on the deals, which must be enough."""
    found = estimate_all(rival.log_odds, deals.won, deals.groups, seed)
    ratios = np.exp(_log_odds_ratios([rival], deals, seed))[:, 0]
    has_ratio = bool(np.isfinite(ratios[0]))
    return RivalFigures(
        log_loss=found["log_loss"].value,
        auc=_interval(found["auc"]),
        calibration_slope=_interval(found["calibration_slope"]),
        observed_over_expected=_interval(found["observed_over_expected"]),
        separation=_between(ratios[0], ratios[1:], 0.025) if has_ratio else None,
    )


def gap_of(champion: Rival, challenger: Rival, deals: SharedDeals, seed: int) -> RivalGap:
    """How the two differ on the deals, which must be enough; accounts are resampled, the same for both."""
    losses = [log_losses(each.log_odds, deals.won) for each in (challenger, champion)]
    paired = losses[0] - losses[1]
    draws = np.array([w @ paired / w.sum() for w in resamples(deals.groups, DRAWS, seed)])
    ratios = _log_odds_ratios([challenger, champion], deals, seed)
    apart = ratios[:, 0] - ratios[:, 1]
    steps = np.abs(champion.ranks() - challenger.ranks())
    return RivalGap(
        log_loss=_between(float(paired.mean()), draws, ONE_SIDED),
        separation=_between(apart[0], apart[1:], ONE_SIDED) if np.isfinite(apart[0]) else None,
        moved=float((steps > 0).mean()),
        moved_far=float((steps > 1).mean()),
    )


def _log_odds_ratios(rivals: Sequence[Rival], deals: SharedDeals, seed: int) -> Floats:
    """float64[1 + draws, rivals]: of the deals as they are, then of resampled accounts; NaN where a side is empty."""
    weights = [np.ones(len(deals.won)), *resamples(deals.groups, DRAWS, seed)]
    tops = [rival.tiers == 0 for rival in rivals]
    return np.array([[_log_odds_ratio(top, deals.won, drawn) for top in tops] for drawn in weights])


def _log_odds_ratio(top: NDArray[np.bool_], won: NDArray[np.int8], weights: Floats) -> float:
    """Half a deal is added to each of the four counts, which keeps the ratio finite (Haldane 1956)."""
    wins = [weights[side] @ won[side] for side in (top, ~top)]
    losses = [weights[side].sum() - win for side, win in zip((top, ~top), wins, strict=True)]
    if not wins[0] + losses[0] or not wins[1] + losses[1]:
        return float("nan")
    return float(np.log((wins[0] + 0.5) * (losses[1] + 0.5) / ((losses[0] + 0.5) * (wins[1] + 0.5))))


def _between(value: float, draws: Floats, tail: float) -> Interval:
    low, high = np.nanquantile(draws, [tail, 1.0 - tail])
    return Interval(value=float(value), low=float(low), high=float(high))


def _interval(found: Estimate) -> Interval:
    return Interval(value=found.value, low=found.low, high=found.high)
