"""Night to night: the list as it was scored before, and what each row did since.

    id   before          now             tier_before   score_change   change_cause
    a    2, 55 points    1, 75 points    2              20.0          engagement, which rose the most
    b    1, 72 points    1, 71 points    1              -1.0          firmographic, which fell the most
    c    2, 51 points    a customer      2              0.3           the status, which gives and takes tiers
    d    not on it       3, 40 points                                 new in the list

Rows are joined by the key of their id (`companies.account_keys`). The first row of an id stands for it: a later one,
and a row without an id, is not compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from icp_ml.deals.companies import account_keys
from icp_ml.deals.reading import column_names, is_parquet, parquet_files, stream_batches
from icp_ml.deals.settings import AXIS_OF_LAYER
from icp_ml.deals.texts import Column, Flags, Floats, Texts, as_array, encode_texts, gather
from icp_ml.errors import ConfigError, InputError
from icp_ml.serve.known import Hashes, key_hashes, places_among

CONTENT_HASH: Final = b"icp.content_hash"
"""Key of a Parquet output's metadata: which model scored it."""
CHANGED_ONLY: Final = b"icp.changed_only"
"""Key of a Parquet output's metadata, present where the output holds only the rows that changed."""

TIER, SCORE, SUB_SCORE = "tier", "score", "score_"
DELIMITER, ENCODING = ",", "utf-8"
"""How `icp score` writes a CSV file."""

NEW_IN_THE_LIST: Final = "new in the list"
THE_MODEL: Final = "the model"
THE_STATUS: Final = "the status"

SAME = 1e-9
"""Points of the score (0 to 100) within which nothing changed: the precision to which sub-scores add up."""

_TEXT_CODES: Final = pa.dictionary(pa.int32(), pa.string())
CHANGE_FIELDS: Final = (
    pa.field("tier_before", _TEXT_CODES),
    pa.field("score_change", pa.float64()),
    pa.field("change_cause", _TEXT_CODES),
)
"""The columns that `Changes.columns` gives, in their order."""

V = TypeVar("V", bound=np.generic)
Codes = NDArray[np.int32]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class CurrentRows:
    """n rows as they are scored now.

    ids: any column of texts or whole numbers. tiers: texts, null where a row has none. scores: float64[n] in
    [0, 100], NaN where a row has none. sub_scores: float64[n] by layer, in points of the score. repeated: bool[n],
    the rows whose id stands on an earlier row of the list (`known.Seen`).
    """

    ids: Column
    tiers: Column
    scores: Floats
    sub_scores: Mapping[str, Floats]
    repeated: Flags


@dataclass(frozen=True)
class Moves:
    """Rows of a list, so far, by tier. They add up over batches.

    found: rows that the earlier list has too, by their tier then. entered: rows that are in the tier now and were
    not. departed: found rows that were in the tier and are no longer. matched, new: rows found, and rows not
    found, with or without a tier.
    """

    found: Counter[str] = field(default_factory=Counter)
    entered: Counter[str] = field(default_factory=Counter)
    departed: Counter[str] = field(default_factory=Counter)
    matched: int = 0
    new: int = 0

    def plus(self, other: Moves) -> Moves:
        """The moves of both sets of rows."""
        return Moves(
            self.found + other.found,
            self.entered + other.entered,
            self.departed + other.departed,
            self.matched + other.matched,
            self.new + other.new,
        )


@dataclass(frozen=True)
class Movement:
    """What moved between two whole lists. entered, left: rows by tier, tiers without any left out.

    new: rows that the earlier list lacks. gone: rows of the earlier list that this one lacks; they left their tier.
    """

    entered: Mapping[str, int]
    left: Mapping[str, int]
    new: int
    gone: int


@dataclass(frozen=True)
class Changes:
    """What n rows did since the earlier list.

    tier_before: int32[n] into `tiers`, -1 where there was none. score_change: float64[n], points now less points
    then, NaN where either is lacking. cause: int32[n] into `causes`, -1 where nothing changed and where a row is not
    compared.
    """

    tiers: tuple[str, ...]
    causes: tuple[str, ...]
    tier_before: Codes
    score_change: Floats
    cause: Codes
    is_new: Flags
    tier_differs: Flags
    moves: Moves

    def changed(self) -> Flags:
        """bool[n]: rows that are new in the list or whose tier is another one, to have none being one too."""
        return self.is_new | self.tier_differs

    def columns(self) -> tuple[Column, ...]:
        """The output columns of `CHANGE_FIELDS`."""
        return (
            _labelled(self.tier_before, self.tiers),
            pa.array(self.score_change, mask=np.isnan(self.score_change)),
            _labelled(self.cause, self.causes),
        )


