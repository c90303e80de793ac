"""What HubSpot and Salesforce are given of a scored list: the columns and their names in each, from `crm.yaml`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field

Crm: TypeAlias = Literal["hubspot", "salesforce"]
ColumnType: TypeAlias = Literal["number", "text", "long text"]
SHIPPED: Final = Path(__file__).with_name("crm.yaml")
_CUSTOM: Final = re.compile(r"__?[cC]$")


class _Preset(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CrmColumn(_Preset):
    """One column. source: of the scored list, or made of several. decimals: to which a number is rounded."""

    source: str = Field(alias="from")
    hubspot: str
    salesforce: str
    type: ColumnType
    says: str
    decimals: int = 0

    def name(self, crm: Crm) -> str:
        """What the CRM calls it."""
        return self.hubspot if crm == "hubspot" else self.salesforce


class CrmId(_Preset):
    """What an id column of one of these names is for a CRM; None where it is nothing that it knows."""

    columns: tuple[str, ...]
    hubspot: str | None = None
    salesforce: str | None = None


class _Shipped(_Preset):
    columns: tuple[CrmColumn, ...]
    ids: tuple[CrmId, ...]


@cache
def crm_columns() -> tuple[CrmColumn, ...]:
    """Every column that a CRM may be given, in their order."""
    return _shipped().columns


def id_name(column: str, crm: Crm) -> str:
    """The header of the id column of a list: what the CRM calls it, else the list's own name."""
    for each in _shipped().ids:
        if _folded(column) in {_folded(name) for name in each.columns}:
            return (each.hubspot if crm == "hubspot" else each.salesforce) or column
    return column


@cache
def _shipped() -> _Shipped:
    return _Shipped.model_validate(yaml.safe_load(SHIPPED.read_text(encoding="utf-8")))


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _CUSTOM.sub("", name.strip()).casefold())
