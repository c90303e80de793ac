"""The declared attributes, resolved: each with its source column, layer, axis and texts that mean missing."""

from __future__ import annotations

from dataclasses import dataclass

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
)
from icp_ml.errors import ConfigError


@dataclass(frozen=True)
class Attribute:
    """One attribute that may be learned from; `AttributeSettings` says what its options mean.

    `missing`: the configured texts that mean "not known", those of the attribute and the global ones.
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


def resolve_attributes(
    settings: AttributesSettings,
    missing: tuple[str, ...],
    use_known: tuple[Known, ...] = ("before", "at_open"),
) -> tuple[Attribute, ...]:
    """The attributes in use, in the order they are written, from firmographic to engagement.

    Left out are those with `use: no` and those whose value becomes known at a time not in `use_known`.
    Raises `ConfigError` where a name stands in two layers: a contribution must have one place to go.
    """
    _check_each_name_once(settings)
    return tuple(
        _attribute(name, layer, declared, missing)
        for layer, attributes in settings.layers()
        for name, declared in attributes.items()
        if declared.use and declared.known in use_known
    )


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


def _attribute(name: str, layer: Layer, declared: AttributeSettings, missing: tuple[str, ...]) -> Attribute:
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
    )
