"""Planted leaks are accused under names that say nothing, and clean columns beside them are not: two seeds here.

`make recovery-leaks` judges twenty by the same functions and writes the tables of docs/leakage.md, which are held to
their targets here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from benchmarks.leakage import DEALS, MARK, Row, Told, table_of, world_of_leaks
from icp_training.config import load_config
from icp_training.drafting import draft_config
from icp_training.world.leaks import WAYS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "leakage.md"
OPPORTUNITIES = ROOT.parent / "shared" / "data" / "ibm-winloss" / "sales_win_loss.csv"


@cache
def judged(seed: int) -> Row:
    return world_of_leaks(seed)


@pytest.mark.parametrize("seed", [3, 11])
def test_every_way_of_leaking_is_accused_and_no_clean_column(seed: int) -> None:
    row = judged(seed)
    assert set(row.leaks) == set(WAYS)
    assert [way for way, told in row.leaks.items() if not told.by_both] == []
    assert row.clean > 30
    assert row.accused == ()


def test_a_leak_of_which_only_the_name_tells_is_asked_about_and_never_dropped() -> None:
    named = judged(3).named
    assert {told.answer for told in named} == {"ask"}
    assert all(set(told.codes) <= {"L06", "L10"} for told in named)


# --- real opportunities -------------------------------------------------------------------------------------------


@pytest.mark.shared_data
@pytest.mark.skipif(not OPPORTUNITIES.exists(), reason="the shared set of opportunities is not beside the project")
def test_on_real_opportunities_what_runs_until_the_close_is_accused_and_nothing_known_before_is_dropped(
    tmp_path: Path,
) -> None:
    """Which columns are which is told by the two configurations of that set: what only one of them uses, or none."""
    cold, deal = (load_config(ROOT / "training" / "configs" / f"{name}.yaml") for name in ("ibm-cold", "ibm-deal"))
    draft = draft_config(OPPORTUNITIES, tmp_path)
    before = {attribute.column for attribute in cold.resolved()}
    suspect = next(a.column for a in deal.resolved() if a.kind == "ordered" and a.known == "at_open")
    assert len(deal.outcome_fields) == 7
    assert not set(deal.outcome_fields) & set(draft.used)
    assert len(before) == 6
    assert before <= {*draft.used, *draft.asked}
    assert suspect in draft.asked
    line = next(line for line in draft.text.splitlines() if suspect in line)
    assert "it probably includes the deal (L13)" in line


# --- the page -----------------------------------------------------------------------------------------------------


def breaches(page: str) -> list[str]:
    """What of the targets the page's tables do not meet."""
    measured = page.partition(MARK)[2]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in measured.splitlines() if "|" in line]
    ways = {row[0]: (int(row[1]), int(row[2])) for row in cells if row[0] in WAYS}
    clean = [row for row in cells if row[0] == "the leaking worlds"]
    forward = [row for row in cells if row[0].isdigit()]
    laws = {
        "twelve ways or more": len(ways) >= 12,
        "20 seeds each": all(seeds >= 20 for seeds, _ in ways.values()),
        "accused in 95 %": all(accused >= 0.95 * seeds for seeds, accused in ways.values()),
        "clean columns accused in at most 2 %": bool(clean) and int(clean[0][3].split()[0]) <= 0.02 * int(clean[0][2]),
        "forward in time as without leaks": len(forward) >= 3
        and all(abs(float(row[2]) - float(row[3])) <= 0.02 for row in forward),
    }
    return [law for law, holds in laws.items() if not holds]


def test_the_committed_page_meets_every_target() -> None:
    assert breaches(PAGE.read_text(encoding="utf-8")) == []


def rows(missed: int = 0, accused: int = 0, gap: float = 0.0) -> list[Row]:
    """Twenty worlds of leaks and three forward, with so many missed, so many clean ones accused and that gap."""
    told = Told(column="x", answer="ask", codes=("L01",), drafted=True)
    silent = Told(column="x", answer="use", codes=(), drafted=False)
    worlds = [
        Row(
            kind="leaks",
            seed=seed,
            code="0",
            leaks={way: silent if seed < missed and way == WAYS[0] else told for way in WAYS},
            clean=40,
            accused=(told,) * accused,
        )
        for seed in range(20)
    ]
    forward = [
        Row(kind="forward", seed=s, code="0", without=0.8, drafted=0.8 - gap, answered=1.0, deals=DEALS)
        for s in range(3)
    ]
    return [*worlds, *forward]


@pytest.mark.parametrize(
    ("found", "breach"),
    [
        (rows(), []),
        (rows(missed=1), []),
        (rows(missed=2), ["accused in 95 %"]),
        (rows(accused=1), ["clean columns accused in at most 2 %"]),
        (rows(gap=0.05), ["forward in time as without leaks"]),
    ],
)
def test_a_page_that_misses_a_target_is_caught(found: list[Row], breach: list[str]) -> None:
    assert breaches(MARK + "\n\n" + "\n".join(table_of(found))) == breach
