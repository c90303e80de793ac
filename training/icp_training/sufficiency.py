"""Are there enough accounts, and what would more of them buy?

Three answers, none of which is a model that anybody uses:

    a parameter   accounts of the rarer outcome for each column and each step that the scorecard could learn
    the interval  how far the AUC may be off, and how far with 50 more accounts of the rarer outcome
    the curve     log loss of the scorecard, learned from growing shares of the accounts and judged on others, by the
                  inverse power law a + b x^-c of learning curves (Cortes, Jackel, Solla, Vapnik and Denker 1994)

The scorecard stands for the model because it takes a second and not minutes. All intervals resample accounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.contract import DealTable
from icp_ml.deals.sufficiency import account_floor
from icp_ml.deals.vocabulary import ModelColumn, fit_vocabulary
from icp_ml.model.metrics import log_losses
from icp_ml.model.scorecard import ScorecardParams, fit_scorecard, quantile_thresholds
from icp_ml.model.splits import complement, grouped_folds
from icp_training.search import sample_groups

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

MORE = 50
"""Accounts of the rarer outcome whose worth is told: the field's own step from noise to a sound start."""
MOST_DEALS = 5_000
"""Deals from which the curve is drawn; larger tables are sampled by account. We chose it: seconds, not minutes."""
SHARES = (0.25, 0.4, 0.63, 1.0)
"""Shares of the accounts that are learned from: even steps in the logarithm."""
FOLDS, REPEATS = 5, 3
DRAWS = 200
CONFIDENCE, Z95 = 0.9, 1.959964
EXPONENTS = np.linspace(0.25, 2.0, 15)
"""Powers that are tried: a half is that of a mean, one that of a fitted model; noise is not worth chasing further."""
LITTLE = 0.001
"""A change in log loss, in nats a deal, that nobody will notice: a fifth of a percent of that of an even coin."""
USUAL_RULE = 10
"""Events for each parameter that an unshrunken regression asks for (Peduzzi, Concato, Kemper and others 1996)."""
LEAST_ACCOUNTS = 10
"""Accounts of the rarer outcome in the smallest share; with fewer, nothing is drawn."""


@dataclass(frozen=True)
class LearningPoint:
    """accounts: of the rarer outcome that were learned from. log_loss: on accounts that were not, in nats a deal."""

    accounts: float
    log_loss: float


@dataclass(frozen=True)
class Gain:
    """What `MORE` accounts of the rarer outcome, and as many more of the other as there are now to each, would change.

    log_loss: by how much it would fall, with its 90 % interval; below 0 it would rise. sure: the interval lies above 0.
    """

    log_loss: float
    low: float
    high: float
    sure: bool


@dataclass(frozen=True)
class Sufficiency:
    """rarer: the outcome with fewer accounts, won or lost. accounts: how many have it.

    columns, parameters: what a scorecard of these attributes could learn. auc: of the scorecard alone, by folds of
    accounts. auc_within, auc_within_more: how far it may be off at 95 % confidence, now and with `MORE` accounts of the
    rarer outcome. curve, gain: empty and None where there are too few accounts to draw one. doubled: the gain by twice
    the accounts, which reads the curve further beyond what was seen.
    """

    rarer: str
    accounts: int
    columns: int
    parameters: int
    auc: float | None
    auc_within: float | None
    auc_within_more: float | None
    curve: tuple[LearningPoint, ...]
    gain: Gain | None
    sentences: tuple[str, ...]
    doubled: Gain | None = None


@dataclass(frozen=True)
class Spread:
    """An AUC, and what each account adds to its error.

    wins, losses: (accounts,) deals of each. above, beaten: (accounts,) sums over its won deals of the share of lost
    deals ranked below them, and over its lost deals of the share of won deals ranked above, each less the AUC. times:
    as many accounts of each kind are thought of.
    """

    auc: float
    wins: Floats
    losses: Floats
    above: Floats
    beaten: Floats
    times: float = 1.0

    def within(self) -> float:
        """Half the width of the 95 % interval."""
        return self._within(np.ones(len(self.wins)))

    def within_more(self, times: float, rarer: str) -> float:
        """The same with `times` as many of the accounts that have a deal of the rarer outcome, and no other."""
        return self._within(np.where((self.wins if rarer == "won" else self.losses) > 0, times, 1.0))

    def _within(self, weights: Floats) -> float:
        """The variance of accounts' influences on the AUC: DeLong's (1988), but that accounts and not deals count."""
        influence = self.above / (weights @ self.wins) + self.beaten / (weights @ self.losses)
        accounts = len(weights)
        variance = float(weights @ influence**2) * accounts / max(accounts - 1, 1) / self.times
        return Z95 * float(np.sqrt(variance))


