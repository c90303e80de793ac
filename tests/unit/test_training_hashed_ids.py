"""Ids are hidden from whoever lacks the key, and found again by whoever holds it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError
from icp_ml.model.win_model import ModelParams, fit_win_model
from icp_training.config import Config
from icp_training.evaluation import rows_to_learn_from
from icp_training.hashed_ids import KEY, hashed, key_in
from icp_training.pipeline import neighbours_of, read
from icp_training.world import make_strong_world, world_config, write_world
from tests.cli_projects import config, refusal, strong, write_config, write_project

SECRET = "a key of the house 1"


def test_equal_ids_stay_equal_and_another_key_makes_others() -> None:
    ids = np.array(["a.example", "b.example", "a.example", "Ä"], dtype=object)
    found = hashed(ids, SECRET.encode())
    assert found[0] == found[2]
    assert len(set(found)) == 3
    assert not set(found) & set(hashed(ids, b"a key of another house"))
    assert all(len(each) == 16 for each in found)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the second route")
def test_whoever_holds_the_key_makes_the_same_by_other_means() -> None:
    said = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", SECRET], input=b"a.example", capture_output=True, check=True
    )
    digest = said.stdout.decode().split()[-1]
    assert hashed(np.array(["a.example"], dtype=object), SECRET.encode())[0] == digest[:16]


@pytest.mark.parametrize(("environment", "found"), [({}, "is not set"), ({KEY: "short"}, "holds 5")])
def test_without_a_key_worth_the_name_nothing_is_hashed(environment: dict[str, str], found: str) -> None:
    with pytest.raises(ConfigError, match=found) as refused:
        key_in(environment)
    assert "short" not in str(refused.value)


def test_a_bundle_names_accounts_by_their_hashes_and_compares_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_strong_world(3, deals=300)
    write_world(world, tmp_path)
    said = parse_settings(Config, {**world_config(world), "neighbours": True})
    deals = read(said, tmp_path)
    model = fit_win_model(rows_to_learn_from(deals, np.arange(len(deals.won))), ModelParams(), 1)
    monkeypatch.setenv(KEY, SECRET)
    plain = neighbours_of(said, deals.parsed, deals, model)
    hidden = neighbours_of(said.model_copy(update={"neighbours": "hashed"}), deals.parsed, deals, model)
    assert plain is not None
    assert hidden is not None
    assert hidden.accounts == tuple(hashed(np.array(plain.accounts, dtype=object), SECRET.encode()))
    assert np.array_equal(hidden.points, plain.points)
    assert not set(plain.accounts) & set(hidden.accounts)


def test_a_training_without_the_key_ends_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_project(tmp_path / "project", strong())
    write_config(project, {**config(strong()), "neighbours": "hashed"})
    monkeypatch.chdir(project)
    monkeypatch.delenv(KEY, raising=False)
    code, said = refusal("train", "icp.yaml")
    assert (code, KEY in said) == (2, True)
    assert not (project / "mlruns").exists()
