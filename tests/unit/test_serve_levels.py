"""A stated base rate moves the probability and nothing else, and says so; an interval comes when it is asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from scipy.special import expit, logit

import icp_ml
from icp_ml.errors import BundleInvalid, ConfigError
from icp_ml.serve import file_names
from icp_ml.serve import folder as files
from icp_ml.serve.bundle import Bundle, open_bundle, write_bundle
from icp_ml.serve.golden import make_golden
from icp_ml.serve.scoring import Scorer
from tests import serve_models as made
from tests.cli_projects import icp, refusal

STATED = 0.02
PROSPECTS = 60


def old_bundle() -> Bundle:
    """As it was before there were intervals."""
    plain = made.bundle()
    golden = make_golden(plain.model, plain.attributes, made.AS_OF, seed=7)
    return replace(plain, calibration=None, golden=golden)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made.write(tmp_path / "models" / "planted" / "v1")
    pa_csv.write_csv(made.raw_list(PROSPECTS, 5), tmp_path / "list.csv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


def test_a_stated_base_rate_moves_the_probability_alone() -> None:
    prospects = made.frame(PROSPECTS, 3)
    plain = made.scorer().score(prospects, as_of=made.AS_OF)
    stated = made.scorer().with_level(STATED).score(prospects, as_of=made.AS_OF)
    scored = plain["probability"].notna().to_numpy()
    moved = logit(stated["probability"][scored]) - logit(plain["probability"][scored])
    assert np.ptp(moved) < 1e-9
    assert moved.max() < -1
    kept = [name for name in plain.columns if name != "probability"]
    assert stated[kept].equals(plain[kept])
    assert set(stated["probability_level"][scored]) == {"stated base rate 0.02"}


def test_over_the_deals_learned_from_the_mean_probability_is_the_stated_rate() -> None:
    model = made.scorer().with_level(STATED).bundle.model
    assert model.probability(made.crossed().log_odds).mean() == pytest.approx(STATED, rel=0.02)


def test_intervals_are_there_when_asked_for_hold_the_probability_and_move_with_it() -> None:
    prospects = made.frame(PROSPECTS, 3)
    plain = made.scorer().score(prospects, as_of=made.AS_OF)
    asked = made.scorer().with_level(intervals=True).score(prospects, as_of=made.AS_OF)
    assert asked.drop(columns=["probability_low", "probability_high"]).equals(plain)
    scored = asked["probability"].notna()
    assert (asked["probability_low"].notna() == scored).all()
    low, high, between = (asked[name][scored] for name in ("probability_low", "probability_high", "probability"))
    assert ((low <= between) & (between <= high) & (low < high)).all()
    stated = made.scorer().with_level(STATED, intervals=True).score(prospects, as_of=made.AS_OF)
    assert (stated["probability_high"][scored] < high).all()


def test_a_stated_rate_travels_in_the_bundle_with_the_same_model(tmp_path: Path) -> None:
    made.write(tmp_path / "v1")
    write_bundle(made.bundle().at_base_rate(STATED), tmp_path / "v2")
    one, two = open_bundle(tmp_path / "v1"), open_bundle(tmp_path / "v2")
    assert one.model_hash == two.model_hash
    assert one.content_hash != two.content_hash
    assert two.bundle.at_base_rate(None).golden.probability == pytest.approx(one.bundle.golden.probability)
    assert two.bundle.calibration is not None
    assert two.bundle.calibration.base_rate == STATED
    prospects = made.frame(5, 3)
    there = icp_ml.load(tmp_path / "v2").score(prospects, as_of=made.AS_OF)
    here = made.scorer().with_level(STATED).score(prospects, as_of=made.AS_OF)
    assert there["probability"].tolist() == pytest.approx(here["probability"].tolist(), nan_ok=True)


def test_a_bundle_from_before_there_were_intervals_opens_scores_and_refuses_them(tmp_path: Path) -> None:
    write_bundle(old_bundle(), tmp_path / "v1")
    assert not (tmp_path / "v1" / file_names.CALIBRATION).exists()
    scorer = icp_ml.load(tmp_path / "v1")
    assert isinstance(scorer, Scorer)
    prospects = made.frame(5, 3)
    assert scorer.score(prospects, as_of=made.AS_OF).equals(made.scorer().score(prospects, as_of=made.AS_OF))
    with pytest.raises(ConfigError, match=r"no calibration\.json, .* train anew"):
        scorer.with_level(STATED)
    with pytest.raises(ConfigError, match=r"no calibration\.json, .* train anew"):
        scorer.with_level(intervals=True)


@pytest.mark.parametrize("base_rate", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_a_base_rate_is_between_nought_and_one(base_rate: float) -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        made.scorer().with_level(base_rate)


@pytest.mark.parametrize("key", ["edges", "low", "high", "reference"])
def test_steps_that_do_not_fit_together_are_refused(key: str, tmp_path: Path) -> None:
    made.write(tmp_path / "v1")
    content = {path.name: path.read_bytes() for path in (tmp_path / "v1").iterdir() if path.name != file_names.MANIFEST}
    document = json.loads(content[file_names.CALIBRATION])
    document[key].reverse()
    content[file_names.CALIBRATION] = json.dumps(document).encode()
    files.write_files(tmp_path / "v2", made.provenance(), content)
    with pytest.raises(BundleInvalid, match="steps do not fit together"):
        open_bundle(tmp_path / "v2")


def test_golden_rows_prove_the_intervals(tmp_path: Path) -> None:
    made.write(tmp_path / "v1")
    content = {path.name: path.read_bytes() for path in (tmp_path / "v1").iterdir() if path.name != file_names.MANIFEST}
    document = json.loads(content[file_names.CALIBRATION])
    document["high"] = [1.0 for _ in document["high"]]
    content[file_names.CALIBRATION] = json.dumps(document).encode()
    files.write_files(tmp_path / "v2", made.provenance(), content)
    with pytest.raises(BundleInvalid, match="probability_high of its golden rows"):
        open_bundle(tmp_path / "v2")


def test_the_command_line_says_whose_assumption_the_level_is(project: Path) -> None:
    words = ("score", "list.csv", "--as-of", made.AS_OF.isoformat(), "--base-rate", "0.02", "--intervals")
    done = icp(*words, "-o", "out.parquet")
    assert done.code == 0
    assert "the order is supported by data, the level is your assumption" in done.out
    table = pq.read_table(project / "out.parquet")
    assert b"the level is your assumption" in table.schema.metadata[b"icp.level"]
    names = table.column_names
    assert names[names.index("probability") :][:5] == [
        "probability",
        "probability_low",
        "probability_high",
        "log_odds",
        "probability_level",
    ]
    summary = json.loads(icp(*words, "-o", "out.csv", "--json").out)
    assert summary["base_rate"] == STATED
    assert "stated base rate 0.02" in (project / "out.csv").read_text()


def test_an_amendment_states_the_rate_and_takes_it_away(project: Path) -> None:
    done = icp("amend", "--base-rate", "0.02", "--reason", "two in a hundred answer")
    assert done.code == 0
    assert any(line.split() == ["stated", "base", "rate", "none", "0.02"] for line in done.out.splitlines())
    shown = icp("show", "planted/v2").out
    assert "your assumption" in shown
    (project / "back.yaml").write_text("base_rate: null\n", encoding="utf-8")
    assert icp("amend", "planted/v2", "--changes", "back.yaml", "--reason", "who knows").code == 0
    one, three = (open_bundle(project / "models" / "planted" / name).bundle for name in ("v1", "v3"))
    assert three.golden.probability == pytest.approx(one.golden.probability)


def test_cuts_given_with_a_base_rate_are_at_its_level(project: Path) -> None:
    (project / "both.yaml").write_text("base_rate: 0.02\ncuts: {1: 0.05}\n", encoding="utf-8")
    assert icp("amend", "--changes", "both.yaml", "--reason", "a cold list").code == 0
    two = open_bundle(project / "models" / "planted" / "v2").bundle
    assert expit(two.tiering.cuts.log_odds[0] + two.model.shift) == pytest.approx(0.05)


def test_one_prospect_is_explained_with_its_interval(project: Path) -> None:
    done = icp("explain", "list.csv", "--id", "c3.example", "--as-of", made.AS_OF.isoformat(), "--json")
    found = json.loads(done.out)
    assert found["probability_low"] <= found["probability"] <= found["probability_high"]


def test_a_rate_outside_of_nought_and_one_is_told_at_the_command_line(project: Path) -> None:
    code, sentence = refusal("score", "list.csv", "-o", "o.csv", "--base-rate", "2")
    assert code == ConfigError.exit_code
    assert "between 0 and 1" in sentence
    assert not (project / "o.csv").exists()
