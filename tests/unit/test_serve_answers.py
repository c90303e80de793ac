"""A model whose attributes are answers in one JSON column scores as one with a column for each."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import icp_ml
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.vocabulary import fit_vocabulary
from icp_ml.serve.bundle import open_bundle, write_bundle
from icp_ml.serve.golden import make_golden
from icp_ml.serve.mlflow_loader import input_columns
from icp_ml.serve.notes import Oddity, oddities
from tests import serve_models

ANSWERED = tuple(
    replace(attribute, column="ai", answer=f"read.{attribute.name}") for attribute in serve_models.ATTRIBUTES
)


def written(folder: Path) -> Path:
    """The model of `serve_models`, reading answers."""
    golden = make_golden(serve_models.win_model(), ANSWERED, serve_models.AS_OF, 7, serve_models.calibration().band)
    prospects = serve_models.bundle().prospects.model_copy(update={"map": {"AI Research": "ai"}})
    bundle = replace(serve_models.bundle(), attributes=ANSWERED, prospects=prospects, golden=golden)
    write_bundle(bundle, folder)
    return folder


def test_a_bundle_of_answers_scores_a_list_as_one_of_columns_does(tmp_path: Path) -> None:
    plain = serve_models.raw_list(200, seed=5)
    rows = plain.to_pylist()
    column_of = {attribute.name: attribute.column for attribute in serve_models.ATTRIBUTES}
    objects = [json.dumps({"read": {name: row[column] for name, column in column_of.items()}}) for row in rows]
    listed = pa.table({"domain": plain["domain"], "AI Research": pa.array(objects)})
    scored = icp_ml.load(written(tmp_path / "v1")).score(listed, as_of=serve_models.AS_OF)
    expected = serve_models.scorer().score(plain, as_of=serve_models.AS_OF)
    assert scored["log_odds"].to_pylist() == expected["log_odds"].to_pylist()
    assert scored["attributes_missing"].to_pylist() == expected["attributes_missing"].to_pylist()


def test_a_request_holds_the_column_of_answers_as_text(tmp_path: Path) -> None:
    assert input_columns(icp_ml.load(written(tmp_path / "v1")))["ai"] == "string"


def test_golden_rows_hold_objects_in_the_column_that_they_were_read_from(tmp_path: Path) -> None:
    golden = open_bundle(written(tmp_path / "v1")).bundle.golden
    assert {key for row in golden.rows for key in row} == {"ai"}
    assert all(isinstance(json.loads(row["ai"] or "{}"), dict) for row in golden.rows)


def test_an_answer_that_cannot_be_read_leaves_a_row_without_a_score(tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    pq.write_table(pa.table({"domain": ["a.example"], "AI Research": ["I could not open the site."]}), path)
    scored = icp_ml.load(written(tmp_path / "v1")).score(pq.read_table(path), as_of=serve_models.AS_OF)
    assert scored["probability"].to_pylist() == [None]


def test_a_phrase_that_fits_no_category_is_told_as_it_stands_in_the_list() -> None:
    motion = Attribute(
        "motion", "ai", "category", "firmographic", "fit", answer="m", phrases=(("led", ()), ("self", ()))
    )
    seen = pa.table({"ai": [json.dumps({"m": text}) for text in ["led"] * 9 + ["self"] * 9]})
    vocabulary = fit_vocabulary(parse_attributes(seen, [motion], None), [motion])
    listed = pa.table({"ai": ['{"m": "by pigeon"}', '{"m": "led"}', '{"m": "by post"}', '{"m": "by pigeon"}']})
    _, unseen = oddities(parse_attributes(listed, [motion], None), vocabulary)
    assert unseen == {"motion": Oddity(3, ("by pigeon", "by post"))}
