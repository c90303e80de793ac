"""What `icp check` says of the tables that were joined as of the day each deal opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from icp_ml.deals.words import listed

if TYPE_CHECKING:
    from icp_ml.deals.dated_rows import RowsOfTable
    from icp_ml.deals.histories import HistoryUse
    from icp_ml.deals.openings import DatedJoin


def dated_lines(dated: DatedJoin) -> Iterator[str]:
    """One line for each table and each column that was rewound."""
    for table in dated.tables:
        counts = f"{table.read:,} rows read, {table.used:,} used, on {table.accounts:,} accounts"
        yield f"{table.source}: {counts}, matching {table.matched:,} deals{_left(table)}."
        if table.unreadable:
            yield f"{table.source}: {table.unreadable:,} other values cannot be read and count as missing."
    for history in dated.histories:
        yield f"{history.source}: {history.changes:,} changes used, {history.left_out:,} left out{_others(history)}."
    for column in dated.rewound:
        yield f"{column.column}: {column.changed:,} deals say another thing today than on the day they opened."


def _others(history: HistoryUse) -> str:
    """Fields that nothing reads, a misspelt one among them: then its column was not rewound."""
    if not history.others:
        return ""
    return f"; it also tells of {listed(history.others)}, which no attribute reads"


def _left(table: RowsOfTable) -> str:
    reasons = {
        "without an account": table.no_account,
        "without a day": table.no_day,
        "with a day that cannot be read": table.unreadable_day,
    }
    found = [f"{rows:,} {reason}" for reason, rows in reasons.items() if rows]
    return f"; left out: {', '.join(found)}" if found else ""
