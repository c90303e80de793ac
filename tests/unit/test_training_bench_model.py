"""The bench for accuracy: what is kept and when it is made again, paired figures by hand, and what a page replaces."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.accuracy import read_command_line
from benchmarks.bench_model import cells, code
from benchmarks.bench_model.cells import Cell, CellKey, path_of, read_cell, write_cell
from benchmarks.bench_model.figures import Paired, SeedResult, figures_of, paired, with_refusals
from benchmarks.bench_model.folds import FoldPlan, Plan, prepared, read_fold
from benchmarks.bench_model.hand_weighted import score_log_odds
from benchmarks.bench_model.methods import AUTOGLUON, BASE, HAND, METHODS, OURS, method_hash
from benchmarks.bench_model.ours import OWN
from benchmarks.bench_model.page import BEGINS, ENDS, write_page
from benchmarks.bench_model.places import PEERS_CODE
from benchmarks.bench_model.running import CELLS_A_JOB, jobs_of
from benchmarks.bench_model.sets import SETS
from benchmarks.bench_model.summary import against, is_behind, worth_comparing
from icp_ml.model.metrics import Estimate, log_losses

PLAN = Plan(
    kind="grouped",
    widening=1.0,
    enough=True,
    deals=8,
    accounts=4,
    scorecards=[],
    folds=[FoldPlan(digest="d1", hand="h1", train=4, test=4), FoldPlan(digest="d2", hand="h2", train=4, test=4)],
)


def key(method: str = OURS, *, fold: int = 0, seed: int = 1, trials: int = 6) -> CellKey:
    return CellKey("bohanec", seed, fold, method, trials)


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_a_cell_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    made = Cell({"log_odds": np.array([0.5, -1.25]), "trees alone": np.array([0.0, 2.0])}, 3.5)
    write_cell(tmp_path / "a" / "cell.parquet", made)
    found = read_cell(tmp_path / "a" / "cell.parquet")
    assert found.seconds == 3.5
    assert {name: values.tolist() for name, values in found.predictions.items()} == {
        "log_odds": [0.5, -1.25],
        "trees alone": [0.0, 2.0],
    }
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["cell.parquet"]


def test_cells_differ_by_fold_data_seed_and_method_and_by_trials_only_where_these_count() -> None:
    same = path_of(key(), PLAN)
    others = [path_of(each, PLAN) for each in (key(fold=1), key(seed=2), key(BASE), key(trials=7))]
    assert same not in others
    assert path_of(key(), PLAN.model_copy(update={"folds": [PLAN.folds[1]]})) != same
    assert path_of(key(BASE, trials=7), PLAN) == path_of(key(BASE), PLAN)
    assert path_of(key("LightGBM tuned", trials=7), PLAN) != path_of(key("LightGBM tuned"), PLAN)


def test_a_scorecard_that_changes_throws_no_other_cell_away() -> None:
    changed = PLAN.model_copy(update={"folds": [each.model_copy(update={"hand": "new"}) for each in PLAN.folds]})
    moved = {name for name in METHODS if path_of(key(name), PLAN) != path_of(key(name), changed)}
    assert moved == {name for name in METHODS if name.startswith(HAND)}


def test_code_of_icp_ml_is_no_part_of_a_peers_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: path_of(key(name), PLAN) for name in METHODS}
    monkeypatch.setattr(
        cells, "method_hash", lambda name: method_hash(name) if METHODS[name].peer else "changed" + method_hash(name)
    )
    moved = {name for name in METHODS if path_of(key(name), PLAN) != before[name]}
    assert moved == {name for name in METHODS if not METHODS[name].peer}


def test_a_hash_moves_with_what_a_module_imports_and_with_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "icp_ml"
    room.mkdir()
    (room / "a.py").write_text("from icp_ml.b import x\n")
    (room / "b.py").write_text("x = 1\n")
    (room / "c.py").write_text("y = 1\n")
    monkeypatch.setattr(code, "ROOT", tmp_path)
    monkeypatch.setattr(code, "PLACES", {"icp_ml": tmp_path})

    def found() -> str:
        code.code_hash.cache_clear()
        return code.code_hash(("icp_ml.a",), ("icp_ml",))

    before = found()
    (room / "c.py").write_text("y = 2\n")
    assert found() == before
    (room / "b.py").write_text("x = 2\n")
    assert found() != before
    code.code_hash.cache_clear()


def test_the_learner_is_part_of_our_own_hash() -> None:
    reached = {path.name for path in code._reached(METHODS[OURS].modules, ("icp_ml.model", "icp_training"))}
    assert {"search.py", "win_model.py", "trees.py", "scorecard.py", "stack.py"} <= reached
    assert "weighted.py" not in reached


# --- who is compared, and how it is run -----------------------------------------------------------------------------


def test_peers_import_nothing_of_ours() -> None:
    for path in PEERS_CODE.glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        assert not {name for name in names if name.partition(".")[0] in ("icp_ml", "icp_training", "benchmarks")}


def test_every_method_can_be_run() -> None:
    for name, method in METHODS.items():
        assert (PEERS_CODE / f"{method.peer}.py").exists() if method.peer else name in OWN


def test_jobs_hold_every_cell_once_and_large_sets_and_autogluon_run_alone() -> None:
    keys = [CellKey(name, 1, fold, method, 6) for method in METHODS for name in SETS for fold in range(25)]
    jobs = jobs_of(keys)
    assert [each for job in jobs for each in job.cells] == keys
    assert max(len(job.cells) for job in jobs) == CELLS_A_JOB
    alone = {(job.method, job.cells[0].name) for job in jobs if job.alone}
    assert alone == {(m, s) for m in METHODS for s in SETS if m == AUTOGLUON or SETS[s].large}


def test_seeds_make_fewer_of_all_methods_and_are_meant_where_a_method_is_named() -> None:
    asked = read_command_line(["--seeds", "4"])
    assert asked.seeds_of(SETS["bohanec"], OURS) == range(1, 5)
    assert asked.seeds_of(SETS["bohanec"], AUTOGLUON) == range(1, 2)
    named = read_command_line(["--seeds", "4", "--method", AUTOGLUON])
    assert named.seeds_of(SETS["bohanec"], AUTOGLUON) == range(1, 5)
    assert not named.is_whole
    assert read_command_line([]).is_whole
    assert all(read_command_line(["--full"]).seeds_of(each, AUTOGLUON) for each in SETS.values())


# --- folds ----------------------------------------------------------------------------------------------------------


def test_folds_on_disk_are_what_peers_and_we_both_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.bench_model.folds.CACHE", tmp_path)
    plan = prepared("world-60", 1)
    assert prepared("world-60", 1) == plan
    folder = next((tmp_path / "folds").iterdir())
    fold = read_fold(folder / "0")
    train, test = (pq.read_table(folder / "0" / f"{side}.parquet") for side in ("train", "test"))
    assert train.column("won").to_pylist() == fold.data.won.tolist()
    assert "won" not in test.column_names
    assert len(plan.folds) == 10
    assert plan.folds[0].test == test.num_rows == len(fold.test_won)
    inner = np.asarray(train.column("inner"))
    assert all(len(set(inner[fold.data.groups == group])) == 1 for group in np.unique(fold.data.groups))
    for j, column in enumerate(fold.data.vocabulary.columns):
        values = train.column(f"c{j}")
        if column.is_category:
            assert values.to_pylist() == [column.levels[int(c)] for c in fold.data.rows[:, j]]
        else:
            np.testing.assert_array_equal(np.asarray(values), fold.data.rows[:, j])
    assert set(fold.hand) == {"equal-weights", "factor-rules", "layers", "seven-criteria"}
    ours = OWN[OURS](fold, 1, 1)
    beside = ours.beside()
    assert set(beside) == {"scorecard alone", "trees alone", "trees grown once"}
    assert all(len(values) == len(fold.test) for values in (ours.log_odds, *beside.values()))


def test_a_score_that_says_nothing_gives_the_base_rate() -> None:
    won = np.array([1, 0, 0, 0], dtype=np.int8)
    found = score_log_odds(np.full(4, 50.0), won, np.array([10.0, 90.0]))
    np.testing.assert_allclose(found, np.log(1 / 3))


# --- figures --------------------------------------------------------------------------------------------------------


def result(log_odds: list[float], won: list[int], groups: list[int], seconds: float = 1.0) -> SeedResult:
    n = len(won)
    return SeedResult(
        np.array(log_odds), np.array(won, dtype=np.int8), np.array(groups), np.zeros(n, dtype=np.intp), seconds
    )


WON = [1, 0, 1, 0, 1, 0]
GROUPS = [1, 1, 2, 2, 2, 2]
SURE = [2.0, -2.0, 1.0, -1.0, 0.5, -0.5]
NOTHING = [0.0] * 6


def compare(ours: list[float], other: list[float], *, shared: bool = True) -> Paired:
    results = [{1: result(each, WON, GROUPS)} for each in (ours, other, NOTHING)]
    found = paired(*results, shared=shared)
    assert found is not None
    return found


def test_a_method_beside_itself_differs_by_nothing() -> None:
    found = compare(SURE, SURE)
    assert found.difference == Estimate(0.0, 0.0, 0.0)
    assert not is_behind(found)


def test_the_paired_difference_is_that_of_the_means_and_its_interval_is_over_accounts() -> None:
    found = compare(SURE, NOTHING)
    # Of each deal the loss is log(1 + exp(-m)) with margin m = 2, 2, 1, 1, 0.5, 0.5; that of nothing is log 2.
    losses = np.log1p(np.exp(-np.array([2.0, 1.0, 0.5])))
    np.testing.assert_allclose(found.ours, losses.mean())
    np.testing.assert_allclose(found.difference.value, losses.mean() - np.log(2))
    np.testing.assert_allclose(found.skills, (1 - losses.mean() / np.log(2), 0.0), atol=1e-12)
    # One draw in four takes the first account twice, one the second: the interval reaches from one to the other.
    np.testing.assert_allclose(
        [found.difference.low, found.difference.high], [losses[0] - np.log(2), losses[1:].mean() - np.log(2)]
    )


def test_an_account_that_is_the_same_on_all_seeds_is_drawn_once_for_all() -> None:
    ours = {seed: result(SURE, WON, GROUPS) for seed in (1, 2, 3)}
    base = {seed: result(NOTHING, WON, GROUPS) for seed in (1, 2, 3)}
    shared, apart = (paired(ours, base, base, shared=each) for each in (True, False))
    assert shared is not None
    assert apart is not None
    one = compare(SURE, NOTHING)
    np.testing.assert_allclose(
        [shared.difference.low, shared.difference.high], [one.difference.low, one.difference.high]
    )
    assert apart.difference.high - apart.difference.low < shared.difference.high - shared.difference.low


def test_seeds_that_one_side_lacks_do_not_count() -> None:
    ours = {1: result(SURE, WON, GROUPS), 2: result(NOTHING, WON, GROUPS)}
    base = {1: result(NOTHING, WON, GROUPS), 2: result(NOTHING, WON, GROUPS)}
    found = paired(ours, {1: base[1]}, base, shared=True)
    assert found is not None
    assert found.ours == compare(SURE, NOTHING).ours
    assert paired(ours, {}, base, shared=True) is None


def test_refusals_are_the_base_rate_on_their_seeds_alone() -> None:
    ours = {1: result(SURE, WON, GROUPS), 2: result(SURE, WON, GROUPS)}
    base = {1: result(NOTHING, WON, GROUPS), 2: result(NOTHING, WON, GROUPS)}
    figures = figures_of(with_refusals(ours, base, accepted=(2,)))
    assert figures.losses == {
        1: pytest.approx(np.log(2)),
        2: pytest.approx(log_losses(np.array(SURE), np.array(WON)).mean()),
    }
    assert figures.slope is None


# --- all sets together ----------------------------------------------------------------------------------------------


def pair(ours: float, other: float, base: float = 1.0, spread: float = 0.0) -> Paired:
    around = Estimate(ours - other, ours - other - spread, ours - other + spread)
    return Paired(ours, other, base, around, np.tile([ours, other, base], (50, 1)))


def test_the_ratio_is_that_of_mean_skills_over_the_sets_worth_comparing() -> None:
    found = {
        "a": {"x": pair(0.7, 0.8), "y": pair(0.7, 0.75)},
        "b": {"x": pair(0.9, 0.9)},
        "nothing there": {"x": pair(1.0, 0.99)},
    }
    assert worth_comparing(found) == ("a", "b")
    against_x, against_y = against("x", found), against("y", found)
    assert against_x is not None
    assert against_y is not None
    # (0.3 + 0.1) / (0.2 + 0.1), and 0.3 / 0.25 where only one set was run
    assert against_x.ratio.value == pytest.approx(4 / 3)
    assert against_y.ratio.value == pytest.approx(1.2)
    assert against_x.won == ("a",)
    assert against_x.ratio.low == pytest.approx(1.0)
    assert against_x.ratio.high == pytest.approx(1.5)
    assert against("z", found) is None


@pytest.mark.parametrize(
    ("ours", "other", "spread", "expected"),
    [(0.81, 0.80, 0.005, True), (0.81, 0.80, 0.02, False), (0.805, 0.80, 0.001, False), (0.79, 0.80, 0.001, False)],
)
def test_behind_is_by_one_percent_and_beyond_the_interval(
    ours: float, other: float, spread: float, *, expected: bool
) -> None:
    assert is_behind(pair(ours, other, spread=spread)) is expected


def test_a_page_keeps_what_stands_around_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGINS}\nold\n{ENDS}\nafter\n")
    write_page(page, ["new"])
    assert page.read_text() == f"before\n{BEGINS}\n\nnew\n\n{ENDS}\nafter\n"
