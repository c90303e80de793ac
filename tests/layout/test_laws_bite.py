"""A check that cannot fail proves nothing: each law is broken once on purpose, and once kept beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.layout import laws

Law = Callable[[Path], list[str]]

# law, file, source, what the finding must name
BREACHES: list[tuple[Law, str, str, str]] = [
    (laws.imports_against_the_flow, "icp_ml/deals/a.py", "import icp_ml.serve.b", "icp_ml.serve.b"),
    (laws.imports_against_the_flow, "icp_ml/deals/a.py", "from icp_ml.model import b", "icp_ml.model"),
    (laws.imports_against_the_flow, "icp_ml/errors.py", "from .deals import settings", "icp_ml.deals"),
    (
        laws.imports_against_the_flow,
        "icp_ml/model/a.py",
        "def f():\n    import icp_ml.cli.main",
        "icp_ml.cli",
    ),
    (
        laws.imports_against_the_flow,
        "icp_ml/model/a.py",
        "if TYPE_CHECKING:\n    import icp_ml.serve",
        "serve",
    ),
    (laws.modules_without_a_room, "icp_ml/extras/a.py", "", "icp_ml.extras.a"),
    (
        laws.wrong_ways_into_training,
        "icp_ml/serve/a.py",
        "def f():\n    import icp_training",
        "icp_ml.serve.a",
    ),
    (laws.wrong_ways_into_training, "icp_ml/cli/a.py", "import icp_training.search", "icp_ml.cli.a"),
    (
        laws.wrong_ways_into_training,
        "icp_ml/model/a.py",
        "import_module('icp_training.search')",
        "icp_ml.model.a",
    ),
    (
        laws.wrong_ways_into_training,
        "icp_ml/cli/a.py",
        "def f():\n    import icp_training\ndef g():\n    import icp_training",
        "icp_ml.cli.a:4",
    ),
    (laws.libraries_below_the_edge, "icp_ml/model/a.py", "def f():\n    import mlflow.sklearn", "mlflow"),
    (laws.libraries_below_the_edge, "icp_ml/serve/a.py", "from shap import TreeExplainer", "shap"),
    (laws.questions_to_the_machine, "icp_ml/model/a.py", "import time", "time"),
    (laws.questions_to_the_machine, "icp_ml/model/a.py", "from os import environ", "os.environ"),
    (
        laws.questions_to_the_machine,
        "icp_ml/model/a.py",
        "import os\nhome = os.environ['HOME']",
        "os.environ",
    ),
    (laws.questions_to_the_machine, "icp_ml/deals/a.py", "today = datetime.now()", "datetime.now"),
    (laws.questions_to_the_machine, "icp_ml/deals/a.py", "today = pd.Timestamp.today()", "today"),
    (laws.code_that_runs_when_opened, "icp_ml/cli/a.py", "import joblib", "joblib"),
    (laws.code_that_runs_when_opened, "training/icp_training/a.py", "from pickle import loads", "pickle"),
    (laws.code_that_runs_when_opened, "icp_ml/serve/a.py", "pd.read_pickle(path)", "read_pickle"),
    (laws.ties_of_the_world, "training/icp_training/world/a.py", "import icp_ml.errors", "icp_ml.errors"),
    (laws.ties_of_the_world, "training/icp_training/world/a.py", "from icp_training import search", "search"),
    (laws.rooms_for_anything, "icp_ml/deals/utils.py", "", "icp_ml.deals.utils"),
    (laws.rooms_for_anything, "training/icp_training/common/a.py", "", "icp_training.common"),
    (laws.long_files, "icp_ml/deals/a.py", "x = 1\n" * (laws.LONGEST_FILE + 1), "icp_ml.deals.a"),
    (
        laws.long_functions,
        "icp_ml/deals/a.py",
        "def f():\n" + "    x = 1\n" * laws.LONGEST_FUNCTION,
        "f has 61",
    ),
]

# law, file, source: near the line, on the right side of it
KEPT: list[tuple[Law, str, str]] = [
    (laws.imports_against_the_flow, "icp_ml/serve/a.py", "from icp_ml.deals import settings"),
    (laws.imports_against_the_flow, "icp_ml/__init__.py", "def load():\n    import icp_ml.serve.scoring"),
    (
        laws.wrong_ways_into_training,
        "icp_ml/cli/a.py",
        "def f():\n    from icp_training import pipeline, search",
    ),
    (laws.wrong_ways_into_training, "training/icp_training/a.py", "import icp_training.search"),
    (laws.libraries_below_the_edge, "training/icp_training/a.py", "import mlflow"),
    (laws.questions_to_the_machine, "icp_ml/cli/a.py", "import time\nstarted = time.monotonic()"),
    (laws.questions_to_the_machine, "icp_ml/deals/a.py", "from datetime import timedelta"),
    (laws.ties_of_the_world, "training/icp_training/world/a.py", "import numpy, icp_training.world.accounts"),
    (laws.long_files, "icp_ml/deals/a.py", "x = 1\n" * laws.LONGEST_FILE),
    (laws.long_functions, "icp_ml/deals/a.py", "def f():\n" + "    x = 1\n" * (laws.LONGEST_FUNCTION - 1)),
]


def plant(root: Path, file: str, source: str) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(source, encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree that keeps every law."""
    for file in ("icp_ml/errors.py", "icp_ml/deals/settings.py", "icp_ml/model/b.py", "icp_ml/serve/b.py"):
        plant(tmp_path, file, "")
    plant(tmp_path, "icp_ml/cli/main.py", "")
    plant(tmp_path, "training/icp_training/search.py", "")
    plant(tmp_path, "training/icp_training/world/accounts.py", "")
    return tmp_path


