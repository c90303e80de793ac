"""Is a market boundary called one, an ICP attribute one, and noise neither? Synthetic deals whose truth is known.

    boundary   97 % of the accounts, won and lost alike, are in one state, and companies elsewhere are in any
    icp        decides who wins, with an odds ratio of 3
    common     nothing to do with winning, and nearly all accounts lie on one side of one of the field's bands: this is
               a boundary too, which nobody planted
    noise      nothing to do with winning, and no such state
    null       the same columns with outcomes dealt out by account alone: nothing differs
    world      `make_null_world`: account effects, a drifting base rate, copies, a 200-level category, aged attributes

Attributes are those of the account, which has a leaning of its own, and one deal or several. Deals and outcomes are
drawn without any of the code that is judged.

    python training/benchmarks/boundary.py [--seeds 20] [--worlds 100]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import read_deals
from icp_ml.deals.currencies import Currency
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable, SetColumn
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.profile.closed_won_records import WinsMinusLosses
from icp_ml.profile.prevalence import wins_minus_losses
from icp_ml.profile.segments import ClosedDeals
from icp_training.closed_won import closed_deals
from icp_training.config import Config
from icp_training.world import make_null_world, world_config, write_world

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

IN_THE_MARKET = 0.97
DEALS_PER_ACCOUNT = 1.15
ACCOUNT_SPREAD = 0.4
ODDS = 3.0
MISSING = 0.05
BANDS = SegmentsSettings(bands={"b number": (11, 51, 201, 501, 1001)})
TRUTHS = {"b": "boundary", "i": "icp", "c": "common", "n": "noise"}
STAGES = ("Bootstrapped", "Seed", "Series A", "Series B", "Series C", "Public")


@dataclass(frozen=True)
class Made:
    """Deals with their truth: for every factor whether it is a boundary, decides (icp), or is noise."""

    deals: ClosedDeals
    truth: dict[str, str]


@dataclass(frozen=True)
class _Column:
    attribute: Attribute
    column: ParsedColumn
    truth: str
    leans: Mask | None = None


def make_deals(seed: int, deals: int) -> Made:
    """The planted deals. The first letter of an attribute, or of a tool, is that of its truth."""
    rng = np.random.default_rng([seed, deals])
    accounts = round(deals / DEALS_PER_ACCOUNT)
    account = np.concatenate([np.arange(accounts), rng.integers(0, accounts, deals - accounts)])
    columns = [*_boundaries(rng, accounts), *_deciding(rng, accounts), *_noise(rng, accounts), _tools(rng, accounts)]
    leaning = rng.normal(size=accounts) * ACCOUNT_SPREAD
    push = sum((np.log(ODDS) * (each.leans - each.leans.mean()) for each in columns if each.leans is not None), 0.0)
    won = (rng.random(deals) < expit(-0.6 + push + leaning)[account]).astype(np.int8)
    read = {each.attribute.name: _with_gaps(each.column, rng) for each in columns}
    parsed = ParsedTable(accounts, read, ()).take(account)
    truth = {each.attribute.name: each.truth for each in columns if each.attribute.kind != "set"}
    tools = {f"tools:{name}": name[:1] for name in TOOLS}
    truth |= {factor: TRUTHS[letter] for factor, letter in tools.items()}
    made = ClosedDeals(
        tuple(each.attribute for each in columns), parsed, won, account.astype(np.int64), opened=_days(rng, deals)
    )
    return Made(made, truth)


def shuffled(made: Made, seed: int) -> Made:
    """The same with outcomes that depend on the account's own leaning alone, whatever it is like."""
    rng = np.random.default_rng([seed, 1])
    leaning = rng.normal(size=len(made.deals.won))[made.deals.groups] * 2 * ACCOUNT_SPREAD
    won = (rng.random(len(leaning)) < expit(-0.6 + leaning)).astype(np.int8)
    truth = {factor: "noise" if kind == "icp" else kind for factor, kind in made.truth.items()}
    return Made(replace(made.deals, won=won), truth)


