"""The small faults that a source can have, one at a time, by mutmut's operators; and which of them are tried.

    `if found < FLOOR`        becomes `if found <= FLOOR`
    `FLOOR = 30`              becomes `FLOOR = 31`
    `sorted(x, key=f)`        becomes `sorted(x)`

mutmut itself makes none of a decorated function, nor of a constant of a module; both are where this library keeps its
loops and its thresholds, so that its operators are applied here.

Left out are faults that any run of the line shows, since they would flatter the tests: None for what is assigned or
passed, and a positional argument that is missing. Also left out is what no test has any business with: annotations,
decorators, docstrings, the names of type variables, and texts with a blank in them, which are sentences for people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal, operator_assignment, operator_lambda

OPERATORS: Final = tuple(each for each in mutation_operators if each[1] not in {operator_assignment, operator_lambda})
_NEVER: Final = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)


@dataclass(frozen=True)
class Fault:
    """What could be wrong in a line. text: the line as it stands. was, now: the part of it that differs."""

    line: int
    text: str
    was: str
    now: str
    _old: cst.CSTNode
    _new: cst.CSTNode

    @property
    def name(self) -> str:
        """What tells it from the other faults of its file, wherever the line moves to."""
        return f"{self.text} | {self.was} -> {self.now}"


@dataclass(frozen=True)
class Source:
    """A module's source and every fault that it can have, in the order of its lines."""

    module: cst.Module
    faults: tuple[Fault, ...]

    def with_fault(self, fault: Fault) -> str:
        """The source with one of its faults."""
        changed = self.module.deep_replace(fault._old, fault._new)
        assert isinstance(changed, cst.Module)
        return changed.code


def read_source(source: str) -> Source:
    """Find all faults that the source of a module can have."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    finder, lines, module = _Finder(), source.splitlines(), wrapper.module
    wrapper.visit(finder)
    found = (
        Fault(
            line,
            lines[line - 1].strip(),
            module.code_for_node(old).strip(),
            module.code_for_node(new).strip(),
            old,
            new,
        )
        for line, old, new in finder.found
    )
    return Source(module, tuple(sorted(found, key=lambda each: each.line)))


def drawn(faults: Sequence[Fault], count: int, seed: int) -> tuple[Fault, ...]:
    """So many of them, in the order of their lines: lines by lot, then one of the faults of each by lot.

    A lot hangs on the line and the fault and on nothing else, so that a change elsewhere leaves the draw as it was. Of
    lines that are alike the first stands for all.
    """
    by_lot = sorted(faults, key=lambda each: _lot(seed, each.name))
    first_of = {each.text: each for each in reversed(by_lot)}
    lines = sorted(first_of.values(), key=lambda each: _lot(seed, each.text))
    return tuple(sorted(lines[:count], key=lambda each: each.line))


def _lot(seed: int, text: str) -> str:
    return hashlib.sha256(f"{seed} {text}".encode()).hexdigest()


class _Finder(cst.CSTVisitor):
    """Collects (line, node, what it could wrongly be)."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, cst.CSTNode, cst.CSTNode]] = []
        self._line = 1

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_left_out(node):
            return False
        position = self.get_metadata(PositionProvider, node, None)
        self._line = self._line if position is None else position.start.line
        self.found += [(self._line, node, new) for new in _faults(node)]
        return True


def _is_left_out(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleString):
        return " " in node.value
    if isinstance(node, cst.Expr):
        return isinstance(node.value, cst.SimpleString)
    is_type_variable = isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "TypeVar"
    return is_type_variable or isinstance(node, _NEVER)


def _faults(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in OPERATORS:
        if isinstance(node, kind):
            for new in operator(node):
                if operator is not operator_arg_removal or _lacks_a_named_argument(node, new):
                    yield new


def _lacks_a_named_argument(old: cst.CSTNode, new: cst.CSTNode) -> bool:
    assert isinstance(old, cst.Call)
    assert isinstance(new, cst.Call)
    gone = [each for each in old.args if not any(each is other for other in new.args)]
    return len(new.args) < len(old.args) and gone[0].keyword is not None
