"""Starting `icp score` loads what scoring needs, and no library of those that only learning or other lists need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DEMO = Path(__file__).parents[2] / "models" / "demo" / "v1"
NEEDLESS = (
    "duckdb", "lightgbm", "matplotlib", "mlflow", "openpyxl", "optuna", "pyspark", "scipy.optimize", "scipy.sparse",
    "scipy.stats", "shap", "sklearn", "sqlglot",
)  # fmt: skip
CODE = """
import sys
from icp_ml.cli.main import main
try:
    main()
finally:
    print("LOADED", *(name for name in {needless!r} if name in sys.modules))
"""
NEEDED = "scipy.special"
"""What it loads itself is its own affair: up to SciPy 1.16 that was scipy.sparse."""


def loaded_with(library: str) -> set[str]:
    """Which of the needless ones a library loads by itself, in a fresh interpreter."""
    code = f"import sys, {library}; print(*(name for name in {NEEDLESS!r} if name in sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_scoring_a_parquet_list_loads_no_library_that_it_does_not_use(tmp_path: Path) -> None:
    golden = json.loads((DEMO / "golden.json").read_text(encoding="utf-8"))
    names = list(golden["rows"][0])
    columns = {name: pa.array([row[name] for row in golden["rows"]], pa.string()) for name in names}
    ids = pa.array([f"row {i}" for i in range(len(golden["rows"]))])
    listed, output = tmp_path / "list.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"row": ids, **columns}), listed)
    words = ["score", str(listed), "--id", "row", "-o", str(output), "--model", str(DEMO), "--as-of", golden["as_of"]]
    command = [sys.executable, "-c", CODE.format(needless=NEEDLESS), *words, "--no-known", "--no-tables"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    mark, *found = done.stdout.splitlines()[-1].split()
    assert mark == "LOADED"
    assert not set(found) - loaded_with(NEEDED)
    # The answers are those that travel with the bundle, so that something was scored.
    answers = pq.read_table(output)["log_odds"].to_pylist()
    assert max(abs(a - b) for a, b in zip(answers, golden["log_odds"], strict=True)) <= 1e-9
