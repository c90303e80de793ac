"""Which wins are of grade A, B and C, and which deals can be judged, worked by hand on small tables.

The extract day is 2025-06-30. Ranks among n known values are (place - 1/2) / n, so that four values have 1/8, 3/8, 5/8
and 7/8; equal values share the middle of their places.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.grading import Graded, grade, judgeable, predicted_of
from icp_ml.deals.ideal_settings import GRADES, IdealSettings
from icp_ml.deals.measures import Dates, MeasuredRows, months_after, read_measures, young
from icp_ml.deals.settings import parse_settings

EXTRACT = np.datetime64("2025-06-30")
MEASURES = {
    "acv": {"better": "higher", "weight": 3},
    "support": {"better": "lower"},
    "left": {"kind": "left", "kept_months": 12},
}


def settings(**options: object) -> IdealSettings:
    return parse_settings(IdealSettings, {"measures": MEASURES, **options})


def graded(text: str, ideal_settings: IdealSettings) -> tuple[list[list[str]], Graded]:
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    header, *body = rows
    columns = {name: [row[place] for row in body] for place, name in enumerate(header)}
    table = pa.table({name: columns[name] for name in ideal_settings.columns()})
    closed = np.array(columns["closed"], dtype="datetime64[D]")
    opened = (closed - np.timedelta64(30, "D")).astype("datetime64[D]")
    dates = Dates(opened, closed, EXTRACT)
    won = np.array([stage == "won" for stage in columns["stage"]], dtype=np.int8)
    measures = read_measures(MeasuredRows(table, np.ones(len(body), dtype=bool), dates), ideal_settings)
    return body, grade(won, measures, ideal_settings)


def letters(found: Graded) -> list[str]:
    return [GRADES[place] if place >= 0 else "" for place in found.grade]


WINS = """
    stage | closed     | acv | support | left       | score | grade | ideal
    won   | 2024-01-10 | 90  | 10      |            | 0.68  | A     | 1
    won   | 2024-01-10 | 70  | 40      |            | 0.4   | B     | 1
    won   | 2024-01-10 | 70  | 40      |            | 0.4   | B     | 1
    won   | 2024-01-10 | 20  | 20      |            | 0.28  | C     | 0
    won   | 2024-01-10 | 95  | 5       | 2024-12-01 | 0.74  | C     | 0
    lost  | 2024-01-10 | 99  | 1       |            |       |       | 0
    won   | 2025-01-10 |     |         |            |       |       | 0
"""


def test_wins_are_graded_among_themselves_and_a_customer_that_left_is_c() -> None:
    """Acv ranks of 20 70 70 90 95: .1 .4 .4 .7 .9; support of 5 10 20 40 40, lower better: .9 .7 .5 .2 .2.

    kept ranks of 1 1 1 1 0: .6 .6 .6 .6 .1. First row: (3 x .7 + .7 + .6) / 5 = .68.
    """
    body, found = graded(WINS, settings(use="target", grades={"A": 0.3, "B": 0.4}))
    by_hand = [float(row[5]) if row[5] else np.nan for row in body]
    assert found.score == pytest.approx(by_hand, nan_ok=True)
    assert letters(found) == [row[6] for row in body]
    assert found.grade.dtype == predicted_of(found).dtype == np.int8
    assert predicted_of(found).tolist() == [int(row[7]) for row in body]


def test_what_is_not_known_of_a_win_is_left_out_of_its_mean() -> None:
    text = """
        stage | closed     | acv | support | left
        won   | 2025-01-10 | 10  |         |
        won   | 2025-01-10 | 30  | 5       |
        won   | 2025-01-10 |     | 7       |
    """
    _, found = graded(text, settings())
    # None of these is old enough for `left`; acv ranks 1/4 and 3/4, support 3/4 for the lower and 1/4.
    assert found.score.tolist() == [0.25, 0.75, 0.25]
    assert [measure.too_young.tolist() for measure in found.measures] == [[False] * 3, [False] * 3, [True] * 3]


def test_equal_wins_share_a_grade_whatever_the_shares_say() -> None:
    text = "stage | closed | acv | support | left\n" + "won | 2024-01-10 | 5 | 5 | \n" * 10
    _, found = graded(text, settings())
    assert set(letters(found)) == {"B"}  # the middle of all places is 1/2, past the first 30 % and within the next 40 %


@pytest.mark.parametrize(("wins", "expected"), [(10, (3, 4, 3)), (20, (6, 8, 6)), (7, (2, 3, 2)), (1, (0, 1, 0))])
def test_shares_are_met_as_nearly_as_whole_wins_allow(wins: int, expected: tuple[int, int, int]) -> None:
    text = "stage | closed | acv | support | left\n"
    text += "".join(f"won | 2024-01-10 | {acv} | 5 | \n" for acv in range(wins))
    _, found = graded(text, settings())
    assert tuple(letters(found).count(name) for name in GRADES) == expected


def test_grades_can_start_at_fixed_scores() -> None:
    text = "stage | closed | acv | support | left\n"
    text += "".join(f"won | 2024-01-10 | {acv} | 5 | \n" for acv in range(4))
    _, found = graded(text, settings(grades={"A": 0.7, "B": 0.5, "by": "score"}))
    # acv 1/8 3/8 5/8 7/8 counts 3 of 5, the two equal measures 1/2 each: .275 .425 .575 .725
    assert found.score == pytest.approx([0.275, 0.425, 0.575, 0.725])
    assert letters(found) == ["C", "C", "B", "A"]


KEPT = """
    closed     | left       | kept
    2024-06-30 |            | 1
    2024-06-30 | 2025-06-30 | 1
    2024-06-30 | 2025-06-29 | 0
    2024-06-30 | 2024-06-30 | 0
    2024-07-01 |            | too young
    2024-07-01 | 2024-08-01 | too young
    2024-06-30 | 2024-06-29 | left before
    2024-06-30 | soon       | unreadable
    2024-02-29 | 2025-02-27 | 0
    2024-02-29 | 2025-02-28 | 1
