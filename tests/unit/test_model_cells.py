"""Tables of cells worked by hand: a tree, its codes, its reasons, and the models that have no tables."""

from __future__ import annotations

import itertools
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icp_ml.model.cells import compiling
from icp_ml.model.cells.codes import ColumnCodes, number_codes
from icp_ml.model.cells.compiling import NotCompiled, compile_members, compile_trees
from icp_ml.model.cells.contributing import WORTH_COMPILING, explained, fast_contributions
from icp_ml.model.cells.looking_up import CellModel, JointColumns
from icp_ml.model.cells.merging import Groups, begin, find_lacking, merged
from icp_ml.model.cells.program import code_type, program_of
from icp_ml.model.cells.tables import CellTables, Table
from icp_ml.model.trees import Trees
from icp_ml.serve.reasons import strongest
from tests.model_columns import Floats
from tests.parity.tree_text import IS_CATEGORY, MISSING_NAN, MISSING_SHIFT, WrittenTree, write_model
from tests.serve_models import training, win_model

NUMBER = MISSING_NAN << MISSING_SHIFT
# x0 <= 1.5 or missing: if x1 is 0 or 33 then 1 (2 deals), otherwise 3 (4 deals); x0 > 1.5: 5 (4 deals).
BY_HAND = WrittenTree(
    leaf_value=(1.0, 5.0, 3.0),
    leaf_count=(2, 4, 4),
    feature=(0, 1),
    threshold=(1.5, 0.0),
    decision=(NUMBER | 2, IS_CATEGORY | NUMBER),
    left=(1, -1),
    right=(-2, -3),
    internal_count=(10, 6),
    cat_boundaries=(0, 2),
    cat_words=(1, 2),
)


def compiled(*trees: WrittenTree, width: int) -> CellTables:
    tables = compile_trees(Trees(write_model(trees, width)))
    assert isinstance(tables, CellTables)
    return tables


def chain(depth: int, rows: int = 1) -> WrittenTree:
    """A tree whose longest path asks `depth` columns; `rows` reference rows in each leaf."""
    splits = range(depth)
    return WrittenTree(
        leaf_value=tuple(float(k) for k in range(depth + 1)),
        leaf_count=(rows,) * (depth + 1),
        feature=tuple(splits),
        threshold=(0.5,) * depth,
        decision=(NUMBER,) * depth,
        left=tuple(-k - 1 for k in splits),
        right=(*(k + 1 for k in range(depth - 1)), -depth - 1),
        internal_count=tuple(rows * (depth + 1 - k) for k in splits),
    )


def test_a_tree_says_what_a_person_finds() -> None:
    # v() = (2*1 + 4*5 + 4*3) / 10 = 3.4 and v(x0) = (2*1 + 4*3) / 6 = 7/3 for both rows.
    # Row 1 (x0 = 0, x1 = 33): v(x1) = 0.6*1 + 0.4*5 = 2.6, v(x0, x1) = 1.
    #   phi0 = ((7/3 - 3.4) + (1 - 2.6)) / 2 = -4/3      phi1 = ((2.6 - 3.4) + (1 - 7/3)) / 2 = -16/15
    # Row 2 (x0 missing, x1 = 1): v(x1) = 0.6*3 + 0.4*5 = 3.8, v(x0, x1) = 3.
    #   phi0 = ((7/3 - 3.4) + (3 - 3.8)) / 2 = -14/15    phi1 = ((3.8 - 3.4) + (3 - 7/3)) / 2 = 8/15
    tables = compiled(BY_HAND, width=3)
    rows = np.array([[0.0, 33.0, 7.0], [np.nan, 1.0, 7.0]])
    expected = np.array([[-4 / 3, -16 / 15, 0], [-14 / 15, 8 / 15, 0]])
    assert tables.base == pytest.approx(3.4, abs=1e-15)
    assert CellModel(tables).contributions(rows) == pytest.approx(expected, abs=1e-15)
    assert CellModel(tables).log_odds(rows) == pytest.approx([1.0, 3.0], abs=1e-15)


def test_leaves_that_ask_the_same_share_one_table_and_a_single_column_needs_none() -> None:
    # x0 has two classes (at most 1.5 or missing, above) and x1 two (0 and 33, others): four cells of two numbers.
    # The leaf "x0 > 1.5" asks one column alone and stands among the singles.
    tables = compiled(BY_HAND, BY_HAND, width=3)
    assert [(table.columns, table.cells.shape) for table in tables.tables] == [((0, 1), (4, 2))]
    assert tables.lookups == 3 + 2
    assert tables.cells == 4


