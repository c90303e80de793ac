"""Lists as they were given beside deals since, with every number counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.errors import ConfigError
from icp_ml.profile.records import Interval
from icp_ml.watch import review
from icp_ml.watch.followed import NO_LIST, NO_TIER, Followed
from icp_ml.watch.given import GivenList, given_to, read_given
from icp_ml.watch.review import measure_review
from icp_ml.watch.review_records import Kept, Review
from tests.followed_deals import Company, followed_of

JANUARY, MARCH = date(2025, 1, 6), date(2025, 3, 3)


def write(path: Path, day: date | None, rows: list[tuple[str, str | None, float]]) -> Path:
    """rows: domain, tier and score; the probability is a hundredth of the score."""
    domains, tiers, scores = zip(*rows, strict=True)
    table = pa.table({"domain": domains, "tier": tiers, "score": scores, "probability": [s / 100 for s in scores]})
    told = {"icp.model": "icp version 1", **({} if day is None else {"icp.as_of": day.isoformat()})}
    pq.write_table(table.replace_schema_metadata(told), path)
    return path


@pytest.fixture
def lists(tmp_path: Path) -> tuple[GivenList, GivenList]:
    first = write(tmp_path / "january.parquet", JANUARY, [("a.de", "1", 80), ("b.de", "2", 60), ("c.de", None, 20)])
    second = write(tmp_path / "march.parquet", MARCH, [("a.de", "3", 35), ("d.de", "1", 90), ("d.de", "2", 50)])
    return read_given(first, "domain"), read_given(second, "domain")


def test_a_deal_is_held_against_the_last_list_before_it_that_knows_its_account(
    lists: tuple[GivenList, GivenList],
) -> None:
    accounts = ["A.de", "https://a.de", "b.de", "b.de", "d.de", "d.de", "", "x.de"]
    opened = ["2025-01-05", "2025-03-02", "2025-01-06", "2025-06-01", "2025-02-01", "2025-03-03", "2025-04-01"] * 2
    given = given_to(lists, pa.array(accounts), np.array(opened[:8], dtype="datetime64[D]"))
    assert given.list.tolist() == [-1, 0, 0, 0, -1, 1, -1, -1]
    tiers = [
        lists[place].tiers[lists[place].tier[row]]
        for place, row in zip(given.list, given.row, strict=True)
        if place >= 0
    ]
    assert tiers == ["1", "2", "2", "1"], "of an id that stands twice the first row counts"


def test_quadrants_sub_scores_and_known_accounts_are_read_where_a_list_has_them(tmp_path: Path) -> None:
    """Of b, which stands twice, the first row counts. A list without these columns knows nobody."""
    table = pa.table(
        {
            "domain": ["a.de", "b.de", "b.de", "c.de"],
            "tier": ["1", None, "2", None],
            "score": [80.0, 60.0, 50.0, 40.0],
            "quadrant": ["high fit, low intent", None, "high fit, low intent", "low fit, low intent"],
            "score_firmographic": [5.0, -2.0, 0.0, 1.5],
            "status": ["scored", "already a customer", "scored", "open deal"],
        }
    )
    pq.write_table(table, tmp_path / "list.parquet")
    found = read_given(tmp_path / "list.parquet", "domain", JANUARY)
    rows = given_to([found], pa.array(["a.de", "b.de", "c.de"]), np.full(3, np.datetime64(MARCH))).row
    assert found.known[rows].tolist() == [False, True, True]
    assert [found.quadrants[code] if code >= 0 else None for code in found.quadrant[rows]] == [
        "high fit, low intent", None, "low fit, low intent",
    ]  # fmt: skip
    assert {layer: values[rows].tolist() for layer, values in found.sub_scores.items()} == {
        "firmographic": [5.0, -2.0, 1.5]
    }
    plain = read_given(write(tmp_path / "plain.parquet", JANUARY, [("a.de", "1", 80)]), "domain")
    assert (plain.known.tolist(), plain.quadrant.tolist(), dict(plain.sub_scores)) == ([False], [-1], {})


def test_a_list_without_its_day_needs_one(tmp_path: Path) -> None:
    path = write(tmp_path / "list.parquet", None, [("a.de", "1", 80)])
    with pytest.raises(ConfigError, match="write DAY="):
        read_given(path, "domain")
    assert read_given(path, "domain", MARCH).day == MARCH


def test_a_day_that_is_none_counts_as_no_day(tmp_path: Path) -> None:
    path = write(tmp_path / "list.parquet", None, [("a.de", "1", 80)])
    pq.write_table(pq.read_table(path).replace_schema_metadata({"icp.as_of": "last week"}), path)
    with pytest.raises(ConfigError, match="write DAY="):
        read_given(path, "domain")


def followed(tmp_path: Path, *, wins_of_first: int = 30) -> Followed:
    """One list of 200 accounts, 100 in tier 1 and 100 in tier 2, one deal each: of tier 1 `wins_of_first` are won in 20
    days, of tier 2 ten in 40; all others are lost in 50. Five deals more are open, three with accounts on no list, two
    with an account without a tier, and four too young."""
    rows: list[tuple[str, str | None, float]] = [(f"a{k}.de", "1", 40.0) for k in range(100)]
    rows += [(f"b{k}.de", "2", 15.0) for k in range(100)]
    rows += [("c.de", None, 5.0)]
    given = read_given(write(tmp_path / "january.parquet", JANUARY, rows), "domain")
    accounts = [f"a{k}.de" for k in range(100)] + [f"b{k}.de" for k in range(100)]
    opened = [date(2025, 1, 10)] * 200
    won = [k < wins_of_first for k in range(100)] + [k < 10 for k in range(100)]
    days = [20 if won[k] and k < 100 else 40 if won[k] else 50 for k in range(200)]
    accounts += ["a0.de"] * 5 + ["x.de"] * 3 + ["c.de"] * 2 + ["a1.de"] * 4
    opened += [date(2025, 1, 10)] * 10 + [date(2025, 5, 30)] * 4
    starts = np.array(opened, dtype="datetime64[D]")
    others = np.array(["NaT"] * 5 + ["2025-02-01"] * 5 + ["2025-06-01"] * 4, dtype="datetime64[D]")
    closed = np.concatenate([starts[:200] + np.array(days), others])
    return Followed(
        lists=(given,),
        given=given_to((given,), pa.array(accounts), starts),
        opened=starts,
        closed=closed,
        won=np.array([*won, *[False] * 14], dtype=np.int8),
        groups=np.unique(accounts, return_inverse=True)[1].astype(np.int64),
        amounts=np.where([*won, *[False] * 14], 1000.0, np.nan),
        extracted=date(2025, 6, 30),
        gap=60,
    )


def test_tiers_are_counted_as_they_were_given(tmp_path: Path) -> None:
    found = measure_review(followed(tmp_path), seed=1)
    first, second = found.tiers
    assert [(each.label, each.deals, each.won, each.still_open) for each in found.tiers] == [
        ("1", 100, 30, 5),
        ("2", 100, 10, 0),
    ]
    assert [
        each.opportunities and (each.opportunities.accounts, each.opportunities.opened) for each in found.tiers
    ] == [
        (100, 100),
        (100, 100),
    ]
    assert first.win_rate is not None
    assert first.win_rate.value == pytest.approx(0.30)
    means = [each.value for each in (first.days_to_win, second.days_to_win, first.acv) if each]
    assert means == [20.0, 40.0, 1000.0]
    assert found.outside == {NO_LIST: 3, NO_TIER: 2}
    assert (found.mature, found.too_young) == (205, 4)
    (told,) = found.lists
    assert (told.deals, told.mature, told.matures) == (211, 207, "2025-07-29")


def test_what_is_said_follows_from_the_counts(tmp_path: Path) -> None:
    """100 x 0.40 + 100 x 0.15 = 55 wins were promised. 45 and 10 keep the promise; 90 and 10 are 1.8 times as many."""
    kept = measure_review(followed(tmp_path, wins_of_first=45), seed=1).kept
    assert kept is not None
    assert kept.observed_over_expected is not None
    assert kept.observed_over_expected.value == pytest.approx(1.0)
    more = measure_review(followed(tmp_path, wins_of_first=90), seed=1)
    assert more.kept is not None
    assert more.kept.observed_over_expected is not None
    assert more.kept.observed_over_expected.value == pytest.approx(100 / 55)
    text = " ".join(more.sentences)
    assert "The order held" in text
    assert "Probabilities were off: 1.82" in text
    assert "5 mature deals were worked outside of the tiers: 3 with accounts on no list, 2" in text
    assert "4 deals on lists are too young" in text


def test_before_its_time_a_review_says_when_it_will_be(tmp_path: Path) -> None:
    early = measure_review(replace(followed(tmp_path), extracted=date(2025, 2, 28)), seed=1)
    assert (early.mature, early.tiers, early.kept) == (0, (), None)
    assert "20 are needed" in early.sentences[0]
    assert "by 2025-07-29" in early.sentences[0]


def test_where_all_deals_were_won_the_order_is_not_judged() -> None:
    kept = review._kept(followed_of([Company(f"c{k}", won=True) for k in range(40)]), 1)
    assert (kept.ranking, kept.observed_over_expected, kept.slope) == (None, None, None)


def test_a_review_says_of_what_it_knows_alone() -> None:
    bare = Review(extracted="2025-06-30", gap=60, lists=(), mature=0, too_young=3, outside={NO_LIST: 0, NO_TIER: 0})
    assert list(review._sentences(bare)) == ["3 deals on lists are too young to say anything."]
    off = Kept(
        ranking=Interval(value=0.7, low=0.6, high=0.8),
        observed_over_expected=Interval(value=0.5, low=0.4, high=0.6),
        slope=None,
    )
    found = bare.model_copy(update={"kept": off, "too_young": 0, "outside": {NO_LIST: 4, NO_TIER: 1}})
    assert list(review._sentences(found)) == [
        "The order held: 70% [60%, 80%] of pairs of a won and a lost deal were in the right order.",
        "Probabilities were off: 0.50 [0.40, 0.60] times as many deals were won as promised, fewer than the lists "
        "said. Train anew, or state the base rate.",
        "5 mature deals were worked outside of the tiers: 4 with accounts on no list, 1 with accounts that had no "
        "tier.",
    ]
