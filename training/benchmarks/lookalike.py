"""Resemblance without losses, judged where the truth is known: synthetic worlds with a hidden chance to win.

    10, 30, 50, 200   so many won accounts, as the CRM knew them when their deal opened, against half of a prospect
                      list, which is emptier; judged on the other half (10 seeds each)
    null              won accounts drawn from the list at random: a reliable ranking in at most 3 of 300

Judged on companies that nobody learned from: `auc`, the chance that of a company that would be won and one that would
not the former ranks higher, by the world's true probabilities; and `top`, the share of the wins to be had that the top
fifth of the list holds. Beside it stand a classifier that sees the losses which came with as many wins, the truth
itself, and the mean of ten models that each see as many companies of the universe as there are won accounts (Mordelet
and Vert 2014). Rows are kept in .cache/lookalike by a hash of the code, so that an interrupted run goes on.

    python training/benchmarks/lookalike.py [--kind 30]... [--seeds 3] [--workers 2]
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmarks.seeded_rows import hash_of, make_rows
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import read_deals
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.lookalike_settings import LookalikeSettings
from icp_ml.deals.lookalikes import CompanyTable, read_companies
from icp_ml.deals.prospects import prospect_batches
from icp_ml.deals.settings import ProspectsSettings, parse_settings
from icp_ml.model.metrics import auc
from icp_ml.model.win_model import ModelParams, TrainingRows, fit_members, fit_win_model, training_rows
from icp_training.config import Config
from icp_training.lookalike_columns import compared
from icp_training.lookalike_judging import judge_lookalike, rows_of
from icp_training.search import Budget, search
from icp_training.world import World, WorldSettings, make_world, world_config, write_world
from icp_training.world.deals import WON

Floats = NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "lookalike"
TRIALS = 1
BAGS = 10
TOP = 0.2
SIZES: Mapping[str, int] = {"10": 10, "30": 30, "50": 50, "200": 200}
NULL_SIZES = (10, 20, 40, 80)
SEEDS: Mapping[str, int] = {**dict.fromkeys(SIZES, 10), "null": 300}
MADE_BY = (
    "icp_ml/deals/lookalikes.py",
    "icp_ml/model/*.py",
    *(f"training/icp_training/{name}.py" for name in ("lookalike_columns", "lookalike_judging", "masking", "search")),
    "training/benchmarks/lookalike.py",
)


class Row(BaseModel):
    """What came of one world. kind, seed: which. auc, top: by method; empty for a null world.

    accepted, ranking, low: the verdict's, of a null world. asked: attributes asked about.
    """

    kind: str
    seed: int
    auc: dict[str, float] = {}
    top: dict[str, float] = {}
    accepted: bool = False
    ranking: float = 0.5
    low: float = 0.0
    asked: int = 0


def code_hash() -> str:
    """SHA-256 over the code whose rows these are, 12 digits."""
    return hash_of(ROOT, MADE_BY)


def world_of(seed: int, deals: int, prospects: int) -> World:
    """3 to 5 attributes decide amid 20 of noise; one deal in six is won; the truth ranks deals with an AUC of 0.85."""
    return make_world(
        WorldSettings(
            deals=deals, prospects=prospects, seed=seed, name="lookalike", months=24, deals_per_account=1.08,
            strong=3 + seed % 3, weak=0, noise=20, strong_odds=(3.0, 5.0), keep_proxies=False, anti_icp=False,
            interactions=1, base_rates=(0.12, 0.2), oracle_auc=0.85, account_spread=(0.0, 0.0), drift=(0.0, 0.0),
            planted_missing=(0.0, 0.06), leaks=0, customer_share=0.1, open_share=0.0, repeated_share=0.0,
        )
    )  # fmt: skip


def _settings(world: World, folder: Path, won: pd.DataFrame, universe: pd.DataFrame) -> LookalikeSettings:
    """The two lists, written, and what reads them."""
    won.to_csv(folder / "won.csv", index=False)
    universe.to_csv(folder / "universe.csv", index=False)
    declared = world_config(world)["attributes"]
    layers = declared if isinstance(declared, dict) else {}
    here = {layer: {n: entry for n, entry in each.items() if n in universe} for layer, each in layers.items()}
    return parse_settings(
        LookalikeSettings,
        {
            "name": "lookalike",
            "kind": "lookalike",
            "won": {"source": "won.csv", "id": "domain"},
            "universe": {"source": "universe.csv", "id": "domain"},
            "as_of": str(world.settings.extracted),
            "attributes": here,
        },
    )


def judged_world(kind: str, seed: int) -> Row:
    """Resemblance, and what it is compared with, on the half of the list that nobody learned from."""
    count = SIZES[kind]
    world = world_of(seed, deals=4_000, prospects=6_000)
    rng = np.random.default_rng(seed)
    is_new = (world.truth.prospects["status"] == "new").to_numpy()
    learnt = ~is_new | (rng.random(len(is_new)) < 0.5)
    judged = np.flatnonzero(~learnt)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = _settings(world, folder, _won(world, count, rng), world.prospects[learnt])
        table = compared(read_companies(settings, folder), frozenset(), seed)
        world.prospects.iloc[judged].to_csv(folder / "list.csv", index=False)
        parsed = _list(folder / "list.csv", settings)
        methods = {
            "resemblance": _resemblance(table.table, parsed, seed),
            "bags": _bagged(table.table, parsed, seed),
            "with losses": _with_losses(world, folder, parsed, count, seed),
            "truth": world.truth.prospects["probability"].to_numpy()[judged],
        }
    chance = world.truth.prospects["probability"].to_numpy()[judged]
    return Row(
        kind=kind,
        seed=seed,
        auc={name: expected_auc(z, chance) for name, z in methods.items()},
        top={name: share_in_top(z, chance) for name, z in methods.items()},
        asked=len(table.questions),
    )


def _won(world: World, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Won accounts with what the CRM knew of them when their deal opened: emptier or fuller than the list, as it is."""
    rows = world.deal_rows()
    won = rows[world.truth.deals["closed"].to_numpy() & (rows["stage"] == WON).to_numpy()]
    named = won.merge(world.accounts[["account_id", "domain"]], on="account_id").drop_duplicates("domain")
    return named.iloc[rng.permutation(len(named))[:count]]