def _days(rng: np.random.Generator, deals: int) -> NDArray[np.datetime64]:
    return np.datetime64("2024-01-01") + rng.integers(0, 700, deals)


def _with_gaps(column: ParsedColumn, rng: np.random.Generator) -> ParsedColumn:
    if isinstance(column, NumberColumn):
        return NumberColumn(np.where(rng.random(len(column.values)) < MISSING, np.nan, column.values))
    if isinstance(column, CategoryColumn):
        gaps = rng.random(len(column.codes)) < MISSING
        return CategoryColumn(np.where(gaps, -1, column.codes).astype(np.int32), column.levels)
    return column


def _boundaries(rng: np.random.Generator, deals: int) -> Iterator[_Column]:
    inside = [rng.random(deals) < IN_THE_MARKET for _ in range(5)]
    yield _flag("b flag", inside[0], "boundary")
    elsewhere = rng.integers(1, 6, deals)
    yield _category("b category", np.where(inside[1], 0, elsewhere), 6, "boundary")
    size = np.where(
        inside[2], np.exp(rng.uniform(np.log(51), np.log(500), deals)), rng.choice([3, 20, 900, 5000], deals)
    )
    yield _number("b number", np.floor(size), "boundary")
    stage = np.where(inside[3], rng.integers(2, 6, deals), rng.integers(0, 2, deals))
    ordered = Attribute("b ordered", "b ordered", "ordered", "firmographic", "fit", order=STAGES)
    yield _Column(ordered, NumberColumn(stage.astype(np.float64)), "boundary")
    age = np.where(inside[4], 2 + rng.gamma(2, 4, deals), rng.uniform(0, 2, deals))
    year = Attribute("b year", "b year", "year", "firmographic", "fit")
    yield _Column(year, NumberColumn(np.floor(age)), "boundary")


def _deciding(rng: np.random.Generator, deals: int) -> Iterator[_Column]:
    flag, level = rng.random(deals) < 0.4, rng.integers(0, 5, deals)
    size = np.exp(rng.normal(5, 1.5, deals))
    yield replace(_flag("i flag", flag, "icp"), leans=flag)
    yield replace(_category("i category", level, 5, "icp"), leans=level < 2)
    yield replace(_number("i number", np.rint(size), "icp"), leans=(size > 60) & (size < 400))


def _noise(rng: np.random.Generator, deals: int) -> Iterator[_Column]:
    for k, share in enumerate((0.05, 0.15, 0.3, 0.5)):
        yield _flag(f"n flag {k}", rng.random(deals) < share, "noise")
    for k, levels in enumerate((3, 8, 40)):
        weights = 1.0 / np.arange(1, levels + 1)
        yield _category(f"n category {k}", rng.choice(levels, deals, p=weights / weights.sum()), levels, "noise")
    yield _number("n number", np.rint(np.exp(rng.normal(5, 1.5, deals))), "noise")
    yield _number("n count", rng.poisson(1.0, deals).astype(np.float64), "noise")
    for name, spread, youngest in (("noise", 2.5, 0.0), ("common", 1.2, 3.0)):
        called_money, called_year = f"{name[0]} money", f"{name[0]} year"
        usd = Currency(("USD",), None)
        money = Attribute(called_money, called_money, "number", "firmographic", "fit", currency=usd)
        yield _Column(money, NumberColumn(np.rint(np.exp(rng.normal(16.5, spread, deals)))), name)
        year = Attribute(called_year, called_year, "year", "firmographic", "fit")
        yield _Column(year, NumberColumn(np.floor(youngest + rng.gamma(1.2, 6, deals))), name)
    ordered = Attribute("n ordered", "n ordered", "ordered", "firmographic", "fit", order=STAGES)
    yield _Column(ordered, NumberColumn(rng.integers(0, 6, deals).astype(np.float64)), "noise")


TOOLS = ("b crm", "i sequencer", "n rare", "n usual", "n dialer")


