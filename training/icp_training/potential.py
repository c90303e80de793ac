"""Deal potential of a trained model: learned from wins, judged on accounts not seen, and the tiers in money.

A shape is shown where it beats the constant on accounts that it had not seen, beyond noise, and does not lose to it
forward in time. Else every prospect is given the mean of all wins, and that is said. Under the floor nothing is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.deals.contract import DealTable
from icp_ml.deals.potential_settings import is_wanted, place_of_amount
from icp_ml.errors import ConfigError
from icp_ml.model.judgement import Judgement
from icp_ml.model.potential import (
    FOLDS,
    AmountModel,
    Comparison,
    Crossed,
    Wins,
    bounds,
    compare,
    constant_of,
    cross_amounts,
    fit_amounts,
)
from icp_ml.model.tiers import Cuts, without_bounds
from icp_ml.model.win_model import WinModel
from icp_ml.profile.potential import (
    FLOOR,
    LEAST_ACCOUNTS,
    MoneyRow,
    OutcomeName,
    OutcomeRecord,
    Potential,
    PotentialRecord,
    Shown,
    ValuedDeals,
    money_by_tier,
    share_of,
)
from icp_training.config import Config
from icp_training.evaluation import FoldResult
from icp_training.search import sample_groups

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

MOST_WINS: Final = 20_000
"""Wins that are learned from, drawn by account, as the search does it."""
SHORTEST_CYCLE: Final = 1.0
"""Days: a deal that closed on the day it opened took one."""
LEAST_JUDGED_FORWARD: Final = 30
"""Wins judged forward in time under which that comparison decides nothing. We chose it."""
WIDENING: Final = (1.0 + FOLDS / (FOLDS - 1)) ** 0.5
"""Folds share what they learn from, so that bounds over deals alone are too narrow (Nadeau and Bengio 2003)."""


@dataclass(frozen=True)
class Asked:
    """What is wanted. currency: of the amounts, "" where not declared."""

    currency: str


def asked_of(config: Config) -> Asked | None:
    """What a configuration asks for; None where it asks for nothing of the kind.

    Raises `ConfigError` where it asks and says neither what a win brings nor when deals opened and closed.
    """
    if not is_wanted(config.potential, config.ideal):
        return None
    place = place_of_amount(config.potential, config.ideal)
    if place is None and None in (config.deals.opened, config.deals.closed):
        raise ConfigError(
            "potential: expected 'amount', or 'opened' and 'closed' under deals, found neither; name the column "
            "of what a win brings"
        )
    currency = place.settings.measures[place.measure].currency if place is not None else None
    return Asked(currency.to if currency is not None else "")


def amounts_sentence(deals: DealTable) -> str | None:
    """Of how many wins it is known what they brought, in words; None where nobody says where that stands."""
    if deals.amounts is None:
        return None
    known = _is_known(deals.amounts, deals)
    accounts = len(np.unique(deals.groups()[known]))
    few = "" if accounts >= FLOOR else "; with fewer, nothing is said of what a win brings"
    return (
        f"Deal potential: of {int((deals.won == 1).sum()):,} wins, {int(known.sum()):,} on {accounts:,} accounts have "
        f"an amount above zero, and {FLOOR} accounts are needed{few}."
    )


@dataclass(frozen=True)
class Ground:
    """The deals with the final model, its tiers and how it was judged. rows: (n, p), encoded by the model."""

    deals: DealTable
    judgement: Judgement
    results: tuple[FoldResult, ...]
    model: WinModel
    cuts: Cuts
    rows: Floats
    seed: int

    @property
    def groups(self) -> NDArray[np.int64]:
        """Accounts, (n,)."""
        return self.deals.groups()


@dataclass(frozen=True)
class _Learned:
    model: AmountModel | None
    record: OutcomeRecord


def potential_of(ground: Ground, asked: Asked) -> Potential:
    """The models of what a win brings and how long it takes, with their evidence."""
    acv = _learned("ACV", asked.currency, ground.deals.amounts, ground)
    cycle = _learned("cycle", "days", _cycles(ground), ground)
    tiers, notes = _money(ground, acv)
    record = PotentialRecord(
        acv=acv.record if acv else None, cycle=cycle.record if cycle else None, tiers=tiers, notes=notes
    )
    return Potential(acv.model if acv else None, cycle.model if cycle else None, record)


def _cycles(ground: Ground) -> Floats | None:
    """Days from opening to closing of won deals, NaN for others; None without dates.

    Of what opened within the maturity gap before the extract only the quick wins are known yet, so these are left out.
    """
    deals, mature = ground.deals, ground.judgement.maturity
    if deals.opened is None or deals.closed is None:
        return None
    days = np.maximum((deals.closed - deals.opened).astype(np.float64), SHORTEST_CYCLE)
    counts = deals.won == 1
    if mature is not None and deals.extracted is not None:
        counts &= deals.opened <= deals.extracted - np.timedelta64(mature.gap, "D")
    return np.where(counts, days, np.nan)


def _learned(name: OutcomeName, unit: str, values: Floats | None, ground: Ground) -> _Learned | None:
    if values is None:
        return None
    known = np.flatnonzero(_is_known(values, ground.deals))
    accounts = len(np.unique(ground.groups[known]))
    if accounts < FLOOR:
        return _Learned(None, _refused(name, unit, values[known], accounts))
    rows = known[sample_groups(ground.groups[known], MOST_WINS, ground.seed)]
    wins = Wins(ground.rows[rows], values[rows], ground.groups[rows], ground.model.vocabulary.columns)
    crossed = cross_amounts(wins, ground.seed)
    found = compare(crossed, ground.seed, WIDENING)
    ahead = _forward(values, ground)
    model = fit_amounts(wins, ground.seed) if _stands(found, ahead) else constant_of(wins)
    seen = crossed.constant if model.trees is None else crossed.mean
    low, high = bounds(wins.amounts, seen, wins.groups)
    model = replace(model, low=low, high=high)
    return _Learned(model, _record(name, unit, model, crossed=crossed, found=found, ahead=ahead))


def _refused(name: OutcomeName, unit: str, values: Floats, accounts: int) -> OutcomeRecord:
    return OutcomeRecord(
        name=name,
        unit=unit,
        wins=len(values),
        accounts=accounts,
        shown="nothing",
        sentence=(
            f"Expected {name} is not given: {accounts:,} accounts have a win of which it is known, and {FLOOR} are "
            f"needed."
        ),
        mean=float(values.mean()) if len(values) else float("nan"),
        median=float(np.median(values)) if len(values) else float("nan"),
    )


def _record(
    name: OutcomeName,
    unit: str,
    model: AmountModel,
    *,
    crossed: Crossed,
    found: Comparison,
    ahead: Comparison | None,
) -> OutcomeRecord:
    amounts = crossed.wins.amounts
    shown: Shown = "constant" if model.trees is None else "model"
    return OutcomeRecord(
        name=name,
        unit=unit,
        wins=found.wins,
        accounts=found.accounts,
        shown=shown,
        sentence=_sentence(name, shown, found, ahead),
        mean=float(amounts.mean()),
        median=float(np.median(amounts)),
        low=model.low,
        high=model.high,
        share=share_of(found),
        forward=None if ahead is None else share_of(ahead),
        forward_wins=0 if ahead is None else ahead.wins,
        typical_error=found.typical_error,
        typical_error_of_median=found.typical_error_of_median,
    )


def _sentence(name: OutcomeName, shown: Shown, found: Comparison, ahead: Comparison | None) -> str:
    share = share_of(found)
    judged = (
        f"on {found.wins:,} wins of {found.accounts:,} accounts, each judged by a model of other accounts, the "
        f"attributes remove {share.value:.1%} of the constant's deviance (95 % interval {share.low:.1%} to "
        f"{share.high:.1%})"
    )
    if ahead is not None:
        judged += f", and {share_of(ahead).value:.1%} on {ahead.wins:,} wins forward in time"
    if shown == "model":
        return f"Expected {name} by the attributes: {judged}."
    why = "which does not hold forward in time" if found.is_reliable else "which may be chance"
    return f"Expected {name} is the mean of all wins for every prospect, because {judged}, {why}."


def _is_known(values: Floats, deals: DealTable) -> NDArray[np.bool_]:
    """What is predicted, and its value known: where a grade is predicted, wins of other grades say nothing of it."""
    return np.asarray((deals.won == 1) & ~np.isnan(values), dtype=bool)


def _stands(found: Comparison, ahead: Comparison | None) -> bool:
    loses = ahead is not None and ahead.wins >= LEAST_JUDGED_FORWARD and ahead.gain.value < 0
    return found.is_reliable and not loses


def _forward(values: Floats, ground: Ground) -> Comparison | None:
    """Shape and constant on wins that opened after all that they learned from; None where nothing could be judged."""
    if ground.judgement.kind != "forward":
        return None
    parts = list(_forward_parts(values, ground))
    if not parts:
        return None
    tested = Wins(
        rows=np.empty((sum(len(amounts) for amounts, *_ in parts), 0)),
        amounts=np.concatenate([amounts for amounts, *_ in parts]),
        groups=np.concatenate([groups for _, groups, *_ in parts]),
        columns=(),
    )
    mean, constant, median = (np.concatenate([part[place] for part in parts]) for place in (2, 3, 4))
    return compare(Crossed(tested, mean, constant, median), ground.seed, 1.0)


def _forward_parts(
    values: Floats, ground: Ground
) -> Iterator[tuple[Floats, NDArray[np.int64], Floats, Floats, Floats]]:
    """Of each block: amounts and accounts of its wins, and for each the mean by shape, the constant, and the median."""
    for result in ground.results:
        wins = _wins_of(result, values, ground)
        test = result.fold.test[_is_known(values, ground.deals)[result.fold.test]]
        if len(test) and len(np.unique(wins.groups)) >= FLOOR:
            mean = fit_amounts(wins, ground.seed).mean(_encoded(result, test, ground))
            constant, median = (np.full(len(test), each) for each in (wins.amounts.mean(), np.median(wins.amounts)))
            yield values[test], ground.groups[test], mean, constant, median


def _wins_of(result: FoldResult, values: Floats, ground: Ground) -> Wins:
    """The wins that a fold learns from, encoded by its own model."""
    train = result.fold.train
    known = train[_is_known(values, ground.deals)[train]]
    known = known[sample_groups(ground.groups[known], MOST_WINS, ground.seed)]
    columns = result.fitted.vocabulary.columns
    return Wins(_encoded(result, known, ground), values[known], ground.groups[known], columns)


def _encoded(result: FoldResult, rows: Rows, ground: Ground) -> Floats:
    return result.fitted.vocabulary.encode(ground.deals.parsed.take(rows))


def _money(ground: Ground, acv: _Learned | None) -> tuple[tuple[MoneyRow, ...], tuple[str, ...]]:
    """The tiers in money on the judged deals, and what has to be said of it."""
    amounts = ground.deals.amounts
    if acv is None or acv.model is None or amounts is None:
        return (), ()
    parts = list(_valued(ground, amounts, as_constant=acv.model.trees is None))
    if not parts:
        return (), (f"No fold learned from {LEAST_ACCOUNTS} accounts with an amount: the tiers are not told in money.",)
    judged = ValuedDeals(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    tiers = money_by_tier(judged, ground.cuts.labels, ground.seed)
    lacking = sum(row.won - row.known for row in tiers)
    notes = [
        f"Tiers in money, on {len(judged.won):,} deals that neither cuts nor models had seen; intervals at 90 %. "
        f"Pipeline value is what all deals of a tier would bring if each were won."
    ]
    if lacking:
        notes.append(f"{lacking:,} of these wins have no known amount; beside expected value they count as expected.")
    return tiers, tuple(notes)


def _valued(ground: Ground, amounts: Floats, *, as_constant: bool) -> Iterator[tuple[NDArray[np.generic], ...]]:
    """The fields of `ValuedDeals` for each fold; a fold that learns from too few amounts is left out."""
    for result in ground.results:
        wins, test = _wins_of(result, amounts, ground), result.fold.test
        accounts = len(np.unique(wins.groups))
        if accounts < LEAST_ACCOUNTS:
            continue
        is_constant = as_constant or accounts < FLOOR
        model = constant_of(wins) if is_constant else fit_amounts(wins, ground.seed)
        yield (
            _places(result, ground.cuts),
            ground.deals.won[test],
            ground.groups[test],
            np.asarray(expit(result.model)),
            model.mean(_encoded(result, test, ground)),
            np.where(ground.deals.won[test] == 1, amounts[test], np.nan),
        )


def _places(result: FoldResult, cuts: Cuts) -> NDArray[np.int8]:
    """Tiers of a fold's test deals by its own cuts, merged as the final ones are; bounds are told by their scores."""
    gone = [place for place, score in enumerate(result.cuts.scores) if score not in cuts.scores]
    return without_bounds(result.cuts, gone).tiers(result.model)
