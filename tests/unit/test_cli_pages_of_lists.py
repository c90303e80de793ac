"""What the pages of data and lists say where something is not known, cannot be read, or is otherwise than usual."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from icp_ml.cli import size_page as size_pages
from icp_ml.cli.check_page import check_page
from icp_ml.cli.dated_page import dated_lines
from icp_ml.cli.grades_page import grades_page
from icp_ml.cli.neighbours_page import neighbours_page
from icp_ml.cli.plan_page import detectable_words, plan_page, result_page
from icp_ml.cli.plan_sizes import Question, Rate
from icp_ml.cli.review_page import drift_sentence, review_page
from icp_ml.cli.review_tables import parts_table
from icp_ml.cli.scoring_summary import peak_memory_mib
from icp_ml.deals.companies import SameCompany
from icp_ml.deals.dated_rows import RowsOfTable
from icp_ml.deals.ledger import TableLedger, UnmatchedName
from icp_ml.deals.openings import DatedJoin
from icp_ml.deals.sufficiency import AccountCounts
from icp_ml.profile.likeness import Likeness, Neighbour
from icp_ml.profile.market_size import MarketSize, Money, Overlap, TierCount, WideningCount
from icp_ml.profile.records import Interval
from icp_ml.watch.campaign_record import ArmCounts, CampaignPlan, LookTaken, PlannedArm
from icp_ml.watch.campaign_result import campaign_result
from icp_ml.watch.drift import Drift
from icp_ml.watch.review_records import Opportunities, PartReview, Review
from icp_ml.watch.sample_size import Detectable, Promise
from icp_training.checking import CheckReport
from icp_training.grades_report import GradeRow, GradesReport, MeasureCheck
from icp_training.maturing import Maturing
from tests.page_texts import lines_of


def between(low: float, value: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high)


# --- the deals ----------------------------------------------------------------------------------------------------

REFERS = TableLedger(
    table="products.csv", on="product", read=4, without_id=0, repeated=0, referenced=3, unreferenced=1, deals=100,
    matched=90, unmatched=10, blank=0, unmatched_distinct=2,
    unmatched_names=(UnmatchedName("Cartellux Pro", 7, "Cartellux"), UnmatchedName("???", 3, None)),
)  # fmt: skip
TABLE = RowsOfTable("signals", "signals.csv", 1_300, 50, 30, 0, 1_220, 80, unreadable=1_001, matched=70)


WAITING = Maturing(180, 3, 4, 5, 0.3, 0.2, None, stale_after=None, stale=0, sentence="Deals need 180 days.")
CHECKED = CheckReport(
    name="icp", sources=(), ledger=(("read", 100, "rows of the file"),), rejected=(), rejected_rows=(),
    accounts=AccountCounts(30, 60), deals=100, win_rate=0.3, unmatched_accounts=0, judgement=None, stale_after=None,
    stale_open=0, dated=DatedJoin(), attributes=(), absent_in_prospects=(), leakage=(), tables=(), identical_rows=0,
    repeated_ids=0, same_companies=(), maturing=None, sufficiency=None, representativeness=None, refusal=None,
    question=None,
)  # fmt: skip


def test_a_name_that_a_table_lacks_is_told_with_the_nearest_or_with_none() -> None:
    lines = lines_of(check_page(replace(CHECKED, tables=(REFERS,)), None))
    assert (
        "'Cartellux Pro' in 7 rows; did you mean 'Cartellux'? Then write spelled: {'Cartellux Pro': 'Cartellux'}"
        in lines
    )
    assert "'???' in 3 rows; nothing in the table is like it." in lines


@pytest.mark.parametrize(("groups", "more"), [(10, []), (13, ["and 3 more, which --json lists."])])
def test_ten_groups_of_accounts_are_told_and_the_rest_counted(groups: int, more: list[str]) -> None:
    found = tuple(SameCompany("domain", f"c{k}.example", (f"a{k}", f"b{k}"), 4, 1) for k in range(groups))
    lines = lines_of(check_page(replace(CHECKED, same_companies=found), None))
    told = [line for line in lines if "one web domain," in line]
    assert told[0] == "'a0', 'b0': one web domain, c0.example; 4 deals, 1 won"
    assert len(told) == 10
    assert f"{groups} groups of accounts look like one company each ({2 * groups} accounts):" in lines
    assert [line for line in lines if "--json lists" in line] == more


def test_what_wins_brought_and_what_is_stale_is_said_where_it_is_known() -> None:
    lines = lines_of(check_page(replace(CHECKED, maturing=WAITING, potential="Of 30 wins 20 have an amount."), None))
    assert "Of 30 wins 20 have an amount." in lines
    assert WAITING.sentence in lines
    assert not any("are older than" in line for line in lines)
    stale = lines_of(check_page(replace(CHECKED, maturing=WAITING, stale_after=140, stale_open=1_234), None))
    assert "1,234 open deals are older than 140 days: 95 % had closed by then." in stale
    assert "None" not in stale


def test_values_of_a_dated_table_that_cannot_be_read_are_counted() -> None:
    lines = list(dated_lines(DatedJoin(tables=(TABLE,))))
    assert lines == [
        "signals.csv: 1,300 rows read, 1,220 used, on 80 accounts, matching 70 deals; left out: 50 without an account, "
        "30 without a day.",
        "signals.csv: 1,001 other values cannot be read and count as missing.",
    ]
    assert list(dated_lines(DatedJoin(tables=(replace(TABLE, unreadable=0),)))) == lines[:1]


def test_grades_say_what_is_predicted_who_is_not_found_and_what_cannot_be_read() -> None:
    measure = MeasureCheck("nps", "number", 20, 4, 1_003, ("good", "n.a."))
    left = MeasureCheck("churned", "left", 30, 0, 0, ())
    rows = (GradeRow("A", 10, {"nps": 8.512, "churned": None}), GradeRow("B", 25, {"nps": None, "churned": 0.75}))
    report = GradesReport(
        "weight", "won and kept 12 months", ("Graded by two measures.",), rows, (measure, left), 1_005
    )
    lines = lines_of(grades_page(report))
    assert "A 10 8.512" in lines
    assert "B 25 0.75" in lines
    assert "all 35 20 known 30 known" in lines
    assert lines[-5:] == [
        "Graded by two measures.",
        "Where this page says won, it means: won and kept 12 months.",
        "1,005 won deals have no row in ideal.source; nothing is known of them from there.",
        "nps: not known yet for 4 wins, which closed too recently.",
        "nps: 1,003 values cannot be read as number, such as 'good', 'n.a.'.",
    ]
    plain = GradesReport("weight", "won", ("Graded by two measures.",), rows, (left,), 0)
    assert lines_of(grades_page(plain))[-1] == "Graded by two measures."


# --- a list -------------------------------------------------------------------------------------------------------


LIKE = Likeness(
    won=(Neighbour("a.example", "won", 0.314, ("employees",), ()),), lost=(), distance=0.314, limit=1.5,
    resembles_nothing=False, because=(), never_seen=(), accounts=5_000, of_accounts=5_000,
)  # fmt: skip


def test_of_few_accounts_nothing_is_said_to_resemble_nothing() -> None:
    lines = lines_of(neighbours_page(replace(LIKE, limit=None, accounts=80, of_accounts=80)))
    assert lines[-1] == "80 accounts are too few to say what resembles nothing; that takes 99."
    assert "a.example won 0.31 employees nothing that counts" in lines


def test_it_is_said_where_only_some_accounts_were_compared_with() -> None:
    assert lines_of(neighbours_page(replace(LIKE, of_accounts=12_000)))[-2:] == [
        "The nearest account is 0.31 away in log-odds; 99 of 100 accounts have one within 1.50.",
        "Compared with 5,000 accounts drawn from 12,000.",
    ]


def overlap() -> Overlap:
    return Overlap(customers=None, open_deals=None, contacted=None, left=40)


def market(**changes: object) -> MarketSize:
    """40 companies in tier 1, of which 30 match."""
    unmeasured = WideningCount(criterion="size", words="any size", buys=1_100, probability=None)
    measured = unmeasured.model_copy(
        update={"words": "51 to 900", "deals": 20, "won": 4, "win_rate": between(0.1, 0.2, 0.3), "probability": 0.125}
    )
    none = unmeasured.model_copy(update={"words": "2 to 900", "deals": 0, "won": 0, "win_rate": between(0, 0, 1)})
    made = MarketSize(
        rows=50, repeated=10, rules=(), in_market=40, criteria=(), at_least=(), matches=30, probability=0.2,
        widenings=(unmeasured, measured, none), tiers=(TierCount(label="1", companies=40, matches=30, overlap=overlap(),
        value=12_345.6),), overlap=overlap(), money=None, verdict="may run out", sentence="30 companies match.",
    )  # fmt: skip
    return made.model_copy(update=changes)


def test_the_size_of_a_market_has_money_where_it_is_known() -> None:
    money = market(money=Money(unit="EUR", matches=9_876.5, market=99.44))
    lines = lines_of(size_pages.size_page(money, "won", ()))
    assert lines[0] == "30 companies match."
    assert "1 40 30 40 12,346" in lines
    assert "Expected value of the companies that match: 9,876 EUR; of the market: 99.4 EUR." in lines
    bare = lines_of(size_pages.size_page(market(), "won", ()))
    assert "1 40 30 40" in bare
    assert not any("Expected value" in line or "Where this page" in line or "ATTENTION" in line for line in bare)


def test_the_size_of_a_market_says_what_is_predicted_and_what_the_list_lacks() -> None:
    lines = lines_of(size_pages.size_page(market(), "won and kept", ("visits", "tools")))
    assert lines[1:3] == [
        "Where this page says won, it means: won and kept.",
        "ATTENTION: the list has no column for visits, tools; no row is known to meet what asks about it.",
    ]
    assert not any("Where this page" in line for line in lines_of(size_pages.size_page(market(), None, ())))


def test_what_widening_costs_is_left_empty_where_no_deal_says() -> None:
    lines = lines_of([size_pages._widening_table(market().widenings)])
    assert "size any size 1,100" in lines
    assert "size 51 to 900 1,100 12.5% 4 of 20 20% [10%, 30%]" in lines
    assert "size 2 to 900 1,100 0 of 0" in lines


def test_peak_memory_is_not_told_where_the_system_does_not_count_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, which has no such module."""
    here = peak_memory_mib()
    assert here is not None
    assert 10 < here < 100_000
    monkeypatch.setitem(sys.modules, "resource", None)
    assert peak_memory_mib() is None


