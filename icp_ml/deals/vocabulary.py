"""From parsed attributes to the columns that a model sees, with the way back from each column to its
attribute.

A vocabulary is fitted on the fitting rows of a fold and is then a constant: the same row gives the same
numbers in training and in scoring. Values too rare to be learned from, and values never seen, share one
level.

    attribute          columns
    number, date, year, ordered, flag     one column of numbers, NaN where missing
    category           one column of codes: 0 missing, 1 other, 2.. the values in alphabetical order
    set                one column 1.0/0.0 for each frequent member, and one with the number of members
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar, Final, Literal, TypeAlias

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from icp_ml.deals.answers import OTHER
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable, Rows, SetColumn
from icp_ml.deals.monotone_settings import direction_of
from icp_ml.deals.settings import Axis, Kind, Layer
from icp_ml.deals.texts import Floats, gather
from icp_ml.errors import BundleInvalid

ColumnKind = Literal["number", "category", "flag", "ordered", "member", "count"]
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

MISSING_LEVEL = "(missing)"
OTHER_LEVEL = OTHER
MISSING_CODE, OTHER_CODE, FIRST_VALUE_CODE = 0, 1, 2

_COLUMN_KIND_OF: Final[Mapping[Kind, ColumnKind]] = {
    "number": "number",
    "date": "number",
    "year": "number",
    "flag": "flag",
    "ordered": "ordered",
}


@dataclass(frozen=True)
class ModelColumn:
    """One column that the model sees, and where it comes from.

    `factor`: the unit that contributions are given for; here it is the column.
    `levels`: for a category, "(missing)", "(other)" and the values kept, in the order of their codes.
    `fill`: the median of the fitting rows (the lower one of two) where none of them lacked a value. It stands
    in where a later row does: a tree that never saw a gap has no direction for one. None where gaps were
    seen.
    `monotone`: 1 where more of it may not speak against winning, -1 where not for it, 0 where nothing is asked.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    factor: str
    attribute: str
    layer: Layer
    axis: Axis
    kind: ColumnKind
    levels: tuple[str, ...] = ()
    fill: float | None = None
    monotone: Literal[-1, 0, 1] = 0

    @property
    def is_category(self) -> bool:
        """Whether the column holds codes of levels and not amounts."""
        return self.kind == "category"

    @property
    def member(self) -> str:
        """Which member of its set attribute a member column stands for; the empty text for other kinds."""
        return self.name.removeprefix(f"{self.attribute}:") if self.kind == "member" else ""


_COLUMNS: Final = TypeAdapter(tuple[ModelColumn, ...])


