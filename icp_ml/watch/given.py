"""Scores as they were given: outputs of `icp score`, read back and never computed anew.

A deal is held against the last list before it opened on which its account stands:

    list of 2025-01-06   acme.com  tier 1
    list of 2025-02-03   acme.com  tier 2
    deal opened 2025-02-20 with acme.com      tier 2, of the list of 2025-02-03
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.companies import account_keys
from icp_ml.deals.reading import column_names, stream_batches
from icp_ml.deals.settings import AXIS_OF_LAYER, Layer
from icp_ml.deals.texts import Column, encode_texts, gather
from icp_ml.errors import ConfigError
from icp_ml.serve.known import CUSTOMER, MARK_TEXTS, OPEN_DEAL, Hashes, key_hashes, places_among
from icp_ml.serve.outgoing import AS_OF
from icp_ml.serve.previous import CONTENT_HASH, DELIMITER, ENCODING, SCORE, SUB_SCORE, TIER, metadata_of, numbers_of

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

PROBABILITY: Final = "probability"
QUADRANT: Final = "quadrant"
STATUS: Final = "status"
MODEL: Final = b"icp.model"


@dataclass(frozen=True)
class GivenList:
    """A scored list, one row an account, in the order of their hashes.

    name: of the file. day: to which its ages were counted, which is the day that it was given. model, content_hash:
    what scored it, empty where the file does not say. tier: int32[n] into `tiers`, -1 for none. score, probability:
    float64[n], NaN where there was none. quadrant: int32[n] into `quadrants`, -1 for none. sub_scores: float64[n] of
    each layer that the file has, in points of score. known: bool[n], customers and open deals by the row's status.
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
    quadrant: Codes
    known: Flags
    quadrants: tuple[str, ...] = ()
    sub_scores: Mapping[Layer, Floats] = field(default_factory=dict)

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
    layers = [layer for layer in AXIS_OF_LAYER if f"{SUB_SCORE}{layer}" in names]
    numeric = [SCORE, *([PROBABILITY] if PROBABILITY in names else []), *(f"{SUB_SCORE}{layer}" for layer in layers)]
    worded = [TIER, *(name for name in (QUADRANT, STATUS) if name in names)]
    read = _read_columns(path, id_name, worded, numeric)
    (tier, tiers), (quadrant, quadrants), (status, statuses) = map(read.words, (TIER, QUADRANT, STATUS))
    known = [statuses.index(mark) for mark in (MARK_TEXTS[CUSTOMER], MARK_TEXTS[OPEN_DEAL]) if mark in statuses]
    return GivenList(
        name=path.name,
        day=given,
        model=told.get(MODEL, b"").decode("utf-8", "replace"),
        content_hash=told.get(CONTENT_HASH, b"").decode("utf-8", "replace"),
        hashes=read.hashes,
        tier=tier,
        tiers=tiers,
        score=read.numbers[SCORE],
        probability=read.numbers.get(PROBABILITY, np.full(len(read.hashes), np.nan)),
        quadrant=quadrant,
        known=np.isin(status, known),
        quadrants=quadrants,
        sub_scores={layer: read.numbers[f"{SUB_SCORE}{layer}"] for layer in layers},
    )


@dataclass(frozen=True)
class _Read:
    """Columns of a list, one row an account: codes with what they stand for, and numbers."""

    hashes: Hashes
    texts: Mapping[str, tuple[Codes, tuple[str, ...]]]
    numbers: Mapping[str, Floats]

    def words(self, name: str) -> tuple[Codes, tuple[str, ...]]:
        """The codes of a column; none at all where the list lacks it."""
        return self.texts.get(name, (np.full(len(self.hashes), -1, dtype=np.int32), ()))


def _read_columns(path: Path, id_name: str, worded: Sequence[str], numeric: Sequence[str]) -> _Read:
    code_of: dict[str, dict[str, int]] = {name: {} for name in worded}
    hashes, codes, numbers = [], [], []
    for batch in stream_batches(
        path, delimiter=DELIMITER, encoding=ENCODING, columns=list(dict.fromkeys((id_name, *worded, *numeric)))
    ):
        keys = account_keys(batch.column(id_name))
        has_id = np.asarray(keys.is_valid(), dtype=bool)
        hashes.append(key_hashes(keys)[has_id])
        codes.append(np.column_stack([_coded(batch.column(name), code_of[name]) for name in worded])[has_id])
        numbers.append(np.column_stack([numbers_of(batch.column(name), name, path) for name in numeric])[has_id])
    distinct, first = np.unique(np.concatenate(hashes), return_index=True)
    coded, found = np.concatenate(codes)[first], np.concatenate(numbers)[first]
    return _Read(
        hashes=distinct,
        texts={name: (coded[:, place], tuple(code_of[name])) for place, name in enumerate(worded)},
        numbers={name: found[:, place] for place, name in enumerate(numeric)},
    )


def _coded(column: Column, code_of: dict[str, int]) -> Codes:
    """int32[n]: the place of each text in `code_of`, which learns what it has not met; -1 where there is none."""
    texts = encode_texts(column)
    codes = np.array([code_of.setdefault(name, len(code_of)) for name in texts.distinct], dtype=np.int32)
    return gather(codes, texts.codes, -1)


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
