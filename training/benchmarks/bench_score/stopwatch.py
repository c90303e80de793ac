"""Seconds by stage, added up over batches. The standard library alone."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class Stopwatch:
    """seconds: of each stage, in the order in which they first began."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What runs in here takes the time of the stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start  # type: ignore[assignment]  # seconds, not counts

    def each(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """The items; the time of making each is that of the stage `name`."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def write(self, path: Path | None) -> None:
        """Seconds by stage as JSON, where anyone wants them."""
        if path is not None:
            path.write_text(json.dumps(dict(self.seconds)), encoding="utf-8")
