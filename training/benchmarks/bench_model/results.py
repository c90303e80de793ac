"""All that was predicted, by set, method and seed, and the comparisons of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from benchmarks.bench_model.cells import CellKey, path_of, read_cell
from benchmarks.bench_model.figures import (
    Figures,
    Paired,
    Results,
    SeedResult,
    accepted_seeds,
    figures_of,
    paired,
    predictions_in,
    result_of,
)
from benchmarks.bench_model.folds import Plan
from benchmarks.bench_model.methods import BASE, METHODS, OURS
from benchmarks.bench_model.running import Plans
from benchmarks.bench_model.sets import SETS

ITSELF = "log_odds"


@dataclass(frozen=True)
class Bench:
    """Plans by set and seed, the cells that may be there, the trials of a whole search, and whether all was run."""

    plans: Plans
    keys: tuple[CellKey, ...]
    trials: int
    full: bool

    @cached_property
    def results(self) -> Mapping[str, Mapping[str, Results]]:
        """By set, then by method, then by seed; what is there. A member of our model is a method of its own here."""
        return {name: found for name in SETS if BASE in (found := self._of_set(name))}

    def _of_set(self, name: str) -> dict[str, Results]:
        cells: dict[tuple[str, int], list[CellKey]] = {}
        for key in self.keys:
            if key.name == name:
                cells.setdefault((key.method, key.seed), []).append(key)
        found: dict[str, dict[int, SeedResult]] = {}
        for (method, seed), keys in cells.items():
            plan = self.plans[name, seed]
            for prediction in predictions_in(keys, plan):
                result = result_of(keys, plan, prediction)
                if result is not None:
                    found.setdefault(method if prediction == ITSELF else prediction, {})[seed] = result
        return dict(found)

    def minutes(self, *, alone: bool) -> float:
        """What the cells took that had all cores to themselves, or that had one core each."""
        mine = [key for key in self.keys if (SETS[key.name].large or METHODS[key.method].alone) == alone]
        paths = [path for key in mine if (path := path_of(key, self.plans[key.name, key.seed])).exists()]
        return sum(read_cell(path).seconds for path in paths) / 60

    def plans_of(self, name: str) -> dict[int, Plan]:
        """By seed."""
        return {seed: plan for (named, seed), plan in self.plans.items() if named == name}

    @cached_property
    def figures(self) -> Mapping[str, Mapping[str, Figures]]:
        """What each method is worth, by set, then by method."""
        return {name: {m: figures_of(each) for m, each in found.items()} for name, found in self.results.items()}

    @cached_property
    def beside(self) -> Mapping[str, Mapping[str, Paired]]:
        """icp-ml beside each method that has a seed in common with it, by set, then by method."""
        return {
            name: {m: pair for m in found if (pair := self._pair(name, m)) is not None}
            for name, found in self.results.items()
        }

    def _pair(self, name: str, method: str) -> Paired | None:
        found = self.results[name]
        return paired(found.get(OURS, {}), found[method], found[BASE], shared=not SETS[name].own_deals)

    @cached_property
    def peers(self) -> Mapping[str, Mapping[str, Paired]]:
        """`beside` for what somebody else made, of the sets that have any."""
        peers = {name: {m: p for m, p in pairs.items() if _is_peer(m)} for name, pairs in self.beside.items()}
        return {name: pairs for name, pairs in peers.items() if pairs}

    @cached_property
    def accepted(self) -> Mapping[str, tuple[int, ...]]:
        """The seeds of each set on which `icp train` would not refuse."""
        return {
            name: accepted_seeds(found.get(OURS, {}), found[BASE], self.plans_of(name))
            for name, found in self.results.items()
        }


def _is_peer(method: str) -> bool:
    return method in METHODS and METHODS[method].is_peer
