"""After a turn, what is learned is learned from the deals since; and not where what is live was merely bad.

A year of 600 deals in which four attributes decide and a quarter of 300 in which others do. What is live learned from
the year, or, where it is to be bad, from that year with won and lost exchanged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pyarrow import Table, csv

from icp_ml.deals.table import DealTable
from icp_ml.model.splits import Fold
from icp_ml.serve.bundle import StoredBundle
from icp_training.comparing import compare
from icp_training.config import Config, load_config
from icp_training.evaluation import judge_fold
from icp_training.founding_world import Change, FoundingWorld, founding_config, make_founding_world
from icp_training.pipeline import read
from icp_training.search import Budget
from icp_training.turning import period_of
from icp_training.world.settings import WorldSettings
from tests import serve_models
from tests.cli_projects import icp

CUT, TURN, TODAY = date(2024, 12, 31), date(2025, 1, 1), date(2025, 4, 30)


@dataclass(frozen=True)
class Project:
    """The deals as of today, and what learned from those that had closed by the cut."""

    config: Config
    root: Path
    deals: DealTable
    live: StoredBundle


def world_of(*, turns: bool) -> FoundingWorld:
    settings = WorldSettings(
        deals=1_600, seed=5, name="turning", extracted=TODAY, months=16, median_cycle_days=15.0, strong=4, weak=0,
        noise=3, strong_odds=(2.5, 4.0), interactions=1, base_rates=(0.35, 0.45), planted_missing=(0.0, 0.06),
    )  # fmt: skip
    return make_founding_world(settings, Change(TURN, "others decide") if turns else None)


def stand(root: Path, world: FoundingWorld, day: date) -> None:
    """The deals as that day knew them, and the configuration that reads them."""
    csv.write_csv(Table.from_pandas(world.export_on(day), preserve_index=False), root / "deals.csv")
    said = founding_config(world, 24)
    said["deals"] = {**said["deals"], "extracted": day}  # type: ignore[dict-item]
    (root / "icp.yaml").write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")


def project(root: Path, *, turns: bool, upside_down: bool = False) -> Project:
    stand(root, world_of(turns=turns), TODAY)
    config = load_config(root / "icp.yaml")
    deals = read(config, root)
    return Project(config, root, deals, champion(deals, upside_down=upside_down))


def champion(deals: DealTable, *, upside_down: bool) -> StoredBundle:
    if upside_down:
        deals = replace(deals, won=(1 - deals.won).astype(np.int8))
    assert deals.closed is not None
    rows = np.flatnonzero(deals.closed <= np.datetime64(CUT))
    result = judge_fold(deals, Fold("then", rows, rows[:5], rows[:0]), Budget(2), 5)
    made = serve_models.bundle()
    provenance = made.provenance.model_copy(update={"extracted": str(CUT), "version": 1, "target": deals.predicted})
    bundle = replace(
        made,
        attributes=deals.attributes,
        provenance=provenance,
        model=result.fitted,
        tiering=replace(made.tiering, cuts=result.cuts),
        calibration=None,
    )
    return StoredBundle(bundle, "content", "model")


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project(tmp_path_factory.mktemp("turned"), turns=True)


def test_deals_of_before_are_left_out_and_counted(turned: Project) -> None:
    found = period_of(turned.config, turned.root, turned.live)
    assert (found.since, found.turn is not None) == (str(TURN), True)
    assert found.deals.opened is not None
    assert turned.deals.opened is not None
    assert found.deals.opened.min() >= np.datetime64(TURN)
    before = int((turned.deals.opened < np.datetime64(TURN)).sum())
    assert found.deals.ledger.out_of_window == turned.deals.ledger.out_of_window + before
    assert found.note is not None
    assert f"Deals opened before {TURN} are left out" in found.note


def test_the_new_one_answers_for_no_account_that_it_met_and_is_better(
    turned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = period_of(turned.config, turned.root, turned.live)
    asked: list[Fold] = []

    def watched(deals: DealTable, fold: Fold, *rest: object) -> object:
        asked.append(fold)
        return judge_fold(deals, fold, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("icp_training.comparing.judge_fold", watched)
    found = compare(period.config, turned.root, period.deals, turned.live, Budget(2))
    assert found.crossed
    assert found.since == str(CUT)
    assert found.gap is not None
    assert found.gap.log_loss.high < 0
    accounts = turned.deals.accounts
    judged = np.concatenate([fold.test for fold in asked])
    assert (len(judged), len(np.unique(judged))) == (found.deals, found.deals)
    for fold in asked:
        assert not set(accounts[fold.train]) & set(accounts[fold.test])


def test_a_turn_of_before_is_remembered(turned: Project) -> None:
    """The next live version orders these deals well, and its window reaches back before the turn."""
    provenance = turned.live.bundle.provenance
    kept = provenance.model_copy(update={"since": str(TURN), "turned": "as was seen", "extracted": str(TODAY)})
    after = replace(turned.live, bundle=replace(turned.live.bundle, provenance=kept))
    found = period_of(turned.config, turned.root, after)
    assert (found.since, found.turned, found.turn) == (str(TURN), "as was seen", None)
    heedless = turned.config.refresh.model_copy(update={"heed_turns": False})
    assert period_of(turned.config.model_copy(update={"refresh": heedless}), turned.root, after).since is None


def test_where_nothing_turned_nothing_is_left_out(tmp_path: Path) -> None:
    quiet = project(tmp_path, turns=False)
    found = period_of(quiet.config, quiet.root, quiet.live)
    assert (found.since, found.turn, found.note) == (None, None, None)
    assert len(found.deals.won) == len(quiet.deals.won)


def test_a_bad_model_is_no_reason_to_forget_good_deals(tmp_path: Path) -> None:
    """It fails on the quarter's deals as it would have failed on those of before, which still teach about them."""
    bad = project(tmp_path, turns=False, upside_down=True)
    found = period_of(bad.config, bad.root, bad.live)
    assert found.turn is not None
    assert found.since is None
    assert len(found.deals.won) == len(bad.deals.won)
    assert found.note is not None
    assert "learned from all the same" in found.note