@dataclass(frozen=True)
class PreviousList:
    """An earlier output of `icp score`, m rows, one for each id, in the order of their hashes.

    hashes: uint64[m], ascending. tier: int32[m] into `tiers`, -1 where a row had none. scores: float64[m], NaN
    where there was none. sub_scores: float64[m, k], one column for each of `layers`. content_hash: of the model
    that scored it; None where the file does not say, as CSV does not.
    """

    hashes: Hashes
    tier: Codes
    tiers: tuple[str, ...]
    scores: Floats
    sub_scores: Floats
    layers: tuple[str, ...]
    content_hash: str | None

    def compare(self, rows: CurrentRows, content_hash: str) -> Changes:
        """What the rows did since. content_hash: of the model that scores them now.

        The cause of a change is, in this order: that the row is new; its status, where it had a tier and has none or
        the other way round; the model, where its content hash or its layers are others; the layer whose sub-score
        moved most in the direction of the score. A file that does not say its model is taken to be of the same one.
        """
        keys = account_keys(rows.ids)
        compared = np.asarray(keys.is_valid(), dtype=bool) & ~rows.repeated
        places = np.where(compared, places_among(self.hashes, key_hashes(keys)), -1)
        found, is_new = places >= 0, compared & (places < 0)
        before, now = _then(self.tier, places, -1), self._tiers_now(rows.tiers)
        tier_differs = found & (before != now.codes)
        score_change = rows.scores - _then(self.scores, places, np.nan)
        causes = (*self.layers, THE_MODEL, THE_STATUS, NEW_IN_THE_LIST)
        if self._is_of_another_model(rows, content_hash):
            cause = np.where((np.abs(score_change) > SAME) | tier_differs, causes.index(THE_MODEL), -1)
        else:
            cause = self._layer_that_moved(rows, places, score_change)
        cause = np.where(found & ((before < 0) != (now.codes < 0)), causes.index(THE_STATUS), cause)
        return Changes(
            tiers=self.tiers,
            causes=causes,
            tier_before=before,
            score_change=score_change,
            cause=np.where(is_new, causes.index(NEW_IN_THE_LIST), cause).astype(np.int32),
            is_new=is_new,
            tier_differs=tier_differs,
            moves=_moves(now, before, found, is_new),
        )

    def movement(self, moves: Moves) -> Movement:
        """What moved, from the moves of a whole list: rows of this list that were not met again are gone."""
        were_in = _counted(self.tier, self.tiers)
        return Movement(
            entered=dict(moves.entered),
            left=dict(moves.departed + (were_in - moves.found)),
            new=moves.new,
            gone=len(self.hashes) - moves.matched,
        )

    def _is_of_another_model(self, rows: CurrentRows, content_hash: str) -> bool:
        same_hash = self.content_hash is None or self.content_hash == content_hash
        return not same_hash or set(self.layers) != set(rows.sub_scores)

    def _layer_that_moved(self, rows: CurrentRows, places: Places, score_change: Floats) -> Codes:
        """int32[n]: the layer that moved most in the direction of the score, -1 where the score did not move."""
        if not self.layers:
            return np.full(len(places), -1, dtype=np.int32)
        now = np.column_stack([rows.sub_scores[layer] for layer in self.layers])
        direction = np.where(np.abs(score_change) > SAME, np.sign(score_change), 0.0)
        moved = now - _then(self.sub_scores, places, np.nan)
        pull = np.nan_to_num(moved * direction[:, None])  # a row that was not found, or has no score, pulls nowhere
        strongest = np.argmax(pull, axis=1)
        return np.where(np.max(pull, axis=1) > 0, strongest, -1).astype(np.int32)

    def _tiers_now(self, tiers: Column) -> Texts:
        """The tiers of rows, with the codes that they had in the earlier list and further ones for others."""
        texts = encode_texts(tiers)
        names = list(dict.fromkeys((*self.tiers, *texts.distinct)))
        code_of = {name: code for code, name in enumerate(names)}
        codes = np.array([code_of[name] for name in texts.distinct], dtype=np.int32)
        return Texts(gather(codes, texts.codes, -1), names)


