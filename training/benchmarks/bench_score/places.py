"""Where the bench keeps what it made, and with which Python each contestant runs. Only the standard library."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TRAINING = ROOT / "training"
CACHE = Path(os.environ.get("BENCH_CACHE", ROOT / ".cache" / "bench-score"))
PAGE = ROOT / "docs" / "bench-score.md"
PEERS_PYTHON = ROOT / os.environ.get("PEERS_VENV", ".venv-peers") / "bin" / "python"
"""The environment of the peers, in which woodelf is."""
OUR_PYTHON = Path(sys.executable)
ICP = OUR_PYTHON.parent / "icp"
"""The command as people call it."""
