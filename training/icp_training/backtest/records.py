"""What a backtest reports: each quarter, all of them together, and the field's yardsticks beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from icp_ml.errors import IcpError
from icp_ml.model.held_up import HeldUp
from icp_ml.model.metrics import Estimate
from icp_ml.model.tier_outcomes import Lead, TierOutcome

WINS_HELD: Final = 0.70
"""Share of known wins that tier 1 should hold: the field's working figure, and the default objective."""
DISCRIMINATES: Final = 1.5
"""Tier 1 over tier 3: under it a model does not discriminate, by the field's working figure."""
SOONER: Final = (0.20, 0.40)
"""Tier 1 should close by this share faster: the field's working figure."""


@dataclass(frozen=True)
class Outcomes:
    """What one order of the deals came to. tiers: those that hold a deal, best first.

    ranking: share of pairs of a won and a lost deal of one quarter in the right order. wins_in_as_many: share of wins
    among as many deals of each quarter as the model's tier 1 held.
    """

    tiers: tuple[TierOutcome, ...]
    lead: Lead
    ranking: Estimate | None
    wins_in_as_many: Estimate | None


@dataclass(frozen=True)
class QuarterReport:
    """One quarter. opened: its deals that have had time to close. reason: why nothing was told, None where it was.

    learnt: deals learnt from, 0 where there was no model. told: deals of new accounts. returning, still_open: beside
    them. held_up, outcomes: of the model; scorecards: of each hand-weighted one.
    """

    name: str
    start: str
    end: str
    opened: int
    reason: str | None = None
    no_signal: bool = False
    learnt: int = 0
    told: int = 0
    won: int = 0
    returning: int = 0
    still_open: int = 0
    held_up: HeldUp | None = None
    outcomes: Outcomes | None = None
    scorecards: tuple[tuple[str, Outcomes], ...] = ()


@dataclass(frozen=True)
class Pooled:
    """All quarters in which something was told. returning: the ranking of deals of accounts that were learnt from."""

    quarters: int
    told: int
    accounts: int
    won: int
    still_open: int
    held_up: HeldUp
    outcomes: Outcomes
    scorecards: tuple[tuple[str, Outcomes], ...]
    returning: int
    returning_ranking: Estimate | None


@dataclass(frozen=True)
class Backtest:
    """quarters: every one that was tried, in order. gap: days that a deal is given to close. predicted: what a win is.

    pooled: None where there is nothing to backtest; refusal then says why. sentence: how it was done.
    """

    quarters: tuple[QuarterReport, ...]
    gap: int
    predicted: str
    sentence: str
    pooled: Pooled | None = None
    refusal: IcpError | None = None


def yardsticks(pooled: Pooled) -> tuple[str, ...]:
    """The field's working figures beside what was found, one sentence each."""
    lead = pooled.outcomes.lead
    return (
        _yardstick("Share of wins in tier 1", lead.wins_in_first, f"{WINS_HELD:.0%} or more", WINS_HELD, shares=True),
        _yardstick(
            "Win rate of tier 1 over that of the last tier",
            lead.ratio,
            f"{DISCRIMINATES:g} times or more, under which a model does not discriminate",
            DISCRIMINATES,
        ),
        _yardstick(
            "Fewer days to win in tier 1 than in the last tier",
            lead.sooner_won,
            f"{SOONER[0]:.0%} to {SOONER[1]:.0%}",
            SOONER[0],
            shares=True,
        ),
        *_alike(pooled.outcomes.tiers),
    )


def _yardstick(name: str, found: Estimate | None, wanted: str, least: float, *, shares: bool = False) -> str:
    if found is None:
        return f"{name}: expected {wanted}; cannot be said."
    words = spread_share(found) if shares else spread(found)
    if found.low >= least:
        verdict = "held"
    elif found.high < least:
        verdict = "missed"
    else:
        verdict = "held, but not beyond doubt" if found.value >= least else "missed, but not beyond doubt"
    return f"{name}: {words}; expected {wanted}: {verdict}."


def _alike(tiers: tuple[TierOutcome, ...]) -> tuple[str, ...]:
    """Whether tiers 1 and 2 were won alike, where both hold deals."""
    by_label = {tier.label: tier.win_rate for tier in tiers}
    first, second = by_label.get("1"), by_label.get("2")
    if first is None or second is None or first.low > second.high:
        return ()
    return (
        f"Tiers 1 and 2 were won alike or nearly so, {spread_share(first)} and {spread_share(second)}: where that "
        f"stays, the weights need work.",
    )


def spread(found: Estimate) -> str:
    """A figure with its interval."""
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def spread_share(found: Estimate) -> str:
    """A share with its interval, in percent."""
    return f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"
