"""A planted change of what decides is seen by looking back: tier 1 leads, then it does not, then it does again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from icp_ml.model.held_up import HeldUp, measure_held_up
from icp_ml.model.quarters import quarters_between
from icp_ml.model.tier_outcomes import Lead, measure_lead
from icp_training.backtest.as_known import History, read_history
from icp_training.backtest.hand_weights import OURS
from icp_training.backtest.replay import Asked, Refused, Told, replay
from icp_training.backtest.telling import sample_of
from icp_training.config import Config, load_config
from icp_training.search import Budget
from icp_training.world import make_drifting_world, world_config, write_world

WINDOW = 12
"""Months that deals are learned from: a year after the change nothing older is left."""
GAP = 60
DEALS = 1200
BEFORE, AFTER, LEARNT = "2023 Q3", "2024 Q1", "2025 Q1"


def project(folder: Path, seed: int) -> tuple[Config, History]:
    world = make_drifting_world(seed, DEALS)
    assert world.truth.changes_on == "2024-01-01"
    write_world(world, folder)
    settings = world_config(world)
    deals = settings["deals"]
    assert isinstance(deals, dict)
    deals["window"] = {"months": WINDOW}
    (folder / "icp.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    config = load_config(folder / "icp.yaml")
    return config, read_history(config, folder)


def found_in(config: Config, history: History, name: str) -> tuple[HeldUp, Lead] | Refused:
    quarter = next(q for q in quarters_between(history.opened.min(), history.until) if q.name == name)
    asked = Asked(Budget(trials=1), config.seed, config.tiers, history.until - np.timedelta64(GAP, "D"))
    told = replay(history, quarter, asked)
    if isinstance(told, Refused):
        return told
    assert isinstance(told, Told)
    sample = sample_of(history, told, {}, 0)
    return measure_held_up(sample.judged, 1), measure_lead(sample.placed[OURS].told, GAP, 1)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_change_is_seen_and_what_was_learnt_anew_too(seed: int, tmp_path: Path) -> None:
    config, history = project(tmp_path, seed)
    before, after, learnt = (found_in(config, history, name) for name in (BEFORE, AFTER, LEARNT))
    for found in (before, learnt):
        assert not isinstance(found, Refused)
        held_up, lead = found
        assert held_up.ranking is not None
        assert held_up.ranking.low > 0.5
        assert held_up.skill is not None
        assert held_up.skill.value > 0.05
        assert lead.ratio is None or lead.ratio.low > 1
    assert not isinstance(after, Refused), "on the day of the change nobody could know of it"
    held_up, lead = after
    assert held_up.skill is not None
    assert held_up.skill.high < 0
    assert held_up.ranking is not None
    assert held_up.ranking.value < 0.6
    assert lead.ratio is None or lead.ratio.low < 1.5
