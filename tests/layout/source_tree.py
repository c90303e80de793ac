"""Read a source tree as imports, without running any of it.

Example: the line `from icp_ml.deals.settings import Config`, in a function of `icp_ml/cli/train.py`, becomes
`Import(importer="icp_ml.cli.train", target="icp_ml.deals.settings", line=..., when=When.LATE)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from pathlib import Path

# Where the two packages of the distribution live, relative to the project's root.
PACKAGE_FOLDERS = {"icp_ml": Path("icp_ml"), "icp_training": Path("training/icp_training")}


class When(Enum):
    """At which moment an import takes effect."""

    LOADING = "when the module is loaded"
    LATE = "when a function runs"
    TYPING = "for the type checker only"


@dataclass(frozen=True)
class Import:
    """One module named by another; `target` is the deepest part of the name that is a module of this tree."""

    importer: str
    target: str
    line: int
    when: When

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name, where it is, and its syntax tree."""

    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        """The file's source."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def syntax(self) -> ast.Module:
        """The file's syntax tree; nobody changes it."""
        return _parsed(self.text, str(self.path))

    @property
    def package(self) -> str:
        """The package that relative imports of this file start from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


@cache
def _parsed(text: str, path: str) -> ast.Module:
    """Many laws read one file."""
    return ast.parse(text, path)


def modules_of(root: Path) -> list[Module]:
    """All modules of both packages under the project folder `root`, in the order of their names."""
    found = [
        Module(_dotted(package, path.relative_to(root / folder)), path)
        for package, folder in PACKAGE_FOLDERS.items()
        for path in (root / folder).rglob("*.py")
    ]
    return sorted(found, key=lambda module: module.name)


def imports_of(root: Path) -> list[Import]:
    """Every import of every module under `root`, at the top of a file, in a function or in a string."""
    modules = modules_of(root)
    known = {module.name for module in modules} | {module.package for module in modules}
    return [
        Import(module.name, target, line, when)
        for module in modules
        for names, line, when in _import_statements(module.text, module)
        for target in sorted({_deepest_module(name, known) for name in names})
    ]


def is_inside(module: str, package: str) -> bool:
    """Whether a dotted name is a package or in it: `icp_ml.deals` is inside `icp_ml`, `icp_mlx` is not."""
    return module == package or module.startswith(package + ".")


def _dotted(package: str, path: Path) -> str:
    parts = [package, *path.with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _deepest_module(name: str, known: set[str]) -> str:
    """Cut off functions and classes: `icp_ml.deals.settings.Config` is in `icp_ml.deals.settings`."""
    top = name.partition(".")[0]
    if top not in PACKAGE_FOLDERS:
        return name
    while name not in known and "." in name:
        name = name.rpartition(".")[0]
    return name


@cache
def _import_statements(_text: str, module: Module) -> tuple[tuple[list[str], int, When], ...]:
    """The names in each import of a module, whose text says whether it is still the same."""
    return tuple(_imports_in(module))


def _imports_in(module: Module) -> Iterator[tuple[list[str], int, When]]:
    for node, when in _walk(module.syntax, When.LOADING):
        if isinstance(node, ast.Import):
            yield [alias.name for alias in node.names], node.lineno, when
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(node, module)
            yield [f"{origin}.{alias.name}" for alias in node.names], node.lineno, when
        elif isinstance(node, ast.Call) and (named := _imported_by_call(node)):
            yield [named], node.lineno, when


def _walk(node: ast.AST, when: When) -> Iterator[tuple[ast.AST, When]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _asks_for_the_type_checker(child.test):
            yield from ((inner, When.TYPING) for statement in child.body for inner in ast.walk(statement))
            continue
        inside_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield child, when
        yield from _walk(child, When.LATE if inside_function else when)


def _asks_for_the_type_checker(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _origin(node: ast.ImportFrom, module: Module) -> str:
    if node.level == 0:
        return node.module or ""
    base = module.package.split(".")
    return ".".join([*base[: len(base) - node.level + 1], *([node.module] if node.module else [])])


def _imported_by_call(call: ast.Call) -> str | None:
    """The module in `importlib.import_module("...")` or `__import__("...")`: a string is no way out."""
    if ast.unparse(call.func).rpartition(".")[2] not in {"import_module", "__import__"} or not call.args:
        return None
    first = call.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
