"""The files that `icp init` is given: which holds the deals, which the accounts, and which is neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from icp_ml.deals.reading import column_names, read_table
from icp_ml.deals.settings import AUTO, FileSettings, parse_settings
from icp_ml.deals.words import listed
from icp_ml.errors import InputError
from icp_training.guessing import Texts, is_nested, texts_of
from icp_training.presets.matching import Recognised, recognise
from icp_training.presets.reading import vendors


@dataclass(frozen=True)
class Export:
    """A file and what it was recognised as; None where it is nobody's whom the presets know."""

    path: Path
    delimiter: str
    encoding: str
    names: tuple[str, ...]
    seen: Recognised | None

    @cached_property
    def table(self) -> pa.Table:
        """All its rows."""
        return read_table(self.path, delimiter=self.delimiter, encoding=self.encoding)

    @cached_property
    def columns(self) -> Mapping[str, Texts]:
        """Its flat columns, by name."""
        flat = [field.name for field in self.table.schema if not is_nested(field)]
        return {name: texts_of(name, self.table[name]) for name in flat}

    @property
    def nested(self) -> tuple[str, ...]:
        """The columns that hold more than one value a row, or one list of values."""
        return tuple(name for name in self.names if name not in self.columns)

    def settings(self, source: str) -> dict[str, str]:
        """What a configuration says of the file, by key."""
        told = {"source": source}
        if self.delimiter != AUTO:
            told["delimiter"] = self.delimiter
        if self.encoding != AUTO:
            told["encoding"] = self.encoding
        return told


def open_exports(paths: Sequence[Path], delimiter: str | None, encoding: str) -> tuple[Export, ...]:
    """The files with their headers read. Raises `ConfigError` for a delimiter or an encoding that is none, and what
    reading raises.
    """
    return tuple(open_export(path, delimiter, encoding, vendors("crm")) for path in paths)


def open_export(path: Path, delimiter: str | None, encoding: str, vendors: Sequence[str]) -> Export:
    """One file with its header read, and recognised as one of these vendors' if it is. Raises as `open_exports`."""
    given = parse_settings(FileSettings, {"encoding": encoding, "delimiter": delimiter or AUTO})
    names = column_names(path, delimiter=given.delimiter, encoding=given.encoding)
    return Export(path, given.delimiter, given.encoding, names, recognise(names, vendors))


def exports_that_hold(exports: Sequence[Export], holds: str) -> tuple[Export, ...]:
    """Those recognised as holding this."""
    return tuple(export for export in exports if export.seen is not None and export.seen.holds == holds)


def only_deals(exports: Sequence[Export]) -> Export | None:
    """The export that a vendor's preset says holds the deals; None where none is recognised as such.

    Raises `InputError` where several are.
    """
    found = exports_that_hold(exports, "deals")
    if len(found) > 1:
        raise InputError(
            f"expected one export of deals, found {len(found)}: {listed([export.path.name for export in found])}; give "
            f"one of them"
        )
    return found[0] if found else None
