"""Which rows of a list repeat the id of an earlier row, found on disk before the list is scored.

    ids --hash--> files of (hash, row) by the hash's first bits --sorted one by one--> one bit for each row

Remembering every id (`known.Seen`) takes 8 bytes of memory for each, which a list of hundreds of millions does not
have room for. Here the ids are read once before the rest: memory is one bit a row and a few tens of MiB, and the disk
holds 16 bytes a row for as long as it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.texts import Flags
from icp_ml.errors import InputError
from icp_ml.serve.known import Hashes
from icp_ml.serve.writing import telling_of

ROWS_AT_ONCE: Final = 1 << 20
"""Rows of a file of hashes, about. We chose it: sorting so many takes some 50 MiB."""
MOST_FILES: Final = 256
"""Files of hashes at most, since a system lets a process open about a thousand. Beyond 256 million rows they grow."""

_RECORD: Final = np.dtype([("hash", "<u8"), ("row", "<i8")])


@dataclass(frozen=True)
class Repeats:
    """One bit for each row of a list. bits: uint8, eight rows in each, the first in the lowest bit. rows: how many."""

    bits: NDArray[np.uint8]
    rows: int

    def at(self, first: int, count: int) -> Flags:
        """bool[count]: whether each row repeats an earlier one's id. first: the place of the first of them, from 0.

        Raises `InputError` where the list has more rows than it had.
        """
        if first + count > self.rows:
            raise InputError(
                f"the list was expected to keep the {self.rows:,} rows that it had when its ids were read, and it has "
                "grown; score it when nothing writes to it"
            )
        whole = np.unpackbits(self.bits[first // 8 : (first + count + 7) // 8], bitorder="little")
        return whole[first % 8 :][:count].astype(bool)


def find_repeats(batches: Iterable[Hashes], about: int, folder: Path) -> Repeats:
    """Find the rows whose id stands on an earlier row.

    batches: the hashes of the ids in the list's order (`known.id_hashes`), 0 for a blank id, which is nobody's. about:
    how many rows there may be; being wrong costs memory or time and no answer. folder: on a disk with 16 bytes free for
    each row; what is written there has no name, and is gone when the process ends, however it ends. Two ids share a
    hash by accident as `known.Seen` says.

    Raises `ConfigError` where the disk is full.
    """
    number = min(MOST_FILES, 1 << max(about // ROWS_AT_ONCE, 0).bit_length())
    with ExitStack() as opened:
        files = [opened.enter_context(TemporaryFile(dir=folder)) for _ in range(number)]
        rows = _scatter(batches, files, folder)
        bits = np.zeros((rows + 7) // 8, dtype=np.uint8)
        for file in files:
            file.seek(0)
            repeated = _repeated_rows(np.fromfile(file, dtype=_RECORD))
            np.bitwise_or.at(bits, repeated // 8, (1 << repeated % 8).astype(np.uint8))
    return Repeats(bits, rows)


def _scatter(batches: Iterable[Hashes], files: Sequence[IO[bytes]], folder: Path) -> int:
    """Write each hash with its row to the file of its first bits; how many rows there were."""
    rows, shift = 0, np.uint64(64 - (len(files) - 1).bit_length())
    for hashes in batches:
        records = np.empty(len(hashes), dtype=_RECORD)
        records["hash"], records["row"] = hashes, np.arange(rows, rows + len(hashes))
        rows += len(hashes)
        with telling_of(folder):
            _write_by_file(records[hashes != 0], shift, files)
    return rows


def _write_by_file(records: NDArray[np.void], shift: np.uint64, files: Sequence[IO[bytes]]) -> None:
    # A shift by all 64 bits means nothing to a processor, and one file needs none.
    numbers = np.zeros(len(records), np.int64) if len(files) == 1 else (records["hash"] >> shift).astype(np.int64)
    ends = np.cumsum(np.bincount(numbers, minlength=len(files)))
    ordered = records[np.argsort(numbers, kind="stable")]
    for file, piece in zip(files, np.split(ordered, ends[:-1]), strict=True):
        file.write(piece.tobytes())


def _repeated_rows(records: NDArray[np.void]) -> NDArray[np.int64]:
    """The rows of a file that have an earlier row with the same hash in it; the file is in the order of its rows."""
    order = np.argsort(records["hash"], kind="stable")
    hashes = records["hash"][order]
    return np.asarray(records["row"][order[1:][hashes[1:] == hashes[:-1]]])
