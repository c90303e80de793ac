"""Who was contacted and what came of it, as the configuration says where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.parsing import parse_days, parse_flags
from icp_ml.deals.sources import rows_of, title_of
from icp_ml.deals.texts import encode_texts
from icp_ml.errors import InputError
from icp_ml.watch.outreach import Contacts
from icp_training.review_settings import OutreachSettings

Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]
Texts = NDArray[np.object_]


def read_contacts(settings: OutreachSettings, root: Path, extracted: np.datetime64) -> Contacts:
    """All contacts up to the day of the deals' export.

    Where outcomes are days the file tells up to its last day, in whatever column: what it would have told later is not
    known. Where they are yes and no nothing says its day, and it is taken to be of the day of the export.
    Raises as `rows_of` does, and `InputError` where a day, or a yes or no, cannot be read.
    """
    table = rows_of(settings, root, settings.columns)
    title = title_of(settings)
    on = _days(table.column(settings.contacted), settings, title, settings.contacted)
    replied, met = (
        None if name is None else _happened(table.column(name), settings, title, name)
        for name in (settings.replied, settings.meeting)
    )
    if np.isnat(on).all():
        raise InputError(f"{title}: expected days in the column '{settings.contacted}', found none; name another")
    news = np.concatenate([each.when for each in (replied, met) if each is not None])
    is_dated = not np.isnat(news).all()
    until = np.nanmax(np.concatenate([on, news])) if is_dated else extracted
    kept = ~np.isnat(on) & (on <= extracted)
    return Contacts(
        accounts=table.column(settings.account).filter(pa.array(kept)),
        on=on[kept],
        replied=None if replied is None else replied.whether[kept],
        met=None if met is None else met.whether[kept],
        channel=None if settings.channel is None else _texts(table.column(settings.channel))[kept],
        until=min(until, extracted),
    )


def _days(column: pa.ChunkedArray, settings: OutreachSettings, title: str, name: str) -> Days:
    read = parse_days(column, settings.date_order)
    if read.trouble.rows:
        raise InputError(
            f"{title}: expected days in the column '{name}', found '{read.trouble.examples[0]}' and the like in "
            f"{read.trouble.rows:,} rows; say date_order, or correct them"
        )
    return read.values


@dataclass(frozen=True)
class _Happened:
    """whether: bool[n]. when: day[n], NaT where it did not or nobody says."""

    whether: Flags
    when: Days


def _happened(column: pa.ChunkedArray, settings: OutreachSettings, title: str, name: str) -> _Happened:
    """Blank is no."""
    flags = parse_flags(column)
    if not flags.trouble.rows:
        return _Happened(flags.values == 1.0, np.full(len(flags.values), np.datetime64("NaT", "D")))
    when = parse_days(column, settings.date_order)
    if when.trouble.rows:
        raise InputError(
            f"{title}: expected days, or yes and no, in the column '{name}', found '{when.trouble.examples[0]}' and "
            f"the like in {when.trouble.rows:,} rows; say date_order, or correct them"
        )
    return _Happened(~np.isnat(when.values), when.values)


def _texts(column: pa.ChunkedArray) -> Texts:
    encoded = encode_texts(column)
    return encoded.texts(np.arange(len(encoded.codes)))
