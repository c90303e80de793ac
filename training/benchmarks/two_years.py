"""Two years of quarters, everything by the functions behind `icp quarter`: does the loop keep the model true?

    drifting     after a year other attributes decide: the champion's forward skill beside a model frozen at the start
    change       a flag that half of the companies have comes to decide, by an odds ratio of 4, on the day after the
                 first extract, 300 deals a quarter: noticed once the first quarter has matured, in at least 9 of 10
    stationary   nothing changes: no alarm in eight quarters, in at least 9 of 10

The world founds companies all the time (`icp_training.founding_world`), so that nothing drifts unasked. Each quarter's
deals are exported as its day knew them, read by a configuration, trained on, compared, reviewed, and promoted where
every gate is green; then the live version scores the companies whose deals open in the next quarter, and that list is
what the next review reads. A row is kept in .cache/two-years by a hash of all the code that it depends on, so that an
interrupted run goes on; the tables go to docs/two-years.md with that hash.

    python training/benchmarks/two_years.py [--kind change]... [--seeds 2] [--workers 1]
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray
from pyarrow import csv
from scipy.special import logit

from benchmarks.bench_model.code import code_hash
from benchmarks.seeded_rows import make_rows
from benchmarks.two_years_page import Look, Row, page_of
from icp_ml.model.metrics import log_losses
from icp_ml.serve.ledger import live_folder
from icp_ml.serve.scoring import Scorer
from icp_ml.watch.emerging_records import Emerging
from icp_ml.watch.review_records import Review
from icp_training.comparing import live_model
from icp_training.config import load_config
from icp_training.founding_world import Change, FoundingWorld, day_number, founding_config, make_founding_world
from icp_training.pipeline import read
from icp_training.quarter import Asked, emerging_since, run_quarter
from icp_training.registry_lock import Asker
from icp_training.reviewing import ListFile, names_of, review
from icp_training.search import Budget
from icp_training.world import WorldSettings

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "two-years"
PAGE = ROOT / "docs" / "two-years.md"
SEEDS: Mapping[str, int] = {"drifting": 10, "change": 10, "stationary": 10}
TRIALS: Final = 2
A_QUARTER: Final = 300
"""Deals that open in a quarter."""
WINDOW: Final = 12
"""Months of deals that are learned from, and that there are on the first day."""
DAYS: Final = tuple(
    date(year, month, day)
    for year in (2023, 2024, 2025)
    for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))
    if date(2023, 6, 30) <= date(year, month, day) <= date(2025, 6, 30)
)
"""The first extract, and the ends of eight quarters."""
CHANGES: Mapping[str, Change] = {
    "drifting": Change(DAYS[4] + timedelta(days=1), "others decide"),
    "change": Change(DAYS[0] + timedelta(days=1), "one more decides"),
}


@dataclass(frozen=True)
class Project:
    """A folder with the world's deals as of some day, and its configuration."""

    folder: Path
    world: FoundingWorld

    @property
    def config(self) -> Path:
        """The configuration's file."""
        return self.folder / "icp.yaml"

    def stand_on(self, day: date) -> None:
        """Export the deals as that day knew them."""
        csv.write_csv(pa.Table.from_pandas(self.world.export_on(day), preserve_index=False), self.folder / "deals.csv")
        config = founding_config(self.world, WINDOW)
        deals = config["deals"]
        assert isinstance(deals, dict)
        refresh = {"scored": "scored/*.parquet"}
        text = yaml.safe_dump({**config, "deals": {**deals, "extracted": day}, "refresh": refresh}, sort_keys=False)
        self.config.write_text(text, encoding="utf-8")

    def scorer(self, version: int | None = None) -> Scorer | None:
        """That version, or the live one; None where none is live."""
        models, name = self.folder / "models", self.world.settings.name
        folder = live_folder(models, name) if version is None else models / name / f"v{version}"
        return None if folder is None else Scorer.load(folder)

    def give(self, scorer: Scorer, day: date, until: date) -> None:
        """Score the companies whose deals open by `until`, as a list of that day."""
        listed = pa.Table.from_pandas(self.world.list_on(day, until), preserve_index=False)
        place = self.folder / "scored"
        place.mkdir(exist_ok=True)
        pq.write_table(scorer.score(listed, as_of=day, reasons=0), place / f"{day}.parquet")

    def skill(self, scorer: Scorer, day: date, until: date) -> float:
        """Share of the base rate's log loss removed, on the deals that open by `until`; the rate as `day` knew it."""
        rows, world = self.world.opening(day, until), self.world
        known = world.won[(world.closed <= day_number(day)) & (world.opened <= day_number(day))]
        base = np.full(len(rows), logit(known.mean()))
        listed = self.world.list_on(day, until)
        said = logit(np.clip(scorer.predict_proba(listed, as_of=day)[:, 1], 1e-9, 1 - 1e-9))
        return 1.0 - _mean_loss(said, world.won[rows]) / _mean_loss(base, world.won[rows])


