"""The clock that the bench of faults makes jump, jumps for the whole of a process, and the one that counts does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults.clock import YEARS, can_jump, made_library, preloaded

WORDS = """\
import json, sqlite3, sys, time
from datetime import date, datetime, timezone
from pathlib import Path
from benchmarks.faults.clock import jump
import duckdb

def told():
    c = sqlite3.connect(":memory:").execute("select cast(strftime('%s', 'now') as integer)").fetchone()[0]
    cpp = duckdb.connect().execute("select epoch(now())").fetchone()[0]
    return [time.time(), datetime.now(timezone.utc).timestamp(), c, cpp, time.monotonic()]

before = told()
jump(Path(sys.argv[1]), int(sys.argv[2]))
after = told()
print(json.dumps([late - early for early, late in zip(before, after)]))
"""


@pytest.mark.skipif(not can_jump(), reason="no C compiler, or not Linux: the page says that the fault is left out")
@pytest.mark.parametrize("seconds", [YEARS, -YEARS, -3600])
def test_python_c_and_cpp_see_the_jump_and_durations_do_not(tmp_path: Path, seconds: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORDS, str(tmp_path / "project"), str(seconds)],
        env={**os.environ, **preloaded(made_library(tmp_path / "clock"))},
        capture_output=True,
        check=True,
    )
    *walls, counted = json.loads(done.stdout)
    assert len(walls) == 4
    assert all(abs(wall - seconds) < 120 for wall in walls)
    assert 0 <= counted < 120
    assert (tmp_path / "jumped").exists()
