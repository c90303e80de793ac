"""What changed between two definitions: pairs, kinds, order, rules, and the words for it."""

from __future__ import annotations

from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.profile.definition import Criterion, Definition, LeftOut, Proposal
from icp_ml.profile.tiering import Policy
from icp_ml.watch.changelog import changelog_entry
from icp_ml.watch.definition_diff import DefinitionDiff, definition_diff, strength
from icp_ml.watch.diff_words import changed_sentence, criterion_sentence, moves_sentences, rule_sentence
from icp_ml.watch.list_moves import ListMoves
from icp_ml.watch.tier_moves import MoveCounts
from tests import serve_models
from tests.definitions import boundary, criterion, definition, exclusions, interval

NO_RULES = Policy()


def of(*criteria: Criterion, left_out: tuple[LeftOut, ...] = (), proposals: tuple[Proposal, ...] = ()) -> Definition:
    changed = {"criteria": criteria, "left_out": left_out, "proposals": proposals}
    return definition().model_copy(update=changed)


def difference(old: Definition, new: Definition) -> DefinitionDiff:
    return definition_diff(old, new, NO_RULES, NO_RULES)


def with_stability(criterion: Criterion, stability: float) -> Criterion:
    assert criterion.evidence is not None
    evidence = criterion.evidence.model_copy(update={"stability": stability})
    return criterion.model_copy(update={"evidence": evidence})


SIZE = criterion("size", {"attribute": "employees", "at_least": 51, "under": 501}, 50)
DEMO = criterion("demo", {"attribute": "demo", "is": ["yes"]}, 30)
OLD_TOOL = criterion("a tool", {"attribute": "tools", "is": ["Cartellux"]}, 20)
NEW_TOOL = criterion("a tool", {"attribute": "tools", "is": ["Mailo"]}, 20)


def test_the_same_definition_has_not_changed() -> None:
    found = difference(definition(), definition())
    assert not found.changed()
    assert all(each.change == 0 for each in found.criteria)
    assert not found.rules
    assert changed_sentence(found) == "The 7 criteria are what they were."


def test_the_other_way_round_what_came_went_and_the_order_stays() -> None:
    old, new = of(SIZE, DEMO), of(SIZE, OLD_TOOL)
    there, back = difference(old, new), difference(new, old)
    assert [each.kind for each in there.changed()] == ["went", "came"]
    assert [each.kind for each in back.changed()] == ["came", "went"]
    assert [each.change for each in there.criteria] == [each.change for each in back.criteria]


def test_a_member_that_takes_the_place_of_another_came_and_the_other_went() -> None:
    """A set has a factor for each member: one name for both makes no pair of them."""
    found = difference(of(OLD_TOOL), of(NEW_TOOL))
    assert {each.factor: each.kind for each in found.criteria} == {"tools:Cartellux": "went", "tools:Mailo": "came"}


def test_a_condition_that_turned_round_weighs_as_one_that_went_and_one_that_came() -> None:
    small = criterion("size", {"attribute": "employees", "under": 51}, 50)
    turned = difference(of(SIZE), of(small)).criteria[0]
    assert (turned.kind, turned.distance) == ("moved", 1.0)
    assert turned.change == strength(SIZE) + strength(small)


def test_what_is_found_again_seldom_stands_below_what_is_steady() -> None:
    """30 points found again in one resample in five are 0.06; 20 points in nine of ten are 0.18."""
    shaky = with_stability(DEMO, 0.2)
    found = difference(of(SIZE), of(SIZE, shaky, OLD_TOOL))
    assert [each.factor for each in found.changed()] == ["tools:Cartellux", "demo"]


def test_a_pinned_criterion_without_deals_is_told_as_such() -> None:
    pinned = DEMO.model_copy(update={"evidence": None, "origin": "pinned"})
    found = difference(of(SIZE), of(SIZE, pinned))
    assert criterion_sentence(found.criteria[0]) == "demo: yes came, with 30 points: no deals bear on it."
    assert found.criteria[0].change == 0.30


def test_why_a_criterion_is_gone_is_said_in_the_words_of_the_definition_that_lacks_it() -> None:
    found = difference(of(SIZE, DEMO), of(SIZE, left_out=(LeftOut(factor="demo", reason="chance explains it"),)))
    assert criterion_sentence(found.criteria[0]) == (
        "demo: yes went, with 30 points: then 80 of 200 (40%) of such deals won, 50 of 250 (20%) of the others. "
        "Now it is none: chance explains it."
    )


def test_rules_that_came_went_and_changed_are_told_with_the_deals_that_they_hit() -> None:
    public, locked, small = exclusions()
    longer = locked.model_copy(update={"until": None})
    proposal = Proposal(rule=small, kind="exclusion", deals=60, won=2, win_rate=interval(0.03), why="2 of 60 won")
    before = Policy(exclusions=(public, locked))
    after = Policy(exclusions=(public, longer, small), boundary=boundary())
    found = definition_diff(of(SIZE, proposals=(proposal,)), of(SIZE), before, after)
    told = [(each.kind, each.name, each.change, each.deals) for each in found.rules]
    assert told == [
        ("boundary", "our sizes", "came", None),
        ("exclusion", "small and settled", "came", 60),
        ("exclusion", "locked in", "changed", None),
        ("proposal", "small and settled", "went", 60),
    ]
    assert rule_sentence(found.rules[1]).endswith("; 2 of 60 such deals won.")


def test_nothing_in_somebodys_data_is_markdown() -> None:
    nasty = "<b>|x|</b> `y` [z](w)\n# h"
    rule = RuleSettings.model_validate({"name": nasty, "attribute": "industry", "is": ["A*B"]})
    found = definition_diff(of(SIZE), of(SIZE), NO_RULES, Policy(exclusions=(rule,)))
    entry = changelog_entry(serve_models.provenance(), serve_models.provenance(), found, None)
    line = next(each for each in entry.splitlines() if "exclusion" in each)
    assert r"\<b\>\|x\|\</b\> \`y\` \[z\](w) \# h" in line
    assert r"A\*B" in line


def moves(*, moved: int = 0, came: int = 0, gone: int = 0) -> ListMoves:
    by_path = {("1", "2"): moved} if moved else {}
    counts = MoveCounts(100, moved, {"model": moved}, 0, by_path, {})
    return ListMoves(counts, (), came, gone, ("Held to the old cuts.",))


def test_accounts_that_are_new_or_gone_are_told_and_not_counted() -> None:
    assert list(moves_sentences(moves(moved=3))) == [
        "3 of 100 accounts change tier, by main cause: model: 3.",
        "Held to the old cuts.",
    ]
    assert list(moves_sentences(moves(came=1_234)))[1] == (
        "1,234 accounts are new in the list, 0 are gone; they are not counted."
    )
    assert "0 accounts are new in the list, 7 are gone" in list(moves_sentences(moves(gone=7)))[1]


def test_an_entry_without_a_definition_or_a_move_has_no_table_of_either() -> None:
    old, new = serve_models.provenance(), serve_models.provenance().model_copy(update={"version": 2})
    still = changelog_entry(old, new, None, moves())
    assert "### Rules" not in still
    assert "### Tiers" in still
    assert "| from | to | accounts |" not in still
    assert "| tier 1 | tier 2 | 3 |" in changelog_entry(old, new, None, moves(moved=3))
    assert "### Tiers" not in changelog_entry(old, new, None, None)
