"""What a world can be made of, and what a world without enough strong sides has no type for."""

from __future__ import annotations

import pytest

from icp_training.world import WorldSettings
from icp_training.world.planting import Condition, Strength, Term, draw_anti_icp


@pytest.mark.parametrize("changes", [{"deals": 0}, {"prospects": -1}, {"months": 0}, {"leaks": -1}])
def test_a_world_has_a_deal_and_a_month_and_no_size_below_zero(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one deal and one month, and no negative sizes"):
        WorldSettings(**changes)  # type: ignore[arg-type]


def test_an_account_in_the_deals_has_a_deal() -> None:
    WorldSettings(deals=1, prospects=0, months=1, leaks=0, deals_per_account=1.0)
    with pytest.raises(ValueError, match="deals_per_account is 1 or more"):
        WorldSettings(deals_per_account=0.9)


def term(attribute: str, strength: Strength, test: str = "at_least") -> Term:
    return Term(Condition(attribute, test, low=10.0, high=20.0), strength, 3.0)  # type: ignore[arg-type]


def test_a_type_that_hardly_ever_buys_takes_three_strong_sides_of_which_none_is_a_range() -> None:
    """The opposite of a range is two sides, and of a weak condition it is nothing that anybody would notice."""
    strong = [term(name, "strong") for name in ("employees", "annual_revenue", "founded")]
    assert {each.test for each in draw_anti_icp(1, strong)} == {"under"}
    assert len(draw_anti_icp(1, strong)) == 3
    assert draw_anti_icp(1, [*strong[:2], term("founded", "strong", "between"), term("visits", "weak")]) == ()
