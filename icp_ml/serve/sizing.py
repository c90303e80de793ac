"""A list through a model for its size: what every batch adds to the counts of the market.

Customers and open deals keep the tier that their attributes give them, so that it can be said how many of a tier they
are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.texts import encode_texts
from icp_ml.profile.definition import Definition
from icp_ml.profile.market import MarketQuestions, MarketRows, MarketTally, ask_market, count_market
from icp_ml.profile.widening import common_levels as levels_of_deals
from icp_ml.serve.bundle import Bundle
from icp_ml.serve.contacted import ContactedAccounts
from icp_ml.serve.incoming import NamedBatch, Tabular
from icp_ml.serve.known import KnownAccounts
from icp_ml.serve.list_scorer import ScoredBatch
from icp_ml.serve.loading import AnyScorer
from icp_ml.serve.outgoing import PROBABILITY
from icp_ml.serve.potential_columns import VALUE


@dataclass(frozen=True)
class Names:
    """Who is known on a list. None: nobody said."""

    known: KnownAccounts | None = None
    contacted: ContactedAccounts | None = None


def questions_of(scorer: AnyScorer, definition: Definition | None) -> MarketQuestions:
    """What is asked of a list by a model. Raises `ConfigError` where a criterion asks what is not read from a list."""
    bundle = scorer.bundle
    levels = common_levels(bundle) if isinstance(bundle, Bundle) else {}
    return ask_market(definition, scorer.read_attributes, bundle.policy, scorer.tier_book.cuts.labels, levels)


def count_batches(
    scorer: AnyScorer, asked: MarketQuestions, batches: Iterable[NamedBatch], names: Names, as_of: date
) -> Iterator[MarketTally]:
    """The counts of each batch. Raises as `ListScorer.score_stream` does."""
    unmarked = replace(scorer, known=None)
    for scored in unmarked.score_stream(batches, as_of=as_of, reasons=0):
        yield count_market(asked, _rows(scored, asked, names, as_of), as_of)


def common_levels(bundle: Bundle) -> Mapping[str, tuple[str, ...]]:
    """By category and set, the values that the training deals had, as `widening.common_levels` has them."""
    return levels_of_deals(bundle.model.vocabulary.columns, bundle.reference)


def _rows(scored: ScoredBatch, asked: MarketQuestions, names: Names, as_of: date) -> MarketRows:
    batch, count = scored.source, scored.records.num_rows
    day = np.array(as_of, dtype="datetime64[D]")
    ids = None if batch.id is None else batch.records.column(batch.id)
    nobody = np.zeros(count, dtype=np.int64)
    known = nobody if names.known is None or ids is None else names.known.marks(ids).astype(np.int64)
    contacted = names.contacted
    return MarketRows(
        parsed=parse_attributes(batch.records, asked.attributes, day, batch.absent),
        repeated=scored.repeated,
        tier=_tier_places(scored.records, asked),
        known=known,
        contacted=nobody > 0 if contacted is None or ids is None else contacted.among(ids),
        probability=_figures(scored.records, PROBABILITY),
        value=_figures(scored.records, VALUE),
    )


def _tier_places(records: Tabular, asked: MarketQuestions) -> NDArray[np.int64]:
    texts = encode_texts(records.column("tier"))
    places = np.array([*(asked.tiers.index(label) for label in texts.distinct), -1], dtype=np.int64)
    return places[texts.codes]


def _figures(records: Tabular, name: str) -> NDArray[np.float64]:
    """float64[n]: a column of figures, NaN where a row has none or the model gives none."""
    if name not in records.schema.names:
        return np.full(records.num_rows, np.nan)
    return np.asarray(records.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)


def money_unit(scorer: AnyScorer) -> str | None:
    """What the expected value of a list is counted in; None where the model gives none."""
    bundle = scorer.bundle
    if not isinstance(bundle, Bundle) or bundle.potential is None or bundle.potential.acv is None:
        return None
    record = bundle.potential.record.acv
    return None if record is None else record.unit
