"""Are the planted conditions found again, as conditions and not only as names of attributes?

    500, 2000     synthetic worlds with that many deals, 20 seeds each
    null          outcomes that no attribute has anything to do with, 500 deals, 20 seeds: how many criteria there are

A criterion is *right* where its attribute is planted and its condition and the planted one share at least 60 % of the
deals that meet either (Jaccard, over deals where the attribute is known). Recall is over the strong planted attributes,
precision over all criteria. No world is refused here: criteria are judged as if each had been accepted.

    python training/benchmarks/criteria.py [--kind 500]... [--seeds 20] [--workers 2]

Rows are kept in .cache/criteria by a hash of the code; a whole run writes docs/criteria-recovery.md.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from benchmarks.seeded_rows import hash_of, make_rows
from benchmarks.stated_conditions import condition_of
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.win_model import fit_members
from icp_ml.profile.criteria import Ground
from icp_ml.profile.defining import Said, Tiered, define
from icp_ml.profile.definition import Criterion, Definition
from icp_ml.profile.icp import Evidence, cross_contributions, draw_profile
from icp_training.config import Config
from icp_training.evaluation import rows_to_learn_from
from icp_training.search import Budget, search
from icp_training.world import World, WorldSettings, make_null_world, make_world, world_config, write_world
from icp_training.world.truth import Planted

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "criteria"
TABLE = ROOT / "docs" / "criteria-recovery.md"
TRIALS, RIGHT = 3, 0.6
SEEDS: Mapping[str, int] = {"500": 20, "2000": 20, "null": 20}
MADE_BY = (
    "icp_ml/model/*.py",
    *(f"icp_ml/profile/{name}.py" for name in ("association", "candidates", "criteria", "finding", "icp", "rates")),
    "training/icp_training/search*.py",
    "training/icp_training/world/*.py",
    "training/benchmarks/criteria.py",
)


class Row(BaseModel):
    """What came of one world.

    criteria: how many. named: those on a planted attribute. right: those whose condition is right too. strong: planted
    strong attributes, and how many of them have a right criterion. jaccard: of each criterion on a planted attribute.
    """

    kind: str
    seed: int
    code: str
    criteria: int
    named: int
    right: int
    strong: int
    strong_found: int
    jaccard: tuple[float, ...]
    words: tuple[str, ...]


def world_of(kind: str, seed: int) -> World:
    """A world without leaks and without prospects."""
    if kind == "null":
        return make_null_world(seed)
    return make_world(WorldSettings(deals=int(kind), prospects=0, seed=seed, leaks=0))


def defined(deals: DealTable, config: Config) -> Definition:
    """The definition as `icp train` makes it, with a short search."""
    data = rows_to_learn_from(deals, np.arange(len(deals.won)))
    found = search(data, Budget(TRIALS), config.seed)
    model = fit_members(data, found.best, found.crossed, config.seed)
    voices = cross_contributions(data, found.best, found.crossed, config.seed)
    evidence = Evidence(deals.attributes, data, model, voices, deals.opened)
    profile = draw_profile(evidence, deals.predicted, config.seed)
    cuts = fit_cuts(found.crossed.log_odds, data.won, data.groups, config.tiers, model.anchor).cuts
    ground = Ground(evidence, deals.parsed, found.best.scorecard, config.seed)
    return define(ground, profile, Tiered(cuts, found.crossed.log_odds), Said())


def judged_world(kind: str, seed: int) -> Row:
    """One world's definition beside its truth."""
    world = world_of(kind, seed)
    with tempfile.TemporaryDirectory() as folder:
        write_world(world, Path(folder))
        config = parse_settings(Config, world_config(world))
        deals = read_deals(config.deals, config.tables, config.resolved(), Path(folder))
    definition = defined(deals, config)
    by_name = {each.name: each for each in deals.attributes}
    shared = {each.name: _shared(each, world, deals.parsed, by_name) for each in definition.criteria}
    known = {name: value for name, value in shared.items() if value is not None}
    strong = [each for each in world.truth.planted if each.strength == "strong"]
    right = {each.factor for each in definition.criteria if known.get(each.name, 0.0) >= RIGHT}
    return Row(
        kind=kind,
        seed=seed,
        code=code_hash(),
        criteria=len(definition.criteria),
        named=len(known),
        right=len(right),
        strong=len(strong),
        strong_found=sum(_factor(each) in right for each in strong),
        jaccard=tuple(round(value, 3) for value in known.values()),
        words=tuple(each.words for each in definition.criteria),
    )


