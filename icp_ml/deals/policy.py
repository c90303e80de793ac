"""What a company decides about its tiers: where they are cut, and what is done in each.

tiers: {1: 70, 2: 50, 3: 30, objective: wins}           # the score at which each tier starts
tiers: {1: 80, 2: 60}                                   # tier 3 is all below 60, nothing is out of scope
tiers: {objective: capacity, capacity: {1: 0.1, 2: 0.3, 3: 0.6}}
tiers: {objective: cost, cost: {1: 500, 2: 50, 3: 5, value_of_win: 10000}}
tiers: {objective: fixed, fixed: {1: 0.5, 2: 0.3, 3: 0.1}}
actions:
  1: rep now
  2: {both: standard sequence, intent: distraction}     # the quadrants not named keep their default
  out of scope: not now
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, FiniteFloat, StringConstraints, model_validator

from icp_ml.deals.settings import Settings

Objective = Literal["wins", "capacity", "cost", "fixed"]
Quadrant = Literal["both", "fit", "intent", "neither"]

FEWEST_CUTS, MOST_CUTS = 2, 3
TOP_SCORE: Final = 100.0
OUT_OF_SCOPE: Final = "out of scope"
EXCLUDED: Final = "excluded"
WINS_IN_FIRST: Final = 0.70
FIRST_TO_LAST: Final = 1.5


def _is_tier(key: object) -> bool:
    return (isinstance(key, int) and not isinstance(key, bool)) or (isinstance(key, str) and key.isdecimal())


def _in_tier_order(by_tier: Mapping[str, object]) -> tuple[object, ...]:
    """The values of tiers 1, 2, ... Raises `ValueError` where a tier is left out or does not exist."""
    wanted = [str(tier) for tier in range(1, len(by_tier) + 1)]
    if sorted(by_tier) != wanted or not FEWEST_CUTS <= len(wanted) <= MOST_CUTS:
        found = ", ".join(sorted(by_tier)) or "none"
        raise ValueError(f"expected a number for tiers 1 and 2, or for 1, 2 and 3, found {found}")
    return tuple(by_tier[tier] for tier in wanted)


def _gathered(data: object, field: str) -> object:
    """Keys that name a tier, gathered in tier order into one field; other keys stay as they are."""
    if not isinstance(data, Mapping):
        return data
    tiers = {str(key): value for key, value in data.items() if _is_tier(key)}
    rest = {str(key): value for key, value in data.items() if not _is_tier(key)}
    if tiers and field in rest:
        raise ValueError(f"expected numbers by tier or '{field}', found both")
    return {**rest, field: _in_tier_order(tiers)} if tiers else rest


def _by_tier(value: object) -> object:
    return _in_tier_order({str(key): item for key, item in value.items()}) if isinstance(value, Mapping) else value


def _falls(numbers: Sequence[float], top: float) -> bool:
    """Whether numbers fall from tier to tier, between 0 and `top`."""
    return top > numbers[0] and numbers[-1] > 0 and all(upper > lower for upper, lower in pairwise(numbers))


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


Numbers = Annotated[tuple[FiniteFloat, ...], Field(min_length=FEWEST_CUTS, max_length=MOST_CUTS)]
NumbersByTier = Annotated[Numbers, BeforeValidator(_by_tier)]


class CostSettings(Settings):
    """What it costs to pursue a prospect as each tier is, and what a win is worth, in one currency.

    A tier starts at the probability from which probability x value pays for its cost: 500 / 10,000 = 5 %.
    """

    of_pursuing: Numbers
    value_of_win: Annotated[FiniteFloat, Field(gt=0)]

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: object) -> object:
        return _gathered(data, "of_pursuing")

    @model_validator(mode="after")
    def _each_tier_can_pay(self) -> Self:
        if not _falls(self.of_pursuing, self.value_of_win):
            raise ValueError(
                f"expected costs that fall from tier to tier, between 0 and {self.value_of_win:g} (value_of_win), "
                f"found {_listed(self.of_pursuing)}"
            )
        return self

    def probabilities(self) -> tuple[float, ...]:
        """The lowest probability at which each tier pays, falling, in (0, 1)."""
        return tuple(cost / self.value_of_win for cost in self.of_pursuing)


class TiersSettings(Settings):
    """Where tiers are cut.

    scores: the score (0 to 100) at which tier 1, 2, 3 starts, falling: a convention that data do not move. With
    three, what lies below is out of scope; with two, tier 3 is all below the second.
    objective: what decides which prospects reach those scores.
      wins: tier 1 holds the share `wins` of all wins, and wins at least `ratio` times as often as tier 3.
      capacity: cumulative shares of a list, rising. cost: see `CostSettings`. fixed: probabilities, falling.
    """

    scores: Numbers = (70.0, 50.0, 30.0)
    objective: Objective = "wins"
    wins: Annotated[float, Field(gt=0, lt=1)] = WINS_IN_FIRST
    ratio: Annotated[FiniteFloat, Field(gt=1)] = FIRST_TO_LAST
    capacity: NumbersByTier | None = None
    cost: CostSettings | None = None
    fixed: NumbersByTier | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: object) -> object:
        return _gathered(data, "scores")

    @model_validator(mode="after")
    def _numbers_fit_the_objective(self) -> Self:
        if not _falls(self.scores, TOP_SCORE):
            raise ValueError(
                f"expected scores that fall from tier to tier, between 0 and 100, found {_listed(self.scores)}"
            )
        numbers = {
            "capacity": self.capacity,
            "cost": None if self.cost is None else self.cost.of_pursuing,
            "fixed": self.fixed,
        }
        for objective, given in numbers.items():
            self._check_numbers(objective, given)
        if self.objective != "wins" and (self.wins, self.ratio) != (WINS_IN_FIRST, FIRST_TO_LAST):
            raise ValueError(
                f"expected 'wins' and 'ratio' only beside 'objective: wins', found 'objective: {self.objective}'"
            )
        if self.capacity is not None and not _falls(self.capacity[::-1], 1):
            raise ValueError(
                "expected cumulative shares that rise from tier to tier, between 0 and 1, "
                f"found {_listed(self.capacity)}"
            )
        if self.fixed is not None and not _falls(self.fixed, 1):
            raise ValueError(
                f"expected probabilities that fall from tier to tier, between 0 and 1, found {_listed(self.fixed)}"
            )
        return self

    def _check_numbers(self, objective: str, given: Sequence[float] | None) -> None:
        if given is None and self.objective == objective:
            raise ValueError(f"expected '{objective}' with a number for each tier beside 'objective: {objective}'")
        if given is not None and self.objective != objective:
            raise ValueError(
                f"expected '{objective}' only beside 'objective: {objective}', found 'objective: {self.objective}'"
            )
        if given is not None and len(given) != len(self.scores):
            raise ValueError(
                f"expected '{objective}' to have one number for each of {len(self.scores)} scores, found {len(given)}"
            )


_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

_REP = "rep now with personal outreach and full enrichment"
_SEQUENCE = "standard sequence"
_NURTURE = "automated nurture"
_DISTRACTION = "distraction"
_NOT_NOW = "not now, spend nothing"
_NO_CONTACT = "excluded, do not contact"


class TierActions(Settings):
    """What is done in one tier, by quadrant: which axes are high. `one_axis`: where the model has only one axis."""

    both: _Text
    fit: _Text
    intent: _Text
    neither: _Text
    one_axis: _Text


def _same(text: str) -> TierActions:
    return TierActions(both=text, fit=text, intent=text, neither=text, one_axis=text)


_DEFAULTS: Final[Mapping[str, TierActions]] = MappingProxyType(
    {
        "1": TierActions(both=_REP, fit=_SEQUENCE, intent=_SEQUENCE, neither=_REP, one_axis=_REP),
        "2": TierActions(both=_SEQUENCE, fit=_NURTURE, intent=_DISTRACTION, neither=_NURTURE, one_axis=_SEQUENCE),
        "3": TierActions(both=_NURTURE, fit=_NURTURE, intent=_DISTRACTION, neither=_NURTURE, one_axis=_NURTURE),
        OUT_OF_SCOPE: _same(_NOT_NOW),
        EXCLUDED: _same(_NO_CONTACT),
    }
)


class ActionsSettings(Settings):
    """From tier and quadrant to what is done. Keys: 1, 2, 3, out of scope, excluded.

    A tier is given one text, or one by quadrant; what is not given keeps its default.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    first: TierActions = Field(default=_DEFAULTS["1"], alias="1")
    second: TierActions = Field(default=_DEFAULTS["2"], alias="2")
    third: TierActions = Field(default=_DEFAULTS["3"], alias="3")
    out_of_scope: TierActions = Field(default=_DEFAULTS[OUT_OF_SCOPE], alias=OUT_OF_SCOPE)
    excluded: TierActions = _DEFAULTS[EXCLUDED]

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        return {str(key): _completed(str(key), value) for key, value in data.items()}

    def action(self, tier: str, quadrant: Quadrant | None) -> str:
        """What is done in a tier. A merged tier ("1-2") is treated as the worse of the two.

        quadrant: None where the model has one axis only. Raises `KeyError` for a tier that does not exist.
        """
        by_tier = {
            "1": self.first,
            "2": self.second,
            "3": self.third,
            OUT_OF_SCOPE: self.out_of_scope,
            EXCLUDED: self.excluded,
        }
        actions = by_tier[tier.rpartition("-")[2]]
        by_quadrant = {
            "both": actions.both,
            "fit": actions.fit,
            "intent": actions.intent,
            "neither": actions.neither,
            None: actions.one_axis,
        }
        return by_quadrant[quadrant]


def _completed(tier: str, value: object) -> object:
    if isinstance(value, str) and tier in _DEFAULTS:
        return dict.fromkeys(TierActions.model_fields, value)
    if isinstance(value, Mapping) and tier in _DEFAULTS:
        return {**_DEFAULTS[tier].model_dump(), **value}
    return value
