"""The declared attributes, resolved: each with its source column, layer, axis and texts that mean missing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from icp_ml.deals.answers import Phrases
from icp_ml.deals.currencies import Currency
from icp_ml.deals.currency_settings import CurrencySettings
from icp_ml.deals.monotone_settings import Monotone
from icp_ml.deals.recipes import Recipe, check_recipe
from icp_ml.deals.settings import (
    AXIS_OF_LAYER,
    AttributeSettings,
    AttributesSettings,
    Axis,
    DateOrder,
    Decimal,
    Kind,
    Known,
    Layer,
    Ranges,
    Rollup,
)
from icp_ml.errors import ConfigError


@dataclass(frozen=True)
class Attribute:
    """One attribute that may be learned from; `AttributeSettings` says what its options mean.

    `missing`: the configured texts that mean "not known", those of the attribute and the global ones.
    `recipe`: how it is made from a table of dated rows, None for one that stands in the source.
    `currency`: what its amounts are read in, None where they are plain numbers.
    """

    name: str
    column: str
    kind: Kind
    layer: Layer
    axis: Axis
    known: Known = "before"
    order: tuple[str, ...] = ()
    ranges: Ranges | None = None
    separator: str = ";"
    decimal: Decimal = "."
    date_order: DateOrder = "iso"
    missing: tuple[str, ...] = ()
    currency: Currency | None = None
    recipe: Recipe | None = None
    rollup: Rollup | None = None
    answer: str | None = None
    phrases: Phrases = ()
    monotone: Monotone | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read for it; the first is its own."""
        beside = self.currency.column if self.currency is not None else None
        return (self.column,) if beside is None else (self.column, beside)

    @property
    def plain(self) -> Attribute:
        """The same where the column holds the value itself and not a JSON object with it, as a rule names values."""
        return replace(self, answer=None)


_LATER = ("currency", "recipe", "rollup", "answer", "phrases", "monotone")
"""Fields that came after the first format: a document that does not have them says nothing of them."""


def attribute_document(attribute: Attribute) -> dict[str, object]:
    """The attribute as plain values. What came after the first format is left out where it says nothing."""
    document: dict[str, object] = asdict(attribute)
    recipe = attribute.recipe
    document["recipe"] = None if recipe is None else recipe.model_dump(mode="json", exclude_defaults=True)
    return {name: value for name, value in document.items() if value not in (None, ()) or name not in _LATER}


def resolve_attributes(
    settings: AttributesSettings,
    missing: tuple[str, ...],
    use_known: tuple[Known, ...] = ("before", "at_open"),
) -> tuple[Attribute, ...]:
    """The attributes in use, in the order they are written, from firmographic to engagement.

    Left out are those with `use: no`, those whose value becomes known at a time not in `use_known`, and those made of
    contacts, unless they say `use: yes`.
    Raises `ConfigError` where a name stands in two layers: a contribution must have one place to go; where a recipe
    does not fit the kind; and where an attribute says `use: yes` and is known at a time not in `use_known`.
    """
    _check_each_name_once(settings)
    _check_use_agrees(settings, use_known)
    return tuple(
        _attribute(name, layer, declared, missing)
        for layer, attributes in settings.layers()
        for name, declared in attributes.items()
        if _is_used(declared) and declared.known in use_known
    )


def _is_used(declared: AttributeSettings) -> bool:
    """The ICP is the company; what contacts are like is the persona, and stays out of it unless asked for."""
    is_person = declared.recipe is not None and declared.recipe.table == "contacts"
    return declared.use and (not is_person or "use" in declared.model_fields_set)


def _check_each_name_once(settings: AttributesSettings) -> None:
    layer_of: dict[str, Layer] = {}
    for layer, attributes in settings.layers():
        for name in attributes:
            other = layer_of.setdefault(name, layer)
            if other != layer:
                raise ConfigError(
                    f"attributes: expected each attribute in one layer, found '{name}' under {other} "
                    f"and {layer}; remove it from one of them"
                )


def _check_use_agrees(settings: AttributesSettings, use_known: tuple[Known, ...]) -> None:
    """A person who writes `use: yes` beside a time that is too late would wait in vain for the attribute."""
    for layer, attributes in settings.layers():
        for name, declared in attributes.items():
            asked_for = declared.use and "use" in declared.model_fields_set
            if asked_for and declared.known not in use_known:
                raise ConfigError(
                    f"attributes.{layer}.{name}: expected 'use: yes' only beside what was known when the deal opened, "
                    f"found 'known: {declared.known}'; write known: at_open if it was known by then, else use: no"
                )


def _attribute(name: str, layer: Layer, declared: AttributeSettings, missing: tuple[str, ...]) -> Attribute:
    if declared.recipe is not None:
        check_recipe(name, declared.kind, declared.recipe, declared.order)
    return Attribute(
        name=name,
        column=declared.column or name,
        kind=declared.kind,
        layer=layer,
        axis=AXIS_OF_LAYER[layer],
        known=declared.known,
        order=declared.order,
        ranges=declared.ranges,
        separator=declared.separator,
        decimal=declared.decimal,
        date_order=declared.date_order,
        missing=tuple(dict.fromkeys((*declared.missing, *missing))),
        recipe=declared.recipe,
        rollup=declared.rollup,
        currency=_currency(declared.currency),
        answer=declared.answer,
        phrases=tuple(declared.phrases.items()),
        monotone=declared.monotone,
    )


def _currency(declared: CurrencySettings | None) -> Currency | None:
    return None if declared is None else Currency((declared.to,), declared.column)