def _list(path: Path, settings: LookalikeSettings) -> ParsedTable:
    attributes = settings.resolved()
    (batch,) = prospect_batches(path, ProspectsSettings(id="domain"), attributes)
    return parse_attributes(batch, attributes, np.array(settings.as_of, dtype="datetime64[D]"))


def _resemblance(table: CompanyTable, parsed: ParsedTable, seed: int) -> Floats:
    return _searched(rows_of(table, np.arange(len(table.won))), parsed, seed)


def _searched(data: TrainingRows, parsed: ParsedTable, seed: int) -> Floats:
    found = search(data, Budget(TRIALS), seed)
    model = fit_members(data, found.best, found.crossed, seed)
    return model.log_odds(model.vocabulary.encode(parsed))


def _bagged(table: CompanyTable, parsed: ParsedTable, seed: int) -> Floats:
    rng, won = np.random.default_rng(seed), np.flatnonzero(table.won == 1)
    universe, total = np.flatnonzero(table.won == 0), np.zeros(parsed.n_rows)
    for bag in range(BAGS):
        rows = np.concatenate([won, rng.choice(universe, len(won), replace=False)])
        model = fit_win_model(rows_of(table, rows), ModelParams(), seed + bag)
        total += model.log_odds(model.vocabulary.encode(parsed))
    return total / BAGS


