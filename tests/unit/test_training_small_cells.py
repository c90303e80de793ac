"""A page for other eyes tells of no small number of deals or accounts, in no table, figure, hover or sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_training.report.answer import tier_chart
from icp_training.report.numbers import count, won_of
from icp_training.report.parts import Section, Table, Words, rows_of
from icp_training.report.small_cells import LEFT_OUT, rows_left_out, states_small_count, without_small_cells
from icp_training.report.tiers import tiers
from tests import serve_models
from tests.cli_projects import icp, refusal, strong, write_project

FLOORS = (5, 12, 40)
COUNTED = ("deals", "won", "accounts", "rows", "deals above tier 1's cut")
"""Columns of whole numbers of deals, accounts or rows."""
WON_OF = re.compile(r"([\d,]+) of ([\d,]+) (?:deals )?won")


@dataclass
class Grid:
    """A table as the page holds it. rows: of each cell its text, and what it tells on hover."""

    caption: str = ""
    headers: list[str] = field(default_factory=list)
    rows: list[list[tuple[str, str]]] = field(default_factory=list)


class Tables(HTMLParser):
    """All tables of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Grid] = []
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within = tag
        if tag == "table":
            self.found.append(Grid())
        elif tag == "th" and self.found:
            self.found[-1].headers.append("")
        elif tag == "tr" and self.found:
            self.found[-1].rows.append([])
        elif tag == "td" and self.found and self.found[-1].rows:
            self.found[-1].rows[-1].append(("", dict(attrs).get("title") or ""))

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within == "caption":
            self.found[-1].caption += data
        elif self.within == "th":
            self.found[-1].headers[-1] += data
        elif self.within == "td" and self.found[-1].rows[-1]:
            text, title = self.found[-1].rows[-1][-1]
            self.found[-1].rows[-1][-1] = (text + data, title)


def tables(page: str) -> dict[str, Grid]:
    reader = Tables()
    reader.feed(page[page.index("<main>") : page.index("</main>")])
    return {each.caption: Grid(each.caption, each.headers, [row for row in each.rows if row]) for each in reader.found}


def sides(grid: Grid, row: list[tuple[str, str]]) -> list[int]:
    """Every number of deals, won and lost among them, that a row tells: "3 of 12 won", or in columns of its own."""
    cells = {header: text for header, (text, _) in zip(grid.headers, row, strict=True)}
    columns = {
        name: int(cells[name].replace(",", "")) for name in COUNTED if cells.get(name, "").replace(",", "").isdigit()
    }
    lost = [columns["deals"] - columns["won"]] if {"deals", "won"} <= set(columns) else []
    return [*columns.values(), *lost, *(each for text, _ in row for each in numbers_told(text))]


def figures(page: str) -> dict[str, dict[str, list[dict[str, object]]]]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    read: dict[str, dict[str, list[dict[str, object]]]] = json.loads(found[1])
    return read


def numbers_told(text: str) -> Iterator[int]:
    """Won and lost deals in every "3 of 12 won" of a text."""
    for won, deals in WON_OF.findall(text):
        whole = int(deals.replace(",", ""))
        if whole:
            yield from (int(won.replace(",", "")), whole - int(won.replace(",", "")))


def is_left_out(row: list[tuple[str, str]], floor: int) -> bool:
    return len(row) > 1 and all(text in (LEFT_OUT, f"under {floor}") and not title for text, title in row[1:])


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """The page of a model of 240 deals, whole (0), and with each floor."""
    root = write_project(tmp_path_factory.mktemp("small"), strong())
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "ICP_HOME"):
            patch.delenv(name, raising=False)
        patch.chdir(root)
        trained = icp("train", "icp.yaml", "--trials", "1")
        assert trained.code == 0, trained.err
        for floor in (0, *FLOORS):
            asked = ("--least-cell", floor) if floor else ()
            assert icp("report", "-o", f"{floor}.html", *asked).code == 0
    return {floor: (root / f"{floor}.html").read_text(encoding="utf-8") for floor in (0, *FLOORS)}


