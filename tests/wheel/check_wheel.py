"""Open a bundle with an installed icp-ml, and score its golden rows by the library and by the command line.

Run by `make wheel-check` as `python check_wheel.py BUNDLE`, in an environment with the wheel, its plain
dependencies and nothing else, from an otherwise empty folder. Prints the largest gap of each way; ends with 1
if one is over the tolerance.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

import icp_ml

# The law of the bundle: two machines agree on a golden row to this.
TOLERANCE = 1e-9
# What belongs to training: an environment that has one of them would prove nothing about scoring without it.
MUST_BE_ABSENT = ("mlflow", "optuna", "shap", "pytest")


class GoldenRows(TypedDict):
    """What this script reads of `golden.json`: raw texts by source column, and probabilities."""

    as_of: str
    rows: list[dict[str, str | None]]
    probability: list[float]


def main(bundle: Path) -> int:
    """Run every check on one bundle folder; 0 if all hold."""
    golden: GoldenRows = json.loads((bundle / "golden.json").read_text(encoding="utf-8"))
    print(f"icp_ml {icp_ml.__version__} from {installed_from()}")
    gaps = {"icp_ml.load": gap_of_library(bundle, golden), "icp score": gap_of_command_line(bundle, golden)}
    for way, gap in gaps.items():
        print(f"{way}: largest gap to {len(golden['rows'])} golden rows {gap:.1e}")
    return int(any(not gap <= TOLERANCE for gap in gaps.values()))


def installed_from() -> Path:
    """The folder icp_ml was loaded from, which must be this environment's own and free of training."""
    place = Path(icp_ml.__file__).resolve()
    if not place.is_relative_to(Path(sys.prefix).resolve()):
        sys.exit(f"icp_ml was loaded from {place}, which is outside the environment {sys.prefix}")
    present = [name for name in MUST_BE_ABSENT if (place.parents[1] / name).exists()]
    if present:
        sys.exit(f"the environment should hold no {', '.join(present)}")
    return place.parent


def gap_of_library(bundle: Path, golden: GoldenRows) -> float:
    """Largest difference in probability by `icp_ml.load`, which verifies hashes and golden rows itself."""
    scored = icp_ml.load(bundle).score(raw_table(golden), as_of=date.fromisoformat(golden["as_of"]))
    return largest_gap(scored, golden)


def gap_of_command_line(bundle: Path, golden: GoldenRows) -> float:
    """Largest difference in probability when the rows go through a CSV file and `icp score`."""
    pa_csv.write_csv(raw_table(golden), "golden.csv")
    icp = str(Path(sys.executable).with_name("icp"))
    options = ["--model", str(bundle), "--as-of", golden["as_of"], "--id", "row", "--max-unscored", "1", "--no-known"]
    subprocess.run([icp, "score", "golden.csv", "-o", "scored.parquet", *options], check=True)
    return largest_gap(pq.read_table("scored.parquet"), golden)


def raw_table(golden: GoldenRows) -> pa.Table:
    """The golden rows as a list would hold them: text in every column, and an id."""
    numbered = [{"row": str(number), **row} for number, row in enumerate(golden["rows"])]
    return pa.Table.from_pylist(numbered, pa.schema([(name, pa.string()) for name in numbered[0]]))


def largest_gap(scored: pa.Table, golden: GoldenRows) -> float:
    """Largest absolute difference in probability; NaN, which no tolerance admits, if a row has none."""
    answered: npt.NDArray[np.float64] = scored["probability"].to_numpy()
    return float(np.max(np.abs(answered - np.asarray(golden["probability"]))))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