# --- a campaign ---------------------------------------------------------------------------------------------------


def plan(*looks: LookTaken, filled: int = 0) -> CampaignPlan:
    arms = (PlannedArm(name="1", candidates=90, accounts=30, filled=filled), PlannedArm(
        name="3", candidates=200, accounts=30, filled=0))  # fmt: skip
    return CampaignPlan(
        made="2025-06-30", list="scored.parquet", rows=400, id_name="domain", content_hash=None, by="tier", arms=arms,
        hold_in=None, low_tiers=(), balance=("industry", "size"), seed=1, rate=0.04, rate_from="as stated",
        difference=None, level=0.05, power=0.8, looks=1, looks_taken=looks,
    )  # fmt: skip


def test_arms_that_could_not_be_balanced_say_by_how_many_accounts() -> None:
    question = Question(Promise(2, 1, 0.05, 0.8), Rate(0.04, "as stated"), None, "30", 1.0, None)
    sizes = question.sizes((30, 30))
    lines = lines_of(plan_page(plan(filled=6), sizes, (30, 30)))
    assert (
        "ATTENTION: 6 of the 30 accounts of tier 1 fill up, because it has too few of some industry and size; the arms "
        "differ by that much." in lines
    )
    assert not any("ATTENTION" in line for line in lines_of(plan_page(plan(), sizes, (30, 30))))


