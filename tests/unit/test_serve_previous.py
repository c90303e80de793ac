"""What each row did since the earlier list, and why; two lists of five companies worked by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from icp_ml.errors import ConfigError, InputError
from icp_ml.serve.previous import (
    CHANGE_FIELDS,
    CHANGED_ONLY,
    CONTENT_HASH,
    Changes,
    CurrentRows,
    Moves,
    PreviousList,
    read_previous,
)

NEW, MODEL, STATUS = "new in the list", "the model", "the status"
BEFORE = pa.table(
    {
        "company": ["a.example", "b.example", "https://www.C.example/", "d.example", "gone.example", "a.example", None],
        "log_odds": [0.1, 1.5, -1.0, None, 2.0, 9.0, 9.0],
        "tier": pa.array(["2", "1", "3", None, "1", "1", "1"]).dictionary_encode(),
        "score": [55.0, 72.0, 35.0, None, 90.0, 99.0, 99.0],
        "score_firmographic": [3.0, 10.0, -9.0, None, 20.0, 30.0, 30.0],
        "score_engagement": [2.0, 12.0, -6.0, None, 20.0, 30.0, 30.0],
    }
)
"""a: rises on engagement. b: the same. c: falls within its tier. d: had no score. One is gone; one id stands twice."""

NOW = CurrentRows(
    ids=pa.array(["a.example", "b.example", "c.example", "d.example", "e.example", "A.example", ""]),
    tiers=pa.array(["1", "1", "3", "out of scope", "3", None, None]).dictionary_encode(),
    scores=np.array([75.0, 72.0, 30.0, 10.0, 40.0, np.nan, np.nan]),
    sub_scores={
        "firmographic": np.array([5.0, 10.0, -15.0, 1.0, 2.0, np.nan, 0.0]),
        "engagement": np.array([20.0, 12.0, -5.0, 1.0, 2.0, np.nan, 0.0]),
    },
    repeated=np.array([False, False, False, False, False, True, False]),
)


@pytest.fixture(params=["parquet", "csv"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The earlier output as a file, with its model where the format can say it."""
    path = tmp_path / f"before.{request.param}"
    if request.param == "csv":
        plain = BEFORE.set_column(2, "tier", BEFORE["tier"].cast(pa.string()))
        pa_csv.write_csv(plain, path)
    else:
        pq.write_table(BEFORE.replace_schema_metadata({CONTENT_HASH: b"same"}), path)
    return path


def columns(changes: Changes) -> list[list[object]]:
    return [column.to_pylist() for column in changes.columns()]


def test_tier_before_change_and_cause_of_each_row(path: Path) -> None:
    changes = read_previous(path, "company").compare(NOW, "same")
    before, change, cause = columns(changes)
    assert before == ["2", "1", "3", None, None, None, None]
    assert change == [20.0, 0.0, -5.0, None, None, None, None]
    assert cause == ["engagement", None, "firmographic", STATUS, NEW, None, None]
    # Listed by --changed-only: another tier, or new. A repeated row and one without an id are not compared.
    assert changes.changed().tolist() == [True, False, False, True, True, False, False]
    for field, column in zip(CHANGE_FIELDS, changes.columns(), strict=True):
        assert column.type == field.type


def test_what_entered_and_left_each_tier(path: Path) -> None:
    previous = read_previous(path, "company")
    movement = previous.movement(previous.compare(NOW, "same").moves)
    assert movement.entered == {"1": 1, "out of scope": 1, "3": 1}  # a, d, e
    assert movement.left == {"2": 1, "1": 1}  # a, and the one that is gone
    assert (movement.new, movement.gone) == (1, 1)


def test_another_model_is_the_cause_of_every_change(tmp_path: Path) -> None:
    path = tmp_path / "before.parquet"
    pq.write_table(BEFORE.replace_schema_metadata({CONTENT_HASH: b"another"}), path)
    changes = read_previous(path, "company").compare(NOW, "same")
    assert columns(changes)[2] == [MODEL, None, MODEL, STATUS, NEW, None, None]
    # A cut that moved changes a tier and no score.
    moved = replace(NOW, tiers=pa.array(["1", "2", "3", None, "3", None, None]))
    assert columns(read_previous(path, "company").compare(moved, "same"))[2][1] == MODEL


