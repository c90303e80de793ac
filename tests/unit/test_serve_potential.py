"""Deal potential in a bundle: beside the score, optional, and refused where it disagrees with itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import icp_ml
from icp_ml.errors import BundleInvalid
from icp_ml.model.potential import Wins, constant_of, fit_amounts
from icp_ml.profile.potential import OutcomeRecord, Potential, PotentialRecord, Shown
from icp_ml.serve import file_names
from icp_ml.serve import folder as files
from icp_ml.serve.bundle import Bundle, open_bundle, read_bundle, write_bundle
from icp_ml.serve.scoring import Scorer
from icp_ml.serve.sizing import money_unit
from tests import serve_models as made

ADDED = ("expected_acv", "expected_acv_low", "expected_acv_high", "expected_cycle_days", "expected_value")


@cache
def wins() -> Wins:
    """Amounts that depend on the first column, of the deals of the model."""
    data = made.training()
    size = np.nan_to_num(data.rows[:, 0], nan=90.0)
    amounts = 10 * size**0.6 * np.exp(0.3 * np.random.default_rng(4).normal(size=len(size)))
    return Wins(data.rows, amounts, data.groups, data.vocabulary.columns)


def outcome(name: str, shown: Shown) -> OutcomeRecord:
    return OutcomeRecord(
        name="ACV" if name == "ACV" else "cycle", unit="", wins=400, accounts=400, shown=shown, sentence="Said.",
        mean=100.0, median=90.0,
    )  # fmt: skip


@cache
def with_potential() -> Bundle:
    """ACV by a shape, the cycle a constant."""
    acv = replace(fit_amounts(wins(), seed=1), low=0.5, high=2.0)
    record = PotentialRecord(acv=outcome("ACV", "model"), cycle=outcome("cycle", "constant"), notes=("Noted.",))
    return replace(made.bundle(), potential=Potential(acv, constant_of(wins()), record))


def test_a_bundle_reads_back_and_is_another_bundle_of_the_same_model(tmp_path: Path) -> None:
    write_bundle(with_potential(), tmp_path / "with")
    write_bundle(made.bundle(), tmp_path / "without")
    there, plain = (open_bundle(tmp_path / name) for name in ("with", "without"))
    assert there.bundle.potential == with_potential().potential
    assert plain.bundle.potential is None
    assert there.content_hash != plain.content_hash
    assert there.model_hash == plain.model_hash
    more, fewer = ({path.name for path in (tmp_path / name).iterdir()} for name in ("with", "without"))
    assert more - fewer == {file_names.POTENTIAL, file_names.POTENTIAL_ACV}
    assert fewer < more
    assert "What a win brings" in (tmp_path / "with" / file_names.CARD).read_text(encoding="utf-8")


def test_a_list_has_the_columns_beside_the_score_and_all_else_is_the_same(tmp_path: Path) -> None:
    write_bundle(with_potential(), tmp_path / "v1")
    prospects = made.frame(60, seed=5)
    there = icp_ml.load(tmp_path / "v1").score(prospects, as_of=made.AS_OF)
    here = made.scorer().score(prospects, as_of=made.AS_OF)
    assert [name for name in there.columns if name not in here.columns] == list(ADDED)
    assert there[list(here.columns)].equals(here)
    scored = there["score"].notna()
    assert there.loc[~scored, list(ADDED)].isna().all().all()
    found = there[scored]
    assert np.allclose(found["expected_value"], found["probability"] * found["expected_acv"], rtol=1e-12)
    assert np.allclose(found["expected_acv_low"], 0.5 * found["expected_acv"], rtol=1e-12)
    assert np.allclose(found["expected_acv_high"], 2.0 * found["expected_acv"], rtol=1e-12)
    assert np.allclose(found["expected_cycle_days"], wins().amounts.mean(), rtol=1e-12)
    assert found["expected_acv"].nunique() > 1


def test_without_an_amount_there_is_a_cycle_and_no_money(tmp_path: Path) -> None:
    record = PotentialRecord(acv=outcome("ACV", "nothing"), cycle=outcome("cycle", "constant"))
    bundle = replace(made.bundle(), potential=Potential(None, constant_of(wins()), record))
    write_bundle(bundle, tmp_path / "v1")
    scored = icp_ml.load(tmp_path / "v1").score(made.frame(5, seed=5), as_of=made.AS_OF)
    assert [name for name in scored.columns if name in ADDED] == ["expected_cycle_days"]


def _without(content: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {key: value for key, value in content.items() if key != name}


def _changed(content: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> dict[str, bytes]:
    document = json.loads(content[file_names.POTENTIAL])
    change(document)
    return {**content, file_names.POTENTIAL: json.dumps(document).encode()}


def _raise_level(document: dict[str, Any]) -> None:
    document["acv"]["level"] += 1e-6


FORGERIES: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "no trees": (lambda content: _without(content, file_names.POTENTIAL_ACV), file_names.POTENTIAL_ACV),
    "trees that are no text": (
        lambda content: {**content, file_names.POTENTIAL_ACV: b"tree\n\xff"},
        f"{file_names.POTENTIAL_ACV} of the bundle was expected to be UTF-8 text",
    ),
    "no document": (lambda content: _without(content, file_names.POTENTIAL), file_names.POTENTIAL_ACV),
    "trees of a constant": (
        lambda content: {**content, file_names.POTENTIAL_CYCLE: content[file_names.POTENTIAL_ACV]},
        file_names.POTENTIAL_CYCLE,
    ),
    "trees of winning": (lambda content: {**content, file_names.POTENTIAL_ACV: content[file_names.TREES]}, "objective"),
    "another level": (lambda content: _changed(content, _raise_level), "golden"),
    "no model": (lambda content: _changed(content, lambda document: document.update(cycle=None)), "constant"),
    "too heavy": (lambda content: _changed(content, lambda document: document["acv"].update(weight=1.5)), "weight"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_disagrees_is_refused_by_name(forgery: str, tmp_path: Path) -> None:
    change, named = FORGERIES[forgery]
    write_bundle(with_potential(), tmp_path / "v1")
    content = {path.name: path.read_bytes() for path in (tmp_path / "v1").iterdir() if path.name != file_names.MANIFEST}
    provenance = read_bundle(tmp_path / "v1").provenance
    shutil.rmtree(tmp_path / "v1")
    files.write_files(tmp_path / "v1", provenance, change(content))
    with pytest.raises(BundleInvalid, match=named):
        read_bundle(tmp_path / "v1")


def test_without_a_cycle_there_is_an_amount_and_no_days(tmp_path: Path) -> None:
    record = PotentialRecord(acv=outcome("ACV", "constant"), cycle=outcome("cycle", "nothing"))
    write_bundle(replace(made.bundle(), potential=Potential(constant_of(wins()), None, record)), tmp_path / "v1")
    scored = icp_ml.load(tmp_path / "v1").score(made.frame(5, seed=5), as_of=made.AS_OF)
    assert [name for name in scored.columns if name in ADDED] == [each for each in ADDED if "cycle" not in each]
    assert np.allclose(scored["expected_value"], scored["probability"] * scored["expected_acv"])


def test_an_expected_value_is_in_the_unit_of_the_amount_and_without_one_in_none() -> None:
    whole = with_potential()
    assert whole.potential is not None
    assert whole.potential.record.acv is not None
    in_euros = whole.potential.record.model_copy(
        update={"acv": whole.potential.record.acv.model_copy(update={"unit": "EUR"})}
    )
    assert money_unit(Scorer(replace(whole, potential=replace(whole.potential, record=in_euros)))) == "EUR"
    assert money_unit(Scorer(replace(whole, potential=replace(whole.potential, acv=None)))) is None
    assert money_unit(Scorer(made.bundle())) is None
