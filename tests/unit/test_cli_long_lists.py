"""A list whose ids are read before it is scored is written with the same bytes, in one file and in parts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.cli import repeats_first
from tests import serve_models
from tests.cli_projects import icp

ROWS = 900
WORDS = ("score", "--model", "models/planted/v1", "--as-of", "2024-06-30", "--batch-rows", "50", "--threads", "2")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files whose ids start anew in each, so that the second repeats the first."""
    serve_models.write(tmp_path / "models" / "planted" / "v1")
    table = pa.concat_tables([serve_models.raw_list(ROWS // 2, seed) for seed in (1, 2)])
    pq.write_table(table, tmp_path / "list.parquet")
    serve_models.frame(ROWS, 3).to_csv(tmp_path / "list.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


@pytest.mark.parametrize("name", ["list.parquet", "list.csv"])
@pytest.mark.parametrize("parts", [(), ("--part-rows", "333")])
def test_reading_ids_first_changes_no_byte(
    name: str, parts: tuple[str, ...], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = [f"{each}{'' if parts else '.parquet'}" for each in ("remembered", "found")]
    said = []
    for output, limit in zip(outputs, (10**9, 1), strict=True):
        monkeypatch.setattr(repeats_first, "LONG_ROWS", limit)
        monkeypatch.setattr(repeats_first, "LONG_BYTES", limit)
        said.append(icp(*WORDS, name, "-o", output, *parts).err)
    assert ["Reading ids" in each for each in said] == [False, True]
    first, second = ([path.read_bytes() for path in written(project / output)] for output in outputs)
    assert first == second
    statuses = pq.read_table(project / outputs[1]).column("status").to_pylist()
    assert statuses.count("repeated account") == (ROWS // 2 if name == "list.parquet" else 0)
    assert not [path.name for path in project.iterdir() if path.name.startswith(".")]


def written(output: Path) -> list[Path]:
    return sorted(output.glob("part-*")) if output.is_dir() else [output]