"""


def test_a_customer_was_kept_where_it_stayed_twelve_calendar_months_and_nobody_knows_before_they_are_over() -> None:
    rows = [[cell.strip() for cell in line.split("|")] for line in KEPT.strip().splitlines()[1:]]
    text = "stage | closed | left\n" + "".join(f"won | {closed} | {left}\n" for closed, left, _ in rows)
    only = {"measures": {"left": MEASURES["left"]}, "use": "target", "target": "kept"}
    _, found = graded(text, parse_settings(IdealSettings, only))
    (measure,) = found.measures
    expected = [float(kept) if kept in ("0", "1") else np.nan for _, _, kept in rows]
    assert np.array_equal(measure.values, expected, equal_nan=True)
    assert measure.too_young.tolist() == [kept == "too young" for _, _, kept in rows]
    assert (measure.trouble.rows, measure.trouble.examples) == (2, ("soon", "2024-06-29"))
    assert predicted_of(found).tolist() == [int(kept == "1") for _, _, kept in rows]
    known = [kept in ("0", "1") for _, _, kept in rows]
    assert judgeable(found.won, found.measures, found.settings).tolist() == known


def test_a_cycle_is_counted_from_the_days_of_the_deal() -> None:
    cycle = parse_settings(IdealSettings, {"measures": {"cycle": {"kind": "cycle", "better": "lower"}}})
    _, found = graded("stage | closed\nwon | 2025-01-10\n", cycle)
    assert found.measures[0].values.tolist() == [30.0]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-11-30", 3, "2025-02-28"),
        ("2024-06-30", 0, "2024-06-30"),
        ("2025-02-28", -12, "2024-02-28"),
    ],
)
def test_months_are_calendar_months(day: str, months: int, expected: str) -> None:
    assert str(months_after(np.array([day], dtype="datetime64[D]"), months)[0]) == expected


def test_a_deal_is_old_enough_on_the_day_itself() -> None:
    closed = np.array(["2024-06-30", "2024-07-01"], dtype="datetime64[D]")
    assert young(closed, EXTRACT, 12).tolist() == [False, True]


@pytest.mark.parametrize(
    ("options", "predicted", "wait"),
    [
        ({}, "won", 0),
        ({"use": "weight"}, "won", 0),
        ({"use": "target"}, "won, grade A or B", 12),
        ({"use": "target", "target": "A"}, "won, grade A", 12),
        ({"use": "target", "target": ["C", "A"]}, "won, grade A or C", 12),
        ({"use": "target", "target": "kept"}, "won and kept 12 months", 12),
    ],
)
def test_what_is_predicted_has_a_name(options: dict[str, object], predicted: str, wait: int) -> None:
    assert (settings(**options).predicted, settings(**options).wait) == (predicted, wait)


def test_weights_leave_the_win_rate_alone() -> None:
    text = "stage | closed | acv | support | left\n"
    text += "".join(f"won | 2024-01-10 | {acv} | {acv} | \n" for acv in range(10)) + "lost | 2024-01-10 | | | \n" * 5
    text += "won | 2025-01-10 | | | \n"
    _, found = graded(text, settings(use="weight", weights={"A": 4, "B": 1, "C": 1}))
    weights = found.weights
    assert weights is not None
    # 3 wins of A and 7 others: (3 x 4 + 7) / 10 = 1.9
    assert sorted(set(weights[:10])) == pytest.approx([1 / 1.9, 4 / 1.9])
    assert weights[10:].tolist() == [1.0] * 6
    assert weights[found.won == 1].mean() == pytest.approx(1.0)
    assert settings(use="report").use == "report"
    assert graded(text, settings())[1].weights is None
