"""Dates whose order nobody has declared are refused, never guessed, and the refusal says what to declare."""

from __future__ import annotations

from collections.abc import Sequence

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.moments import orders_of, read_days
from icp_ml.errors import InputError


def how_to_declare(texts: Sequence[str], key: str) -> str | None:
    """What the first text can be, and what to write at `key`, where all are dates in an order that is not declared.

    It is the end of a sentence, from "which ..." on. None where no declaration would help.
    """
    orders = orders_of(texts)
    if not orders or "iso" in orders:
        return None
    if len(orders) == 1:
        return f"can be read as {orders[0]}; set {key}: {orders[0]}"
    meanings = " or ".join(f"{read_days(texts[:1], order)[0]} ({order})" for order in orders)
    return f"may be {meanings}; set {key} to the one that is meant"


def check_date_orders(parsed: ParsedTable, attributes: Sequence[Attribute]) -> None:
    """Raise `InputError` for a date of which most values cannot be read as declared and could in another order.

    A few such values are mistakes, and are counted as unreadable like any other.
    """
    declared = {attribute.name: attribute for attribute in attributes if attribute.kind == "date"}
    for trouble in parsed.unreadable:
        attribute = declared.get(trouble.attribute)
        if attribute is None or trouble.rows <= parsed.n_rows - int(parsed.missing(trouble.attribute).sum()):
            continue
        fix = how_to_declare(trouble.examples, f"date_order of attribute '{attribute.name}'")
        if fix is not None:
            raise InputError(
                f"expected dates like 2024-12-31 in the column '{attribute.column}', found '{trouble.examples[0]}' in "
                f"{trouble.rows} rows like it, which {fix}"
            )
