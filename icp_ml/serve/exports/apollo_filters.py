"""Conditions as Apollo's filters: which filter asks about an attribute, and what is set there.

    employees 51 to under 501        # Employees: include 51-100, 101-200, 201-500
    employees 60 or more             # Employees: include 51-100 and all above; 51-100 is cut: it finds 51 to 59 too
    stage: Series A or later         Funding Stage: include Series A, Series B, Series C
    tools: no Rivalo                 Technologies: exclude Rivalo
    founded under 5 years ago        Founded Year: from 2021, as of 2025

Which filter asks about an attribute is told by whole column names in `apollo.yaml`, and by nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition
from icp_ml.deals.kinds import DAYS_PER_YEAR
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.profile.wording import exact_amount

SHIPPED: Final = Path(__file__).with_name("apollo.yaml")
Band = tuple[int, int | None]
Side = Literal["include", "exclude"]
_CUSTOM: Final = re.compile(r"__?[cC]$")


class Filter(BaseModel):
    """One filter of Apollo. columns: names of what it asks about. bands: lowest and highest, None where open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    filter: str
    takes: Literal["names", "bands", "amounts", "years", "days"]
    columns: tuple[str, ...]
    bands: tuple[Band, ...] = ()
    about: Literal["company", "person"] = "company"


@dataclass(frozen=True)
class Setting:
    """What is set in one filter. note: where it is not quite what the condition asks; empty where it is."""

    filter: str
    side: Side
    values: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Inexpressible:
    """A condition that no filter can ask, and why."""

    why: str


@cache
def filters() -> tuple[Filter, ...]:
    """Apollo's filters in their order."""
    written = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return tuple(Filter.model_validate(each) for each in written["filters"])


def filter_of(attribute: Attribute, prospects: ProspectsSettings) -> Filter | None:
    """The first filter that asks about an attribute: by the name of its column, of a list's, or by its own."""
    theirs = [name for name, ours in prospects.map.items() if ours == attribute.column]
    names = {_folded(name) for name in (*theirs, attribute.column, attribute.name)}
    return next((each for each in filters() if names & {_folded(column) for column in each.columns}), None)


def setting(condition: Condition, preset: Filter, as_of: date) -> Setting | Inexpressible:
    """What is set for companies that meet a condition. as_of: the day to which ages count."""
    if condition.settings.missing:
        return Inexpressible("Apollo cannot ask for what it does not know")
    if preset.takes == "names":
        return _names(condition, preset)
    if not condition.bounds:
        return Inexpressible(f"'{preset.filter}' takes numbers, and this asks for names")
    if preset.takes == "bands":
        return _bands(condition, preset)
    if preset.takes == "amounts":
        return _amounts(condition, preset)
    return _times(condition, preset, as_of)


def _folded(name: str) -> str:
    """Number_of_Employees__c, "Number of Employees" and numberofemployees are one."""
    return re.sub(r"[^a-z0-9]", "", _CUSTOM.sub("", name.strip()).casefold())


def _names(condition: Condition, preset: Filter) -> Setting | Inexpressible:
    attribute, asked = condition.attribute, condition.settings
    if attribute.kind == "flag":
        return Inexpressible(f"'{preset.filter}' takes names, and this asks for yes or no")
    note = "Apollo names industries by itself: choose those that fit" if attribute.rollup is not None else ""
    if asked.values:
        return Setting(preset.filter, "include", asked.values, note)
    if asked.others:
        return Setting(preset.filter, "exclude", asked.others, note)
    if not attribute.order:
        return Inexpressible(f"'{preset.filter}' takes names, and this asks for numbers")
    levels = tuple(level for rank, level in enumerate(attribute.order) if _is_within(condition, float(rank)))
    return Setting(preset.filter, "include", levels, note)


def _is_within(condition: Condition, value: float) -> bool:
    low, high = _ends(condition)
    keys = dict(condition.bounds)
    above = value > low if "over" in keys else value >= low
    return above and (value < high if "under" in keys else value <= high)


