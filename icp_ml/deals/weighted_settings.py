"""What a person writes for a hand-weighted scorecard: groups with weights, and in each group rules that give points.

    name: start
    kind: weighted-scorecard
    attributes:
      firmographic: {industry: category, employees: number}
      behavioural: {hiring: flag, funding round: flag, new executive: flag}
    weights:
      industry: {weight: 25, rules: [{attribute: industry, exact: [Software], adjacent: [IT Services]}]}
      size: {weight: 15-25, rules: [{attribute: employees, inside: [51, 500], otherwise: 30}]}
      buying signals:
        {weight: 30, rules: [{count_of: [hiring, funding round, new executive], at_least: {3: 100, 1: 50}}]}
    tiers: {1: 70, 2: 50, 3: 30}

A range counts by its middle, and the weights are then scaled so that they add up to 100: 25, 20 and 30 become
33.3, 26.7 and 40. Rules are declared here and bound to attributes in `icp_ml.model.weighted_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, FiniteFloat, model_validator

from icp_ml.deals.attributes import Attribute, resolve_attributes
from icp_ml.deals.policy import ActionsSettings, TiersSettings
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.settings import AttributesSettings, ColumnName, Layer, ProspectsSettings, Settings, Word, Words
from icp_ml.errors import ConfigError

Form = Literal["exact", "inside", "levels", "at_least"]
Named = Literal["exact", "adjacent", "inside"]

KIND: Final = "weighted-scorecard"
TOTAL: Final = 100.0
"""What weights add up to, and the most points that a rule can give."""

USUAL_POINTS: Final[Mapping[Named, float]] = MappingProxyType({"exact": 100.0, "adjacent": 50.0, "inside": 100.0})
"""The factor rules in common use; a rule's `points` take their place."""

_ROUNDING: Final = 1e-9
_RANGE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*")

Points = Annotated[FiniteFloat, Field(ge=0, le=TOTAL)]


def _ends(value: object) -> tuple[object, object]:
    if isinstance(value, str) and (found := _RANGE.fullmatch(value)):
        return float(found[1]), float(found[2])
    if isinstance(value, list | tuple) and len(value) == 2:
        return value[0], value[1]
    return value, value


def _as_number(value: object) -> float:
    """NaN where no number was written, infinity for one that no float holds; neither is in a range."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _as_range(value: object) -> tuple[float, float]:
    low, high = (_as_number(end) for end in _ends(value))
    if not 0 < low <= high < float("inf"):
        raise ValueError(f"expected a number above 0 such as 25, or a range such as 30-40, found '{value}'")
    return low, high


Weight = Annotated[tuple[float, float], BeforeValidator(_as_range)]


class WeightedRuleSettings(Settings):
    """One rule: what gives how many points, 0 to 100.

    `attribute`: the one that is looked at; or `count_of`: several of which those present are counted (a flag that
    is yes, a number above 0, each member of a set).
    Exactly one condition:
      `exact` values, and `adjacent` ones beside them; 100 and 50 points unless `points` says otherwise.
      `inside` [low, high], both included, either may be null; 100 points unless `points` says otherwise.
      `levels`: points by value. `at_least`: points by threshold, of which the highest that is reached counts.
    Amounts are numbers, ages in years of a date or year, lower bounds of range texts, or the count. Where a set has
    several of the values, the one with the most points counts.
    `otherwise`: points where the condition does not hold. `missing`: points where the attribute is not known, or
    none of those counted is; `otherwise` unless said. `share`: of the group's weight, relative to its other rules.
    `name`: what outputs call the rule; the attribute's name unless said.
    """

    name: ColumnName | None = None
    attribute: ColumnName | None = None
    count_of: tuple[ColumnName, ...] = ()
    exact: Words = ()
    adjacent: Words = ()
    inside: tuple[FiniteFloat | None, FiniteFloat | None] | None = None
    levels: dict[Word, Points] = Field(default_factory=dict)
    at_least: dict[FiniteFloat, Points] = Field(default_factory=dict)
    points: dict[Named, Points] = Field(default_factory=dict)
    otherwise: Points = 0.0
    missing: Points | None = None
    share: Annotated[FiniteFloat, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _is_one_rule(self) -> Self:
        if (self.attribute is None) == (not self.count_of):
            raise ValueError("expected exactly one of 'attribute' and 'count_of', found both or none")
        if len(set(self.count_of)) < len(self.count_of):
            raise ValueError("expected every attribute of 'count_of' once, found one twice")
        given = {
            "exact": bool(self.exact),
            "inside": self.inside is not None,
            "levels": bool(self.levels),
            "at_least": bool(self.at_least),
        }
        found = [form for form, is_given in given.items() if is_given]
        if len(found) != 1:
            forms = ", ".join(found) or "none"
            raise ValueError(f"expected exactly one of 'exact', 'inside', 'levels' and 'at_least', found {forms}")
        if self.count_of and not self.at_least:
            raise ValueError(f"expected 'at_least' beside 'count_of', found '{found[0]}'")
        return self

    @model_validator(mode="after")
    def _options_fit_the_condition(self) -> Self:
        if self.adjacent and not self.exact:
            raise ValueError("expected 'adjacent' only beside 'exact', found it alone")
        used = {"exact": bool(self.exact), "adjacent": bool(self.adjacent), "inside": self.inside is not None}
        unused = [name for name in self.points if not used[name]]
        if unused:
            raise ValueError(f"expected 'points' for what the rule names, found them for '{unused[0]}'")
        self._check_inside()
        for name, texts in (("exact' and 'adjacent", (*self.exact, *self.adjacent)), ("levels", tuple(self.levels))):
            folded = [text.strip().casefold() for text in texts]
            if len(set(folded)) < len(folded):
                raise ValueError(f"expected every value of '{name}' once, found one twice")
        return self

    def _check_inside(self) -> None:
        if self.inside is None:
            return
        low, high = self.inside
        if low is None and high is None:
            raise ValueError("expected 'inside' with a number at one end at least, found none")
        if low is not None and high is not None and low > high:
            raise ValueError(f"expected 'inside' from low to high, found {low:g} before {high:g}")

    @property
    def form(self) -> Form:
        """Which of the four conditions the rule has."""
        if self.exact:
            return "exact"
        if self.inside is not None:
            return "inside"
        return "levels" if self.levels else "at_least"

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that the rule looks at: one, or those it counts."""
        return self.count_of if self.attribute is None else (self.attribute,)

    @property
    def title(self) -> str:
        """What outputs call the rule."""
        return self.name or " + ".join(self.names)

    def points_of(self, named: Named) -> float:
        """The points of exact, adjacent or inside, 0 to 100."""
        return self.points.get(named, USUAL_POINTS[named])


