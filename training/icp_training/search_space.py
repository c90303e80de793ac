"""What may be searched, and where a search begins.

The scorecard's two parameters are taken from a few steps each: every column learns its own ridge, so that a finer
choice of the prior one moves nothing, and a trial that needs a scorecard which an earlier trial has fitted finds it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Final, TypeAlias, TypeVar

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.trees import DEEPEST, TreeParams
from icp_ml.model.win_model import ModelParams

Values: TypeAlias = dict[str, float]
"""Parameters of both members by name, as a trial draws them."""

M = TypeVar("M", ScorecardParams, TreeParams)

USUAL: Final = ModelParams()

GOOD_GUESSES: Final[Sequence[ModelParams]] = (
    ModelParams(ScorecardParams(20.0, 8), TreeParams(4, 2, learning_rate=0.1, min_data_in_leaf=10)),
    ModelParams(ScorecardParams(20.0, 8), TreeParams(num_leaves=7)),
    ModelParams(ScorecardParams(20.0, 20), TreeParams(31, learning_rate=0.1, cat_l2=2.0)),
)

SPACE: Final[Mapping[str, FloatDistribution | IntDistribution]] = {
    "ridge": FloatDistribution(2.0, 100.0, log=True),
    "bins": IntDistribution(4, 24, log=True),
    "num_leaves": IntDistribution(3, 31, log=True),
    "max_depth": IntDistribution(2, DEEPEST),
    "learning_rate": FloatDistribution(0.05, 0.15, log=True),
    "min_data_in_leaf": IntDistribution(5, 200, log=True),
    "lambda_l2": FloatDistribution(0.1, 50.0, log=True),
    "feature_fraction": FloatDistribution(0.3, 1.0),
    "bagging_fraction": FloatDistribution(0.6, 1.0),
    "cat_smooth": FloatDistribution(1.0, 50.0, log=True),
    "cat_l2": FloatDistribution(0.5, 50.0, log=True),
}


RIDGES: Final = (5.0, 20.0, 80.0)
BINS: Final = (4, 8, 20)
"""The scorecards that there can be. On 300 and 2,000 made-up deals neighbours differed by at most 0.005 in log loss."""


def params_of(values: Mapping[str, float], rows: int) -> ModelParams:
    """What the members are fitted with. rows: how many deals there are; few do not bear large leaves."""
    most_in_leaf = max(10, min(200, rows // 8))
    return ModelParams(
        ScorecardParams(ridge=_nearest(values["ridge"], RIDGES), bins=int(_nearest(values["bins"], BINS))),
        TreeParams(
            num_leaves=int(values["num_leaves"]),
            max_depth=int(values["max_depth"]),
            learning_rate=values["learning_rate"],
            min_data_in_leaf=min(int(values["min_data_in_leaf"]), most_in_leaf),
            lambda_l2=values["lambda_l2"],
            feature_fraction=values["feature_fraction"],
            bagging_fraction=values["bagging_fraction"],
            cat_smooth=values["cat_smooth"],
            cat_l2=values["cat_l2"],
        ),
    )


def values_of(params: ModelParams) -> Values:
    """The values that lead to these parameters, brought into the space where they lie outside of it."""
    flat = {**vars(params.scorecard), **vars(params.trees)}
    return {name: _within(flat[name], space) for name, space in SPACE.items()}


def params_from(recorded: Mapping[str, Mapping[str, float]]) -> ModelParams:
    """The parameters that a bundle records by member; what it lacks is as usual, what is not known here is left."""
    return ModelParams(
        **{member.name: _filled(getattr(USUAL, member.name), recorded.get(member.name, {})) for member in fields(USUAL)}
    )


def _filled(usual: M, recorded: Mapping[str, float]) -> M:
    """The usual parameters of a member with the recorded ones in their place, whole numbers where they are whole."""
    known = {each.name: type(getattr(usual, each.name)) for each in fields(usual)}
    return replace(usual, **{name: known[name](value) for name, value in recorded.items() if name in known})


def _nearest(value: float, steps: Sequence[float]) -> float:
    """By ratio; the lower one of two as near."""
    return min(steps, key=lambda step: abs(math.log(step / value)))


def space() -> dict[str, BaseDistribution]:
    """The space as Optuna wants it."""
    return dict(SPACE)


def _within(value: float, space: FloatDistribution | IntDistribution) -> float:
    return min(max(value, space.low), space.high)
