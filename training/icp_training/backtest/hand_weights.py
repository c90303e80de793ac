"""Hand-weighted scorecards on the same deals: what a company would have used instead.

Where none is named, *equal weights* stand in, which are the advised start. Every layer counts the same and every
attribute of a layer the same; an attribute gives its 100 points on the side that had been won more often by then, 0 on
the other, 50 where it is not known. That is what a careful person writes down who looks at one attribute at a time
(unit weights: Dawes 1979), and it is drawn anew for each quarter from the deals that the model learnt from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.answers import OTHER
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import DealTable
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn
from icp_ml.deals.vocabulary import support_floor
from icp_ml.deals.weighted_settings import WeightedGroupSettings, WeightedRuleSettings, WeightedSettings
from icp_ml.errors import ConfigError, NoSignal
from icp_ml.model.tiers import Cuts
from icp_ml.model.weighted import WeightedScorecard, bind_weighted, score, score_cuts
from icp_training.config import Config, load_weighted

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

OURS: Final = "icp-ml"
"""What the model is called beside the scorecards."""
EQUAL_WEIGHTS: Final = "equal weights"
NOT_KNOWN: Final = 50.0
"""Points where an attribute is not known: it speaks for neither side."""

ScorecardOf = Callable[[DealTable, Rows], tuple[WeightedScorecard, Cuts]]
"""From the deals and those learnt from to a scorecard, and to where its tiers start."""


def scorecards_of(config: Config, against: Sequence[Path]) -> dict[str, ScorecardOf]:
    """The scorecards to be compared with, by name: those of the files, or equal weights where there is none.

    Raises `ConfigError` where a file is none, a rule looks at an attribute that the configuration does not use, or two
    would go by one name.
    """
    if not against:
        return {EQUAL_WEIGHTS: lambda deals, learnt: equal_weights(config, deals, learnt)}
    written = [load_weighted(path) for path in against]
    names = [settings.name for settings in written]
    if len({OURS, *names}) <= len(names):
        raise ConfigError(
            f"--against: expected scorecards with different names, none of them '{OURS}', found {', '.join(names)}; "
            f"give each a name of its own"
        )
    return {settings.name: _written(settings, config.resolved()) for settings in written}


def _written(settings: WeightedSettings, attributes: Sequence[Attribute]) -> ScorecardOf:
    """A scorecard as it stands in a file; its rules read the configuration's attributes of the same names."""
    bound = bind_weighted(settings, attributes), score_cuts(settings.tiers)
    return lambda _deals, _learnt: bound


def score_of(scorecard: WeightedScorecard, parsed: ParsedTable) -> Floats:
    """float64[n], 0 to 100."""
    return score(scorecard.points(parsed))


def equal_weights(config: Config, deals: DealTable, learnt: Rows) -> tuple[WeightedScorecard, Cuts]:
    """Drawn from the deals learnt from. Raises `NoSignal` where no attribute has two sides."""
    parsed, won = deals.parsed.take(learnt), deals.won[learnt]
    rules = {
        layer: WeightedGroupSettings(weight=(1.0, 1.0), rules=tuple(drawn))
        for layer, members in _by_layer(deals.attributes).items()
        if (drawn := [rule for each in members for rule in _rule_of(each, parsed, won)])
    }
    if not rules:
        raise NoSignal("expected an attribute with two sides, found none; name columns that differ between deals")
    settings = WeightedSettings(
        name="equal-weights", kind="weighted-scorecard", attributes=config.attributes, weights=rules
    )
    return bind_weighted(settings, deals.attributes), score_cuts(settings.tiers)


def _by_layer(attributes: Sequence[Attribute]) -> Mapping[str, list[Attribute]]:
    layers: dict[str, list[Attribute]] = {}
    for attribute in attributes:
        layers.setdefault(attribute.layer, []).append(attribute)
    return layers


def _rule_of(attribute: Attribute, parsed: ParsedTable, won: NDArray[np.int8]) -> Iterator[WeightedRuleSettings]:
    """One rule, or none where every deal is on one side."""
    column = parsed.columns[attribute.name]
    if isinstance(column, NumberColumn):
        yield from _rule_of_amounts(attribute, column.values, won)
        return
    liked = _liked_levels(column, won)
    if liked:
        yield WeightedRuleSettings(attribute=attribute.name, exact=liked, missing=NOT_KNOWN)


def _rule_of_amounts(
    attribute: Attribute, values: Floats, won: NDArray[np.int8]
) -> Iterator[WeightedRuleSettings]:  # fmt: skip
    """The upper or the lower half of the known values, whichever was won more often."""
    known = ~np.isnan(values)
    distinct = np.unique(values[known])
    if len(distinct) < 2:
        return
    above = 1.0 - np.searchsorted(np.sort(values[known]), distinct[1:], side="left") / known.sum()
    place = 1 + int(np.argmin(np.abs(above - 0.5)))
    upper = values[known] >= distinct[place]
    upwards = bool(won[known][upper].mean() >= won[known][~upper].mean())
    if attribute.kind == "flag" or attribute.order:
        names = ("no", "yes") if attribute.kind == "flag" else attribute.order
        cut = int(distinct[place])
        texts = names[cut:] if upwards else names[:cut]
        yield WeightedRuleSettings(attribute=attribute.name, exact=texts, missing=NOT_KNOWN)
    else:
        inside = (float(distinct[place]), None) if upwards else (None, float(distinct[place - 1]))
        yield WeightedRuleSettings(attribute=attribute.name, inside=inside, missing=NOT_KNOWN)


def _liked_levels(column: CategoryColumn | SetColumn, won: NDArray[np.int8]) -> tuple[str, ...]:
    """Values that enough deals show and that were won more often than deals are."""
    if isinstance(column, CategoryColumn):
        known = column.codes >= 0
        codes, outcome = column.codes[known], won[known]
    else:
        codes, outcome = column.indices, np.repeat(won, column.sizes())
    support = np.bincount(codes, minlength=len(column.levels))
    wins = np.bincount(codes, weights=outcome, minlength=len(column.levels))
    likes = (support >= support_floor(len(won))) & (wins > won.mean() * support)
    liked = {column.levels[place].strip().casefold(): column.levels[place] for place in np.flatnonzero(likes).tolist()}
    return tuple(level for level in liked.values() if level != OTHER and level.strip())
