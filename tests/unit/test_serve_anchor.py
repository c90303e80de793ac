"""Where the base rate has moved, the probability follows it, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.special import logit

import icp_ml
from icp_ml.serve.bundle import write_bundle
from icp_ml.serve.golden import make_golden
from tests import serve_models as made

ANCHOR = -0.75


def test_an_anchor_moves_the_probability_and_leaves_order_and_reasons(tmp_path: Path) -> None:
    plain = made.bundle()
    model = replace(plain.model, anchor=ANCHOR)
    golden = make_golden(model, plain.attributes, made.AS_OF, 1, made.calibration().band)
    write_bundle(replace(plain, model=model, golden=golden), tmp_path / "v1")
    prospects = made.frame(50, seed=3)
    there = icp_ml.load(tmp_path / "v1").score(prospects, as_of=made.AS_OF)
    here = made.scorer().score(prospects, as_of=made.AS_OF)
    scored = here["probability"].notna().to_numpy()
    moved = logit(there["probability"][scored]) - logit(here["probability"][scored])
    assert np.allclose(moved, ANCHOR, atol=1e-9)
    kept = [name for name in here.columns if name != "probability"]
    assert there[kept].equals(here[kept])
