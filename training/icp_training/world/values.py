"""The true value of an attribute on a day as a number: a level's code, a flag's 0 or 1, a date's day."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from icp_training.world.accounts import YEAR, Population, tools_in_use
from icp_training.world.catalogue import ATTRIBUTES, NOISE, TOOL_CATEGORIES, TOOLS, Attribute
from icp_training.world.events import latest_known, total_known
from icp_training.world.text import Bools, Floats, Ints

SET_SHARES = (0.08, 0.45)
Reader = Callable[[Population, Ints, Ints], Floats]


def true_values(population: Population, name: str, account: Ints, as_of: Ints) -> Floats:
    """The attribute of each account on its day; NaN where there is nothing to know (no round, no executive
    yet).

    For a set see `true_members`. Assumes days inside the population's span.
    """
    if ATTRIBUTES[name].is_noise:
        return _noise(population, ATTRIBUTES[name])[account]
    if name in population.codes:
        return population.codes[name][account].astype(np.float64)
    return _READERS[name](population, account, as_of)


def true_members(population: Population, name: str, account: Ints, as_of: Ints) -> Bools:
    """The members of a set attribute (rows x levels)."""
    if name == "tools":
        return tools_in_use(population, account, as_of)
    rng = population.stream(name)
    levels = len(ATTRIBUTES[name].levels)
    shares = rng.uniform(*SET_SHARES, size=levels)
    members = rng.random((population.size, levels)) < shares
    members[:, 0] |= ~members.any(axis=1)
    return members[account]


def _years_before_extract(population: Population, as_of: Ints) -> Floats:
    return (population.today - as_of) / YEAR


def _shrunk(values: Floats, population: Population, account: Ints, as_of: Ints) -> Floats:
    grown = (1 + population.growth[account]) ** _years_before_extract(population, as_of)
    return values[account] / grown


def _employees(population: Population, account: Ints, as_of: Ints) -> Floats:
    return np.maximum(1.0, np.round(_shrunk(population.employees, population, account, as_of)))


def _revenue(population: Population, account: Ints, as_of: Ints) -> Floats:
    return _shrunk(population.revenue, population, account, as_of)


def _offices(population: Population, account: Ints, as_of: Ints) -> Floats:
    return population.offices[account]


def _headcount_growth(population: Population, account: Ints, as_of: Ints) -> Floats:
    return np.round(100 * population.growth[account], 1)


def _founded(population: Population, account: Ints, as_of: Ints) -> Floats:
    return population.founded[account].astype(np.float64)


def _funding_stage(population: Population, account: Ints, as_of: Ints) -> Floats:
    known: Bools = population.rounds_known[account] <= as_of[:, None]
    stage: Floats = np.sum(known, axis=1, dtype=np.float64)
    return stage


def _funding_date(population: Population, account: Ints, as_of: Ints) -> Floats:
    known = population.rounds_known[account] <= as_of[:, None]
    latest = np.where(known, population.rounds[account], -1).max(axis=1)
    return np.where(known.any(axis=1), latest, np.nan).astype(np.float64)


def _tool_of(category: str) -> Reader:
    first, last = TOOL_CATEGORIES.index(category), len(TOOLS[category])

    def read(population: Population, account: Ints, as_of: Ints) -> Floats:
        used = tools_in_use(population, account, as_of)[:, first : first + last]
        return np.where(used.any(axis=1), used.argmax(axis=1), last).astype(np.float64)

    return read


def _total_in_90_days(kind: str) -> Reader:
    def read(population: Population, account: Ints, as_of: Ints) -> Floats:
        return total_known(population.events[kind], account, as_of, 90)

    return read


def _research_score(population: Population, account: Ints, as_of: Ints) -> Floats:
    return np.minimum(100.0, 5 * total_known(population.events["research"], account, as_of, 180))


def _new_executive_date(population: Population, account: Ints, as_of: Ints) -> Floats:
    day, _ = latest_known(population.events["new_executive"], account, as_of)
    return np.where(day < 0, np.nan, day).astype(np.float64)


_READERS: dict[str, Reader] = {
    "employees": _employees,
    "revenue": _revenue,
    "offices": _offices,
    "headcount_growth": _headcount_growth,
    "founded": _founded,
    "funding_stage": _funding_stage,
    "funding_date": _funding_date,
    "crm": _tool_of("crm"),
    "cloud": _tool_of("cloud"),
    "hiring_90d": _total_in_90_days("job_posting"),
    "content_visits_90d": _total_in_90_days("content_visit"),
    "research_score": _research_score,
    "new_executive_date": _new_executive_date,
}


def _noise(population: Population, attribute: Attribute) -> Floats:
    """One value per company that depends on nothing.

    Dates lie before the span of deals and far apart, so that their age hardly tells when a deal opened.
    """
    rng, size = population.stream(attribute.name), population.size
    if attribute.kind in ("category", "ordered"):
        shares = rng.dirichlet(np.full(len(attribute.levels), 3.0))
        edges = np.cumsum(shares)[:-1]
        return np.searchsorted(edges, rng.random(size), side="right").astype(np.float64)
    if attribute.kind == "flag":
        return (rng.random(size) < rng.uniform(0.25, 0.6)).astype(np.float64)
    if attribute.kind == "date":
        return np.floor(population.today - 3 * YEAR - rng.gamma(2.0, 1200.0, size))
    if attribute.kind == "year":
        return np.round(1970 + population.today / YEAR - 4 - rng.gamma(2.0, 6.0, size))
    return _noise_number(rng, [other.name for other in NOISE].index(attribute.name), size)


def _noise_number(rng: np.random.Generator, which: int, size: int) -> Floats:
    shapes: tuple[Callable[[], npt.NDArray[np.floating]], ...] = (
        lambda: np.round(rng.normal(50.0, 12.0, size), 1),
        lambda: np.round(np.exp(rng.normal(0.0, 1.0, size)), 3),
        lambda: np.floor(rng.uniform(0.0, 100.0, size)),
        lambda: rng.poisson(3.0, size).astype(np.float64),
        lambda: np.round(10 * np.abs(rng.standard_t(3, size)), 2),
    )
    return np.asarray(shapes[which % len(shapes)](), dtype=np.float64)