def test_the_whole_page_tells_small_counts_in_tables_and_figures(pages: dict[int, str]) -> None:
    """Else there would be nothing to leave out."""
    text = pages[0]
    assert sum(each < min(FLOORS) for each in numbers_told(text[text.index("<main>") : text.index("</main>")])) > 10
    assert any(each < min(FLOORS) for each in numbers_told(json.dumps(figures(text))))
    assert LEFT_OUT not in text[: text.index("<script>")]


@pytest.mark.parametrize("floor", FLOORS)
def test_no_small_count_stands_anywhere_in_the_finished_page(pages: dict[int, str], floor: int) -> None:
    body = re.sub(r"<script>.*?</script>", "", pages[floor], flags=re.DOTALL)
    assert [each for each in numbers_told(body) if each < floor] == []
    for trace in (trace for figure in figures(pages[floor]).values() for trace in figure["data"]):
        hover = str(trace.get("hovertemplate", ""))
        if "deals" in hover and "customdata" in trace:
            told = [each for point in trace["customdata"] for each in counts_of(point)]  # type: ignore[attr-defined]
            assert [each for each in told if each < floor] == []


def counts_of(point: object) -> list[int]:
    """Whole numbers that a point tells on hover; a pair is of a part and its whole, in either order."""
    if not isinstance(point, list):
        return [point] if isinstance(point, int) else []
    whole = [each for each in point if isinstance(each, int)]
    return [*whole, max(whole) - min(whole)] if len(whole) == 2 else whole


@pytest.mark.parametrize("floor", FLOORS)
def test_each_row_of_each_table_is_the_whole_pages_or_left_out(pages: dict[int, str], floor: int) -> None:
    """Row by row beside the page that leaves nothing out: a small count is never shown, and no row says half."""
    whole, shared = tables(pages[0]), tables(pages[floor])
    assert set(shared) <= set(whole)
    assert len(whole) > 15
    hidden = 0
    for caption, grid in shared.items():
        for before, after in zip(whole[caption].rows, grid.rows, strict=True):
            assert after[0][0] in (before[0][0], LEFT_OUT)
            small = any(each < floor for each in sides(whole[caption], before))
            hidden += small
            changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
            assert is_left_out(after, floor) or not small, (caption, before, after)
            assert is_left_out(after, floor) or all(now == (LEFT_OUT, "") for _, now in changed), (caption, after)
    assert hidden > 5


@pytest.mark.parametrize("floor", FLOORS)
def test_no_small_count_follows_from_a_total(pages: dict[int, str], floor: int) -> None:
    """The attack: what all deals came to, less the rows that are shown, is what the others hold together."""
    asked, whole = 0, tables(pages[0])
    for caption, grid in tables(pages[floor]).items():
        told = [sides(whole[caption], row) for row in whole[caption].rows]
        gone = [each for each, row in zip(told, grid.rows, strict=True) if is_left_out(row, floor) and each]
        if gone and len(gone) < len([each for each in told if each]):
            asked += 1
            assert len(gone) > 1, caption
            assert min(map(sum, zip(*gone, strict=True))) >= floor, caption
    assert asked > 1


@pytest.mark.parametrize("floor", FLOORS)
def test_a_figure_shows_the_marks_of_the_rows_that_are_shown(pages: dict[int, str], floor: int) -> None:
    whole, shared = figures(pages[0]), figures(pages[floor])
    assert set(shared) <= set(whole)
    assert "swarm" not in shared
    fewer = 0
    for name, figure in shared.items():
        for before, after in zip(whole[name]["data"], figure["data"], strict=True):
            kept, there = (list(zip(each["x"], each["y"], strict=True)) for each in (after, before))  # type: ignore[call-overload]
            assert [point for point in there if point in kept] == kept
            fewer += len(kept) < len(there)
            bars = after.get("error_x", {})
            assert isinstance(bars, dict)
            assert all(len(each) == len(kept) for each in bars.values() if isinstance(each, list))
    assert fewer > 0 or floor == max(FLOORS)


