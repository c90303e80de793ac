"""Conditions in the words of the person who will check them.

employees 51 to 500        revenue over 10M         founded under 2 years ago      raised 1 to 3 years ago
industry: Software, Retail industry: not Government stage: Series B or later       tools: HubSpot or Marketo
tools: no Rival            demo: yes                headcount not known
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.rule_settings import Bound, ConditionSettings, RuleSettings
from icp_ml.profile.wording import NOT_KNOWN, exact_amount

_AGES: Final = ("date", "year")
_TEMPLATES: Final[Mapping[tuple[str, ...], str]] = {
    ("over",): "over {0}",
    ("at_least",): "{0} or more",
    ("under",): "under {0}",
    ("at_most",): "up to {0}",
    ("over", "under"): "over {0} and under {1}",
    ("over", "at_most"): "over {0}, up to {1}",
    ("at_least", "under"): "{0} to under {1}",
    ("at_least", "at_most"): "{0} to {1}",
}
_OF_LEVELS: Final[Mapping[tuple[str, ...], str]] = {
    **_TEMPLATES,
    ("over",): "after {0}",
    ("at_least",): "{0} or later",
    ("under",): "before {0}",
    ("at_most",): "{0} or earlier",
}


def condition_words(settings: ConditionSettings, attribute: Attribute | None = None) -> str:
    """One condition. attribute: the one it asks about, which tells ages from numbers; None where it is not at hand."""
    name = settings.attribute
    if settings.missing:
        return f"{name} {NOT_KNOWN}"
    if settings.values:
        return f"{name}: {_listed(settings.values, attribute)}"
    if settings.others:
        is_set = attribute is not None and attribute.kind == "set"
        return f"{name}: {'no ' if is_set else 'not '}{_listed(settings.others, attribute)}"
    return _bounds_words(settings, attribute)


def rule_words(rule: RuleSettings, attributes: Sequence[Attribute] = ()) -> str:
    """All conditions of a rule."""
    attribute_of = {each.name: each for each in attributes}
    return " and ".join(condition_words(each, attribute_of.get(each.attribute)) for each in rule.conditions)


def _listed(values: Sequence[str], attribute: Attribute | None) -> str:
    return (" or " if attribute is not None and attribute.kind == "set" else ", ").join(values)


def _bounds_words(settings: ConditionSettings, attribute: Attribute | None) -> str:
    keys = settings.asked()
    bounds: list[Bound] = [getattr(settings, key) for key in keys]
    names_levels = any(isinstance(bound, str) for bound in bounds)
    template = (_OF_LEVELS if names_levels else _TEMPLATES)[keys]
    texts = [bound if isinstance(bound, str) else exact_amount(bound) for bound in bounds]
    ago = " years ago" if attribute is not None and attribute.kind in _AGES else ""
    between = ": " if names_levels else " "
    return f"{settings.attribute}{between}{template.format(*texts)}{ago}"
