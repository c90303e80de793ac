"""From the columns of a prospect list to the attributes that the deals have, by what the presets say they mean."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from icp_training.columns_drafted import Drafted
from icp_training.exports import Export, open_export
from icp_training.guessing import Texts, kind_of
from icp_training.presets.matching import meaning_of
from icp_training.presets.reading import Meaning, folded, vendors
from icp_training.yaml_text import quoted, said

_ID_NAMES = ("domain", "website", "companydomain", "company", "name", "id")


@dataclass(frozen=True)
class Mapped:
    """A list and where its columns lead. pairs: column of the list, column of the attribute, and why; the ones that
    cannot be led there are in `apart`, with the reason. lacking: attributes in use that the list has no column for.
    """

    export: Export
    id: str | None
    pairs: tuple[tuple[str, str, str], ...]
    apart: tuple[tuple[str, str, str], ...]
    lacking: tuple[str, ...]

    @property
    def taken_for(self) -> str:
        """What the list was taken for, in words."""
        what = self.export.seen.reason if self.export.seen else "no vendor's columns recognised"
        return f"{self.export.path.name}: {what}; read as the prospect list"

    def lines(self, root: Path) -> Iterator[str]:
        """The section of the configuration."""
        yield "prospects:"
        source = os.path.relpath(self.export.path.resolve(), root.resolve())
        yield from (f"  {key}: {quoted(value)}" for key, value in self.export.settings(source).items())
        yield f"  id: {quoted(self.id)}" if self.id else "  # id: no column was found that names each company"
        if self.pairs:
            yield "  map:"
            yield from (f"    {quoted(one)}: {quoted(other)}  # {said(why)}" for one, other, why in self.pairs)
        yield from (f"  # not mapped: {said(one)} to {said(other)}: {said(why)}" for one, other, why in self.apart)
        if self.lacking:
            yield f"  # attributes in use that the list has no column for: {said(', '.join(self.lacking))}"


def map_list(path: Path, attributes: Sequence[Drafted], delimiter: str | None, encoding: str) -> Mapped:
    """Draft where the columns of a list lead. A column that has an attribute's name already needs no entry.

    Raises what reading raises.
    """
    export = open_export(path, delimiter, encoding, (*vendors("list"), *vendors("crm")))
    targets = {attribute.name: attribute for attribute in attributes}
    there = set(export.names) & set(targets)
    pairs: list[tuple[str, str, str]] = []
    apart: list[tuple[str, str, str]] = []
    for column, meaning in _meanings(export).items():
        if column in there or column not in export.columns:
            continue
        target, why = _target(column, meaning, [a for a in attributes if a.name not in there])
        if target is None:
            continue
        trouble = _trouble(export.columns[column], meaning, target)
        if trouble:
            apart.append((column, target.name, trouble))
        else:
            pairs.append((column, target.name, why))
            there.add(target.name)
    lacking = tuple(a.name for a in attributes if a.use and a.name not in there)
    return Mapped(export, _identifier(export), tuple(pairs), tuple(apart), lacking)


def _meanings(export: Export) -> dict[str, Meaning | None]:
    known = export.seen.columns if export.seen else {}
    return {name: known[name].meaning if name in known else None for name in export.names}


def _target(column: str, meaning: Meaning | None, attributes: Sequence[Drafted]) -> tuple[Drafted | None, str]:
    """The attribute that a column of a list leads to: of the same meaning, else of the same name."""
    if meaning is not None and meaning.means is not None:
        found = next((a for a in attributes if a.means == meaning.means), None)
        found = found or next((a for a in attributes if folded(a.name) == folded(meaning.means)), None)
        if found is not None:
            return found, f"both say: {meaning.means}"
    same = next((a for a in attributes if folded(a.name) == folded(column)), None)
    if same is not None:
        return same, "the same name in another spelling"
    means = meaning_of(column, (*vendors("crm"), *vendors("list")))
    return next((a for a in attributes if means and a.means == means), None), f"both say: {means}"


def _trouble(texts: Texts, meaning: Meaning | None, target: Drafted) -> str:
    """Why a column cannot stand for an attribute although it means the same; empty where it can."""
    if not texts.values:
        return "it is empty"
    separator = meaning.separator if meaning else None
    if target.kind == "set" and separator and any(separator in value for value in texts.values):
        return f"its members are separated by '{separator}', those of the deals by ';'; export it like that"
    found = kind_of(texts) if target.kind not in ("category", "set") else target.kind
    if found is not None and found != target.kind and (found, target.kind) != ("number", "year"):
        return f"the list has it as {found}, the deals as {target.kind}"
    return ""


def _identifier(export: Export) -> str | None:
    if (seen := export.seen) is not None:
        return seen.part("domain") or seen.part("id") or seen.part("account_name")
    named = {folded(name): name for name in export.names}
    return next((named[word] for word in _ID_NAMES if word in named), None)
