"""What is known of wins is taken from where it stands, and the page shows all of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icp_ml.cli.closed_won_page import closed_won_page
from icp_ml.cli.pages import print_page
from icp_ml.deals.contract import DealTable
from icp_ml.deals.table import OpenDeals
from icp_ml.profile.closed_won_records import ClosedWon, StaleDeals
from icp_training.closed_won import closed_deals, closed_won, stale_deals
from icp_training.config import Config
from icp_training.pipeline import read
from icp_training.world import WorldSettings, make_world, world_config, write_world
from tests.page_texts import lines_of

IDEAL: dict[str, object] = {
    "source": "customers.csv",
    "id": "deal_id",
    "measures": {
        "acv": {"better": "higher"},
        "Expansion": {"column": "expansion", "better": "higher", "after_months": 12},
        "churned": {"kind": "left", "column": "churned_at", "kept_months": 12},
    },
}


@pytest.fixture(scope="module")
def deals(tmp_path_factory: pytest.TempPathFactory) -> DealTable:
    folder: Path = tmp_path_factory.mktemp("closed")
    world = make_world(WorldSettings(deals=400, prospects=0, seed=3, months=36, noise=3, keep_proxies=False, leaks=0))
    write_world(world, folder)
    return read(Config.model_validate({**world_config(world), "ideal": IDEAL}), folder)


@pytest.fixture(scope="module")
def found(deals: DealTable) -> ClosedWon:
    return closed_won(deals, 7, unit="USD")


def test_only_wins_have_sizes_cycles_growth_and_leaving(deals: DealTable) -> None:
    closed = closed_deals(deals)
    for values in (closed.sizes, closed.cycles, closed.expanded, closed.left):
        assert values is not None
        assert np.isnan(values[closed.won == 0]).all()
        assert (~np.isnan(values)).any()
    assert deals.opened is not None
    assert deals.closed is not None
    assert closed.cycles is not None
    first = int(np.flatnonzero(closed.won == 1)[0])
    assert closed.cycles[first] == (deals.closed[first] - deals.opened[first]).astype(int)


def test_leaving_is_the_opposite_of_being_kept_and_growth_is_an_amount_above_zero(deals: DealTable) -> None:
    closed = closed_deals(deals)
    assert deals.graded is not None
    measures = {each.name: each.values for each in deals.graded.measures}
    known = ~np.isnan(measures["churned"]) & (closed.won == 1)
    assert closed.left is not None
    assert closed.expanded is not None
    assert (closed.left[known] == 1 - measures["churned"][known]).all()
    grown = measures["Expansion"] > 0
    known = ~np.isnan(measures["Expansion"]) & (closed.won == 1)
    assert (closed.expanded[known] == grown[known]).all()
    assert 0 < closed.expanded[known].mean() < 1


def test_without_measures_and_dates_the_win_rate_is_all_there_is(deals: DealTable) -> None:
    bare = replace(deals, graded=None, amounts=None, opened=None, closed=None, extracted=None)
    closed = closed_deals(bare, unit="USD")
    assert set(closed.values()) == {"win rate"}
    assert (closed.stale, closed.unit) == (None, "")


@pytest.mark.parametrize(
    ("still_open", "after", "stale"),
    [
        # Sixty deals closed after 1, 2, .. 60 days. With one more still at risk (61 - d) / 61 are left after day d,
        # which is 5 % or less from day 58 on.
        ([300], 58, 1),
        ([59], 58, 1),
        ([58], 58, 0),
        # With ten more at risk all along, 10 / 70 are left when the last has closed: 95 % never have.
        ([61] * 10, None, 0),
        # Deals opened on the day of the extract are out before the first closing: 3 / 60 are left after day 57.
        ([0, 0], 57, 0),
    ],
)
def test_a_deal_is_stale_from_the_day_after_most_have_closed(
    still_open: list[int], after: int | None, stale: int, deals: DealTable
) -> None:
    extracted = np.datetime64("2025-12-01")
    opened = np.full(60, np.datetime64("2025-01-01"))
    table = replace(
        deals.take(np.arange(60)),
        opened=opened,
        closed=opened + np.arange(1, 61),
        extracted=extracted,
        open_deals=OpenDeals(extracted - np.array(still_open)),
    )
    found = stale_deals(table)
    assert found is not None
    assert (found.open_deals, found.after_days, found.stale) == (len(still_open), after, stale)


def test_the_page_has_every_attribute_every_verdict_and_what_is_stale(
    found: ClosedWon, deals: DealTable, capsys: pytest.CaptureFixture[str]
) -> None:
    print_page(closed_won_page(found))
    page = " ".join(capsys.readouterr().out.split())
    for attribute in deals.attributes:
        assert f"{attribute.name} ({attribute.layer})" in page
    for verdict in found.wins_minus_losses.verdicts:
        assert verdict.factor in page or verdict.states[verdict.chosen or 0].words.split()[0] in page
    for proposal in found.wins_minus_losses.boundary:
        assert proposal.why in page
    stale = found.segments.stale
    assert stale is not None
    assert f"Of {stale.open_deals} open deals {stale.stale} are stale" in page


def test_what_is_predicted_is_said_where_it_is_not_winning(found: ClosedWon) -> None:
    other = found.model_copy(
        update={"wins_minus_losses": found.wins_minus_losses.model_copy(update={"target": "won and kept 12 months"})}
    )
    told = [part for part in closed_won_page(other) if isinstance(part, str)]
    assert any("won and kept 12 months" in part for part in told)
    assert not any("won means" in part for part in closed_won_page(found) if isinstance(part, str))


def test_what_closed_deals_do_not_say_leaves_no_table_behind(found: ClosedWon) -> None:
    """No verdict of any kind, no figure of the field, no value unknown, nothing open."""
    dimensions = tuple(
        each.model_copy(update={"not_known": 0, "not_known_won": 0}) for each in found.segments.dimensions
    )
    segments = found.segments.model_copy(update={"dimensions": dimensions, "stale": None})
    nothing = found.wins_minus_losses.model_copy(update={"verdicts": (), "tested": 1_012})
    lines = lines_of(closed_won_page(ClosedWon(segments=segments, wins_minus_losses=nothing)))
    assert "Of 1,012 conditions none tells wins from losses beyond chance." in lines
    told = " ".join(lines)
    for absent in ("not known ", "ICP attributes", "Market boundary", "Undecided", "field's figures", "open deals"):
        assert absent not in told


def test_every_standing_has_its_place_on_the_page(found: ClosedWon) -> None:
    verdict = next(each for each in found.wins_minus_losses.verdicts if each.states)
    standings = ("ICP attribute", "market boundary", "undecided")
    three = tuple(verdict.model_copy(update={"standing": each, "factor": each[:3]}) for each in standings)
    each_once = found.wins_minus_losses.model_copy(update={"verdicts": three, "tested": 12})
    lines = lines_of(closed_won_page(found.model_copy(update={"wins_minus_losses": each_once})))
    heads = ("Wins minus losses: ICP attributes (12 conditions tested)",
             "Market boundary: nearly all won and lost accounts alike", "Undecided: und.")  # fmt: skip
    places = [lines.index(each) for each in heads]
    assert places == sorted(places)


def test_where_too_few_have_closed_nobody_says_what_is_stale(found: ClosedWon) -> None:
    stale = StaleDeals(open_deals=1_234, after_days=None, stale=0)
    said = "1,234 deals are open; too few have closed to say from when on one is stale."
    for open_deals, is_said in ((1_234, True), (0, False)):
        waiting = stale.model_copy(update={"open_deals": open_deals})
        segments = found.segments.model_copy(update={"stale": waiting})
        lines = lines_of(closed_won_page(found.model_copy(update={"segments": segments})))
        assert (said in lines, any("deals are open" in line for line in lines)) == (is_said, is_said)
