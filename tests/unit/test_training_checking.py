"""`icp check` counts what is there: each figure here is worked out by hand from the rows that are written."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from icp_ml.errors import ConfigError, InputError
from icp_training.checking import AttributeCheck, CheckReport
from icp_training.line import check

CONFIG = """\
name: spring
deals:
  source: deals.csv
  id: deal
  account: account
  outcome: {column: stage, won: [Won], lost: [Lost], open: [Open], ignore: [Test]}
  window: {months: null}
tables:
  accounts: {source: accounts.csv, id: account}
attributes:
  firmographic:
    seats: number
    trade: category
  technographic:
    tools: set
missing: [Select]
"""
LISTED = "prospects: {source: list.csv, id: site, map: {size: seats}}\n"


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def deal_row(number: int, stage: str) -> list[object]:
    """Won deals know their seats, lost ones every other time; one in ten of all is unreadable there."""
    seats: object = "many" if number % 10 == 9 else 10 + number % 5
    if stage == "Lost" and number % 2 == 0:
        seats = ""
    return [f"D{number}", f"A{number}", stage, seats, "ax;saw" if number % 4 == 0 else "Select"]


def project(folder: Path, won: int = 40, lost: int = 60, config: str = CONFIG) -> Path:
    stages = ["Won"] * won + ["Lost"] * lost + ["Open"] * 7 + ["Test"] * 3
    rows = [deal_row(number, stage) for number, stage in enumerate(stages)]
    rows += [["D-none", "A0", "", 5, ""], ["D-anon", "", "Lost", 5, ""]]
    write(folder / "deals.csv", ["deal", "account", "stage", "seats", "tools"], rows)
    # Account A1 is not in the accounts table.
    trades = [[f"A{number}", ("wood", "iron", "Select")[number % 3]] for number in range(won + lost) if number != 1]
    write(folder / "accounts.csv", ["account", "trade"], trades)
    (folder / "icp.yaml").write_text(config, encoding="utf-8")
    return folder / "icp.yaml"


def of(report: CheckReport, name: str) -> AttributeCheck:
    return next(found for found in report.attributes if found.name == name)


def test_every_row_is_in_one_count(tmp_path: Path) -> None:
    report = check(project(tmp_path))
    counts = {name: rows for name, rows, _ in report.ledger}
    assert counts == {
        "read": 112, "rejected": 2, "ignored": 3, "out of window": 0, "open": 7, "repeated": 0, "accepted": 100,
    }  # fmt: skip
    assert counts.pop("read") == sum(counts.values())
    assert report.deals == 100
    assert report.win_rate == pytest.approx(0.4)
    assert (report.accounts.won_accounts, report.accounts.lost_accounts) == (40, 60)


def test_rejected_rows_are_named_by_their_line_and_counted_by_reason(tmp_path: Path) -> None:
    report = check(project(tmp_path))
    # 110 good rows below the header, so that the two bad ones are lines 112 and 113.
    assert [(line, deal) for line, deal, _ in report.rejected_rows] == [(112, "D-none"), (113, "D-anon")]
    assert sum(rows for _, rows in report.rejected) == 2


def test_known_shares_are_of_rows_and_by_outcome(tmp_path: Path) -> None:
    found = of(check(project(tmp_path)), "seats")
    # Won: 0 to 39, where 9, 19, 29, 39 are unreadable: 36 of 40. Lost: 40 to 99, the 30 odd ones, where six end on 9.
    assert (found.won, found.lost) == pytest.approx((36 / 40, 24 / 60))
    assert found.known == pytest.approx(60 / 100)
    assert (found.unreadable, set(found.examples)) == (10, {"many"})
    # Known are 10 to 14 among the won; the odd lost ones add none.
    assert found.distinct == 5
    assert found.in_prospects is None


def test_a_text_that_means_not_known_is_not_known(tmp_path: Path) -> None:
    report = check(project(tmp_path))
    # One in three accounts says "Select": 0 to 99 hold 33 of them (2, 5, .. 98), and account 1 is not in the table.
    assert of(report, "trade").known == pytest.approx(66 / 100)
    assert of(report, "trade").distinct == 2
    # One deal in four has tools, and each time the same two.
    assert of(report, "tools").known == pytest.approx(25 / 100)
    assert of(report, "tools").distinct == 2
    assert report.unmatched_accounts == 1


def test_the_list_is_read_as_it_would_be_scored(tmp_path: Path) -> None:
    path = project(tmp_path, config=CONFIG + LISTED)
    sizes = ["3", "", "4", "many", "5"]
    write(tmp_path / "list.csv", ["site", "size", "trade"], [[f"s{i}", size, "wood"] for i, size in enumerate(sizes)])
    report = check(path)
    assert report.absent_in_prospects == ("tools",)
    # Three of five sizes can be read; the list calls them `size`, the deals `seats`.
    assert of(report, "seats").in_prospects == pytest.approx(3 / 5)
    assert of(report, "trade").in_prospects == 1.0
    assert of(report, "tools").in_prospects == 0.0


def test_too_few_accounts_are_told_and_the_rest_is_seen_all_the_same(tmp_path: Path) -> None:
    report = check(project(tmp_path, won=12, lost=60))
    assert report.refusal is not None
    assert "expected at least 30 accounts with a won deal, found 12" in report.refusal.sentence
    assert report.judgement is None
    assert report.deals == 72
    assert len(report.attributes) == 3


def test_how_it_would_be_judged_is_told(tmp_path: Path) -> None:
    report = check(project(tmp_path))
    assert report.refusal is None
    assert report.judgement is not None
    assert "there are no dates" in report.judgement
    assert "this is not forward in time" in report.judgement


DATED = """\
deals:
  source: deals.csv
  opened: opened
  closed: closed
  extracted: 2025-06-30
  outcome: {column: stage, won: [Won], lost: [Lost], open: [Open]}
attributes: {firmographic: {seats: number}}
"""


@pytest.mark.parametrize(
    ("waiting", "stale"),
    [
        # All deals closed after ten days: one that is open for exactly ten is not stale yet.
        ([0, 5, 10], 0),
        ([9, 10, 11, 400], 2),
        ([], 0),
    ],
)
def test_open_deals_are_stale_after_nearly_all_others_have_closed(
    tmp_path: Path, waiting: list[int], stale: int
) -> None:
    extracted = date(2025, 6, 30)
    rows: list[list[object]] = []
    for number in range(90):
        opened = extracted - timedelta(days=20 + 5 * number)
        rows.append([opened, opened + timedelta(days=10), "Won" if number % 2 else "Lost", number % 7])
    rows += [[extracted - timedelta(days=days), "", "Open", 3] for days in waiting]
    write(tmp_path / "deals.csv", ["opened", "closed", "stage", "seats"], rows)
    (tmp_path / "icp.yaml").write_text(DATED)
    report = check(tmp_path / "icp.yaml")
    assert (report.stale_after, report.stale_open) == (10, stale)


def test_what_reading_refuses_is_refused(tmp_path: Path) -> None:
    path = project(tmp_path, config=CONFIG.replace("seats: number", "seets: number"))
    with pytest.raises(InputError, match="seets"):
        check(path)
    with pytest.raises(ConfigError, match="icp init"):
        check(tmp_path / "no.yaml")
