"""The ICP as columns of a Clay table: one formula each, in the order in which they are added.

    ICP as of                 the day to which ages count; today, unless a day is written there
    ICP reads ...             what the list holds, as the library reads it
    ICP points LAYER          the points of the criteria of one layer
    ICP points                the master: the sum
    ICP tier                  by the points at which each tier starts
    ICP 60+, ICP 70+          whether the points reach the first tier, and the field's own 70
    ICP disqualified          the rule that leaves the company out, empty where there is none
    ICP push                  whether it goes on to the CRM: not disqualified, and in the tiers asked for

The master is `points_of`, the tier `points_tier`, and disqualified `first_hit` and `outside`, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition
from icp_ml.deals.rules import Rule, bind_rules
from icp_ml.errors import ConfigError
from icp_ml.profile.definition import Criterion, PointsScorecard
from icp_ml.serve.documents import to_bytes
from icp_ml.serve.exports.clay_cells import AS_OF, Column
from icp_ml.serve.exports.clay_conditions import ends_some_day, first_rule, holds
from icp_ml.serve.exports.clay_page import page
from icp_ml.serve.exports.clay_readings import readings
from icp_ml.serve.exports.clay_texts import literal, reference, texts
from icp_ml.serve.exports.points import bound_criteria, scorecard_of
from icp_ml.serve.exports.stamp import Exported, stamp_lines

POINTS: Final = "ICP points"
TIER: Final = "ICP tier"
DISQUALIFIED: Final = "ICP disqualified"
PUSH: Final = "ICP push"
CONVENTION: Final = 70
"""The score from which a prospect counts as one of the first tier, as the field has it."""
JSON_NAME, PAGE_NAME = "clay.json", "clay.md"


def clay(exported: Exported) -> Mapping[str, bytes]:
    """The format "clay": the formulas for a program, and as a page with what to do, step by step.

    Raises `ConfigError` where the ICP has no criterion, and where a column name cannot be written in a formula.
    """
    columns = clay_columns(exported)
    document = {
        "stamp": list(stamp_lines(exported)),
        "columns": [{"name": each.name, "formula": each.formula, "says": each.says} for each in columns],
    }
    return {JSON_NAME: to_bytes(document), PAGE_NAME: page(exported, columns).encode("utf-8")}


def clay_columns(exported: Exported, push: Sequence[str] | None = None) -> tuple[Column, ...]:
    """The columns in the order in which they are added: each refers to the list and to those before it.

    push: labels of the tiers that go on to the CRM, None for the first one. Raises as `clay`, and `ConfigError` for a
    label that is no tier.
    """
    scorecard = scorecard_of(exported.definition)
    pushed = _pushed(scorecard, push)
    criteria = bound_criteria(exported.definition, exported.attributes)
    exclusions = bind_rules(exported.policy.exclusions, exported.attributes)
    boundary = bind_rules(exported.policy.boundary, exported.attributes)
    asked = _asked([condition for _, condition in criteria], (*exclusions, *boundary))
    columns = [column for each in asked for column in readings(each, exported.prospects)]
    columns += _scores(criteria, scorecard)
    columns.append(Column(DISQUALIFIED, first_rule(exclusions, boundary), "the rule that leaves the company out"))
    columns.append(Column(PUSH, _gate(pushed), f"not disqualified, and in tier {' or '.join(pushed)}"))
    is_dated = any(each.kind in ("date", "year") for each in asked) or ends_some_day((*exclusions, *boundary))
    return (*([_as_of()] if is_dated else []), *columns)


def _pushed(scorecard: PointsScorecard, push: Sequence[str] | None) -> tuple[str, ...]:
    labels = [tier.label for tier in scorecard.tiers]
    wanted = tuple(labels[:1] if push is None else push)
    unknown = [label for label in wanted if label not in labels]
    if unknown or not wanted:
        raise ConfigError(
            f"expected tiers to push among {', '.join(labels)}, found {', '.join(unknown) or 'none'}; name one or more"
        )
    return wanted


def _asked(conditions: Sequence[Condition], rules: Sequence[Rule]) -> tuple[Attribute, ...]:
    """The attributes that anything asks about, each once, in the order in which they are met."""
    every = [*conditions, *(condition for rule in rules for condition in rule.conditions)]
    return tuple({condition.attribute.name: condition.attribute for condition in every}.values())


def _as_of() -> Column:
    return Column(AS_OF, "new Date().toISOString().slice(0, 10)", "the day to which ages count, as year-month-day")


def _scores(criteria: Sequence[tuple[Criterion, Condition]], scorecard: PointsScorecard) -> list[Column]:
    layers = tuple(dict.fromkeys(criterion.layer for criterion, _ in criteria))
    parts = [_layer(layer, [each for each in criteria if each[0].layer == layer]) for layer in layers]
    total = " + ".join(f"Number({reference(part.name)} || 0)" for part in parts)
    cuts = sorted({scorecard.tiers[0].points_from, CONVENTION})
    return [
        *parts,
        Column(POINTS, total, "the points of all layers"),
        Column(TIER, _tier(scorecard), "the tier by points"),
        *(Column(f"ICP {cut}+", f"{_points()} >= {cut}", _flag_words(cut, scorecard)) for cut in cuts),
    ]


def _layer(layer: str, criteria: Sequence[tuple[Criterion, Condition]]) -> Column:
    formula = " + ".join(f"({holds(condition)} ? {criterion.points} : 0)" for criterion, condition in criteria)
    words = "; ".join(f"{criterion.words} {criterion.points}" for criterion, _ in criteria)
    return Column(f"{POINTS} {layer}", formula, f"points: {words}")


def _points() -> str:
    return f"Number({reference(POINTS)} || 0)"


def _tier(scorecard: PointsScorecard) -> str:
    *upper, lowest = scorecard.tiers
    steps = "".join(f"{_points()} >= {tier.points_from} ? {literal(tier.label)} : " for tier in upper)
    return steps + literal(lowest.label)


def _flag_words(cut: int, scorecard: PointsScorecard) -> str:
    first = scorecard.tiers[0]
    return f"in tier {first.label}" if cut == first.points_from else f"{CONVENTION} points or more, the usual cut"


def _gate(pushed: Sequence[str]) -> str:
    tier = f'String({reference(TIER)} == null ? "" : {reference(TIER)})'
    return f'({reference(DISQUALIFIED)} || "") === "" && {texts(pushed)}.indexOf({tier}) >= 0'