@pytest.mark.parametrize(("law", "file", "source", "named"), BREACHES)
def test_a_breach_is_found_and_named(tree: Path, law: Law, file: str, source: str, named: str) -> None:
    assert law(tree) == []
    plant(tree, file, source)
    found = law(tree)
    assert len(found) == 1
    assert named in found[0]


@pytest.mark.parametrize(("law", "file", "source"), KEPT)
def test_what_is_allowed_is_not_accused(tree: Path, law: Law, file: str, source: str) -> None:
    plant(tree, file, source)
    assert law(tree) == []


def test_a_cycle_is_found_and_told_in_order(tree: Path) -> None:
    plant(tree, "icp_ml/deals/a.py", "from icp_ml.deals import c")
    plant(tree, "icp_ml/deals/c.py", "from icp_ml.deals.d import thing")
    assert laws.import_cycles(tree) == []
    plant(tree, "icp_ml/deals/d.py", "import icp_ml.deals.a")
    (found,) = laws.import_cycles(tree)
    around = [f"icp_ml.deals.{name}" for name in "acdacd"]
    assert found in [" imports ".join(around[start : start + 4]) for start in range(3)]


def test_a_package_imported_from_inside_itself_is_a_cycle(tree: Path) -> None:
    plant(tree, "icp_ml/deals/__init__.py", "from icp_ml.deals.settings import Config")
    assert laws.import_cycles(tree) == []
    plant(tree, "icp_ml/deals/settings.py", "from icp_ml.deals import Config")
    assert len(laws.import_cycles(tree)) == 1


@pytest.mark.parametrize(
    "source", ["if TYPE_CHECKING:\n    import icp_ml.deals.a", "def f():\n    import icp_ml.deals.a"]
)
def test_what_does_not_load_closes_no_cycle(tree: Path, source: str) -> None:
    plant(tree, "icp_ml/deals/a.py", "import icp_ml.deals.settings")
    plant(tree, "icp_ml/deals/settings.py", source)
    assert laws.import_cycles(tree) == []


def test_a_heavy_import_is_seen_through_another_module(tmp_path: Path) -> None:
    plant(tmp_path, "pandas.py", "")
    plant(tmp_path, "planted_inner.py", "import pandas")
    plant(tmp_path, "planted_outer.py", "import planted_inner")
    plant(tmp_path, "planted_light.py", "def f():\n    import pandas")
    assert laws.heavy_libraries_loaded_by("planted_outer", [tmp_path]) == ["pandas"]
    assert laws.heavy_libraries_loaded_by("planted_light", [tmp_path]) == []
