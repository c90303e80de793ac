"""A small definition over attributes of every kind, for tests of what is made from one. Its figures are made up."""

from __future__ import annotations

from datetime import date

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.currencies import Currency
from icp_ml.deals.rule_settings import ConditionSettings, RuleSettings
from icp_ml.profile.condition_words import condition_words
from icp_ml.profile.definition import (
    Criterion,
    CriterionEvidence,
    Definition,
    LeftOut,
    Match,
    PointsScorecard,
    PointsTier,
    Proposal,
    Side,
)
from icp_ml.profile.records import Interval

AS_OF = date(2025, 6, 30)
STAGES = ("Seed", "Series A", "Series B", "Series C")
ATTRIBUTES = (
    Attribute("employees", "Employees", "number", "firmographic", "fit"),
    Attribute("revenue", "Annual Revenue", "number", "firmographic", "fit", currency=Currency(("USD",), None)),
    Attribute("industry", "Industry", "category", "firmographic", "fit", missing=("Unknown",)),
    Attribute("stage", "Funding Stage", "ordered", "firmographic", "fit", order=STAGES),
    Attribute("founded", "Founded", "year", "firmographic", "fit"),
    Attribute("raised", "Last Raised", "date", "behavioural", "intent"),
    Attribute("tools", "Tools", "set", "technographic", "fit"),
    Attribute("demo", "Demo Requested", "flag", "engagement", "intent"),
)
_CONDITIONS: tuple[tuple[str, dict[str, object], int], ...] = (
    ("size", {"attribute": "employees", "at_least": 51, "under": 501}, 22),
    ("revenue", {"attribute": "revenue", "at_least": 10_000_000}, 18),
    ("industry", {"attribute": "industry", "is": ["Software", "Retail"]}, 16),
    ("stage", {"attribute": "stage", "at_least": "Series A"}, 14),
    ("fresh round", {"attribute": "raised", "under": 1.5}, 12),
    ("uses Cartellux", {"attribute": "tools", "is": ["Cartellux"]}, 10),
    ("no Rivalo", {"attribute": "tools", "is_not": ["Rivalo"]}, 8),
)
_LAYER = {each.name: each for each in ATTRIBUTES}


def interval(value: float, half: float = 0.05) -> Interval:
    return Interval(value=value, low=max(value - half, 0.0), high=min(value + half, 1.0))


def side(deals: int, won: int) -> Side:
    return Side(deals=deals, won=won, win_rate=interval(won / deals))


def criterion(name: str, asked: dict[str, object], points: int) -> Criterion:
    condition = ConditionSettings.model_validate(asked)
    attribute = _LAYER[condition.attribute]
    member = f":{(condition.values or condition.others)[0]}" if attribute.kind == "set" else ""
    evidence = CriterionEvidence(
        inside=side(200, 80),
        outside=side(250, 50),
        not_known=side(50, 10),
        gap=interval(0.2),
        share=points / 100,
        stability=0.9,
    )
    return Criterion(
        name=name,
        condition=condition,
        words=condition_words(condition, attribute),
        factor=f"{attribute.name}{member}",
        layer=attribute.layer,
        axis=attribute.axis,
        points=points,
        evidence=evidence,
        review_by=date(2025, 12, 31),
    )


def exclusions() -> tuple[RuleSettings, ...]:
    """One of policy, one that ends, and one of two conditions."""
    return (
        RuleSettings.model_validate(
            {"name": "public sector", "attribute": "industry", "is": ["Government"], "reason": "policy"}
        ),
        RuleSettings.model_validate(
            {"name": "locked in", "attribute": "tools", "is": ["Rivalo"], "until": date(2025, 12, 31)}
        ),
        RuleSettings.model_validate(
            {
                "name": "small and settled",
                "all": [{"attribute": "employees", "under": 20}, {"attribute": "raised", "at_least": 3}],
            }
        ),
    )


def boundary() -> tuple[RuleSettings, ...]:
    return (RuleSettings.model_validate({"name": "our sizes", "attribute": "revenue", "at_least": 1_000_000}),)


def definition() -> Definition:
    """Seven criteria, of which four make a match."""
    proposed = RuleSettings.model_validate({"name": "old companies", "attribute": "founded", "at_least": 30})
    return Definition(
        target="won",
        deals=500,
        accounts=420,
        win_rate=interval(0.28, 0.02),
        criteria=tuple(criterion(*each) for each in _CONDITIONS),
        left_out=(LeftOut(factor="demo", reason="given the others it does not go with winning beyond chance"),),
        breadth="workable",
        breadth_sentence="7 criteria: 6 to 12 are workable.",
        match=Match(least=4, inside=side(150, 75), outside=side(350, 65), share_of_wins=75 / 140),
        points=PointsScorecard(
            tiers=(
                PointsTier(label="1", points_from=60),
                PointsTier(label="2", points_from=40),
                PointsTier(label="3", points_from=0),
            ),
            agreement=interval(0.7),
        ),
        proposals=(
            Proposal(rule=proposed, kind="exclusion", deals=60, won=2, win_rate=interval(0.033), why="2 of 60 won"),
        ),
    )