def sufficiency_of(deals: DealTable, seed: int) -> Sufficiency:
    """Count, judge the scorecard by folds of accounts on growing shares, and say what more accounts would buy.

    Takes seconds whatever the number of deals: more than `MOST_DEALS` are sampled by account.
    """
    accounts, rarer = _rarer(deals)
    vocabulary = fit_vocabulary(deals.parsed, deals.attributes)
    encoded = vocabulary.encode(deals.parsed)
    parameters = free_steps(encoded, vocabulary.columns, ScorecardParams().bins)
    counted = _told(accounts, rarer, len(vocabulary.columns), parameters)
    sample = deals.take(sample_groups(deals.groups(), MOST_DEALS, seed))
    met = _rarer(sample)[0]
    if not vocabulary.columns or met * SHARES[0] < LEAST_ACCOUNTS:
        return Sufficiency(rarer, accounts, len(vocabulary.columns), parameters, None, None, None, (), None, (counted,))
    grown = [_crossed(sample, seed + repeat) for repeat in range(REPEATS)]
    losses = np.stack([log_losses(log_odds, sample.won) for log_odds in grown])
    spread = replace(auc_spread(grown[0][-1], sample.won, sample.groups()), times=accounts / met)
    within, more = spread.within(), spread.within_more((accounts + MORE) / accounts, rarer)
    learned = np.array(SHARES) * met * (FOLDS - 1) / FOLDS
    gain = gain_of(losses, sample.groups(), learned, accounts, seed)
    doubled = gain_of(losses, sample.groups(), learned, accounts, seed, more=accounts)
    return Sufficiency(
        rarer=rarer,
        accounts=accounts,
        columns=len(vocabulary.columns),
        parameters=parameters,
        auc=spread.auc,
        auc_within=within,
        auc_within_more=more,
        curve=tuple(LearningPoint(*pair) for pair in zip(learned.tolist(), losses.mean(axis=(0, 2)), strict=True)),
        gain=gain,
        sentences=(
            counted,
            _spread_told(spread.auc, within, more, rarer),
            _gain_told(gain, f"{MORE} more accounts with a {rarer} deal, and others in proportion,"),
            _gain_told(doubled, f"twice the accounts ({2 * accounts:,} with a {rarer} deal)"),
        ),
        doubled=doubled,
    )


def _rarer(deals: DealTable) -> tuple[int, str]:
    counts = account_floor(deals.won, deals.accounts)
    return min((counts.won_accounts, "won"), (counts.lost_accounts, "lost"))


def free_steps(encoded: Floats, columns: Sequence[ModelColumn], bins: int) -> int:
    """How many points a scorecard with so many bins could set freely: steps of numbers, gaps, and levels but one."""
    found = 0
    for values, column in zip(encoded.T, columns, strict=True):
        gaps = bool(np.isnan(values).any())
        found += len(np.unique(values)) - 1 if column.is_category else len(quantile_thresholds(values, bins)) + gaps
    return found


def _crossed(deals: DealTable, seed: int) -> Floats:
    """Log-odds of each deal by a scorecard that did not see its account, float64[shares, n].

    The accounts that a smaller share learns from are among those of a larger one, so that the curve shows their number
    and not their kind.
    """
    groups = deals.groups()
    log_odds = np.empty((len(SHARES), len(groups)))
    for held_out in grouped_folds(groups, deals.won, FOLDS, seed):
        rest = complement(held_out, len(groups))
        tested = deals.parsed.take(held_out)
        for place, rows in enumerate(_growing(groups, deals.won, rest, seed)):
            parsed, won = deals.parsed.take(rows), deals.won[rows]
            vocabulary = fit_vocabulary(parsed, deals.attributes)
            fitted = fit_scorecard(vocabulary.encode(parsed), won, vocabulary.columns, ScorecardParams())
            log_odds[place, held_out] = fitted.log_odds(vocabulary.encode(tested))
    return log_odds


def _growing(groups: NDArray[np.int64], won: NDArray[np.int8], rows: Rows, seed: int) -> Iterator[Rows]:
    """The rows of each share of the accounts, drawn alike from those that won, that lost, and that did both."""
    names, member = np.unique(groups[rows], return_inverse=True)
    has_won = np.bincount(member, weights=won[rows] == 1) > 0
    has_lost = np.bincount(member, weights=won[rows] == 0) > 0
    luck = np.random.default_rng(seed).random(len(names))
    place = np.empty(len(names))
    for kind in (has_won & ~has_lost, ~has_won & has_lost, has_won & has_lost):
        those = np.flatnonzero(kind)
        place[those[np.argsort(luck[those])]] = (np.arange(len(those)) + 0.5) / max(len(those), 1)
    for share in SHARES:
        yield rows[(place <= share)[member]]