def test_a_company_that_became_a_customer_left_its_tier_for_that_and_not_for_its_score(path: Path) -> None:
    scores = NOW.scores + 0.3 * np.eye(7)[1]
    rows = replace(NOW, tiers=pa.array(["1", None, "3", None, "3", None, None]), scores=scores)
    changes = read_previous(path, "company").compare(rows, "same")
    assert changes.changed().tolist()[1]
    assert columns(changes)[2][1] == STATUS


def test_other_layers_are_another_model_even_where_the_file_does_not_name_it(tmp_path: Path) -> None:
    path = tmp_path / "before.parquet"
    pq.write_table(BEFORE, path)
    sub_scores = {**NOW.sub_scores, "technographic": np.zeros(7)}
    changes = read_previous(path, "company").compare(replace(NOW, sub_scores=sub_scores), "same")
    assert columns(changes)[2][0] == MODEL


def test_a_layer_that_moved_the_other_way_is_no_cause(path: Path) -> None:
    # b: firmographic falls by 30, engagement rises by 1, and the score, which is capped, rises by 1.
    sub_scores = {layer: values.copy() for layer, values in NOW.sub_scores.items()}
    sub_scores["firmographic"][1] -= 30.0
    sub_scores["engagement"][1] += 1.0
    rows = replace(NOW, scores=NOW.scores + np.eye(7)[1], sub_scores=sub_scores)
    _, change, cause = columns(read_previous(path, "company").compare(rows, "same"))
    assert (change[1], cause[1]) == (1.0, "engagement")


def test_no_layers_no_cause(tmp_path: Path) -> None:
    path = tmp_path / "before.csv"
    pa_csv.write_csv(BEFORE.select(["company", "score"]).append_column("tier", pa.array(["1"] * 7)), path)
    changes = read_previous(path, "company").compare(replace(NOW, sub_scores={}), "same")
    assert columns(changes)[1:] == [[20.0, 0.0, -5.0, None, None, None, None], [None] * 4 + [NEW, None, None]]


def test_ids_are_compared_whatever_the_type_of_their_column(tmp_path: Path) -> None:
    path = tmp_path / "before.csv"
    path.write_text("row id,tier,score\n7,1,80\n8,2,1e-05\n")
    rows = CurrentRows(pa.array([8, 7]), pa.array([2, 2]), np.array([0.0, 80.0]), {}, np.zeros(2, dtype=bool))
    changes = read_previous(path, "row id").compare(rows, "same")
    assert columns(changes)[:2] == [["2", "1"], [-1e-05, 0.0]]
    assert changes.changed().tolist() == [False, True]


def test_moves_of_no_rows_change_nothing(path: Path) -> None:
    previous = read_previous(path, "company")
    nothing = CurrentRows(
        ids=pa.array([], pa.string()),
        tiers=pa.array([], pa.string()),
        scores=np.empty(0),
        sub_scores={"firmographic": np.empty(0), "engagement": np.empty(0)},
        repeated=np.zeros(0, dtype=bool),
    )
    moves = previous.compare(nothing, "same").moves
    assert moves == Moves()
    assert previous.movement(moves).gone == 5
    assert previous.movement(moves).left == {"1": 2, "2": 1, "3": 1}


def test_a_list_of_which_no_row_has_an_id_knows_nobody(tmp_path: Path) -> None:
    path = tmp_path / "before.csv"
    path.write_text("company,tier,score,score_engagement,score_firmographic\n,1,80,1,2\n")
    previous = read_previous(path, "company")
    assert isinstance(previous, PreviousList)
    assert columns(previous.compare(NOW, "same"))[2] == [NEW, NEW, NEW, NEW, NEW, None, None]


def test_what_cannot_be_compared_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no id column; name one with --id"):
        read_previous(tmp_path / "before.csv", None)
    with pytest.raises(InputError, match="expected a file at"):
        read_previous(tmp_path / "nowhere.csv", "company")
    only = tmp_path / "changed.parquet"
    pq.write_table(BEFORE.replace_schema_metadata({CHANGED_ONLY: b"true"}), only)
    with pytest.raises(InputError, match=r"changed.parquet: expected every row.*without --changed-only"):
        read_previous(only, "company")
    path = tmp_path / "before.csv"
    path.write_text("company,tier,score\na.example,1,high\n")
    with pytest.raises(InputError, match=r"before.csv: expected numbers in the column 'score'"):
        read_previous(path, "company")
    path.write_text("company,probability\na.example,0.5\n")
    with pytest.raises(InputError, match="expected columns 'tier', 'score', found none"):
        read_previous(path, "company")
