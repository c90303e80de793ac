"""The hand-weighted scorecard: what a company uses while its deals are too few to learn from.

    score = sum over factors of weight x points / 100        0 to 100

Weights add up to 100 and every rule gives 0 to 100 points. The score says how well a row meets what people wrote
down; nothing was learned, so it is no probability and no statement about winning.

Reasons need a zero. A factor's contribution is what it adds to the score less what it usually adds: its weight
times the mean of the different points that its rule can give where the attribute is known. With `base`, the score
of a row for which every factor gives its usual points, base + contributions = score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, ValidationError

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.settings import ColumnName, Layer, Settings
from icp_ml.deals.vocabulary import Json, ModelColumn
from icp_ml.deals.weighted_settings import TOTAL, WeightedRuleSettings, WeightedSettings
from icp_ml.errors import ConfigError
from icp_ml.model.tiers import Cuts, tier_labels
from icp_ml.model.weighted_binding import bind_rule
from icp_ml.model.weighted_rules import WeightedFactor

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

EXACT: Final = 1e-9
"""To this points, contributions and scores add up."""
DIGITS: Final = 9
"""Decimals of a score: 35 + 35 has to reach a cut of 70, whatever binary fractions lie on the way."""


class WeightedGroup(Settings):
    """Rules that share a weight; weight: of 100, scaled. layer: as `WeightedGroupSettings` has it."""

    name: ColumnName
    weight: Annotated[FiniteFloat, Field(gt=0, le=TOTAL + EXACT)]
    layer: Layer | None = None
    rules: Annotated[tuple[WeightedRuleSettings, ...], Field(min_length=1)]


class _Document(Settings):
    groups: Annotated[tuple[WeightedGroup, ...], Field(min_length=1)]


@dataclass(frozen=True)
class WeightedScorecard:
    """groups: what was written, with weights that add up to 100. factors: its rules in that order, bound."""

    groups: tuple[WeightedGroup, ...]
    factors: tuple[WeightedFactor, ...]

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that some rule looks at, each once, in the order of the rules."""
        return tuple(dict.fromkeys(each for factor in self.factors for each in factor.attributes))

    @property
    def columns(self) -> tuple[ModelColumn, ...]:
        """One for each factor, for `lineage.roll_up`; a category whose levels are the outcomes in words."""
        return tuple(factor.column for factor in self.factors)

    @property
    def neutral(self) -> Floats:
        """float64[factors]: what each factor usually adds to the score."""
        return np.array([factor.neutral for factor in self.factors], dtype=np.float64)

    @property
    def base(self) -> float:
        """The score of a row for which every factor gives its usual points, 0 to 100."""
        return float(self.neutral.sum())

    def codes(self, parsed: ParsedTable) -> Codes:
        """intp[n, factors]: the outcome of each rule, into `levels` of its column. 0 is not known."""
        codes = np.empty((parsed.n_rows, len(self.factors)), dtype=np.intp)
        for place, factor in enumerate(self.factors):
            codes[:, place] = factor.codes(parsed)
        return codes

    def points(self, parsed: ParsedTable) -> Floats:
        """float64[n, factors]: what each factor adds to the score; rows sum to `score` to 1e-9.

        parsed: at least the columns of `attributes`.
        """
        codes = self.codes(parsed)
        points = np.empty(codes.shape)
        for place, factor in enumerate(self.factors):
            points[:, place] = factor.points[codes[:, place]]
        return points

    def contributions(self, points: Floats) -> Floats:
        """float64[n, factors]: points less the usual ones; `base` + row sums = score to 1e-9."""
        return points - self.neutral

    def to_json(self) -> dict[str, Json]:
        """Plain JSON types, for a bundle: the groups in their order, without what is a default."""
        document = _Document(groups=self.groups)
        return dict(document.model_dump(mode="json", exclude_defaults=True))

    @staticmethod
    def from_json(value: object, attributes: Sequence[Attribute]) -> WeightedScorecard:
        """The scorecard of a document, bound to `attributes`, the declared ones.

        Raises `ValueError` in one sentence where the document is not as `to_json` writes it, weights do not add up
        to 100, or a rule does not fit its attribute.
        """
        try:
            groups = _Document.model_validate(value).groups
        except ValidationError as error:
            raise ValueError(_first_mistake(error)) from None
        total = sum(group.weight for group in groups)
        if abs(total - TOTAL) > EXACT:
            raise ValueError(f"expected weights that add up to 100, found {total:.10g}")
        try:
            return _bound(groups, attributes)
        except ConfigError as error:
            raise ValueError(error.sentence) from None


def bind_weighted(settings: WeightedSettings, attributes: Sequence[Attribute]) -> WeightedScorecard:
    """The scorecard of a configuration.

    attributes: those in use (`settings.resolved()`). Weights are scaled to add up to 100; `settings.weight_notes()`
    says so. Raises `ConfigError` where a rule does not fit its attribute or two rules have one name.
    """
    weights = settings.scaled_weights()
    groups = [
        WeightedGroup(name=name, weight=weights[name], layer=group.layer, rules=group.rules)
        for name, group in settings.weights.items()
    ]
    return _bound(groups, attributes)


def score(points: Floats) -> Floats:
    """float64[n], 0 to 100: the sum of each row's points, rounded to 9 decimals."""
    return np.asarray(np.clip(np.round(points.sum(axis=1), DIGITS), 0.0, TOTAL), dtype=np.float64)


def score_cuts(tiers: TiersSettings) -> Cuts:
    """Tiers by the score itself: cuts whose scale is 0 to 100, to be asked with scores instead of log-odds."""
    return Cuts(tiers.scores, tiers.scores, tier_labels(len(tiers.scores)), 0.0, TOTAL)


def _bound(groups: Sequence[WeightedGroup], attributes: Sequence[Attribute]) -> WeightedScorecard:
    known = {attribute.name: attribute for attribute in attributes}
    factors = tuple(
        bind_rule(rule, group.name, group.layer, group.weight * rule.share / _shares(group), known)
        for group in groups
        for rule in group.rules
    )
    _check_names(groups, factors)
    return WeightedScorecard(tuple(groups), factors)


def _shares(group: WeightedGroup) -> float:
    return sum(rule.share for rule in group.rules)


def _check_names(groups: Sequence[WeightedGroup], factors: Sequence[WeightedFactor]) -> None:
    for kind, names in (
        ("group", [group.name for group in groups]),
        ("rule", [factor.name for factor in factors]),
    ):
        name, times = Counter(names).most_common(1)[0]
        if times > 1:
            raise ConfigError(
                f"weights: expected each {kind} to have a name of its own, found '{name}' {times} times; say 'name'"
            )


def _first_mistake(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "its top level"
    found = first["msg"].removeprefix("Value error, ")
    return f"expected a scorecard as it is written by this version, found another at {place}: {found}"
