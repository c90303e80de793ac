"""How far a pass over a list has come: a bar on a terminal, elsewhere a line a minute; on stderr, stdout is free."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

EVERY: float = 60.0
"""Seconds between two lines of a log."""


@contextmanager
def rows_done(doing: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """What is given is to be told how many more rows are done.

    doing: what is done, such as "counting". total: how many rows there are, None where nobody knows before the end.
    """
    if not sys.stderr.isatty():
        typer.echo(f"{doing.capitalize()} ...", err=True)
        yield _Lines(doing, total).add
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    speed = TextColumn("{task.fields[speed]:,.0f} rows/s")
    columns: list[ProgressColumn | str] = [SpinnerColumn(), doing, TextColumn("{task.completed:,.0f} rows"), speed]
    columns += [TimeElapsedColumn()] if total is None else [BarColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(doing, total=total, speed=0.0)

        def add(rows: int) -> None:
            bar.advance(task, rows)
            bar.update(task, speed=bar.tasks[0].speed or 0.0)

        yield add


class _Lines:
    """Plain lines for a log, one a minute at most."""

    def __init__(self, doing: str, total: int | None) -> None:
        self._doing = doing
        self._total = total
        self._rows = 0
        self._began = self._told = time.monotonic()

    def add(self, rows: int) -> None:
        """So many more rows are done."""
        self._rows += rows
        now = time.monotonic()
        if now - self._told >= EVERY:
            self._told = now
            rate = self._rows / (now - self._began)
            left = "" if self._total is None else f", {max(self._total - self._rows, 0) / rate:,.0f} seconds left"
            typer.echo(f"{self._doing}: {self._rows:,} rows, {rate:,.0f} rows/s{left}", err=True)
