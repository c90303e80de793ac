"""Contributions of a whole model by its tables, and by its members where it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.cells.compiling import NotCompiled, compile_members
from icp_ml.model.cells.looking_up import CellModel
from icp_ml.model.cells.tables import CellTables
from icp_ml.model.win_model import Contributions, WinModel

Floats = NDArray[np.float64]


def compile_model(model: WinModel) -> CellTables | NotCompiled:
    """The tables of a model, or why it has none: a path that asks too many columns, or too many cells.

    Deterministic: the same model gives the same tables.
    """
    return compile_members(model.scorecard, model.trees, model.stack)


@dataclass(frozen=True)
class FastContributions:
    """Explains rows of a model: by its tables, or by the model itself where `tables` says why there are none."""

    model: WinModel
    tables: CellTables | NotCompiled

    def of(self, rows: Floats) -> Contributions:
        """What `WinModel.contributions` says of these rows (n, p), to 1e-9 in log-odds."""
        if isinstance(self.tables, NotCompiled):
            return self.model.contributions(rows)
        return Contributions(self.tables.base, CellModel(self.tables).contributions(rows))


def fast_contributions(model: WinModel) -> FastContributions:
    """Compile once, explain many times."""
    return FastContributions(model, compile_model(model))


WORTH_COMPILING: Final = 1_000
"""Rows from which tables are made for them: LightGBM explains so many in the seconds that compiling takes."""


def explained(model: WinModel, rows: Floats) -> Contributions:
    """What `WinModel.contributions` says of these rows (n, p), to 1e-9: of many rows by tables, made for them."""
    if len(rows) < WORTH_COMPILING:
        return model.contributions(rows)
    return fast_contributions(model).of(rows)
