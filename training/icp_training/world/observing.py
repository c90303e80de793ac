"""What the CRM or a bought list says of an attribute: often nothing, sometimes late, and revenue 30 % off.

A *gap* says how an attribute goes missing. A fact that is late is absent from deals that opened before it
became known, so older deals are emptier; a fact never known is absent everywhere. The list has gaps and
errors of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from icp_training.world.accounts import Population
from icp_training.world.catalogue import ATTRIBUTES, Attribute
from icp_training.world.streams import stream
from icp_training.world.text import (
    Bools,
    Column,
    Floats,
    Ints,
    frame,
    iso_dates,
    joined,
    levels_of,
    money,
    yes_no,
)
from icp_training.world.values import true_members, true_values

Source = Literal["crm", "list"]
# Standard deviation of the enrichment vendor's error: a share of the value, or points of a percentage.
RELATIVE_ERROR = {"revenue": 0.30, "employees": 0.05}
POINTS_ERROR = {"headcount_growth": 2.0}
NOT_IN_LISTS = ("lead_source",)


@dataclass(frozen=True)
class Gap:
    """Shares of accounts: `never` known to the CRM; `late` of the others; `cold` unknown to a bought list."""

    never: float
    late: float
    cold: float


@dataclass(frozen=True)
class Rows:
    """One account and one day per row: who is looked at, and as of when. Both have the same length."""

    account: Ints
    as_of: Ints


def draw_gaps(
    seed: int,
    names: Sequence[str],
    planted: Sequence[str],
    shares: tuple[tuple[float, float], tuple[float, float]],
    aged_share: float,
) -> dict[str, Gap]:
    """A gap per attribute; `shares` are the ranges of missing shares for planted and for other attributes.

    A share `aged_share` of the attributes is mostly filled late, so that older deals are emptier.
    """
    rng = stream(seed, "gaps")
    aged = set(rng.permutation(np.array(names))[: round(aged_share * len(names))].tolist())
    gaps: dict[str, Gap] = {}
    for name in names:
        low, high = shares[0] if name in planted else shares[1]
        never, late, colder = rng.uniform(low, high), 0.3 * rng.uniform(low, high), rng.uniform(0.1, 0.3)
        gaps[name] = Gap(
            never=float(never),
            late=float(rng.uniform(0.6, 0.8)) if name in aged else float(late),
            cold=1.0 if name in NOT_IN_LISTS else float(min(0.9, never + colder)),
        )
    return gaps


def missing_on(population: Population, name: str, rows: Rows, gap: Gap, source: Source) -> Bools:
    """Whether the source lacks the attribute of each row on its day."""
    rng = population.stream(f"{source}-gap-{name}")
    luck = rng.random(population.size)
    if source == "list":
        return (luck < gap.cold)[rows.account]
    known = rng.integers(population.start, population.today + 1, population.size)
    never, late = luck < gap.never, luck < gap.never + (1 - gap.never) * gap.late
    missing: Bools = never[rows.account] | (late[rows.account] & (known[rows.account] > rows.as_of))
    return missing


def seen_values(population: Population, name: str, rows: Rows, source: Source) -> Floats:
    """The values as the source writes them where it has them: true, but for the vendor's error."""
    values = true_values(population, name, rows.account, rows.as_of)
    noise = population.stream(f"{source}-error-{name}")
    if name in RELATIVE_ERROR:
        error = np.exp(RELATIVE_ERROR[name] * noise.normal(size=population.size))
        values = values * error[rows.account]
    if name in POINTS_ERROR:
        values = values + np.round(POINTS_ERROR[name] * noise.normal(size=population.size), 1)[rows.account]
    return np.maximum(1.0, np.round(values)) if name == "employees" else values


def seen_frame(
    population: Population, names: Sequence[str], rows: Rows, gaps: Mapping[str, Gap], source: Source
) -> pd.DataFrame:
    """The named attributes as text and numbers, one row per row of `rows`, missing where the source has a
    gap.
    """
    columns = {
        name: _column(
            population, ATTRIBUTES[name], rows, missing_on(population, name, rows, gaps[name], source), source
        )
        for name in names
    }
    return frame(columns)


def _column(population: Population, attribute: Attribute, rows: Rows, missing: Bools, source: Source) -> Column:
    if attribute.kind == "set":
        members = true_members(population, attribute.name, rows.account, rows.as_of)
        return joined(members, attribute.levels, missing)
    values = seen_values(population, attribute.name, rows, source)
    absent = missing | np.isnan(values)
    whole = np.where(absent, 0, values)
    if attribute.name == "revenue":
        return money(values, absent)
    if attribute.kind in ("category", "ordered"):
        return levels_of(attribute.levels, whole.astype(np.int64), absent)
    if attribute.kind == "flag":
        return yes_no(whole, absent)
    if attribute.kind == "date":
        return iso_dates(whole.astype(np.int64), absent)
    return pa.array(np.round(values, 3), mask=absent)
