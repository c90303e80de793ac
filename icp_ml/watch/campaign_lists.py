"""A scored list as candidates for a campaign, and what became of the accounts that were contacted.

Rows with a mark (customers, open deals, excluded, outside the market) and rows without a score are no candidates, and
an account of which any row is so marked is none either. A row that only repeats another account's row stands for
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from icp_ml.deals.companies import account_keys
from icp_ml.deals.parsing import parse_flags
from icp_ml.deals.reading import column_names, is_parquet, parquet_files, read_table
from icp_ml.deals.texts import Flags, encode_texts
from icp_ml.errors import InputError
from icp_ml.serve.previous import CONTENT_HASH
from icp_ml.watch.campaigns import Candidate

Texts = NDArray[np.object_]

TIER: Final = "tier"
STATUS: Final = "status"
SCORED: Final = "scored"
"""How the status of a row begins that has a score and no mark."""
REPEATED: Final = "repeated account"
NOT_KNOWN: Final = "not known"
BANDS: Final = 5
"""Bands of equal counts into which a column of numbers is cut to be balanced over. We chose fifths: with 100 accounts
an arm that is 20 a band."""


@dataclass(frozen=True)
class ScoredList:
    """candidates: rows that may be contacted. rows: of the list. id_name: its id column.

    content_hash: of the model that scored it; None where the file does not say, as CSV does not.
    """

    candidates: tuple[Candidate, ...]
    rows: int
    id_name: str
    content_hash: str | None


@dataclass(frozen=True)
class Asked:
    """Which columns matter. by: what arms are of. arms: their values. id_name: None for the first column.

    beside: the list that was scored, for columns that the scored one lacks; its id column has the same name.
    """

    by: str
    arms: tuple[str, ...]
    balance: tuple[str, ...] = ()
    id_name: str | None = None
    beside: Path | None = None


def read_scored(path: Path, asked: Asked) -> ScoredList:
    """Read an output of `icp score`. Raises as `reading.read_table` does; `InputError` where it holds no candidate."""
    names = column_names(path)
    id_name = asked.id_name or names[0]
    wanted = dict.fromkeys((id_name, TIER, STATUS, asked.by, *asked.balance))
    own = [name for name in wanted if name in names or name in (id_name, TIER, STATUS) or asked.beside is None]
    table = read_table(path, columns=own)
    columns = {name: table.column(name) for name in own}
    keys = account_keys(columns[id_name])
    others = [name for name in wanted if name not in own]
    if asked.beside is not None and others:
        columns |= _joined(asked.beside, id_name, others, keys)
    rows = _Rows.of(columns, keys, asked, id_name)
    if not rows.may_be_drawn.any():
        raise InputError(
            f"{path.name}: expected accounts that may be contacted, found {table.num_rows:,} rows without a score or "
            "with a mark; name another list"
        )
    return ScoredList(rows.candidates(asked), table.num_rows, id_name, _content_hash(path))


def read_outcomes(path: Path, id_name: str, column: str, success: Sequence[str]) -> dict[str, bool]:
    """Whether each account, by its key, was a success; accounts whose outcome is blank are left out.

    success: the texts that are one, whatever their case, any other being none; empty where the column says yes or no.
    An account with several rows is a success where one of them is. Raises as `reading.read_table` does, and
    `InputError` where a text is neither yes nor no.
    """
    table = read_table(path, columns=[id_name, column])
    keys = account_keys(table.column(id_name)).to_pylist()
    found: dict[str, bool] = {}
    for key, won in zip(keys, _successes(table.column(column), column, success, path), strict=True):
        if key is not None and won is not None:
            found[key] = found.get(key, False) or won
    return found


def _successes(values: pa.ChunkedArray, column: str, success: Sequence[str], path: Path) -> list[bool | None]:
    if success:
        wanted = {each.casefold() for each in success}
        return [None if not text else text.casefold() in wanted for text in _texts(values)]
    read = parse_flags(values)
    if read.trouble.rows:
        raise InputError(
            f"{path.name}: expected yes or no in the column '{column}', found '{read.trouble.examples[0]}' and the "
            f"like in {read.trouble.rows:,} rows; name what counts as a success with --success"
        )
    return [None if np.isnan(value) else bool(value) for value in read.values]


@dataclass(frozen=True)
class _Rows:
    """The rows of a list, each object[n] of texts, empty where there is none. strata: by column to balance over."""

    keys: Texts
    ids: Texts
    groups: Texts
    tiers: Texts
    strata: Mapping[str, Texts]
    may_be_drawn: Flags

    @classmethod
    def of(cls, columns: Mapping[str, pa.ChunkedArray], keys: pa.Array, asked: Asked, id_name: str) -> _Rows:
        statuses = _texts(columns[STATUS])
        key_texts = _texts(keys)
        scored = np.array([text.startswith(SCORED) for text in statuses], dtype=bool)
        barred = set(key_texts[~scored & (statuses != REPEATED)])
        free = scored & np.array([key != "" and key not in barred for key in key_texts], dtype=bool)
        groups = _texts(columns[asked.by])
        in_arms = free & np.isin(groups, asked.arms)
        strata = {name: _stratum_texts(columns[name], in_arms) for name in asked.balance}
        return cls(key_texts, _texts(columns[id_name]), groups, _texts(columns[TIER]), strata, free)

    def candidates(self, asked: Asked) -> tuple[Candidate, ...]:
        """The rows that may be drawn."""
        return tuple(
            Candidate(
                key=self.keys[row],
                id=self.ids[row],
                group=self.groups[row],
                tier=self.tiers[row],
                stratum=", ".join(f"{name} {self.strata[name][row]}" for name in asked.balance),
            )
            for row in np.flatnonzero(self.may_be_drawn)
        )


def _stratum_texts(column: pa.ChunkedArray, in_arms: Flags) -> Texts:
    """Values as they are, or, of a column of numbers with more values than bands, the bounds of its band."""
    texts = np.where(_texts(column) == "", NOT_KNOWN, _texts(column))
    numbers = _numbers(column)
    among = np.empty(0) if numbers is None else np.unique(numbers[in_arms & ~np.isnan(numbers)])
    if numbers is None or len(among) <= BANDS:
        return texts
    known = numbers[in_arms & ~np.isnan(numbers)]
    edges = np.unique(np.quantile(known, [place / BANDS for place in range(1, BANDS)]))
    words = _band_words(edges)
    places = np.searchsorted(edges, np.nan_to_num(numbers), side="right")
    banded = np.array(words, dtype=object)[places]
    return np.where(np.isnan(numbers), NOT_KNOWN, banded)


def _band_words(edges: NDArray[np.float64]) -> list[str]:
    shown = [f"{edge:.4g}" for edge in edges]
    between = [f"{low} to under {high}" for low, high in pairwise(shown)]
    return [f"under {shown[0]}", *between, f"{shown[-1]} or more"]


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64] | None:
    """float64[n], NaN where blank; None where any text is no number."""
    encoded = encode_texts(column)
    try:
        read = np.array([float(text) for text in encoded.distinct], dtype=np.float64)
    except ValueError:
        return None
    return np.append(read, np.nan)[encoded.codes]


def _joined(path: Path, id_name: str, names: Sequence[str], keys: pa.Array) -> dict[str, pa.Array]:
    """Columns of another list in the order of `keys`; of an account with several rows the first one counts."""
    table = read_table(path, columns=[id_name, *names])
    places = pc.index_in(keys, value_set=account_keys(table.column(id_name)), skip_nulls=True)
    return {name: pa.array(_texts(table.column(name)), pa.string()).take(places) for name in names}


def _texts(column: pa.ChunkedArray) -> Texts:
    encoded = encode_texts(column)
    return encoded.texts(np.arange(len(encoded.codes)))


def _content_hash(path: Path) -> str | None:
    metadata = pq.read_schema(parquet_files(path)[0]).metadata if is_parquet(path) else None
    return metadata[CONTENT_HASH].decode() if metadata and CONTENT_HASH in metadata else None
