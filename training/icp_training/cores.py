"""How few deals share the cores: many small fits side by side, each on one."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from threadpoolctl import threadpool_limits

ROWS_IN_STEP = 5_000
"""From this many deals on, one fit after another uses all cores; below, folds run side by side."""


def one_core_each(rows: int) -> AbstractContextManager[object]:
    """Keep linear algebra to one thread where fits are small: waiting for each other took half of their time."""
    return threadpool_limits(1, user_api="blas") if rows < ROWS_IN_STEP else nullcontext()