def test_too_few_deals_since_a_turn_are_not_learned_from_alone(
    turned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icp_ml.deals.sufficiency.NOISE_FLOOR", 300)
    found = period_of(turned.config, turned.root, turned.live)
    assert (found.since, found.turn is not None) == (None, True)
    assert len(found.deals.won) == len(turned.deals.won)


def test_a_quarter_after_a_turn_recommends_what_learned_since(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    world = world_of(turns=True)
    stand(tmp_path, world, CUT)
    assert said_by("quarter", "icp.yaml", "--trials", "1", "--promote", "--reason", "the first")["promoted"]
    stand(tmp_path, world, TODAY)
    said = said_by("quarter", "icp.yaml", "--trials", "1")
    assert said["recommendation"] == "Promote turning version 2: every gate is green. icp promote does it."
    assert said["period"].startswith(f"Deals opened before {TURN} are left out, because the world has turned: on ")
    assert said["comparison"]["crossed"]
    assert said_by("compare", "icp.yaml", "--trials", "1")["comparison"] == said["comparison"]
    provenance = said_by("show", "turning/v2")["provenance"]
    assert (provenance["version"], provenance["since"]) == (2, str(TURN))
    assert provenance["turned"] in said["period"]
    assert f"deals opened since {TURN}" in " ".join(icp("show", "turning/v2").out.split())
    shown = (tmp_path / "models" / "turning" / "v2" / "report.html").read_text(encoding="utf-8")
    assert f"opened since {TURN}, because other things decide since; data to {TODAY}" in shown
    assert f"{TURN}: on " in shown


def said_by(*words: str) -> dict[str, Any]:
    """The JSON of a command that must succeed."""
    done = icp(*words, "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found
