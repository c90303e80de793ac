"""Who leads: the best in three or more of five figures, of the segments with ten deals or more."""

from __future__ import annotations

import pytest

from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.profile.closed_won_records import METRICS, Figure, Metric, Segment
from icp_ml.profile.leading import largest_is_not_best, leader_of
from icp_ml.profile.records import Interval

# name, deals, then win rate, size, cycle, expansion, churn; a dash where nobody knows.
TABLES = {
    "better on size, cycle and churn": """
        small   40   0.30  900  30  0.2  0.05   leads: deal size, cycle, churn rate
        large   90   0.35  800  40  0.3  0.10
    """,
    "two each and one equal": """
        small   40   0.30  900  30  0.2  0.05
        large   90   0.35  800  30  0.3  0.05
    """,
    "too few deals to lead": """
        tiny     9   0.60  900  10  0.9  0.01
        large   90   0.35  800  40  0.3  0.10   leads: win rate, deal size, cycle, expansion rate, churn rate
        other   50   0.30  700  50  0.2  0.20
    """,
    "ten deals are enough": """
        small   10   0.60  900  10  0.9  0.01   leads: win rate, deal size, cycle, expansion rate, churn rate
        large   90   0.35  800  40  0.3  0.10
    """,
    "a figure that only one has is led by nobody": """
        small   40   0.40  900  30  -    -      leads: win rate, deal size, cycle
        large   90   0.35  800  40  0.3  -
    """,
    "three segments, best in three": """
        a       40   0.40  900  30  0.1  0.3    leads: win rate, deal size, cycle
        b       40   0.35  800  40  0.3  0.2
        c       90   0.30  700  50  0.2  0.1
    """,
    "nobody but one": """
        a       40   0.40  900  30  0.1  0.3
    """,
}


def segment(name: str, deals: int, cells: list[str]) -> Segment:
    figures: dict[Metric, Figure] = {
        metric: figure(float(cell), deals) for metric, cell in zip(METRICS, cells, strict=True) if cell != "-"
    }
    condition = ConditionSettings.model_validate({"attribute": "x", "is": [name]})
    return Segment(condition=condition, words=name, deals=deals, won=deals // 2, accounts=deals, figures=figures)


def figure(value: float, deals: int, half: float = 0.001) -> Figure:
    drawn = Interval(value=value, low=value - half, high=value + half)
    return Figure(deals=deals, accounts=deals, observed=value, drawn=drawn)


def read(table: str) -> tuple[list[Segment], tuple[str, tuple[str, ...]] | None]:
    segments, answer = [], None
    for line in table.strip().splitlines():
        before, leads, after = line.partition("leads:")
        name, deals, *cells = before.split()
        segments.append(segment(name, int(deals), cells[:5]))
        if leads:
            answer = (name, tuple(word.strip() for word in after.split(",")))
    return segments, answer


WHOLE: dict[Metric, Figure] = {
    metric: figure(value, 500) for metric, value in zip(METRICS, (0.33, 800.0, 40.0, 0.25, 0.1), strict=True)
}


@pytest.mark.parametrize("title", TABLES)
def test_the_one_that_leads(title: str) -> None:
    segments, expected = read(TABLES[title])
    found = leader_of(segments, WHOLE)
    assert (None if found is None else (found.words, found.leads)) == expected


def test_it_leads_clearly_where_its_interval_leaves_out_the_whole() -> None:
    segments, _ = read(TABLES["three segments, best in three"])
    wide = segments[0].model_copy(
        update={"figures": {**segments[0].figures, "win rate": figure(0.40, 40, half=0.2)}},
    )
    found = leader_of([wide, *segments[1:]], WHOLE)
    assert found is not None
    assert found.clearly == ("deal size", "cycle")


def test_the_largest_is_warned_of_where_another_leads() -> None:
    segments, _ = read(TABLES["better on size, cycle and churn"])
    warning = largest_is_not_best(segments, leader_of(segments, WHOLE))
    assert warning == "Most deals are in 'large' (90); 'small' leads on 3 of 5 figures."


def test_the_largest_is_not_warned_of_where_it_leads() -> None:
    segments, _ = read(TABLES["too few deals to lead"])
    assert largest_is_not_best(segments, leader_of(segments, WHOLE)) == ""


def test_the_largest_is_warned_of_where_another_is_won_more_often_for_sure() -> None:
    segments, _ = read(TABLES["two each and one equal"])
    assert leader_of(segments, WHOLE) is None
    assert largest_is_not_best(segments, None) == ""  # the largest has the best win rate here
    turned = [segments[0].model_copy(update={"deals": 100}), segments[1]]
    assert largest_is_not_best(turned, None) == (
        "Most deals are in 'small' (100), of which 30% are won; of those in 'large' 35% are."
    )