def read_previous(path: Path, id_name: str | None) -> PreviousList:
    """Read an earlier output of `icp score`, Parquet or CSV, with its columns `id_name`, tier, score, score_<layer>.

    id_name: what the output calls its id column, None where the rows of the list go by their number. Where an id
    stands on several rows the first counts. Raises `ConfigError` for a list without ids, since row numbers of two
    lists mean different rows; `InputError` where the file cannot be read, lacks a column, holds no number where one
    should stand, or holds only the rows that changed.
    """
    if id_name is None:
        raise ConfigError(
            "rows are compared with an earlier output by their id, and the list has no id column; name one with --id"
        )
    names = column_names(path, delimiter=DELIMITER, encoding=ENCODING)
    metadata = metadata_of(path)
    if CHANGED_ONLY in metadata:
        raise InputError(
            f"{path.name}: expected every row of the earlier list, found only those that had changed; compare with "
            "an output that was written without --changed-only"
        )
    layers = tuple(layer for layer in AXIS_OF_LAYER if SUB_SCORE + layer in names)
    columns = [id_name, TIER, SCORE, *(SUB_SCORE + layer for layer in layers)]
    content_hash = metadata[CONTENT_HASH].decode("utf-8", "replace") if CONTENT_HASH in metadata else None
    return _first_of_each_id(_gathered(path, columns), layers, content_hash)


@dataclass(frozen=True)
class _Rows:
    """The rows that have an id, as they stand in the file. numbers: score, then a column for each layer."""

    hashes: Hashes
    tier: Codes
    tiers: tuple[str, ...]
    numbers: Floats


def _gathered(path: Path, columns: Sequence[str]) -> _Rows:
    code_of: dict[str, int] = {}
    hashes, tiers, numbers = [], [], []
    for batch in stream_batches(path, delimiter=DELIMITER, encoding=ENCODING, columns=columns):
        keys = account_keys(batch.column(columns[0]))
        has_id = np.asarray(keys.is_valid(), dtype=bool)
        texts = encode_texts(batch.column(TIER))
        codes = [code_of.setdefault(name, len(code_of)) for name in texts.distinct]
        hashes.append(key_hashes(keys)[has_id])
        tiers.append(gather(np.array(codes, dtype=np.int32), texts.codes, -1)[has_id])
        found = [numbers_of(batch.column(name), name, path) for name in columns[2:]]
        numbers.append(np.column_stack(found)[has_id])
    return _Rows(np.concatenate(hashes), np.concatenate(tiers), tuple(code_of), np.concatenate(numbers))


def _first_of_each_id(rows: _Rows, layers: tuple[str, ...], content_hash: str | None) -> PreviousList:
    hashes, first = np.unique(rows.hashes, return_index=True)
    numbers = rows.numbers[first]
    return PreviousList(
        hashes=hashes,
        tier=rows.tier[first],
        tiers=rows.tiers,
        scores=numbers[:, 0],
        sub_scores=numbers[:, 1:],
        layers=layers,
        content_hash=content_hash,
    )


def metadata_of(path: Path) -> Mapping[bytes, bytes]:
    """What an output says of itself; nothing where it is CSV."""
    files = parquet_files(path) if is_parquet(path) else []
    found: Mapping[bytes, bytes] | None = pq.read_schema(files[0]).metadata if files else None
    return found or {}


def numbers_of(column: Column, name: str, path: Path) -> Floats:
    """float64[n], NaN where there is none. Raises `InputError` where a value is no number."""
    try:
        numbers = as_array(column).cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path.name}: expected numbers in the column '{name}', found another value ({reason}); name a file that "
            "icp score wrote"
        ) from None
    return np.asarray(pc.fill_null(numbers, np.nan), dtype=np.float64)


def _then(values: NDArray[V], places: Places, otherwise: float) -> NDArray[V]:
    """What stood at each place, `otherwise` where the place is -1; the earlier list is not copied for it."""
    found = np.full((len(places), *values.shape[1:]), otherwise, dtype=values.dtype)
    found[places >= 0] = values[places[places >= 0]]
    return found


def _moves(now: Texts, before: Codes, found: Flags, is_new: Flags) -> Moves:
    differs = before != now.codes
    return Moves(
        found=_counted(before[found], now.distinct),
        entered=_counted(now.codes[is_new | (found & differs)], now.distinct),
        departed=_counted(before[found & differs], now.distinct),
        matched=int(found.sum()),
        new=int(is_new.sum()),
    )


def _counted(codes: Codes, names: Sequence[str]) -> Counter[str]:
    """Rows by name; code -1 and names without a row are left out."""
    rows_of = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    return Counter({name: rows for name, rows in zip(names, rows_of, strict=True) if rows})


def _labelled(codes: Codes, labels: Sequence[str]) -> Column:
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(labels, pa.string()))
