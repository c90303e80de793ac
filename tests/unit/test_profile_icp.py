"""The first ICP of made-up deals whose truth is known: seats from 100 on, software and no reseller win."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.settings import AXIS_OF_LAYER, Kind, Layer
from icp_ml.model.splits import complement
from icp_ml.model.win_model import ModelParams, TrainingRows, cross_fit, fit_members, training_rows
from icp_ml.profile import icp
from icp_ml.profile.icp import LEAST_SHARE, STEADY, Evidence, cross_contributions, draw_profile
from icp_ml.profile.records import IcpAttribute, Profile

DEALS = 320
SEATS = (10, 20, 50, 100, 200, 500)
SEED = 3


def attribute(name: str, kind: Kind, layer: Layer) -> Attribute:
    return Attribute(name, name, kind, layer, AXIS_OF_LAYER[layer])


ATTRIBUTES = (
    attribute("seats", "number", "firmographic"),
    attribute("industry", "category", "firmographic"),
    attribute("reseller", "flag", "engagement"),
    attribute("height", "number", "technographic"),
    attribute("colour", "category", "behavioural"),
)


@dataclass(frozen=True)
class Made:
    """The raw columns beside what was made of them."""

    table: pa.Table
    params: ModelParams
    data: TrainingRows
    evidence: Evidence
    profile: Profile


@pytest.fixture(scope="module")
def made() -> Made:
    rng = np.random.default_rng(SEED)
    seats = rng.choice(SEATS, DEALS)
    industry = rng.choice(["Software", "Retail", "Mining"], DEALS)
    reseller = rng.choice(["yes", "no"], DEALS)
    table = pa.table(
        {
            "seats": seats.astype(str),
            "industry": industry,
            "reseller": reseller,
            "height": rng.normal(size=DEALS).round(3).astype(str),
            "colour": rng.choice(["red", "green", "blue", "white"], DEALS),
        }
    )
    z = np.where(seats >= 100, 1.2, -1.2) + np.where(industry == "Software", 1.2, -0.6)
    z += np.where(reseller == "yes", -1.0, 1.0) - 0.2
    won = (rng.random(DEALS) < expit(z)).astype(np.int8)
    groups = np.arange(DEALS, dtype=np.int64) * 4 // 5
    data = training_rows(parse_attributes(table, ATTRIBUTES, None), ATTRIBUTES, won, groups)
    params = ModelParams()
    crossed = cross_fit(data, params, SEED)
    model = fit_members(data, params, crossed, SEED)
    voices = cross_contributions(data, params, crossed, SEED)
    evidence = Evidence(ATTRIBUTES, data, model, voices, None)
    return Made(table, params, data, evidence, draw_profile(evidence, "won", SEED))


def said_of(made: Made, factor: str) -> IcpAttribute:
    return next(found for found in made.profile.attributes if found.factor == factor)


def where(made: Made, name: str, values: Sequence[str]) -> NDArray[np.bool_]:
    return np.isin(np.array(made.table[name].to_pylist()), list(values))


@pytest.mark.parametrize(
    ("factor", "helps", "hurts"),
    [
        # The cut between 50 and 100 seats is half way; the words of a whole number start one above it.
        ("seats", "over 75", "up to 75"),
        ("industry", "Software", "Mining, Retail"),
        ("reseller", "no", "yes"),
    ],
)
def test_what_decides_is_presented_in_its_direction(made: Made, factor: str, helps: str, hurts: str) -> None:
    found = said_of(made, factor)
    assert found.presented
    assert [condition.text for condition in found.helps] == [helps]
    assert [condition.text for condition in found.hurts] == [hurts]
    assert found.helps[0].effect > 0 > found.hurts[0].effect
    assert found.helps[0].win_rate.value > made.profile.win_rate.value > found.hurts[0].win_rate.value


@pytest.mark.parametrize("factor", ["height", "colour"])
def test_noise_is_listed_with_what_it_lacks_and_not_presented(made: Made, factor: str) -> None:
    found = said_of(made, factor)
    assert not found.presented
    assert "did not hold" in found.reason or "beyond chance" in found.reason or "carries" in found.reason


def test_the_icp_is_what_is_presented_and_every_factor_is_listed(made: Made) -> None:
    assert {found.factor for found in made.profile.presented()} == {"seats", "industry", "reseller"}
    assert {found.factor for found in made.profile.attributes} == {found.name for found in ATTRIBUTES}


def test_what_is_presented_met_every_condition(made: Made) -> None:
    for found in made.profile.presented():
        assert found.p_value <= icp.FALSE_DISCOVERY_RATE
        assert found.gap.low > 0
        assert found.stability >= STEADY
        assert found.share >= LEAST_SHARE


@pytest.mark.parametrize(
    ("factor", "values"),
    [("seats", ["100", "200", "500"]), ("industry", ["Software"]), ("reseller", ["no"])],
)
def test_counts_are_those_of_the_table(made: Made, factor: str, values: list[str]) -> None:
    inside = where(made, factor, values)
    found = said_of(made, factor)
    assert (found.helps[0].deals, found.helps[0].won) == (inside.sum(), made.data.won[inside].sum())
    assert (found.hurts[0].deals, found.hurts[0].won) == ((~inside).sum(), made.data.won[~inside].sum())


def test_shares_are_of_the_whole_explanation_in_descending_order(made: Made) -> None:
    shares = [found.share for found in made.profile.attributes]
    assert sum(shares) == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)
    values = made.evidence.model.contributions(made.data.rows).values
    place = [column.factor for column in made.data.vocabulary.columns].index("seats")
    assert said_of(made, "seats").share == pytest.approx(np.abs(values[:, place]).sum() / np.abs(values).sum())


def test_factors_add_up_to_layers_and_layers_to_axes(made: Made) -> None:
    layers, axes = made.profile.layer_shares, made.profile.axis_shares
    for layer, share in layers.items():
        assert share == pytest.approx(sum(found.share for found in made.profile.attributes if found.layer == layer))
    assert axes["fit"] == pytest.approx(layers["firmographic"] + layers["technographic"])
    assert axes["intent"] == pytest.approx(layers["behavioural"] + layers["engagement"])
    assert sum(axes.values()) == pytest.approx(1.0)


def test_the_whole_is_counted_once(made: Made) -> None:
    assert made.profile.deals == DEALS
    assert made.profile.accounts == DEALS * 4 // 5
    assert made.profile.win_rate.value == pytest.approx(made.data.won.mean())


def test_base_and_contributions_are_the_log_odds_and_the_base_is_their_mean(made: Made) -> None:
    model, rows = made.evidence.model, made.data.rows
    told = model.contributions(rows)
    assert np.abs(told.base + told.values.sum(axis=1) - model.log_odds(rows)).max() <= 1e-9
    assert abs(model.log_odds(rows).mean() - told.base) <= 1e-9
    for member in (model.scorecard, model.trees):
        assert abs(member.log_odds(rows).mean() - member.base) <= 1e-9


def test_an_account_is_in_one_fold_and_every_fold_speaks(made: Made) -> None:
    pairs = {*zip(made.data.groups.tolist(), made.evidence.voices.fold.tolist(), strict=True)}
    assert len(pairs) == made.profile.accounts
    assert {fold for _, fold in pairs} == set(range(icp.PROFILE_FOLDS))


def test_a_voice_does_not_know_the_outcomes_of_its_own_fold(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    fold = made.evidence.voices.fold
    rows = [np.flatnonzero(fold == k) for k in range(icp.PROFILE_FOLDS)]
    monkeypatch.setattr(icp, "grouped_folds", lambda *_: rows)
    crossed = cross_fit(made.data, made.params, SEED)
    turned = np.where(fold == 0, 1 - made.data.won, made.data.won).astype(np.int8)
    found = cross_contributions(replace(made.data, won=turned), made.params, crossed, SEED)
    before = made.evidence.voices
    assert np.array_equal(found.contributions[rows[0]], before.contributions[rows[0]])
    assert np.array_equal(found.log_odds[rows[0]], before.log_odds[rows[0]])
    others = complement(rows[0], DEALS)
    assert not np.array_equal(found.log_odds[others], before.log_odds[others])


def test_a_voice_is_the_fold_models_own_log_odds(made: Made) -> None:
    voices = made.evidence.voices
    for k in range(icp.PROFILE_FOLDS):
        bases = (voices.log_odds - voices.contributions.sum(axis=1))[voices.fold == k]
        assert np.ptp(bases) <= 1e-9


def test_the_same_seed_draws_the_same_profile(made: Made) -> None:
    assert draw_profile(made.evidence, "won", SEED) == made.profile


def test_a_model_that_says_nothing_presents_nothing(made: Made) -> None:
    silent = replace(made.evidence.model, stack=replace(made.evidence.model.stack, weights=(0.0, 0.0)))
    voices = replace(made.evidence.voices, contributions=np.zeros(made.data.rows.shape))
    found = draw_profile(replace(made.evidence, model=silent, voices=voices), "won", SEED)
    assert not found.presented()
    assert all(not each.helps and not each.hurts for each in found.attributes)
    assert {each.share for each in found.attributes} == {0.0}


def judged(made: Made, factor: str, **voices: object) -> IcpAttribute:
    changed = replace(made.evidence.voices, **voices)  # type: ignore[arg-type]
    profile = draw_profile(replace(made.evidence, voices=changed), "won", SEED)
    return next(each for each in profile.attributes if each.factor == factor)


def test_a_factor_whose_direction_is_the_other_one_on_unseen_deals_is_left_out(made: Made) -> None:
    turned = made.evidence.voices.contributions.copy()
    place = [column.factor for column in made.data.vocabulary.columns].index("reseller")
    turned[:, place] *= -1
    found = judged(made, "reseller", contributions=turned)
    assert not found.presented
    assert found.reason == "in deals it was not learnt from, its direction did not hold beyond chance"


@pytest.mark.parametrize(
    ("bar", "said"),
    [
        ("STEADY", "its direction held in only 100% of the folds"),
        ("LEAST_SHARE", r"it carries \d\d\.\d% of the explanation"),
    ],
)
def test_a_factor_below_a_bar_is_left_out_and_told_how_far_it_came(
    made: Made, monkeypatch: pytest.MonkeyPatch, bar: str, said: str
) -> None:
    """The bar is put above all that there can be."""
    monkeypatch.setattr(icp, bar, 1.01)
    found = judged(made, "reseller")
    assert not found.presented
    assert re.fullmatch(said, found.reason)
    if bar == "LEAST_SHARE":
        assert found.reason == f"it carries {100 * found.share:.1f}% of the explanation"
