"""How few deals share the cores: many small fits side by side, each on one."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from threadpoolctl import threadpool_limits

ROWS_IN_STEP = 5_000
"""From this many deals on, one fit after another uses all cores; below, folds run side by side."""


@contextmanager
def one_core_each(rows: int) -> Iterator[None]:
    """Keep linear algebra to one thread, and trees too where fits are small.

    Linear algebra, because two threads add in another order than one: from some thousand deals on a scorecard came out
    otherwise on another number of cores. Trees of few deals, because LightGBM has one number of threads for the whole
    process: a prediction that asks for two, while another fold hands over rows for one, makes LightGBM write where no
    memory is, and ends the process. Trees of many deals are the same on any number of threads.
    """
    trees = _one_thread_for_trees() if rows < ROWS_IN_STEP else nullcontext()
    with threadpool_limits(1, user_api="blas"), trees:
        yield


@contextmanager
def _one_thread_for_trees() -> Iterator[None]:
    """LightGBM's own limit for the process, which only its C interface has."""
    from lightgbm.basic import _LIB  # type: ignore[attr-defined]  # noqa: PLC0415 - LightGBM is loaded where it is asked

    before = ctypes.c_int()
    _LIB.LGBM_GetMaxThreads(ctypes.byref(before))
    _LIB.LGBM_SetMaxThreads(ctypes.c_int(1))
    try:
        yield
    finally:
        _LIB.LGBM_SetMaxThreads(before)
