"""The sets that methods are judged on: real ones beside the project, a third party's simulator, and our own worlds.

A seed draws the folds of a real set, and which accounts are kept where it is cut down to 4,000 deals. Of a world and
of the simulator each seed is a draw of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from benchmarks.bench_model.code import ROOT, code_hash
from benchmarks.bench_model.simulator import simulated, simulator_is_there
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.settings import parse_settings
from icp_training.config import Config, load_config
from icp_training.search import sample_groups
from icp_training.world import WorldSettings, make_world, world_config, write_world

CONFIGS = ROOT / "training" / "configs"
SHARED = ROOT.parent / "shared" / "data"
CUT_TO = 4_000
READ_BY = ("benchmarks.bench_model.folds", "icp_training.config", "icp_training.world")
READ_WITHIN = (
    "benchmarks.bench_model",
    "icp_ml.deals",
    "icp_ml.model.judgement",
    "icp_ml.model.splits",
    "icp_training.world",
)
"""The code that decides which deals a set has, how they are encoded, and in which folds they are."""


@dataclass(frozen=True)
class Seeds:
    """On how many seeds, from 1, a set is judged by the methods that are quick, and by each of those that are not; 0
    leaves it out. An EBM of 36 attributes takes a minute or two of a core, AutoGluon a minute of all. On 60 or
    150 deals an EBM that tells them apart goes on for all of its 50,000 rounds, 4 to 30 minutes a fold.
    """

    quick: int
    catboost: int
    ebm: int
    autogluon: int

    def of(self, method: str) -> int:
        """The number for a method, by its name."""
        slow = {"CatBoost": self.catboost, "EBM": self.ebm, "AutoGluon": self.autogluon}
        return slow.get(method, self.quick)


NONE = Seeds(0, 0, 0, 0)


@dataclass(frozen=True)
class BenchSet:
    """One set. read: its deals, by seed. missing: why it cannot be read, or None. default, full: seeds of a run of
    the default size and of FULL=1. own_deals: whether each seed has other deals, rather than other folds.
    large: whether its cells take all cores, one after the other.
    """

    name: str
    read: Callable[[int], DealTable]
    missing: Callable[[], str | None]
    default: Seeds
    full: Seeds
    own_deals: bool = False
    large: bool = False


def data_hash() -> str:
    """Of the code that reads sets and makes folds."""
    return code_hash(READ_BY, READ_WITHIN)


def _configured(config: str, without: tuple[str, ...], cut: int | None, seed: int) -> DealTable:
    path = CONFIGS / f"{config}.yaml"
    settings = load_config(path)
    attributes = tuple(each for each in settings.resolved() if each.name not in without)
    deals = read_deals(settings.deals, settings.tables, attributes, settings.project_root(path))
    return deals if cut is None else deals.take(sample_groups(deals.groups(), cut, seed))


def _nothing() -> str | None:
    return None


def _no_shared_data() -> str | None:
    return None if SHARED.is_dir() else "the shared data sets are expected in ../shared/data, and are not there"


def real(
    name: str,
    config: str,
    default: Seeds,
    full: Seeds,
    *,
    cut: int | None = None,
    without: tuple[str, ...] = (),
    large: bool = False,
) -> BenchSet:
    """A set beside the project, by its configuration. without: attributes left out. cut: to how many deals."""
    return BenchSet(
        name,
        partial(_configured, config, without, cut),
        _no_shared_data,
        default,
        full,
        own_deals=cut is not None,
        large=large,
    )


def _world(deals: int, seed: int) -> DealTable:
    world = make_world(WorldSettings(deals=deals, prospects=0, seed=seed, leaks=0))
    with tempfile.TemporaryDirectory() as folder:
        write_world(world, Path(folder))
        config = parse_settings(Config, world_config(world))
        return read_deals(config.deals, config.tables, config.resolved(), Path(folder))


def synthetic(deals: int, default: Seeds, full: Seeds) -> BenchSet:
    """Our own world with that many deals."""
    name, large = f"world-{deals}", deals > CUT_TO
    return BenchSet(name, partial(_world, deals), _nothing, default, full, own_deals=True, large=large)


def _leadforge(difficulty: str, seed: int) -> DealTable:
    folder = simulated(difficulty, seed)
    config = parse_settings(Config, yaml.safe_load((folder / "icp.yaml").read_text(encoding="utf-8")))
    return read_deals(config.deals, config.tables, config.resolved(), folder)


def leadforge(difficulty: str, default: Seeds, full: Seeds) -> BenchSet:
    """5,000 leads of the third party's simulator."""
    name = f"leadforge-{difficulty}"
    return BenchSet(name, partial(_leadforge, difficulty), simulator_is_there, default, full, own_deals=True)


WITHOUT_SUSPECT = ("revenue from client",)
"""It probably holds the deal's own amount: its set is judged with it and without it."""

_ALL = (
    real("bohanec", "bohanec", Seeds(10, 2, 2, 1), Seeds(10, 10, 10, 3)),
    real("ibm-deal-4000", "ibm-deal", Seeds(2, 2, 1, 1), Seeds(10, 5, 3, 2), cut=CUT_TO),
    real("ibm-deal-4000-cautious", "ibm-deal", NONE, Seeds(5, 3, 1, 1), cut=CUT_TO, without=WITHOUT_SUSPECT),
    real("ibm-cold-4000", "ibm-cold", Seeds(2, 2, 1, 1), Seeds(10, 5, 3, 2), cut=CUT_TO),
    real("maven", "maven", Seeds(1, 1, 0, 0), Seeds(3, 3, 1, 1)),
    leadforge("intro", Seeds(2, 2, 1, 1), Seeds(5, 5, 2, 2)),
    leadforge("intermediate", Seeds(1, 1, 0, 0), Seeds(5, 5, 2, 1)),
    leadforge("advanced", Seeds(1, 1, 0, 0), Seeds(5, 5, 2, 1)),
    synthetic(60, Seeds(10, 3, 0, 0), Seeds(10, 10, 3, 1)),
    synthetic(150, Seeds(10, 3, 0, 0), Seeds(10, 10, 3, 1)),
    synthetic(500, Seeds(3, 1, 0, 0), Seeds(10, 10, 3, 1)),
    synthetic(2_000, Seeds(3, 3, 1, 1), Seeds(10, 10, 3, 3)),
    synthetic(20_000, Seeds(1, 1, 0, 0), Seeds(3, 3, 1, 1)),
    real("ibm-deal", "ibm-deal", NONE, Seeds(1, 1, 1, 1), large=True),
    real("ibm-cold", "ibm-cold", NONE, Seeds(1, 1, 1, 1), large=True),
)
SETS: Mapping[str, BenchSet] = {each.name: each for each in _ALL}
