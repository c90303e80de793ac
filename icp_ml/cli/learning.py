"""The way into icp_training, taken only by verbs that learn, and their progress on the screen."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from rich.progress import TaskID

NEEDED = ("optuna", "mlflow", "plotly")

OnStep = Callable[[str, int, int], None]


def training_line() -> ModuleType:
    """icp_training's front door. Raises `ConfigError` where the libraries that training needs are not installed."""
    lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if lacking:
        raise ConfigError(
            f"learning needs {' and '.join(lacking)}, not installed here; run: pip install 'icp-ml[train]' "
            f"(scoring and showing work without)"
        )
    from icp_training import line

    return line


@contextmanager
def progress() -> Iterator[OnStep]:
    """Bars on a terminal, plain lines elsewhere; both on standard error, so that results can be piped.

    A label's words before its colon are the step; what stands after it may change while the step goes on.
    """
    if sys.stderr.isatty():
        with _bars() as on_step:
            yield on_step
    else:
        yield _plain


def _plain(label: str, done: int, total: int) -> None:
    if done in (0, total):
        sys.stderr.write(f"{label.partition(':')[0]}: {'done' if done else f'{total} to do'}\n")
        sys.stderr.flush()


@contextmanager
def _bars() -> Iterator[OnStep]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    count = (MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(), *count)
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def on_step(label: str, done: int, total: int) -> None:
            step = label.partition(":")[0]
            if step not in tasks:
                tasks[step] = bars.add_task(label, total=total)
            bars.update(tasks[step], completed=done, total=total, description=label)

        yield on_step
