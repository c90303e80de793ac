"""Are there enough facts to learn from? Counted in accounts: ten deals of one account are one fact about accounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from icp_ml.errors import TooFewDeals

NOISE_FLOOR = 30
"""Accounts won, and accounts lost, under which a pattern is noise. The field's own working figure for wins;
for losses we hold to the same one, because a rate needs both."""

SOUND_START = 50
"""Accounts won, and accounts lost, from which a first model has a sound start.

The field's own working figure.
"""


@dataclass(frozen=True)
class AccountCounts:
    """Distinct accounts with a won deal, and with a lost deal; an account may be in both."""

    won_accounts: int
    lost_accounts: int


def account_floor(won: npt.NDArray[np.int8], accounts: npt.NDArray[np.object_]) -> AccountCounts:
    """Count distinct accounts per outcome. won: int8[n], 1 for won and 0 for lost. accounts: object[n]."""
    return AccountCounts(len(set(accounts[won == 1])), len(set(accounts[won == 0])))


def check_floors(counts: AccountCounts, predicted: str = "won") -> None:
    """Raises `TooFewDeals` where one outcome has fewer accounts than `NOISE_FLOOR`. predicted: what a win is here."""
    won, lost = ("won", "lost") if predicted == "won" else (f"'{predicted}'", f"not '{predicted}'")
    for found, outcome in ((counts.won_accounts, won), (counts.lost_accounts, lost)):
        if found < NOISE_FLOOR:
            deal = f"a {outcome} deal" if predicted == "won" else f"a deal that is {outcome}"
            raise TooFewDeals(
                f"expected at least {NOISE_FLOOR} accounts with {deal}, found {found}; under that "
                "floor a pattern is noise, so lengthen deals.window or add older deals"
            )
