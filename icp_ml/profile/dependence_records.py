"""How each attribute acts: its SHAP contributions by value, as counts and quantiles, so that no row is kept.

    state       one bin, level or answer of a factor, with the deals that have it and what the model said of them
    swarm       how many deals have a contribution of about so much, and how high their values are among all values
    quadrant    fit high or low, intent high or low, and what was won there

Contributions of the states and the swarm are those of the model that is used, on the deals that it learned from: they
show what it does. Whether that holds on other deals is said by the profile. Quadrants are by contributions of models
that had not seen the deal's account.
"""

from __future__ import annotations

from icp_ml.deals.policy import Quadrant
from icp_ml.profile.records import Interval, Record


class StateContribution(Record):
    """One state of a factor. win_rate: with its 95 % interval over accounts.

    contributions: their 5, 25, 50, 75 and 95 % quantiles, in log-odds.
    """

    text: str
    deals: int
    won: int
    win_rate: Interval
    contributions: tuple[float, float, float, float, float]


class Swarm(Record):
    """counts: deals in each bin of the contributions' range. height: mean rank of their values there, 0 to 1.

    height is None where nobody stands, and for a category, whose values have no order.
    """

    counts: tuple[int, ...]
    height: tuple[float | None, ...]


class FactorDependence(Record):
    """states: in the order of the values, a category's most frequent first, not known last."""

    factor: str
    states: tuple[StateContribution, ...]
    swarm: Swarm


class QuadrantRow(Record):
    """One quadrant. win_rate: with its 95 % interval over accounts, NaN in [0, 1] where nobody stands."""

    quadrant: Quadrant
    deals: int
    won: int
    win_rate: Interval


class Dependence(Record):
    """low, high: the range of contributions, in log-odds, that the swarms' bins divide evenly. factors: by share.

    quadrants: none where all attributes are of one axis.
    """

    low: float
    high: float
    factors: tuple[FactorDependence, ...]
    quadrants: tuple[QuadrantRow, ...] = ()
