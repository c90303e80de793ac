"""Do campaigns keep what `icp plan` promises: the power, the level, with looks and several arms too?

For each plan the accounts that `icp plan` asks for, then campaigns drawn at random and read by the test and the bounds
that the result is read by. One line a plan and seed:

    power      share of campaigns that end with a difference where the rates differ as planned; for one pair
    level      the same where all arms have the lower rate, for any pair, and where all have the higher one
    interval   share of campaigns whose interval at the last look holds the true difference; 95 % a pair, or more

The looks of "unplanned" come at 31 %, 62 % and 100 % of a plan for two. Beside it, exactly and without any draw, the
level at the rates that the search for bounds leaves out.

    python training/benchmarks/campaign_power.py [--kind NAME]... [--seeds 3] [--workers 1]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.seeded_rows import hash_of, make_rows
from icp_ml.watch.campaign_test import MOST_SUCCESSES, Boundary, Pair, boundary, difference, ending, mid_p
from icp_ml.watch.sample_size import Needed, Promise, accounts_needed, evenly

Ints = NDArray[np.int64]

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "campaign-power.md"
CODE = ("icp_ml/watch/campaign_test.py", "icp_ml/watch/sample_size.py")
CAMPAIGNS = 4_000
READ_INTERVALS = 500
UNPLANNED = (0.31, 0.62, 1.0)


@dataclass(frozen=True)
class Plan:
    """What is planned. rates: of the first arms, and of the last one. ratio: of the second arm to the first."""

    promise: Promise
    rates: tuple[float, float]
    ratio: float = 1.0
    shares: tuple[float, ...] | None = None


PLANS: Mapping[str, Plan] = {
    "2% and 5%": Plan(Promise(), (0.02, 0.05)),
    "4% and 6%": Plan(Promise(), (0.04, 0.06)),
    "4% and 13%": Plan(Promise(), (0.04, 0.13)),
    "20% and 30%": Plan(Promise(), (0.20, 0.30)),
    "10% and 40%": Plan(Promise(), (0.10, 0.40)),
    "1 to 3": Plan(Promise(), (0.04, 0.10), ratio=3.0),
    "3 to 1": Plan(Promise(), (0.04, 0.10), ratio=1 / 3),
    "90% power": Plan(Promise(power=0.9), (0.04, 0.10)),
    "2 looks": Plan(Promise(looks=2), (0.04, 0.10)),
    "5 looks": Plan(Promise(looks=5), (0.04, 0.10)),
    "unplanned": Plan(Promise(looks=2), (0.04, 0.10), shares=UNPLANNED),
    "3 arms": Plan(Promise(arms=3), (0.04, 0.10)),
    "4 arms, 3 looks": Plan(Promise(arms=4, looks=3), (0.04, 0.12)),
}
SEEDS = dict.fromkeys(PLANS, 10)
BEYOND: Sequence[Pair] = ((450, 450), (700, 700), (1000, 1000), (3000, 3000), (400, 1200))


@dataclass(frozen=True)
class Row:
    """One plan and seed: accounts in the first and the second arm, what was promised, and what the campaigns did."""

    kind: str
    seed: int
    accounts: Pair
    promised: float
    power: float
    level: float
    level_high: float
    interval: float


def row_of(task: tuple[str, int]) -> Row:
    """Plan, then draw campaigns and read them."""
    kind, seed = task
    plan = PLANS[kind]
    needed, fixed = _planned(kind)
    low, high = plan.rates
    rng = np.random.default_rng([seed, len(kind), *kind.encode()])
    several = [low] * (plan.promise.arms - 1)
    differing = _drawn(rng, fixed, [*several, high])
    same = _drawn(rng, fixed, [*several, low])
    same_high = _drawn(rng, fixed, [high] * plan.promise.arms)
    return Row(
        kind=kind,
        seed=seed,
        accounts=needed.accounts,
        promised=needed.power,
        power=float(_ends(differing, fixed, (0, len(differing) - 1)).mean()),
        level=_any_pair(same, fixed),
        level_high=_any_pair(same_high, fixed),
        interval=_held(differing, fixed, plan),
    )


@cache
def _planned(kind: str) -> tuple[Needed, Boundary]:
    """The accounts and the bounds of a plan, which all seeds have in common."""
    plan = PLANS[kind]
    needed = accounts_needed(plan.promise, plan.rates, plan.ratio)
    accounts = needed.accounts
    looks = evenly(accounts, plan.promise.looks)
    if plan.shares is not None:
        looks = tuple((round(accounts[0] * share), round(accounts[1] * share)) for share in plan.shares)
    return needed, boundary(looks, accounts, plan.promise.pair_level)


def _drawn(rng: np.random.Generator, fixed: Boundary, rates: Sequence[float]) -> list[Ints]:
    """For each arm its successes by campaign and look, int64[n, looks]. Arms after the first are as large as it.

    The second of two has the size that it was planned with.
    """
    steps = np.diff(np.array([(0, 0), *fixed.looks]), axis=0)
    gained = [
        rng.binomial(steps[:, min(arm, 1) if len(rates) == 2 else 0], rate, (CAMPAIGNS, len(steps)))
        for arm, rate in enumerate(rates)
    ]
    return [np.cumsum(each, axis=1) for each in gained]


def _ends(successes: Sequence[Ints], fixed: Boundary, pair: Pair) -> NDArray[np.bool_]:
    """bool[n]: campaigns whose mid-p is under the bound at some look."""
    first, second = (successes[arm] for arm in pair)
    under = [
        mid_p((first[:, place], second[:, place]), look) < bound
        for place, (look, bound) in enumerate(zip(fixed.looks, fixed.bounds, strict=True))
    ]
    found: NDArray[np.bool_] = np.logical_or.reduce(under)
    return found


def _any_pair(successes: Sequence[Ints], fixed: Boundary) -> float:
    pairs = [_ends(successes, fixed, pair) for pair in combinations(range(len(successes)), 2)]
    return float(np.logical_or.reduce(pairs).mean())


def _held(successes: Sequence[Ints], fixed: Boundary, plan: Plan) -> float:
    """Share of some campaigns whose interval at the last look holds the true difference."""
    outside = min(fixed.bounds[-1], plan.promise.pair_level)
    truth = plan.rates[0] - plan.rates[1]
    last = zip(successes[0][:READ_INTERVALS, -1].tolist(), successes[-1][:READ_INTERVALS, -1].tolist(), strict=True)
    found = [difference(pair, fixed.looks[-1], outside) for pair in last]
    return float(np.mean([each.low <= truth <= each.high for each in found]))


def level_beyond(sizes: Pair) -> tuple[float, float]:
    """The highest level at common rates that the search leaves out, and the rate, exactly."""
    fixed = boundary([sizes], sizes)
    rates = np.linspace(2 * MOST_SUCCESSES / sum(sizes), 0.5, 101)
    levels = [ending(fixed, (float(rate), float(rate)))[-1] for rate in rates]
    place = int(np.argmax(levels))
    return levels[place], float(rates[place])


def page_of(rows: Sequence[Row]) -> Iterator[str]:
    """The committed page."""
    yield "# Do campaigns keep what is promised?\n"
    yield "Made by `python training/benchmarks/campaign_power.py`, by the code with the hash"
    yield f"{hash_of(ROOT, CODE)}: {CAMPAIGNS:,} campaigns a plan, seed and column. *Power* is for a pair that differs"
    yield "as planned; beside the mean the seed farthest from the promise. *Level* is for any pair, where all arms have"
    yield "the lower rate, and the higher one; 5 % is allowed. *Interval*: the share that holds the true difference.\n"
    yield "| plan | accounts | promised | power | worst seed | level, low | level, high | interval |"
    yield "|---|---|---|---|---|---|---|---|"
    for kind in PLANS:
        here = [row for row in rows if row.kind == kind]
        if here:
            yield _line(kind, here)
    yield "\n## The level beyond the rates that are searched\n"
    yield f"Bounds are exact where up to {MOST_SUCCESSES} successes are expected in an arm. At higher rates the highest"
    yield "level is, exactly:\n"
    yield "| accounts | level | at a rate of |"
    yield "|---|---|---|"
    for sizes in BEYOND:
        level, rate = level_beyond(sizes)
        yield f"| {sizes[0]:,} and {sizes[1]:,} | {level:.2%} | {rate:.0%} |"


def _line(kind: str, rows: Sequence[Row]) -> str:
    names = ("power", "level", "level_high", "interval")
    power, level, high, interval = (float(np.mean([getattr(row, name) for row in rows])) for name in names)
    worst = max(rows, key=lambda row: abs(row.power - row.promised)).power
    first, second = rows[0].accounts
    return (
        f"| {kind} | {first:,} and {second:,} | {rows[0].promised:.1%} | {power:.1%} | {worst:.1%} | {level:.2%} "
        f"| {high:.2%} | {interval:.1%} |"
    )


def main() -> None:
    """Make the rows that were asked for, and the page where all were."""
    rows, are_all = make_rows(__doc__ or "", SEEDS, row_of)
    page = "\n".join(page_of(rows)) + "\n"
    print(page)
    if are_all:
        TABLE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
