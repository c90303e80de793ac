"""A search that is killed in the middle of a trial, twice, ends as one that nobody disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from icp_training.search import Budget, search
from tests.searching_process import DEALS, SEED, TRIALS, kept_search

ROOT = Path(__file__).parents[2]
PATIENCE = 600.0  # seconds that a process may take to get to its trial, on a machine that has much else to do


def killed_in_a_trial(folder: Path, made: int) -> None:
    """Let a process make so many trials, and kill it in the next one; no handler of its own hears of it."""
    paths = os.pathsep.join(str(path) for path in (ROOT, ROOT / "training"))
    words = [sys.executable, str(ROOT / "tests" / "searching_process.py"), str(folder), str(made)]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths})
    latest = time.monotonic() + PATIENCE
    while not (folder / "standing").exists() and process.poll() is None and time.monotonic() < latest:
        time.sleep(0.05)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    (folder / "standing").unlink()


def test_a_search_that_was_killed_twice_ends_as_one_that_nobody_disturbed(tmp_path: Path) -> None:
    """Among the fixed starting points, and where the sampler draws by what the earlier trials came to."""
    undisturbed = search(DEALS, Budget(TRIALS), SEED)
    killed_in_a_trial(tmp_path, 2)
    killed_in_a_trial(tmp_path, 8)
    resumed = kept_search(tmp_path)
    assert resumed.found == 10
    assert [(each.params, each.loss, each.given_up) for each in resumed.tried] == [
        (each.params, each.loss, each.given_up) for each in undisturbed.tried
    ]
    assert resumed.best == undisturbed.best
    assert resumed.crossed.loss == undisturbed.crossed.loss
    assert resumed.crossed.log_odds.tolist() == undisturbed.crossed.log_odds.tolist()
    assert not resumed.several