def _factor(planted: Planted) -> str:
    return f"{planted.attribute}:{planted.member}" if planted.member else planted.attribute


def _shared(criterion: Criterion, world: World, parsed: ParsedTable, by_name: Mapping[str, Attribute]) -> float | None:
    """How much of the deals that meet the criterion or the planted condition meet both; None where none is planted."""
    planted = next((each for each in world.truth.planted if _factor(each) == criterion.factor), None)
    if planted is None:
        return None
    attribute = by_name[planted.attribute]
    truth = condition_of(planted.attribute, planted.helps)
    first, second = (_holds(each, attribute, parsed) for each in (criterion.condition, truth))
    return float((first & second).sum() / max(int((first | second).sum()), 1))


def _holds(
    settings: ConditionSettings, attribute: Attribute, parsed: ParsedTable
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return bind_condition(settings, {attribute.name: attribute}, "the benchmark").holds(parsed)


def code_hash() -> str:
    """SHA-256 over the code whose rows these are, 12 digits."""
    return hash_of(ROOT, MADE_BY)


def row_of(task: tuple[str, int]) -> Row:
    """One world's row, from the cache where it is there."""
    kind, seed = task
    path = CACHE / code_hash() / f"{kind}-{seed}.json"
    if path.exists():
        return Row.model_validate_json(path.read_text())
    row = judged_world(kind, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(f".{os.getpid()}").write_text(row.model_dump_json())
    path.with_suffix(f".{os.getpid()}").rename(path)
    return row


def table_of(rows: Sequence[Row]) -> Iterator[str]:
    """The page: what is counted, a line for each kind, then a line for each world."""
    yield "# Planted conditions, found again\n"
    yield f"Made by `python training/benchmarks/criteria.py`, {TRIALS} trials a world, by the code {code_hash()}.\n"
    yield "A criterion is right where its attribute is planted and its condition and the planted one share at least"
    yield f"{RIGHT:.0%} of the deals that meet either. Recall is over strong planted attributes.\n"
    yield "| worlds | seeds | criteria a world | planted | right (precision) | strong found (recall) | median overlap |"
    yield "|---|---|---|---|---|---|---|"
    for kind in SEEDS:
        here = [row for row in rows if row.kind == kind]
        if here:
            yield _line(kind, here)
    yield "\n| world | seed | criteria | planted | right | strong found | the ICP |\n|---|---|---|---|---|---|---|"
    for r in rows:
        found = f"{r.strong_found} of {r.strong}"
        yield f"| {r.kind} | {r.seed} | {r.criteria} | {r.named} | {r.right} | {found} | {'; '.join(r.words)} |"


def _line(kind: str, rows: Sequence[Row]) -> str:
    criteria, strong = sum(r.criteria for r in rows), sum(r.strong for r in rows)
    shares = [f"{sum(counts) / max(criteria, 1):.0%}" for counts in ([r.named for r in rows], [r.right for r in rows])]
    overlap = [value for r in rows for value in r.jaccard]
    recall = f"{sum(r.strong_found for r in rows) / strong:.0%} of {strong}" if strong else ""
    median = f"{float(np.median(overlap)):.2f}" if overlap else ""
    mean = f"{criteria / len(rows):.1f}"
    return f"| {kind} | {len(rows)} | {mean} | {shares[0]} | {shares[1]} | {recall} | {median} |"


def main() -> None:
    """Make the rows that were asked for, and the page where all were."""
    rows, are_all = make_rows(__doc__ or "", SEEDS, row_of)
    page = "\n".join(table_of(rows)) + "\n"
    print(page.split("\n\n| world | seed |")[0])
    if are_all:
        TABLE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
