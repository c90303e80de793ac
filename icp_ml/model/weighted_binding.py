"""From a rule as written to a factor: its attributes found, its values read as the data are, its outcomes in words.

The rule's own values pass through the one reading of attributes, so that "yes", "Y" and "true" are one answer and
"c-level" is the level "C-level" of a declared order. A rule that does not fit its attribute is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import NumberColumn, parse_attributes
from icp_ml.deals.settings import Kind, Layer
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE
from icp_ml.deals.weighted_settings import Form, WeightedRuleSettings
from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError
from icp_ml.model.weighted_rules import Equals, Inside, Outcome, Reaches, Test, Texts, WeightedFactor, folded

WITH_VALUES: Final[tuple[Kind, ...]] = ("category", "set", "flag", "ordered")
WITH_AMOUNTS: Final[tuple[Kind, ...]] = ("number", "date", "year", "ordered")
COUNTED: Final[tuple[Kind, ...]] = ("flag", "number", "set")
AGES: Final[tuple[Kind, ...]] = ("date", "year")


@dataclass(frozen=True)
class _Named:
    """An outcome that a rule names, and the values that lead to it as they are written."""

    outcome: Outcome
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Bound:
    """What a rule tests; what it names, in the order of codes; words for "otherwise"; whether that can happen."""

    test: Test
    named: tuple[_Named, ...]
    otherwise: str
    otherwise_happens: bool = True


def bind_rule(
    rule: WeightedRuleSettings, group: str, group_layer: Layer | None, weight: float, known: Mapping[str, Attribute]
) -> WeightedFactor:
    """The factor of a rule.

    weight: what the rule can add to the score. known: the attributes in use, by name. Raises `ConfigError` where an
    attribute is unknown, where its kind does not fit the condition, where a value can never occur, or where the
    layer is not clear.
    """
    place = f"weights.{group}, rule '{rule.title}'"
    attributes = tuple(_found(name, known, place) for name in rule.names)
    bound = _bound(rule, attributes, place)
    missing = rule.otherwise if rule.missing is None else rule.missing
    named = tuple(each.outcome for each in bound.named)
    possible = {each.points for each in named} | ({rule.otherwise} if bound.otherwise_happens else set())
    return WeightedFactor(
        name=rule.title,
        group=group,
        attributes=attributes,
        counts=bool(rule.count_of),
        layer=_layer(attributes, group_layer, place),
        weight=weight,
        test=bound.test,
        outcomes=(Outcome(f"{rule.title} not known", missing), Outcome(bound.otherwise, rule.otherwise), *named),
        usual=sum(sorted(possible)) / len(possible),
    )


def _found(name: str, known: Mapping[str, Attribute], place: str) -> Attribute:
    if name not in known:
        raise ConfigError(
            f"{place}: expected an attribute in use, found '{name}', which is none; {suggestion(name, list(known))}"
        )
    return known[name]


def _layer(attributes: Sequence[Attribute], given: Layer | None, place: str) -> Layer:
    layers = list(dict.fromkeys(each.layer for each in attributes))
    if len(layers) == 1 and given in (None, layers[0]):
        return layers[0]
    if len(layers) == 1:
        raise ConfigError(
            f"{place}: expected the layer of its attribute, {layers[0]}, found {given}; remove 'layer' or move the "
            "attribute to that layer"
        )
    if given is None:
        raise ConfigError(
            f"{place}: expected one layer, found attributes of {' and '.join(layers)}; say 'layer' beside the weight"
        )
    return given


def _bound(rule: WeightedRuleSettings, attributes: Sequence[Attribute], place: str) -> _Bound:
    first = attributes[0]
    if rule.count_of:
        _check_kinds(attributes, COUNTED, "count_of", place)
        return _bound_count(rule, attributes, place)
    form: Form = rule.form
    if form in ("exact", "levels"):
        _check_kinds(attributes, WITH_VALUES, form, place)
        return _bound_values(rule, first, place)
    _check_kinds(attributes, WITH_AMOUNTS, form, place)
    if first.order:
        raise ConfigError(f"{place}: expected '{form}' on an amount, found levels with an order; use 'levels'")
    return _bound_inside(rule, first) if form == "inside" else _bound_thresholds(rule, first)


def _check_kinds(attributes: Sequence[Attribute], fitting: Sequence[Kind], form: str, place: str) -> None:
    for attribute in attributes:
        if attribute.kind not in fitting:
            raise ConfigError(
                f"{place}: expected '{form}' on an attribute of kind {', '.join(fitting)}, found '{attribute.name}' "
                f"of kind {attribute.kind}; use another condition, or declare another kind"
            )


def _bound_values(rule: WeightedRuleSettings, attribute: Attribute, place: str) -> _Bound:
    named = _named_values(rule)
    otherwise = f"{rule.title}: other"
    if attribute.kind in ("category", "set"):
        code_of = {folded(text): code for code, each in _coded(named) for text in each.values}
        return _Bound(Texts(code_of), named, otherwise)
    of_value: dict[float, int] = {}
    for code, each in _coded(named):
        for value in _read(each.values, attribute, place):
            if of_value.setdefault(value, code) != code:
                raise ConfigError(f"{place}: expected values that differ, found two that mean the same; keep one")
    every = 2 if attribute.kind == "flag" else len(attribute.order)
    return _Bound(Equals(of_value), named, otherwise, otherwise_happens=len(of_value) != every)


def _named_values(rule: WeightedRuleSettings) -> tuple[_Named, ...]:
    """From the most points to the fewest, then by alphabet: of a set's members the first one decides."""
    if rule.levels:
        found = [_Named(Outcome(f"{rule.title}: {text}", points), (text,)) for text, points in rule.levels.items()]
    else:
        words = rule.exact[0] if len(rule.exact) == 1 else "exact match"
        found = [_Named(Outcome(f"{rule.title}: {words}", rule.points_of("exact")), rule.exact)]
    if rule.adjacent:
        found.append(_Named(Outcome(f"{rule.title}: adjacent", rule.points_of("adjacent")), rule.adjacent))
    return tuple(sorted(found, key=lambda each: (-each.outcome.points, each.outcome.text)))


