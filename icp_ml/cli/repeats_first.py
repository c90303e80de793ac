"""Reading the ids of a long list before the list is scored, so that memory does not grow with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from icp_ml.cli.scoring_job import Job
    from icp_ml.deals.reading import Place
    from icp_ml.serve.known import Hashes
    from icp_ml.serve.placed import Passed

LONG_ROWS = 2_000_000
"""Rows from which on ids are read first. We chose it: the ids of shorter lists fit into 16 MB of memory, and reading
them twice takes about a tenth of the time of scoring."""
LONG_BYTES = 256 << 20
"""The size from which on a file that does not say how many rows it has counts as long."""
_LEAST_ROW = 64
"""Bytes of a row in such a file, at least, for a guess at its rows that is not too low."""


def passed_at_first(job: Job) -> Passed:
    """What is known of a list before its first row: of a long one, which rows repeat an id.

    A query is not asked twice, since it may answer otherwise the second time: its ids are remembered as they pass.
    """
    from icp_ml.cli.progress import rows_done
    from icp_ml.deals.reading import rows_known
    from icp_ml.serve.placed import NOTHING_PASSED, Passed
    from icp_ml.serve.repeats import find_repeats

    about = _rows_of_long(job.prospects.path)
    if job.prospects.id is None or about is None:
        return NOTHING_PASSED
    with rows_done("reading ids", rows_known(job.prospects.path)) as done:
        return Passed(repeats=find_repeats(_hashes(job, done), about, job.output.parent))


def _hashes(job: Job, done: Callable[[int], None]) -> Iterator[Hashes]:
    from icp_ml.deals.prospects import batches_of
    from icp_ml.serve.in_order import in_order
    from icp_ml.serve.known import id_hashes
    from icp_ml.serve.outgoing import plain_ids

    columns = (batch.column(0) for batch in batches_of(job.prospects, (), batch_rows=job.batch_rows))
    for hashes in in_order(lambda column: id_hashes(plain_ids(column)), columns, job.threads):
        done(len(hashes))
        yield hashes


def _rows_of_long(place: Place) -> int | None:
    """How many rows a long list has, about; None for one that is not long, or no file."""
    from icp_ml.deals.reading import rows_known

    if not isinstance(place, Path):
        return None
    rows = rows_known(place)
    if rows is None:
        return place.stat().st_size // _LEAST_ROW if place.stat().st_size >= LONG_BYTES else None
    return rows if rows >= LONG_ROWS else None
