"""What the pages of a model say where something is not known, was not measured, or is otherwise than usual."""

from __future__ import annotations

from pathlib import Path

import pytest

from icp_ml.cli import train
from icp_ml.cli.definition_page import definition_page
from icp_ml.cli.honesty_page import stability_page
from icp_ml.cli.lookalike_page import likened_page
from icp_ml.cli.pages import profile_page
from icp_ml.cli.potential_page import potential_page
from icp_ml.cli.profiles_page import profiles_page, sizes_page
from icp_ml.errors import NoSignal
from icp_ml.profile.definition import Assumed, AssumedCondition, LeftOut, Match, PointsScorecard
from icp_ml.profile.lookalike_records import ASSUMPTION, LookalikeAttribute, LookalikeProfile, LookalikeVerdict
from icp_ml.profile.market_size import MarketSize, Overlap, TierCount
from icp_ml.profile.potential import MoneyRow, OutcomeRecord, PotentialRecord
from icp_ml.profile.records import FactorSteadiness, IcpAttribute, Interval, PeriodVoice, Profile
from icp_ml.profile.several import ProfilesRecord
from icp_training.lookalike import Likened
from tests import profiled_bundles
from tests.definitions import definition, interval, side
from tests.page_texts import lines_of

UNTESTED = Overlap(customers=None, open_deals=None, contacted=None, left=0)


def test_a_criterion_that_no_deal_bears_on_has_its_points_and_no_rates() -> None:
    first, *others = definition().criteria
    pinned = first.model_copy(update={"evidence": None, "origin": "pinned", "reason": "the board says so"})
    lines = lines_of(definition_page(definition().model_copy(update={"criteria": (pinned, *others)})))
    assert f"{first.words} 22" in lines
    assert "(firmographic, fit; pinned: the board says so)" in lines
    assert f"{others[0].words} 18 80 of 200 won, 40% 50 of 250 won, 20% +20 [+15, +25] 90%" in lines
    assert "all deals 100 28% [26%, 30%] of 500" in lines


def test_without_a_criterion_there_is_no_match_and_there_are_no_points() -> None:
    """The table says why it is empty, and no sentence speaks of a match."""
    lines = lines_of(definition_page(definition().model_copy(update={"criteria": (), "match": None, "points": None})))
    assert "no condition held on deals that it was not found on" in lines
    assert not any("matches the ICP" in line or "Tiers by points" in line or "all deals" in line for line in lines)


def test_criteria_that_were_changed_without_the_deals_claim_no_rate() -> None:
    changed = {"match": Match(least=3), "points": PointsScorecard(tiers=definition_points().tiers)}
    lines = lines_of(definition_page(definition().model_copy(update=changed)))
    assert (
        "A company matches the ICP where it meets at least 3 of these 7 criteria; what that is worth was not measured "
        "since the criteria were changed." in lines
    )
    assert "Tiers by points: 1 from 60, 2 from 40, 3 from 0." in lines
    measured = lines_of(definition_page(definition()))
    assert "Tiers by points: 1 from 60, 2 from 40, 3 from 0; they are the model's own in 70% of the deals." in measured
    assert any("50% [45%, 55%] of such deals were won, 19% [14%, 24%] of the others" in line for line in measured)


def definition_points() -> PointsScorecard:
    found = definition().points
    assert found is not None
    return found


def test_what_was_believed_stands_beside_what_was_found() -> None:
    """20 of the 140 wins are in the assumed ICP, a seventh; the derived one has 75 of them."""
    believed = AssumedCondition(
        condition=definition().criteria[0].condition,
        words="employees 51 to 500",
        inside=side(40, 20),
        outside=side(460, 115),
        not_known=side(1, 0),
        gap=Interval(value=0.25, low=0.1, high=0.4),
    )
    assumed = Assumed(
        conditions=(believed,),
        inside=side(40, 20),
        outside=side(460, 120),
        gap=Interval(value=-0.02, low=-0.1, high=0.06),
        share_of_wins=20 / 140,
    )
    banned = LeftOut(factor="tools:Rivalo", reason="a partner", banned=True)
    lines = lines_of(definition_page(definition().model_copy(update={"assumed": assumed, "left_out": (banned,)})))
    assert "employees 51 to 500 20 of 40 won, 50% 115 of 460 won, 25% +25 [+10, +40]" in lines
    assert "all of them 20 of 40 won, 50% 120 of 460 won, 26% -2 [-10, +6]" in lines
    assert (
        "The assumed ICP wins 50% [45%, 55%] and holds 14% of the wins; the derived one wins 50% [45%, 55%] and holds "
        "54%." in lines
    )
    assert "Banned: tools:Rivalo (a partner)" in lines
    alone = lines_of(definition_page(definition().model_copy(update={"assumed": assumed, "match": None})))
    assert not any("the derived one" in line for line in alone)


