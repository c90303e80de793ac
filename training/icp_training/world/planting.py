"""Which attributes decide deals, in which direction, above which threshold, and how they interact.

A planted attribute helps where its *condition* holds. Conditions are steps, bands and sets of levels, never
slopes, and an interaction makes one condition count more where another holds (a tool that matters only in a
size band).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from icp_training.world.accounts import YEAR, Population
from icp_training.world.catalogue import ATTRIBUTES, CORE, EXCLUSIVE, TOOLS, Attribute, Kind
from icp_training.world.observing import Rows, Source, seen_values
from icp_training.world.streams import stream
from icp_training.world.text import Bools, Floats
from icp_training.world.values import true_members, true_values

Test = Literal["at_least", "under", "between", "among", "yes", "no", "present", "absent"]
Strength = Literal["strong", "weak"]
# The share of deals on the favourable side is near a half, so that a sales manager can see both sides.
_FAVOURABLE_SHARE = (0.40, 0.60)
_BAND = (0.25, 0.75)
_CONTINUOUS = ("employees", "revenue", "headcount_growth")
_PLANTABLE_TOOLS = tuple(
    tools[0] for category, tools in TOOLS.items() if category not in EXCLUSIVE and category != "office"
)
_ANTI_CONDITIONS = 3
_OPPOSITE_TESTS: dict[Test, Test] = {"yes": "no", "no": "yes", "present": "absent", "absent": "present"}
# One attribute of each of these kinds before any kind is drawn twice.
_KIND_ORDER: tuple[tuple[Kind, ...], ...] = (
    ("number",), ("category",), ("flag",), ("set",), ("date", "year"), ("ordered",),
)  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """Where an attribute helps; `low` and `high` are in its unit, in years for dates, in codes for levels."""

    attribute: str
    test: Test
    low: float = -np.inf
    high: float = np.inf
    codes: tuple[int, ...] = ()
    member: str = ""

    def holds(self, population: Population, rows: Rows, source: Source | None = None) -> Bools:
        """Whether it truly holds on each row, or as `source` would see it. Unknown things do not hold."""
        values = self.measured(population, rows, source)
        if self.test == "among":
            return np.isin(values, np.array(self.codes, dtype=np.float64))
        if self.test in ("yes", "present"):
            return np.equal(values, 1)
        if self.test in ("no", "absent"):
            return np.equal(values, 0)
        with np.errstate(invalid="ignore"):
            return (values >= self.low) & (values < self.high)

    def measured(self, population: Population, rows: Rows, source: Source | None) -> Floats:
        """The number that the test looks at: a value, a code, an age in years, or 0 or 1 for a member."""
        attribute = ATTRIBUTES[self.attribute]
        if attribute.kind == "set":
            members = true_members(population, attribute.name, rows.account, rows.as_of)
            return members[:, attribute.levels.index(self.member)].astype(np.float64)
        if source is None:
            values = true_values(population, attribute.name, rows.account, rows.as_of)
        else:
            values = seen_values(population, attribute.name, rows, source)
        return as_measured(attribute, values, rows)

    def describe(self) -> str:
        """The condition in words a person can check, such as `employees at least 212`."""
        attribute = ATTRIBUTES[self.attribute]
        name = f"{self.attribute} (years ago)" if attribute.kind in ("date", "year") else self.attribute
        if self.test == "among":
            return f"{name} is one of " + ", ".join(attribute.levels[code] for code in self.codes)
        if self.test in ("present", "absent"):
            return f"{name} {'with' if self.test == 'present' else 'without'} {self.member}"
        if self.test in ("yes", "no"):
            return f"{name} is {self.test}"
        if attribute.kind == "ordered":
            side, code = ("at least", self.low) if self.test == "at_least" else ("under", self.high)
            return f"{name} {side} {attribute.levels[int(code)]}"
        bounds = {"at_least": f"at least {self.low:g}", "under": f"under {self.high:g}"}
        return f"{name} {bounds.get(self.test, f'from {self.low:g} to under {self.high:g}')}"


@dataclass(frozen=True)
class Term:
    """A planted attribute. `odds_ratio` is the target between the two sides, all else varying as it does.

    With a `modifier`, the effect counts (1 + contrast) where the modifier holds and (1 - contrast) where not.
    """

    condition: Condition
    strength: Strength
    odds_ratio: float
    modifier: Condition | None = None
    contrast: float = 0.0


def as_measured(attribute: Attribute, values: Floats, rows: Rows) -> Floats:
    """Dates and years as an age in years on the row's day; anything else as it is."""
    if attribute.kind == "date":
        return (rows.as_of - values) / YEAR
    if attribute.kind == "year":
        return np.floor(1970 + rows.as_of / YEAR) - values
    return values


def draw_terms(
    seed: int,
    counts: tuple[int, int],
    odds: tuple[tuple[float, float], tuple[float, float]],
    interactions: int,
    sample: tuple[Population, Rows],
    *,
    without: Collection[str] = (),
) -> tuple[Term, ...]:
    """`counts` strong and weak planted attributes with odds ratios from the ranges `odds`.

    No two share a cluster, and none has one of `without`; strong ones differ in kind as far as there are kinds.
    Thresholds are read from `sample`.
    """
    rng = stream(seed, "planting")
    chosen = draw_attributes(seed, counts, without)
    terms: list[Term] = []
    for position, attribute in enumerate(chosen):
        strength: Strength = "strong" if position < counts[0] else "weak"
        low, high = odds[0] if strength == "strong" else odds[1]
        condition = _draw_condition(rng, attribute, sample)
        terms.append(Term(condition, strength, float(np.exp(rng.uniform(np.log(low), np.log(high))))))
    return _with_interactions(rng, terms, interactions)


