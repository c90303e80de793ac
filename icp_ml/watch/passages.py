"""One model over one list: where each account stands, and, for some of them, what each attribute adds.

Accounts are known again by the key of their id. The first row of an id stands for it. Customers and open deals keep the
tier that their attributes give them: who is known changes every day and is no change of the ICP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.companies import account_keys
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.deals.texts import Flags
from icp_ml.errors import ConfigError
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.known import Hashes, key_hashes, places_among
from icp_ml.serve.list_scorer import BASE
from icp_ml.serve.scoring import Scorer

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Passage:
    """One model over one list. batches: gives the rows from the first on, each time that it is called."""

    scorer: Scorer
    batches: Callable[[], Iterable[NamedBatch]]
    as_of: date


@dataclass(frozen=True)
class Passed:
    """The accounts of a list in the order of their hashes. log_odds: NaN where there is no score. barred: by a rule."""

    hashes: Hashes
    log_odds: Floats
    barred: Flags

    def at(self, hashes: Hashes) -> Passed:
        """The same for these accounts, all of which are there."""
        places = places_among(self.hashes, hashes)
        return Passed(hashes, self.log_odds[places], self.barred[places])


@dataclass(frozen=True)
class Explained:
    """Some accounts: what each attribute adds, (n, attributes), in log-odds, and status and id of each."""

    attributes: tuple[str, ...]
    effects: Floats
    statuses: tuple[str, ...]
    ids: tuple[str, ...]

    def aligned(self, attributes: Sequence[str]) -> Floats:
        """(n, these attributes): 0 where the model does not use one."""
        effects = np.zeros((len(self.effects), len(attributes)))
        for place, name in enumerate(self.attributes):
            effects[:, attributes.index(name)] = self.effects[:, place]
        return effects


def pass_over(passage: Passage) -> Passed:
    """Score the whole list. Held are 17 bytes a row.

    Raises `ConfigError` for a list without ids, and as `Scorer.score_stream` does.
    """
    hashes, log_odds, barred = [], [], []
    unmarked = replace(passage.scorer, known=None)
    for scored in unmarked.score_stream(passage.batches(), as_of=passage.as_of, reasons=0):
        if scored.source.id is None:
            raise ConfigError("accounts are known again by their id, and the list has no id column; name one with --id")
        keys = account_keys(scored.records.column(0))
        kept = np.asarray(keys.is_valid(), dtype=bool) & ~scored.repeated
        hashes.append(key_hashes(keys)[kept])
        log_odds.append(_figures(scored.records.column("log_odds"))[kept])
        barred.append(np.asarray(scored.records.column("tier").is_null(), dtype=bool)[kept])
    if not hashes:
        return Passed(np.empty(0, dtype=np.uint64), np.empty(0), np.empty(0, dtype=bool))
    distinct, first = np.unique(np.concatenate(hashes), return_index=True)
    return Passed(distinct, np.concatenate(log_odds)[first], np.concatenate(barred)[first])


def explained(passage: Passage, hashes: Hashes) -> Explained:
    """The rows of these accounts, once more. hashes: ascending, all of them on the list."""
    bundle = replace(passage.scorer.bundle, prospects=ProspectsSettings())  # columns have their names already
    scorer = replace(passage.scorer, known=None, bundle=bundle)
    names: tuple[str, ...] = ()
    effects: Floats = np.zeros((len(hashes), 0))
    statuses, ids, met = [""] * len(hashes), [""] * len(hashes), np.zeros(len(hashes), dtype=bool)
    for batch in passage.batches():
        keys = account_keys(batch.records.column(batch.id))
        places = np.where(np.asarray(keys.is_valid(), dtype=bool), places_among(hashes, key_hashes(keys)), -1)
        rows = _first_rows(places, met)
        if not len(rows):
            continue
        taken = replace(batch, records=batch.records.take(pa.array(rows)))
        frame = scorer.contributions(taken.records, passage.as_of, by="attribute").drop(columns=BASE)
        if not names:
            names, effects = tuple(frame.columns), np.zeros((len(hashes), frame.shape[1]))
        here = places[rows]
        effects[here] = np.nan_to_num(frame.to_numpy(dtype=np.float64))
        met[here] = True
        scored = next(iter(scorer.score_stream([taken], as_of=passage.as_of, reasons=0)))
        said = zip(here.tolist(), scored.records.column(0).to_pylist(), scored.records.column("status"), strict=True)
        for place, name, status in said:
            ids[place], statuses[place] = str(name), status.as_py()
    return Explained(names, effects, tuple(statuses), tuple(ids))


def _first_rows(places: NDArray[np.int64], met: Flags) -> NDArray[np.int64]:
    """The first row of each wanted account that no earlier batch had."""
    wanted = np.flatnonzero(places >= 0)
    _, first = np.unique(places[wanted], return_index=True)
    rows = np.sort(wanted[first])
    return rows[~met[places[rows]]]


def _figures(column: pa.Array) -> Floats:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
