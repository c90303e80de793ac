"""Clay's formulas run by a JavaScript engine: a row of a table, a reference by name, one column after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date

import quickjs  # type: ignore[import-untyped]  # it ships no types

from icp_ml.serve.exports.clay_cells import AS_OF, Column

Cell = str | float | bool | Sequence[str | None] | None
Row = Mapping[str, Cell]

_REFERENCE = re.compile(r"\{\{(.+?)\}\}")
_TABLE = """
(function (text, asText) {
  return JSON.stringify(JSON.parse(text).map(function (row) {
    COLUMNS.forEach(function (column) {
      var value = column.fill(row);
      row[column.name] = asText && value != null ? String(value) : value;
    });
    return row;
  }));
})
"""


def filled(columns: Sequence[Column], rows: Sequence[Row], as_of: date | None, *, as_text: bool = False) -> list[Row]:
    """The rows with every column filled. as_of: written in the place of that column's formula; None to let it run.

    as_text: every filled cell is kept as a text, as a table may keep it.
    """
    context = quickjs.Context()
    fills = ", ".join(_fill(each, as_of) for each in columns)
    context.eval(f"var COLUMNS = [{fills}];")
    answer = context.eval(_TABLE)(json.dumps([dict(row) for row in rows]), as_text)
    found: list[Row] = json.loads(answer)
    return found


def _fill(column: Column, as_of: date | None) -> str:
    formula = json.dumps(as_of.isoformat()) if column.name == AS_OF and as_of is not None else column.formula
    spelled = _REFERENCE.sub(lambda found: f"row[{json.dumps(found[1])}]", formula)
    return f"{{name: {json.dumps(column.name)}, fill: function (row) {{ return ({spelled}); }}}}"