def draw_attributes(seed: int, counts: tuple[int, int], without: Collection[str] = ()) -> list[Attribute]:
    """The attributes that a seed plants: first `counts[0]` strong ones, then `counts[1]` weak ones.

    without: clusters to leave alone.
    """
    rng = stream(seed, "planted attributes")
    pool = [attribute for attribute in CORE if attribute.name not in ("crm", "cloud", "lead_source")]
    kinds = [_KIND_ORDER[index] for index in rng.permutation(len(_KIND_ORDER))]
    chosen: list[Attribute] = []
    for position in range(counts[0] + counts[1]):
        free = [one for one in pool if one.cluster not in {*without, *(taken.cluster for taken in chosen)}]
        wanted = [one for one in free if position < counts[0] and one.kind in kinds[position % len(kinds)]]
        options = wanted or [one for one in free if one.kind != "set"]
        chosen.append(options[int(rng.integers(len(options)))])
    return chosen


def _with_interactions(rng: np.random.Generator, terms: Sequence[Term], interactions: int) -> tuple[Term, ...]:
    """The first terms modified by their neighbours: each pair is used once, so no term modifies its own
    modifier.
    """
    pairs = min(interactions, len(terms) // 2)
    modified = [
        Term(one.condition, one.strength, one.odds_ratio, other.condition, float(rng.uniform(0.4, 0.8)))
        for one, other in zip(terms[: 2 * pairs : 2], terms[1 : 2 * pairs : 2], strict=True)
    ]
    return tuple(
        modified[index // 2] if index % 2 == 0 and index < 2 * pairs else term for index, term in enumerate(terms)
    )


def draw_anti_icp(seed: int, terms: Sequence[Term]) -> tuple[Condition, ...]:
    """The opposite sides of three strong conditions, which together make a type that hardly ever buys."""
    sides = [term.condition for term in terms if term.strength == "strong" and term.condition.test != "between"]
    if len(sides) < _ANTI_CONDITIONS:
        return ()
    picked = sorted(stream(seed, "anti-icp").permutation(len(sides))[:_ANTI_CONDITIONS].tolist())
    return tuple(_opposite(sides[index]) for index in picked)


def _opposite(condition: Condition) -> Condition:
    if condition.test == "among":
        levels = range(len(ATTRIBUTES[condition.attribute].levels))
        return replace(condition, codes=tuple(code for code in levels if code not in condition.codes))
    if condition.test == "at_least":
        return replace(condition, test="under", low=-np.inf, high=condition.low)
    if condition.test == "under":
        return replace(condition, test="at_least", low=condition.high, high=np.inf)
    return replace(condition, test=_OPPOSITE_TESTS[condition.test])


def _draw_condition(rng: np.random.Generator, attribute: Attribute, sample: tuple[Population, Rows]) -> Condition:
    population, rows = sample
    if attribute.kind == "flag":
        return Condition(attribute.name, "yes" if rng.random() < 0.5 else "no")
    if attribute.kind == "set":
        tool = _PLANTABLE_TOOLS[int(rng.integers(len(_PLANTABLE_TOOLS)))]
        return Condition(attribute.name, "present" if rng.random() < 0.7 else "absent", member=tool)
    values = true_values(population, attribute.name, rows.account, rows.as_of)
    if attribute.kind == "category":
        return Condition(attribute.name, "among", codes=_favourable_codes(rng, values, len(attribute.levels)))
    return _draw_step(rng, attribute, as_measured(attribute, values, rows))


def _draw_step(rng: np.random.Generator, attribute: Attribute, measured: Floats) -> Condition:
    """A threshold near the middle of the values, or the middle half of them."""
    known, share = measured[~np.isnan(measured)], float(rng.uniform(*_FAVOURABLE_SHARE))
    if attribute.name in _CONTINUOUS and rng.random() < 0.35:
        low, high = np.quantile(known, _BAND)
        return Condition(attribute.name, "between", _rounded(low), _rounded(high))
    if attribute.kind == "date":
        # What never happened is on the unfavourable side, so only recent can be better than long ago.
        share = min(0.9, share * len(measured) / len(known))
    cut = _cut_near(known, share)
    if attribute.kind != "date" and rng.random() < 0.5:
        return Condition(attribute.name, "at_least", low=cut)
    return Condition(attribute.name, "under", high=cut)


def _favourable_codes(rng: np.random.Generator, values: Floats, levels: int) -> tuple[int, ...]:
    """Levels drawn at random that together hold about half of the rows."""
    shares = np.bincount(values.astype(np.int64), minlength=levels) / len(values)
    best: tuple[float, tuple[int, ...]] = (np.inf, ())
    for _ in range(20):
        order = rng.permutation(levels)
        held = np.cumsum(shares[order])
        count = int(np.argmin(np.abs(held - 0.5))) + 1
        best = min(best, (abs(float(held[count - 1]) - 0.5), tuple(sorted(order[:count].tolist()))))
    return best[1]


def _cut_near(values: Floats, share_below: float) -> float:
    """The cut that leaves a share of the values below it as near to `share_below` as their steps allow."""
    distinct = np.unique(values)
    if len(distinct) > 500:
        return _rounded(float(np.quantile(values, share_below)))
    below = np.searchsorted(np.sort(values), distinct, side="left") / len(values)
    return float(distinct[int(np.argmin(np.abs(below - share_below)))])


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
