"""The machine code of the project, made by one process while those of the tests collect.

In a new clone it takes half a minute to make, and each test process would make all of it for itself. numba keeps it
beside the modules, where the tests' processes and all that they start find it.

    python -m tests.machine_code
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "models" / "demo" / "v1"


class MadeOnce:
    """Has it made as soon as there are several test processes, which get their first tests when it is there."""

    def __init__(self) -> None:
        found = os.pathsep.join([str(ROOT), str(ROOT / "training")])
        environment = {**os.environ, "PYTHONPATH": found}
        self._making = subprocess.Popen([sys.executable, "-m", "tests.machine_code"], cwd=ROOT, env=environment)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        assert self._making.wait() == 0


def make() -> None:
    """Score and take apart the golden rows of the kept demo: that calls every function there is."""
    import pandas as pd  # noqa: PLC0415 - the process that shares out the tests needs neither

    import icp_ml  # noqa: PLC0415 - as above

    golden = json.loads((DEMO / "golden.json").read_text(encoding="utf-8"))
    model, rows, day = icp_ml.load(DEMO), pd.DataFrame(golden["rows"]), date.fromisoformat(golden["as_of"])
    model.score(rows, as_of=day)
    model.contributions(rows, as_of=day)


if __name__ == "__main__":
    make()
