"""Where the bench keeps what it made, and where the peers live."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.bench_model.code import ROOT

CACHE = Path(os.environ.get("BENCH_CACHE", ROOT / ".cache" / "bench-model"))
"""Several clones may share one: what is kept in it goes by hash."""
PEERS_VENV = ROOT / os.environ.get("PEERS_VENV", ".venv-peers")
PEERS_BIN = PEERS_VENV / "bin"
PEERS_CODE = ROOT / "training" / "benchmarks" / "peers"
PEERS_LOCK = PEERS_CODE / "requirements.lock"
PAGE = ROOT / "docs" / "bench-model.md"
