"""Are planted leaks accused, and clean columns left alone? Many synthetic worlds, by the code of init and check.

    leaks      600 deals with 16 kinds of leak under neutral names (20 seeds): each kind accused in 95 % of the seeds,
               at most 2 % of the clean columns accused. Two leaks of which only the name tells are counted apart
    small      150 deals where nothing leaks, half of the worlds with an outcome that nothing decides (20 seeds)
    forward    a leaking and a leak-free copy of one world (3 seeds), each with the answers that `icp init` drafts: the
               figures forward in time differ by no more than noise

A world's row is kept in .cache/leakage by a hash of the code that made it, so that an interrupted run goes on; the
table goes to docs/leakage.md with that hash.

    python training/benchmarks/leakage.py [--kind leaks]... [--seeds 5] [--workers 1]
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from benchmarks.seeded_rows import hash_of, make_rows
from icp_ml.deals.settings import parse_settings
from icp_training.config import Config, load_config
from icp_training.drafting import Draft, draft_config
from icp_training.leakage.questions import judge_config
from icp_training.leakage.records import ColumnVerdict
from icp_training.pipeline import judge, read
from icp_training.search import Budget
from icp_training.world import (
    World,
    WorldSettings,
    make_null_world,
    make_strong_world,
    make_world,
    world_config,
    write_world,
)
from icp_training.world.leaks import WAYS, named_leaks

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "leakage"
PAGE = ROOT / "docs" / "leakage.md"
MARK = "<!-- what follows is written by make recovery-leaks -->"
DEALS, SMALL, TRIALS = 600, 150, 1
SEEDS: Mapping[str, int] = {"leaks": 20, "small": 20, "forward": 3}
MADE_BY = (
    *(
        f"training/icp_training/leakage/{n}.py"
        for n in ("columns", "measures", "outcomes", "roles", "times", "verdicts")
    ),
    *(f"training/icp_training/{n}.py" for n in ("column_texts", "guessing")),
    "training/icp_training/world/*.py",
)
"""The code that a row depends on; a forward row depends on that of training too, which has its own page."""


class Told(BaseModel):
    """What was said of one column. drafted: whether `icp init` asks about it or drops it."""

    column: str
    answer: str
    codes: tuple[str, ...]
    drafted: bool

    @property
    def by_both(self) -> bool:
        """Asked about or dropped by the check and by the draft."""
        return self.answer != "use" and self.drafted

    @property
    def by_either(self) -> bool:
        """Asked about or dropped by the check or by the draft."""
        return self.answer != "use" or self.drafted


class Row(BaseModel):
    """What came of one world.

    leaks: by the way of leaking. named: leaks of which only the name tells. clean: columns that do not leak.
    without, drafted, answered: ranking forward in time of the leak-free world, of the leaking one as drafted, and of
    the leaking one with every question answered yes.
    """

    kind: str
    seed: int
    code: str
    leaks: dict[str, Told] = {}
    named: tuple[Told, ...] = ()
    clean: int = 0
    accused: tuple[Told, ...] = ()
    without: float = 0.0
    drafted: float = 0.0
    answered: float = 0.0
    deals: int = 0


def code_hash() -> str:
    """SHA-256 over the code whose rows these are, 12 digits."""
    return hash_of(ROOT, MADE_BY)


def leaking_world(seed: int, leaks: int = len(WAYS)) -> World:
    """The world of the leaks and, without them, its clean copy."""
    return make_world(
        WorldSettings(deals=DEALS, prospects=500, seed=seed, name="leaking", leaks=leaks, noise=20, anti_icp=True)
    )


def judged_columns(world: World, folder: Path) -> dict[str, Told]:
    """Every column beside the deal's own, as the check and the draft see it; the prospect list is at hand."""
    write_world(world, folder)
    deals = folder / "deals.csv"
    named = named_leaks(world.settings.seed, len(world.deals))
    pd.concat([pd.read_csv(deals, dtype=str, keep_default_na=False), named], axis=1).to_csv(deals, index=False)
    draft = draft_config(deals, folder)
    rows = judge_config(parse_settings(Config, world_config(world)), folder)
    return {row.verdict.column: _told(row.verdict, draft) for row in rows if row.place != "the deal's own"}


def _told(verdict: ColumnVerdict, draft: Draft) -> Told:
    drafted = verdict.column in draft.asked or f"# left out: {verdict.column}: dropped: " in draft.text
    answer = verdict.answer if verdict.codes else "use"
    return Told(column=verdict.column, answer=answer, codes=verdict.codes, drafted=drafted)


def world_of_leaks(seed: int) -> Row:
    """Sixteen leaks, two that only their names tell, and the clean columns beside them."""
    world = leaking_world(seed)
    with tempfile.TemporaryDirectory() as folder:
        told = judged_columns(world, Path(folder))
    ways = {leak.name: leak.how for leak in world.truth.leaks}
    leaks = {how: told[name] for name, how in ways.items()}
    named = tuple(told[name] for name in named_leaks(1, 1).columns)
    return Row(kind="leaks", seed=seed, code=code_hash(), leaks=leaks, named=named).model_copy(
        update=_clean(world, told)
    )


