"""A hand-weighted scorecard as a bundle: it reads back, refuses what was altered, and its points add up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

import icp_ml
from icp_ml.deals.settings import parse_settings
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_ml.errors import BundleInvalid, ConfigError, InputError, ModelNotFound
from icp_ml.serve import file_names, trusted_keys
from icp_ml.serve import folder as files
from icp_ml.serve.amending import Amendment, amended
from icp_ml.serve.bundle import open_bundle
from icp_ml.serve.exports.model_sql import model_sql_files
from icp_ml.serve.exports.sql import SqlOptions
from icp_ml.serve.loading import load, open_any
from icp_ml.serve.notes import ScoringNotes
from icp_ml.serve.scoring import Scorer
from icp_ml.serve.signatures import private_key, sign, write_new_key
from icp_ml.serve.weighted_bundle import WeightedBundle, open_weighted, write_weighted
from icp_ml.serve.weighted_scoring import WeightedScorer
from icp_training.weighing import weighted_bundle_of
from tests import serve_models

# Weights 20, 30 and 50. Usual points: industry (100, 50, 0) 50, size (100, 40) 70, signals (100, 50, 0) 50;
# so that the base is 10 + 21 + 25 = 56.
WRITTEN = """
name: start
kind: weighted-scorecard
attributes:
  firmographic: {industry: category, employees: number, country: category}
  behavioural: {hiring: flag, funded: flag}
weights:
  industry: {weight: 20, rules: [{attribute: industry, exact: [Software], adjacent: [Media]}]}
  size: {weight: 30, rules: [{attribute: employees, inside: [51, 500], otherwise: 40}]}
  signals: {weight: 50, rules: [{count_of: [hiring, funded], at_least: {2: 100, 1: 50}, name: signals}]}
exclusions: [{name: sanctions, attribute: country, is: [Nowhere]}]
boundary: [{name: home market, attribute: country, is: [Here, Nowhere]}]
prospects: {id: domain, map: {Headcount: employees}}
"""
BASE = 56.0


def bundle(text: str = WRITTEN, version: int = 1, created: str = "2025-06-30T00:00:00+00:00") -> WeightedBundle:
    return weighted_bundle_of(parse_settings(WeightedSettings, yaml.safe_load(text)), version, created)


def scorer(text: str = WRITTEN) -> WeightedScorer:
    return WeightedScorer(bundle(text), "hash")


def rows(*lines: str) -> pa.Table:
    """domain, industry, employees, hiring, funded, country; a blank is missing."""
    names = ["domain", "industry", "employees", "hiring", "funded", "country"]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return pa.table({name: [row[place] or None for row in cells] for place, name in enumerate(names)})


LIST = rows(
    "a | Software | 100 | yes | yes | Here",
    "b | Media    | 9   | no  | no  | Here",
    "c |          |     |     |     | Here",
    "d | Software | 100 | yes | yes | Nowhere",
    "e | Software | 100 | yes | no  | There",
    "a | Mining   | 100 | no  | no  | Here",
    "  | Software | 100 | yes | yes | Here",
    "h | Media    |     | yes |     |",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "v1"
    write_weighted(bundle(), folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(written, tmp_path / "v1"))


def reseal(folder: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Change one file of a bundle and make all hashes agree again, as a forger would."""
    content = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != file_names.MANIFEST}
    content[name] = json.dumps(change(json.loads(content[name]))).encode()
    provenance = open_weighted(folder).bundle.provenance
    shutil.rmtree(folder)
    files.write_files(folder, provenance, content)


def test_what_is_read_is_what_was_written(written: Path) -> None:
    assert open_weighted(written).bundle == bundle()
    assert {path.name for path in written.iterdir()} == {
        *file_names.WEIGHTED_CONTENT_FILES,
        file_names.CARD,
        file_names.MANIFEST,
    }


def test_loading_gives_the_scorer_of_the_kind(written: Path, tmp_path: Path) -> None:
    learned = serve_models.write(tmp_path / "learned")
    assert isinstance(icp_ml.load(written), WeightedScorer)
    assert isinstance(load(str(learned)), Scorer)
    assert icp_ml.load(written).content_hash == open_weighted(written).content_hash
    with pytest.raises(ModelNotFound):
        load(tmp_path / "none")


