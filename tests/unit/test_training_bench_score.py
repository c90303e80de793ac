"""The bench of scoring: contestants write the same, differences are found, and the page's ratios, worked by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.bench_score import floor, naive, stages, streaming
from benchmarks.bench_score.agreement import differences
from benchmarks.bench_score.lists import write_in_one_group, write_list
from benchmarks.bench_score.made_up import BLOCK, block
from benchmarks.bench_score.models import make
from benchmarks.bench_score.page import BEGINS, ENDS, page_of, spread, write_page
from benchmarks.bench_score.places import PAGE
from benchmarks.bench_score.plan import BY_STAGE, FLOOR, LARGE_ROWS, OURS, Asked, Run, runs
from benchmarks.bench_score.recipe import read_recipe
from benchmarks.bench_score.running import Files, Timed, command, from_line, knows_threads, timed, to_line
from benchmarks.bench_score.sizes import SIZES, TINY, Columns
from benchmarks.bench_score.stopwatch import Stopwatch
from benchmarks.score import read_command_line

ROWS = 300


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model, a list, and what `icp score` makes of it."""
    folder = tmp_path_factory.mktemp("made")
    make(TINY, folder / "tiny")
    write_list(folder / "list.parquet", TINY.columns, ROWS)
    files = Files(folder / "tiny", folder / "list.parquet", folder / "ours.parquet", folder / "ours.parquet")
    timed(Run("rate", "tiny", OURS, 1, ROWS), files)
    return folder


def scored_by(contestant: str, made: Path, out: Path) -> Stopwatch:
    """Score the list in this process; the seconds of the stages."""
    model, source, watch = made / "tiny", made / "list.parquet", Stopwatch()
    if contestant == FLOOR:
        floor.copy(model, source, out, made / "ours.parquet", watch)
    elif contestant == BY_STAGE:
        stages.score(model, source, out, watch)
    else:
        contest = naive if contestant == "naive" else streaming
        contest.score(model, source, out, 1, watch)
    return watch


# --- contestants ----------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:LightGBM binary classifier with TreeExplainer:UserWarning")
@pytest.mark.parametrize("contestant", ["naive", "streaming", BY_STAGE])
def test_a_contestant_writes_what_icp_score_writes(contestant: str, made: Path, tmp_path: Path) -> None:
    watch = scored_by(contestant, made, tmp_path / "out.parquet")
    assert differences(made / "ours.parquet", tmp_path / "out.parquet") == []
    assert {"read", "write"} <= set(watch.seconds)
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_rows == ROWS


def test_the_floor_writes_the_ids_that_it_read_and_the_columns_of_icp_score(made: Path, tmp_path: Path) -> None:
    scored_by(FLOOR, made, tmp_path / "out.parquet")
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.schema == pq.read_table(made / "ours.parquet").schema
    assert written.column(0).equals(pq.read_table(made / "list.parquet").column(0))


def test_the_model_has_as_many_trees_as_its_size_says_and_both_members_count(made: Path) -> None:
    text = (made / "tiny" / "trees.txt").read_text(encoding="utf-8")
    assert text.count("\nTree=") == TINY.trees
    recipe = read_recipe(made / "tiny")
    assert [column.name for column in recipe.columns] == list(TINY.columns.names)
    assert min(recipe.weights) > 0.0


def test_what_is_read_back_of_a_recipe_can_stand_as_a_key(made: Path) -> None:
    recipe = read_recipe(made / "tiny")
    assert hash(recipe) == hash(read_recipe(made / "tiny"))
    assert {type(column.levels) for column in recipe.columns} == {tuple}


# --- lists ----------------------------------------------------------------------------------------------------------


def test_a_list_is_the_same_rows_in_one_row_group_or_in_many(tmp_path: Path) -> None:
    columns = Columns(numbers=1, levels=(3,), flags=1)
    rows = 4 * BLOCK + 10
    write_list(tmp_path / "many.parquet", columns, rows)
    write_in_one_group(tmp_path / "one.parquet", columns, rows)
    many, one = pq.ParquetFile(tmp_path / "many.parquet"), pq.ParquetFile(tmp_path / "one.parquet")
    assert (many.metadata.num_row_groups, one.metadata.num_row_groups) == (2, 1)
    assert many.read().equals(one.read())
    assert len(set(one.read().column(0).to_pylist())) == rows


def test_gaps_are_as_many_as_the_columns_say() -> None:
    columns = Columns(numbers=2, levels=(4,), flags=1, gaps=(0.0, 0.5, 0.2, 0.1))
    made_up = block(columns, 0, 20_000, seed=3)
    shares = [made_up.column(name).null_count / 20_000 for name in columns.names]
    # four standard errors of a share of 20,000 rows are under 0.015
    assert np.allclose(shares, [0.0, 0.5, 0.2, 0.1], atol=0.015)


# --- agreement ------------------------------------------------------------------------------------------------------

