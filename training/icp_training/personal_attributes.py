"""Attributes that are about people are not learned from, whatever they would add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import NumberColumn, ParsedColumn, ParsedTable, SetColumn
from icp_ml.deals.personal import personal
from icp_ml.deals.words import listed
from icp_ml.errors import ConfigError

LOOKED_AT: Final = 2_000
"""Different values of an attribute that are looked at."""


def personal_attributes(attributes: Sequence[Attribute], parsed: ParsedTable) -> tuple[str, ...]:
    """A sentence for each attribute that holds values of people, in the order of the configuration."""
    return tuple(
        f"{attribute.name} holds {found}"
        for attribute in attributes
        if (found := personal(attribute.column, _values(parsed.columns[attribute.name]))) is not None
    )


def refuse_personal(told: tuple[str, ...]) -> None:
    """told: of `personal_attributes`. Raises `ConfigError` where there are any."""
    if told:
        raise ConfigError(
            f"attributes of companies were expected, and {listed(told)}; leave {'it' if len(told) == 1 else 'them'} "
            "out of attributes, or export what it says of the company instead (a domain, a role, a country)"
        )


def _values(column: ParsedColumn) -> list[str]:
    if isinstance(column, NumberColumn):
        known = np.unique(column.values[~np.isnan(column.values)])[:LOOKED_AT]
        return [f"{value:.0f}" for value in known.tolist()]
    used = np.unique(column.indices if isinstance(column, SetColumn) else column.codes[column.codes >= 0])
    return [column.levels[code] for code in used[:LOOKED_AT].tolist()]