def test_a_code_is_the_number_of_cuts_strictly_below() -> None:
    codes = number_codes([], [-1.0, 1.5])
    assert codes.cuts.tolist() == [-1.0, 1.5]
    assert (codes.count, codes.missing) == (4, 3)
    tables = CellTables(0.0, (codes,), np.array([[10.0, 11.0, 12.0, 13.0]]), ())
    values = [-np.inf, -1.5, -1.0, np.nextafter(-1.0, 0.0), 1.5, np.nextafter(1.5, 2.0), np.inf, np.nan]
    found = CellModel(tables).contributions(np.array(values)[:, None])
    assert found[:, 0].tolist() == [10, 10, 10, 11, 11, 12, 12, 13]


def test_what_is_nearly_zero_goes_where_zero_goes() -> None:
    # LightGBM drops values within 1e-35 of zero from the rows that it is asked about, so that they read as zero.
    tree = WrittenTree((1.0, 2.0), (5, 5), (0,), (0.0,), (NUMBER,), (-1,), (-2,), (10,))
    tables = compiled(tree, width=1)
    rows = np.array([[-1e-35], [0.0], [5e-324], [1e-35], [1.1e-35], [-1.1e-35]])
    assert CellModel(tables).log_odds(rows).tolist() == [1.0, 1.0, 1.0, 1.0, 2.0, 1.0]
    assert Trees(write_model([tree], 1)).log_odds(rows).tolist() == [1.0, 1.0, 1.0, 1.0, 2.0, 1.0]


@pytest.mark.parametrize("cuts", [0, 1, 8, 9, 100, 254, 255, 700])
def test_codes_are_those_of_a_search_whatever_the_number_of_cuts(cuts: int) -> None:
    rng = np.random.default_rng(cuts)
    codes = ColumnCodes(np.arange(cuts, dtype=np.float64), np.empty(0, dtype=np.int64), is_category=False)
    tables = CellTables(0.0, (codes,), np.arange(codes.count, dtype=np.float64)[None], ())
    values = np.concatenate([np.arange(-1.0, cuts + 1.0), rng.uniform(-2.0, cuts + 2.0, 500), [np.nan]])
    expected = [sum(bool(cut < value) for cut in range(cuts)) for value in values[:-1].tolist()]
    assert code_type(tables) == (np.uint8 if cuts <= 254 else np.uint16)
    assert CellModel(tables).contributions(values[:, None])[:, 0].tolist() == [*expected, cuts + 1]


def test_cuts_may_lie_beyond_all_whole_numbers() -> None:
    codes = ColumnCodes(np.array([-1e300, 0.5, 1e300]), np.empty(0, dtype=np.int64), is_category=False)
    tables = CellTables(0.0, (codes,), np.arange(5.0)[None], ())
    values = np.array([[-np.inf], [-1e300], [0.0], [1e300], [np.inf], [np.nan]])
    assert CellModel(tables).contributions(values)[:, 0].tolist() == [0.0, 0.0, 1.0, 2.0, 3.0, 4.0]


def additive(values: Floats) -> tuple[CellTables, Floats]:
    """Tables without interactions whose contributions to row i are values[i], and those rows."""
    rows, width = values.shape
    column = ColumnCodes(np.arange(rows - 1.0), np.empty(0, dtype=np.int64), is_category=False)
    singles = np.vstack([values, np.zeros(width)]).T.copy()
    return CellTables(0.25, (column,) * width, singles, ()), np.repeat(np.arange(rows) - 0.5, width).reshape(
        rows, width
    )


def test_reasons_are_those_of_the_slow_way_ties_to_the_earlier_column() -> None:
    rng = np.random.default_rng(5)
    values = rng.choice([-0.5, -0.2, -1e-9, 0.0, 1e-9, 2e-9, 0.2, 0.5], size=(300, 9))
    tables, rows = additive(values)
    found = CellModel(tables).reasoned(rows, 3)
    expected = strongest(values, np.broadcast_to(np.arange(9, dtype=np.int32), values.shape), 3)
    for ours, theirs in zip((found.for_it, found.against_it), expected, strict=True):
        assert np.array_equal(ours.columns, theirs.codes)
        assert np.array_equal(ours.effects, theirs.effects)
        states = np.where(theirs.codes >= 0, np.arange(300)[:, None], -1)
        assert np.array_equal(ours.states, states)
    assert found.log_odds == pytest.approx(0.25 + values.sum(axis=1), abs=1e-12)


