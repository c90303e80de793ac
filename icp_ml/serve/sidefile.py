"""The rows of a list that got no score, in a file of their own, as they were read: for the person who mends them.

    row   status                             company       employees   industry
    17    not scored: no attribute known     acme.com
    90    not scored: no id                                51          Retail

`row` counts the rows of the list from 1. Values are texts, whatever they were in the list: what cannot be used is
often of no clear type. A column of the list that is called row or status is called "row (in the list)" here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from icp_ml.deals.texts import Flags, as_strings
from icp_ml.serve.incoming import NamedBatch, Tabular
from icp_ml.serve.writing import telling_of, whole_file

Writer: TypeAlias = Any

ROW, STATUS = "row", "status"
_SUFFIX: Final = " (in the list)"


class SideFile:
    """Rows on their way to the file. rows: how many there are so far."""

    def __init__(self, path: Path, partial: Path) -> None:
        self.rows = 0
        self._path = path
        self._partial = partial
        self._writer: Writer = None

    def add(self, batch: NamedBatch, first_row: int, statuses: Tabular, unusable: Flags) -> None:
        """Write the rows marked `unusable`, bool[n]; none are fine, and leave a file with its header.

        first_row: the number of the batch's first row. statuses: the text of each row's status, n of them, as texts
        or dictionary-coded. Raises `ConfigError` where the file cannot be written.
        """
        rows = unusable_rows(batch, first_row, statuses, unusable)
        with telling_of(self._path):
            self._writer = self._writer or _opened(self._partial, rows.schema)
            self._writer.write_batch(rows)
        self.rows += rows.num_rows

    def close(self) -> None:
        """Finish the file; nothing can be added afterwards."""
        if self._writer is not None:
            with telling_of(self._path):
                self._writer.close()


@contextmanager
def side_file(path: Path) -> Iterator[SideFile]:
    """A side file, Parquet or CSV by its suffix: there whole once the block is left; after an error, as it was before.

    At least one batch is to be added. `writing.check_output` says beforehand whether `path` will do.
    """
    with whole_file(path) as partial:
        file = SideFile(path, partial)
        try:
            yield file
        finally:
            file.close()


def unusable_rows(batch: NamedBatch, first_row: int, statuses: Tabular, unusable: Flags) -> Tabular:
    """The rows marked `unusable` as a record batch: row, status, then every column that was read, the id first."""
    wanted = pa.array(unusable)
    records = batch.records.filter(wanted)
    names = sorted(records.schema.names, key=lambda name: name != batch.id)
    arrays = [
        pa.array(first_row + np.flatnonzero(unusable)),
        as_strings(statuses.filter(wanted)),
        *(as_strings(records.column(name)) for name in names),
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[ROW, STATUS, *(_own_name(name, names) for name in names)])


def _own_name(name: str, names: list[str]) -> str:
    """A name that no other column of the side file has."""
    own = name
    while own in (ROW, STATUS) or (own != name and own in names):
        own += _SUFFIX
    return own


def _opened(partial: Path, schema: Tabular) -> Writer:
    is_csv = partial.suffix.lower() == ".csv"
    return pa_csv.CSVWriter(partial, schema) if is_csv else pq.ParquetWriter(partial, schema)
