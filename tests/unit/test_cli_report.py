"""`icp report` as a person types it: where the page goes, what it shows, and what is refused and leaves no trace."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.profile.records import ColumnLeak, Interval
from icp_training.report import charts, numbers
from icp_training.report.page import Heading, page
from icp_training.report.parts import Chart, Section, Table, Words
from icp_training.report.trust import judged
from icp_training.report.words import TERMS
from tests import serve_models
from tests.cli_projects import files_in, icp, refusal

GLOSSARY = Path(__file__).parents[2] / "GLOSSARY.md"
MOST_BYTES = 6_000_000
EMPTY = Table("none", (), ())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one model, its list scored, and the terminal in it."""
    serve_models.write(tmp_path / "models" / "planted" / "v1")
    pq.write_table(serve_models.raw_list(500, 1), tmp_path / "list.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    assert icp("score", "list.parquet", "-o", "scored.parquet", "--as-of", "2024-06-30").code == 0
    return tmp_path


def test_the_page_is_one_file_named_after_the_model(project: Path) -> None:
    before = set(files_in(project))
    done = icp("report")
    assert done.code == 0, done.err
    assert set(files_in(project)) - before == {"planted-v1.html"}
    page = (project / "planted-v1.html").read_text(encoding="utf-8")
    assert len(page.encode()) < MOST_BYTES
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page[: page.index('<script type="application/json"')])


def test_the_same_bundle_gives_the_same_page(project: Path) -> None:
    assert icp("report", "-o", "a.html").code == icp("report", "-o", "b.html").code == 0
    assert (project / "a.html").read_bytes() == (project / "b.html").read_bytes()


def test_the_best_rows_of_a_list_are_those_with_the_highest_scores(project: Path) -> None:
    """Against sorting the whole output; names are read off the page as it is written."""
    assert icp("report", "-o", "page.html", "--scored", "scored.parquet").code == 0
    page = (project / "page.html").read_text(encoding="utf-8")
    shown = re.findall(r'aria-controls="more-\d+">([^<]+)</button>', page)
    scored = pq.read_table("scored.parquet").to_pandas()
    tiered = scored[scored["tier"].notna()].sort_values("score", ascending=False)
    assert shown[:50] == tiered["domain"].tolist()[:50]
    assert len(shown) == min(200, len(tiered))


def test_the_list_is_shown_beside_the_deals_by_tier(project: Path) -> None:
    assert icp("report", "-o", "page.html", "--scored", "scored.parquet").code == 0
    scored = pq.read_table("scored.parquet").to_pandas()
    tiered = scored[scored["tier"].notna()]
    page = (project / "page.html").read_text(encoding="utf-8")
    table = page[page.index("The list beside what was learned from") :].split("</table>")[0]
    assert f"{len(tiered):,} rows have a tier; {tiered['attributes_missing'].mean():.1f} attributes" in table
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", table))
    for tier, rows in tiered["tier"].value_counts().items():
        assert f" {tier} {rows:,} {rows / len(tiered):.0%} " in text


def test_columns_that_may_give_the_outcome_away_are_told_with_what_was_done() -> None:
    late = ColumnLeak(column="demo", answer="ask", told="late (L04)", is_learned_from=True, is_answered=True)
    gone = ColumnLeak(column="amount", answer="drop", told="a total (L13)", is_learned_from=False, is_answered=True)
    asked = gone.model_copy(update={"column": "owner", "is_answered": False})
    good = ColumnLeak(column="size", answer="use", told="", is_learned_from=True, is_answered=False)
    verdict = serve_models.bundle().verdict.model_copy(update={"leakage": (good, gone, late, asked)})
    words, table, *_ = judged(verdict)
    assert isinstance(words, Words)
    assert words.text.startswith("Of 4 columns 3 may have been filled in after")
    assert "Left out: 2. Learned from, because somebody said that it was known before: 1." in words.text
    assert isinstance(table, Table)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["demo", "learned from", "late (L04)"],
        ["amount", "left out", "a total (L13)"],
        ["owner", "left out, and nobody has said when it is known", "a total (L13)"],
    ]
    clean, *_ = judged(verdict.model_copy(update={"leakage": (good,)}))
    assert isinstance(clean, Words)
    assert clean.text.startswith("Of 1 columns none gives the outcome away")


