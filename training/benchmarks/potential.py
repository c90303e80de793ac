"""Deal potential on synthetic worlds: is the planted truth found, do bounds hold, is chance told from it?

    python training/benchmarks/potential.py --seeds 10 --deals 800

In these worlds a win brings 60 x employees^0.6 x a lognormal factor of spread 0.6, and days hardly depend on anything.
Half of the accounts are learned from; the others judge. One line a seed: wins and accounts learned from, the share of
the constant's deviance that is removed there out of fold, whether that is beyond noise, and on the other half: the
share removed, how many wins lie within the bounds (80 % is promised), with the constant too, and value won over
expected. `shuffled` is the same with amounts dealt out at random, which has to be refused.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from icp_ml.model.potential import (
    FOLDS,
    Crossed,
    Wins,
    bounds,
    compare,
    constant_of,
    cross_amounts,
    deviance,
    fit_amounts,
)
from icp_ml.model.win_model import training_rows
from icp_training.config import Config
from icp_training.pipeline import read
from icp_training.world import WorldSettings, make_world, world_config, write_world

WIDENING = (1.0 + FOLDS / (FOLDS - 1)) ** 0.5


@dataclass(frozen=True)
class Line:
    """What one seed came to."""

    seed: int
    wins: int
    accounts: int
    share: float
    accepted: bool
    new_share: float
    within: float
    within_constant: float
    won_over_expected: float

    def __str__(self) -> str:
        return (
            f"{self.seed:>4} {self.wins:>5} {self.accounts:>8} {self.share:>7.1%} {self.accepted!s:>8} "
            f"{self.new_share:>9.1%} {self.within:>7.1%} {self.within_constant:>9.1%} {self.won_over_expected:>8.2f}"
        )


def wins_of_world(seed: int, deals: int) -> Wins:
    """The wins of a world with what they brought."""
    world = make_world(WorldSettings(deals=deals, prospects=0, seed=seed))
    asked = {"source": "customers.csv", "id": "deal_id", "amount": "acv"}
    with tempfile.TemporaryDirectory() as folder:
        write_world(world, Path(folder))
        table = read(Config.model_validate({**world_config(world), "potential": asked}), Path(folder))
    data = training_rows(table.parsed, table.attributes, table.won, table.groups())
    amounts = np.zeros(0) if table.amounts is None else table.amounts
    rows = np.flatnonzero(~np.isnan(amounts))
    return Wins(data.rows[rows], amounts[rows], data.groups[rows], data.vocabulary.columns)


def judged(wins: Wins, seed: int) -> Line:
    """Learn from half of the accounts, judge on the others."""
    names = np.unique(wins.groups)
    chosen = np.random.default_rng(seed).permutation(names)[: len(names) // 2]
    is_learned = np.isin(wins.groups, chosen)
    learned, new = (wins.take(np.flatnonzero(rows)) for rows in (is_learned, ~is_learned))
    crossed = cross_amounts(learned, seed)
    found = compare(crossed, seed, WIDENING)
    model, constant = fit_amounts(learned, seed), constant_of(learned)
    mean, flat = model.mean(new.rows), constant.mean(new.rows)
    return Line(
        seed=seed,
        wins=len(learned),
        accounts=found.accounts,
        share=found.share,
        accepted=found.is_reliable,
        new_share=1.0 - float(deviance(new.amounts, mean).mean() / deviance(new.amounts, flat).mean()),
        within=_within(new, mean, crossed, crossed.mean),
        within_constant=_within(new, flat, crossed, crossed.constant),
        won_over_expected=float(new.amounts.sum() / mean.sum()),
    )


def _within(new: Wins, mean: np.ndarray, crossed: Crossed, seen: np.ndarray) -> float:
    """Share of new accounts' wins within the bounds, every account counting once."""
    low, high = bounds(crossed.wins.amounts, seen, crossed.wins.groups)
    inside = (new.amounts >= low * mean) & (new.amounts <= high * mean)
    _, member = np.unique(new.groups, return_inverse=True)
    return float((np.bincount(member, weights=inside) / np.bincount(member)).mean())


def shuffled(wins: Wins, seed: int) -> Wins:
    """The same wins with amounts dealt out at random."""
    return replace(wins, amounts=np.random.default_rng(seed).permutation(wins.amounts))


def _lines(seeds: int, deals: int) -> Iterator[tuple[Line, bool]]:
    for seed in range(1, seeds + 1):
        wins = wins_of_world(seed, deals)
        chance = compare(cross_amounts(shuffled(wins, seed), seed), seed, WIDENING)
        yield judged(wins, seed), chance.is_reliable


def main() -> None:
    """Print a line a seed, then the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--deals", type=int, default=800)
    asked = parser.parse_args()
    print("seed  wins accounts   share accepted new share  within  constant  won/exp", flush=True)
    lines, by_chance = [], 0
    for line, accepted_by_chance in _lines(asked.seeds, asked.deals):
        print(line, flush=True)
        lines.append(line)
        by_chance += accepted_by_chance
    figures = ("new_share", "within", "within_constant", "won_over_expected")
    share, within, constant, ratio = (float(np.mean([getattr(line, name) for line in lines])) for name in figures)
    print(
        f"mean: share removed on new accounts {share:.1%}, within {within:.1%}, with the constant {constant:.1%}, won "
        f"over expected {ratio:.2f}; accepted {sum(line.accepted for line in lines)} of {len(lines)}, shuffled "
        f"{by_chance}"
    )


if __name__ == "__main__":
    main()