def _tools(rng: np.random.Generator, deals: int) -> _Column:
    has = rng.random((deals, len(TOOLS))) < np.array([IN_THE_MARKET, 0.35, 0.05, 0.6, 0.2])
    indptr = np.concatenate([[0], np.cumsum(has.sum(axis=1))]).astype(np.int64)
    column = SetColumn(indptr, np.nonzero(has)[1].astype(np.int32), TOOLS, np.zeros(deals, dtype=bool))
    return _Column(Attribute("tools", "tools", "set", "technographic", "fit"), column, "", has[:, 1])


def _flag(name: str, yes: Mask, truth: str) -> _Column:
    return _Column(Attribute(name, name, "flag", "engagement", "intent"), NumberColumn(yes.astype(np.float64)), truth)


def _number(name: str, values: Floats, truth: str) -> _Column:
    return _Column(Attribute(name, name, "number", "firmographic", "fit"), NumberColumn(values), truth)


def _category(name: str, codes: NDArray[np.integer], levels: int, truth: str) -> _Column:
    names = tuple(f"level {k:02}" for k in range(levels))
    attribute = Attribute(name, name, "category", "firmographic", "fit")
    return _Column(attribute, CategoryColumn(codes.astype(np.int32), names), truth)


def called(made: Made, seed: int) -> Counter[tuple[str, str]]:
    """How many factors of each truth were called what. What was not judged at all counts as undecided."""
    found = wins_minus_losses(made.deals, seed, settings=BANDS)
    standing = {each.factor: each.standing for each in found.verdicts}
    return Counter((truth, standing.get(factor, "undecided")) for factor, truth in made.truth.items())


def null_world(seed: int) -> WinsMinusLosses:
    """What is said of a null world, read as `icp train` reads it."""
    world = make_null_world(seed)
    with tempfile.TemporaryDirectory() as folder:
        write_world(world, Path(folder))
        config = parse_settings(Config, world_config(world))
        deals = read_deals(config.deals, config.tables, config.resolved(), Path(folder))
    return wins_minus_losses(closed_deals(deals), config.seed)


def rows_of(title: str, counts: Counter[tuple[str, str]]) -> Iterator[str]:
    """A line for each truth: of how many factors, and what they were called."""
    for truth in TRUTHS.values():
        of = sum(count for (kind, _), count in counts.items() if kind == truth)
        if of:
            shares = [
                f"{counts[truth, standing]} ({counts[truth, standing] / of:.1%})"
                for standing in ("market boundary", "ICP attribute", "undecided")
            ]
            yield f"| {title} | {truth} | {of} | {' | '.join(shares)} |"


def table_of(seeds: Sequence[int], worlds: Sequence[int], report: Callable[[str], None]) -> None:
    """Judge all, and report line by line."""
    report("| deals | truth | factors | called boundary | called ICP attribute | undecided |")
    report("|---|---|---|---|---|---|")
    for deals in (500, 2_000):
        planted: Counter[tuple[str, str]] = Counter()
        for seed in seeds:
            planted += called(make_deals(seed, deals), seed)
        for line in rows_of(f"{deals:,}", planted):
            report(line)
    nulls = [called(shuffled(make_deals(seed, 500), seed), seed) for seed in worlds]
    some = sum(any(standing == "ICP attribute" for _, standing in counts) for counts in nulls)
    for line in rows_of("500, outcomes by account alone", sum(nulls, Counter())):
        report(line)
    report(f"\nOutcomes by account alone: {some} of {len(nulls)} with any ICP attribute.")
    found = [null_world(seed) for seed in worlds]
    named = sum(bool(each.of("ICP attribute")) for each in found)
    drawn = sum(len(each.boundary) for each in found)
    judged = sum(len(each.verdicts) for each in found)
    report(f"Null worlds: {named} of {len(found)} with any ICP attribute; {drawn} boundaries of {judged} factors.")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--worlds", type=int, default=100)
    asked = parser.parse_args()
    table_of(range(1, asked.seeds + 1), range(1, asked.worlds + 1), lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
