"""Recent deals counted by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from icp_ml.deals.attributes import resolve_attributes
from icp_ml.deals.contract import read_deals
from icp_ml.deals.settings import AttributesSettings, DealsSettings, TablesSettings, parse_settings
from icp_ml.model.splits import Maturity
from icp_training.maturing import Maturing, maturing

TODAY = date(2025, 6, 30)
GAP = Maturity(gap=90, stale_after=120)


def found(folder: Path, rows: list[tuple[int, int | None, str]], gap: Maturity = GAP) -> Maturing | None:
    """rows: days before the extract on which a deal opened and closed, and its outcome."""
    lines = ["opened,closed,stage,size"]
    for number, (opened, closed, stage) in enumerate(rows):
        ended = "" if closed is None else str(TODAY - timedelta(days=closed))
        lines.append(f"{TODAY - timedelta(days=opened)},{ended},{stage},{number}")
    (folder / "deals.csv").write_text("\n".join(lines) + "\n")
    outcome = {"column": "stage", "won": "Won", "lost": "Lost", "open": "Open"}
    declared = {"source": "deals.csv", "opened": "opened", "closed": "closed", "extracted": TODAY, "outcome": outcome}
    attributes = resolve_attributes(parse_settings(AttributesSettings, {"firmographic": {"size": "number"}}), ())
    deals = read_deals(parse_settings(DealsSettings, declared), TablesSettings(), attributes, folder)
    return maturing(deals, gap)


def test_recent_is_opened_within_the_gap_and_the_gap_itself_is_older(tmp_path: Path) -> None:
    rows: list[tuple[int, int | None, str]] = [
        (89, 10, "Won"), (10, 1, "Won"), (90, 5, "Lost"), (200, 100, "Won"), (300, 100, "Lost"), (400, 100, "Lost"),
        (89, None, "Open"), (90, None, "Open"), (120, None, "Open"), (121, None, "Open"),
    ]  # fmt: skip
    told = found(tmp_path, rows)
    assert told is not None
    assert (told.recent_closed, told.recent_open, told.older_open, told.stale) == (2, 1, 3, 1)
    assert [told.recent_rate, told.older_rate] == pytest.approx([1.0, 0.25])
    assert told.difference is not None
    assert told.difference[0] == pytest.approx(0.75)
    assert "In the last 90 days 3 deals were opened, 1 of them still open; of those closed 100% were" in told.sentence


def test_quick_wins_are_called_a_bias_only_where_chance_would_not_do(tmp_path: Path) -> None:
    older: list[tuple[int, int | None, str]] = [(200 + k, 150, "Won" if k % 2 else "Lost") for k in range(80)]
    quick: list[tuple[int, int | None, str]] = [(40 + k % 20, 5, "Won") for k in range(40)]
    biased, alike = found(tmp_path, older + quick), found(tmp_path, [*older, (40, 5, "Won"), (41, 5, "Lost")])
    assert biased is not None
    assert alike is not None
    assert "the quick ones do not stand for all" in biased.sentence
    assert "which may be chance" in alike.sentence


def test_without_recent_deals_there_is_no_difference(tmp_path: Path) -> None:
    told = found(tmp_path, [(200, 100, "Won"), (300, 100, "Lost")])
    assert told is not None
    assert told.difference is None
    assert told.recent_rate is None
    assert told.sentence == "In the last 90 days 0 deals were opened, 0 of them still open."


def test_where_nobody_knows_when_deals_are_over_no_open_deal_is_stale(tmp_path: Path) -> None:
    rows: list[tuple[int, int | None, str]] = [(200, 100, "Won"), (300, 100, "Lost"), (400, None, "Open")]
    told, unknown = found(tmp_path, rows), found(tmp_path, rows, Maturity(gap=90, stale_after=None))
    assert told is not None
    assert unknown is not None
    assert (told.stale, unknown.stale, unknown.older_open) == (1, 0, 1)
