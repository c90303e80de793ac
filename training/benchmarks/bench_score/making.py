"""Models and lists that a run needs, made once and kept; and who agrees with icp-ml on a small list.

What is kept goes by the bench's own code. A model that an older icp-ml made is kept too: it opens only where its golden
rows agree. To have all made anew, remove the folder.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.bench_model.code import code_hash
from benchmarks.bench_score.places import CACHE
from benchmarks.bench_score.plan import OURS, PEERS, Asked, Run
from benchmarks.bench_score.running import Files, has_woodelf, our_module, timed
from benchmarks.bench_score.sizes import SIZES
from icp_ml.errors import IcpError

CHECK_ROWS: Final = 2_000
TOLERANCE: Final = {"woodelf": 1e-5}
"""It keeps its weights in single precision and promises 1e-5. Of everybody else 1e-9 is asked."""


@dataclass(frozen=True)
class Kept:
    """The folder of models and lists."""

    root: Path

    def model(self, size: str) -> Path:
        """The folder of a model: bundle, recipe, trees."""
        folder = self.root / f"model {size}"
        if not folder.exists():
            _make("models", size, str(folder))
        return folder

    def list(self, size: str, rows: int, *, one_group: bool = False) -> Path:
        """A list with the columns of a size; sizes of the same columns share it."""
        same = next(name for name, each in SIZES.items() if each.columns == SIZES[size].columns)
        path = self.root / f"list {same} {rows}{' one group' if one_group else ''}.parquet"
        if not path.exists():
            _make("lists", size, str(rows), str(path), *(["--one-group"] if one_group else []))
        return path

    def files(self, run: Run) -> Files:
        """What a run needs, made where it is not there."""
        source = self.list(run.size, run.rows, one_group=run.one_group)
        return Files(self.model(run.size), source, self.root / "out.parquet", self.checked(run.size, OURS))

    def checked(self, size: str, contestant: str) -> Path:
        """What a contestant wrote for the small list."""
        return self.root / f"checked {size} {contestant}.parquet"


def kept() -> Kept:
    """The folder for the bench's code as it is now."""
    modules = ("benchmarks.bench_score.models", "benchmarks.bench_score.lists")
    root = CACHE / code_hash(modules, ("benchmarks.bench_score",))
    root.mkdir(parents=True, exist_ok=True)
    return Kept(root)


def agreeing(asked: Asked, place: Kept) -> tuple[dict[str, list[str]], list[str]]:
    """By size, who writes what icp-ml writes for a small list; and a sentence for each who is not timed."""
    found: dict[str, list[str]] = {}
    said = []
    with_woodelf = has_woodelf()
    for size in asked.sizes:
        found[size] = [OURS]
        _check_run(size, OURS, place)
        for peer in PEERS:
            if peer == "woodelf" and SIZES[size].has_categories:
                continue
            why = "it is not installed" if peer == "woodelf" and not with_woodelf else _disagrees(size, peer, place)
            if why is None:
                found[size].insert(-1, peer)
            else:
                said.append(f"{peer} is not timed on {size}: {why}.")
    return found, said


def _disagrees(size: str, peer: str, place: Kept) -> str | None:
    try:
        _check_run(size, peer, place)
    except IcpError as error:
        return error.sentence
    paths = (str(place.checked(size, OURS)), str(place.checked(size, peer)))
    done = our_module("agreement", *paths, "--tolerance", repr(TOLERANCE.get(peer, 1e-9)))
    return None if done.returncode == 0 else done.stderr.strip().rstrip(".")


def _check_run(size: str, contestant: str, place: Kept) -> None:
    run = Run("rate", size, contestant, 1, CHECK_ROWS)
    files = place.files(run)
    timed(run, Files(files.model, files.list, place.checked(size, contestant), files.answers))


def _make(module: str, *words: str) -> None:
    sys.stderr.write(f"making {' '.join(Path(word).name for word in words)}\n")
    done = our_module(module, *words)
    if done.returncode:
        raise IcpError(f"benchmarks.bench_score.{module} {' '.join(words)} failed: {done.stderr.strip()[-400:]}")
