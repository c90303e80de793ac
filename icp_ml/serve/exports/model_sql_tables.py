"""A model's tables as a warehouse holds them: four of them, without a null, as CSV.

    bins     col, state, label, points, o0, ... what a state adds by itself, and where it leads in the cell tables that
                                                its column takes part in, one after the other
    levels   col, level, label, points, o0, ... the same for categories and declared orders, by the text itself
    cells    part, cell, c0, c1, ...            what a cell of table `part` adds to each of its columns, in log-odds
    labels   label, words                       the texts of reasons

A row's cell in a table is the sum of the offsets of its states: `icp_ml.model.cells` compiles them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.vocabulary import MISSING_CODE, ModelColumn
from icp_ml.errors import ConfigError
from icp_ml.model.cells.codes import ColumnCodes
from icp_ml.model.cells.compiling import NotCompiled
from icp_ml.model.cells.contributing import compile_model
from icp_ml.model.cells.tables import CellTables
from icp_ml.model.win_model import WinModel
from icp_ml.profile.wording import label_codes
from icp_ml.serve.exports.model_sql_columns import has_few_states, is_looked_up, level_keys
from icp_ml.serve.reasons import ReasonBook

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Value = int | float | str

MOST_PARTS: Final = 600
"""Cell tables, each of which is a join. We chose it: with 502 of them DuckDB and PostgreSQL gave the right answers, the
first of them after two minutes and after 17 seconds."""
MOST_COLUMNS: Final = 700
"""Columns of a model: a view carries two of its own for each, and PostgreSQL ends at 1,600."""


@dataclass(frozen=True)
class DataTable:
    """names, types ("int", "double" or "text") and rows of one table."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: Sequence[Sequence[Value]]

    def csv(self) -> bytes:
        """With a head, texts in quotes, numbers so that they are read back as they are; UTF-8."""
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow(self.names)
        writer.writerows(self.rows)
        return out.getvalue().encode()


@dataclass(frozen=True)
class State:
    """What a state adds by itself, in log-odds, and how many cells it leads on in each table of its column."""

    label: int
    points: float
    steps: tuple[int, ...]

    def row(self, width: int) -> tuple[Value, ...]:
        """The last columns of its row. width: how many steps a row has room for."""
        return (self.label, self.points, *self.steps, *[0] * (width - len(self.steps)))


