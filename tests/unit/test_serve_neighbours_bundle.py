"""A bundle that names accounts: written, read, explained with and scored with; and one that names none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from icp_ml.serve.bundle import as_stored, read_bundle, write_bundle
from icp_ml.serve.neighbour_columns import NEAREST
from icp_ml.serve.neighbours_file import NEIGHBOUR_FILES
from tests import serve_models
from tests.cli_projects import icp
from tests.unit.test_serve_neighbour_columns import neighbours

DAY = ("--as-of", serve_models.AS_OF.isoformat())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle with accounts, a list of 40 rows, and the terminal there."""
    write_bundle(replace(serve_models.bundle(), neighbours=neighbours()), tmp_path / "models" / "planted" / "v1")
    serve_models.frame(40, 5).to_csv(tmp_path / "list.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


def test_it_is_read_as_it_was_written_and_its_hash_covers_the_accounts(project: Path) -> None:
    found = read_bundle(project / "models" / "planted" / "v1")
    assert found.neighbours is not None
    assert found.neighbours.accounts == neighbours().accounts
    nobody = replace(found, neighbours=None)
    hashes = [as_stored(each).content_hash for each in (nobody, serve_models.bundle(), found)]
    assert hashes[0] == hashes[1] != hashes[2]
    write_bundle(nobody, project / "nobody")
    assert not {path.name for path in (project / "nobody").iterdir()} & set(NEIGHBOUR_FILES)
    assert read_bundle(project / "nobody").neighbours is None


def test_a_row_is_explained_with_the_accounts_that_its_list_names(project: Path) -> None:
    assert icp("score", "list.csv", "-o", "out.parquet", "--neighbours", *DAY).code == 0
    rows = pq.read_table("out.parquet").to_pylist()
    first = next(row for row in rows if row["tier"] == "1")
    done = icp("explain", "list.csv", "--id", first["domain"], *DAY, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)["neighbours"]
    assert [each["account"] for each in (*found["won"], *found["lost"])] == [first[name] for name in NEAREST]
    told = icp("explain", "list.csv", "--id", first["domain"], *DAY).out
    assert "The accounts it is most like" in told
    assert found["won"][0]["account"] in told
