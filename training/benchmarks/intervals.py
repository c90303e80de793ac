"""Do the intervals of probabilities hold what they should, and how often is the base-rate alarm raised?

Synthetic worlds, whose true probability of each deal is known. A model learns from so many deals, drawn by account, and
gives an interval to the deals of all other accounts, which it never met. Two things are asked of it:

    rate      the true win rate of deals with the same log-odds (a cubic through the true probabilities): the target
    company   the deal's own true probability, which no method can promise and this one does not

Beside it the Venn-Abers pair without resampling. The alarm is tried on eight quarters of 60 deals of 40 accounts whose
own chances differ, seven at 30 % and the last at another rate.

    python training/benchmarks/intervals.py [--kind 500]... [--seeds 3] [--workers 2]
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from benchmarks.seeded_rows import make_rows
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.settings import parse_settings
from icp_ml.model.intervals import BAND_CONFIDENCE, fit_band, venn_abers
from icp_ml.model.splits import complement
from icp_ml.model.win_model import cross_fit, fit_members
from icp_ml.profile.base_rates import base_rates
from icp_training.config import Config
from icp_training.evaluation import rows_to_learn_from
from icp_training.search import sample_groups
from icp_training.search_space import GOOD_GUESSES
from icp_training.world import WorldSettings, make_world, world_config, write_world

Floats = NDArray[np.float64]

TABLE = Path(__file__).resolve().parents[2] / "docs" / "intervals.md"
SEEDS: Mapping[str, int] = {"150": 10, "500": 10, "2000": 10}
WORLD_DEALS = 7_000
ALARM_DRAWS = 300
RECENT_RATES = (0.30, 0.20, 0.15, 0.10, 0.45)


@dataclass(frozen=True)
class Row:
    """kind: deals learned from. rate, company: share of unseen deals whose interval holds it. width: mean.

    pair_rate, pair_width: of the Venn-Abers pair. spread: of the truth around the rate, one standard deviation.
    """

    kind: str
    seed: int
    rate: float
    company: float
    width: float
    pair_rate: float
    pair_width: float
    spread: float


def row_of(task: tuple[str, int]) -> Row:
    """One world: learn from so many deals, and judge the intervals of all other accounts' deals."""
    kind, seed = task
    deals, truth = _world(seed)
    groups = deals.groups()
    learned = sample_groups(groups, int(kind), seed)
    rest = complement(learned, len(groups))
    unseen = rest[~np.isin(groups[rest], groups[learned])]
    data = rows_to_learn_from(deals, learned)
    params = GOOD_GUESSES[0 if int(kind) < 500 else 1]
    crossed = cross_fit(data, params, seed)
    model = fit_members(data, params, crossed, seed)
    log_odds = model.log_odds(model.vocabulary.encode(deals.parsed.take(unseen)))
    chance = truth[unseen]
    rate = _rate_at(log_odds, chance)
    band = fit_band(crossed.log_odds, data.won, data.groups, seed)
    low, high = band.bounds(log_odds)
    step = np.searchsorted(band.edges, crossed.log_odds, side="right")
    pair = venn_abers(step, data.won, np.ones(len(data.won)), len(band.low))
    place = np.searchsorted(band.edges, log_odds, side="right")
    return Row(
        kind=kind,
        seed=seed,
        rate=_held(low, rate, high),
        company=_held(low, chance, high),
        width=float((high - low).mean()),
        pair_rate=_held(pair[0][place], rate, pair[1][place]),
        pair_width=float((pair[1] - pair[0])[place].mean()),
        spread=float(np.std(chance - rate)),
    )


def _world(seed: int) -> tuple[DealTable, Floats]:
    """The deals of one world with the true probability of each."""
    world = make_world(
        WorldSettings(deals=WORLD_DEALS, prospects=10, seed=seed, months=36, deals_per_account=1.5, leaks=0)
    )
    with tempfile.TemporaryDirectory() as folder:
        write_world(world, Path(folder))
        config = parse_settings(Config, world_config(world))
        deals = read_deals(config.deals, config.tables, config.resolved(), Path(folder))
    known = world.truth.deals.drop_duplicates("deal_id").set_index("deal_id")["probability"]
    return deals, np.asarray(known.reindex(deals.ids), dtype=np.float64)


