"""What a bundle says about its model, as frozen records that are read and written as JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from icp_ml.deals.settings import Axis, Layer


class Record(BaseModel):
    """A frozen value that refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Interval(Record):
    """A figure with the bounds between which it lies at 95 % confidence unless said otherwise."""

    value: float
    low: float
    high: float


class Condition(Record):
    """Part of an attribute's values that pulls in one direction.

    text: in the user's words ("51 to 200", "Software", "not known"). effect: mean contribution in log-odds.
    deals, won: counts over all deals used. win_rate: of these deals, with its interval over accounts.
    """

    text: str
    effect: float
    deals: int
    won: int
    win_rate: Interval


class IcpAttribute(Record):
    """A factor with its evidence.

    share: of the whole explanation (mean absolute contribution), 0 to 1. p_value: of the association with winning
    given all others, accounts permuted. gap: win rate of deals that it speaks for minus that of deals that it speaks
    against, in deals whose contribution was computed without them. stability: share of folds in which that gap was
    positive.
    presented: whether it is part of the ICP. reason: why, or why not, in words.
    """

    factor: str
    attribute: str
    layer: Layer
    axis: Axis
    share: float
    p_value: float
    gap: Interval
    stability: float
    helps: tuple[Condition, ...]
    hurts: tuple[Condition, ...]
    presented: bool
    reason: str


class Profile(Record):
    """The first ICP: attributes in order of their share; layer and axis shares add up to 1."""

    target: str
    deals: int
    accounts: int
    win_rate: Interval
    attributes: tuple[IcpAttribute, ...]
    layer_shares: dict[Layer, float]
    axis_shares: dict[Axis, float]

    def presented(self) -> tuple[IcpAttribute, ...]:
        """The attributes that make up the ICP, most important first."""
        return tuple(attribute for attribute in self.attributes if attribute.presented)


class LevelRecord(Record):
    """Wins observed over wins expected in one judged block."""

    block: str
    deals: int
    observed_over_expected: Interval
    is_off: bool


class Verdict(Record):
    """How the model was judged and what came of it.

    kind: forward, blocked or grouped. skill: share of the base rate's log loss removed, both re-anchored.
    gain: the same in nats a deal. ranking: the share of pairs of a won and a lost deal of one block that are in the
    right order (the test of `reliable`). Both with their 99 % interval. figures: metric by method. random_split: what
    a random split would have claimed. warnings: in words. predicted: what a win is in all of it.
    """

    kind: Literal["forward", "blocked", "grouped"]
    sentence: str
    reliable: bool
    deals: int
    accounts: int
    skill: float
    ranking: Interval
    gain: Interval
    levels: tuple[LevelRecord, ...]
    figures: dict[str, dict[str, Interval]]
    returning: dict[str, Interval] | None
    random_split: dict[str, Interval]
    warnings: tuple[str, ...]
    predicted: str = "won"


class Provenance(Record):
    """Where a model comes from. content_hash is in the manifest, not here.

    created: ISO date and time. data_hash: SHA-256 over the sources' bytes. ledger: rows by step of the reading.
    amended_from: the version whose model this is, where tiers, rules or actions were changed without training;
    changes: what was changed, and why, in words. ideal: how wins were graded and what the grades do, in words.
    """

    name: str
    version: int
    created: str
    code_version: str
    target: str
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
    ideal: tuple[str, ...] = ()
