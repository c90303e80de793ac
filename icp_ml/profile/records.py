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
    presented: whether it is part of the ICP. reason: why, or why not, in words. asked: what the configuration asked of
    it, in words; empty where nothing.
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
    asked: str = ""


class PeriodVoice(Record):
    """What a factor said of the deals that opened in one quarter, by models that had not seen their accounts.

    share: of the explanation of these deals. gap: win rate of deals spoken for minus that of deals spoken against;
    zeros where either is missing.
    """

    period: str
    deals: int
    share: float
    gap: Interval


class FactorSteadiness(Record):
    """How alike a factor is in models that learned from other deals, and from quarter to quarter.

    models: judging models that use it, of `judged_by`. agreement: mean rank correlation of its contributions over the
    same deals between each two of these models, a model that does not use it counting 0; None where there are under
    two. share: of the explanation, in the model of all deals, with the least and the largest of the judging models.
    held: judging models in whose own unseen deals its direction held.
    """

    factor: str
    models: int
    judged_by: int
    agreement: float | None
    share: Interval
    held: int
    periods: tuple[PeriodVoice, ...]


class Profile(Record):
    """The first ICP: attributes in order of their share; layer and axis shares add up to 1.

    steadiness: one entry a factor in the same order, none in bundles made before it was measured.
    """

    target: str
    deals: int
    accounts: int
    win_rate: Interval
    attributes: tuple[IcpAttribute, ...]
    layer_shares: dict[Layer, float]
    axis_shares: dict[Axis, float]
    steadiness: tuple[FactorSteadiness, ...] = ()

    def presented(self) -> tuple[IcpAttribute, ...]:
        """The attributes that make up the ICP, most important first."""
        return tuple(attribute for attribute in self.attributes if attribute.presented)


class LevelRecord(Record):
    """Wins observed over wins expected in one judged block."""

    block: str
    deals: int
    observed_over_expected: Interval
    is_off: bool


class AdaptedRecord(Record):
    """What learning from deals as empty as the list brought: nats a deal of log loss saved, 95 % intervals.

    emptied: on deals as empty as the list. as_they_are: on the deals themselves. sentence: the same in words.
    """

    emptied: Interval
    as_they_are: Interval
    sentence: str


class IdealRecord(Record):
    """How a model ranks wins of the best grade, whatever it predicts.

    grade: which. ideal, wins: judged deals of it, and judged wins. above_all_others, above_other_wins: in how many
    pairs of such a win and another deal, or another win, it is ranked higher; 0.5 is chance. None where all wins are.
    """

    grade: str
    ideal: int
    wins: int
    above_all_others: Interval
    above_other_wins: Interval | None


class ReliabilityBin(Record):
    """Judged deals of neighbouring probability. predicted: their mean probability. win_rate: with its 95 % interval."""

    predicted: float
    deals: int
    won: int
    win_rate: Interval


class PeriodRate(Record):
    """Matured deals by the quarter, or run of quarters, in which they opened; win rate with its 95 % interval."""

    period: str
    deals: int
    won: int
    win_rate: Interval


class BaseRates(Record):
    """The base rate over time. learned: the periods before the most recent one, oldest first.

    lowest, highest: of their win rates. has_left: whether the recent interval lies wholly outside of them.
    """

    learned: tuple[PeriodRate, ...]
    recent: PeriodRate
    lowest: float
    highest: float
    has_left: bool
    sentence: str


class LargerSample(Record):
    """What more accounts would buy, by the learning curve of the scorecard alone.

    rarer: the outcome with fewer accounts. accounts: how many have it. curve: accounts learned from and log loss on
    others. more: by how many accounts of the rarer outcome, and the fall of the log loss with its 90 % interval.
    """

    rarer: str
    accounts: int
    curve: tuple[tuple[float, float], ...]
    more: tuple[tuple[int, Interval], ...]
    sentences: tuple[str, ...]


class ColumnLeak(Record):
    """Whether a column that the configuration names may give the outcome away, as judged before anything was learned.

    answer: what the evidence says to do with it. told: the evidence, with its codes; empty where none was found.
    is_learned_from: whether it is an attribute in use. is_answered: whether somebody has said when it is known.
    """

    column: str
    answer: Literal["use", "ask", "drop"]
    told: str
    is_learned_from: bool
    is_answered: bool


class Verdict(Record):
    """How the model was judged and what came of it.

    kind: forward, blocked or grouped. skill: share of the base rate's log loss removed, both re-anchored.
    gain: the same in nats a deal. ranking: the share of pairs of a won and a lost deal of one block that are in the
    right order (the test of `reliable`). Both with their 99 % interval. figures: metric by method. random_split: what
    a random split would have claimed. warnings: in words. predicted: what a win is in all of it. adapted: what masked
    copies brought, None where none were learned from. ideal: None where no judged win is of the best grade.
    not_nested: what the search on all deals would claim of the same judged deals, None where nothing was searched.
    reliability, base_rates, sample: empty or None where they could not be had, and in bundles made before them.
    leakage: of the attributes that are named, in the configuration's order; empty in bundles made before it.
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
    adapted: AdaptedRecord | None = None
    ideal: IdealRecord | None = None
    not_nested: dict[str, Interval] | None = None
    reliability: tuple[ReliabilityBin, ...] = ()
    base_rates: BaseRates | None = None
    sample: LargerSample | None = None
    leakage: tuple[ColumnLeak, ...] = ()


class Provenance(Record):
    """Where a model comes from. content_hash is in the manifest, not here.

    created: ISO date and time. data_hash: SHA-256 over the sources' bytes. ledger: rows by step of the reading.
    amended_from: the version whose model this is, where tiers, rules or actions were changed without training;
    changes: what was changed, and why, in words. ideal: how wins were graded and what the grades do, in words.
    since: ISO day; where the world had turned, deals that opened before it were left out. turned: how that was seen.
    refreshed_from: the version, trained as a whole, whose fit side this keeps, where the intent side alone was learned
    anew; refreshed: a sentence about that, and one for each attribute that it changed.
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
    refreshed_from: int | None = None
    refreshed: tuple[str, ...] = ()
    since: str | None = None
    turned: str | None = None