counted = st.lists(
    st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=8
)


@settings(max_examples=300)
@given(counted, st.integers(2, 20))
def test_what_is_left_out_hides_it_whatever_the_counts(sides: list[tuple[int, int]], least: int) -> None:
    table = Table("any", ("level", "deals"), rows_of([(f"L{k}", won_of(*side)) for k, side in enumerate(sides)]))
    left = rows_left_out(table, least)
    parts = [(won, deals - won) for won, deals in sides]
    is_small = [deals > 0 and min(side) < least for side, (_, deals) in zip(parts, sides, strict=True)]
    assert all(k in left for k, small in enumerate(is_small) if small)
    assert bool(left) == any(is_small)
    nobody = {k for k, (_, deals) in enumerate(sides) if not deals}
    assert not left & nobody
    if left and left | nobody != set(range(len(sides))):
        assert len(left) > 1
        assert all(sum(parts[k][side] for k in left) >= least for side in (0, 1))


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("3 of 40 deals were won", True),
        ("37 of 40 such deals were won", True),
        ("tools:Slack: 2 % of 60 won accounts and 50 % of 80 lost ones", True),
        ("Software (4 of 12 won, 40% overall)", True),
        ("2 won accounts", True),
        ("1,004 of 2,000 deals were won", False),
        ("Look for companies that meet at least 3 of these 6 conditions.", False),
        ("tier 1 starts at 70, version 2", False),
        ("30 of 100 deals, 40% of them won", False),
        ("0.4 deals a week", False),
    ],
)
def test_a_sentence_that_states_a_small_count_is_known(text: str, *, small: bool) -> None:
    assert states_small_count(text, 5) is small


def test_a_sentence_about_a_small_group_and_a_short_table_are_left_out() -> None:
    table = Table("rows", ("step", "rows"), rows_of([("read", count(40)), ("twice", count(3))]))
    parts = (Words("Of those 75% were won.", counts=(3, 1)), Words("Of all 50% were won.", counts=(20, 20)), table)
    (section,) = without_small_cells((Section("answer", "The answer", parts),), 5)
    assert [each.text for each in section.parts if isinstance(each, Words)][1:] == ["Of all 50% were won."]
    (shown,) = (each for each in section.parts if isinstance(each, Table))
    assert [[cell.text for cell in row] for row in shown.rows] == [["read", LEFT_OUT], ["twice", "under 5"]]


def test_pages_that_show_companies_one_by_one_or_are_not_covered_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demo = Path(__file__).resolve().parents[2] / "models" / "demo" / "v1"
    code, said = refusal("report", demo, "--least-cell", 5, "--scored", "scored.csv")
    assert (code, "one by one" in said) == (2, True)
    assert refusal("report", demo, "--least-cell", 1)[0] == 2
    (tmp_path / "v1").mkdir()
    manifest = (demo / "manifest.json").read_text(encoding="utf-8")
    (tmp_path / "v1" / "manifest.json").write_text(manifest.replace('"win-model"', '"lookalike"'), encoding="utf-8")
    code, said = refusal("report", "v1", "--least-cell", 5)
    assert (code, "a model of resemblance was named" in said) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["v1"]


def test_a_tier_that_lost_few_deals_is_left_out_as_one_that_won_few() -> None:
    bundle = serve_models.bundle()
    first, *others = bundle.tiering.table.rows
    few_lost = first.model_copy(update={"deals": 30, "won": 28, "accounts": 30})
    enough = [each.model_copy(update={"deals": 90, "won": 30, "accounts": 80}) for each in others]
    table = bundle.tiering.table.model_copy(update={"rows": (few_lost, *enough)})
    changed = replace(bundle, tiering=replace(bundle.tiering, table=table))
    drawn = [tier_chart(table).numbers, *(each for each in tiers(changed).parts if isinstance(each, Table))]
    assert [0 in rows_left_out(each, 5) for each in drawn] == [True, True, False]  # the last says what is done in each