def one_attribute_in_and_one_out() -> Profile:
    demo = IcpAttribute(
        factor="demo", attribute="demo", layer="behavioural", axis="intent", share=0.6, p_value=0.001,
        gap=interval(0.2), stability=1.0, helps=(), hurts=(), presented=True, reason="it passed every test",
    )  # fmt: skip
    out = {"factor": "visits", "presented": False, "share": 0.4, "reason": "chance explains it"}
    return Profile(
        target="won", deals=400, accounts=400, win_rate=interval(0.45), attributes=(demo, demo.model_copy(update=out)),
        layer_shares={"behavioural": 1.0}, axis_shares={"intent": 1.0},
    )  # fmt: skip


def test_a_profile_with_nothing_in_it_says_so() -> None:
    profile = one_attribute_in_and_one_out()
    empty = profile.model_copy(update={"attributes": profile.attributes[1:]})
    lines = lines_of(profile_page(empty))
    assert "no attribute passed the tests for the ICP" in lines
    assert "visits (share 40%): chance explains it" in lines
    assert "no attribute passed the tests for the ICP" not in lines_of(profile_page(profile))


def steady(factor: str, agreement: float | None, *periods: PeriodVoice) -> FactorSteadiness:
    return FactorSteadiness(
        factor=factor,
        models=4,
        judged_by=5,
        agreement=agreement,
        share=Interval(value=0.4, low=0.3, high=0.5),
        held=3,
        periods=periods,
    )


def voice(period: str, gap: float) -> PeriodVoice:
    return PeriodVoice(period=period, deals=90, share=0.35, gap=Interval(value=gap, low=gap - 0.1, high=gap + 0.1))


def test_stability_is_shown_factor_by_factor_and_quarter_by_quarter() -> None:
    """A factor that only one model used agrees with nobody; one that a quarter lacks leaves its cell empty."""
    demo = steady("demo", 0.9, voice("2024-Q1", 0.2), voice("2024-Q2", -0.15))
    visits = steady("visits", None, voice("2024-Q2", 0.0))
    profile = one_attribute_in_and_one_out()
    lines = lines_of(stability_page(profile.model_copy(update={"steadiness": (demo, visits)})))
    assert "demo 4 of 5 0.90 3 of 5 40% (30% to 50%)" in lines
    assert "visits 4 of 5 3 of 5 40% (30% to 50%)" in lines
    assert "factor 2024-Q1 2024-Q2" in lines
    assert "demo 35%, +20% [+10%, +30%] 35%, -15% [-25%, -5%]" in lines
    assert "visits 35%, +0% [-10%, +10%]" in lines


def test_without_quarters_stability_has_one_table_and_without_measurements_none() -> None:
    profile = one_attribute_in_and_one_out()
    lines = lines_of(stability_page(profile.model_copy(update={"steadiness": (steady("demo", 0.9),)})))
    assert "demo 4 of 5 0.90 3 of 5 40% (30% to 50%)" in lines
    assert not any("quarter" in line for line in lines)
    assert lines_of(stability_page(profile)) == [
        "This model was made before the stability of its attributes was measured; train anew to see it."
    ]


def outcome(**changes: object) -> OutcomeRecord:
    made = OutcomeRecord(
        name="ACV", unit="EUR", wins=80, accounts=60, shown="constant", sentence="The mean of all wins is shown.",
        mean=12_345.6, median=9_000.0, low=0.5, high=2.0, typical_error=98.76, typical_error_of_median=None,
    )  # fmt: skip
    return made.model_copy(update=changes)


def test_what_a_win_brings_is_said_with_three_digits_and_its_range() -> None:
    row = MoneyRow(
        label="1", deals=100, won=40, known=4, won_value=50_000.0, pipeline_value=1_200_000.4, expected_value=480_000.0,
        mean_acv=None, observed_over_expected=Interval(value=0.9, low=0.5, high=1.4),
    )  # fmt: skip
    lines = lines_of(potential_page(PotentialRecord(acv=outcome(), cycle=None, tiers=(row,), notes=("Beware.",))))
    assert "ACV (EUR) 80 60 12,346 9,000 98.8" in lines
    assert "80% of wins of new accounts lie between 0.5 and 2 times the expected ACV." in lines
    assert "1 100 40 50,000 1,200,000 480,000 0.90 [0.50, 1.40] too few" in lines
    assert lines[-1] == "Beware."


def test_where_no_win_has_an_amount_nothing_is_shown_of_it() -> None:
    """No mean of no wins, no range around it, no tiers in money."""
    nothing = outcome(shown="nothing", wins=0, accounts=0, mean=float("nan"), median=float("nan"), typical_error=None,
                      sentence="Nothing is shown.")  # fmt: skip
    lines = lines_of(potential_page(PotentialRecord(acv=nothing, cycle=None)))
    assert "ACV (EUR) 0 0" in lines
    assert lines[-1] == "Nothing is shown."
    assert not any("nan" in line or "times the expected" in line or "Tiers in money" in line for line in lines)