def test_more_reasons_than_columns_leave_places_empty() -> None:
    tables, rows = additive(np.array([[0.3, -0.1], [0.0, 0.2]]))
    found = CellModel(tables).reasoned(rows, 3)
    assert found.for_it.columns.tolist() == [[0, -1, -1], [1, -1, -1]]
    assert found.against_it.effects.tolist() == [[-0.1, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_columns_of_what_is_not_known_are_one_reason() -> None:
    # Row 1 knows its set; in row 2 columns 1 and 2 are one reason of 0.3 + 0.2, more than column 0's 0.4.
    tables, rows = additive(np.array([[0.4, 0.3, 0.2], [0.4, 0.3, 0.2]]))
    joint = JointColumns(((1, 2),), np.array([[False], [True]]))
    found = CellModel(tables).reasoned(rows, 3, joint)
    assert found.for_it.columns.tolist() == [[0, 1, 2], [1, 0, -1]]
    assert found.for_it.effects == pytest.approx(np.array([[0.4, 0.3, 0.2], [0.5, 0.4, 0.0]]))
    assert found.log_odds == pytest.approx([1.15, 1.15])


def test_contributions_are_added_up_by_group_before_any_are_joined() -> None:
    # Columns 0 and 2 are group 1, column 1 is group 0; a set that is not known changes reasons and no sum.
    tables, rows = additive(np.array([[0.4, 0.3, 0.2], [-0.4, 0.1, 0.0]]))
    joint = JointColumns(((1, 2),), np.array([[True], [True]]))
    found = CellModel(tables).reasoned(rows, 1, joint, np.array([1, 0, 1]), 2)
    assert found.sums == pytest.approx(np.array([[0.3, 0.6], [0.1, -0.4]]), abs=1e-15)
    assert CellModel(tables).reasoned(rows, 1).sums.shape == (2, 0)


def test_trees_that_count_for_nothing_take_no_tables() -> None:
    model = win_model()
    alone = replace(model.stack, weights=(1.0, 0.0))
    tables = compile_members(model.scorecard, model.trees, alone)
    assert isinstance(tables, CellTables)
    assert tables.tables == ()
    rows = training().rows[:50]
    assert CellModel(tables).log_odds(rows) == pytest.approx(replace(model, stack=alone).log_odds(rows), abs=1e-9)


def test_a_path_that_asks_too_much_has_no_tables() -> None:
    assert isinstance(compile_trees(Trees(write_model([chain(8)], 9))), CellTables)
    refused = compile_trees(Trees(write_model([chain(9)], 9)))
    assert refused == NotCompiled("a path of its trees asks about 9 columns, and tables hold at most 8")


def test_a_split_that_no_reference_row_passed_has_no_shares() -> None:
    refused = compile_trees(Trees(write_model([chain(3, rows=0)], 3)))
    assert refused == NotCompiled("3 splits of its trees were not passed by any reference row")


def test_both_members_have_no_tables_where_the_trees_have_none() -> None:
    model = win_model()
    found = compile_members(model.scorecard, Trees(write_model([chain(9)], 9)), model.stack)
    assert found == NotCompiled("a path of its trees asks about 9 columns, and tables hold at most 8")


def test_trees_that_do_not_say_how_many_columns_there_are_are_refused() -> None:
    text = write_model([chain(2)], 2).replace("max_feature_idx=1\n", "")
    with pytest.raises(ValueError, match="expected a LightGBM model that says max_feature_idx, found none"):
        compile_trees(Trees(text))


def test_where_merged_tables_would_take_too_much_leaves_stay_apart_and_say_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, rows = win_model(), training().rows
    merged_tables = fast_contributions(model)
    assert isinstance(merged_tables.tables, CellTables)
    taken = 8 * sum(table.cells.size for table in merged_tables.tables.tables)
    monkeypatch.setattr(compiling, "MOST_BYTES", taken // 3)  # a table for each leaf takes 5,416 of 19,880 numbers
    apart = fast_contributions(model)
    assert isinstance(apart.tables, CellTables)
    assert 8 * sum(table.cells.size for table in apart.tables.tables) <= taken // 3
    assert len(apart.tables.tables) > len(merged_tables.tables.tables)
    assert np.allclose(apart.of(rows).values, merged_tables.of(rows).values, atol=1e-9)


def two_groups(columns: tuple[tuple[int, ...], tuple[int, ...]], parts: tuple[int, int], codes: int) -> Groups:
    """Groups of these columns; the last column of each is in `parts` classes, the second's shifted by one code."""
    most = 16
    held, classes = np.full((2, most), -1), np.zeros((2, most, codes), dtype=np.uint8)
    counts = np.ones((2, most), dtype=np.int64)
    for group, own in enumerate(columns):
        held[group, : len(own)] = own
        classes[group, len(own) - 1] = np.minimum((np.arange(codes) + group) * parts[group] // codes, parts[group] - 1)
        counts[group, len(own) - 1] = parts[group]
    return Groups(held, np.array([len(own) for own in columns]), classes, counts, np.full(17, codes))


@pytest.mark.parametrize(("parts", "left"), [(100, 1), (200, 2)])
def test_groups_that_would_part_a_column_into_more_classes_than_a_byte_counts_stay_apart(parts: int, left: int) -> None:
    """Both ask column 3 of 400 codes, in as many runs that begin one code apart: 199 classes together, or 399."""
    held = two_groups(((3,), (3,)), (parts, parts), 400)
    assert len(set(merged(held, 10**6).tolist())) == left


@pytest.mark.parametrize(("columns", "left"), [(15, 1), (16, 2)])
def test_a_group_joins_none_that_has_no_room_for_its_columns(columns: int, left: int) -> None:
    held = two_groups((tuple(range(columns)), (0, 16)), (1, 1), 2)
    assert len(set(merged(held, 10**6).tolist())) == left


def test_a_model_without_tables_explains_itself_by_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    model = win_model()
    rows = np.array([[np.nan if not c.is_category else 0.0 for c in model.vocabulary.columns]] * 2)
    fast = fast_contributions(model)
    assert isinstance(fast.tables, CellTables)
    monkeypatch.setattr(compiling, "MOST_BYTES", 100)
    slow = fast_contributions(model)
    assert isinstance(slow.tables, NotCompiled)
    assert "tables hold at most" in slow.tables.reason
    assert slow.of(rows).values == pytest.approx(fast.of(rows).values, abs=1e-9)
    assert slow.of(rows).base == pytest.approx(fast.of(rows).base, rel=1e-12)


@pytest.mark.parametrize("repeats", [1, 4])
def test_few_rows_and_many_are_explained_alike(repeats: int) -> None:
    """400 rows by LightGBM, 1,600 by tables: each row as LightGBM alone explains it."""
    rows = np.tile(training().rows, (repeats, 1))
    assert (len(rows) < WORTH_COMPILING) == (repeats == 1)
    told, slow = explained(win_model(), rows), win_model().contributions(rows)
    assert told.base == pytest.approx(slow.base, abs=1e-9)
    assert np.allclose(told.values, slow.values, atol=1e-9)


def test_trees_of_one_leaf_add_to_the_base_alone() -> None:
    tables = compiled(WrittenTree((0.75,)), WrittenTree((-2.0,)), width=2)
    assert tables.base == -1.25
    assert tables.tables == ()
    assert not CellModel(tables).contributions(np.array([[1.0, np.nan]])).any()


def test_a_column_whose_offset_changes_often_is_looked_up() -> None:
    # The set of every second level is as many runs as levels, unless levels are sorted by where they go: then it is
    # one run, and a step of one comparison.
    tables = compiled(BY_HAND, width=3)
    program = program_of(tables)
    assert len(program.lookup_column) == 0
    assert sorted(program.step_column.tolist()) == [0, 0, 1]  # x0: at 1.5, and back for missing; x1: 0 and 33 together


@pytest.mark.parametrize("kinds", list(itertools.product(("stepped", "looked up"), repeat=3)))
def test_every_table_has_its_own_steps_and_look_ups_or_none(kinds: tuple[str, ...]) -> None:
    """A table's place is the sum of its columns' offsets; here each has one column, and offsets that change often are
    looked up. The program's lists are read as `Program` says, and name a stretch for each table, empty or not."""
    column = ColumnCodes(np.arange(40.0), np.empty(0, dtype=np.int64), is_category=False)
    of_kind = {"stepped": np.arange(column.count) // 20, "looked up": np.arange(column.count) % 7}
    tables = tuple(Table((j,), (of_kind[kind].astype(np.uint16),), np.zeros((7, 1))) for j, kind in enumerate(kinds))
    program = program_of(CellTables(0.0, (column,) * 3, np.zeros((3, column.count)), tables))
    for t, table in enumerate(tables):
        place = np.full(column.count, program.first[t], dtype=np.uint16)
        for s in range(program.steps_of[t], program.steps_of[t + 1]):
            assert program.step_column[s] == t
            place += np.where(np.arange(column.count) > program.step_code[s], program.step_jump[s], 0).astype(np.uint16)
        for s in range(program.lookups_of[t], program.lookups_of[t + 1]):
            assert program.lookup_column[s] == t
            place += program.offsets[program.lookup_start[s] :][: column.count]
        assert place.tolist() == table.offsets[0].tolist()


@pytest.mark.parametrize("groups", [1, 63, 64, 65, 200])
def test_groups_that_lack_so_many_columns_are_those_that_counting_finds(groups: int) -> None:
    rng = np.random.default_rng(groups)
    asked = [sorted(rng.choice(9, size=rng.integers(1, 6), replace=False).tolist()) for _ in range(groups)]
    columns = np.full((groups, 16), -1)
    for row, chosen in enumerate(asked):
        columns[row, : len(chosen)] = chosen
    sizes = np.array([len(chosen) for chosen in asked])
    classes, class_counts = np.zeros((groups, 16, 2), dtype=np.uint8), np.ones((groups, 16), dtype=np.int64)
    held = Groups(columns, sizes, classes, class_counts, np.full(9, 2))
    state = begin(held)
    for gone in range(0, groups, 7):
        state.alive[gone // 64] &= ~np.uint64(1 << gone % 64)
    for group, level in itertools.product(range(0, groups, 5), range(5)):
        find_lacking(held, group, level, state)
        words = state.lacking[level].tolist()
        found = [other for other in range(groups) if words[other // 64] >> other % 64 & 1]
        lacks = {other: len(set(asked[group]) - set(asked[other])) for other in range(groups)}
        assert found == [other for other in lacks if lacks[other] == level and other % 7 and other != group]


def groups_of(counts: tuple[int, ...], *asked: dict[int, tuple[int, ...]]) -> Groups:
    """Groups worked by hand: for each its columns with the class of each code. counts: codes of each column."""
    columns = np.full((len(asked), 4), -1)
    classes = np.zeros((len(asked), 4, max(counts)), dtype=np.uint8)
    class_counts = np.ones((len(asked), 4), dtype=np.int64)
    for row, conditions in enumerate(asked):
        for place, (column, numbers) in enumerate(sorted(conditions.items())):
            columns[row, place] = column
            classes[row, place, : len(numbers)] = numbers
            class_counts[row, place] = max(numbers) + 1
    return Groups(columns, (columns >= 0).sum(axis=1), classes, class_counts, np.array(counts))


@pytest.mark.parametrize(("budget", "into"), [(23, [0, 1, 2]), (24, [1, 1, 2])])
def test_a_table_holds_as_many_numbers_as_it_may_and_no_more(budget: int, into: list[int]) -> None:
    """The columns of the first are in both others, of 2 x 2 x 2 cells and 3 columns each, which are 24 numbers: the
    earlier one takes it. The others would be 16 cells and 4 columns together."""
    two = (0, 1)
    held = groups_of((2, 2, 2, 2), {0: two, 1: two}, {0: two, 1: two, 2: two}, {0: two, 1: two, 3: two})
    assert merged(held, budget).tolist() == into


def test_the_table_that_gains_the_fewest_cells_takes_a_group() -> None:
    """The second has the classes of the first and stays at 2 x 2 x 4 cells, 48 numbers; the third is of 2 x 2 cells, 8
    numbers, and would grow to 3 x 2 cells, 12 numbers. Together the last two would have 3 x 2 x 4 cells, 72 numbers."""
    first = {0: (0, 0, 1, 1), 1: (0, 1)}
    held = groups_of((4, 2, 4), first, {**first, 2: (0, 1, 2, 3)}, {0: (0, 1, 1, 1), 1: (0, 1)})
    assert merged(held, 60).tolist() == [1, 1, 2]


def test_machine_code_is_kept_where_it_was_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "machine code"
    code = (
        "from pathlib import Path; import numpy as np\n"
        "from icp_ml.model.cells.compiled import keep_machine_code_in\n"
        f"keep_machine_code_in(Path({str(folder)!r}))\n"
        "from icp_ml.model.cells.merging import _ones\n"
        "assert _ones(np.uint64(7)) == 3\n"
        "try:\n"
        f"    keep_machine_code_in(Path({str(folder)!r}))\n"
        "except RuntimeError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    assert "machine code has its place already" in done.stdout
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [found.name for found in folder.rglob("*.nbi")]
