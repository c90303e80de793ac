"""Companies that need no pitch: customers, open deals, and accounts that stand on the list twice.

Companies are told apart by the key of their id (`icp_ml.deals.companies.account_keys`), so that two spellings of one id
meet. Rows are marked and never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from icp_ml.deals.companies import account_keys
from icp_ml.deals.known_settings import KnownSettings
from icp_ml.deals.reading import Place, stream_batches
from icp_ml.deals.texts import Column, Flags, Texts, encode_texts
from icp_ml.deals.words import listed
from icp_ml.errors import InputError

NOT_KNOWN, CUSTOMER, OPEN_DEAL = 0, 1, 2
"""Codes of `KnownAccounts.marks`."""
MARK_TEXTS: Final = ("", "already a customer", "open deal")
"""What each mark is called, by its code."""

_FULL_CHUNK = 1 << 22
"""Hashes in a chunk of `Seen` that is merged no more: 32 MiB. We chose it: large enough that a list of tens of
millions makes a dozen chunks, small enough that a merge needs no memory worth speaking of."""

Hashes: TypeAlias = NDArray[np.uint64]


@dataclass(frozen=True)
class KnownAccounts:
    """The keys of the companies that won deals and open deals name.

    unseen: values that the settings list and that stand in no row, for the caller to tell: one of them may be
    misspelt.
    """

    customers: frozenset[str]
    open_deals: frozenset[str]
    unseen: tuple[str, ...] = ()

    def marks(self, ids: Column) -> NDArray[np.int8]:
        """int8[n]: `CUSTOMER`, `OPEN_DEAL` or `NOT_KNOWN` for each id. A customer with an open deal is a customer.

        ids: any column of texts or whole numbers. Raises `InputError` for a nested column.
        """
        keys = account_keys(ids)
        marks = np.where(_among(keys, self._open_keys), np.int8(OPEN_DEAL), np.int8(NOT_KNOWN))
        return np.where(_among(keys, self._customer_keys), np.int8(CUSTOMER), marks)

    @cached_property
    def _customer_keys(self) -> Column:
        return pa.array(sorted(self.customers), pa.string())

    @cached_property
    def _open_keys(self) -> Column:
        return pa.array(sorted(self.open_deals), pa.string())


@dataclass(frozen=True)
class Seen:
    """The ids met so far on a list, as 64-bit hashes of their keys.

    Memory is 8 bytes an id and under 100 MiB beside it, whatever the list: ten million rows take 80 MB. Two ids
    share a hash by accident in one of 10,000 lists of 60 million rows; then one row is wrongly called a repeat.

    chunks: sorted arrays, disjoint; small ones are merged, so that their number grows with the logarithm of the
    list up to 4 million ids and by one for each 4 million after that.
    """

    chunks: tuple[Hashes, ...] = ()

    def meet(self, ids: Column) -> tuple[Flags, Seen]:
        """bool[n]: the rows whose id stands on an earlier row, of this batch or an earlier one; and what is seen now.

        The first row of an id is no repeat. A blank id is nobody's and never a repeat. Raises `InputError` for a
        nested column.
        """
        keys = account_keys(ids)
        rows = np.flatnonzero(np.asarray(keys.is_valid(), dtype=bool))
        distinct, first = np.unique(key_hashes(keys)[rows], return_index=True)
        new = ~self._holds(distinct)
        repeated = np.zeros(len(keys), dtype=bool)
        repeated[rows] = True
        repeated[rows[first[new]]] = False
        return repeated, Seen(_with_chunk(self.chunks, distinct[new]))

    def _holds(self, hashes: Hashes) -> Flags:
        found = np.zeros(len(hashes), dtype=bool)
        for chunk in self.chunks:
            found |= places_among(chunk, hashes) >= 0
        return found


def read_known(path: Place, settings: KnownSettings) -> KnownAccounts:
    """Read customers and open deals from a file of deals; rows without an account are passed over.

    path: where the rows are (`sources.place_of`). Raises as `stream_batches` does, and `InputError` where no row
    has any of the listed outcomes: then nobody would be recognised.
    """
    outcome = settings.outcome
    meaning = {value.strip().casefold(): CUSTOMER for value in outcome.won}
    meaning |= {value.strip().casefold(): OPEN_DEAL for value in outcome.open}
    keys_of: dict[int, set[str]] = {CUSTOMER: set(), OPEN_DEAL: set()}
    met: set[str] = set()
    others: set[str] = set()
    columns = [settings.account, outcome.column]
    for batch in stream_batches(
        path, delimiter=settings.delimiter, encoding=settings.encoding, sheet=settings.sheet, columns=columns
    ):
        outcomes = encode_texts(batch.column(outcome.column))
        keys = account_keys(batch.column(settings.account))
        for code, text in enumerate(outcomes.distinct):
            means = meaning.get(text.casefold())
            if means is None:
                others.add(text)
                continue
            met.add(text.casefold())
            keys_of[means].update(_keys_with(keys, outcomes, code))
    if not met:
        raise _nothing_known(path, settings, sorted(others))
    unseen = tuple(value for value in (*outcome.won, *outcome.open) if value.strip().casefold() not in met)
    return KnownAccounts(frozenset(keys_of[CUSTOMER]), frozenset(keys_of[OPEN_DEAL]), unseen)


def _keys_with(keys: Column, outcomes: Texts, code: int) -> Iterable[str]:
    found: list[str] = keys.filter(pa.array(outcomes.codes == code)).drop_null().to_pylist()
    return found


def _nothing_known(path: Place, settings: KnownSettings, found: list[str]) -> InputError:
    outcome = settings.outcome
    return InputError(
        f"{path.name}: expected {listed((*outcome.won, *outcome.open))} in the column '{outcome.column}', found "
        f"{listed(found) or 'nothing'} in its rows and none of them; correct the values of won and open"
    )


def key_hashes(keys: Column) -> Hashes:
    """uint64[n]: a hash of each key; what stands for null means nothing."""
    texts = pc.fill_null(keys, "").to_numpy(zero_copy_only=False).astype(object)
    return np.asarray(pd.util.hash_array(texts, categorize=False), dtype=np.uint64)


def id_hashes(ids: Column) -> Hashes:
    """uint64[n]: a hash of the key of each id, 0 for a blank one. Raises `InputError` for a nested column."""
    keys = account_keys(ids)
    hashes = np.maximum(key_hashes(keys), 1)
    return np.where(np.asarray(keys.is_valid(), dtype=bool), hashes, np.uint64(0))


def places_among(ascending: Hashes, wanted: Hashes) -> NDArray[np.int64]:
    """int64[n]: where each wanted hash stands in an ascending array, -1 where it does not."""
    if not len(ascending):
        return np.full(len(wanted), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return np.where(ascending[places] == wanted, places, -1).astype(np.int64)


def _among(keys: Column, wanted: Column) -> Flags:
    return np.asarray(pc.is_in(keys, value_set=wanted, skip_nulls=True), dtype=bool)


def _with_chunk(chunks: tuple[Hashes, ...], added: Hashes) -> tuple[Hashes, ...]:
    """Merge the new chunk with those before it while they are not much larger: each id is merged a few times only."""
    kept = list(chunks)
    while kept and len(kept[-1]) < 2 * len(added) and len(kept[-1]) + len(added) <= _FULL_CHUNK:
        added = np.sort(np.concatenate([kept.pop(), added]), kind="stable")
    return (*kept, added) if len(added) else tuple(kept)