def gain_of(
    losses: Floats, groups: NDArray[np.int64], learned: Floats, accounts: int, seed: int, *, more: int = MORE
) -> Gain:
    """How much log loss would fall from `accounts` to `accounts + more`, by the curve through the judged shares.

    losses: (repeats, shares, deals). groups: (deals,), resampled together with the repeats for the interval. learned:
    (shares,), accounts of the rarer outcome that each share learned from.
    """
    value = float(_falls(losses.mean(axis=(0, 2))[None, :], learned, accounts, more)[0])
    rng = np.random.default_rng(seed)
    _, member = np.unique(groups, return_inverse=True)
    size = np.bincount(member).astype(np.float64)
    flat = losses.reshape(-1, losses.shape[-1])
    of_account = np.stack([np.bincount(member, weights=row, minlength=len(size)) for row in flat])
    drawn = rng.multinomial(len(size), np.full(len(size), 1 / len(size)), size=DRAWS).astype(np.float64)
    means = (drawn @ of_account.T / (drawn @ size)[:, None]).reshape(DRAWS, *losses.shape[:2])
    repeats = rng.integers(0, losses.shape[0], size=(DRAWS, losses.shape[0]))
    curves = np.take_along_axis(means, repeats[:, :, None], axis=1).mean(axis=1)
    low, high = np.quantile(_falls(curves, learned, accounts, more), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Gain(value, float(low), float(high), sure=bool(low > 0))


def _falls(curves: Floats, learned: Floats, accounts: int, more: int) -> Floats:
    """The fall of each curve, (k,), by the power whose least squares are smallest. curves: (k, shares)."""
    best, fall = np.full(len(curves), np.inf), np.zeros(len(curves))
    for power in EXPONENTS:
        steep = learned**-power
        centred = steep - steep.mean()
        slope = curves @ centred / (centred @ centred)
        misses = curves - curves.mean(axis=1, keepdims=True) - slope[:, None] * centred
        squares = (misses**2).sum(axis=1)
        better = squares < best
        fall[better] = (slope * (accounts**-power - (accounts + more) ** -power))[better]
        best = np.minimum(best, squares)
    return fall


def auc_spread(log_odds: Floats, won: NDArray[np.int8], groups: NDArray[np.int64]) -> Spread:
    """The AUC of deals, ties counting one half, with what each account adds to its error. Both outcomes are needed."""
    _, member = np.unique(groups, return_inverse=True)
    wins, losses = won == 1, won == 0
    above = _share_below(log_odds[wins], log_odds[losses])
    beaten = 1 - _share_below(log_odds[losses], log_odds[wins])
    auc = float(above.mean())
    accounts = int(member.max()) + 1
    return Spread(
        auc,
        wins=np.bincount(member[wins], minlength=accounts).astype(np.float64),
        losses=np.bincount(member[losses], minlength=accounts).astype(np.float64),
        above=np.bincount(member[wins], weights=above - auc, minlength=accounts).astype(np.float64),
        beaten=np.bincount(member[losses], weights=beaten - auc, minlength=accounts).astype(np.float64),
    )


def _share_below(values: Floats, others: Floats) -> Floats:
    """For each value the share of the others that are smaller, equal ones counting one half."""
    ordered = np.sort(others)
    both = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(both / 2 / len(others), dtype=np.float64)


def _told(accounts: int, rarer: str, columns: int, parameters: int) -> str:
    each = accounts / max(parameters, 1)
    return (
        f"{accounts:,} accounts with a {rarer} deal for {columns} columns and {parameters} points that a scorecard "
        f"could set: {each:.1f} a point, where {USUAL_RULE} are asked for without shrinkage. Points are shrunken here, "
        f"so fewer will do."
    )


def _spread_told(auc: float, within: float, more: float, rarer: str) -> str:
    return (
        f"The AUC of the scorecard alone is {auc:.3f}, within {within:.3f} either way; {MORE} more accounts with a "
        f"{rarer} deal would make that {more:.3f}."
    )


def _gain_told(gain: Gain, bought: str) -> str:
    interval = f"{gain.log_loss:.4f} nats a deal [{gain.low:.4f}, {gain.high:.4f}]"
    if gain.high < LITTLE:
        return f"The learning curve is flat: {bought} would lower the log loss by {interval}, too little to notice."
    if not gain.sure:
        return f"Not sure whether {bought} would improve predictions: the log loss would fall by {interval}."
    return f"{bought[0].upper()}{bought[1:]} would lower the log loss by {interval}."
