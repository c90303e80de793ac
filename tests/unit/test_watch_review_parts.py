"""Mature deals by quadrant, channel and criterion, and those worked outside of the tiers, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from icp_ml.profile.records import Interval
from icp_ml.watch.followed import NOT_KNOWN
from icp_ml.watch.review_parts import MOST_PARTS, OTHERS, cuts_of
from icp_ml.watch.review_records import RepresentativeReview
from icp_ml.watch.worked_outside import FEW, INSIDE, LEAST_OF_ONE, OUTSIDE, measure_outside
from tests.followed_deals import LISTED, Company, followed_of

HIGH, LOW = "high fit, high intent", "low fit, low intent"


def value(found: Interval | None) -> float | None:
    return None if found is None else round(found.value, 9)


def test_each_quadrant_is_counted_with_its_opportunities_days_and_amounts() -> None:
    """High: 3 of 4 won in 10 days for 200; low: 1 of 4 in 30 days for 100, and one is open. Who
    had no tier, as a customer, counts nowhere."""
    companies = [
        *(Company(f"h{k}", k < 3, quadrant=HIGH, days=10, amount=200.0) for k in range(4)),
        *(Company(f"l{k}", k < 1, "2", quadrant=LOW, days=30, amount=100.0) for k in range(4)),
        Company("o", None, "2", quadrant=LOW),
        Company("customer", None, None, quadrant=LOW),
    ]
    (cut,) = cuts_of(followed_of(companies), seed=1)
    found = [
        (each.label, each.deals, each.won, each.still_open, *map(value, (each.win_rate, each.days_to_win, each.acv)))
        for each in cut.parts
    ]
    assert found == [(HIGH, 4, 3, 0, 0.75, 10.0, 200.0), (LOW, 4, 1, 1, 0.25, 30.0, 100.0)]
    assert [each.opportunities and each.opportunities.accounts for each in cut.parts] == [4, 5]


def test_a_cut_holds_the_deals_that_are_in_a_part_of_it_alone() -> None:
    """A deal without a label is in no part; a part without a win has no days and no amount."""
    companies = [Company(f"c{k}", k == 0) for k in range(4)]
    labels = ["met", "not met", NOT_KNOWN, ""]
    (cut,) = cuts_of(followed_of(companies, parted_by={"employees 51 to 200": labels}), seed=1)
    assert (cut.by, [each.label for each in cut.parts]) == ("employees 51 to 200", ["met", "not met", NOT_KNOWN])
    assert [each.deals for each in cut.parts] == [1, 1, 1]
    assert (value(cut.parts[0].acv), cut.parts[1].acv, cut.parts[1].days_to_win) == (1000.0, None, None)


def test_many_channels_are_shown_as_the_largest_and_one_more() -> None:
    names = [f"channel {k}" for k in range(MOST_PARTS + 3) for _ in range(2)]
    companies = [Company(f"c{k}", won=False) for k in range(len(names))]
    (cut,) = cuts_of(followed_of(companies, parted_by={"channel": names}), seed=1)
    assert len(cut.parts) == MOST_PARTS + 1
    assert (cut.parts[-1].label, cut.parts[-1].deals) == (OTHERS, 6)


def test_outside_are_no_list_no_tier_and_out_of_scope_and_not_customers() -> None:
    companies = [
        *(Company(f"t{k}", k < 3) for k in range(10)),
        *(Company(f"n{k}", k < 1, None) for k in range(4)),
        *(Company(f"s{k}", k < 1, "out of scope") for k in range(3)),
        *(Company(f"x{k}", k < 1, is_listed=False) for k in range(5)),
        *(Company(f"customer{k}", won=True, tier=None, is_known=True) for k in range(6)),
    ]
    found = measure_outside(followed_of(companies), seed=1)
    assert [(each.label, each.deals, each.won) for each in found.parts] == [(INSIDE, 10, 3), (OUTSIDE, 12, 3)]
    assert found.representatives is None


def test_a_representative_with_few_deals_is_not_shown_alone() -> None:
    companies = [Company(f"c{k}", won=k % 2 == 0) for k in range(2 * LEAST_OF_ONE + 8)]
    worked_by = ["Ada"] * LEAST_OF_ONE + ["Ben"] * (LEAST_OF_ONE - 1) + ["Cy"] * 5 + [""] * 4
    found = measure_outside(followed_of(companies, worked_by=worked_by), seed=1).representatives
    assert found is not None
    assert [(each.label, each.deals) for each in found] == [("Ada", 10), (FEW, 14), (NOT_KNOWN, 4)]


@pytest.mark.parametrize(("best_outside", "warned"), [(36, True), (8, False)])
def test_the_best_who_do_not_follow_the_lists_are_a_warning(best_outside: int, *, warned: bool) -> None:
    """Ada wins 32 of 40, Ben and Cy 8 of 40 each; Ben and Cy work 8 of 40 outside."""
    companies = [
        Company(f"{who}{k}", won=k < won, is_listed=k >= outside)
        for who, won, outside in (("a", 32, best_outside), ("b", 8, 8), ("c", 8, 8))
        for k in range(40)
    ]
    worked_by = [who for who in ("Ada", "Ben", "Cy") for _ in range(40)]
    found = measure_outside(followed_of(companies, worked_by=worked_by), seed=1)
    assert any("who win most often" in sentence for sentence in found.sentences) == warned
    ada = (found.representatives or ())[0]
    assert isinstance(ada, RepresentativeReview)
    assert (ada.deals, ada.outside, ada.won) == (40, best_outside, 32)


def test_companies_outside_that_are_won_more_often_are_pointed_out() -> None:
    """Outside 36 of 40 won, inside 10 of 40: the intervals are far apart. With 10 of 40 both there is no warning."""
    for won, warned in ((36, True), (10, False)):
        companies = [Company(f"i{k}", won=k < 10) for k in range(40)]
        companies += [Company(f"x{k}", won=k < won, is_listed=False) for k in range(40)]
        (sentence,) = measure_outside(followed_of(companies), seed=1).sentences
        assert ("leave out companies" in sentence) == warned


def test_a_list_that_is_too_young_has_no_opportunities() -> None:
    """Thirty days are needed: of a list of 29 days ago nobody knows yet who would have been worked."""
    companies = [Company(f"h{k}", k < 3, quadrant=HIGH) for k in range(4)]
    old = followed_of(companies)
    for days, counted in ((29, 0), (30, 4)):
        young = replace(old, extracted=LISTED + timedelta(days=days), gap=0)
        (cut,) = cuts_of(young, seed=1)
        [part] = cut.parts
        assert part.opportunities is not None
        assert part.opportunities.accounts == counted