def row_of(task: tuple[str, int]) -> Row:
    """One world's row, from the cache where it is there."""
    kind, seed = task
    code = code_hash(("benchmarks.two_years",), ("icp_ml", "icp_training", "benchmarks"))
    path = CACHE / code / f"{kind}-{seed}.json"
    if path.exists():
        return Row.model_validate_json(path.read_text())
    began = time.process_time()
    world = make_founding_world(settings(seed, kind), CHANGES.get(kind))
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), world)
        looks = tuple(_noticing(project) if kind == "change" else _living(project))
    seconds = time.process_time() - began
    row = Row(kind=kind, seed=seed, code=code, changed=world.changed, looks=looks, seconds=seconds)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(f".{os.getpid()}").write_text(row.model_dump_json())
    path.with_suffix(f".{os.getpid()}").rename(path)
    return row


def settings(seed: int, kind: str) -> WorldSettings:
    """Three years, of which one lies before the first extract: four attributes decide amid four of noise."""
    return WorldSettings(
        deals=12 * A_QUARTER, seed=seed, name=kind, extracted=DAYS[-1], months=36, median_cycle_days=30.0, strong=4,
        weak=0, noise=4, strong_odds=(2.5, 4.0), interactions=1, base_rates=(0.35, 0.45), planted_missing=(0.0, 0.06),
    )  # fmt: skip


def _living(project: Project) -> Iterator[Look]:
    """Eight quarters of the loop, after the first version was made."""
    first = _quarter(project, DAYS[0])
    if first.live is None:
        return
    frozen = project.scorer(first.live)
    for day, until in pairwise(DAYS):
        scorer = project.scorer()
        assert scorer is not None
        assert frozen is not None
        project.give(scorer, day, until)
        skills = (project.skill(scorer, day, until), project.skill(frozen, day, until))
        yield _quarter(project, until).model_copy(update={"loop": skills[0], "frozen": skills[1]})


def _noticing(project: Project) -> Iterator[Look]:
    """One version; a review at the end of the first quarter, and one on the day when all of its deals are mature."""
    scorer = project.scorer(_quarter(project, DAYS[0]).live)
    if scorer is None:
        return
    project.give(scorer, DAYS[0], DAYS[1])
    first, gap = _looked(project, DAYS[1])
    yield first
    yield _looked(project, DAYS[1] + timedelta(days=gap))[0]


def _quarter(project: Project, day: date) -> Look:
    """`icp quarter --promote` on that day."""
    project.stand_on(day)
    asker = Asker(f"two-years@benchmark:{os.getpid()}", f"{day}T08:00:00+00:00", "a quarter has passed")
    found = run_quarter(project.config, Asked(Budget(TRIALS), promote=True), asker)
    live = live_model(project.folder, project.world.settings.name)
    look = _look(day, found.reviewed, found.emerging)
    version = None if live is None else live.bundle.provenance.version
    return look.model_copy(update={"live": version, "promoted": found.promotion is not None})


def _looked(project: Project, day: date) -> tuple[Look, int]:
    """What a quarter says of that day before it trains, and the days after which a deal is mature."""
    project.stand_on(day)
    config, root = load_config(project.config), project.folder
    files = [ListFile(path) for path in sorted(root.glob("scored/*.parquet"))]
    reviewed = review(config, root, files, names_of(config, None, None))
    emerging = emerging_since(config, read(config, root), live_model(root, config.name))
    return _look(day, reviewed, emerging), reviewed.gap


def _look(day: date, reviewed: Review | None, emerging: Emerging | None) -> Look:
    drift = () if reviewed is None else reviewed.drift
    return Look(
        day=day.isoformat(),
        mature=max((each.deals for each in drift if each.kind == "base rate"), default=0),
        alarms=tuple(f"{each.kind} {each.about}".rstrip() for each in drift if each.is_alarm),
        emerging=() if emerging is None else tuple(each.words for each in emerging.profiles),
    )


def _mean_loss(log_odds: NDArray[np.float64], won: NDArray[np.int8]) -> float:
    return float(log_losses(log_odds, won).mean())


def main() -> None:
    """Make the rows that were asked for, and the page where all seeds of all kinds were."""
    rows, are_all = make_rows(__doc__ or "", SEEDS, row_of)
    page = "\n".join(page_of(rows, TRIALS)) + "\n"
    print(page)
    if are_all:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
