"""A list of prospects as raw record batches, with the columns called what the attributes call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.reading import BATCH_ROWS, Place, column_names, stream_batches
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import InputError


@dataclass(frozen=True)
class ProspectList:
    """A list whose header was read and found usable.

    columns: the names in the file. renamed: what each is called from here on. id: the renamed id column, None
    where rows go by their number. absent: the attributes whose column the list lacks, for the caller to tell.
    """

    path: Place
    settings: ProspectsSettings
    columns: tuple[str, ...]
    renamed: tuple[str, ...]
    id: str | None
    absent: tuple[str, ...]


def open_prospects(
    path: Place, settings: ProspectsSettings, attributes: Sequence[Attribute], id_column: str | None = None
) -> ProspectList:
    """Read the header of a list and see what it offers.

    `id_column`: takes the place of `settings.id`; either is a name in the file.

    Raises `InputError` where the list lacks the id column or the column of every attribute, or where the map
    gives two columns one name.
    """
    columns = column_names(path, delimiter=settings.delimiter, encoding=settings.encoding, sheet=settings.sheet)
    renamed = tuple(settings.map.get(column, column) for column in columns)
    _check_distinct(path, columns, renamed)
    absent = absent_attributes(renamed, attributes)
    if attributes and len(absent) == len(attributes):
        wanted = [attribute.column for attribute in attributes]
        raise InputError(
            f"{path.name}: expected columns such as {listed(wanted)}, found none of them among "
            f"{listed(columns)}; set prospects.map, or --map, from the list's columns to these"
        )
    chosen = id_column or settings.id
    if chosen is not None and chosen not in columns:
        raise InputError(
            f"{path.name}: expected the id column '{chosen}', found none of that name; {suggestion(chosen, columns)}"
        )
    return ProspectList(path, settings, columns, renamed, _renamed(chosen, columns, renamed), absent)


def prospect_batches(
    path: Place,
    settings: ProspectsSettings,
    attributes: Sequence[Attribute],
    id_column: str | None = None,
    *,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Record batches with the id column and the attribute columns that the list has, renamed by the map.

    The id column, if any, comes first, under its renamed name (`open_prospects(...).id`). Errors: those of
    `open_prospects` and of `reading.stream_batches`.
    """
    prospects = open_prospects(path, settings, attributes, id_column)
    return batches_of(prospects, attributes, batch_rows=batch_rows)


def batches_of(
    prospects: ProspectList, attributes: Sequence[Attribute], *, batch_rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """The batches of an opened list; see `prospect_batches`."""
    raw_of = dict(zip(prospects.renamed, prospects.columns, strict=True))
    wanted = [] if prospects.id is None else [prospects.id]
    wanted += [column for attribute in attributes for column in attribute.columns if column in raw_of]
    names = list(dict.fromkeys(wanted))
    settings = prospects.settings
    for batch in stream_batches(
        prospects.path,
        delimiter=settings.delimiter,
        encoding=settings.encoding,
        sheet=settings.sheet,
        columns=[raw_of[name] for name in names],
        batch_rows=batch_rows,
    ):
        yield batch.rename_columns(names)


def absent_attributes(columns: Sequence[str], attributes: Sequence[Attribute]) -> tuple[str, ...]:
    """The names of the attributes whose column is not among `columns` (as renamed by the map)."""
    present = set(columns)
    return tuple(attribute.name for attribute in attributes if attribute.column not in present)


def _check_distinct(path: Place, columns: Sequence[str], renamed: Sequence[str]) -> None:
    times = Counter(renamed)
    for column, name in zip(columns, renamed, strict=True):
        if times[name] > 1 and column != name:
            raise InputError(
                f"{path.name}: expected one column for '{name}', found several, since prospects.map leads "
                f"'{column}' there too; remove that entry or rename the column"
            )


def _renamed(chosen: str | None, columns: Sequence[str], renamed: Sequence[str]) -> str | None:
    return None if chosen is None else renamed[columns.index(chosen)]