def _held(low: Floats, truth: Floats, high: Floats) -> float:
    return float(((low <= truth) & (truth <= high)).mean())


def _rate_at(log_odds: Floats, chance: Floats) -> Floats:
    """Mean true probability at each log-odds: a logistic cubic, fitted to the true probabilities by Newton's method."""
    scaled = (log_odds - log_odds.mean()) / log_odds.std()
    design = np.vander(scaled, 4)
    line = np.zeros(4)
    for _ in range(50):
        mean = expit(design @ line)
        line += np.linalg.solve((design.T * (mean * (1 - mean))) @ design, design.T @ (chance - mean))
    return np.asarray(expit(design @ line), dtype=np.float64)


def alarms(recent: float) -> float:
    """Share of draws in which the alarm is raised, where the last of eight quarters is won at `recent`."""
    starts = np.datetime64("2023-01", "M") + 3 * np.arange(8)
    opened = np.repeat(starts, 60).astype("datetime64[D]") + np.tile(np.arange(60), 8)
    raised = 0
    for seed in range(ALARM_DRAWS):
        rng = np.random.default_rng(seed)
        account = np.repeat(np.arange(8) * 40, 60) + rng.integers(0, 40, 480)
        own = rng.normal(0, 0.5, 320)[account]
        level = np.repeat([0.3] * 7 + [recent], 60)
        won = (rng.random(480) < expit(logit(level) + own)).astype(np.int8)
        found = base_rates(opened, won, account, np.datetime64("2030-01-01"))
        raised += found is not None and found.has_left
    return raised / ALARM_DRAWS


def page_of(rows: Sequence[Row]) -> Iterator[str]:
    """The committed page."""
    yield "# Do intervals of probabilities hold?\n"
    yield f"Made by `python training/benchmarks/intervals.py`: {len(rows)} synthetic worlds. Each interval is one of"
    yield f"{BAND_CONFIDENCE:.0%}. *Rate*: it holds the true win rate of deals with the same log-odds, which is what it"
    yield "promises. *Company*: it holds the deal's own true probability, which it does not promise. *Pair*: the"
    yield "Venn-Abers pair by itself, no accounts resampled. Means over seeds, of deals of accounts not learned from.\n"
    yield "| deals learned from | seeds | rate | worst seed | company | mean width | pair: rate | pair: width |"
    yield "|---|---|---|---|---|---|---|---|"
    for kind in SEEDS:
        here = [row for row in rows if row.kind == kind]
        if here:
            mean = {
                name: np.mean([getattr(row, name) for row in here])
                for name in Row.__dataclass_fields__
                if name != "kind"
            }
            worst = min(row.rate for row in here)
            yield (
                f"| {int(kind):,} | {len(here)} | {mean['rate']:.1%} | {worst:.0%} | {mean['company']:.0%} "
                f"| {mean['width']:.3f} | {mean['pair_rate']:.0%} | {mean['pair_width']:.3f} |"
            )
    yield "\n| deals | seed | rate | company | width | pair: rate | truth spreads around the rate by |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        yield (
            f"| {int(row.kind):,} | {row.seed} | {row.rate:.0%} | {row.company:.0%} | {row.width:.3f} "
            f"| {row.pair_rate:.0%} | {row.spread:.3f} |"
        )
    yield "\n## How often is the base-rate alarm raised?\n"
    yield f"Eight quarters of 60 deals, seven won at 30 %, {ALARM_DRAWS} draws.\n"
    yield "| the last quarter is won at | alarm raised |"
    yield "|---|---|"
    for recent in RECENT_RATES:
        yield f"| {recent:.0%} | {alarms(recent):.1%} |"


def main() -> None:
    """Make the rows that were asked for, and the page where all were."""
    rows, are_all = make_rows(__doc__ or "", SEEDS, row_of)
    page = "\n".join(page_of(rows)) + "\n"
    print(page)
    if are_all:
        TABLE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
