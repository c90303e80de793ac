"""The rows of the prospect list that are looked at before anything is scored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from icp_ml.deals.contract import DealTable
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.list_tables import ListTables, lacking, open_list_tables
from icp_ml.deals.prospects import ProspectList, absent_attributes, batches_of, open_prospects
from icp_ml.deals.sources import columns_of, place_of
from icp_training.config import Config

PROSPECTS_LOOKED_AT = 50_000


@dataclass(frozen=True)
class ListSample:
    """The first rows of the list, read as they would be scored. absent: attributes whose column it lacks."""

    parsed: ParsedTable
    absent: tuple[str, ...]

    def known(self) -> dict[str, float]:
        """The share of rows in which each attribute is known."""
        return {name: float((~self.parsed.missing(name)).mean()) for name in self.parsed.columns}


def read_list_sample(config: Config, deals: DealTable, root: Path) -> ListSample | None:
    """The first 50,000 prospects of the configured list, None where none is named. Ages count to the extract day."""
    settings = config.prospects
    if settings.source is None:
        return None
    columns = [settings.map.get(name, name) for name in columns_of(settings, root)]
    beside = _tables_beside(config, deals, columns, root)
    made = frozenset() if beside is None else beside.made
    absent = tuple(name for name in absent_attributes(columns, deals.attributes) if name not in made)
    opened = open_prospects(place_of(settings, root), settings, deals.attributes if beside is None else ())
    batches, rows = [], 0
    for batch in batches_of(opened, deals.attributes):
        batches.append(_completed(batch, opened, beside, deals))
        rows += batch.num_rows
        if rows >= PROSPECTS_LOOKED_AT:
            break
    table = pa.Table.from_batches(batches).slice(0, PROSPECTS_LOOKED_AT)
    as_of = None if deals.extracted is None else np.full(table.num_rows, deals.extracted)
    return ListSample(parse_attributes(table, deals.attributes, as_of, frozenset(absent)), absent)


def _tables_beside(config: Config, deals: DealTable, columns: list[str], root: Path) -> ListTables | None:
    """What the attributes are made of that the list lacks; None where nothing names its companies."""
    attributes = lacking(deals.attributes, columns)
    if not attributes or config.prospects.id is None or deals.extracted is None:
        return None
    return open_list_tables(config.tables.dated(), attributes, root)


def _completed(batch: Any, opened: ProspectList, beside: ListTables | None, deals: DealTable) -> Any:
    if beside is None or opened.id is None:
        return batch
    return beside.completed(batch, opened.id, date.fromisoformat(str(deals.extracted)))
