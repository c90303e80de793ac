"""The preset files as checked values, and the one spelling that a vendor's API name, column and label fold to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from icp_ml.deals.settings import Kind, Known, Layer

Holds = Literal["deals", "accounts", "contacts", "deal_history", "account_history", "leads", "versions", "prospects"]
Group = Literal["part", "outcome_field", "course", "seller", "record", "attribute"]

VendorKind = Literal["crm", "list"]
_FOLDER = files("icp_training.presets")
_WORDS = "words"
_CUSTOM = re.compile(r"__?[cC]$")


class _Preset(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Meaning(_Preset):
    """What columns of some names mean. names: as the vendor writes them; "*" stands for anything.

    means: the same word for the same thing in every preset, so that a list can be led to an attribute. separator:
    what stands between members, where it is not a semicolon.
    """

    names: tuple[str, ...]
    why: str = ""
    means: str | None = None
    layer: Layer | None = None
    kind: Kind | None = None
    known: Known | None = None
    separator: str | None = None


class ExportPreset(_Preset):
    """One kind of export of a vendor.

    marks: names, exactly as written, that nobody else uses. needs: of each group, one part must be there.
    parts: the columns that play a part of their own, in order of preference. carries: another kind of this vendor
    whose attributes may stand here too, after `prefix`.
    """

    holds: Holds
    called: str
    marks: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    parts: Mapping[str, tuple[str, ...]]
    outcome_fields: tuple[Meaning, ...] = ()
    course: tuple[Meaning, ...] = ()
    seller: tuple[Meaning, ...] = ()
    records: tuple[Meaning, ...] = ()
    attributes: tuple[Meaning, ...] = ()
    carries: Holds | None = None
    prefix: str = ""

    def groups(self) -> tuple[tuple[Group, tuple[Meaning, ...]], ...]:
        """The groups of columns that play no part of their own; the first that names a column decides."""
        return (
            ("outcome_field", self.outcome_fields),
            ("seller", self.seller),
            ("course", self.course),
            ("record", self.records),
            ("attribute", self.attributes),
        )


class VendorPreset(_Preset):
    """A vendor and its kinds of exports, those first that are told apart by more."""

    vendor: str
    kind: VendorKind
    exports: tuple[ExportPreset, ...]

    def export(self, holds: Holds) -> ExportPreset:
        """The kind of export that holds this. Raises KeyError where the vendor has none."""
        for export in self.exports:
            if export.holds == holds:
                return export
        raise KeyError(holds)


class _Types(_Preset):
    leave_out: tuple[str, ...]
    new: tuple[str, ...]


class _Reasons(_Preset):
    not_a_loss: tuple[str, ...]
    asked: tuple[str, ...]


class _Tests(_Preset):
    words: tuple[str, ...]


class ValueWords(_Preset):
    """Words in the values of a deal's type, reason and name."""

    types: _Types
    reasons: _Reasons
    tests: _Tests


@cache
def vendor_preset(name: str) -> VendorPreset:
    """The preset of a vendor, by the name of its file."""
    return VendorPreset.model_validate(_written(name))


@cache
def vendors(kind: VendorKind) -> tuple[str, ...]:
    """The names of the preset files of CRMs, or of those of prospect lists, in alphabetical order."""
    there = sorted(file.name.removesuffix(".yaml") for file in _FOLDER.iterdir() if file.name.endswith(".yaml"))
    return tuple(name for name in there if name != _WORDS and vendor_preset(name).kind == kind)


@cache
def value_words() -> ValueWords:
    """The words that tell types, reasons and tests apart."""
    return ValueWords.model_validate(_written(_WORDS))


def _written(name: str) -> object:
    text = _FOLDER.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@cache
def folded(name: str) -> str:
    """CloseDate, close_date, "Close Date" and Close_Date__c are one: lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9*]", "", _CUSTOM.sub("", name.strip()).casefold())


def is_named(column: str, names: tuple[str, ...]) -> bool:
    """Whether a column is called one of the names, whatever the spelling; "*" in a name stands for anything."""
    here = folded(column).replace("*", "")
    return any(fnmatchcase(here, folded(name)) for name in names)


def says(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words stands in a text, whatever the case; "*" lets a word go on."""
    return any(_pattern(word).search(text.casefold()) for word in words)


@cache
def _pattern(word: str) -> re.Pattern[str]:
    spelled = re.escape(word.casefold()).replace(r"\*", "[a-z0-9]*")
    return re.compile(rf"(?<![a-z0-9]){spelled}(?![a-z0-9])")
