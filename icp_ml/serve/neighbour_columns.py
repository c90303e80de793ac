"""The columns that name a prospect's nearest accounts in a scored list: for rows of the first tier, null elsewhere.

nearest_won_1, nearest_won_2, nearest_won_3      won accounts, the nearest one first
nearest_lost_1, ...                              lost ones
resembles_nothing                                whether no account at all is near
resembles_nothing_because                        what is behind that, where it is so
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.kinds import parse_attributes
from icp_ml.errors import ConfigError
from icp_ml.profile.likeness import Likeness, NearestRows, NeighbourBook
from icp_ml.profile.neighbours import NOBODY, SHOWN, Neighbours, Placed, place
from icp_ml.serve.file_names import NEIGHBOURS
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.outgoing import LABEL_TYPE
from icp_ml.serve.scoring import Scorer
from icp_ml.serve.tier_book import coded

Arrow: TypeAlias = Any
Rows = NDArray[np.intp]

NOTHING: Final = "resembles_nothing"
BECAUSE: Final = "resembles_nothing_because"
NEAREST: Final = tuple(f"nearest_{outcome}_{rank}" for outcome in ("won", "lost") for rank in range(1, SHOWN + 1))
NEIGHBOUR_FIELDS: Final = (
    *(pa.field(name, LABEL_TYPE) for name in NEAREST),
    pa.field(NOTHING, pa.bool_()),
    pa.field(BECAUSE, pa.string()),
)


@dataclass(frozen=True)
class Comparer:
    """A model and the accounts that its prospects are compared with."""

    scorer: Scorer
    neighbours: Neighbours

    def likeness(self, batch: NamedBatch, as_of: date | None) -> Likeness:
        """Of the first row of a batch, in full."""
        return self._book.compare(self._placed(batch, np.array([0]), as_of))

    def with_columns(self, records: Arrow, source: NamedBatch, as_of: date | None) -> Arrow:
        """Scored rows with `NEIGHBOUR_FIELDS` added. source: the same rows as they were read.

        Raises `ConfigError` where the id column has the name of one of the new ones.
        """
        clash = {field.name for field in NEIGHBOUR_FIELDS} & {records.schema.names[0]}
        if clash:
            raise ConfigError(
                f"the id column is called '{clash.pop()}', and so is a column of the output; rename it in the list or "
                "name another id column"
            )
        rows = self._in_first_tier(records)
        found = self._book.compare_all(self._placed(source, rows, as_of))
        arrays = [*records.columns, *self._columns(found, rows, records.num_rows)]
        schema = pa.schema([*records.schema, *NEIGHBOUR_FIELDS], metadata=records.schema.metadata)
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    @cached_property
    def _book(self) -> NeighbourBook:
        return NeighbourBook(self.scorer.bundle.model, self.scorer.attributes, self.neighbours)

    def _in_first_tier(self, records: Arrow) -> Rows:
        """Rows of the best tier that the model has, whatever other tier it is merged with."""
        tiers = records.column("tier")
        first = tiers.dictionary.to_pylist().index(self.scorer.tier_book.cuts.labels[0])
        codes = tiers.indices.fill_null(NOBODY).to_numpy(zero_copy_only=False)
        return np.flatnonzero(codes == first)

    def _placed(self, batch: NamedBatch, rows: Rows, as_of: date | None) -> Placed:
        day = None if as_of is None else np.array(as_of, dtype="datetime64[D]")
        chosen = batch.records.take(pa.array(rows))
        return place(self.scorer.bundle.model, parse_attributes(chosen, self.scorer.attributes, day, batch.absent))

    def _columns(self, found: NearestRows, rows: Rows, length: int) -> list[Arrow]:
        places = np.hstack([found.won.places, found.lost.places])
        nothing = np.zeros(length, dtype=bool)
        nothing[rows] = found.nothing
        because = np.full(length, None, dtype=object)
        because[rows[found.nothing]] = list(found.because)
        return [
            *(self._named(places[:, column], rows, length) for column in range(places.shape[1])),
            pa.array(nothing, mask=~np.isin(np.arange(length), rows)),
            pa.array(because, pa.string()),
        ]

    def _named(self, places: Rows, rows: Rows, length: int) -> Arrow:
        """A column of account names. Its dictionary holds those that are named and no others."""
        named = np.unique(places[places != NOBODY])
        codes = np.full(length, NOBODY, dtype=np.int32)
        codes[rows] = np.where(places == NOBODY, NOBODY, np.searchsorted(named, places))
        return coded(codes, [self.neighbours.accounts[place] for place in named.tolist()])


def comparer(scorer: object, why: str) -> Comparer:
    """What compares the prospects of a model with its accounts. why: what asks for it, such as "--neighbours".

    Raises `ConfigError` where the model is of another kind, or its bundle names no account.
    """
    if not isinstance(scorer, Scorer):
        raise ConfigError(
            f"{why} needs accounts that were won and lost, and this kind of model did not learn from any; leave it out"
        )
    found = neighbours_of(scorer)
    if found is None:
        raise ConfigError(
            f"{why} was asked for, and the bundle holds no {NEIGHBOURS}, because it was made before there was one or "
            "without them; train anew with `neighbours: yes` in the configuration"
        )
    return Comparer(scorer, found)


def neighbours_of(scorer: Scorer) -> Neighbours | None:
    """The accounts of a model's bundle, None where it names none."""
    return scorer.bundle.neighbours
