"""Which challengers pass: a table of what was found beside what the gates say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from icp_ml.profile.records import Interval, Verdict
from icp_ml.watch.comparison import Comparison, RivalFigures, RivalGap
from icp_ml.watch.gates import Contender, Gate, Reign, gates_of, skill_interval, worst
from tests import serve_models

TODAY = date(2025, 7, 1)
YOUNG = Reign(date(2025, 5, 1), TODAY)
EXPIRED = Reign(date(2025, 4, 1), TODAY)
"""91 days before."""


def between(low: float, value: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high)


def verdict(**changed: object) -> Verdict:
    return serve_models.bundle().verdict.model_copy(update={"reliable": True, **changed})


CHAMPION = Contender(verdict(), "2025-04-01T08:00:00+00:00", "2025-03-31", "model 1", "bundle 1")
CHALLENGER = Contender(verdict(), "2025-06-30T08:00:00+00:00", "2025-06-29", "model 2", "bundle 2")
SLOPE_ONE = between(0.8, 1.0, 1.2)
APART = between(1.5, 3.0, 6.0)


@dataclass(frozen=True)
class Found:
    """What a comparison found. change: of the log loss, in nats; the champion's is 0.5, so 0.005 is one per cent."""

    change: Interval = between(-0.02, -0.01, -0.001)
    slope: Interval = SLOPE_ONE
    live_slope: Interval = SLOPE_ONE
    separation: Interval | None = APART
    apart: Interval | None = between(-0.5, 0.1, 0.7)
    moved: float = 0.2
    crossed: bool = False

    def comparison(self) -> Comparison:
        live = RivalFigures(
            log_loss=0.5,
            auc=between(0.6, 0.7, 0.8),
            calibration_slope=self.live_slope,
            observed_over_expected=SLOPE_ONE,
            separation=APART,
        )
        new = live.model_copy(update={"calibration_slope": self.slope, "separation": self.separation})
        gap = RivalGap(log_loss=self.change, separation=self.apart, moved=self.moved, moved_far=0.0)
        return Comparison(
            champion_version=1,
            champion_hash="bundle 1",
            since="2025-03-31",
            deals=240,
            won=60,
            accounts=230,
            champion=live,
            challenger=new,
            gap=gap,
            crossed=self.crossed,
        )


def gate(name: str, gates: tuple[Gate, ...]) -> Gate:
    (found,) = (each for each in gates if each.name == name)
    return found


def gates(found: Found, reign: Reign = YOUNG) -> tuple[Gate, ...]:
    return gates_of(CHALLENGER, CHAMPION, reign, found.comparison())


@pytest.mark.parametrize(
    ("found", "reign", "state", "red"),
    [
        pytest.param(Found(), YOUNG, "green", "", id="better"),
        pytest.param(Found(change=between(0.001, 0.01, 0.02)), YOUNG, "red", "skill", id="worse"),
        pytest.param(Found(change=between(0.001, 0.01, 0.02)), EXPIRED, "red", "skill", id="worse than an expired one"),
        pytest.param(Found(change=between(-0.004, 0.0, 0.0049)), YOUNG, "open", "", id="equal"),
        pytest.param(Found(change=between(-0.004, 0.0, 0.0049)), EXPIRED, "green", "", id="equal to an expired one"),
        pytest.param(Found(change=between(-0.01, 0.0, 0.005)), EXPIRED, "open", "", id="perhaps worse"),
        pytest.param(Found(change=between(0.001, 0.002, 0.004)), EXPIRED, "green", "", id="worse by next to nothing"),
        pytest.param(Found(slope=between(0.3, 0.5, 0.8)), YOUNG, "red", "calibration", id="badly calibrated"),
        pytest.param(Found(slope=between(0.92, 0.95, 0.98)), YOUNG, "green", "", id="calibrated well enough"),
        pytest.param(
            Found(slope=between(0.3, 0.6, 0.8), live_slope=between(0.2, 0.4, 0.6)), YOUNG, "open", "", id="less badly"
        ),
        pytest.param(
            Found(slope=between(1.2, 1.7, 2.4), live_slope=between(1.2, 1.7, 2.4)), YOUNG, "open", "", id="as badly"
        ),
        pytest.param(
            Found(slope=between(1.2, 1.7, 2.4), live_slope=between(1.2, 1.7, 2.4)),
            EXPIRED,
            "green",
            "",
            id="as badly as an expired one",
        ),
        pytest.param(
            Found(slope=between(0.3, 0.5, 0.8), live_slope=between(0.4, 0.6, 0.8)),
            EXPIRED,
            "red",
            "calibration",
            id="more badly than an expired one",
        ),
        pytest.param(Found(separation=between(0.2, 0.4, 0.9)), YOUNG, "red", "tiers apart", id="tiers upside down"),
        pytest.param(Found(separation=between(0.9, 1.5, 2.5)), YOUNG, "open", "", id="tiers not told apart"),
        pytest.param(Found(apart=between(-1.2, -0.8, -0.1)), YOUNG, "red", "tiers apart", id="tiers less apart"),
        pytest.param(Found(separation=None, apart=None), YOUNG, "open", "", id="nobody in tier 1"),
        pytest.param(Found(moved=0.4), YOUNG, "open", "", id="tiers that change a lot"),
        pytest.param(Found(moved=0.8, crossed=True), YOUNG, "green", "", id="tiers that change a lot after a turn"),
        pytest.param(
            Found(change=between(-0.01, 0.0, 0.005), moved=0.8, crossed=True),
            EXPIRED,
            "open",
            "",
            id="nor better after it",
        ),
    ],
)
def test_a_challenger_beside_what_is_live(found: Found, reign: Reign, state: str, red: str) -> None:
    said = gates(found, reign)
    assert worst(said) == state
    assert [each.name for each in said if each.state == "red"] == ([red] if red else [])


