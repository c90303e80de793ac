"""A compiled model at work: contributions, log-odds and reasons of rows that the vocabulary encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.kernel import BLOCK, Strongest, contributions_of, reasons_of
from icp_ml.model.cells.program import Encoding, Program, code_type, encoding_of, program_of
from icp_ml.model.cells.tables import CellTables

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

_NO_GROUPS: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class JointColumns:
    """Columns that are one reason where their attribute is not known, as those of a set are.

    columns: for each attribute the places of its columns, at least one. unknown: (n, attributes), where it is not.
    """

    columns: tuple[tuple[int, ...], ...]
    unknown: Flags


@dataclass(frozen=True)
class SideReasons:
    """The k strongest contributions of one sign, strongest first, ties to the earlier column.

    columns: int32 (n, k), -1 where there are fewer. states: int32 (n, k), the code of the value in that column, see
    `CellTables.columns`. effects: (n, k) in log-odds, with their sign, 0 where there is none.
    """

    columns: NDArray[np.int32]
    states: NDArray[np.int32]
    effects: Floats


@dataclass(frozen=True)
class Reasoned:
    """log_odds: (n,). sums: (n, groups), contributions by group. for_it, against_it: what speaks for a row, or not."""

    log_odds: Floats
    sums: Floats
    for_it: SideReasons
    against_it: SideReasons


@dataclass(frozen=True)
class CellModel:
    """Tables, ready to be looked up. Rows are float64 (n, p); each row's results do not depend on the others.

    block: rows that are worked on at a time. Methods may be called from several threads, each with its own rows.
    """

    tables: CellTables
    block: int = BLOCK

    def contributions(self, rows: Floats) -> Floats:
        """What each column adds to the log-odds of each row, shape (n, p), stored by column."""
        return self._looked_up(rows)[0].T

    def log_odds(self, rows: Floats) -> Floats:
        """Log-odds of winning, shape (n,): the base and the contributions."""
        return self._looked_up(rows)[1]

    def reasoned(
        self,
        rows: Floats,
        count: int,
        joint: JointColumns | None = None,
        group_of: Places = _NO_GROUPS,
        groups: int = 0,
    ) -> Reasoned:
        """Log-odds and the `count` strongest reasons for and against each row, without all contributions.

        count: at least 1. A contribution of 1e-9 or less is rounding and no reason. group_of: (p,), to which of so
        many groups each column's contributions are added, in the order of the columns.
        """
        n = len(rows)
        margins, sums, sides = np.empty(n), np.empty((n, groups)), (_side(n, count), _side(n, count))
        asked = _joint(joint, n), group_of
        reasons_of(rows, (self._encoding, self._program), self._codes(), asked, (margins, sums, *sides))
        return Reasoned(margins, sums, SideReasons(*sides[0]), SideReasons(*sides[1]))

    def _looked_up(self, rows: Floats) -> tuple[Floats, Floats]:
        found = np.empty((len(self.tables.columns), len(rows))), np.empty(len(rows))
        contributions_of(rows, self._encoding, self._program, self._codes(), found)
        return found

    def _codes(self) -> NDArray[np.unsignedinteger]:
        return np.empty((len(self.tables.columns), self.block), dtype=code_type(self.tables))

    @cached_property
    def _encoding(self) -> Encoding:
        return encoding_of(self.tables)

    @cached_property
    def _program(self) -> Program:
        return program_of(self.tables)


def _side(rows: int, count: int) -> Strongest:
    shape = (rows, count)
    return np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int32), np.empty(shape)


def _joint(joint: JointColumns | None, rows: int) -> tuple[Flags, Places, Places]:
    columns: Sequence[Sequence[int]] = joint.columns if joint else ()
    flat = np.array([place for places in columns for place in places], dtype=np.int64)
    starts = np.cumsum([0, *(len(places) for places in columns)], dtype=np.int64)
    unknown = joint.unknown if joint else np.zeros((rows, 0), dtype=np.bool_)
    return np.ascontiguousarray(unknown), flat, starts
