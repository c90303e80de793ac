"""Which code a figure depends on: a module and what it imports, as one hash."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PLACES = {"icp_ml": ROOT, "icp_training": ROOT / "training", "benchmarks": ROOT / "training"}
DIGITS = 16


@cache
def code_hash(modules: Sequence[str], within: tuple[str, ...]) -> str:
    """SHA-256, 16 digits, over these modules and everything they import from the packages `within`."""
    digest = hashlib.sha256()
    for path in sorted(_reached(modules, within)):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:DIGITS]


def _reached(modules: Sequence[str], within: tuple[str, ...]) -> set[Path]:
    waiting, seen = list(modules), set[Path]()
    while waiting:
        path = _file_of(waiting.pop())
        if path is not None and path not in seen:
            seen.add(path)
            waiting += [name for name in _imported(path) if name.startswith(within)]
    return seen


def _file_of(module: str) -> Path | None:
    place = PLACES[module.partition(".")[0]] / module.replace(".", "/")
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.exists()), None)


def _imported(path: Path) -> Iterator[str]:
    """Modules and, since `from package import module` may name one, their members."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
