"""Nothing that is opened as a model can run anything: no file of a bundle or of a logged model is a pickle."""

from __future__ import annotations

import os
import pickle
import pickletools
from pathlib import Path

from picklescan.scanner import scan_directory_path

from icp_training import promotion
from tests import serve_models
from tests.registry_projects import NewProject, add_version, asker, registry


def reads_as_a_pickle(path: Path) -> bool:
    """Whether the whole file is instructions of a pickle, whatever it is called."""
    try:
        return any(opcode.name == "STOP" for opcode, *_ in pickletools.genops(path.read_bytes()))
    except (ValueError, UnicodeDecodeError, IndexError):
        return False


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".db"]


def test_a_bundle_and_its_logged_model_hold_nothing_that_runs(new_project: NewProject) -> None:
    root = new_project("unpickled")
    add_version(root, 1)
    promotion.promote(registry(root), "v1", asker())
    everything = files(root)
    assert {"MLmodel", "manifest.json", "trees.txt"} <= {path.name for path in everything}
    assert [path for path in everything if reads_as_a_pickle(path)] == []
    scanned = scan_directory_path(str(root))
    assert (scanned.infected_files, scanned.issues_count, scanned.scan_err) == (0, 0, False)


def test_both_judges_find_a_pickle_that_is_there(tmp_path: Path) -> None:
    serve_models.write(tmp_path / "v1")
    (tmp_path / "v1" / "model.pkl").write_bytes(pickle.dumps(os.system))
    (tmp_path / "v1" / "notes.txt").write_bytes(pickle.dumps({"plain": 1}))
    found = {path.name for path in files(tmp_path) if reads_as_a_pickle(path)}
    assert found == {"model.pkl", "notes.txt"}
    assert scan_directory_path(str(tmp_path)).issues_count > 0
