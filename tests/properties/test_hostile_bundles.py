"""A stranger's bundle, its hashes made right, is refused in one sentence, or opens and answers its golden rows."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.fuzz.bundle_texts import agreeing, sealed, stored_in, write_stored
from benchmarks.fuzz.cases import FAULTS
from benchmarks.fuzz.project import BUNDLE
from benchmarks.fuzz.workers import ROOT, tried
from icp_ml.errors import BundleInvalid
from icp_ml.serve import folder as folders
from icp_ml.serve.bundle import open_bundle
from icp_ml.serve.loading import load, open_any
from tests import hostile_projects, serve_models

WORKER = [sys.executable, str(ROOT / "training" / "benchmarks" / "hostile.py"), "--worker"]
CASES = {"bundle texts": 80, "bundle folders": 60}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_projects.write_kinds(hostile_projects.write(tmp_path_factory.mktemp("project")))


@pytest.fixture
def bundle(project: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(project / BUNDLE, tmp_path / "v1"))


@pytest.mark.parametrize("kind", CASES)
def test_every_hostile_bundle_is_refused_or_answers(kind: str, project: Path) -> None:
    """In a process of its own: LightGBM trusts its files, and would end this one."""
    found = list(tried(kind, project, range(CASES[kind]), WORKER))
    assert [f"{each.case}: {each.fate}: {each.words}" for each in found if each.fate in FAULTS] == []
    assert {each.case for each in found} == set(range(CASES[kind]))
    assert {each.fate for each in found} == {"answered", "refused"}


def forged(folder: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """One file changed, all hashes made to agree again."""
    stored = stored_in(folder)
    content = {**stored.content, name: change(stored.content[name])}
    assert content != stored.content
    write_stored(folder, sealed(stored, content), content)


def test_a_bundle_sealed_again_without_a_change_opens(bundle: Path) -> None:
    stored = stored_in(bundle)
    write_stored(bundle, sealed(stored, stored.content), stored.content)
    assert open_any(bundle).content_hash == serve_hash(bundle)


def test_a_change_within_a_profile_is_sealed_wherever_its_hash_stands(project: Path, tmp_path: Path) -> None:
    """So that what refuses it is what reads the file, and not a hash that does not agree."""
    stored = stored_in(project / "profiled" / BUNDLE)
    name = next(name for name in stored.content if name.endswith("/policy.json"))
    content = agreeing({**stored.content, name: stored.content[name] + b"\n"}, name)
    changed = {each for each in content if content[each] != stored.content[each]}
    assert changed == {name, name.replace("policy", "manifest"), "profiles.json"}
    write_stored(tmp_path / "v1", sealed(stored, content), content)
    assert open_any(tmp_path / "v1").content_hash == serve_hash(tmp_path / "v1") != stored.manifest["content_hash"]


def serve_hash(bundle: Path) -> object:
    return json.loads((bundle / "manifest.json").read_bytes())["content_hash"]


@pytest.mark.parametrize("name", ["manifest.json", "trees.txt", "golden.json"])
def test_a_file_of_many_gigabytes_is_refused_by_its_size(bundle: Path, name: str) -> None:
    os.truncate(bundle / name, 64 << 30)  # it takes no room on the disk, and reading it whole would take all memory
    with pytest.raises(BundleInvalid, match=rf"{name} of the bundle was expected to be of at most 67,108,864 bytes"):
        load(bundle)


def test_files_that_are_too_large_together_are_refused(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "LARGEST_BUNDLE", 1_000)
    with pytest.raises(BundleInvalid, match="the whole of the bundle was expected to be of at most 1,000 bytes"):
        open_any(bundle)


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "LARGEST_FILE", 1_000)
    with pytest.raises(BundleInvalid, match="at most 1,000 bytes"):
        serve_models.write(tmp_path / "v1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("depth", [65, 400, 100_000])
def test_json_that_is_too_deep_is_refused(bundle: Path, depth: int) -> None:
    forged(bundle, "policy.json", lambda _: b"[" * depth + b"]" * depth)
    with pytest.raises(BundleInvalid, match=r"policy\.json of the bundle was expected to be JSON"):
        open_any(bundle)


def test_half_of_a_character_is_refused_and_a_text_that_looks_like_one_is_not(bundle: Path) -> None:
    whole = bundle.with_name("whole")
    shutil.copytree(bundle, whole)
    forged(whole, "profile.json", lambda data: data.replace(b'"target": "', rb'"target": "\\ud800', 1))
    assert open_bundle(whole).bundle.profile.target.startswith(r"\ud800")
    forged(bundle, "profile.json", lambda data: data.replace(b'"target": "', rb'"target": "\ud800', 1))
    with pytest.raises(BundleInvalid, match=r"profile\.json of the bundle was expected to be JSON"):
        open_any(bundle)