def test_a_champion_expires_on_the_day_that_its_time_is_over() -> None:
    assert (YOUNG.ends, YOUNG.is_over) == (date(2025, 7, 31), False)
    assert (EXPIRED.ends, EXPIRED.is_over) == (TODAY, True)


@pytest.mark.parametrize(("reign", "state"), [(YOUNG, "open"), (EXPIRED, "green")])
@pytest.mark.parametrize(("since", "words"), [("2025-03-31", "40 matured deals"), (None, "without dates")])
def test_too_few_deals_cannot_tell_and_the_expiry_decides(
    reign: Reign, state: str, since: str | None, words: str
) -> None:
    few = Comparison(champion_version=1, champion_hash="bundle 1", since=since, deals=40, won=9, accounts=40)
    found = gates_of(CHALLENGER, CHAMPION, reign, few)
    assert worst(found) == state
    assert words in gate("skill", found).sentence


def test_leaking_unreliable_and_stale_challengers_are_refused_whatever_the_comparison_says() -> None:
    leaking = replace(CHALLENGER, verdict=verdict(figures={"icp-ml": {"auc": between(0.9, 0.96, 1.0)}}))
    unreliable = replace(CHALLENGER, verdict=verdict(reliable=False))
    stale = replace(CHALLENGER, created="2025-04-01T08:00:00+00:00", extracted="2025-04-01")
    older = replace(CHALLENGER, extracted="2025-03-30")
    for challenger, name in (
        (leaking, "no leak"),
        (unreliable, "enough evidence"),
        (stale, "fresh data"),
        (older, "fresh data"),
    ):
        found = gates_of(challenger, CHAMPION, EXPIRED, Found().comparison())
        assert [each.name for each in found if each.state == "red"] == [name]
    assert worst(gates_of(leaking, None, YOUNG, None)) == "red"


def test_the_first_version_has_nothing_to_be_compared_with() -> None:
    assert worst(gates_of(CHALLENGER, None, YOUNG, None)) == "green"


def test_an_amended_version_of_the_same_model_is_not_compared() -> None:
    amended = replace(CHALLENGER, model_hash="model 1")
    assert worst(gates_of(amended, CHAMPION, YOUNG, None)) == "green"


@pytest.mark.parametrize("comparison", [None, Found().comparison().model_copy(update={"champion_hash": "bundle 0"})])
def test_without_a_comparison_with_what_is_live_now_somebody_has_to_look(comparison: Comparison | None) -> None:
    found = gates_of(CHALLENGER, CHAMPION, EXPIRED, comparison)
    assert worst(found) == "open"
    assert "icp compare" in gate("skill", found).sentence


def test_without_a_comparison_a_skill_wholly_below_refuses() -> None:
    """A gain of 0.07 nats that is a skill of 10 %: the base rate costs 0.7 nats, so 0.035 to 0.14 is 5 to 20 %."""
    low = verdict(skill=0.1, gain=between(0.035, 0.07, 0.14))
    assert skill_interval(low).model_dump() == pytest.approx({"low": 0.05, "value": 0.1, "high": 0.2})
    for gain_low, state in ((0.141, "red"), (0.139, "open")):
        high = replace(CHAMPION, verdict=verdict(skill=0.3, gain=between(gain_low, 0.21, 0.3)))
        assert worst(gates_of(replace(CHALLENGER, verdict=low), high, YOUNG, None)) == state
