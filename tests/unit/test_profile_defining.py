"""The definition of made-up deals whose truth is known: seats from 100 on, software and no reseller win.

Every figure in it is counted again here by hand from the raw table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import spearmanr

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.criteria_settings import CriteriaSettings
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.settings import AXIS_OF_LAYER, Kind, Layer, parse_settings
from icp_ml.errors import ConfigError
from icp_ml.model.tiers import Cuts
from icp_ml.model.win_model import ModelParams, cross_fit, fit_members, training_rows
from icp_ml.profile import criteria
from icp_ml.profile.criteria import FoundCriteria, Ground, find_criteria
from icp_ml.profile.defining import Said, Tiered, define, reweighed
from icp_ml.profile.definition import Criterion, Definition
from icp_ml.profile.icp import Evidence, cross_contributions, draw_profile
from icp_ml.profile.observed import observed_words
from icp_ml.profile.records import Profile

DEALS, SEED = 400, 3
Texts = NDArray[np.str_]


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
    table: pa.Table
    ground: Ground
    profile: Profile
    tiered: Tiered

    def defined(self, **said: object) -> Definition:
        return define(self.ground, self.profile, self.tiered, Said(**said))  # type: ignore[arg-type]

    def texts(self, name: str) -> Texts:
        return np.array(self.table[name].to_pylist())

    @property
    def won(self) -> NDArray[np.bool_]:
        return np.asarray(self.ground.data.won == 1, dtype=bool)


@pytest.fixture(scope="module")
def made() -> Made:
    rng = np.random.default_rng(SEED)
    seats, industry = rng.integers(1, 220, DEALS), rng.choice(["Software", "Retail", "Mining"], DEALS)
    reseller = rng.choice(["yes", "no"], DEALS)
    table = pa.table(
        {
            "seats": [None if rng.random() < 0.1 else str(each) for each in seats],
            "industry": industry,
            "reseller": reseller,
            "height": rng.normal(size=DEALS).round(3).astype(str),
            "colour": rng.choice(["red", "green", "blue", "white"], DEALS),
        }
    )
    z = np.where(seats >= 100, 1.3, -1.3) + np.where(industry == "Software", 1.3, -0.6)
    z += np.where(reseller == "yes", -1.0, 1.0) - 0.2
    won = (rng.random(DEALS) < expit(z)).astype(np.int8)
    groups = np.arange(DEALS, dtype=np.int64) * 4 // 5
    parsed = parse_attributes(table, ATTRIBUTES, None)
    data = training_rows(parsed, ATTRIBUTES, won, groups)
    params = ModelParams()
    crossed = cross_fit(data, params, SEED)
    model = fit_members(data, params, crossed, SEED)
    opened = np.datetime64("2024-01-01") + np.arange(DEALS)
    evidence = Evidence(ATTRIBUTES, data, model, cross_contributions(data, params, crossed, SEED), opened)
    ground = Ground(evidence, parsed, params.scorecard, SEED)
    cuts = Cuts((0.8, -0.2, -1.2), (70.0, 50.0, 30.0), ("1", "2", "3", "out of scope"), -5.0, 5.0)
    return Made(table, ground, draw_profile(evidence, "won", SEED), Tiered(cuts, crossed.log_odds))


@pytest.fixture(scope="module")
def definition(made: Made) -> Definition:
    return made.defined(review_by=date(2025, 9, 30))


def by_factor(definition: Definition) -> dict[str, Criterion]:
    return {each.factor: each for each in definition.criteria}


def test_the_criteria_are_the_planted_conditions_and_nothing_else(definition: Definition) -> None:
    found = by_factor(definition)
    assert set(found) == {"seats", "industry", "reseller"}
    assert found["industry"].words == "industry: Software"
    assert found["reseller"].words == "reseller: no"
    lower = found["seats"].condition.at_least
    assert isinstance(lower, float)
    assert abs(lower - 100) <= 10
    assert found["seats"].condition.upper is None
    assert {each.factor for each in definition.left_out} == {"height", "colour"}


def test_every_count_can_be_counted_again_from_the_deals(made: Made, definition: Definition) -> None:
    for criterion in definition.criteria:
        evidence = criterion.evidence
        assert evidence is not None
        meets = bind_condition(criterion.condition, {each.name: each for each in ATTRIBUTES}, "t").holds(
            made.ground.parsed
        )
        if criterion.factor == "industry":
            assert meets.tolist() == (made.texts("industry") == "Software").tolist()
        unknown = np.array([each is None for each in made.table[criterion.factor].to_pylist()])
        for side, on in (
            (evidence.inside, meets),
            (evidence.outside, ~meets & ~unknown),
            (evidence.not_known, unknown),
        ):
            assert (side.deals, side.won) == (int(on.sum()), int(made.won[on].sum()))
        assert sum(each.deals for each in (evidence.inside, evidence.outside, evidence.not_known)) == DEALS
        assert sum(each.deals for each in evidence.periods) == DEALS


def test_rates_are_those_of_conditions_found_without_the_deal(made: Made, definition: Definition) -> None:
    """A flag's condition is the same in every fold, so that its crossed rates are the plain ones; a number's is not."""
    evidence = by_factor(definition)["reseller"].evidence
    assert evidence is not None
    assert evidence.inside.win_rate.value == pytest.approx(made.won[made.texts("reseller") == "no"].mean())
    assert evidence.gap.value == pytest.approx(evidence.inside.win_rate.value - evidence.outside.win_rate.value)
    assert evidence.stability == 1.0


def test_points_add_up_to_a_hundred_and_follow_effects(definition: Definition) -> None:
    points = [each.points for each in definition.criteria]
    assert sum(points) == 100
    assert points == sorted(points, reverse=True)
    assert all(each.review_by == date(2025, 9, 30) for each in definition.criteria)


def test_a_match_is_the_number_of_criteria_that_separates_best(made: Made, definition: Definition) -> None:
    by_name = {each.name: each for each in ATTRIBUTES}
    met = np.sum(
        [bind_condition(each.condition, by_name, "t").holds(made.ground.parsed) for each in definition.criteria], axis=0
    )
    above = {k: (met[made.won] >= k).mean() - (met[~made.won] >= k).mean() for k in (1, 2, 3)}
    match = definition.match
    assert match is not None
    assert match.inside is not None
    assert match.least == max(above, key=lambda k: above[k]) == 2
    assert match.inside.deals == int((met >= 2).sum())
    assert match.inside.won == int(made.won[met >= 2].sum())


def test_tiers_by_points_agree_as_often_as_is_said(made: Made, definition: Definition) -> None:
    by_name = {each.name: each for each in ATTRIBUTES}
    points = np.sum(
        [
            each.points * bind_condition(each.condition, by_name, "t").holds(made.ground.parsed)
            for each in definition.criteria
        ],
        axis=0,
    )
    scorecard = definition.points
    assert scorecard is not None
    assert scorecard.agreement is not None
    starts = [each.points_from for each in scorecard.tiers]
    assert starts == sorted(starts, reverse=True)
    assert starts[-1] == 0
    by_points = [next(k for k, start in enumerate(starts) if each >= start) for each in points]
    by_model = [sum(z < cut for cut in made.tiered.cuts.log_odds) for z in made.tiered.log_odds]
    assert scorecard.agreement.value == pytest.approx(np.mean(np.equal(by_points, by_model)))


def test_three_criteria_are_too_broad(definition: Definition) -> None:
    assert definition.breadth == "too broad"
    assert definition.breadth_sentence.startswith("3 criteria")


def test_a_pinned_condition_takes_the_place_of_its_attributes_own(made: Made) -> None:
    said = {"pin": [{"name": "our sizes", "attribute": "seats", "at_least": 150, "reason": "support is built for it"}]}
    found = made.defined(criteria=parse_settings(CriteriaSettings, said))
    pinned = next(each for each in found.criteria if each.origin == "pinned")
    assert (pinned.name, pinned.words, pinned.reason) == ("our sizes", "seats 150 or more", "support is built for it")
    assert pinned.evidence is not None
    seats = np.array([np.nan if each is None else float(each) for each in made.table["seats"].to_pylist()])
    assert pinned.evidence.inside.deals == int((seats >= 150).sum())
    assert pinned.evidence.inside.win_rate.value == pytest.approx(made.won[seats >= 150].mean())
    assert [each.reason for each in found.left_out if each.factor == "seats"] == [
        "a person pinned a condition on it: our sizes"
    ]
    assert sum(each.points for each in found.criteria) == 100


def test_a_banned_factor_has_no_criterion_and_the_reason_stays(made: Made) -> None:
    found = made.defined(
        criteria=parse_settings(CriteriaSettings, {"ban": [{"factor": "industry", "reason": "a new market"}]})
    )
    assert "industry" not in by_factor(found)
    assert [(each.reason, each.banned) for each in found.left_out if each.factor == "industry"] == [
        ("a new market", True)
    ]


def test_the_assumed_icp_is_held_against_the_same_deals(made: Made) -> None:
    conditions = tuple(
        ConditionSettings.model_validate(each)
        for each in ({"attribute": "industry", "is": ["Retail"]}, {"attribute": "reseller", "is": ["no"]})
    )
    assumed = made.defined(assumed=conditions).assumed
    assert assumed is not None
    inside = (made.texts("industry") == "Retail") & (made.texts("reseller") == "no")
    assert (assumed.inside.deals, assumed.inside.won) == (int(inside.sum()), int(made.won[inside].sum()))
    assert assumed.share_of_wins == pytest.approx(made.won[inside].sum() / made.won.sum())
    assert assumed.gap.value == pytest.approx(made.won[inside].mean() - made.won[~inside].mean())
    assert [each.words for each in assumed.conditions] == ["industry: Retail", "reseller: no"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"criteria": {"ban": [{"factor": "industri", "reason": "x"}]}}, "found 'industri', which is none"),
        (
            {"criteria": {"pin": [{"name": "p", "attribute": "industry", "over": 3, "reason": "x"}]}},
            "the pinned criterion 'p' was expected",
        ),
        ({"assumed": [{"attribute": "sects", "over": 3}]}, "condition 1 of assumed_icp asks about 'sects'"),
    ],
)
def test_what_people_say_has_to_fit_the_attributes(made: Made, said: dict[str, object], words: str) -> None:
    given: dict[str, object] = {}
    if "criteria" in said:
        given["criteria"] = parse_settings(CriteriaSettings, said["criteria"])
    if "assumed" in said:
        given["assumed"] = tuple(ConditionSettings.model_validate(each) for each in said["assumed"])  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=words):
        made.defined(**given)


def test_the_same_deals_give_the_same_definition(made: Made, definition: Definition) -> None:
    assert made.defined(review_by=date(2025, 9, 30)) == definition


def test_every_reason_knows_what_became_of_the_deals_in_its_state(made: Made, definition: Definition) -> None:
    states = {each.text: (each.deals, each.won) for each in definition.observed}
    for level in ("Software", "Retail", "Mining"):
        here = made.texts("industry") == level
        assert states[f"industry: {level}"] == (int(here.sum()), int(made.won[here].sum()))
    unknown = np.array([each is None for each in made.table["seats"].to_pylist()])
    assert states["seats not known"] == (int(unknown.sum()), int(made.won[unknown].sum()))
    for name in ("seats", "industry", "reseller", "height", "colour"):
        assert sum(deals for text, (deals, _) in states.items() if text.startswith(name)) == DEALS
    words = observed_words(definition.observed, 0.4375)
    deals, won = states["reseller: no"]
    assert words["reseller: no"] == f"reseller: no ({won} of {deals} won, 44% overall)"


def presented(made: Made, *factors: str) -> Profile:
    """The profile with these factors in it and no others, whatever was made of them."""
    attributes = tuple(
        each.model_copy(update={"presented": each.factor in factors, "reason": "not asked"})
        for each in made.profile.attributes
    )
    return made.profile.model_copy(update={"attributes": attributes})


def reasons(found: FoundCriteria) -> dict[str, str]:
    return {each.factor: each.reason for each in found.left_out}


def test_a_condition_on_noise_has_no_gap_on_other_deals_and_the_gap_is_said(made: Made) -> None:
    found = find_criteria(made.ground, presented(made, "height"))
    assert found.kept == ()
    said = re.fullmatch(
        r"on deals that its condition was not found on the gap in win rate may be none "
        r"\(([+-]\d+) points, 95 % interval ([+-]\d+) to ([+-]\d+)\)",
        reasons(found)["height"],
    )
    assert said is not None
    gap, low, high = map(int, said.groups())
    assert low <= gap <= high
    assert low <= 0


def test_a_model_that_says_nothing_of_a_factor_gives_it_no_condition(made: Made) -> None:
    evidence = replace(made.ground.evidence)
    evidence.__dict__["used"] = np.zeros_like(made.ground.evidence.used)  # what is kept of a computed property
    found = find_criteria(replace(made.ground, evidence=evidence), presented(made, "seats"))
    assert reasons(found)["seats"] == "what it says is no condition that a list can be asked for"


def test_what_no_fold_finds_without_the_deal_is_no_criterion(made: Made) -> None:
    voices = made.ground.evidence.voices
    silent = replace(voices, of_all=tuple(np.zeros_like(each) for each in voices.of_all))
    ground = replace(made.ground, evidence=replace(made.ground.evidence, voices=silent))
    assert "may be none" in reasons(find_criteria(ground, presented(made, "seats")))["seats"]


def test_a_criterion_that_half_the_accounts_do_not_lead_to_again_is_none(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag's condition is the same in every half, so that it is left out only where more than all is asked for."""
    monkeypatch.setattr(criteria, "STEADY", 1.01)
    found = find_criteria(made.ground, presented(made, "reseller"))
    assert reasons(found)["reseller"] == "its condition was found again in only 100% of 20 half-samples of the accounts"