def market(name: str, companies: dict[str | None, int], matches: int | None) -> MarketSize:
    tiers = tuple(
        TierCount(label=label, companies=count, matches=0, overlap=UNTESTED, value=None)
        for label, count in companies.items()
    )
    return MarketSize(
        rows=5_000, repeated=0, rules=(), in_market=sum(companies.values()), criteria=(), at_least=(), matches=matches,
        probability=None, widenings=(), tiers=tiers, overlap=UNTESTED, money=None, verdict="no definition",
        sentence=f"So many in {name}.",
    )  # fmt: skip


def test_the_markets_of_several_profiles_stand_side_by_side() -> None:
    """A tier that one of them lacks has no company there; companies without a tier are in the sum alone."""
    sizes = {
        "large": market("large", {"1": 1_200, "out of scope": 300, None: 7}, 900),
        "small": market("small", {"2": 40}, None),
    }
    lines = lines_of(sizes_page(sizes, 1_050))
    assert "profile in its market match tier 1 out of scope tier 2" in lines
    assert "large 1,507 900 1,200 300 0" in lines
    assert "small 40 0 0 40" in lines
    assert "1,050 companies are in the market of more than one profile, and are counted in each." in lines
    assert "small: So many in small." in lines


def test_each_profile_says_whose_model_answers_for_it() -> None:
    large, small, product = (profiled_bundles.record(each) for each in profiled_bundles.ASKED)
    changed = (
        large.model_copy(update={"borrows_all": True}),
        small.model_copy(update={"discount": 0.0, "ranking": Interval(value=0.7, low=0.6, high=0.8)}),
        product,
    )
    lines = lines_of(profiles_page(ProfilesRecord(profiles=changed, deals=400, in_none=0, notes=())))
    assert any(line.startswith("large ") and line.endswith("100 33 33.0% that of all deals") for line in lines)
    assert any(line.startswith("small ") and line.endswith("its own 70.0% [60.0%, 80.0%]") for line in lines)
    assert "product Product: A 100 33 33.0% its own, others count 0.3" in lines


def resembled(*, presented: bool) -> LookalikeProfile:
    size = LookalikeAttribute(
        factor="employees", attribute="employees", layer="firmographic", axis="fit", share=1.0, p_value=0.2,
        stability=0.6, more_common=(), less_common=(), presented=presented, reason="chance explains it",
    )  # fmt: skip
    return LookalikeProfile(
        won=80, universe=900, attributes=(size,), layer_shares={"firmographic": 1.0}, axis_shares={"fit": 1.0}
    )


def judged() -> LookalikeVerdict:
    return LookalikeVerdict(
        sentence="Judged on companies it had not seen.", assumption=ASSUMPTION, reliable=True, won=80, universe=900,
        ranking=interval(0.7), top=interval(0.4), logistic=0.69, questions=(), warnings=(),
    )  # fmt: skip


def test_a_model_of_resemblance_says_what_is_in_it_and_what_is_not() -> None:
    verdict = judged()
    lines = lines_of(likened_page(verdict, resembled(presented=False), {"read": 980, "repeated": 0}))
    assert lines[0] == "Rows: read 980"
    assert "no attribute passed the tests" in lines
    assert lines[lines.index("Not in it:") + 1] == "employees (share 100%): chance explains it"
    full = lines_of(likened_page(verdict, resembled(presented=True), {"read": 980}))
    assert "Not in it:" not in full
    assert not any("no attribute passed" in line for line in full)


@pytest.mark.parametrize("cut_short", [True, False])
def test_a_search_that_was_ended_early_is_told_apart_from_what_it_found(
    cut_short: bool,  # noqa: FBT001 - both ways
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    likened = Likened("icp", judged(), "run", {"read": 980}, resembled(presented=True), tmp_path, 1, None, cut_short)
    train._tell_likened(likened, as_json=False)
    said = capsys.readouterr()
    told = "The search was ended by --minutes: another run may choose other parameters.\n" if cut_short else ""
    assert said.err == told
    assert f"Bundle: {tmp_path}" in said.out.splitlines()


def test_a_refused_model_of_resemblance_is_told_and_refused(capsys: pytest.CaptureFixture[str]) -> None:
    refusal = NoSignal("won accounts resemble the universe")
    with pytest.raises(NoSignal, match="won accounts resemble the universe"):
        train._tell_likened(Likened("icp", judged(), "run", {"read": 980}, refusal=refusal), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Rows: read 980", "Judged on companies it had not seen."]
    assert not any("What won accounts have" in line or "Bundle:" in line for line in lines)