ANSWERS = {
    "id": ["a", "b"],
    "tier": ["1", "2"],
    "score": [80.0, 55.0],
    "probability": [0.7, 0.4],
    "reason_for_1": ["x: yes", "y: no"],
    "reason_for_1_effect": [0.5, 0.3],
    "reason_for_2": ["y: no", "x: yes"],
    "reason_for_2_effect": [0.2, 0.3],
    "reason_for_3": ["z: 1", None],
    "reason_for_3_effect": [0.1, None],
    "reason_against_1": [None, None],
    "reason_against_1_effect": [None, None],
    "reason_against_2": [None, None],
    "reason_against_2_effect": [None, None],
    "reason_against_3": [None, None],
    "reason_against_3_effect": [None, None],
}


def differing(folder: Path, **changed: list[object]) -> list[str]:
    """What differs between the answers and the same with other columns."""
    types = {name: pa.float64() if name.endswith("effect") else pa.string() for name in ANSWERS}
    types |= dict.fromkeys(("score", "probability"), pa.float64())
    for name, columns in {"ours": ANSWERS, "theirs": {**ANSWERS, **changed}}.items():
        schema = pa.schema([(column, types[column]) for column in columns])
        pq.write_table(pa.table(dict(columns), schema=schema), folder / f"{name}.parquet")
    return differences(folder / "ours.parquet", folder / "theirs.parquet")


def test_the_same_answers_do_not_differ(tmp_path: Path) -> None:
    assert differing(tmp_path) == []


def test_what_differs_by_less_than_is_allowed_is_the_same(tmp_path: Path) -> None:
    # a probability may differ by 1e-9, points of score by a thousand times that
    assert differing(tmp_path, probability=[0.7 + 9e-10, 0.4], score=[80.0, 55.0 - 9e-7]) == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("probability", [0.7 + 2e-9, 0.4]),
        ("probability", [float("nan"), 0.4]),
        ("score", [80.0 + 2e-6, 55.0]),
        ("tier", ["1", "1"]),
        ("tier", [None, "2"]),
        ("reason_for_1", ["y: no", "y: no"]),
        ("reason_for_3_effect", [0.1, 0.0]),
    ],
)
def test_one_column_that_differs_is_named(tmp_path: Path, name: str, values: list[object]) -> None:
    found = differing(tmp_path, **{name: values})
    assert [sentence.partition(" ")[0] for sentence in found] == [name]


def test_reasons_of_equal_effect_may_change_places_and_no_others(tmp_path: Path) -> None:
    # in row 2 both reasons have 0.3; in row 1 they have 0.5 and 0.2
    assert differing(tmp_path, reason_for_1=["x: yes", "x: yes"], reason_for_2=["y: no", "y: no"]) == []
    swapped = differing(tmp_path, reason_for_1=["y: no", "y: no"], reason_for_2=["x: yes", "x: yes"])
    assert [sentence.partition(" ")[0] for sentence in swapped] == ["reason_for_1", "reason_for_2"]


# --- plan and processes ---------------------------------------------------------------------------------------------

AGREEING = {name: ["streaming", OURS] for name in SIZES}


def test_contestants_alternate_within_each_repetition() -> None:
    asked = Asked(sizes=("200x4",), threads=(1,), repetitions=2, memory=False)
    order = [(each.contestant, each.repetition) for each in runs(asked, AGREEING) if each.part == "rate"]
    assert order == [(FLOOR, 1), ("streaming", 1), (OURS, 1), (FLOOR, 2), ("streaming", 2), (OURS, 2)]


def test_twenty_million_rows_can_be_left_out() -> None:
    for large in (False, True):
        rows = {each.rows for each in runs(Asked(large=large), AGREEING) if each.part == "memory"}
        assert (LARGE_ROWS in rows) == large


def test_a_run_with_fewer_rows_or_repetitions_leaves_the_page_alone() -> None:
    assert read_command_line([]).asked.is_whole
    assert read_command_line(["--rows", "2000000"]).asked.is_whole
    for words in (["--rows", "50000"], ["--peer-rows", "5000"], ["--repetitions", "1"], ["--size", "400x6"]):
        assert not read_command_line(words).asked.is_whole
    for word in ("--no-memory", "--no-large"):
        assert not read_command_line([word]).asked.is_whole


def test_a_peer_scores_the_rows_of_its_size_unless_told_otherwise() -> None:
    usual, told = Asked(), Asked(peer_rows=5_000, naive_rows=300)
    assert [usual.rows_of(each, "400x6") for each in ("naive", "streaming", OURS, FLOOR)] == [
        2_000, 20_000, 1_000_000, 1_000_000,
    ]  # fmt: skip
    assert [told.rows_of(each, "400x6") for each in ("naive", "streaming", OURS)] == [300, 5_000, 1_000_000]


def test_threads_are_told_to_icp_score_only_where_it_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run, files = Run("rate", "200x4", OURS, 2, 10), Files(Path("m"), Path("l"), Path("o"), Path("a"))
    for knows in (False, True):
        monkeypatch.setattr("benchmarks.bench_score.running.knows_threads", lambda knows=knows: knows)
        assert ("--threads" in command(run, files, Path("s"))) == knows


