"""A condition is found where the voice changes, at round numbers, and on the side that it speaks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.currencies import Currency
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.vocabulary import ModelColumn, fit_vocabulary
from icp_ml.profile.candidates import round_cuts
from icp_ml.profile.condition_words import condition_words
from icp_ml.profile.finding import find_condition

Floats = NDArray[np.float64]
STAGES = ("Seed", "Series A", "Series B", "Series C")
SIZE = Attribute("employees", "employees", "number", "firmographic", "fit")
REVENUE = Attribute("revenue", "revenue", "number", "firmographic", "fit", currency=Currency(("USD",), None))
INDUSTRY = Attribute("industry", "industry", "category", "firmographic", "fit")
STAGE = Attribute("stage", "stage", "ordered", "firmographic", "fit", order=STAGES)
RAISED = Attribute("raised", "raised", "date", "behavioural", "intent")
TOOLS = Attribute("tools", "tools", "set", "technographic", "fit")
DEMO = Attribute("demo", "demo", "flag", "engagement", "intent")
TODAY = np.datetime64("2025-06-30", "D")
N = 400


def read(attribute: Attribute, values: Sequence[object]) -> tuple[ParsedTable, ModelColumn]:
    kind = pa.list_(pa.string()) if attribute.kind == "set" else pa.string()
    parsed = parse_attributes(pa.table({attribute.column: pa.array(list(values), kind)}), (attribute,), np.array(TODAY))
    return parsed, fit_vocabulary(parsed, (attribute,)).columns[0]


def found_words(attribute: Attribute, values: Sequence[object], voice: Floats) -> str | None:
    parsed, column = read(attribute, values)
    found = find_condition(attribute, column, parsed, voice)
    return None if found is None else condition_words(found, attribute)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_a_single_cut_in_a_number_is_found_at_a_round_number() -> None:
    sizes = rng().integers(1, 1000, N)
    assert found_words(SIZE, [str(s) for s in sizes], np.where(sizes >= 540, 0.4, -0.3)) == "employees 540 or more"


def test_a_band_is_found_where_it_explains_more_than_any_single_cut() -> None:
    sizes = rng().integers(1, 1000, N)
    words = found_words(SIZE, [str(s) for s in sizes], np.where((sizes >= 310) & (sizes < 690), 0.4, -0.3))
    assert words is not None
    low, high = (int(text) for text in words.removeprefix("employees ").split(" to under "))
    assert abs(low - 310) <= 40
    assert abs(high - 690) <= 40


def test_amounts_of_money_snap_to_broad_bands() -> None:
    amounts = np.exp(rng().normal(16.0, 1.0, N))  # around 9 million
    words = found_words(REVENUE, [f"{a:.0f}" for a in amounts], np.where(amounts >= 9.4e6, 0.4, -0.3))
    assert words == "revenue 10M or more"


def test_levels_are_listed_and_where_the_rare_ones_are_good_too_the_bad_ones_are_excepted() -> None:
    levels = np.array(["A", "B", "C", "D"])[rng().integers(0, 4, N)]
    voice = np.select([levels == "A", levels == "B"], [0.5, 0.3], -0.4)
    assert found_words(INDUSTRY, list(levels), voice) == "industry: A, B"
    rare = [f"rare {k}" if k % 9 == 0 else level for k, level in enumerate(levels)]
    spoken = np.array([-0.4 if level in ("C", "D") else 0.3 for level in rare])
    assert found_words(INDUSTRY, rare, spoken) == "industry: not C, D"


def test_levels_of_an_order_give_a_level_or_later_or_earlier() -> None:
    stages = np.array(STAGES)[rng().integers(0, 4, N)]
    later = np.isin(stages, ("Series B", "Series C"))
    assert found_words(STAGE, list(stages), np.where(later, 0.4, -0.2)) == "stage: Series B or later"
    assert found_words(STAGE, list(stages), np.where(later, -0.4, 0.2)) == "stage: Series A or earlier"


def test_days_give_a_relative_condition() -> None:
    ages = rng().uniform(0.0, 6.0, N)
    days = [str(TODAY - np.timedelta64(round(365.25 * age), "D")) for age in ages]
    assert found_words(RAISED, days, np.where(ages < 1.5, 0.6, -0.1)) == "raised under 1.5 years ago"


@pytest.mark.parametrize(("effect", "words"), [(0.3, "tools: Cartellux"), (-0.3, "tools: no Cartellux")])
def test_a_member_is_asked_for_or_its_absence(effect: float, words: str) -> None:
    has = rng().random(N) < 0.4
    values: Sequence[object] = [["Cartellux"] if each else ["Other"] for each in has]
    assert found_words(TOOLS, values, np.where(has, effect, 0.0)) == words


def test_a_flag_is_yes_or_no_and_what_is_not_known_takes_no_side() -> None:
    answers = np.array(["yes", "no", ""])[rng().integers(0, 3, N)]
    # The loudest voice is that of the unknown: it is not heard.
    voice = np.select([answers == "yes", answers == "no"], [-0.1, 0.1], 5.0)
    assert found_words(DEMO, list(answers), voice) == "demo: no"


def test_a_side_with_hardly_any_deals_gives_no_condition() -> None:
    values: Sequence[object] = ["yes" if k < 9 else "no" for k in range(N)]
    assert found_words(DEMO, values, np.array([1.0 if v == "yes" else 0.0 for v in values])) is None


def test_the_split_is_the_best_of_all_by_a_slow_and_obvious_search() -> None:
    """Least squared error over every range between round cuts, bands only where they leave 5 % less."""
    draw = rng()
    for _ in range(20):
        sizes = draw.integers(1, 500, 150)
        voice = draw.normal(0, 0.1, 150) + 0.3 * (sizes > draw.integers(100, 400))
        parsed, column = read(SIZE, [str(s) for s in sizes])
        found = find_condition(SIZE, column, parsed, voice)
        assert found is not None
        held = bind_condition(found, {"employees": SIZE}, "the test").holds(parsed)
        cuts = round_cuts(SIZE, sizes.astype(float))
        ranges = [*((c, np.inf) for c in cuts), *((-np.inf, c) for c in cuts)]
        single = max(_error_taken(voice, (sizes >= low) & (sizes < high)) for low, high in ranges)
        bands = [_error_taken(voice, (sizes >= low) & (sizes < high)) for low, high in combinations(cuts, 2)]
        best = max(bands) if max(bands) > 1.05 * single else single
        assert _error_taken(voice, held) == pytest.approx(best, rel=1e-9)


def _error_taken(voice: Floats, inside: NDArray[np.bool_]) -> float:
    """Squared error that splitting takes away; nothing where a side has under ten deals or speaks against."""
    if min(inside.sum(), (~inside).sum()) < 10 or voice[inside].mean() <= voice[~inside].mean():
        return 0.0
    whole = float(np.square(voice - voice.mean()).sum())
    parts = [float(np.square(part - part.mean()).sum()) for part in (voice[inside], voice[~inside])]
    return whole - sum(parts)


def test_a_single_level_of_an_order_is_asked_for_by_its_name() -> None:
    stages = np.array(STAGES)[rng().integers(0, 4, N)]
    assert found_words(STAGE, list(stages), np.where(stages == "Series B", 0.4, -0.2)) == "stage: Series B"


def test_of_two_levels_one_is_asked_for() -> None:
    two = replace(STAGE, order=STAGES[:2])
    stages = np.array(STAGES)[rng().integers(0, 2, N)]
    assert found_words(two, list(stages), np.where(stages == "Seed", -0.4, 0.2)) == "stage: Series A"


@pytest.mark.parametrize(
    ("attribute", "values"), [(INDUSTRY, ["A", "B"]), (SIZE, ["10", "500"]), (DEMO, ["yes", "no"])]
)
def test_a_voice_that_says_the_same_of_all_asks_for_nothing(attribute: Attribute, values: list[str]) -> None:
    assert found_words(attribute, values * (N // 2), np.zeros(N)) is None


def test_how_many_tools_there_are_is_nothing_that_a_list_can_be_asked_for() -> None:
    tools = [[f"T{k}" for k in range(each)] for each in rng().integers(1, 6, N)]
    kind = pa.list_(pa.string())
    parsed = parse_attributes(pa.table({"tools": pa.array(tools, kind)}), (TOOLS,), np.array(TODAY))
    [count] = [each for each in fit_vocabulary(parsed, (TOOLS,)).columns if each.kind == "count"]
    assert find_condition(TOOLS, count, parsed, np.array([float(len(each)) for each in tools])) is None


def test_where_no_number_is_known_there_is_no_cut() -> None:
    assert round_cuts(SIZE, np.full(5, np.nan)) == ()
