"""Tools at accounts: in use on a day, adopted, dropped, and what the taxonomy says of them.

    tool     first_seen    last_seen     lapse   in use                       dropped on
    One      2023-01-10    2023-06-30    90      10 January to 28 September   29 September 2023
    Two      2023-01-10    -             90      from 10 January on           -

A tool was not seen for `lapse` days before anyone could know that it is gone; until then it counts as in use.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from icp_ml.deals.as_of import FOREVER, Facts, Found, sorted_facts
from icp_ml.deals.dated_rows import RowsOfTable, Wanted, read_rows
from icp_ml.deals.point_in_time_settings import TechnologiesSettings
from icp_ml.deals.taxonomy import Taxonomy, merged, read_taxonomy, shipped_tools
from icp_ml.deals.texts import Floats, Texts, gather

CONTRACT_END = "contract_end"
LEGACY = "legacy"


def taxonomy_of(settings: TechnologiesSettings, root: Path) -> Taxonomy:
    """The shipped tools, unless they are not wanted, and the company's own over them."""
    shipped = shipped_tools() if settings.shipped else ()
    own = settings.taxonomy
    if own is None:
        return merged(shipped)
    return merged(shipped, own if isinstance(own, tuple) else read_taxonomy(root / own))


def with_taxonomy(settings: TechnologiesSettings, root: Path) -> TechnologiesSettings:
    """The same with every tool of the taxonomy written out, so that it means the same wherever and whenever."""
    return settings.model_copy(update={"taxonomy": taxonomy_of(settings, root).entries, "shipped": False})


def read_technologies(settings: TechnologiesSettings, root: Path) -> tuple[Facts, RowsOfTable]:
    """Tools as facts with the texts tool, category and legacy ("yes" or "no"), and the number contract_end.

    Raises what `read_rows` and `read_taxonomy` raise.
    """
    days = {"last_seen": settings.last_seen, "known": settings.known}
    rows = read_rows(
        "technologies",
        settings,
        root,
        Wanted(
            account=settings.account,
            begin=settings.first_seen,
            days={name: column for name, column in days.items() if column},
            optional_days={CONTRACT_END: settings.contract_end} if settings.contract_end else {},
            texts={"tool": settings.tool} | ({"category": settings.category} if settings.category else {}),
        ),
    )
    taxonomy = taxonomy_of(settings, root)
    tools, listed = named(rows.texts["tool"], taxonomy)
    texts = {
        "tool": tools,
        "category": _categories(listed, rows.texts.get("category")),
        LEGACY: _legacy(tools, taxonomy),
    }
    began = rows.days["begin"]
    forever = np.full(len(began), FOREVER, dtype=np.int32)
    last = rows.day("last_seen", forever)
    ended = np.where(last == FOREVER, FOREVER, np.minimum(last.astype(np.int64) + settings.lapse, FOREVER))
    ends = rows.day(CONTRACT_END, forever).astype(np.float64)
    numbers = {CONTRACT_END: np.where(ends == FOREVER, np.nan, ends)}
    rows = replace(rows, texts=texts, numbers=numbers)
    known = rows.day("known", began)
    return rows.facts(known=known, ended=ended.astype(np.int32), complete=settings.complete), rows.report


def dropped(facts: Facts) -> Facts:
    """The same tools as events on the first day on which each was no longer in use."""
    gone = np.flatnonzero(facts.ended < FOREVER)
    began = facts.ended[gone] + 1
    events = Facts(
        accounts=facts.accounts,
        account=facts.account[gone],
        began=began,
        known=np.maximum(began, facts.known[gone]),
        ended=np.full(len(gone), FOREVER, dtype=np.int32),
        texts={name: Texts(column.codes[gone], column.distinct) for name, column in facts.texts.items()},
        numbers={name: column[gone] for name, column in facts.numbers.items()},
        first_known=facts.first_known,
        complete=facts.complete,
    )
    return sorted_facts(events)


def days_to_contract_end(found: Found) -> Floats:
    """Days to the next end of a contract of a tool in use, 0 on the day itself; NaN where none is known."""
    ends = found.facts.numbers[CONTRACT_END]
    soonest = np.full(len(found.day), np.inf)
    for chunk in found.chunks(in_force=True):
        left = ends[chunk.fact] - found.day[chunk.row]
        ahead = left >= 0
        np.minimum.at(soonest, chunk.row[ahead], left[ahead])
    return np.where(np.isfinite(soonest), soonest, np.nan)


def named(tools: Texts, taxonomy: Taxonomy) -> tuple[Texts, Texts]:
    """Each tool under its one name, and the category that the taxonomy gives it."""
    names = [taxonomy.name(tool) for tool in tools.distinct]
    entries = [taxonomy.entry(tool) for tool in tools.distinct]
    return _recoded(tools, names), _recoded(tools, ["" if entry is None else entry.category for entry in entries])


def _legacy(tools: Texts, taxonomy: Taxonomy) -> Texts:
    entries = [taxonomy.entry(tool) for tool in tools.distinct]
    return _recoded(tools, ["yes" if entry is not None and entry.legacy else "no" for entry in entries])


def _categories(listed: Texts, own: Texts | None) -> Texts:
    """The table's own category, and the taxonomy's where the table has none."""
    if own is None:
        return listed
    shifted = np.where(listed.codes < 0, -1, listed.codes + len(own.distinct))
    codes = np.where(own.codes >= 0, own.codes, shifted).astype(np.int32)
    distinct = [*own.distinct, *listed.distinct]
    return _recoded(Texts(codes, distinct), distinct)


def _recoded(texts: Texts, names: list[str]) -> Texts:
    """The same rows with other texts, each once; the empty text is missing."""
    distinct = sorted({name for name in names if name})
    place = {name: code for code, name in enumerate(distinct)}
    code_of = np.array([place.get(name, -1) for name in names], dtype=np.int32)
    return Texts(gather(code_of, texts.codes, -1), distinct)
