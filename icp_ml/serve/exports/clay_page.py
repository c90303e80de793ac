"""The page that goes with the Clay formulas: what the table has to hold, and each formula in its order."""

from __future__ import annotations

from collections.abc import Sequence

from icp_ml.deals.attributes import Attribute
from icp_ml.serve.exports.clay_cells import AS_OF, Cell, Column, reading_name
from icp_ml.serve.exports.clay_texts import reference
from icp_ml.serve.exports.points import cell_words
from icp_ml.serve.exports.stamp import Exported, stamp_lines


def page(exported: Exported, columns: Sequence[Column]) -> str:
    """Markdown. columns: as they are added."""
    names = {column.name for column in columns}
    read = [each for each in exported.attributes if reading_name(each) in names]
    lines = [
        f"# {exported.name} in Clay",
        "",
        *(f"{line}  " for line in stamp_lines(exported)),
        "",
        "## What the table has to hold",
        "",
        "| column | holds |",
        "|---|---|",
        *(f"| {cell_words(Cell(each, exported.prospects).column)} | {cell_words(_holds(each))} |" for each in read),
        "",
        "A column that the table lacks has to be added, empty if need be: a formula cannot refer to what is not there.",
        *_told(read, names),
        "",
        "## The formulas",
        "",
        "Add a formula column for each, in this order, with exactly this name, and paste its formula.",
        "",
    ]
    for place, column in enumerate(columns, 1):
        lines += [f"### {place}. {column.name}", "", f"{column.says}.", "", "```js", column.formula, "```", ""]
    return "\n".join(lines)


def _holds(attribute: Attribute) -> str:
    kind = {"set": f"members with '{attribute.separator}' between them, or a list", "flag": "yes or no"}
    words = kind.get(attribute.kind, attribute.kind)
    if attribute.answer is not None:
        return f"{words}: what stands at {attribute.answer} in the JSON of {attribute.column}, in a column of its own"
    if attribute.currency is not None:
        return f"{words} in {' or '.join(attribute.currency.accepts)}"
    return words


def _told(read: Sequence[Attribute], names: set[str]) -> list[str]:
    """What the formulas say otherwise than scoring does, as far as these attributes go."""
    said = []
    if AS_OF in names:
        said += [
            "",
            f"`{AS_OF}` is the day on which its formula last ran, and Clay does not run it anew by itself: run it "
            f'before you rely on an age. To count to another day, write it in place of the formula: `"2025-06-30"`. '
            f"Every formula after it refers to {reference(AS_OF)}.",
        ]
    converted = [each.name for each in read if each.currency is not None and each.currency.rates]
    if converted:
        said += [
            "",
            f"Amounts of {', '.join(converted)} in another currency count as not known here: a formula has no rates. "
            "Convert them first.",
        ]
    return said
