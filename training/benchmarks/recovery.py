"""Is the truth found where there is one, and nothing where there is none? Many synthetic worlds, by the whole line.

    null       outcomes that no attribute has anything to do with (300 seeds): accepted at most 3 times
    strong     an oracle AUC of 0.85 in 150 deals amid 20 noise attributes (100 seeds): accepted at least 85 times
    planted    500 deals (10 seeds): every strong attribute in the ICP in 9 of 10; a noise attribute in at most 1 of 10

Each world is written as CSV, read by its configuration, and judged as `icp train` judges. A world's row is kept in
.cache/recovery by a hash of the code that made it, so that an interrupted run goes on; the table goes to
docs/recovery.md with that hash.

    python training/benchmarks/recovery.py [--kind null]... [--seeds 20] [--workers 2]
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from benchmarks.seeded_rows import hash_of, make_rows
from icp_ml.deals.contract import read_deals
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import NoSignal
from icp_ml.model.judgement import plan_judgement
from icp_ml.model.skill import Skill, measure_skill
from icp_training.config import Config
from icp_training.demo import findings, noise_presented
from icp_training.evaluation import pool, run_folds
from icp_training.pipeline import fit, judge, read
from icp_training.search import Budget
from icp_training.world import (
    World,
    make_null_world,
    make_planted_world,
    make_strong_world,
    world_config,
    write_world,
)

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "recovery"
TABLE = ROOT / "docs" / "recovery.md"
TRIALS = 15
SEEDS: Mapping[str, int] = {"planted": 10, "strong": 100, "null": 300}
JUDGED_BY = (
    "icp_ml/deals/*.py",
    "icp_ml/model/*.py",
    *(f"training/icp_training/{name}.py" for name in ("config", "search", "evaluation")),
    "training/icp_training/world/*.py",
)
"""The code that a judged world's row depends on."""
PROFILED_BY = (*JUDGED_BY, "icp_ml/profile/*.py", *(f"training/icp_training/{n}.py" for n in ("pipeline", "demo")))
"""The code that a planted world's row depends on."""


class Row(BaseModel):
    """What came of one world.

    kind, seed: which. code: hash of the code that made it. judged: how (forward, blocked). deals: judged.
    accepted: whether the ranking was reliable.
    ranking, low: share of pairs in the right order, and the bound that must be above 0.5.
    skill: share of the base rate's log loss removed.
    strong, found: strong planted attributes, and those among them in the ICP. noise: noise attributes in the ICP.
    """

    kind: str
    seed: int
    code: str
    judged: str
    deals: int
    accepted: bool
    ranking: float
    low: float
    skill: float
    strong: int = 0
    found: int = 0
    noise: tuple[str, ...] = ()


def code_hash(kind: str) -> str:
    """SHA-256 over the code whose rows these are, 12 digits."""
    return hash_of(ROOT, PROFILED_BY if kind == "planted" else JUDGED_BY)


def judged_world(kind: str, seed: int) -> Row:
    """A null or strong world: judged, not fitted."""
    makers: Mapping[str, Callable[[int], World]] = {"null": make_null_world, "strong": make_strong_world}
    world = makers[kind](seed)
    with tempfile.TemporaryDirectory() as folder:
        config = _written(world, Path(folder))
        deals = read_deals(config.deals, config.tables, config.resolved(), Path(folder))
    plan = plan_judgement(deals, config.seed)
    judged = pool(deals, tuple(run_folds(deals, plan, Budget(TRIALS), config.seed, workers=1)))
    skill = measure_skill(judged, config.seed, plan.widening)
    return _row(kind, seed, plan.kind, skill)


def _row(kind: str, seed: int, judged: str, skill: Skill) -> Row:
    return Row(
        kind=kind,
        seed=seed,
        code=code_hash(kind),
        judged=judged,
        deals=skill.deals,
        accepted=skill.is_reliable,
        ranking=skill.ranking.value,
        low=skill.ranking.low,
        skill=skill.share,
    )


def planted_world(seed: int) -> Row:
    """A planted world: the whole line, and its profile beside the truth."""
    world = make_planted_world(seed)
    with tempfile.TemporaryDirectory() as folder:
        config = _written(world, Path(folder))
        judged = judge(read(config, Path(folder)), Budget(TRIALS), config.seed)
    strong = len(world.truth.strong())
    row = _row("planted", seed, judged.judgement.kind, judged.evaluation.skill).model_copy(update={"strong": strong})
    try:
        profile = fit(judged, Budget(TRIALS), config.seed).profile
    except NoSignal:
        return row
    found = sum(finding.found for finding in findings(world.truth, profile) if finding.strength == "strong")
    return row.model_copy(update={"found": found, "noise": noise_presented(world.truth, profile)})


def _written(world: World, folder: Path) -> Config:
    write_world(world, folder)
    return parse_settings(Config, world_config(world))


def row_of(task: tuple[str, int]) -> Row:
    """One world's row, from the cache where it is there."""
    kind, seed = task
    path = CACHE / code_hash(kind) / f"{kind}-{seed}.json"
    if path.exists():
        return Row.model_validate_json(path.read_text())
    row = planted_world(seed) if kind == "planted" else judged_world(kind, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(f".{os.getpid()}").write_text(row.model_dump_json())
    path.with_suffix(f".{os.getpid()}").rename(path)
    return row


def table_of(rows: Sequence[Row]) -> Iterator[str]:
    """The committed page: a line for each kind, then a line for each world."""
    yield f"# Recovery\n\nMade by `make recovery`, with {TRIALS} trials, by the code with this hash.\n"
    yield "| world | code | seeds | accepted | median skill | strong attributes all found | noise presented |"
    yield "|---|---|---|---|---|---|---|"
    for kind in SEEDS:
        here = [row for row in rows if row.kind == kind]
        if here:
            skill = sorted(row.skill for row in here)[len(here) // 2]
            complete = f"{sum(r.found == r.strong for r in here)} of {len(here)}" if kind == "planted" else ""
            noisy = f"{sum(bool(r.noise) for r in here)} of {len(here)}" if kind == "planted" else ""
            accepted = sum(row.accepted for row in here)
            codes = ", ".join(sorted({row.code for row in here}))
            judged = f"{codes} | {len(here)} | {accepted} of {len(here)} | {skill:.1%}"
            yield f"| {kind} | {judged} | {complete} | {noisy} |"
    yield "\n| world | seed | judged | deals | accepted | ranking | lower bound | skill | strong found | noise |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for r in rows:
        found = f"{r.found} of {r.strong}" if r.kind == "planted" else ""
        yield (
            f"| {r.kind} | {r.seed} | {r.judged} | {r.deals} | {'yes' if r.accepted else 'no'} | {r.ranking:.4f} "
            f"| {r.low:.4f} | {r.skill:.1%} | {found} | {', '.join(r.noise)} |"
        )


def main() -> None:
    """Make the rows that were asked for, and the table where all seeds of all kinds were."""
    rows, are_all = make_rows(__doc__ or "", SEEDS, row_of)
    page = "\n".join(table_of(rows)) + "\n"
    print(page.split("\n\n| world | seed |")[0])
    if are_all:
        TABLE.write_text(page, encoding="utf-8")
        print(f"\nEvery world's row: {TABLE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
