"""What learning from deals as empty as the list brings, and what it costs: synthetic worlds, ten seeds a kind.

    apart      the list lacks 30 to 60 % of each strong attribute and 10 to 40 % of the others, each by its own luck
    together   the same shares, but nearly all of them in one half of the rows, which is bare
    aged       as together; and one strong attribute is missing in half of the lost deals and in a tenth of the won
               ones, which on the list it is not: there is nothing to be learned from its absence

Each world is judged by four folds of accounts, on its deals as they are and on its deals as empty as the list, once
with the parameters that a search starts from. In the aged worlds what is emptied is what the deals were before their
attribute went missing. The table goes to standard output; docs/robust.md has the last one.

    python training/benchmarks/masking.py [--kind "600 apart"]... [--seeds 3] [--workers 2]
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.seeded_rows import make_rows
from icp_ml.deals.contract import DealTable
from icp_ml.deals.kinds import ParsedTable
from icp_ml.model.metrics import METRICS, measure
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.model.win_model import fit_win_model
from icp_training.adapting import adapted, emptied
from icp_training.config import Config
from icp_training.evaluation import rows_to_learn_from
from icp_training.masking import Patterns, masked_to, without
from icp_training.pipeline import read
from icp_training.search_space import GOOD_GUESSES
from icp_training.world import World, WorldSettings, make_world, world_config, write_world

Floats = NDArray[np.float64]

SEEDS: Mapping[str, int] = dict.fromkeys(("150 together", "600 together", "2000 together", "600 apart", "600 aged"), 10)
LIST_ROWS = 3_000
STRONG, OTHERS = (0.3, 0.6), (0.1, 0.4)
BARE = 0.5
FOLDS = 4
WAYS = ("as they are", "as empty as the list", "emptied by share")
MODELS = ("not adapted", "adapted")
SHOWN = ("log_loss", "auc", "calibration_slope")


@dataclass(frozen=True)
class Row:
    """One world. found: for each way of looking at the deals, and each model, its metrics by name."""

    kind: str
    seed: int
    found: dict[tuple[str, str], dict[str, float]]


def row_of(task: tuple[str, int]) -> Row:
    """Make the world, fit both models in each fold, and judge them in each way."""
    kind, seed = task
    size, _, how = kind.partition(" ")
    world = make_world(
        WorldSettings(deals=int(size), prospects=0, seed=seed, months=36, leaks=0, deals_per_account=1.3)
    )
    deals = _deals_of(world)
    patterns = _patterns(world, deals, seed, together=how != "apart")
    full = deals.parsed
    if how == "aged":
        deals = replace(deals, parsed=_aged(deals, world.truth.strong()[0], seed))
    true = replace(deals, parsed=full)
    looked_at = (deals.parsed, emptied(true, patterns, seed), _by_share(full, patterns, seed))
    ways = dict(zip(WAYS, looked_at, strict=True))
    found: dict[tuple[str, str], dict[str, float]] = {}
    for name, learned in zip(MODELS, (deals, adapted(deals, patterns, seed)), strict=True):
        for way, log_odds in _judged(learned, ways, seed).items():
            figures = measure(log_odds, deals.won, np.ones(len(deals.won)))
            found[way, name] = dict(zip(METRICS, figures, strict=True))
    return Row(kind, seed, found)


def _deals_of(world: World) -> DealTable:
    with tempfile.TemporaryDirectory() as folder:
        write_world(world, Path(folder))
        return read(Config.model_validate(world_config(world)), Path(folder))


def _patterns(world: World, deals: DealTable, seed: int, *, together: bool) -> Patterns:
    rng = np.random.default_rng([seed, 1])
    names = tuple(sorted(deals.parsed.columns))
    strong = world.truth.strong()
    bare = rng.random(LIST_ROWS) < BARE
    missing = np.zeros((LIST_ROWS, len(names)), dtype=bool)
    for place, name in enumerate(names):
        share, luck = rng.uniform(*(STRONG if name in strong else OTHERS)), rng.random(LIST_ROWS)
        in_bare = min(1.0, 1.9 * share)
        missing[:, place] = luck < np.where(bare, in_bare, 2 * share - in_bare) if together else luck < share
    return Patterns(names, missing)


def _aged(deals: DealTable, name: str, seed: int) -> ParsedTable:
    """The attribute is missing where a deal is old, and old deals were lost."""
    gone = np.random.default_rng([seed, 2]).random(len(deals.won)) < np.where(deals.won == 1, 0.1, 0.5)
    columns = {**deals.parsed.columns, name: without(deals.parsed.columns[name], gone)}
    return replace(deals.parsed, columns=columns)


def _by_share(parsed: ParsedTable, patterns: Patterns, seed: int) -> ParsedTable:
    known = {name: patterns.known(place) for place, name in enumerate(patterns.names)}
    return masked_to(parsed, known, seed)


def _judged(deals: DealTable, ways: Mapping[str, ParsedTable], seed: int) -> dict[str, Floats]:
    """Log-odds of all deals out of fold, looked at in each way."""
    log_odds = {way: np.empty(len(deals.won)) for way in ways}
    for fold in grouped_folds(deals.groups(), deals.won, FOLDS, seed):
        model = fit_win_model(rows_to_learn_from(deals, complement(fold, len(deals.won))), GOOD_GUESSES[0], seed)
        for way, parsed in ways.items():
            log_odds[way][fold] = model.log_odds(model.vocabulary.encode(parsed.take(fold)))
    return log_odds


def table(rows: Sequence[Row]) -> str:
    """Means over seeds; beside the log loss of the adapted model, in how many seeds it was the lower one."""
    lines = [
        "| worlds | deals | model | log loss | lower in | AUC | calibration slope |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in dict.fromkeys(row.kind for row in rows):
        here = [row for row in rows if row.kind == kind]
        for way in WAYS:
            losses = [np.array([row.found[way, name]["log_loss"] for row in here]) for name in MODELS]
            lower = f"{int((losses[1] < losses[0]).sum())} of {len(here)}"
            for name in MODELS:
                means = [np.mean([row.found[way, name][metric] for row in here]) for metric in SHOWN]
                won = lower if name == MODELS[1] else ""
                lines.append(f"| {kind} | {way} | {name} | {means[0]:.4f} | {won} | {means[1]:.3f} | {means[2]:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    rows, _ = make_rows(__doc__ or "", SEEDS, row_of)
    print(table(rows))


if __name__ == "__main__":
    main()