def _clean(world: World, told: Mapping[str, Told]) -> dict[str, object]:
    clean = [told[one.name] for one in world.attributes]
    return {"clean": len(clean), "accused": tuple(one for one in clean if one.by_either)}


def small_world(seed: int) -> Row:
    """Nothing leaks in 150 deals, and in every other world nothing decides."""
    world = make_null_world(seed, SMALL) if seed % 2 else make_strong_world(seed, SMALL)
    with tempfile.TemporaryDirectory() as folder:
        told = judged_columns(world, Path(folder))
    return Row(kind="small", seed=seed, code=code_hash()).model_copy(update=_clean(world, told))


def forward_world(seed: int) -> Row:
    """How well deals are ranked that opened later, with the leaks left out by the draft, and with all of them in."""
    clean, leaking = leaking_world(seed, leaks=0), leaking_world(seed)
    without, deals = _ranking(clean, drafted=True)
    return Row(
        kind="forward",
        seed=seed,
        code=code_hash(),
        without=without,
        drafted=_ranking(leaking, drafted=True)[0],
        answered=_ranking(leaking, drafted=False)[0],
        deals=deals,
    )


def _ranking(world: World, *, drafted: bool) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_world(world, folder)
        config = _drafted(folder) if drafted else _answered(world)
        judged = judge(read(config, folder), Budget(TRIALS), config.seed)
    return judged.evaluation.skill.ranking.value, judged.evaluation.skill.deals


def _drafted(folder: Path) -> Config:
    path = folder / "icp.yaml"
    path.write_text(draft_config(folder / "deals.csv", folder).text, encoding="utf-8")
    return load_config(path)


def _answered(world: World) -> Config:
    """The world's own configuration and all of its leaks, each declared as known when the deal opened."""
    leaks = {leak.name: {"kind": leak.kind, "known": "at_open"} for leak in world.truth.leaks}
    plain = world_config(world)
    attributes = plain["attributes"]
    assert isinstance(attributes, dict)
    attributes["firmographic"] = {**attributes.get("firmographic", {}), **leaks}
    return parse_settings(Config, plain)


def row_of(task: tuple[str, int]) -> Row:
    """One world's row, from the cache where it is there."""
    kind, seed = task
    path = CACHE / code_hash() / f"{kind}-{seed}.json"
    if path.exists():
        return Row.model_validate_json(path.read_text())
    row = {"leaks": world_of_leaks, "small": small_world, "forward": forward_world}[kind](seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(f".{os.getpid()}").write_text(row.model_dump_json())
    path.with_suffix(f".{os.getpid()}").rename(path)
    return row


def table_of(rows: Sequence[Row]) -> Iterator[str]:
    """The measured part of the page."""
    code = ", ".join(sorted({row.code for row in rows}))
    yield f"Code {code}. {DEALS} deals a world; accused is asked about or dropped.\n"
    worlds = [row for row in rows if row.kind == "leaks"]
    if worlds:
        yield "| way of leaking | seeds | accused | of them dropped | codes |"
        yield "|---|---|---|---|---|"
        for way in worlds[0].leaks:
            yield _line(way, [row.leaks[way] for row in worlds])
        yield _line("only the name tells (counted apart)", [told for row in worlds for told in row.named])
    yield "\n| clean columns of | seeds | columns | accused | which |"
    yield "|---|---|---|---|---|"
    for kind, name in (("leaks", "the leaking worlds"), ("small", f"worlds of {SMALL} deals without leaks")):
        here = [row for row in rows if row.kind == kind]
        if here:
            which = ", ".join(f"{told.column} ({' '.join(told.codes)})" for row in here for told in row.accused)
            accused, clean = sum(len(row.accused) for row in here), sum(row.clean for row in here)
            yield f"| {name} | {len(here)} | {clean} | {accused} ({accused / clean:.1%}) | {which} |"
    forward = [row for row in rows if row.kind == "forward"]
    if forward:
        yield "\n| seed | deals judged | ranking, no leaks | leaks, as drafted | leaks, all answered yes |"
        yield "|---|---|---|---|---|"
    yield from (f"| {r.seed} | {r.deals} | {r.without:.4f} | {r.drafted:.4f} | {r.answered:.4f} |" for r in forward)


def _line(way: str, told: Sequence[Told]) -> str:
    accused = [one for one in told if one.by_both]
    dropped = sum(one.answer == "drop" for one in accused)
    codes = sorted({code for one in accused for code in one.codes})
    return f"| {way} | {len(told)} | {len(accused)} | {dropped} | {' '.join(codes)} |"


def main() -> None:
    """Make the rows that were asked for, and the table where all seeds of all kinds were."""
    rows, are_all = make_rows(__doc__ or "", SEEDS, row_of)
    table = "\n".join(table_of(rows)) + "\n"
    print(table)
    if are_all:
        before = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
        PAGE.write_text(f"{before}{MARK}\n\n{table}", encoding="utf-8")


if __name__ == "__main__":
    main()
