"""What scoring answers: columns and their order, statuses, kinds of data, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from icp_ml.deals.settings import ProspectsSettings
from icp_ml.errors import ConfigError, InputError
from icp_ml.model.cells.compiling import NotCompiled
from icp_ml.model.cells.tables import CellTables
from icp_ml.model.trees import Trees
from icp_ml.serve.incoming import Incoming
from icp_ml.serve.notes import Oddity, ScoringNotes
from icp_ml.serve.outgoing import StatusBook
from icp_ml.serve.scoring import Scorer
from tests import serve_models
from tests.serve_models import AS_OF, ATTRIBUTES, frame, raw_list, scorer


def test_columns_come_in_a_fixed_order() -> None:
    scored = scorer().score(raw_list(3, 1), as_of=AS_OF, reasons=2)
    assert scored.schema.names == [
        "domain",
        "tier",
        "score",
        "action",
        "quadrant",
        "probability",
        "log_odds",
        "score_firmographic",
        "score_technographic",
        "score_behavioural",
        "score_engagement",
        "score_fit",
        "score_intent",
        "reason_for_1",
        "reason_for_1_effect",
        "reason_for_2",
        "reason_for_2_effect",
        "reason_against_1",
        "reason_against_1_effect",
        "reason_against_2",
        "reason_against_2_effect",
        "attributes_missing",
        "status",
    ]
    assert scorer().score(raw_list(3, 1), as_of=AS_OF, reasons=0).num_columns == 15


def test_scored_rows_say_as_of_which_day_they_were_scored() -> None:
    said = scorer().score(raw_list(3, 1), as_of=AS_OF).schema.metadata
    assert said[b"icp.as_of"] == AS_OF.isoformat().encode()


def test_a_model_with_tables_is_scored_and_explained_without_lightgbm() -> None:
    trees = Trees(serve_models.bundle().model.trees.text)
    model = replace(serve_models.bundle().model, trees=trees)
    fresh = Scorer(replace(serve_models.bundle(), model=model))
    scored = fresh.score(raw_list(50, 1), as_of=AS_OF)
    assert scored["log_odds"].to_pylist() == scorer().score(raw_list(50, 1), as_of=AS_OF)["log_odds"].to_pylist()
    assert isinstance(fresh.tables, CellTables)
    assert "booster" not in vars(trees), "LightGBM parsed the trees"


def test_the_answer_is_of_the_kind_of_the_question() -> None:
    table = raw_list(7, 2)
    of_table = scorer().score(table, as_of=AS_OF)
    batch = table.to_batches()[0]
    of_batch = scorer().score(batch, as_of=AS_OF)
    of_batches = scorer().score(iter([batch.slice(0, 3), batch.slice(3)]), as_of=AS_OF)
    of_frame = scorer().score(frame(7, 2), as_of=AS_OF)
    assert isinstance(of_table, pa.Table)
    assert isinstance(of_batch, pa.RecordBatch)
    assert isinstance(of_batches, Iterator)
    assert pa.Table.from_batches([of_batch]).equals(of_table)
    assert pa.Table.from_batches(of_batches).equals(of_table)
    pd.testing.assert_frame_equal(of_frame, of_table.to_pandas())


def test_a_frame_keeps_its_index() -> None:
    given = frame(4, 2).set_axis(["d", "c", "b", "a"])
    assert scorer().score(given, as_of=AS_OF).index.tolist() == ["d", "c", "b", "a"]
    assert scorer().contributions(given, AS_OF).index.tolist() == ["d", "c", "b", "a"]


@pytest.mark.parametrize("data", [frame(0, 1), raw_list(0, 1)], ids=["frame", "table"])
def test_no_rows_in_no_rows_out(data: pd.DataFrame | pa.Table) -> None:
    scored = scorer().score(data, as_of=AS_OF)
    assert len(scored) == 0
    names = scored.columns.tolist() if isinstance(scored, pd.DataFrame) else scored.schema.names
    assert (names[0], names[-1]) == ("domain", "status")
    assert scorer().predict_proba(data, AS_OF).shape == (0, 2)


def test_predict_proba_is_what_score_says() -> None:
    table = raw_list(20, 3)
    both = scorer().predict_proba(table, AS_OF)
    assert scorer().classes_.tolist() == [0, 1]
    assert np.array_equal(both[:, 1], scorer().score(table, as_of=AS_OF)["probability"].to_numpy())
    assert np.array_equal(both.sum(axis=1), np.ones(20))


def test_every_type_of_column_says_the_same() -> None:
    """Visits and employees as text, integers, floats, nullable integers, objects, categories."""
    texts = frame(40, 4).drop(columns=["domain"]).dropna()
    # An empty list of tools says that there are none; an empty text says nothing.
    texts = texts[texts["tools"] != ""].reset_index(drop=True)
    expected = scorer().log_odds(texts, AS_OF)
    visits = texts["visits"].astype(int)
    industry = texts["industry"]
    others = [
        texts.assign(visits=visits),
        texts.assign(visits=visits.astype(float)),
        texts.assign(visits=visits.astype("Int64")),
        texts.assign(visits=[*texts["visits"][:1], *visits[1:]]),
        texts.assign(industry=industry.astype("category")),
        texts.assign(industry=industry.astype(object)),
        texts.assign(demo=texts["demo"] == "yes"),
        texts.assign(demo=(texts["demo"] == "yes").astype("boolean")),
        texts.assign(funded=pd.to_datetime(texts["funded"])),
        texts.assign(tools=texts["tools"].str.split(";")),
        texts.assign(founded=texts["founded"].astype(int)),
    ]
    assert len(texts) > 5
    for other in others:
        assert np.array_equal(scorer().log_odds(other, AS_OF), expected)


def test_nullable_columns_with_gaps_are_gaps() -> None:
    given = frame(3, 4)
    as_text = scorer().log_odds(given.assign(visits=pd.Series([None, "3", ""], dtype=object)), AS_OF)
    as_integer = scorer().log_odds(given.assign(visits=pd.array([None, 3, None], dtype="Int64")), AS_OF)
    as_float = scorer().log_odds(given.assign(visits=[np.nan, 3.0, np.nan]), AS_OF)
    assert np.array_equal(as_text, as_integer)
    assert np.array_equal(as_text, as_float)


def test_a_nested_value_is_refused() -> None:
    given = frame(2, 4).assign(industry=pd.Series([{"name": "Software"}, "Retail"], dtype=object))
    with pytest.raises(InputError, match="industry"):
        scorer().score(given, as_of=AS_OF)


def test_a_number_that_no_machine_type_holds_is_the_number_as_a_text() -> None:
    given, huge = frame(2, 4), 10**30
    as_number = scorer().log_odds(given.assign(employees=pd.Series([huge, 7], dtype=object)), AS_OF)
    as_text = scorer().log_odds(given.assign(employees=[str(huge), "7"]), AS_OF)
    assert np.array_equal(as_number, as_text)


def test_half_of_a_character_is_refused() -> None:
    given = frame(2, 4).assign(industry=pd.Series(["\ud800", "Retail"], dtype=object))
    with pytest.raises(InputError, match="half of a character"):
        scorer().score(given, as_of=AS_OF)


@pytest.mark.parametrize("reasons", [-1, 1_001, 10**18])
def test_a_number_of_reasons_that_is_a_slip_is_refused(reasons: int) -> None:
    with pytest.raises(ConfigError, match="from 0 to 1000"):
        scorer().score(frame(2, 4), as_of=AS_OF, reasons=reasons)
    assert scorer().score(frame(2, 4), as_of=AS_OF, reasons=1_000) is not None


def test_statuses_say_what_was_missing_and_rows_without_a_score_keep_their_place() -> None:
    full = {"visits": "3", "demo": "yes", "industry": "Retail", "employees": "80", "annual_revenue": "$1M"}
    full |= {"founded": "2000", "funded": "2020-01-01", "size": "small", "band": "10-50", "tools": "Jira"}
    rows = [
        {"domain": "a", **full},
        {"domain": "b", **full, "demo": "perhaps", "tools": ""},
        {"domain": "c"},
        {"domain": " ", **full},
        {"domain": None},
    ]
    scored = scorer().score(pa.Table.from_pylist(rows, raw_list(1, 1).schema), as_of=AS_OF)
    assert scored["status"].to_pylist() == [
        "scored",
        "scored with 2 of 10 attributes missing",
        "not scored: no attribute known",
        "not scored: no id",
        "not scored: no id",
    ]
    assert scored["attributes_missing"].to_pylist() == [0, 2, 10, 0, 10]
    for name in scored.schema.names[1:-2]:
        assert scored[name].to_pylist()[2:] == [None] * 3, name
    assert all(value is not None for value in scored["probability"].to_pylist()[:2])
    assert np.isnan(scorer().log_odds(pa.Table.from_pylist(rows, raw_list(1, 1).schema), AS_OF)).tolist() == [
        *[False] * 2,
        True,
        False,
        True,
    ]


STATUSES = """
    missing | id  | mark | status                          | scored | marked
    0       | yes |      | scored                          | yes    | no
    1       | yes |      | scored with 1 of 2 attributes missing | yes | no
    2       | yes |      | not scored: no attribute known  | no     | no
    0       | no  |      | not scored: no id               | no     | no
    0       | yes | 0    | outside                         | yes    | yes
    1       | yes | 1    | excluded                        | yes    | yes
    2       | yes | 0    | not scored: no attribute known  | no     | no
    0       | no  | 1    | not scored: no id               | no     | no
