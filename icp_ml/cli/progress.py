"""How far a pass over a list has come: a bar on a terminal, elsewhere a line; on stderr, so that stdout is free."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def rows_done(doing: str) -> Iterator[Callable[[int], None]]:
    """What is given is to be told how many more rows are done. doing: what is done, such as "counting"."""
    if not sys.stderr.isatty():
        typer.echo(f"{doing.capitalize()} ...", err=True)
        yield lambda _rows: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    shown = TextColumn("{task.completed:,.0f} rows")
    with Progress(SpinnerColumn(), doing, shown, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda rows: bar.advance(task, rows)
