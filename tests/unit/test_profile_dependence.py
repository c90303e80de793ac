"""How attributes act: every deal is in one state of a factor, one place of its swarm and one quadrant."""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.profile.dependence import draw_dependence
from icp_ml.profile.dependence_records import Dependence
from tests.unit.test_profile_icp import DEALS, Made, made

__all__ = ["made"]


@pytest.fixture(scope="module")
def drawn(made: Made) -> Dependence:
    return draw_dependence(made.evidence, made.profile)


def test_every_deal_is_in_one_state_and_one_place_of_the_swarm(made: Made, drawn: Dependence) -> None:
    assert {each.factor for each in drawn.factors} == {each.factor for each in made.profile.attributes if each.share}
    for each in drawn.factors:
        assert sum(state.deals for state in each.states) == DEALS
        assert sum(state.won for state in each.states) == int(made.data.won.sum())
        assert sum(each.swarm.counts) == DEALS
    assert sum(row.deals for row in drawn.quadrants) == DEALS


def test_a_states_counts_and_contributions_are_those_of_the_raw_value(made: Made, drawn: Dependence) -> None:
    """Software wins in the made-up truth; its deals are counted in the raw table."""
    states = {each.text: each for each in next(f for f in drawn.factors if f.factor == "industry").states}
    software = np.array(made.table.column("industry").to_pylist()) == "Software"
    assert states["Software"].deals == software.sum()
    assert states["Software"].won == made.data.won[software].sum()
    place = [column.factor for column in made.evidence.model.vocabulary.columns].index("industry")
    said = made.evidence.used[software, place]
    assert states["Software"].contributions[2] == pytest.approx(float(np.median(said)))
    assert states["Software"].contributions[0] > max(s.contributions[4] for t, s in states.items() if t != "Software")


def test_states_of_a_number_come_in_the_order_of_its_values(drawn: Dependence) -> None:
    seats = next(each for each in drawn.factors if each.factor == "seats").states
    middles = [each.contributions[2] for each in seats]
    assert middles[-1] > middles[0]  # seats from 100 on win
    assert seats[0].text.startswith("up to")
    assert seats[-1].text.startswith("over")


def test_high_values_stand_where_they_speak_for_a_deal(drawn: Dependence) -> None:
    swarm = next(each for each in drawn.factors if each.factor == "seats").swarm
    heights = [each for each in swarm.height if each is not None]
    assert heights[0] < 0.5 < heights[-1]
    colour = next(each for each in drawn.factors if each.factor == "colour").swarm
    assert set(colour.height) == {None}


def test_the_quadrants_follow_from_the_sums_of_each_axis(made: Made, drawn: Dependence) -> None:
    columns = made.evidence.model.vocabulary.columns
    voices = made.evidence.voices.contributions
    fit = sum(voices[:, j] for j, column in enumerate(columns) if column.axis == "fit")
    intent = sum(voices[:, j] for j, column in enumerate(columns) if column.axis == "intent")
    both = (np.asarray(fit) >= 0) & (np.asarray(intent) >= 0)
    row = next(each for each in drawn.quadrants if each.quadrant == "both")
    assert (row.deals, row.won) == (both.sum(), made.data.won[both].sum())
