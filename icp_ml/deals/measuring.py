"""The measures of wins beside the deals: where they stand, which deals can be judged by them, and what is predicted.

Where the grade is what is predicted, a deal is left out while nobody can know whether it was: wins and losses alike,
from the same day of closing on. Losses are known at once, but leaving out only the wins of the last months would make
the latest deals look lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.grading import Graded, grade, judgeable, predicted_of
from icp_ml.deals.ideal_settings import IdealSettings
from icp_ml.deals.measures import Dates, Measure, MeasuredRows, read_measures, young
from icp_ml.deals.settings import DealsSettings, RatesSettings
from icp_ml.deals.sources import rows_of, title_of
from icp_ml.deals.texts import Flags, Texts, encode_texts
from icp_ml.errors import ConfigError, InputError, TooFewDeals


@dataclass(frozen=True)
class Measured:
    """Every row of the deals, measured.

    too_recent: bool[n], closed too late to know whether it is what is predicted. unmeasured: bool[n], won, and nothing
    is known by which it could be judged. Both are nowhere true unless the grade is what is predicted. unmatched: how
    many won deals the table of measures lacks.
    """

    settings: IdealSettings
    measures: tuple[Measure, ...]
    too_recent: Flags
    unmeasured: Flags
    unmatched: int


def columns_in_deals(settings: IdealSettings | None) -> tuple[str, ...]:
    """The columns of measures that stand in the deals themselves."""
    return settings.all_columns() if settings is not None and settings.source is None else ()


@dataclass(frozen=True)
class DealRows:
    """What each row of the deals says of itself. won: int8[n], 1 where won. ids, accounts: None where not declared.

    section: of the configuration, which asks for its measures.
    """

    table: pa.Table
    ids: Texts | None
    accounts: Texts | None
    won: npt.NDArray[np.int8]
    dates: Dates
    section: str = "ideal"


def measure_wins(
    settings: IdealSettings | None, deal_rows: DealRows, deals: DealsSettings, rates: RatesSettings | None, root: Path
) -> Measured | None:
    """Read the measures of every row; None where wins are not graded.

    Raises `ConfigError` where the deals lack the id or the dates that the measures need, and what reading raises.
    """
    if settings is None:
        return None
    table, known = (deal_rows.table, np.ones(deal_rows.table.num_rows, dtype=bool))
    if settings.source is not None:
        table, known = _joined(settings, deal_rows, deals, root)
    section = f"{deal_rows.section}.measures"
    measures = read_measures(MeasuredRows(table, known, deal_rows.dates, rates, root, section), settings)
    too_recent, unmeasured = np.zeros(len(known), dtype=bool), np.zeros(len(known), dtype=bool)
    if settings.use == "target":
        too_recent = _too_recent(settings, deal_rows.dates, len(known))
        unmeasured = ~judgeable(deal_rows.won, measures, settings)
    return Measured(settings, measures, too_recent, unmeasured, int(((deal_rows.won == 1) & ~known).sum()))


def _too_recent(settings: IdealSettings, dates: Dates, rows: int) -> Flags:
    if not settings.wait or dates.closed is None or dates.extracted is None:
        return np.zeros(rows, dtype=bool)
    return young(dates.closed, dates.extracted, settings.wait)


def _joined(settings: IdealSettings, deal_rows: DealRows, deals: DealsSettings, root: Path) -> tuple[pa.Table, Flags]:
    """The columns of the source for each deal, and bool[n]: whether it has a row there."""
    references = deal_rows.ids if settings.by == "deal" else deal_rows.accounts
    if references is None or (settings.by == "deal" and deals.id is None):
        key = "deals.id" if settings.by == "deal" else "deals.account"
        raise ConfigError(
            f"{deal_rows.section}.source has a row for each {settings.by}, and {key} is not declared; declare it"
        )
    found = rows_of(settings, root, [str(settings.id), *settings.all_columns()])
    ids = encode_texts(found.column(str(settings.id)))
    _check_unique(ids, settings)
    row_of_code = np.full(len(ids.distinct), -1, dtype=np.int64)
    row_of_code[ids.codes[ids.codes >= 0]] = np.flatnonzero(ids.codes >= 0)
    wanted, there = (pa.array(texts.distinct, pa.string()) for texts in (references, ids))
    codes = np.asarray(pc.fill_null(pc.index_in(wanted, value_set=there), -1), dtype=np.int64)
    row_of_text = np.append(np.append(row_of_code, -1)[codes], -1)
    rows = row_of_text[references.codes]
    return found.take(pa.array(rows, mask=rows < 0)), rows >= 0


def _check_unique(ids: Texts, settings: IdealSettings) -> None:
    rows_of = np.bincount(ids.codes[ids.codes >= 0], minlength=len(ids.distinct))
    twice = np.flatnonzero(rows_of > 1)
    if len(twice):
        raise InputError(
            f"{title_of(settings)}: expected every {settings.by} of column '{settings.id}' once, found {len(twice)} of "
            f"them on several rows, for example '{ids.distinct[twice[0]]}'; keep one row for each {settings.by}"
        )


def grade_deals(measured: Measured | None, won: npt.NDArray[np.int8], rows: npt.NDArray[np.integer]) -> Graded | None:
    """Grade the deals in `rows` among themselves; None where wins are not graded. won: int8, one for each of them.

    Raises `TooFewDeals` where the grade is what is predicted and all of them turn out alike.
    """
    if measured is None:
        return None
    measures = tuple(measure.take(rows) for measure in measured.measures)
    graded = grade(won, measures, measured.settings)
    if measured.settings.use == "target":
        _check_both(predicted_of(graded), graded)
    return graded


def _check_both(predicted: npt.NDArray[np.int8], graded: Graded) -> None:
    if 0 < predicted.sum() < len(predicted):
        return
    raise TooFewDeals(
        f"expected deals that are '{graded.settings.predicted}' and deals that are not, found {int(predicted.sum())} "
        f"of {len(predicted)}; check ideal.target and the columns of ideal.measures"
    )


def check_left(won: npt.NDArray[np.int8], measured: Measured | None, left_out: Sequence[Flags]) -> None:
    """Raise `TooFewDeals` where leaving out what cannot be judged yet leaves no deal won, or none lost."""
    if measured is None or not any(flags.any() for flags in left_out):
        return
    if not 0 < won.sum() < len(won):
        settings = measured.settings
        raise TooFewDeals(
            f"expected won and lost deals that can be judged as '{settings.predicted}', found {int(won.sum())} won "
            f"among {len(won)}, after {sum(int(flags.sum()) for flags in left_out)} were left out; lengthen "
            f"deals.window, or add deals that closed at least {settings.wait} months before the extract"
        )