def test_a_signature_is_demanded_of_a_scorecard_too(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, key = Path(shutil.copytree(written, tmp_path / "v1")), tmp_path / "ana.pem"
    public, _ = write_new_key(key)
    monkeypatch.setenv(trusted_keys.TRUSTED, str(public))
    monkeypatch.setattr(trusted_keys, "_OWN", set())  # what a process made itself it opens
    for way in (icp_ml.load, open_weighted, open_any):
        with pytest.raises(BundleInvalid, match=r"it has no signature\.json"):
            way(folder)
    files.write_signature(folder, sign(files.manifest_in(folder), private_key(key)))
    assert icp_ml.load(folder).content_hash == open_weighted(folder).content_hash == open_any(folder).content_hash


def test_each_kind_is_refused_as_the_other(written: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a model learned from deals was expected in .* scorecard is there"):
        open_bundle(written)
    learned = serve_models.write(tmp_path / "learned")
    with pytest.raises(ConfigError, match=r"a hand-weighted scorecard was expected in .* learned from deals is there"):
        open_weighted(learned)


@pytest.mark.parametrize("kind", ["report", "weighted", None, ["win-model"]])
def test_an_unknown_kind_is_refused(folder: Path, kind: object) -> None:
    manifest = json.loads((folder / file_names.MANIFEST).read_text())
    (folder / file_names.MANIFEST).write_text(json.dumps({**manifest, "kind": kind}))
    with pytest.raises(BundleInvalid, match="was expected to state a kind"):
        load(folder)
    with pytest.raises(BundleInvalid, match="kind"):
        open_weighted(folder)


def test_hashes_say_what_is_the_same(written: Path, tmp_path: Path) -> None:
    ours = open_weighted(written)
    write_weighted(bundle(version=4, created="2030-01-01T00:00:00+00:00"), tmp_path / "later")
    later = open_weighted(tmp_path / "later")
    assert (later.content_hash, later.model_hash) == (ours.content_hash, ours.model_hash)
    write_weighted(bundle(WRITTEN + "tiers: {1: 80, 2: 60}"), tmp_path / "tiers")
    tiers = open_weighted(tmp_path / "tiers")
    assert (tiers.content_hash != ours.content_hash, tiers.model_hash) == (True, ours.model_hash)
    write_weighted(bundle(WRITTEN.replace("otherwise: 40", "otherwise: 41")), tmp_path / "rules")
    assert open_weighted(tmp_path / "rules").model_hash != ours.model_hash


@pytest.mark.parametrize("name", [*file_names.WEIGHTED_CONTENT_FILES, file_names.CARD, file_names.MANIFEST])
def test_a_byte_that_was_flipped_is_found(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    for place in np.random.default_rng(5).integers(0, len(content), 20):
        spoiled = content.copy()
        spoiled[place] ^= 1
        (folder / name).write_bytes(spoiled)
        with pytest.raises(BundleInvalid):
            load(folder)


def _with_golden(document: Any, change: Callable[[Any], None]) -> Any:
    change(document)
    return document


FORGED: list[tuple[str, Callable[[Any], Any], str]] = [
    (file_names.GOLDEN, lambda d: _with_golden(d, lambda g: g["points"][2].__setitem__(0, 50.0)), "golden rows"),
    (file_names.GOLDEN, lambda d: _with_golden(d, lambda g: g["points"][2].pop()), "has not 3 points"),
    (file_names.GOLDEN, lambda d: _with_golden(d, lambda g: g["rows"].pop()), "holds 9"),
    (file_names.WEIGHTED, lambda d: {"groups": d["groups"][:2]}, "add up to 100, found 50"),
    (file_names.WEIGHTED, lambda d: {**d, "more": 1}, "more"),
    (file_names.FEATURES, lambda d: {**d, "attributes": d["attributes"][1:]}, "found 'industry'"),
    (file_names.FEATURES, lambda d: {**d, "attributes": d["attributes"] * 2}, "stands twice"),
    (file_names.TIERS, lambda d: {**d, "ratio": 2.0}, "objective was found"),
    (file_names.POLICY, lambda d: {**d, "exclusions": [{**d["exclusions"][0], "attribute": "planet"}]}, "planet"),
]


@pytest.mark.parametrize(("name", "change", "said"), FORGED)
def test_what_does_not_fit_together_is_refused_though_hashes_agree(
    folder: Path, name: str, change: Callable[[Any], Any], said: str
) -> None:
    reseal(folder, name, change)
    with pytest.raises(BundleInvalid, match=said):
        load(folder)


def test_columns_are_those_of_any_list_without_the_odds() -> None:
    assert scorer().score(LIST, reasons=1).schema.names == [
        "domain",
        "tier",
        "score",
        "action",
        "quadrant",
        "score_firmographic",
        "score_behavioural",
        "score_fit",
        "score_intent",
        "reason_for_1",
        "reason_for_1_effect",
        "reason_against_1",
        "reason_against_1_effect",
        "attributes_missing",
        "status",
    ]


def test_every_row_keeps_its_place_with_score_tier_and_status() -> None:
    """By hand: a 20 + 30 + 50; b 10 + 12 + 0; e 20 + 30 + 25; the second a 0 + 30 + 0; h 10 + 12 + 25."""
    scored = scorer().score(LIST)
    assert scored["score"].to_pylist() == [100, 22, None, 100, 75, 30, None, 47]
    assert scored["tier"].to_pylist() == ["1", "out of scope", None, None, None, None, None, "3"]
    assert scored["status"].to_pylist() == [
        "scored",
        "scored",
        "not scored: no attribute known",
        "excluded: sanctions",
        "outside the market: home market",
        "repeated account",
        "not scored: no id",
        "scored with 2 of 4 attributes missing",
    ]
    assert scored["attributes_missing"].to_pylist() == [0, 0, 4, 0, 0, 0, 0, 2]


def test_reasons_are_points_beside_the_usual_ones() -> None:
    """Row a: 50 - 25 signals, 20 - 10 industry, 30 - 21 size; b: 0 - 25, 12 - 21, 10 - 10, which is no reason."""
    first, second, *_ = scorer().score(LIST).to_pylist()
    reasons = [(first[f"reason_for_{k}"], first[f"reason_for_{k}_effect"]) for k in (1, 2, 3)]
    assert reasons == [("signals: 2 or more", 25), ("industry: Software", 10), ("employees 51 to 500", 9)]
    against = [(second[f"reason_against_{k}"], second[f"reason_against_{k}_effect"]) for k in (1, 2, 3)]
    assert against == [("signals: none", -25), ("employees outside 51 to 500", -9), (None, None)]
    assert first["reason_against_1"] is None
    assert second["reason_for_1"] is None


def test_base_and_parts_add_up_to_the_score_whatever_the_weights() -> None:
    """Thirds and sevenths are no binary fractions; layers and axes each add up."""
    text = WRITTEN.replace("weight: 20", "weight: 1").replace("weight: 30", "weight: 2").replace("weight: 50", "7")
    ours = scorer(text.replace("{7", "{weight: 7").replace("otherwise: 40", "otherwise: 33.3"))
    rng = np.random.default_rng(3)
    choices = {
        "domain": [f"c{number}" for number in range(300)],
        "industry": ["Software", "Media", "Mining", None],
        "employees": ["51", "500", "501", None],
        "hiring": ["yes", "no", None],
        "funded": ["yes", "no", None],
        "country": ["Here"],
    }
    drawn = pd.DataFrame({name: rng.choice(np.array(values, dtype=object), 300) for name, values in choices.items()})
    scored = ours.score(drawn).dropna(subset=["score"])
    assert len(scored) > 250
    base = ours.bundle.scorecard.base
    for parts in (["score_firmographic", "score_behavioural"], ["score_fit", "score_intent"]):
        assert (scored[parts].sum(axis=1) + base - scored["score"]).abs().max() <= 1e-9
    for level in ("factor", "attribute", "layer", "axis"):
        whole = ours.contributions(drawn, by=level).loc[scored.index]
        assert (whole.sum(axis=1) - scored["score"]).abs().max() <= 1e-9
    tiers = pd.cut(scored["score"], [-1, 30, 50, 70, 101], right=False, labels=["out of scope", "3", "2", "1"])
    is_single = scored["status"].str.startswith("scored")
    assert (scored["tier"].astype(str) == tiers.astype(str))[is_single].all()


def test_contributions_of_a_row_of_which_nothing_is_known_are_not_known() -> None:
    found = scorer().contributions(LIST)
    assert found.columns.tolist() == ["base", "industry", "employees", "signals"]
    assert found["base"].tolist() == [BASE] * 8
    assert found.iloc[2, 1:].isna().all()
    assert found.iloc[0, 1:].tolist() == [10, 9, 25]


def test_the_answer_is_of_the_kind_of_the_question_and_batches_do_not_matter() -> None:
    whole = scorer().score(LIST)
    batch = LIST.combine_chunks().to_batches()[0]
    assert pa.Table.from_batches([scorer().score(batch)]).equals(whole)
    assert pa.Table.from_batches(scorer().score(LIST.to_batches(max_chunksize=1))).equals(whole)
    frame = LIST.to_pandas().set_axis(list("stuvwxyz"))
    scored = scorer().score(frame)
    assert scored.index.tolist() == list("stuvwxyz")
    pd.testing.assert_frame_equal(scored.reset_index(drop=True), whole.to_pandas())


def test_no_rows_in_no_rows_out() -> None:
    assert len(scorer().score(LIST.slice(0, 0))) == 0
    assert scorer().contributions(LIST.slice(0, 0)).shape == (0, 4)


def test_notes_count_every_row_and_know_no_probability() -> None:
    notes = ScoringNotes()
    batches = scorer()._incoming.batches(LIST)
    for scored in scorer().score_stream(batches):
        notes = notes.plus(scored.notes)
    assert (notes.rows, notes.scored, notes.mean_probability) == (8, 6, None)
    assert dict(notes.by_tier) == {"1": 1, "2": 0, "3": 1, "out of scope": 1}
    assert sum(notes.by_status.values()) == 8


def test_the_map_of_the_bundle_and_missing_columns_are_as_for_any_list() -> None:
    renamed = LIST.rename_columns(["Headcount" if name == "employees" else name for name in LIST.schema.names])
    assert scorer().score(renamed).equals(scorer().score(LIST))
    lacking = scorer().score(LIST.drop_columns(["hiring"]))["status"].to_pylist()
    assert lacking[0] == "scored with 1 of 4 attributes missing; the list lacks hiring"
    with pytest.raises(InputError, match="found none of them"):
        scorer().score(pa.table({"domain": ["a"], "colour": ["red"]}))


def test_what_cannot_be_answered_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="from 0 to 1000"):
        scorer().score(LIST, reasons=-1)
    dated = scorer(WRITTEN.replace("employees: number", "employees: year"))
    with pytest.raises(ConfigError, match="'employees'"):
        dated.score(LIST)
    with pytest.raises(ConfigError, match="'employees'"):
        dated.contributions(LIST)


def test_an_id_named_like_an_odds_column_is_fine_because_there_is_none() -> None:
    ours = bundle()
    named = WeightedScorer(replace(ours, prospects=ours.prospects.model_copy(update={"id": "probability"})))
    table = LIST.rename_columns(["probability", *LIST.schema.names[1:]])
    assert named.score(table).schema.names[0] == "probability"


def test_it_is_called_what_it_is(written: Path) -> None:
    card = (written / file_names.CARD).read_text(encoding="utf-8")
    assert "hand-weighted scorecard, not a probability" in card
    assert "- tier 1: from 70" in card
    assert "| signals | 50 | signals | behavioural |" in card
    metadata = scorer().score(LIST).schema.metadata
    assert metadata[b"icp.kind"] == b"hand-weighted scorecard, not a probability"
    assert b"icp.target" not in metadata
    assert float(metadata[b"icp.base_score"]) == pytest.approx(BASE, abs=1e-9)


def test_a_scorecard_is_not_written_as_sql_and_it_is_said_which_one(tmp_path: Path) -> None:
    write_weighted(bundle(), tmp_path / "v1")
    with pytest.raises(ConfigError, match="version 1 of start is of another kind; score with `icp score`"):
        model_sql_files(open_any(tmp_path / "v1"), "duckdb", SqlOptions())


def test_a_scorecard_has_no_base_rate_to_be_amended() -> None:
    changes = parse_settings(Amendment, {"base_rate": 0.02})
    with pytest.raises(ConfigError, match="a hand-weighted scorecard has no probability; leave it out"):
        amended(bundle(), changes, 2, "2025-07-01T00:00:00+00:00", "why not")
