"""Scores as they were given: outputs of `icp score`, read back and never computed anew.

A deal is held against the last list before it opened on which its account stands:

    list of 2025-01-06   acme.com  tier 1
    list of 2025-02-03   acme.com  tier 2
    deal opened 2025-02-20 with acme.com      tier 2, of the list of 2025-02-03
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.companies import account_keys
from icp_ml.deals.reading import column_names, stream_batches
from icp_ml.deals.texts import Column, encode_texts, gather
from icp_ml.errors import ConfigError
from icp_ml.serve.known import Hashes, key_hashes, places_among
from icp_ml.serve.outgoing import AS_OF
from icp_ml.serve.previous import CONTENT_HASH, DELIMITER, ENCODING, SCORE, TIER, metadata_of, numbers_of

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Places = NDArray[np.int64]

PROBABILITY: Final = "probability"
MODEL: Final = b"icp.model"


@dataclass(frozen=True)
class GivenList:
    """A scored list, one row an account, in the order of their hashes.

    name: of the file. day: to which its ages were counted, which is the day that it was given. model, content_hash:
    what scored it, empty where the file does not say. tier: int32[n] into `tiers`, -1 for none. score, probability:
    float64[n], NaN where there was none.
    """

    name: str
    day: date
    model: str
    content_hash: str
    hashes: Hashes
    tier: Codes
    tiers: tuple[str, ...]
    score: Floats
    probability: Floats

    def __len__(self) -> int:
        return len(self.hashes)


def read_given(path: Path, id_name: str, day: date | None = None) -> GivenList:
    """Read an output of `icp score` with its columns `id_name`, tier, score and, where there is one, probability.

    day: where the file does not say it, as CSV does not. Where an id stands on several rows the first counts.
    Raises `ConfigError` where nobody says the day, `InputError` where the file cannot be read or lacks a column.
    """
    told = metadata_of(path)
    given = day or _day(told.get(AS_OF.encode()))
    if given is None:
        raise ConfigError(
            f"{path.name}: the day on which it was given was expected, and the file does not say it; write DAY={path}, "
            f"such as 2025-06-30={path}"
        )
    names = column_names(path, delimiter=DELIMITER, encoding=ENCODING)
    columns = [id_name, TIER, SCORE, *([PROBABILITY] if PROBABILITY in names else [])]
    code_of: dict[str, int] = {}
    hashes, tiers, numbers = [], [], []
    for batch in stream_batches(path, delimiter=DELIMITER, encoding=ENCODING, columns=columns):
        keys = account_keys(batch.column(id_name))
        has_id = np.asarray(keys.is_valid(), dtype=bool)
        texts = encode_texts(batch.column(TIER))
        codes = np.array([code_of.setdefault(name, len(code_of)) for name in texts.distinct], dtype=np.int32)
        hashes.append(key_hashes(keys)[has_id])
        tiers.append(gather(codes, texts.codes, -1)[has_id])
        numbers.append(np.column_stack([numbers_of(batch.column(name), name, path) for name in columns[2:]])[has_id])
    distinct, first = np.unique(np.concatenate(hashes), return_index=True)
    found = np.concatenate(numbers)[first]
    return GivenList(
        name=path.name,
        day=given,
        model=told.get(MODEL, b"").decode("utf-8", "replace"),
        content_hash=told.get(CONTENT_HASH, b"").decode("utf-8", "replace"),
        hashes=distinct,
        tier=np.concatenate(tiers)[first],
        tiers=tuple(code_of),
        score=found[:, 0],
        probability=found[:, 1] if len(columns) > 3 else np.full(len(distinct), np.nan),
    )


@dataclass(frozen=True)
class Given:
    """What n deals had been given. list: the place of the list among the lists, -1 where no list before it knew the
    account. row: its row in that list, 0 where there is none.
    """

    list: NDArray[np.intp]
    row: NDArray[np.intp]

    def at(self, place: int) -> NDArray[np.intp]:
        """The deals that were given by one list."""
        return np.flatnonzero(self.list == place)


def given_to(lists: Sequence[GivenList], accounts: Column, opened: NDArray[np.datetime64]) -> Given:
    """The last list before each deal opened that knows its account. lists: by day, the oldest first."""
    keys = account_keys(accounts)
    hashes, has_id = key_hashes(keys), np.asarray(keys.is_valid(), dtype=bool)
    chosen = np.full(len(hashes), -1, dtype=np.intp)
    rows = np.zeros(len(hashes), dtype=np.intp)
    for place, each in enumerate(lists):
        found = np.where(has_id & (opened >= np.datetime64(each.day)), places_among(each.hashes, hashes), -1)
        chosen = np.where(found >= 0, place, chosen)
        rows = np.where(found >= 0, found, rows).astype(np.intp)
    return Given(chosen, rows)


def _day(text: bytes | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text.decode())
    except ValueError:
        return None