def test_of_two_factors_that_say_the_same_the_weaker_is_left_out(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(criteria, "REDUNDANT", -1.01)  # everything says what something else says
    found = find_criteria(made.ground, presented(made, "seats", "reseller"))
    [kept] = [each.criterion.factor for each in found.kept]
    other = ({"seats", "reseller"} - {kept}).pop()
    shares = {each.factor: each.share for each in made.profile.attributes}
    assert shares[kept] > shares[other]
    names = [column.factor for column in made.ground.data.vocabulary.columns]
    voice = made.ground.evidence.voices.contributions
    alike = spearmanr(voice[:, names.index(kept)], voice[:, names.index(other)]).statistic
    assert reasons(found)[other] == f"it says what {kept} says (rank correlation {alike:.2f})"


def test_without_opening_dates_a_criterion_has_no_quarters(made: Made) -> None:
    ground = replace(made.ground, evidence=replace(made.ground.evidence, opened=None))
    [kept] = find_criteria(ground, presented(made, "reseller")).kept
    assert kept.criterion.evidence is not None
    assert kept.criterion.evidence.periods == ()


def test_sixteen_criteria_are_over_constrained(made: Made) -> None:
    pins = [{"name": f"p{k}", "attribute": "seats", "at_least": 10 + k, "reason": "r"} for k in range(16)]
    found = made.defined(criteria=parse_settings(CriteriaSettings, {"pin": pins}))
    fewer = made.defined(criteria=parse_settings(CriteriaSettings, {"pin": pins[:12]}))
    assert len(found.criteria) > 15 >= len(fewer.criteria)
    assert (found.breadth, fewer.breadth) == ("over-constrained", "workable")
    assert f"{len(found.criteria)} criteria: over 15 an ICP fits hardly anybody" in found.breadth_sentence


def test_a_definition_without_criteria_has_none_to_weigh_again(made: Made, definition: Definition) -> None:
    bare = definition.model_copy(update={"criteria": (), "points": None})
    assert reweighed(bare, made.ground, made.tiered) == bare