@dataclass(frozen=True)
class ModelTables:
    """What the tables are made of. attributes: those that the model uses. words: of each label of `book`."""

    model: WinModel
    attributes: tuple[Attribute, ...]
    book: ReasonBook
    words: tuple[str, ...]
    compiled: CellTables

    @property
    def columns(self) -> tuple[ModelColumn, ...]:
        """The columns of the model."""
        return self.model.vocabulary.columns

    def attribute(self, column: ModelColumn) -> Attribute:
        """What a column of the model is made of."""
        return next(each for each in self.attributes if each.name == column.attribute)

    @cached_property
    def parts_of(self) -> tuple[tuple[int, ...], ...]:
        """For each column of the model the cell tables that it takes part in, in their order."""
        parts: list[list[int]] = [[] for _ in self.columns]
        for part, table in enumerate(self.compiled.tables):
            for column in table.columns:
                parts[column].append(part)
        return tuple(map(tuple, parts))

    def tables(self) -> dict[str, DataTable]:
        """All four, by name."""
        offsets = tuple(f"o{k}" for k in range(max([0, *map(len, self.parts_of)])))
        width = max([0, *(len(table.columns) for table in self.compiled.tables)])
        tail, types = ("label", "points", *offsets), ("int", "double", *["int"] * len(offsets))
        return {
            "bins": DataTable(("col", "state", *tail), ("int", "int", *types), list(self._bins(len(offsets)))),
            "levels": DataTable(("col", "level", *tail), ("int", "text", *types), list(self._levels(len(offsets)))),
            "cells": DataTable(
                ("part", "cell", *(f"c{k}" for k in range(width))),
                ("int", "int", *["double"] * width),
                list(self._cells(width)),
            ),
            "labels": DataTable(("label", "words"), ("int", "text"), list(enumerate(self.words))),
        }

    def states(self, place: int) -> list[State]:
        """What each state of a column of the model is worth."""
        column, codes = self.columns[place], self.compiled.columns[place]
        values = _state_values(self.attribute(column), column, codes)
        missing = values == MISSING_CODE if column.is_category else np.isnan(values)
        scorecard = self.model.scorecard.columns[place]
        labels = self.book.codes_of[place][label_codes(column, scorecard, values, missing)].tolist()
        points = self.compiled.singles[place]
        offsets = [_cell_steps(self.compiled, part, place) for part in self.parts_of[place]]
        return [
            State(label, float(points[code]), tuple(int(steps[code]) for steps in offsets))
            for label, code in zip(labels, _codes(column, codes, values).tolist(), strict=True)
        ]

    def _bins(self, width: int) -> Iterator[Sequence[Value]]:
        for place, column in enumerate(self.columns):
            if not has_few_states(column) and not is_looked_up(self.attribute(column)):
                yield from ((place, number, *each.row(width)) for number, each in enumerate(self.states(place)))

    def _levels(self, width: int) -> Iterator[Sequence[Value]]:
        for place, column in enumerate(self.columns):
            if is_looked_up(attribute := self.attribute(column)):
                keyed = dict(zip(level_keys(attribute, column), self.states(place), strict=True))
                yield from ((place, key, *each.row(width)) for key, each in keyed.items() if key is not None)

    def _cells(self, width: int) -> Iterator[Sequence[Value]]:
        for part, table in enumerate(self.compiled.tables):
            none = [0.0] * (width - len(table.columns))
            for cell, numbers in enumerate(table.cells.tolist()):
                yield (part, cell, *numbers, *none)


def model_tables(
    model: WinModel, attributes: Sequence[Attribute], book: ReasonBook, words: Sequence[str]
) -> ModelTables:
    """Raises `ConfigError` where the model is too large for tables that a warehouse would join."""
    compiled = compile_model(model)
    if isinstance(compiled, NotCompiled):
        raise _too_large(compiled.reason)
    if (parts := len(compiled.tables)) > MOST_PARTS:
        raise _too_large(f"it needs {parts:,} tables, and SQL joins at most {MOST_PARTS}")
    if (columns := len(compiled.columns)) > MOST_COLUMNS:
        raise _too_large(f"it has {columns:,} columns, and views here have room for {MOST_COLUMNS}")
    return ModelTables(model, tuple(attributes), book, tuple(words), compiled)


def _too_large(reason: str) -> ConfigError:
    return ConfigError(
        f"a model that fits into tables was expected for SQL, and this one is too large: {reason}; score with "
        "`icp score`, or train with fewer or smaller trees"
    )


def _cell_steps(compiled: CellTables, part: int, place: int) -> Places:
    """For each code of a column how many cells of a table it leads on."""
    table = compiled.tables[part]
    offsets = table.offsets[table.columns.index(place)]
    return offsets.astype(np.int64) // len(table.columns)


def _state_values(attribute: Attribute, column: ModelColumn, codes: ColumnCodes) -> Floats:
    """A value of the model's column for each of its states; NaN for "not known" unless it is a category."""
    if column.is_category:
        return np.arange(len(column.levels), dtype=np.float64)
    if column.kind in ("flag", "member"):
        return np.array([0.0, 1.0, np.nan])
    if is_looked_up(attribute):
        return np.append(np.arange(len(attribute.order), dtype=np.float64), np.nan)
    return codes.representatives()


def _codes(column: ModelColumn, codes: ColumnCodes, values: Floats) -> Places:
    """The code of each value. What is not known takes the place of the value that fills its gaps."""
    if column.is_category:
        return codes.code_of_level[values.astype(np.int64)]
    filled = values if column.fill is None else np.where(np.isnan(values), column.fill, values)
    bins = np.searchsorted(codes.cuts, filled, side="left")
    return np.where(np.isnan(filled), codes.missing, bins).astype(np.int64)
