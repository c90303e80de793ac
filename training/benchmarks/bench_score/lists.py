"""Made-up lists as Parquet: row groups as a warehouse exports them, or all rows in one. Run as a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.bench_score.made_up import blocks
from benchmarks.bench_score.sizes import SIZES, Columns

SEED: Final = 20
GROUP_BLOCKS: Final = 4
"""Blocks of a row group, 262,144 rows: within what warehouses write."""


def write_list(path: Path, columns: Columns, rows: int) -> None:
    """Write a list; not more than one row group is held at a time. Nothing half-written takes the name `path`."""
    partial = path.with_suffix(".part")
    writer = None
    held = []
    for block in blocks(columns, rows, SEED):
        held.append(block)
        if len(held) == GROUP_BLOCKS:
            writer = _written(writer, partial, held)
            held = []
    if held:
        writer = _written(writer, partial, held)
    if writer is not None:
        writer.close()
    partial.rename(path)


def write_in_one_group(path: Path, columns: Columns, rows: int) -> None:
    """Write a list whose rows are all in one row group; all of them are held in memory, about 300 bytes each."""
    partial = path.with_suffix(".part")
    table = pa.Table.from_batches(list(blocks(columns, rows, SEED))).unify_dictionaries()
    pq.write_table(table, partial, row_group_size=rows)
    partial.rename(path)


def _written(writer: pq.ParquetWriter | None, path: Path, blocks_held: list[pa.RecordBatch]) -> pq.ParquetWriter:
    table = pa.Table.from_batches(blocks_held).unify_dictionaries()
    writer = writer or pq.ParquetWriter(path, table.schema)
    writer.write_table(table, row_group_size=table.num_rows)
    return writer


def main() -> None:
    """Write the list that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=list(SIZES), help="the model whose columns it has")
    parser.add_argument("rows", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--one-group", action="store_true")
    asked = parser.parse_args()
    write = write_in_one_group if asked.one_group else write_list
    write(asked.path, SIZES[asked.size].columns, asked.rows)


if __name__ == "__main__":
    main()