@dataclass(frozen=True)
class Vocabulary:
    """The model's columns, in their order."""

    columns: tuple[ModelColumn, ...]

    def encode(self, parsed: ParsedTable) -> Floats:
        """float64[n, p] in C order, one column for each of `columns`.

        Category columns hold codes and never NaN. Number, flag, ordered, member and count columns hold NaN
        where the attribute is missing and gaps were seen in fitting; their `fill` otherwise.
        """
        matrix = np.empty((parsed.n_rows, len(self.columns)), dtype=np.float64)
        for attribute, places in self._places_by_attribute().items():
            column = parsed.columns[attribute]
            if isinstance(column, SetColumn):
                matrix[:, places] = self._encode_set(column, places)
            else:
                for place in places:
                    matrix[:, place] = _encode_single(column, self.columns[place])
        return matrix

    def to_json(self) -> dict[str, Json]:
        """Plain JSON types, for a bundle."""
        return {"columns": [_column_to_json(column) for column in self.columns]}

    @staticmethod
    def from_json(document: object) -> Vocabulary:
        """Back from `to_json`. Raises `BundleInvalid` where the document is not what `to_json` writes."""
        if not isinstance(document, dict) or set(document) != {"columns"}:
            raise BundleInvalid("expected a vocabulary with the one key 'columns', found something else")
        try:
            columns = _COLUMNS.validate_python(document["columns"])
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BundleInvalid(f"the vocabulary's columns.{place} is wrong: {first['msg']}") from None
        return Vocabulary(columns)

    def _places_by_attribute(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, column in enumerate(self.columns):
            places.setdefault(column.attribute, []).append(place)
        return places

    def _encode_set(self, column: SetColumn, places: Sequence[int]) -> Floats:
        wanted = [self.columns[place] for place in places]
        block = _member_block(column, [each.member for each in wanted if each.kind == "member"])
        members = iter(block.T)
        counts = column.sizes().astype(np.float64)
        raw = [next(members) if each.kind == "member" else counts for each in wanted]
        gaps = column.missing
        pairs = zip(raw, wanted, strict=True)
        return np.column_stack([_filled(np.where(gaps, np.nan, values), each) for values, each in pairs])


def support_floor(n_rows: int) -> int:
    """The number of rows that a value or member needs for a level of its own: 1 in 20, at least 3, at most
    10.

    We chose it: under 3 a level is a name for single deals, and 10 deals bear a shrunken estimate whatever
    the size of the table.
    """
    return max(3, min(10, n_rows // 20))


def fit_vocabulary(parsed: ParsedTable, attributes: Sequence[Attribute], rows: Rows | None = None) -> Vocabulary:
    """The columns that the fitting rows support.

    `rows`: positions of the fitting rows; None for all. A column with one state only in them (missing counts
    as a state) says nothing and is left out.
    """
    chosen = np.arange(parsed.n_rows) if rows is None else rows
    floor = support_floor(len(chosen))
    found: list[ModelColumn] = []
    for attribute in attributes:
        found.extend(_fit_attribute(parsed.columns[attribute.name].take(chosen), attribute, floor))
    return Vocabulary(tuple(found))


def _fit_attribute(column: ParsedColumn, attribute: Attribute, floor: int) -> Iterator[ModelColumn]:
    if isinstance(column, CategoryColumn):
        return _fit_category(column, attribute, floor)
    if isinstance(column, SetColumn):
        return _fit_set(column, attribute, floor)
    return _fit_numeric(column.values, attribute.name, _COLUMN_KIND_OF[attribute.kind], attribute)


def _fit_category(column: CategoryColumn, attribute: Attribute, floor: int) -> Iterator[ModelColumn]:
    support = np.bincount(column.codes + 1, minlength=len(column.levels) + 1)
    missing, of_level = support[0], support[1:]
    named = np.array([level != OTHER_LEVEL for level in column.levels], dtype=bool)
    kept = tuple(column.levels[code] for code in np.flatnonzero((of_level >= floor) & named).tolist())
    others = of_level[(of_level < floor) | ~named].sum()
    if len(kept) + (missing > 0) + (others > 0) > 1:
        levels = (MISSING_LEVEL, OTHER_LEVEL, *sorted(kept))
        yield _column(attribute.name, "category", attribute, levels=levels)


def _fit_set(column: SetColumn, attribute: Attribute, floor: int) -> Iterator[ModelColumn]:
    support = np.bincount(column.indices, minlength=len(column.levels))
    members = [column.levels[code] for code in np.flatnonzero(support >= floor).tolist()]
    block = _member_block(column, members)
    block[column.missing] = np.nan
    for place, member in enumerate(members):
        yield from _fit_numeric(block[:, place], f"{attribute.name}:{member}", "member", attribute)
    counts = np.where(column.missing, np.nan, column.sizes())
    yield from _fit_numeric(counts, f"{attribute.name} (count)", "count", attribute)


def _fit_numeric(values: Floats, name: str, kind: ColumnKind, attribute: Attribute) -> Iterator[ModelColumn]:
    gaps = np.isnan(values)
    known = np.sort(values[~gaps])
    if len(known) == 0 or (known[0] == known[-1] and not gaps.any()):
        return
    fill = None if gaps.any() else float(known[(len(known) - 1) // 2])
    yield _column(name, kind, attribute, fill=fill)


def _column(
    name: str,
    kind: ColumnKind,
    attribute: Attribute,
    *,
    levels: tuple[str, ...] = (),
    fill: float | None = None,
) -> ModelColumn:
    direction = direction_of(attribute.monotone)
    return ModelColumn(name, name, attribute.name, attribute.layer, attribute.axis, kind, levels, fill, direction)


def _member_block(column: SetColumn, members: Sequence[str]) -> Floats:
    """float64[n, m]: 1 where the row lists the member, 0 where it does not, whether or not its set is "
    "known."""
    place_of = {member: place for place, member in enumerate(members)}
    place_of_level = np.array([place_of.get(level, -1) for level in column.levels], dtype=np.int64)
    rows = np.repeat(np.arange(len(column.missing)), column.sizes())
    places = gather(place_of_level, column.indices, -1)
    block = np.zeros((len(column.missing), len(members)))
    block[rows[places >= 0], places[places >= 0]] = 1.0
    return block


def _encode_single(column: ParsedColumn, wanted: ModelColumn) -> Floats:
    if isinstance(column, CategoryColumn):
        return _encode_category(column, wanted)
    if isinstance(column, NumberColumn):
        return _filled(column.values, wanted)
    raise TypeError(f"a set is encoded as a block, not as the column '{wanted.name}'")


def _encode_category(column: CategoryColumn, wanted: ModelColumn) -> Floats:
    code_of = {level: code for code, level in enumerate(wanted.levels[FIRST_VALUE_CODE:], FIRST_VALUE_CODE)}
    code_of_level = np.array([code_of.get(level, OTHER_CODE) for level in column.levels], dtype=np.float64)
    return gather(code_of_level, column.codes, MISSING_CODE)


def _filled(values: Floats, wanted: ModelColumn) -> Floats:
    return values if wanted.fill is None else np.where(np.isnan(values), wanted.fill, values)


def _column_to_json(column: ModelColumn) -> dict[str, Json]:
    document = {**asdict(column), "levels": list(column.levels)}
    return {name: value for name, value in document.items() if name != "monotone" or value}