"""


def test_a_mark_stands_in_the_place_of_a_score_and_of_nothing_else() -> None:
    _, *rows = ([cell.strip() for cell in line.split("|")] for line in STATUSES.strip().splitlines())
    missing, has_id, mark, said, is_scored, is_marked = zip(*rows, strict=True)
    book = StatusBook(2, (), ("outside", "excluded"))
    marks = np.array([int(each or -1) for each in mark], dtype=np.int32)
    codes = book.codes(np.array(missing, dtype=np.int32), np.array(has_id) == "yes", marks)
    assert [book.texts[code] for code in codes] == list(said)
    assert book.is_scored(codes).tolist() == [each == "yes" for each in is_scored]
    assert book.is_marked(codes).tolist() == [each == "yes" for each in is_marked]


def test_a_column_that_the_list_lacks_is_named_in_every_status() -> None:
    scored = scorer().score(raw_list(50, 5).drop_columns(["industry", "founded"]), as_of=AS_OF)
    assert set(scored["status"].to_pylist()) <= {
        f"scored with {count} of 10 attributes missing; the list lacks industry, founded" for count in range(2, 10)
    }


def test_a_list_without_any_attribute_is_refused() -> None:
    with pytest.raises(InputError, match="found none of them among 'domain', 'colour'"):
        scorer().score(pd.DataFrame({"domain": ["a"], "colour": ["red"]}), as_of=AS_OF)


def test_rows_go_by_their_number_where_the_list_has_no_id() -> None:
    batches = raw_list(5, 1).drop_columns(["domain"]).to_batches(max_chunksize=2)
    scored = pa.Table.from_batches(scorer().score(iter(batches), as_of=AS_OF))
    assert scored["row"].to_pylist() == [1, 2, 3, 4, 5]


def test_the_map_of_the_bundle_leads_to_the_attributes_column() -> None:
    table = raw_list(6, 1)
    mapped = table.rename_columns(["Headcount" if name == "employees" else name for name in table.schema.names])
    assert np.array_equal(scorer().log_odds(mapped, AS_OF), scorer().log_odds(table, AS_OF))
    with pytest.raises(InputError, match="expected one column for 'employees' in the list, found 2"):
        scorer().score(mapped.append_column("employees", table["employees"]), as_of=AS_OF)


def test_a_map_may_swap_two_columns() -> None:
    settings = ProspectsSettings(map={"industry": "size", "size": "industry"})
    table = pa.table({"industry": ["small"], "size": ["Retail"]})
    (batch,) = Incoming(ATTRIBUTES, settings).batches(table)
    assert batch.records.to_pydict() == {"size": ["small"], "industry": ["Retail"]}


def test_an_id_column_named_like_an_output_column_is_refused() -> None:
    ours = Scorer(replace(serve_models.bundle(), prospects=ProspectsSettings(id="status")))
    with pytest.raises(ConfigError, match="'status'"):
        ours.score(raw_list(1, 1).rename_columns(["status", *raw_list(1, 1).schema.names[1:]]), as_of=AS_OF)


def test_without_a_day_ages_are_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="'founded'"):
        scorer().score(raw_list(1, 1))
    with pytest.raises(ConfigError, match="'founded'"):
        scorer().score(iter(raw_list(1, 1).to_batches()))
    with pytest.raises(ConfigError, match="'founded'"):
        scorer().predict_proba(raw_list(1, 1))


def test_the_day_moves_ages_and_nothing_else() -> None:
    table = raw_list(40, 6)
    early = scorer().contributions(table, AS_OF)
    late = scorer().contributions(table, date(2044, 6, 30))
    with_ages = set(early.columns[(early != late).any()])
    # Trees share an effect between attributes that split together, so others may move; the sum law holds for both.
    assert {"founded", "funded"} & with_ages
    assert np.allclose(late.sum(axis=1), scorer().log_odds(table, date(2044, 6, 30)), atol=1e-9, rtol=0)


def test_what_is_no_list_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="found ndarray"):
        list(scorer().score([np.zeros(3)], as_of=AS_OF))
    with pytest.raises(ConfigError, match="from 0 to 1000"):
        scorer().score(raw_list(1, 1), as_of=AS_OF, reasons=-1)


def test_reasons_are_signed_ordered_and_no_more_than_there_are() -> None:
    scored = scorer().score(raw_list(60, 7), as_of=AS_OF, reasons=20).to_pandas()
    contributions = scorer().contributions(raw_list(60, 7), AS_OF)
    for side, sign in (("for", 1.0), ("against", -1.0)):
        effects = sign * scored[[f"reason_{side}_{k}_effect" for k in range(1, 21)]].to_numpy(dtype=float)
        labels = scored[[f"reason_{side}_{k}" for k in range(1, 21)]]
        assert (effects[~np.isnan(effects)] > 0).all()
        assert (np.diff(np.nan_to_num(effects), axis=1) <= 0).all()
        assert np.array_equal(labels.isna().to_numpy(), np.isnan(effects))
    both = scored.filter(like="_effect").fillna(0.0).sum(axis=1)
    # All reasons of a row together are all it has beyond the base.
    assert np.allclose(both, contributions.drop(columns="base").sum(axis=1), atol=1e-7, rtol=0)


def test_notes_add_up_whatever_the_batches() -> None:
    table = pa.table({"domain": ["a", "b", "c", None], "industry": ["Software", "Mining", "Mining", "Retail"]})
    table = table.append_column("employees", pa.array(["12", "a dozen", None, "5"]))
    batches = Incoming(scorer().attributes, scorer().bundle.prospects).batches
    notes = ScoringNotes()
    for scored in scorer().score_stream((b for part in table.to_batches(1) for b in batches(part)), as_of=AS_OF):
        notes = notes.plus(scored.notes)
    assert (notes.rows, notes.scored, notes.unscored_share) == (4, 3, 0.25)
    assert sum(notes.by_status.values()) == 4
    assert notes.unreadable == {"employees": Oddity(1, ("a dozen",))}
    assert notes.unseen == {"industry": Oddity(2, ("Mining",))}
    probabilities = scorer().predict_proba(table, AS_OF)[:3, 1]
    assert notes.mean_probability == pytest.approx(probabilities.mean(), abs=1e-12)


def test_nothing_scored_has_no_mean() -> None:
    assert ScoringNotes().mean_probability is None
    assert ScoringNotes().unscored_share == 0.0


def test_a_model_without_tables_says_the_same_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = serve_models.frame(60, 5)
    usual = serve_models.scorer()
    told, margins = usual.score(frame, as_of=serve_models.AS_OF), usual.log_odds(frame, as_of=serve_models.AS_OF)
    monkeypatch.setattr("icp_ml.model.cells.compiling.MOST_BYTES", 100)
    slow = Scorer(serve_models.bundle())
    assert isinstance(slow.tables, NotCompiled)
    assert np.allclose(slow.log_odds(frame, as_of=serve_models.AS_OF), margins, atol=1e-9, equal_nan=True)
    found = slow.score(frame, as_of=serve_models.AS_OF)
    for name in told.columns:
        if pd.api.types.is_float_dtype(told[name]):
            assert np.allclose(found[name], told[name], atol=1e-6, equal_nan=True), name
        else:
            assert found[name].astype(object).where(found[name].notna(), None).tolist() == (
                told[name].astype(object).where(told[name].notna(), None).tolist()
            ), name
    assert len(slow.log_odds(frame.iloc[:0], as_of=serve_models.AS_OF)) == 0
    assert len(slow.score(frame.iloc[:0], as_of=serve_models.AS_OF)) == 0
