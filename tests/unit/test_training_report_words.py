"""What the page of a model says where a bundle lacks something, has little of it, or was changed by hand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from icp_ml.profile.closed_won_records import (
    ClosedWon,
    Dimension,
    Figure,
    Leader,
    Segment,
    Segments,
    WinsMinusLosses,
)
from icp_ml.profile.definition import Assumed, AssumedCondition, Definition, LeftOut, Match
from icp_ml.profile.dependence_records import Dependence, FactorDependence, QuadrantRow, StateContribution, Swarm
from icp_ml.profile.records import FactorSteadiness, Interval, LargerSample, PeriodVoice
from icp_ml.profile.representativeness_records import ColumnShift, Representativeness
from icp_ml.profile.tiering import Policy
from icp_ml.profile.widening import Widened
from icp_ml.serve.bundle import Bundle, StoredBundle
from icp_ml.watch.definition_diff import definition_diff
from icp_training.report import numbers
from icp_training.report.acting import acting
from icp_training.report.answer import answer
from icp_training.report.anti_icp import anti_icp, rules_in_force
from icp_training.report.closed_deals import closed_deals
from icp_training.report.criteria import criteria
from icp_training.report.drawing import report
from icp_training.report.list_shift import list_shift
from icp_training.report.model_card import model_card
from icp_training.report.parts import Chart, Listed, Part, Prospects, Section, Table, Words
from icp_training.report.prospects import Beside, prospects
from icp_training.report.small_cells import without_small_cells
from icp_training.report.trust import judged, trust
from tests import serve_models
from tests.definitions import definition, exclusions, interval, side


def said(parts: Sequence[Part]) -> list[str]:
    """Every sentence of them, and every point of a list."""
    texts = [
        [each.text] if isinstance(each, Words) else list(each.points) if isinstance(each, Listed) else []
        for each in parts
    ]
    return list(itertools.chain.from_iterable(texts))


def rows(parts: Sequence[Part], caption: str) -> list[list[str]]:
    """The one table of that caption, cell by cell."""
    (found,) = (each for each in parts if isinstance(each, Table) and each.caption == caption)
    return [[cell.text for cell in row] for row in found.rows]


def captions(parts: Sequence[Part]) -> list[str]:
    return [each.caption for each in parts if isinstance(each, Table)]


def charts(parts: Sequence[Part]) -> dict[str, Chart]:
    return {each.name: each for each in parts if isinstance(each, Chart)}


def of(made: Definition | None) -> Bundle:
    return replace(serve_models.bundle(), definition=made)


def changed(**changes: object) -> Definition:
    return definition().model_copy(update=changes)


def assumed() -> Assumed:
    """What was believed: one condition, 30 of 100 deals that meet it were won, and 110 of the 400 others."""
    first = definition().criteria[0]
    one = AssumedCondition(
        condition=first.condition,
        words=first.words,
        inside=side(100, 30),
        outside=side(400, 110),
        not_known=side(50, 10),
        gap=Interval(value=0.02, low=-0.07, high=0.12),
    )
    return Assumed(conditions=(one,), inside=side(100, 30), outside=side(400, 110), gap=one.gap, share_of_wins=30 / 140)


def test_a_profile_without_a_condition_says_so_and_asks_for_none() -> None:
    told = said(answer(of(changed(criteria=(), match=None)), None).parts)
    assert "No single condition tells winners from losers surely enough to be part of a profile." in told
    assert not any("Look for companies" in each for each in told)


def test_conditions_that_were_changed_by_hand_are_worth_nobody_knows_what() -> None:
    told = said(answer(of(changed(match=Match(least=3))), None).parts)
    assert (
        "Look for companies that meet at least 3 of these 7 conditions. What that is worth was not measured since the "
        "conditions were changed." in told
    )


def test_conditions_without_a_match_are_listed_and_nothing_is_claimed_of_them() -> None:
    told = said(answer(of(changed(match=None, assumed=assumed())), None).parts)
    assert {each.words for each in definition().criteria} <= set(told)
    assert not any("Look for companies" in each or "believed" in each for each in told)


def test_what_the_company_believed_stands_beside_what_was_found() -> None:
    """75 of 150 deals match, and 30 of 100 are as was believed: of 140 wins that is 54 % and 21 %."""
    bundle = of(changed(assumed=assumed()))
    (told,) = (each for each in said(answer(bundle, None).parts) if "believed" in each)
    assert told == (
        "The profile that the company believed in wins 30% (25% to 35%) of its deals and holds 21% of the wins; this "
        "one wins 50% (45% to 55%) and holds 54%."
    )
    words = assumed().conditions[0].words
    assert rows(criteria(bundle).parts, "What the company believed, on the same deals") == [
        [words, "30 of 100 won", "110 of 400 won", "+2 (-7 to +12) points"],
        ["all of them", "30 of 100 won", "110 of 400 won", "+2 (-7 to +12) points"],
    ]
    assert "What the company believed, on the same deals" not in captions(criteria(of(definition())).parts)


def test_what_is_new_since_the_version_in_use_is_told_and_that_nothing_is() -> None:
    old, nobody = definition(), Policy()
    same = definition_diff(old, old, nobody, nobody)
    assert "Against the version in use nothing changed in the conditions and rules." in said(
        answer(of(old), same).parts
    )
    first, second, *others = old.criteria
    assert second.evidence is not None
    heavier = second.model_copy(update={"points": 40})
    elsewhere = first.condition.model_copy(update={"at_least": 100, "under": 2000})
    moved = first.model_copy(update={"condition": elsewhere, "words": "employees 100 to 1,999"})
    new = changed(criteria=(moved, heavier, *others))
    told = said(answer(of(new), definition_diff(old, new, nobody, nobody)).parts)
    assert "What changed against the version in use (2):" in told
    assert f"now employees 100 to 1,999, was {first.words}" in told
    assert f"weighs more: {second.words} (18 points, now 40)" in told


def test_a_page_beside_a_version_without_a_definition_names_no_change() -> None:
    here, live = (StoredBundle(of(made), name, name) for made, name in ((definition(), "a"), (None, "b")))
    for one, other in ((here, live), (live, here)):
        assert "against the version in use" not in report(one, other).lower()
    other = StoredBundle(of(definition()), "c", "c")
    assert "Against the version in use nothing changed" in report(here, other)


def test_a_pinned_condition_that_no_deal_bears_on_has_a_row_without_figures() -> None:
    first, second, *_ = definition().criteria
    pinned = first.model_copy(update={"evidence": None, "origin": "pinned", "reason": "the board said so"})
    banned = LeftOut(factor="demo", reason="we do not ask", banned=True)
    parts = criteria(of(changed(criteria=(pinned, second), left_out=(banned,)))).parts
    assert f"pinned: {first.words} (the board said so)" in said(parts)
    assert "banned: demo (we do not ask)" in said(parts)
    (chart,) = (each for each in parts if isinstance(each, Chart))
    assert [row[0].text for row in chart.numbers.rows] == [second.words]
    alone = criteria(of(changed(criteria=(pinned,), left_out=()))).parts
    assert not charts(alone)
    assert "What people decided:" not in said(criteria(of(changed(left_out=()))).parts)


def test_what_asking_more_widely_would_bring_is_folded_below_the_criteria() -> None:
    size = definition().criteria[0]
    wider = Widened(criterion="size", condition=None, words="any size", deals=40, won=8, win_rate=interval(0.2))
    parts = criteria(of(changed(widened=(wider,)))).parts
    assert rows(parts, "What asking more widely would bring") == [
        [size.name, "any size", "8 of 40 won", "20% (15% to 25%)"]
    ]


def test_no_rule_in_force_is_said_in_words() -> None:
    told = rules_in_force(Policy())
    assert isinstance(told, Words)
    assert told.text == "No rule is in force: nobody is left out by a rule."
    in_force = anti_icp(replace(of(definition()), policy=Policy(exclusions=exclusions()))).parts
    assert [row[:2] for row in rows(in_force, "Rules in force")] == [
        ["excluded", "public sector"],
        ["excluded", "locked in"],
        ["excluded", "small and settled"],
    ]


def of_deals(won: int, deals: int) -> Figure:
    return Figure(deals=deals, accounts=deals, observed=won / deals, drawn=interval(won / deals))


def closed(*dimensions: Dimension) -> Bundle:
    """A bundle whose closed deals say this."""
    contrast = WinsMinusLosses(target="won", deals=100, accounts=90, tested=14, verdicts=(), boundary=())
    segments = Segments(deals=100, won=30, accounts=90, whole={"win rate": of_deals(30, 100)}, dimensions=dimensions)
    found = ClosedWon(segments=segments, wins_minus_losses=contrast)
    return replace(of(definition()), closed_won=found)


def dimension(*won: int) -> Dimension:
    """An attribute whose segments have 50 deals each and no leader."""
    condition = definition().criteria[0].condition
    segments = tuple(
        Segment(
            condition=condition,
            words=f"S{k}",
            deals=50,
            won=count,
            accounts=50,
            figures={"win rate": of_deals(count, 50)},
        )
        for k, count in enumerate(won)
    )
    return Dimension(
        attribute="employees", layer="firmographic", overlapping=False, segments=segments, not_known=0, not_known_won=0
    )


def test_closed_deals_that_tell_nothing_say_so_and_show_no_empty_table() -> None:
    parts = closed_deals(closed(dimension(30))).parts
    assert said(parts) == ["Of 14 conditions none tells won from lost accounts beyond chance."]
    assert captions(parts) == []


def test_an_attribute_without_a_leading_segment_has_its_table_and_no_praise() -> None:
    parts = closed_deals(closed(dimension(20, 10))).parts
    assert [row[:2] for row in rows(parts, "employees (firmographic)")] == [
        ["S0", "20 of 50 won"],
        ["S1", "10 of 50 won"],
        ["all deals", "30 of 100 won"],
    ]
    assert not any("leads on" in each for each in said(parts))
    leader = Leader(words="S0", leads=("win rate", "cycle", "churn rate"), clearly=())
    led = closed_deals(closed(dimension(20, 10).model_copy(update={"leader": leader}))).parts
    assert "“S0” leads on win rate, cycle, churn rate." in said(led)


def test_fit_and_intent_are_compared_where_both_were_seen() -> None:
    one = FactorDependence(
        factor="demo",
        states=(
            StateContribution(text="yes", deals=9, won=6, win_rate=interval(0.6), contributions=(0.1,) * 5),
            StateContribution(text="no", deals=9, won=2, win_rate=interval(0.2), contributions=(-0.1,) * 5),
        ),
        swarm=Swarm(counts=(9, 9), height=(0.0, 1.0)),
    )
    fit, intent = (
        QuadrantRow(quadrant="fit", deals=50, won=20, win_rate=interval(0.4)),
        QuadrantRow(quadrant="intent", deals=40, won=12, win_rate=interval(0.3)),
    )

    def finding(*found: QuadrantRow) -> str:
        kept = Dependence(low=-0.1, high=0.1, factors=(one,), quadrants=found)
        return charts(acting(replace(of(definition()), dependence=kept)).parts)["quadrants"].finding

    assert finding(fit, intent).endswith(" Fit alone won 40%, intent alone 30%.")
    nobody = intent.model_copy(update={"deals": 0, "won": 0})
    assert finding(fit, nobody).endswith("high is above the average deal.")


def test_a_stated_base_rate_and_changes_by_hand_stand_on_the_card() -> None:
    bundle = serve_models.bundle()
    assert bundle.calibration is not None
    by_hand = bundle.provenance.model_copy(update={"amended_from": 3, "changes": ("pinned size (the board)",)})
    at_level = replace(bundle, provenance=by_hand, calibration=replace(bundle.calibration, base_rate=0.02))
    told = said(model_card(StoredBundle(at_level, "0" * 64, "1" * 64)).parts)
    assert any(each.startswith("The probability is at a stated base rate of 0.02:") for each in told)
    assert "Changed since version 3, without training:" in told
    assert "pinned size (the board)" in told
    plain = said(model_card(StoredBundle(bundle, "0" * 64, "1" * 64)).parts)
    assert not any("base rate" in each or "without training" in each for each in plain)


def test_attributes_that_the_list_lacks_are_named() -> None:
    shift = ColumnShift(attribute="demo", share=1.0, known_deals=0.9, known_list=0.8, unseen_rows=0)
    found = Representativeness(
        rows=50,
        auc=0.5,
        low=0.45,
        high=0.55,
        auc_of_gaps=0.5,
        likeness="alike",
        columns=(shift,),
        absent=("visits", "tools"),
        sentences=("Alike.",),
    )
    assert said(tuple(list_shift(found, 400))) == [
        "Alike.",
        "The list has no column for 'visits', 'tools', and none of them is compared.",
    ]
    assert said(tuple(list_shift(found.model_copy(update={"absent": ()}), 400))) == ["Alike."]


def test_a_learning_curve_of_one_point_is_told_and_not_drawn() -> None:
    verdict = serve_models.bundle().verdict
    short = LargerSample(rarer="won", accounts=30, curve=((100.0, 0.6),), more=(), sentences=("Too few to say.",))

    def parts(sample: LargerSample) -> Sequence[Part]:
        return tuple(judged(verdict.model_copy(update={"sample": sample, "levels": ()})))

    assert "Too few to say." in said(parts(short))
    assert "learning-curve" not in charts(parts(short))
    curve = ((100.0, 0.6), (200.0, 0.55))
    long = short.model_copy(update={"curve": curve, "sentences": ("One.", "Two.")})
    assert charts(parts(long))["learning-curve"].finding == "Two."
    assert "One." in said(parts(long))
    one = long.model_copy(update={"sentences": ("Only.",)})
    assert charts(parts(one))["learning-curve"].finding == "Only."
    assert "Only." not in said(parts(one))
    assert "The level, block by block" not in captions(parts(long))
    assert "The level, block by block" in captions(tuple(judged(verdict)))


def test_a_factor_whose_quarters_were_not_measured_has_no_row_of_quarters() -> None:
    steady = FactorSteadiness(
        factor="demo", models=3, judged_by=4, agreement=None, share=interval(0.4), held=2, periods=()
    )
    quarter = PeriodVoice(period="2024-Q1", deals=90, share=0.5, gap=Interval(value=0.2, low=0.1, high=0.3))

    def parts(one: FactorSteadiness) -> Sequence[Part]:
        bundle = serve_models.bundle()
        steadiness = bundle.profile.model_copy(update={"steadiness": (one,)})
        return trust(replace(bundle, profile=steadiness)).parts

    first = "Each factor in models that learned from other deals"
    second = "Quarter by quarter: win rate of deals that a factor speaks for, less that of deals it speaks against"
    assert rows(parts(steady), first) == [["demo", "3 of 4", "", "2 of 4", "40% (35% to 45%)"]]
    assert second not in captions(parts(steady))
    measured = parts(steady.model_copy(update={"periods": (quarter,), "agreement": 0.8}))
    assert rows(measured, first)[0][2] == "0.80"
    assert rows(measured, second) == [["demo", "+20 (+10 to +30) points"]]


def test_a_share_of_nobody_is_not_known() -> None:
    assert numbers.percent(float("nan")) == "not known"
    assert numbers.percent(0.004) == "0.4%"
    assert numbers.percent(0.0) == "0%"


BESIDE = Beside("0" * 64, (("1", 0.2), ("2", 0.8)), "of the judged deals")


def scored(folder: Path, **columns: Sequence[str]) -> Path:
    path = folder / "scored.csv"
    pa_csv.write_csv(pa.table({"domain": ["a.example", "b.example"], **columns}), path)
    return path


def test_a_list_of_which_nobody_has_a_tier_shows_nobody(tmp_path: Path) -> None:
    path = scored(tmp_path, tier=["", ""], score=["", ""], probability=["", ""])
    (told,) = prospects(BESIDE, path).parts
    assert isinstance(told, Words)
    assert told.text == "No row of scored.csv has a tier."


def test_a_prospect_is_shown_with_whom_it_resembles_and_what_speaks_against_it(tmp_path: Path) -> None:
    path = scored(
        tmp_path,
        tier=["1", "2"],
        score=["81.5", "12.0"],
        probability=["0.4", "0.1"],
        status=["customer", ""],
        nearest_won_1=["Ada Ltd", ""],
        nearest_won_2=["Bo Ltd", ""],
        nearest_lost_1=["", ""],
        resembles_nothing_because=["", "nobody has its employees"],
        outside_proposed_market=["", "our sizes"],
    )
    shown, *_ = prospects(BESIDE, path).parts
    assert isinstance(shown, Prospects)
    told = {each.name: [detail for detail in each.details if detail] for each in shown.rows}
    assert told == {
        "a.example": ["customer", "Most like these won accounts: Ada Ltd, Bo Ltd."],
        "b.example": [
            "Resembles no account sold to before: nobody has its employees.",
            "Outside of a boundary that the deals suggest: our sizes.",
        ],
    }


def test_a_list_of_points_that_all_state_small_counts_is_left_out_whole() -> None:
    """And a page of single prospects cannot be made for other eyes."""
    points = Listed(("3 of 40 deals were won", "2 won accounts"))
    (section,) = without_small_cells((Section("any", "Any", (points, Listed(("a word",)))),), 5)
    assert said(section.parts)[1:] == ["a word"]
    assert len(section.parts) == 2
    with pytest.raises(TypeError, match="other eyes"):
        without_small_cells((Section("any", "Any", (Prospects("", (), ()),)),), 5)
