"""Deal tables made of parsed columns, without files: for tests of what is said about deals."""

from __future__ import annotations

import numpy as np

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable, SetColumn
from icp_ml.deals.ledger import RowLedger
from icp_ml.deals.table import DealTable, OpenDeals

ATTRIBUTES = (
    Attribute("size", "size", "number", "firmographic", "fit"),
    Attribute("age", "age", "number", "firmographic", "fit"),
    Attribute("trade", "trade", "category", "firmographic", "fit"),
    Attribute("tools", "tools", "set", "technographic", "fit"),
)
TRADES = ("iron", "stone", "wood")
TOOLS = ("axe", "saw")


def parsed_of(rows: int, seed: int, *, larger: float = 0.0, trades: tuple[str, ...] = TRADES) -> ParsedTable:
    """Rows of one population. larger: how many standard deviations `size` lies above it."""
    rng = np.random.default_rng(seed)
    has = rng.random((rows, len(TOOLS))) < 0.5
    columns: dict[str, ParsedColumn] = {
        "size": NumberColumn(rng.normal(size=rows) + larger),
        "age": NumberColumn(np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows))),
        "trade": CategoryColumn(rng.integers(0, len(trades), rows).astype(np.int32), trades),
        "tools": SetColumn(
            np.concatenate([[0], np.cumsum(has.sum(axis=1))]).astype(np.int64),
            np.nonzero(has)[1].astype(np.int32),
            TOOLS,
            np.zeros(rows, dtype=bool),
        ),
    }
    return ParsedTable(rows, columns, ())


def table_of(rows: int, seed: int) -> DealTable:
    """Deals of as many accounts; `size` has much to do with winning and the others nothing."""
    parsed = parsed_of(rows, seed)
    size = parsed.columns["size"]
    assert isinstance(size, NumberColumn)
    won = (size.values + np.random.default_rng(seed + 1).normal(size=rows) > 0).astype(np.int8)
    names = np.array([f"d{k}" for k in range(rows)], dtype=object)
    return DealTable(
        ids=names,
        accounts=names,
        opened=None,
        closed=None,
        won=won,
        attributes=ATTRIBUTES,
        parsed=parsed,
        extracted=None,
        open_deals=OpenDeals(np.array([], dtype="datetime64[D]")),
        ledger=RowLedger(rows, 0, 0, 0, 0, 0, rows),
        rejected=(),
        unmatched_accounts=0,
        identical=np.arange(rows),
    )
