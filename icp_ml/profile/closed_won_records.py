"""What closed deals say: the five figures by segment, and wins minus losses, as frozen records.

segment      the deals that one condition holds for, such as employees 51 to under 201
leader       the segment with the best figure in three or more of the five
state        one condition, and the share of won and of lost accounts that it holds for
verdict      ICP attribute, market boundary, or undecided
"""

from __future__ import annotations

from typing import Final, Literal

from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.settings import Layer
from icp_ml.profile.clusters import Clusters
from icp_ml.profile.definition import Proposal
from icp_ml.profile.field_figures import FieldFigure
from icp_ml.profile.records import Interval, Record

Metric = Literal["win rate", "deal size", "cycle", "expansion rate", "churn rate"]
Standing = Literal["ICP attribute", "market boundary", "undecided"]

METRICS: Final[tuple[Metric, ...]] = ("win rate", "deal size", "cycle", "expansion rate", "churn rate")
LOWER_IS_BETTER: Final[tuple[Metric, ...]] = ("cycle", "churn rate")
ENOUGH_LEADS: Final = 3
"""A segment is named where it leads on 3 or more of the 5 figures (the field's rule)."""


class Figure(Record):
    """One figure of a set of deals.

    deals, accounts: those for which it is known. observed: as counted. drawn: drawn towards the whole where the set is
    small, with its 95 % interval over accounts. Rates are 0 to 1, sizes in the amounts' currency, cycles in days.
    """

    deals: int
    accounts: int
    observed: float
    drawn: Interval


class Segment(Record):
    """The deals that a condition holds for. figures: those that are known of at least one of its deals."""

    condition: ConditionSettings
    words: str
    deals: int
    won: int
    accounts: int
    figures: dict[Metric, Figure]


class Leader(Record):
    """The segment that leads. leads: on which figures; clearly: those whose 95 % interval leaves out the whole's."""

    words: str
    leads: tuple[Metric, ...]
    clearly: tuple[Metric, ...]


class Dimension(Record):
    """The segments of one attribute. overlapping: whether a deal can be in several, as with tools.

    not_known, not_known_won: deals whose value is not known. warning: that the largest is not the best; or empty.
    """

    attribute: str
    layer: Layer
    overlapping: bool
    segments: tuple[Segment, ...]
    not_known: int
    not_known_won: int
    leader: Leader | None = None
    warning: str = ""


class StaleDeals(Record):
    """Deals still open. after_days: 95 % of deals have closed by then; None where so many are open that it was unseen.

    stale: open for longer than that; they are in no other figure.
    """

    open_deals: int
    after_days: int | None
    stale: int


class Segments(Record):
    """The five figures by segment. whole: of all deals. unit: of deal sizes, empty where not declared."""

    deals: int
    won: int
    accounts: int
    whole: dict[Metric, Figure]
    dimensions: tuple[Dimension, ...]
    unit: str = ""
    stale: StaleDeals | None = None


class StateShares(Record):
    """One condition among won and lost accounts. won, lost: share of accounts, 0 to 1, with 95 % intervals.

    won_accounts, lost_accounts: those of which it is known. difference: won minus lost, with its 95 % interval.
    p_value: accounts permuted; q_value: the same within the family (Benjamini and Hochberg); None where too few deals
    are on one side to be tested.
    """

    condition: ConditionSettings
    words: str
    won_accounts: int
    lost_accounts: int
    won: Interval
    lost: Interval
    difference: Interval
    p_value: float | None
    q_value: float | None


class FactorVerdict(Record):
    """What wins minus losses says of one attribute, or of one member of a set.

    states: all that were looked at, most different first. chosen: the place in `states` of the one that tells most: by
    its difference for an ICP attribute, by holding nearly everybody for a boundary; None where undecided. beyond:
    difference of the state that other accounts chose, measured on those that did not, with its 95 % interval; None
    where nothing was chosen. reason: in words.
    """

    factor: str
    attribute: str
    layer: Layer
    standing: Standing
    states: tuple[StateShares, ...]
    chosen: int | None
    beyond: Interval | None
    reason: str


class WinsMinusLosses(Record):
    """target: what counts as won. tested: how many conditions are in the family. boundary: proposed, not in force."""

    target: str
    deals: int
    accounts: int
    tested: int
    verdicts: tuple[FactorVerdict, ...]
    boundary: tuple[Proposal, ...]

    def of(self, standing: Standing) -> tuple[FactorVerdict, ...]:
        """The verdicts of one kind."""
        return tuple(each for each in self.verdicts if each.standing == standing)


class ClosedWon(Record):
    """The whole analysis of closed deals. clusters: None where they were not searched for. field: the field's figures

    about companies, beside what the deals say.
    """

    segments: Segments
    wins_minus_losses: WinsMinusLosses
    clusters: Clusters | None = None
    field: tuple[FieldFigure, ...] = ()
