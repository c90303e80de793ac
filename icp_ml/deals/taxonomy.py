"""Which tools are the same under several names, what each is for, and which are legacy.

The shipped table, `tools.csv`, is small and general. A company's own file has the same columns and wins over it:

    tool,category,aliases,legacy
    Salesforce,crm,SFDC;Salesforce CRM;Sales Cloud,
    Lotus Notes,office,IBM Notes;HCL Notes,yes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from icp_ml.deals.reading import column_names, read_table
from icp_ml.errors import InputError

SHIPPED = Path(__file__).with_name("tools.csv")
_YES = ("yes", "true", "1", "y")


class ToolEntry(BaseModel):
    """One tool: its name, its category ("" where unknown), other names for it, and whether it is legacy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str = Field(min_length=1)
    category: str = ""
    aliases: tuple[str, ...] = ()
    legacy: bool = False


@dataclass(frozen=True)
class Taxonomy:
    """Tools by name; names are compared without regard to case and outer space. A later entry wins over an earlier."""

    entries: tuple[ToolEntry, ...]

    def entry(self, name: str) -> ToolEntry | None:
        """The tool of that name or alias, None where it is not listed."""
        return self._by_name.get(_key(name))

    def name(self, tool: str) -> str:
        """The one name of a tool: its own where it is not listed."""
        found = self.entry(tool)
        return tool if found is None else found.tool

    @cached_property
    def _by_name(self) -> Mapping[str, ToolEntry]:
        names: dict[str, ToolEntry] = {}
        for entry in self.entries:
            names |= dict.fromkeys(map(_key, entry.aliases), entry)
        return names | {_key(entry.tool): entry for entry in self.entries}


def read_taxonomy(path: Path) -> tuple[ToolEntry, ...]:
    """The entries of a file with the columns tool, category, aliases (separated by `;`) and legacy (yes or empty).

    Only tool is required. Raises `InputError` where the file cannot be read, lacks that column, or a row has no tool.
    """
    names = [name for name in ("tool", "category", "aliases", "legacy") if name in column_names(path)]
    if "tool" not in names:
        raise InputError(f"{path.name}: expected a column 'tool', found none; write tool,category,aliases,legacy")
    rows = read_table(path, columns=names).to_pylist()
    blank = [place for place, row in enumerate(rows, 2) if not (row["tool"] or "").strip()]
    if blank:
        raise InputError(
            f"{path.name}: expected a tool in every row, found {len(blank)} without one, row {blank[0]} first; "
            "remove them or name the tool"
        )
    return tuple(_entry(row) for row in rows)


def shipped_tools() -> tuple[ToolEntry, ...]:
    """The tools that come with the package."""
    return read_taxonomy(SHIPPED)


def merged(*tables: Sequence[ToolEntry]) -> Taxonomy:
    """One taxonomy of several tables; an entry of a later one takes the place of the same tool in an earlier one."""
    by_tool: dict[str, ToolEntry] = {}
    for entry in _all(tables):
        by_tool[_key(entry.tool)] = entry
    return Taxonomy(tuple(by_tool.values()))


def _all(tables: Iterable[Sequence[ToolEntry]]) -> Iterable[ToolEntry]:
    return (entry for table in tables for entry in table)


def _entry(row: Mapping[str, str | None]) -> ToolEntry:
    aliases = (alias.strip() for alias in (row.get("aliases") or "").split(";"))
    return ToolEntry(
        tool=(row["tool"] or "").strip(),
        category=(row.get("category") or "").strip(),
        aliases=tuple(alias for alias in aliases if alias),
        legacy=(row.get("legacy") or "").strip().casefold() in _YES,
    )


def _key(name: str) -> str:
    return name.strip().casefold()
