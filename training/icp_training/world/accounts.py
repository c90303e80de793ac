"""Companies as they truly are, with their whole history; nobody in the world sees all of it.

Traits are correlated: a hidden size, growth and digital maturity drive employees, revenue, offices, funding
rounds, tools and flags. Every date is a day number since 1970. Nothing here knows of deals or outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from icp_training.world.catalogue import (
    AUTOMATION,
    BUSINESS_MODELS,
    COUNTRIES,
    EXCLUSIVE,
    FUNDING_STAGES,
    INDUSTRIES,
    LEAD_SOURCES,
    OWNERSHIP,
    TOOL_CATEGORIES,
    TOOL_NAMES,
    TOOLS,
)
from icp_training.world.events import Events, draw_events
from icp_training.world.streams import stream
from icp_training.world.text import Bools, Floats, Ints

Days = npt.NDArray[np.int32]
NEVER = np.int32(1_000_000)
YEAR = 365.25
_HISTORY = 6 * 365


@dataclass(frozen=True)
class Climate:
    """What differs from seed to seed in the kind of companies there are: shares sum to 1."""

    industry: Floats
    country: Floats
    ownership: Floats
    lead_source: Floats
    online_by_industry: Floats
    model_of_industry: Ints
    tool_rate: Floats
    legacy: float
    prior_contact: float
    event_attended: float
    funded: float


@dataclass(frozen=True)
class Population:
    """`size` companies from `start` to the extract date `today`; arrays hold one entry per company, `rounds`
    one column a round.

    `employees` and `revenue` are true values today; `growth` is the yearly growth rate (0.2 is 20 %), by
    which earlier values are found. A tool is in use from `tool_first` to `tool_last`, NEVER where it never
    was.
    """

    seed: int
    label: str
    size: int
    start: int
    today: int
    employees: Floats
    revenue: Floats
    offices: Floats
    growth: Floats
    founded: Ints
    codes: dict[str, Ints]
    rounds: Days
    rounds_known: Days
    tool_first: Days
    tool_last: Days
    events: dict[str, Events]

    def stream(self, name: str) -> np.random.Generator:
        """A random stream of this population alone."""
        return stream(self.seed, self.label, name)


def draw_climate(seed: int) -> Climate:
    """The shares and rates of one seed's world."""
    rng = stream(seed, "climate")
    return Climate(
        industry=rng.dirichlet(np.full(len(INDUSTRIES), 5.0)),
        country=rng.dirichlet(np.full(len(COUNTRIES), 3.0)),
        ownership=rng.dirichlet(np.full(len(OWNERSHIP), 6.0)),
        lead_source=rng.dirichlet(np.full(len(LEAD_SOURCES), 6.0)),
        online_by_industry=rng.uniform(0.25, 0.75, len(INDUSTRIES)),
        model_of_industry=rng.integers(0, len(BUSINESS_MODELS), len(INDUSTRIES)),
        tool_rate=_tool_rates(rng),
        legacy=float(rng.uniform(0.35, 0.6)),
        prior_contact=float(rng.uniform(0.35, 0.6)),
        event_attended=float(rng.uniform(0.35, 0.6)),
        funded=float(rng.uniform(0.75, 0.9)),
    )


def _tool_rates(rng: np.random.Generator) -> Floats:
    rates = rng.uniform(0.06, 0.3, len(TOOL_NAMES))
    for category, tools in TOOLS.items():
        first = TOOL_NAMES.index(tools[0])
        if category in EXCLUSIVE:
            shares = 0.85 * rng.dirichlet(np.full(len(tools), 4.0))
            rates[first : first + len(tools)] = shares
        else:
            rates[first] = rng.uniform(0.38, 0.55)
    rates[TOOL_CATEGORIES.index("office")] = 0.97
    return rates


def make_population(seed: int, label: str, size: int, climate: Climate, span: tuple[int, int]) -> Population:
    """`size` companies whose signals cover `span` (first and last day, the last being the extract date)."""
    rng = stream(seed, label, "traits")
    scale, growth, digital = rng.normal(size=(3, size))
    age = np.clip(np.exp(2.4 + 0.35 * scale - 0.2 * growth + 0.6 * rng.normal(size=size)), 4, 140)
    industry = _choice(rng, climate.industry, size)
    employees = np.clip(np.exp(4.6 + 1.3 * scale), 2, 300_000)
    industry_effect = 0.3 * np.sin(np.arange(len(INDUSTRIES)))[industry]
    rounds, rounds_known = _funding_rounds(rng, climate, growth + 0.5 * digital, span[1])
    first, last = _tools(rng, climate, scale, digital, span[1])
    return Population(
        seed=seed,
        label=label,
        size=size,
        start=span[0],
        today=span[1],
        employees=employees,
        revenue=employees * np.exp(11.8 + industry_effect + 0.6 * rng.normal(size=size)),
        offices=1.0 + rng.poisson(np.exp(0.3 + 0.55 * scale)),
        growth=np.clip(0.08 + 0.18 * growth + 0.05 * rng.standard_t(4, size=size), -0.5, 2.0),
        founded=(1970 + np.floor(span[1] / YEAR - age)).astype(np.int64),
        codes=_codes(rng, climate, industry, digital),
        rounds=rounds,
        rounds_known=rounds_known,
        tool_first=first,
        tool_last=last,
        events=draw_events(seed, label, growth, digital, span),
    )