def test_an_arm_without_an_outcome_has_no_rate_and_its_pair_no_p_value() -> None:
    """Wilson's interval of 3 in 30 at 95 % is 3.5 % to 25.6 %."""
    none, some = ArmCounts(contacted=0, successes=0), ArmCounts(contacted=30, successes=3)
    look = LookTaken(day="2025-08-01", counts={"1": some, "3": none})
    planned = plan(look)
    lines = lines_of(result_page(planned, campaign_result(planned)))
    assert "1 30 30 3 10.0% [3.5%, 25.6%]" in lines
    assert "3 30 0 0" in lines
    assert not any("p = " in line for line in lines)


def test_what_can_be_shown_names_only_the_ways_there_are() -> None:
    assert detectable_words(Detectable(0.04, 0.1231, None)) == (
        "a rise from 4% to 12.4% can be shown, and no smaller difference"
    )
    assert detectable_words(Detectable(0.9, None, 0.6)) == "a fall to 60% can be shown, and no smaller difference"
    assert detectable_words(Detectable(0.04, None, None)) == "nothing can be told from 4%"


# --- a review -----------------------------------------------------------------------------------------------------


def drift(kind: str, **changes: object) -> Drift:
    facts: dict[str, object] = {
        "kind": kind, "about": "", "deals": 1_240, "p_value": 0.0001, "adjusted": 0.01, "was": 0.3, "now": 0.12,
        "place": 0,
    }  # fmt: skip
    return Drift.model_validate({**facts, **changes})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (drift("base rate"), "Base rate: 12% of 1,240 mature deals were won, 30% when the live version was made."),
        (
            drift("scores"),
            "Scores: 12% of 1,240 deals lie in a tenth that held 30% when the live version was made.",
        ),
        (
            drift("attributes", about="industry (missing)"),
            "Attributes: industry (missing) for 12% of 1,240 deals, 30% when the live version was made.",
        ),
        (
            drift("attributes", about="industry", where="Software"),
            "Attributes: of 1,240 deals, 12% of those that say industry have Software; 30% had when the live version "
            "was made. See where they come from.",
        ),
        (
            drift("concept", about="industry", where="Software", was=-0.05, now=0.2),
            "Concept: deals with industry Software are won more often than the live version says (+20%, and -5% when "
            "it was made; 1,240 mature deals). Train anew.",
        ),
        (
            drift("concept", about="industry", where="Software", was=0.05, now=-0.2),
            "Concept: deals with industry Software are won less often than the live version says (-20%, and +5% when "
            "it was made; 1,240 mature deals). Train anew.",
        ),
        (drift("scores", adjusted=0.011), ""),
    ],
)  # fmt: skip
def test_each_kind_of_drift_says_what_moved_and_what_to_do(found: Drift, said: str) -> None:
    assert drift_sentence(found) == said


