"""What the synthetic world says it planted is there, by counting; nothing of the world's own arithmetic is used."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from icp_training.world import Planted, World, WorldSettings, make_planted_world, make_strong_world, make_world

Sides = tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]
LARGE = 20_000


@pytest.fixture(scope="module", params=[2])
def planted(request: pytest.FixtureRequest) -> World:
    return make_planted_world(request.param, deals=LARGE)


@pytest.fixture(scope="module")
def ordinary() -> World:
    return make_world(WorldSettings(deals=LARGE, prospects=2000, seed=4, leaks=4, months=30))


def closed_rows(world: World) -> pd.DataFrame:
    rows = world.deal_rows()
    return rows[rows["stage"].isin(["Closed Won", "Closed Lost"])].reset_index(drop=True)


def read_amount(text: str) -> float:
    """`18.3 MM` is 18.3 million, as a person reads it."""
    number, unit = text.split(" ")
    return float(number) * {"K": 1e3, "MM": 1e6, "B": 1e9}[unit]


def as_numbers(rows: pd.DataFrame, one: Planted) -> pd.Series[float]:
    column = rows[one.attribute]
    if one.attribute == "revenue":
        return column.map(read_amount, na_action="ignore").astype(float)
    opened = pd.to_datetime(rows["opened_at"])
    if one.kind == "date":
        return (opened - pd.to_datetime(column)).dt.days / 365.25
    if one.kind == "year":
        return opened.dt.year - column
    return column.astype(float)


def favourable(rows: pd.DataFrame, one: Planted, orders: dict[str, list[str]]) -> Sides:
    """Which rows are on the favourable side and which on the other, read off the sentence; unknown is neither."""
    column, known = rows[one.attribute], rows[one.attribute].notna().to_numpy()
    helps = one.helps
    if one.kind == "set":
        has = column.fillna("").str.split(";").map(lambda tools: one.member in tools).to_numpy()
        inside = has if " with " in helps else ~has
    elif one.kind == "flag":
        inside = (column == helps.rsplit(" ", 1)[1]).to_numpy(dtype=bool, na_value=False)
    elif one.kind == "category":
        inside = column.isin(helps.split(" is one of ")[1].split(", ")).to_numpy()
    elif one.kind == "ordered":
        side, level = re.split(r" (?=at least|under)", helps)[1].replace("at least", "at_least").split(" ", 1)
        place = column.map(orders[one.attribute].index, na_action="ignore").astype(float).to_numpy()
        cut = orders[one.attribute].index(level)
        inside = place >= cut if side == "at_least" else place < cut
    else:
        values = as_numbers(rows, one).to_numpy()
        bounds = [float(number) for number in re.findall(r"-?[\d.]+(?:e[+-]\d+)?$|(?<=from )\S+", helps)]
        low = bounds[0] if "at least" in helps or " from " in helps else -np.inf
        high = bounds[-1] if "under" in helps else np.inf
        inside = (values >= low) & (values < high)
    return inside & known, ~inside & known


def orders_of(world: World) -> dict[str, list[str]]:
    return {one.name: list(one.levels) for one in world.attributes if one.kind == "ordered"}


def odds_ratio(won: npt.NDArray[np.bool_], sides: Sides) -> float:
    inside, outside = won[sides[0]], won[sides[1]]
    return float((inside.sum() / (~inside).sum()) / (outside.sum() / (~outside).sum()))


def auc(won: npt.NDArray[np.bool_], score: pd.Series[float]) -> float:
    """Mann-Whitney with mid-ranks."""
    ranks = score.rank().to_numpy()
    return float((ranks[won].sum() - won.sum() * (won.sum() + 1) / 2) / (won.sum() * (~won).sum()))


def test_a_sales_manager_sees_every_strong_attribute(planted: World) -> None:
    rows = closed_rows(planted)
    won = (rows["stage"] == "Closed Won").to_numpy()
    strong = [one for one in planted.truth.planted if one.strength == "strong"]
    assert 5 <= len(strong) <= 6
    assert len({one.kind for one in strong}) >= 5
    for one in strong:
        ratio = odds_ratio(won, favourable(rows, one, orders_of(planted)))
        assert 2.3 < ratio < 5.2, (one.helps, ratio)


def test_weak_attributes_help_a_little(planted: World) -> None:
    rows = closed_rows(planted)
    won = (rows["stage"] == "Closed Won").to_numpy()
    weak = [one for one in planted.truth.planted if one.strength == "weak"]
    assert 2 <= len(weak) <= 3
    for one in weak:
        ratio = odds_ratio(won, favourable(rows, one, orders_of(planted)))
        assert 1.1 < ratio < 2.2, (one.helps, ratio)


def test_noise_attributes_separate_nothing(planted: World) -> None:
    """Between the two halves of any noise attribute the win rates differ by sampling alone: 4 standard errors."""
    rows = closed_rows(planted)
    won = (rows["stage"] == "Closed Won").to_numpy()
    assert len(planted.truth.noise) == 20
    for name in planted.truth.noise:
        ranked = rows[name] if rows[name].dtype == float else rows[name].astype("category").cat.codes
        known = rows[name].notna().to_numpy()
        spread = np.sqrt(1 / (12 * won[known].sum()) + 1 / (12 * (~won[known]).sum()))
        assert abs(auc(won[known], ranked[known].astype(float)) - 0.5) < 4 * spread + 0.005, name


def test_an_interaction_counts_more_where_its_condition_holds(planted: World) -> None:
    rows = closed_rows(planted)
    won = (rows["stage"] == "Closed Won").to_numpy()
    by_sentence = {one.helps: one for one in planted.truth.planted}
    modified = [one for one in planted.truth.planted if one.only_where]
    assert modified
    for one in modified:
        sides, where = (favourable(rows, it, orders_of(planted)) for it in (one, by_sentence[one.only_where]))
        inside = odds_ratio(won, (sides[0] & where[0], sides[1] & where[0]))
        outside = odds_ratio(won, (sides[0] & where[1], sides[1] & where[1]))
        assert inside > 1.2 * outside, (one.helps, inside, outside)


def test_the_anti_icp_hardly_ever_buys(ordinary: World) -> None:
    closed = ordinary.truth.deals["closed"].to_numpy()
    won = (ordinary.deals["stage"] == "Closed Won").to_numpy()[closed]
    anti = ordinary.truth.deals["anti_icp"].to_numpy()[closed]
    assert len(ordinary.truth.anti_icp) == 3
    assert anti.sum() > 200
    assert won[anti].mean() < won[~anti].mean() / 4


def test_the_base_rate_drifts_as_the_truth_says(ordinary: World) -> None:
    rows = closed_rows(ordinary)
    rows = rows.sort_values("opened_at")
    won = (rows["stage"] == "Closed Won").to_numpy()
    early, late = won[: len(won) // 3].mean(), won[2 * len(won) // 3 : 19 * len(won) // 20].mean()
    assert np.sign(late - early) == np.sign(ordinary.truth.drift)


def test_leaks_tell_the_outcome_and_their_names_do_not(ordinary: World) -> None:
    rows = closed_rows(ordinary)
    won = (rows["stage"] == "Closed Won").to_numpy()
    filled, copied, shifted, dated = (rows[leak.name] for leak in ordinary.truth.leaks)
    assert filled.notna().to_numpy()[~won].sum() == 0
    assert filled.notna().to_numpy()[won].mean() == pytest.approx(0.9, abs=0.02)
    assert ((copied == "yes").to_numpy() == won).mean() == pytest.approx(0.92, abs=0.01)
    assert auc(won, shifted.astype(float)) > 0.8
    assert (dated.dropna() >= rows.loc[dated.notna(), "closed_at"]).all()
    assert all(re.fullmatch(r"[a-z]+_[a-z]{2}\d{3}", leak.name) for leak in ordinary.truth.leaks)
    assert not {leak.name for leak in ordinary.truth.leaks} & set(ordinary.prospects.columns)


def test_wins_close_faster_and_in_process_columns_leak(ordinary: World) -> None:
    rows = closed_rows(ordinary)
    won = (rows["stage"] == "Closed Won").to_numpy()
    days = (pd.to_datetime(rows["closed_at"]) - pd.to_datetime(rows["opened_at"])).dt.days
    assert days.min() >= 1
    assert days[won].median() < days[~won].median()
    assert auc(won, rows["stage_changes"].astype(float)) > 0.7


def test_enrichment_misstates_revenue_by_about_thirty_per_cent(ordinary: World) -> None:
    """The CRM and the list err independently on the same company: their logs differ by sqrt(2) x 0.3 = 0.42."""
    both = ordinary.accounts.merge(ordinary.prospects.drop_duplicates("domain"), on="domain").dropna(
        subset=["revenue_x", "revenue_y"]
    )
    gap = np.log(both["revenue_x"].map(read_amount)) - np.log(both["revenue_y"].map(read_amount))
    assert len(both) > 30
    assert gap.std() == pytest.approx(0.42, abs=0.12)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_true_probability_of_the_strong_world_has_an_auc_of_0_85(seed: int) -> None:
    """Measured on deals of which the world's calibration has seen none."""
    world = make_strong_world(seed, deals=LARGE)
    assert world.truth.oracle_auc == pytest.approx(0.85, abs=0.008)
    closed = world.truth.deals["closed"].to_numpy()
    won = (world.deals["stage"] == "Closed Won").to_numpy()[closed]
    chance = world.truth.deals["probability"][closed]
    assert auc(won, chance) == pytest.approx(0.85, abs=0.015)
    assert 0.35 <= won.mean() <= 0.5
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = chance.between(low, low + 0.2).to_numpy()
        if inside.sum() > 500:
            assert won[inside].mean() == pytest.approx(chance[inside].mean(), abs=0.04)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_strong_world_has_the_sizes_that_the_protocol_asks_for(seed: int) -> None:
    world = make_strong_world(seed)
    closed = closed_rows(world)
    assert len(closed) == 150
    assert closed["account_id"].nunique() >= 120
    assert 3 <= len(world.truth.planted) <= 5
    assert len(world.truth.noise) == 20
    assert len(world.attributes) == len(world.truth.planted) + 20
    days = (pd.to_datetime(closed["closed_at"]) - pd.to_datetime(closed["opened_at"])).dt.days
    assert 20 <= days.median() <= 42
