"""What a bundle says about a model of resemblance, as frozen records that are read and written as JSON."""

from __future__ import annotations

from typing import Final

from icp_ml.deals.settings import Axis, Layer
from icp_ml.profile.records import Interval, Record

NOT_A_PROBABILITY: Final = "resemblance to won accounts, not a probability"
"""What it is called wherever its answers are shown."""
ASSUMPTION: Final = (
    "Assumed: the won accounts are a fair draw from all companies that could be won, whatever their attributes "
    "(Elkan and Noto 2008, selected completely at random). Then the order of resemblance is the order of the chance to "
    "win. Where sales only ever spoke to some kinds of company, it is also the order of who was spoken to."
)


class LookalikeProvenance(Record):
    """Where a model of resemblance comes from.

    created: ISO date and time. data_hash: SHA-256 over the bytes of both lists. extracted: the day of the lists, None
    where it is not said. ledger: rows by what became of them. amended_from, changes: as in `Provenance`.
    """

    name: str
    version: int
    created: str
    code_version: str
    config_hash: str
    data_hash: str
    run_id: str | None
    extracted: str | None
    ledger: dict[str, int]
    params: dict[str, dict[str, float]]
    trials: int
    seed: int
    amended_from: int | None = None
    changes: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """What the score stands for."""
        return "resemblance"


class ColumnQuestion(Record):
    """An attribute whose two sides do not come from one source. left_out: nobody has said that it may be used.

    evidence: what was found, and why that is no difference between companies, in words.
    """

    attribute: str
    evidence: str
    left_out: bool


class LookalikeVerdict(Record):
    """How the resemblance was judged, on won accounts and companies that it had not seen.

    ranking: share of pairs of a held-out won account and a held-out company of the universe in which the won one
    resembles more, with its 99 % interval (the test of `reliable`). top: share of the held-out won accounts in the top
    fifth of the universe, with its 95 % interval. logistic: the ranking of a plain logistic regression, for the record.
    """

    sentence: str
    assumption: str
    reliable: bool
    won: int
    universe: int
    ranking: Interval
    top: Interval
    logistic: float
    questions: tuple[ColumnQuestion, ...]
    warnings: tuple[str, ...]


class SharedState(Record):
    """Part of an attribute's values that pulls in one direction, and how common it is on either side.

    text: in the user's words. effect: mean contribution in log-odds. won, universe: companies that have it;
    share_of_won, share_of_universe: of all those that were learned from.
    """

    text: str
    effect: float
    won: int
    universe: int
    share_of_won: float
    share_of_universe: float


class LookalikeAttribute(Record):
    """A factor with its evidence; fields as in `IcpAttribute`. stability: share of folds in which it held."""

    factor: str
    attribute: str
    layer: Layer
    axis: Axis
    share: float
    p_value: float
    stability: float
    more_common: tuple[SharedState, ...]
    less_common: tuple[SharedState, ...]
    presented: bool
    reason: str


class LookalikeProfile(Record):
    """What won accounts have in common that the universe has less of; factors in order of their share."""

    won: int
    universe: int
    attributes: tuple[LookalikeAttribute, ...]
    layer_shares: dict[Layer, float]
    axis_shares: dict[Axis, float]

    def presented(self) -> tuple[LookalikeAttribute, ...]:
        """The factors that make up the profile, most important first."""
        return tuple(attribute for attribute in self.attributes if attribute.presented)


class LookalikeTierRow(Record):
    """One tier. Scores run from `score_from` to below `score_to`.

    universe, won: companies that the cuts had not seen. times: how many times as common won accounts are in the tier
    as companies of the universe are, with its 90 % interval.
    """

    label: str
    score_from: float
    score_to: float
    universe: int
    won: int
    share_of_universe: float
    share_of_won: Interval
    times: Interval


class LookalikeTierTable(Record):
    """The tiers, best first, measured on companies that the cuts did not see. notes: sentences."""

    objective: str
    rows: tuple[LookalikeTierRow, ...]
    notes: tuple[str, ...]