def test_csv_output_is_shown_as_parquet_is(project: Path) -> None:
    assert icp("score", "list.parquet", "-o", "scored.csv", "--as-of", "2024-06-30").code == 0
    assert icp("report", "-o", "a.html", "--scored", "scored.parquet").code == 0
    assert icp("report", "-o", "b.html", "--scored", "scored.csv").code == 0
    one, other = ((project / name).read_text(encoding="utf-8") for name in ("a.html", "b.html"))
    names = [re.findall(r'aria-controls="more-\d+">([^<]+)</button>', page) for page in (one, other)]
    assert names[0] == names[1]


def test_what_cannot_be_drawn_is_refused_and_leaves_nothing(project: Path) -> None:
    (project / "there.html").write_text("mine")
    pq.write_table(pa.table({"domain": ["a.example"]}), project / "other.parquet")
    before = files_in(project)
    assert refusal("report", "-o", "there.html")[0] == 2
    assert "add --force" in refusal("report", "-o", "there.html")[1]
    assert refusal("report", "-o", "no/such/folder.html")[0] == 2
    code, said = refusal("report", "-o", "new.html", "--scored", "other.parquet")
    assert (code, "no column 'tier'" in said) == (3, True)
    assert refusal("report", "-o", "new.html", "--scored", "absent.parquet")[0] == 3
    assert refusal("report", "another")[0] == 8
    assert files_in(project) == before
    assert icp("report", "-o", "there.html", "--force").code == 0


def test_a_list_of_another_model_is_said_to_be_one(project: Path) -> None:
    table = pq.read_table("scored.parquet")
    kept = {**table.schema.metadata, b"icp.content_hash": b"0" * 64}
    pq.write_table(table.replace_schema_metadata(kept), "elsewhere.parquet")
    assert icp("report", "-o", "page.html", "--scored", "elsewhere.parquet").code == 0
    assert "was scored by another model" in (project / "page.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("weighted_project")
def test_a_hand_weighted_scorecard_has_no_page_and_is_told_so() -> None:
    code, said = refusal("report")
    assert code == 2
    assert "a hand-weighted scorecard is there" in said


def test_every_word_that_the_page_explains_is_in_the_glossary() -> None:
    words = {
        word.lower()
        for row in GLOSSARY.read_text(encoding="utf-8").splitlines()
        for word in re.findall(r"^\| \*\*([^*]+)\*\*", row)
    }
    assert [term for term in TERMS if term.lower() not in words] == []


def test_a_rate_of_nobody_is_not_known_and_is_drawn_nowhere() -> None:
    nobody = Interval(value=float("nan"), low=0.0, high=1.0)
    assert numbers.rate(nobody).text == numbers.figure(nobody).text == numbers.UNKNOWN
    bars = [charts.Bar("nobody", nobody), charts.Bar("some", Interval(value=0.5, low=0.4, high=0.6))]
    chart = Chart("rates", "Rates.", charts.intervals([charts.Series("rate", charts.BLUE, bars)], "share"), EMPTY, 100)
    drawn = page(Heading("title", "subtitle"), [Section("answer", "The answer", (chart,))])
    held = drawn.partition('id="figures">')[2].partition("</script>")[0]
    assert json.loads(held)["rates"]["data"][0]["x"] == [None, 0.5]


def test_a_name_that_plotly_would_read_as_markup_is_drawn_as_it_is() -> None:
    assert charts.label("<a href='x'>A & B</a>") == "&lt;a href=&#x27;x&#x27;&gt;A &amp; B&lt;/a&gt;"
    assert charts.label("one two " * 30).count("<br>") == charts.LINES - 1
