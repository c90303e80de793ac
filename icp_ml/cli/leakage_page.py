"""What the terminal shows of leakage: the columns that are asked about or dropped, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from icp_ml.cli.pages import add_row, plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from icp_training.leakage.questions import ColumnLeakage


def leakage_part(rows: Sequence[ColumnLeakage]) -> Iterator[Table | str]:
    """A line for each column that is asked about or dropped; the others are counted."""
    table = plain_table("Was it known when the deal opened?", "column", "verdict", "place", "evidence")
    for row in rows:
        if row.verdict.is_accused and row.place not in ("the deal's own", "outcome field"):
            answer = f"{row.verdict.answer} (answered)" if row.answered else row.verdict.answer
            add_row(table, row.verdict.column, answer, row.place, row.verdict.reasons)
    if table.row_count:
        yield table
    clear = sum(not row.verdict.is_accused for row in rows)
    yield f"Nothing speaks against {clear:,} of {len(rows):,} columns; see docs/leakage.md."
