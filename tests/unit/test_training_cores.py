"""Fits that run side by side keep to one thread each, LightGBM's too."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lightgbm.basic import _LIB  # type: ignore[attr-defined]
from threadpoolctl import threadpool_info, threadpool_limits

from icp_training.cores import ROWS_IN_STEP, one_core_each

ROOT = Path(__file__).parents[2]
SIDE_BY_SIDE = """
import sys, threading, time
import lightgbm as lgb
import numpy as np
from icp_training.cores import one_core_each

rng = np.random.default_rng(0)
rows = (rng.random((240, 30)) < 0.1) * rng.random((240, 30))  # mostly zeros, which LightGBM buffers by thread
won = (rng.random(240) < 0.4).astype(int)
settings = {"objective": "binary", "num_threads": 1, "verbosity": -1}
text = lgb.train(settings, lgb.Dataset(rows, won, params=settings), 3).model_to_string()
end = time.monotonic() + float(sys.argv[1])

def hand_over():
    while time.monotonic() < end:
        lgb.Dataset(rows, won, params=settings).construct()

def predict():
    while time.monotonic() < end:
        lgb.Booster(model_str=text).predict(rows, pred_leaf=True)

with one_core_each(len(won)):
    threads = [threading.Thread(target=each) for each in (hand_over, predict)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
print("ended")
"""


def limit() -> int:
    found = ctypes.c_int()
    _LIB.LGBM_GetMaxThreads(ctypes.byref(found))
    return found.value


def test_trees_are_kept_to_one_thread_while_folds_run_side_by_side_and_not_after() -> None:
    before = limit()
    with one_core_each(ROWS_IN_STEP - 1):
        assert limit() == 1
        with one_core_each(10):
            assert limit() == 1
        assert limit() == 1
        with one_core_each(ROWS_IN_STEP):
            assert limit() == 1, "what is large within what is small is not asked for more"
    assert limit() == before
    with one_core_each(ROWS_IN_STEP):
        assert limit() == before


@pytest.mark.parametrize("rows", [10, ROWS_IN_STEP, 100 * ROWS_IN_STEP])
def test_linear_algebra_adds_in_one_order_however_many_deals_there_are(rows: int) -> None:
    with threadpool_limits(2, user_api="blas"), one_core_each(rows):
        assert {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"} == {1}


def test_a_fold_that_hands_over_rows_while_another_predicts_does_not_end_the_process() -> None:
    """Without the limit LightGBM 4.7 ends by a segmentation fault within a second, on two threads."""
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONPATH": f"{ROOT}:{ROOT / 'training'}"}
    words = [sys.executable, "-c", SIDE_BY_SIDE, "3"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr
