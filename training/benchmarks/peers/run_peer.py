"""One peer on folds that are on disk: `python run_peer.py job.json`, in the environment of the peers.

A job names the peer's module, how many threads and trials it may use, and for each fold its folder and where the
predictions go: a Parquet file with `log_odds` of the test rows, and `seconds`, the same in every row. A line is
printed for each fold that is done. Nothing of icp-ml is imported here.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
from peer_fold import PeerFold, Spend, read_peer_fold
from pyarrow import parquet


def main() -> None:
    """Run the job."""
    warnings.simplefilter("ignore")
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    peer = importlib.import_module(job["peer"])
    for cell in job["cells"]:
        fold: PeerFold = read_peer_fold(Path(cell["fold"]))
        start = time.perf_counter()
        log_odds = np.asarray(peer.predict(fold, Spend(job["threads"], job["trials"], cell["seed"])), dtype=np.float64)
        _write(Path(cell["out"]), log_odds, time.perf_counter() - start)
        print(cell["out"], flush=True)


def _write(out: Path, log_odds: np.ndarray, seconds: float) -> None:
    if not np.isfinite(log_odds).all():
        sys.exit(f"expected finite log-odds, found {int((~np.isfinite(log_odds)).sum())} others")
    out.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"log_odds": log_odds, "seconds": np.full(len(log_odds), seconds)})
    parquet.write_table(table, out.with_suffix(".part"))
    out.with_suffix(".part").rename(out)


if __name__ == "__main__":
    main()