def test_what_was_timed_comes_back_from_its_line() -> None:
    one = Timed(Run("memory", "200x4", OURS, 2, 10, 3, one_group=True), 1.5, 2.0, 300.0, {"read": 0.25})
    assert from_line(to_line(one)) == one
    assert json.loads(to_line(one))["run"]["one_group"] is True


def test_whether_icp_score_knows_threads_is_what_its_help_says() -> None:
    from icp_ml.cli.score import score  # noqa: PLC0415 - the command line is loaded here alone

    assert knows_threads() == ("threads" in score.__annotations__)


# --- the page -------------------------------------------------------------------------------------------------------


def took(part: str, contestant: str, rows: int, seconds: float, **stages_of: float) -> Timed:
    """A run of 200x4 on one thread that used one core and 100 MiB."""
    run = Run(part, "200x4", contestant, 1, rows)  # type: ignore[arg-type]  # a part by its name
    return Timed(run, seconds, seconds, 100.0, stages_of)


def rows_of(lines: list[str], contestant: str) -> list[list[str]]:
    """The cells of the table lines that name a contestant."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in cells if contestant in row]


def test_ratios_are_those_of_median_rates() -> None:
    # icp-ml: 1,000,000 rows in 1, 2 and 4 s, median rate 500,000. streaming: 5,000 a second, 100 times less;
    # naive: 20,000 rows in 10 s are 2,000 a second, 250 times less.
    found = [took("rate", OURS, 1_000_000, seconds) for seconds in (1.0, 2.0, 4.0)]
    found += [took("rate", "streaming", 1_000_000, 200.0), took("rate", "naive", 20_000, 10.0)]
    lines = page_of(Asked(sizes=("200x4",), threads=(1,)), found, [])
    assert rows_of(lines, OURS)[0][4] == "500,000 (250,000 to 1,000,000)"
    assert rows_of(lines, "streaming")[0][-4:] == ["100.0 times", "80", "yes", ""]
    assert rows_of(lines, "naive")[0][-4:] == ["250.0 times", "250", "yes", ""]


def test_what_lies_between_reading_and_writing_is_compared_without_the_floor() -> None:
    # seconds a million rows: icp-ml 4, naive 201, the floor 1; 200 beside 3
    found = [took("rate", each, 1_000_000, seconds) for each, seconds in ((FLOOR, 1.0), (OURS, 4.0), ("naive", 201.0))]
    lines = page_of(Asked(sizes=("200x4",), threads=(1,)), found, [])
    assert rows_of(lines, "naive")[0][-1] == "66.7 times"


def test_a_target_that_is_missed_says_so() -> None:
    found = [took("rate", OURS, 1_000_000, 2.0), took("rate", "streaming", 1_000_000, 100.0)]
    found += [took("start", OURS, 1_000, 3.5), took("memory", OURS, 2_000_000, 10.0)]
    lines = page_of(Asked(sizes=("200x4",), threads=(1,)), found, ["woodelf is not timed on it: it is absent."])
    assert rows_of(lines, "streaming")[0][-4:-1] == ["50.0 times", "80", "no"]
    assert [OURS, "3.50 (3.50 to 3.50)", "under 3", "no"] in rows_of(lines, OURS)
    assert rows_of(lines, "2,000,000")[-1][2:5] == ["100", "under 700", "yes"]
    assert "woodelf is not timed on it: it is absent." in lines


def test_the_kernel_is_compared_with_encoding_against_contributions_alone() -> None:
    # for a million rows: icp-ml parses 0.5 s, encodes 0.25 s and looks up 0.25 s; the peer explains for 120 s
    staged = took("stages", BY_STAGE, 500_000, 1.0, parse=0.25, encode=0.125, kernel=0.125, write=9.0)
    peer = took("rate", "streaming", 100_000, 20.0, read=1.0, contributions=12.0)
    lines = page_of(Asked(sizes=("200x4",), threads=(1,)), [staged, peer], [])
    assert rows_of(lines, "streaming")[-1][-5:] == ["120.00", "1.00", "120.0 times", "100", "yes"]


def test_memory_growth_is_that_from_two_to_twenty_million_rows() -> None:
    small, large = took("memory", OURS, 2_000_000, 9.0), took("memory", OURS, LARGE_ROWS, 90.0)
    grown = Timed(large.run, large.seconds, large.cpu, 120.0, {})
    lines = page_of(Asked(sizes=("200x4",), threads=(1,)), [small, grown], [])
    assert any("1.20 times the memory" in line and "not met" in line for line in lines)


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    assert (spread([3.0, 1.0, 2.0]).median, spread([3.0, 1.0, 2.0]).low, spread([3.0, 1.0]).high) == (2.0, 1.0, 3.0)


def test_a_run_writes_between_the_marks_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"head\n\n{BEGINS}\n\nold\n\n{ENDS}\ntail\n", encoding="utf-8")
    write_page(page, ["new"])
    assert page.read_text(encoding="utf-8") == f"head\n\n{BEGINS}\n\nnew\n\n{ENDS}\ntail\n"
    assert PAGE.read_text(encoding="utf-8").count(BEGINS) == 1
