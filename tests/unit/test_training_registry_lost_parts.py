"""A registry of which a part is lost, spoilt or in the way: each is a sentence, or is made good from what is left."""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from icp_ml.errors import BundleInvalid, ConfigError, ModelNotFound
from icp_ml.serve import ledger
from icp_ml.serve.bundle import open_bundle, write_bundle
from icp_ml.serve.file_names import SIGNATURE
from icp_training import promotion, versions
from icp_training.registry import COMPARISON, register
from icp_training.registry_lock import is_live, locked
from icp_training.signing import sign_copies
from icp_training.tracking import closing_run, open_run
from tests.registry_projects import (
    NAME,
    NewProject,
    add_bundle,
    add_version,
    asker,
    live_everywhere,
    moved,
    registry,
    with_three_versions,
)

LATER = "2025-01-01T09:00:00+00:00"


@pytest.fixture(scope="module")
def made(new_project: NewProject) -> Path:
    """Versions 1, 2 and 3; 1 is live. Nobody works in it."""
    return with_three_versions(new_project("made"))


@pytest.fixture
def three(made: Path, new_project: NewProject) -> Path:
    """The same in a folder of its own."""
    return moved(made, new_project("three"))


def test_a_name_without_versions_says_how_to_make_one(new_project: NewProject) -> None:
    root = new_project("empty")
    with pytest.raises(ModelNotFound, match=r"a champion of planted was expected .* make one with `icp train`"):
        registry(root).need("@champion")
    with pytest.raises(ModelNotFound, match=r"a model was expected in .*models, and there is none; make one with"):
        versions.only_name(root)


def test_of_two_names_somebody_has_to_say_which(three: Path) -> None:
    assert versions.only_name(three) == NAME
    shutil.copytree(three / "models" / NAME, three / "models" / "other")
    with pytest.raises(ModelNotFound, match=r"there are 2 names, 'other', 'planted'; say which you mean"):
        versions.only_name(three)


def test_a_tag_that_is_not_there_is_removed_without_a_word(three: Path) -> None:
    here = registry(three)
    before = here.tags()
    here.set_tag("nobody wrote this", None)
    assert here.tags() == before
    here.set_tag("mine", "yes")
    assert here.tags() == {**before, "mine": "yes"}
    here.set_tag("mine", None)
    assert here.tags() == before


def test_a_comparison_that_was_written_over_is_none(three: Path) -> None:
    here = registry(three)
    number = here.need("v2").number
    here.client.set_model_version_tag(NAME, number, COMPARISON, '{"champion_version": "of a later icp-ml"}')
    assert here.need("v2").comparison is None
    gates = {gate.name: gate for gate in versions.gates(three, f"{NAME}/v2", asker())[1]}
    assert "it was not compared with what is live" in gates["skill"].sentence


def test_a_version_whose_bundle_is_lost_in_both_places_is_told(three: Path) -> None:
    shutil.rmtree(three / "models" / NAME / "v2")
    for manifest in (three / "mlruns").rglob("manifest.json"):
        manifest.unlink()
    with pytest.raises(BundleInvalid, match=r"one bundle was expected in the registry's planted version 2, and 0 were"):
        promotion.promote(registry(three), "v2", asker())
    assert live_everywhere(three) == ("1", 1, 1)


def test_a_bundle_that_has_no_room_in_models_is_told_with_the_folder(three: Path) -> None:
    shutil.rmtree(three / "models" / NAME)
    (three / "models" / NAME).write_text("a file where a folder belongs")
    with pytest.raises(ConfigError, match=r"the bundle could not be written to .*v2 \(Not a directory\); see who owns"):
        registry(three).fetch(registry(three).need("v2"))


def test_what_is_live_and_cannot_be_read_does_not_keep_a_better_one_away(three: Path) -> None:
    profile = three / "models" / NAME / "v1" / "profile.json"
    profile.write_text(profile.read_text(encoding="utf-8") + " ", encoding="utf-8")
    done = promotion.promote(registry(three), "v2", asker())
    assert done.live.version == 2
    assert [gate.name for gate in done.gates] == ["enough evidence", "no leak"]
    assert live_everywhere(three) == ("2", 2, 2)


@pytest.mark.parametrize("lost", ["nothing", "folder", "content"])
def test_a_lost_registry_finds_what_is_live_by_its_number_its_folder_or_not_at_all(
    three: Path, new_project: NewProject, lost: str
) -> None:
    """Version 1 was live. Its bundle may be registered again already, may be gone, or may be another bundle now."""
    fresh = new_project("fresh")
    shutil.copytree(three / "models", fresh / "models")
    first = fresh / "models" / NAME / "v1"
    number = None
    if lost == "nothing":
        run = open_run(fresh, NAME, {})
        with closing_run(run):
            number = register(run, registry(fresh), first).number
    else:
        shutil.rmtree(first)
        if lost == "content":
            shutil.copytree(three / "models" / NAME / "v3", first)
    add_bundle(fresh, 4)
    versions.gates(fresh, f"{NAME}/v4", asker())
    champion = registry(fresh).aliases().get("champion")
    assert champion == number
    assert len(registry(fresh).versions()) == (2 if lost == "nothing" else 1)
    assert [each.version for each in ledger.entries(fresh / "models")] == [1]


def test_a_lock_that_cannot_be_written_says_who_to_look_for(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder belongs")
    with (
        pytest.raises(ConfigError, match=r"the lock .* was expected to be writable, and it is not .*; see who owns it"),
        locked(tmp_path / "models", asker()),
    ):
        pass


def test_a_process_of_somebody_else_on_this_machine_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is not root may not signal it, and learns by that that it is there."""

    def forbidden(process: int, signal: int) -> None:
        assert (process, signal) == (1, 0)
        raise PermissionError

    monkeypatch.setattr(os, "kill", forbidden)
    assert is_live(f"root@{socket.gethostname()}:1", LATER, asker())


def test_only_the_copies_of_this_very_bundle_get_its_signature(new_project: NewProject) -> None:
    """A twin of the same content that was made on another day has a manifest, and a signature, of its own."""
    root = new_project("twins")
    first, folder = add_version(root, 1), root / "models" / NAME / "v1"
    made = open_bundle(folder).bundle
    elsewhere = root / "twin" / "v1"
    later = made.provenance.model_copy(update={"created": "2031-01-01T08:00:00+00:00"})
    write_bundle(replace(made, provenance=later), elsewhere)
    run = open_run(root, NAME, {})
    with closing_run(run):
        twin = register(run, registry(root), elsewhere)
    assert twin.content_hash == first.content_hash
    (folder / SIGNATURE).write_text("{}", encoding="utf-8")
    assert sign_copies(root, folder) == (first.number,)
    assert len(list((root / "mlruns").rglob(SIGNATURE))) == 1
    (elsewhere / SIGNATURE).write_text("{}", encoding="utf-8")
    assert sign_copies(root, elsewhere) == (twin.number,)