def _coded(named: Sequence[_Named]) -> list[tuple[int, _Named]]:
    return list(enumerate(named, FIRST_VALUE_CODE))


def _read(texts: Sequence[str], attribute: Attribute, place: str) -> list[float]:
    """The rule's values as a flag or an ordered attribute reads them."""
    table = pa.table({attribute.column: list(texts)})
    column = parse_attributes(table, [attribute.plain], None).columns[attribute.name]
    values = column.values if isinstance(column, NumberColumn) else np.full(len(texts), np.nan)
    unread = [text for text, value in zip(texts, values.tolist(), strict=True) if np.isnan(value)]
    if unread:
        there = attribute.order or (("yes", "no") if attribute.kind == "flag" else ())
        raise ConfigError(
            f"{place}: expected values that '{attribute.name}' can have, found '{unread[0]}' "
            f"({len(unread)} in all); {suggestion(unread[0], there) if there else 'write a range such as 51-200'}"
        )
    return list(values.tolist())


def _bound_inside(rule: WeightedRuleSettings, attribute: Attribute) -> _Bound:
    low, high = rule.inside or (None, None)
    test = Inside(-np.inf if low is None else low, np.inf if high is None else high)
    if low is None or high is None:
        end = test.high if low is None else test.low
        words = ("up to", "over") if low is None else ("from", "under")
        within, outside = (f"{word} {_amount(end)}" for word in words)
    else:
        within = f"{_amount(low)} to {_amount(high)}"
        outside = f"outside {within}"
    named = (_Named(Outcome(_worded(rule, attribute, within), rule.points_of("inside"))),)
    return _Bound(test, named, _worded(rule, attribute, outside))


def _bound_thresholds(rule: WeightedRuleSettings, attribute: Attribute) -> _Bound:
    """Bands between neighbouring thresholds; the last one is open above."""
    thresholds = sorted(rule.at_least)
    bands = [f"{_amount(low)} to under {_amount(high)}" for low, high in pairwise(thresholds)]
    bands.append(f"from {_amount(thresholds[-1])}")
    named = [
        _Named(Outcome(_worded(rule, attribute, words), rule.at_least[threshold]))
        for threshold, words in zip(thresholds, bands, strict=True)
    ]
    always = attribute.kind in AGES and thresholds[0] <= 0
    otherwise = _worded(rule, attribute, f"under {_amount(thresholds[0])}")
    return _Bound(Reaches(tuple(thresholds)), tuple(named), otherwise, otherwise_happens=not always)


def _bound_count(rule: WeightedRuleSettings, attributes: Sequence[Attribute], place: str) -> _Bound:
    thresholds = sorted(rule.at_least)
    most = len(attributes)
    if thresholds[-1] > most and all(each.kind != "set" for each in attributes):
        raise ConfigError(
            f"{place}: expected 'at_least' to ask for {most} or fewer, since only {most} are counted, found "
            f"{_amount(thresholds[-1])}; lower it or count more"
        )
    if any(threshold != round(threshold) or threshold < 0 for threshold in thresholds):
        raise ConfigError(f"{place}: expected 'at_least' with whole numbers, found others; a count is whole")
    bands = [
        _amount(low) if high == low + 1 else f"{_amount(low)} to {_amount(high - 1)}"
        for low, high in pairwise(thresholds)
    ]
    bands.append(f"{_amount(thresholds[-1])} or more")
    named = [
        _Named(Outcome(f"{rule.title}: {words}", rule.at_least[threshold]))
        for threshold, words in zip(thresholds, bands, strict=True)
    ]
    fewer = "none" if thresholds[0] <= 1 else f"fewer than {_amount(thresholds[0])}"
    happens = thresholds[0] > 0
    return _Bound(Reaches(tuple(thresholds)), tuple(named), f"{rule.title}: {fewer}", otherwise_happens=happens)


def _worded(rule: WeightedRuleSettings, attribute: Attribute, words: str) -> str:
    if attribute.kind in AGES:
        return f"{rule.title} {words} years ago"
    return f"{rule.title} {'starting at ' if attribute.kind == 'ordered' else ''}{words}"


def _amount(value: float) -> str:
    return f"{value:,.10g}"