class WeightedGroupSettings(Settings):
    """Rules that share a weight: the group's points are the mean of its rules' points, by `share`.

    `weight`: above 0, as a number, or as a range ("30-40" or [30, 40]) of which the middle counts. `layer`: needed
    only where a rule counts attributes of different layers.
    """

    weight: Weight
    layer: Layer | None = None
    rules: Annotated[tuple[WeightedRuleSettings, ...], Field(min_length=1)]

    @property
    def middle(self) -> float:
        """The weight, or the middle of its range."""
        return (self.weight[0] + self.weight[1]) / 2.0


class WeightedSettings(Settings):
    """A whole configuration of a hand-weighted scorecard.

    `root`, `attributes`, `missing`, `prospects`: as in the configuration of a training run. `weights`: groups by
    name. `tiers`: the scores at which tiers start; there are no deals, so there is no objective to fit.
    `exclusions`, `boundary`: rules that take a prospect out, or that it must satisfy. `actions`: what is done where.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    kind: Literal["weighted-scorecard"]
    root: str = "."
    attributes: AttributesSettings
    weights: Annotated[dict[ColumnName, WeightedGroupSettings], Field(min_length=1)]
    tiers: TiersSettings = TiersSettings()
    actions: ActionsSettings = ActionsSettings()
    exclusions: tuple[RuleSettings, ...] = ()
    boundary: tuple[RuleSettings, ...] = ()
    missing: Words = ()
    prospects: ProspectsSettings = ProspectsSettings()

    @model_validator(mode="after")
    def _tiers_are_cut_by_score(self) -> Self:
        if self.tiers != TiersSettings(scores=self.tiers.scores):
            raise ValueError(
                "expected 'tiers' with scores alone, such as {1: 70, 2: 50, 3: 30}, found an objective, "
                "which needs deals"
            )
        return self

    def resolved(self) -> tuple[Attribute, ...]:
        """The attributes in use, in the order they are written.

        Raises `ConfigError` where there is none, or one is made from a table.
        """
        attributes = resolve_attributes(self.attributes, self.missing)
        if not attributes:
            raise ConfigError("attributes: expected at least one attribute in use, found none; name some columns")
        made = [attribute.name for attribute in attributes if attribute.recipe is not None]
        if made:
            raise ConfigError(
                f"attributes: expected columns of a list, which is all that a hand-weighted scorecard reads, found "
                f"'{made[0]}' made from a table; remove 'from' and give the list that column"
            )
        return attributes

    def scaled_weights(self) -> dict[str, float]:
        """The weight of each group, in the order written; they add up to 100."""
        total = sum(group.middle for group in self.weights.values())
        return {name: TOTAL * group.middle / total for name, group in self.weights.items()}

    def weight_notes(self) -> tuple[str, ...]:
        """What was done to the weights as written, one sentence for each step; none where nothing was."""
        ranges = [
            f"{name} {group.weight[0]:g} to {group.weight[1]:g} as {group.middle:g}"
            for name, group in self.weights.items()
            if group.weight[0] < group.weight[1]
        ]
        notes = [f"Weights given as ranges count by their middle: {', '.join(ranges)}."] if ranges else []
        total = sum(group.middle for group in self.weights.values())
        if abs(total - TOTAL) > _ROUNDING:
            scaled = ", ".join(f"{name} {weight:.3g}" for name, weight in self.scaled_weights().items())
            notes.append(f"Weights add up to {total:g} and were scaled to 100: {scaled}.")
        return tuple(notes)
