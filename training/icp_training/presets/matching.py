"""Which vendor an export comes from, what it holds, and what each of its columns means there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from icp_training.presets.reading import ExportPreset, Group, Holds, Meaning, VendorPreset, is_named, vendor_preset

ENOUGH_MARKS = 2
"""Names that nobody but the vendor uses, from which an export is taken for the vendor's. With one, a spreadsheet of
somebody's own that happens to have a "Forecast Category" would be; we chose it."""


@dataclass(frozen=True)
class Column:
    """What one column of a recognised export means. part: the part it plays, where the group is "part"."""

    group: Group
    meaning: Meaning
    part: str | None = None


@dataclass(frozen=True)
class Recognised:
    """An export of a vendor. columns: what is known about each column; those that are not in it are the user's own."""

    vendor: str
    holds: Holds
    called: str
    spelling: str
    total: int
    marks: tuple[str, ...]
    columns: Mapping[str, Column]
    parts: Mapping[str, tuple[str, ...]]

    @property
    def reason(self) -> str:
        """Why it is taken for what it is, in words."""
        shown = ", ".join(self.marks[:3])
        return (
            f"{self.vendor} {self.called} ({self.spelling}): {len(self.columns)} of {self.total} columns recognised, "
            f"among them {shown}"
        )

    def part(self, name: str) -> str | None:
        """The column that plays a part, the preferred one where several could."""
        return next(iter(self.parts.get(name, ())), None)


def recognise(names: Sequence[str], vendors: Sequence[str]) -> Recognised | None:
    """What a file with these columns is; None where no vendor's marks are there.

    vendors: the presets to try, by the names of their files. Of several vendors, the one that knows most columns.
    """
    found = [match for vendor in vendors if (match := _of_vendor(names, vendor_preset(vendor))) is not None]
    return max(found, key=lambda match: (len(match.columns), len(match.marks)), default=None)


def meaning_of(name: str, vendors: Sequence[str]) -> str | None:
    """What a column of this name means to one of the vendors, whatever stands beside it; None where none says."""
    meanings = (
        meaning for vendor in vendors for export in vendor_preset(vendor).exports for meaning in export.attributes
    )
    return next((meaning.means for meaning in meanings if is_named(name, meaning.names)), None)


def _of_vendor(names: Sequence[str], vendor: VendorPreset) -> Recognised | None:
    matches = (_match(names, vendor, export) for export in vendor.exports)
    return next((match for match in matches if match is not None), None)


def _match(names: Sequence[str], vendor: VendorPreset, export: ExportPreset) -> Recognised | None:
    marks = tuple(name for name in names if name in export.marks)
    parts = {part: _called(names, spellings) for part, spellings in export.parts.items()}
    needed = all(any(parts.get(part) for part in group) for group in export.needs)
    if len(marks) < ENOUGH_MARKS or not needed:
        return None
    columns = {name: found for name in names if (found := _column(name, vendor, export)) is not None}
    return Recognised(vendor.vendor, export.holds, export.called, _spelling(marks), len(names), marks, columns, parts)


def _called(names: Sequence[str], spellings: tuple[str, ...]) -> tuple[str, ...]:
    """The columns with one of the spellings, in the order of the spellings."""
    return tuple(dict.fromkeys(name for one in spellings for name in names if is_named(name, (one,))))


def _column(name: str, vendor: VendorPreset, export: ExportPreset) -> Column | None:
    for group, meanings in export.groups():
        for meaning in meanings:
            if is_named(name, meaning.names):
                return Column(group, meaning, _part(name, export))
    if part := _part(name, export):
        return Column("part", Meaning(names=(name,)), part)
    return _carried(name, vendor, export)


def _part(name: str, export: ExportPreset) -> str | None:
    return next((part for part, spellings in export.parts.items() if is_named(name, spellings)), None)


def _carried(name: str, vendor: VendorPreset, export: ExportPreset) -> Column | None:
    """A column of the account that stands on the row of the deal, by its own name or after the account's."""
    if export.carries is None:
        return None
    other = vendor.export(export.carries)
    for group, meanings in other.groups():
        for meaning in meanings:
            prefixed = tuple(f"{export.prefix}{one}" for one in meaning.names)
            if is_named(name, (*meaning.names, *prefixed)):
                return Column(group, meaning)
    return None


def _spelling(marks: Sequence[str]) -> str:
    """How the vendor's own names are written, which tells where the export was made."""
    if any(" " in mark or "%" in mark for mark in marks):
        return "labels"
    return "snake_case" if any("_" in mark for mark in marks) else "API names"