def _codes(rng: np.random.Generator, climate: Climate, industry: Ints, digital: Floats) -> dict[str, Ints]:
    size = len(industry)
    own_model = rng.random(size) < 0.5
    return {
        "industry": industry,
        "business_model": np.where(
            own_model, rng.integers(0, len(BUSINESS_MODELS), size), climate.model_of_industry[industry]
        ),
        "country": _choice(rng, climate.country, size),
        "ownership": _choice(rng, climate.ownership, size),
        "lead_source": _choice(rng, climate.lead_source, size),
        "automation_level": np.clip(
            np.floor(2.5 + 0.8 * digital + 0.8 * rng.normal(size=size)), 0, len(AUTOMATION) - 1
        ).astype(np.int64),
        "legacy_stack": _yes(rng, _shifted(climate.legacy, -0.6 * digital)),
        "sells_online": _yes(rng, climate.online_by_industry[industry]),
        "prior_contact": _yes(rng, np.full(size, climate.prior_contact)),
        "event_attended": _yes(rng, np.full(size, climate.event_attended)),
    }


def _funding_rounds(rng: np.random.Generator, climate: Climate, drive: Floats, today: int) -> tuple[Days, Days]:
    """Days of the rounds from pre-seed on (companies x stages), and the days on which they became known."""
    size, stages = len(drive), len(FUNDING_STAGES) - 1
    reached = 1 + np.clip(np.floor(1.8 + 1.1 * drive + 1.1 * rng.normal(size=size)), 0, stages - 1)
    reached = np.where(rng.random(size) < climate.funded, reached, 0).astype(np.int64)
    latest = today - np.floor(rng.gamma(1.6, 420.0, size)).astype(np.int64)
    gaps = np.floor(np.exp(rng.normal(6.2, 0.35, (size, stages)))).astype(np.int64)
    position = np.arange(1, stages + 1)
    later = np.where(position < reached[:, None], gaps, 0)
    behind = np.cumsum(later[:, ::-1], axis=1)[:, ::-1]
    happened = position <= reached[:, None]
    days = np.where(happened, latest[:, None] - behind, NEVER).astype(np.int32)
    lag = np.floor(np.exp(rng.normal(2.0, 1.0, (size, stages)))).astype(np.int32)
    return days, np.where(happened, days + lag, NEVER).astype(np.int32)


def _tools(rng: np.random.Generator, climate: Climate, scale: Floats, digital: Floats, today: int) -> tuple[Days, Days]:
    """First and last day of each tool's use (companies x tools); at most one in an exclusive category."""
    size, tools = len(scale), len(TOOL_NAMES)
    push = (0.25 * scale + 0.35 * digital)[:, None]
    used = rng.random((size, tools)) < _shifted(climate.tool_rate[None, :], push)
    for category in EXCLUSIVE:
        columns = [index for index, name in enumerate(TOOL_CATEGORIES) if name == category]
        shares = np.append(climate.tool_rate[columns], 1 - climate.tool_rate[columns].sum())
        used[:, columns] = _choice(rng, shares, size)[:, None] == np.arange(len(columns))
    used[:, -1] |= ~used.any(axis=1)
    settled = rng.random((size, tools)) < 0.8
    ago = np.where(settled, _HISTORY, np.floor(rng.random((size, tools)) * _HISTORY))
    dropped = rng.random((size, tools)) < 0.1
    kept = np.where(dropped, np.floor(rng.random((size, tools)) * ago), 0)
    dropped_days = np.where(np.arange(tools) == tools - 1, today, today - kept)
    first = np.where(np.arange(tools) == tools - 1, today - _HISTORY, today - ago)
    return (
        np.where(used, first, NEVER).astype(np.int32),
        np.where(used, dropped_days, NEVER).astype(np.int32),
    )


def _choice(rng: np.random.Generator, shares: Floats, size: int) -> Ints:
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, rng.random(size), side="right").astype(np.int64)


def _shifted(rate: float | Floats, push: Floats) -> Floats:
    """The rate moved by `push` in log-odds."""
    safe = np.clip(rate, 1e-6, 1 - 1e-6)
    shifted: Floats = 1 / (1 + np.exp(-(np.log(safe / (1 - safe)) + push)))
    return shifted


def _yes(rng: np.random.Generator, rates: Floats) -> Ints:
    return (rng.random(len(rates)) < rates).astype(np.int64)


def tools_in_use(population: Population, account: Ints, as_of: Ints) -> Bools:
    """Which tools each account uses on its day (rows x tools)."""
    day = as_of[:, None]
    return (population.tool_first[account] <= day) & (day <= population.tool_last[account])