def _with_losses(world: World, folder: Path, parsed: ParsedTable, wins: int, seed: int) -> Floats:
    """A classifier of won against lost deals, with as many wins and the losses that came with them."""
    write_world(world, folder / "world")
    config = parse_settings(Config, world_config(world))
    on_list = set(parsed.columns)
    attributes: tuple[Attribute, ...] = tuple(each for each in config.resolved() if each.name in on_list)
    deals = read_deals(config.deals, config.tables, attributes, folder / "world")
    order = np.random.default_rng(seed).permutation(len(deals.won))
    enough = int(np.searchsorted(np.cumsum(deals.won[order]), wins)) + 1
    chosen = deals.take(np.sort(order[:enough]))
    data = training_rows(chosen.parsed, attributes, chosen.won, chosen.groups())
    return _searched(data, parsed, seed)


def expected_auc(log_odds: Floats, chance: Floats) -> float:
    """Of a company that would be won and one that would not, drawn by their true chances."""
    both = np.tile(log_odds, 2)
    won = np.repeat([1, 0], len(chance)).astype(np.int8)
    return auc(both, won, np.concatenate([chance, 1.0 - chance]))


def share_in_top(log_odds: Floats, chance: Floats) -> float:
    """Of the wins to be had, those among the top fifth."""
    top = np.argsort(-log_odds, kind="stable")[: round(TOP * len(chance))]
    return float(chance[top].sum() / chance.sum())


def null_world(seed: int) -> Row:
    """Won accounts that are any companies: how often is their resemblance called reliable?"""
    world = world_of(seed, deals=200, prospects=800)
    rng = np.random.default_rng(seed)
    count = NULL_SIZES[seed % len(NULL_SIZES)]
    won = world.prospects.iloc[rng.permutation(len(world.prospects))[:count]]
    with tempfile.TemporaryDirectory() as name:
        settings = _settings(world, Path(name), won, world.prospects)
        table = compared(read_companies(settings, Path(name)), frozenset(), seed)
    judged = judge_lookalike(table, settings.tiers, Budget(1), seed)
    ranking = judged.skill.ranking
    return Row(
        kind="null",
        seed=seed,
        accepted=judged.skill.is_reliable,
        ranking=ranking.value,
        low=ranking.low,
        asked=len(table.questions),
    )


def row_of(task: tuple[str, int]) -> Row:
    """One world's row, from the cache where it is there."""
    kind, seed = task
    path = CACHE / code_hash() / f"{kind}-{seed}.json"
    if path.exists():
        return Row.model_validate_json(path.read_text())
    row = null_world(seed) if kind == "null" else judged_world(kind, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(f".{os.getpid()}").write_text(row.model_dump_json())
    path.with_suffix(f".{os.getpid()}").rename(path)
    return row


def table_of(rows: Sequence[Row]) -> Iterator[str]:
    """Means over seeds with their standard deviations, by number of won accounts and method; then the null worlds."""
    yield "| won accounts | seeds | figure | resemblance | ten bags | with losses | truth |"
    yield "|---|---|---|---|---|---|---|"
    for kind in SIZES:
        here = [row for row in rows if row.kind == kind]
        for figure in ("auc", "top") if here else ():
            cells = [_mean([getattr(row, figure)[m] for row in here]) for m in here[0].auc]
            yield f"| {kind} | {len(here)} | {figure} | {' | '.join(cells)} |"
    nulls = [row for row in rows if row.kind == "null"]
    if nulls:
        asked = sum(row.asked for row in nulls)
        accepted = sum(row.accepted for row in nulls)
        yield f"\nNull worlds: {accepted} of {len(nulls)} accepted; {asked} attributes asked about."


def _mean(figures: Sequence[float]) -> str:
    return f"{np.mean(figures):.3f} ± {np.std(figures):.3f}"


def main() -> None:
    """Make the rows that were asked for and print the table."""
    rows, _ = make_rows(__doc__ or "", SEEDS, row_of)
    print("\n".join(table_of(rows)))


if __name__ == "__main__":
    main()
