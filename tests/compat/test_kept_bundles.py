"""Bundles that were written once are read for ever: the one below models/ is never written anew, only added to."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

import icp_ml
from icp_ml.serve.bundle import open_bundle

MODELS = Path(__file__).resolve().parents[2] / "models"
KEPT = {"demo/v1": 1}
"""Each kept bundle with the format it was written in."""


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_bundle_opens_and_answers_its_golden_rows(name: str) -> None:
    bundle = open_bundle(MODELS / name).bundle
    names = list(dict.fromkeys(key for row in bundle.golden.rows for key in row))
    rows = pa.table({key: pa.array([row.get(key) for row in bundle.golden.rows], pa.string()) for key in names})
    scored = icp_ml.load(MODELS / name).score(rows, as_of=bundle.golden.as_of)
    assert scored["log_odds"].to_pylist() == pytest.approx(list(bundle.golden.log_odds), abs=1e-9)
    assert scored["probability"].to_pylist() == pytest.approx(list(bundle.golden.probability), abs=1e-9)


def test_every_bundle_that_is_kept_is_read_here() -> None:
    assert {str(path.parent.relative_to(MODELS)) for path in MODELS.glob("demo/v*/manifest.json")} == set(KEPT)
