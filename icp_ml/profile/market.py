"""How many companies of a list match the ICP: what is counted, batch by batch, in one pass.

    rows of the list                    10,000
      met before on the list              -120
      excluded, by the first rule         -400
      outside the market, likewise      -3,000
    companies in the market              6,480    of these: criteria, matches, tiers, known accounts, money

Counts of batches add up to the counts of the list, and nothing else is kept from one batch to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition, bind_condition
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.rules import Rule, bind_rules, first_hit, outside
from icp_ml.deals.texts import Flags
from icp_ml.profile.definition import Definition
from icp_ml.profile.tiering import Policy
from icp_ml.profile.widening import Widening, who_comes_in, widenings

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Places = NDArray[np.int64]

KNOWN_MARKS: Final = 3
"""Nobody known, a customer, an open deal: the codes of `icp_ml.serve.known`."""


@dataclass(frozen=True)
class MarketQuestions:
    """What is asked of every company.

    criteria: of the definition, in its order; empty without one, and then `least` is None and nobody matches.
    tiers: their labels. attributes: those that any of it asks about.
    """

    criteria: tuple[Condition, ...]
    least: int | None
    widened: tuple[Widening, ...]
    exclusions: tuple[Rule, ...]
    boundary: tuple[Rule, ...]
    tiers: tuple[str, ...]
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True)
class MarketRows:
    """n rows of a list.

    parsed: holds the attributes of the questions. repeated: bool[n], met before on the list. tier: place among the
    labels whatever is known of the account, -1 where a row has none. known: codes as in `icp_ml.serve.known`.
    contacted: bool[n]. probability, value: float64[n], of winning and probability x ACV; NaN where there is none.
    """

    parsed: ParsedTable
    repeated: Flags
    tier: Places
    known: Places
    contacted: Flags
    probability: Floats
    value: Floats


@dataclass(frozen=True)
class MarketTally:
    """Counts that add up over batches; all but the first five are of companies in the market.

    rows, repeated, in_market: of length 1. excluded, outside: by the first rule that hits or is not met.
    met, not_known, together: by criterion; together, that it and all before it are met. met_many: by the number of
    criteria that are met, 0 to all. comes_in: by widening. cells: [tier, match, known, contacted], the last tier being
    none. together_chance, comes_in_chance, match_chance: [..., 2], sum of the probabilities and how many there are.
    value: [tier, match], sums of money.
    """

    rows: Counts
    repeated: Counts
    excluded: Counts
    outside: Counts
    in_market: Counts
    met: Counts
    not_known: Counts
    together: Counts
    met_many: Counts
    comes_in: Counts
    cells: Counts
    together_chance: Floats
    comes_in_chance: Floats
    match_chance: Floats
    value: Floats

    def plus(self, other: MarketTally) -> MarketTally:
        """The counts of both sets of rows."""
        return MarketTally(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def ask_market(
    definition: Definition | None,
    attributes: Sequence[Attribute],
    policy: Policy,
    tiers: Sequence[str],
    levels: Mapping[str, Sequence[str]],
) -> MarketQuestions:
    """Bind a definition and the rules to the attributes that are read.

    levels: of a category or set, the values that deals have, the commonest first: what one more level is taken from.
    Raises `ConfigError` where a criterion or rule asks about an attribute that is not read.
    """
    attribute_of = {each.name: each for each in attributes}
    criteria = () if definition is None else definition.criteria
    bound = tuple(bind_condition(each.condition, attribute_of, f"the criterion '{each.name}'") for each in criteria)
    rules = (*policy.exclusions, *policy.boundary)
    asked = {each.attribute.name for each in bound} | {name for rule in rules for name in rule.attributes}
    match = None if definition is None else definition.match
    return MarketQuestions(
        criteria=bound,
        least=None if match is None else match.least,
        widened=() if match is None else widenings(bound, attribute_of, levels),
        exclusions=bind_rules(policy.exclusions, attributes),
        boundary=bind_rules(policy.boundary, attributes),
        tiers=tuple(tiers),
        attributes=tuple(each for each in attributes if each.name in asked),
    )


def count_market(asked: MarketQuestions, rows: MarketRows, as_of: date | None) -> MarketTally:
    """The counts of n rows. as_of: the day to which rules with an end count; raises as `rules.first_hit` does."""
    distinct = ~rows.repeated
    hit = np.where(distinct, first_hit(asked.exclusions, rows.parsed, as_of), -1)
    out = np.where(distinct & (hit < 0), outside(asked.boundary, rows.parsed, as_of), -1)
    inside = distinct & (hit < 0) & (out < 0)
    met, not_known = _answers(asked, rows.parsed)
    together = np.logical_and.accumulate(met, axis=1) & inside[:, None]
    matches = inside & (met.sum(axis=1) >= asked.least) if asked.least is not None else np.zeros_like(inside)
    comes = _comes_in(asked, rows.parsed, met) & inside[:, None]
    return MarketTally(
        rows=_one(len(inside)),
        repeated=_one(rows.repeated.sum()),
        excluded=_by_place(hit, len(asked.exclusions)),
        outside=_by_place(out, len(asked.boundary)),
        in_market=_one(inside.sum()),
        met=met[inside].sum(axis=0),
        not_known=not_known[inside].sum(axis=0),
        together=together.sum(axis=0),
        met_many=_by_place(met[inside].sum(axis=1), len(asked.criteria) + 1),
        comes_in=comes.sum(axis=0),
        cells=_cells(asked, rows, inside, matches),
        together_chance=_chances(together, rows.probability),
        comes_in_chance=_chances(comes, rows.probability),
        match_chance=_chances(matches[:, None], rows.probability),
        value=_values(asked, rows, inside, matches),
    )


def _answers(asked: MarketQuestions, parsed: ParsedTable) -> tuple[Flags, Flags]:
    """bool[n, criteria] twice: which are met, and of which it is not known."""
    shape = (parsed.n_rows, len(asked.criteria))
    met, not_known = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for place, condition in enumerate(asked.criteria):
        met[:, place] = condition.holds(parsed)
        not_known[:, place] = ~met[:, place] & parsed.missing(condition.attribute.name)
    return met, not_known


def _comes_in(asked: MarketQuestions, parsed: ParsedTable, met: Flags) -> Flags:
    if asked.least is None:
        return np.zeros((parsed.n_rows, 0), dtype=bool)
    return who_comes_in(met, asked.least, asked.widened, parsed)


def _cells(asked: MarketQuestions, rows: MarketRows, inside: Flags, matches: Flags) -> Counts:
    shape = (len(asked.tiers) + 1, 2, KNOWN_MARKS, 2)
    tier = np.where(rows.tier < 0, len(asked.tiers), rows.tier)
    places = np.ravel_multi_index(
        (tier, matches.astype(np.int64), rows.known, rows.contacted.astype(np.int64)),
        shape,
    )
    return np.bincount(places[inside], minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)


def _values(asked: MarketQuestions, rows: MarketRows, inside: Flags, matches: Flags) -> Floats:
    counted = inside & ~np.isnan(rows.value)
    tier = np.where(rows.tier < 0, len(asked.tiers), rows.tier)
    sums = np.zeros((len(asked.tiers) + 1, 2))
    np.add.at(sums, (tier[counted], matches[counted].astype(np.int64)), rows.value[counted])
    return sums


def _chances(among: Flags, probability: Floats) -> Floats:
    """(k, 2): sum and number of the probabilities that are known, by column of `among`, bool[n, k]."""
    known = ~np.isnan(probability)
    given = np.where(known, probability, 0.0)
    return np.column_stack([(among * given[:, None]).sum(axis=0), (among & known[:, None]).sum(axis=0)]).astype(float)


def _by_place(places: NDArray[np.integer], length: int) -> Counts:
    return np.bincount(places[places >= 0], minlength=length).astype(np.int64)


def _one(count: int) -> Counts:
    return np.array([count], dtype=np.int64)