def _ends(condition: Condition) -> tuple[float, float]:
    keys = dict(condition.bounds)
    low = next((keys[key] for key in ("over", "at_least") if key in keys), -math.inf)
    return low, next((keys[key] for key in ("under", "at_most") if key in keys), math.inf)


def _bands(condition: Condition, preset: Filter) -> Setting | Inexpressible:
    """Every band that holds a headcount which meets the condition; a band that holds others too is told."""
    low, high = _whole_ends(condition)
    kept = [band for band in preset.bands if band[0] <= high and _top(band) >= low]
    if not kept:
        return Inexpressible(f"no band of '{preset.filter}' holds such a number")
    cut = [band for band in kept if band[0] < low or _top(band) > high]
    told = f"{' and '.join(map(_band_text, cut))} {'is' if len(cut) == 1 else 'are'} cut: {_beyond(cut, low, high)} too"
    return Setting(preset.filter, "include", tuple(map(_band_text, kept)), told if cut else "")


def _whole_ends(condition: Condition) -> tuple[float, float]:
    """The lowest and the highest whole number that meet the bounds."""
    keys = dict(condition.bounds)
    low, high = _ends(condition)
    first = low if math.isinf(low) else math.floor(low) + 1 if "over" in keys else math.ceil(low)
    last = high if math.isinf(high) else math.ceil(high) - 1 if "under" in keys else math.floor(high)
    return first, last


def _top(band: Band) -> float:
    return math.inf if band[1] is None else band[1]


def _band_text(band: Band) -> str:
    return f"{band[0]}+" if band[1] is None else f"{band[0]}-{band[1]}"


def _beyond(cut: Sequence[Band], low: float, high: float) -> str:
    """The headcounts that the bands hold and the condition does not."""
    parts = [f"{band[0]} to {low - 1:.0f}" for band in cut if band[0] < low]
    parts += [f"{high + 1:.0f} to {band[1]}" if band[1] else f"over {high:.0f}" for band in cut if _top(band) > high]
    return f"Apollo finds {' and '.join(parts)}"


def _amounts(condition: Condition, preset: Filter) -> Setting:
    low, high = _ends(condition)
    values = [f"from {exact_amount(low)}"] if math.isfinite(low) else []
    values += [f"up to {exact_amount(high)}"] if math.isfinite(high) else []
    currency = condition.attribute.currency
    foreign = currency is not None and "USD" not in currency.accepts
    note = f"Apollo counts in USD, the ICP in {' or '.join(currency.accepts)}" if currency and foreign else ""
    return Setting(preset.filter, "include", tuple(values), note)


def _times(condition: Condition, preset: Filter, as_of: date) -> Setting | Inexpressible:
    """An age of at least so much is a time up to some year or day, one of less a time after it."""
    if condition.attribute.kind not in ("date", "year"):
        return Inexpressible(f"'{preset.filter}' takes a time, and this is asked as a plain number")
    keys = dict(condition.bounds)
    find = _year if preset.takes == "years" else _day
    values = [f"from {find(as_of, keys[key], strict=key == 'under')}" for key in ("under", "at_most") if key in keys]
    values += [
        f"up to {find(as_of, keys[key], strict=key == 'over', later=False)}"
        for key in ("over", "at_least")
        if key in keys
    ]
    return Setting(preset.filter, "include", tuple(values), f"as of {as_of.isoformat()}; set it anew as time goes on")


def _year(as_of: date, age: float, *, strict: bool, later: bool = True) -> str:
    """The first year (or the last one, where `later` is False) of which the calendar age is under or over `age`."""
    if later:
        return str(as_of.year - (math.ceil(age) - 1 if strict else math.floor(age)))
    return str(as_of.year - (math.floor(age) + 1 if strict else math.ceil(age)))


def _day(as_of: date, age: float, *, strict: bool, later: bool = True) -> str:
    days = age * DAYS_PER_YEAR
    if later:
        return (as_of - timedelta(days=math.ceil(days) - 1 if strict else math.floor(days))).isoformat()
    return (as_of - timedelta(days=math.floor(days) + 1 if strict else math.ceil(days))).isoformat()
