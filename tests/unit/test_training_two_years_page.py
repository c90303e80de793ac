"""The page of two years counts what its rows say, worked out by hand here."""

from __future__ import annotations

from benchmarks.two_years_page import QUARTERS, Look, Row, page_of


def row(kind: str, seed: int, looks: tuple[Look, ...], changed: tuple[str, ...] = ()) -> Row:
    return Row(kind=kind, seed=seed, code="abc", changed=changed, looks=looks, seconds=90.0)


def quarters(loop: float, frozen: float, *, alarm_in: int | None = None) -> tuple[Look, ...]:
    return tuple(
        Look(
            day=f"day {place}",
            live=place + 1,
            promoted=True,
            mature=100 + place,
            alarms=("base rate",) if place == alarm_in else (),
            loop=loop,
            frozen=frozen,
        )
        for place in range(QUARTERS)
    )


def noticing(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[Look, ...]:
    return Look(day="one", mature=140, alarms=first, emerging=("demo: yes",)), Look(
        day="two", mature=300, alarms=second
    )


def test_a_change_is_noticed_where_its_own_column_is_named() -> None:
    """Seed 1 notices at once, seed 2 once the cohort is mature, seed 3 sees another column."""
    told = [
        row("change", 1, noticing(("concept demo",), ("concept demo",)), ("demo",)),
        row("change", 2, noticing((), ("concept demo",)), ("demo",)),
        row("change", 3, noticing((), ("concept size",)), ("demo",)),
    ]
    page = " ".join(page_of(told, 2))
    assert "matured: 2 of 3 worlds" in page
    assert "already: 1 of 3." in page
    assert "| 3 | demo | 140, no | 300, no | concept size | demo: yes |" in page


def test_silence_is_counted_by_world_and_alarms_by_review() -> None:
    rows = [
        row("stationary", seed, quarters(0.1, 0.1, alarm_in=place)) for seed, place in ((1, None), (2, 3), (3, None))
    ]
    page = " ".join(page_of(rows, 2))
    assert "No alarm in eight quarters: 2 of 3 worlds. Of 24 reviews 1 made an alarm" in page
    assert "day 3 base rate" in page


def test_skill_of_the_loop_stands_beside_that_of_the_frozen_model() -> None:
    """The means of 20 and 10 %, and of 2 and 6 %; the loop is ahead in both worlds."""
    page = list(page_of([row("drifting", 1, quarters(0.20, 0.02)), row("drifting", 2, quarters(0.10, 0.06))], 2))
    assert "| day 7 | 15.0% | 4.0% | 2 of 2 |" in page
    assert "| 1 | 20.0% | 2.0% | 8 | 0 |" in page


def test_worlds_without_a_first_version_are_counted_and_seconds_are_by_quarter() -> None:
    """Ninety seconds for eight quarters and the first version are ten each; two rows, of which one lived, eighteen."""
    page = " ".join(page_of([row("stationary", 1, quarters(0.1, 0.1)), row("stationary", 2, ())], 2))
    assert "18 seconds of processor time" in page
    assert "In 1 of 2 worlds the first deals showed no reliable signal." in page
