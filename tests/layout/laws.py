"""The laws of the file tree: each function takes a project folder and returns one sentence for every breach.

An empty list means that the law holds.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.layout.source_tree import Import, Module, When, imports_of, is_inside, modules_of

# The rooms of icp_ml in the order in which data flows; each may look at those before it and at none after it.
ROOMS = ("errors", "deals", "model", "profile", "serve", "watch", "cli")
# Below the command line nothing tracks, searches or draws; the judge of contributions lives in the tests.
ONLY_AT_THE_EDGE = ("mlflow", "optuna", "shap", "matplotlib", "plotly", "seaborn")
# A model is a document: these would let one run code when it is opened.
RUNS_WHEN_OPENED = ("pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve")
READS_PICKLES = ("read_pickle", "to_pickle")
# What a function was not handed, it must not ask the machine for.
ASKS_THE_MACHINE = ("time", "random")
READS_THE_CLOCK = ("now", "utcnow", "today")
READS_THE_ENVIRONMENT = ("os.environ", "os.getenv", "os.environb", "os.putenv")
# A rule of the machine, which every way in has to keep: see docs/decisions/0021.
MAY_READ_THE_ENVIRONMENT = ("icp_ml.serve.trusted_keys",)
# A file with such a name holds what did not find its room.
NO_ROOM = ("utils", "util", "helpers", "helper", "common", "misc")
# Our choice: what can be read at one sitting; the median is far below both.
LONGEST_FILE = 350
LONGEST_FUNCTION = 60
# Libraries that take longer to load than a person waits for `icp --help`.
HEAVY = ("pandas", "sklearn", "lightgbm", "pyarrow", "numba", "scipy", "mlflow", "optuna", "shap", "duckdb")


def imports_against_the_flow(root: Path) -> list[str]:
    """Data flows errors, deals, model, profile, serve, watch, cli: no room imports from a later one."""
    return [
        f"{found}: {_room(found.importer)} comes before {_room(found.target)}"
        for found in imports_of(root)
        if (room := _room(found.importer)) and (other := _room(found.target)) and _order(room) < _order(other)
    ]


def modules_without_a_room(root: Path) -> list[str]:
    """Everything in icp_ml lives in one of its rooms."""
    names = [module.name for module in modules_of(root)]
    return [
        f"{name} is in none of the rooms {', '.join(ROOMS)}"
        for name in names
        if (room := _room(name)) and room not in ROOMS
    ]


def wrong_ways_into_training(root: Path) -> list[str]:
    """Scoring works without icp_training: one import of it, late, in the command line, and no other."""
    ways_in = [
        found
        for found in imports_of(root)
        if is_inside(found.importer, "icp_ml") and is_inside(found.target, "icp_training")
    ]
    allowed = [f for f in ways_in if is_inside(f.importer, "icp_ml.cli") and f.when is not When.LOADING]
    outside = [f"{found}: only a late import in icp_ml/cli may" for found in ways_in if found not in allowed]
    places = sorted({(found.importer, found.line) for found in allowed if found.when is When.LATE})
    return outside + [f"{name}:{line} is one more late import of icp_training" for name, line in places[1:]]


def import_cycles(root: Path) -> list[str]:
    """No module needs itself to be loaded first.

    Imports for the type checker are left out, because they are not there when the program runs; late ones
    because they run after loading. Both still count for the direction of flow.
    """
    graph: dict[str, set[str]] = {module.name: set() for module in modules_of(root)}
    for found in imports_of(root):
        if found.when is When.LOADING and found.target in graph:
            graph[found.importer].add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" imports ".join(reversed(error.args[1]))]
    return []


def libraries_below_the_edge(root: Path) -> list[str]:
    """A model is fitted and served without tracking, search or plotting."""
    return [
        f"{found}: this belongs to icp_training, the command line or the tests"
        for found in imports_of(root)
        if _is_below_the_edge(found.importer) and _is_one_of(found, ONLY_AT_THE_EDGE)
    ]


def questions_to_the_machine(root: Path) -> list[str]:
    """Below the command line the time, the environment and chance are arguments."""
    below = [module for module in modules_of(root) if _is_below_the_edge(module.name)]
    imported = [
        f"{found}: take the value as an argument"
        for found in imports_of(root)
        if _is_below_the_edge(found.importer) and _is_one_of(found, ASKS_THE_MACHINE + READS_THE_ENVIRONMENT)
    ]
    read = [
        f"{module.name}:{node.lineno} reads {ast.unparse(node)}: take the value as an argument"
        for module in below
        for node in _attributes(module)
        if node.attr in READS_THE_CLOCK
        or (ast.unparse(node) in READS_THE_ENVIRONMENT and module.name not in MAY_READ_THE_ENVIRONMENT)
    ]
    return imported + read


def code_that_runs_when_opened(root: Path) -> list[str]:
    """Nothing is stored in a form that executes when it is read."""
    imported = [str(found) for found in imports_of(root) if _is_one_of(found, RUNS_WHEN_OPENED)]
    called = [
        f"{module.name}:{node.lineno} calls {ast.unparse(node)}"
        for module in modules_of(root)
        for node in _attributes(module)
        if node.attr in READS_PICKLES
    ]
    return imported + called


def ties_of_the_world(root: Path) -> list[str]:
    """The synthetic world knows nothing of the code that is judged on it, not even through icp_training."""
    return [
        f"{found}: the synthetic world must stay independent"
        for found in imports_of(root)
        if is_inside(found.importer, "icp_training.world")
        and not is_inside(found.target, "icp_training.world")
        and (is_inside(found.target, "icp_ml") or is_inside(found.target, "icp_training"))
    ]


def rooms_for_anything(root: Path) -> list[str]:
    """No file or folder is named for not knowing where it belongs."""
    return [
        f"{module.name}: what is in it has a better home"
        for module in modules_of(root)
        if set(module.name.split(".")) & set(NO_ROOM)
    ]


def long_files(root: Path) -> list[str]:
    """A file is read at one sitting."""
    lengths = {module.name: len(module.text.splitlines()) for module in modules_of(root)}
    return [f"{name} has {n} lines, over {LONGEST_FILE}" for name, n in lengths.items() if n > LONGEST_FILE]


def long_functions(root: Path) -> list[str]:
    """A function fits on a screen."""
    return [
        f"{module.name}:{node.lineno} {node.name} has {length} lines, over {LONGEST_FUNCTION}"
        for module in modules_of(root)
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]


def heavy_libraries_loaded_by(module: str, path: Sequence[Path] = ()) -> list[str]:
    """Which of the heavy libraries are loaded once `module` has been imported in a new interpreter.

    `path` is searched before everything else; empty means that the module is found as any user finds it.
    """
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(folder) for folder in path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()


def _room(module: str) -> str:
    """The room of a module of icp_ml; empty for the package's root and for everything outside it."""
    parts = module.split(".")
    return parts[1] if parts[0] == "icp_ml" and len(parts) > 1 else ""


def _order(room: str) -> int:
    return ROOMS.index(room) if room in ROOMS else len(ROOMS)


def _is_below_the_edge(module: str) -> bool:
    return is_inside(module, "icp_ml") and not is_inside(module, "icp_ml.cli")


def _is_one_of(found: Import, names: Sequence[str]) -> bool:
    return any(is_inside(found.target, name) for name in names)


def _attributes(module: Module) -> Iterator[ast.Attribute]:
    return (node for node in ast.walk(module.syntax) if isinstance(node, ast.Attribute))