def test_a_review_without_mature_deals_has_no_table_of_tiers_and_says_that_nothing_drifted() -> None:
    quiet = (drift("scores", adjusted=0.4), drift("base rate", adjusted=1.0))
    review = Review(extracted="2025-06-30", gap=60, lists=(), mature=0, too_young=3, outside={}, drift=quiet)
    lines = lines_of(review_page(review))
    assert lines[-1] == "No drift: 2 questions were asked of the deals since the live version's extract."
    assert not any("What became of each tier" in line or "Inside and outside" in line for line in lines)
    loud = review.model_copy(update={"drift": (drift("scores"), quiet[1])})
    assert lines_of(review_page(loud))[-1] == drift_sentence(drift("scores"))


def test_a_part_that_stands_on_no_list_leaves_its_accounts_empty() -> None:
    def part(label: str, found: Opportunities | None) -> PartReview:
        return PartReview(
            label=label, deals=20, won=5, still_open=1, win_rate=None, days_to_win=None, acv=None, opportunities=found
        )

    listed = part("1", Opportunities(accounts=1_200, opened=30, rate=between(0.02, 0.025, 0.03)))
    empty = part("2", Opportunities(accounts=0, opened=0, rate=between(0, 0, 1)))
    lines = lines_of([parts_table("Tiers", "tier", (listed, empty, part("none", None)))])
    assert "1 1,200 2.5% 20 5 1" in lines
    assert lines[-2:] == ["2 20 5 1", "none 20 5 1"]
