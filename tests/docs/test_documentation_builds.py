"""The documentation builds with no warning, and its reference of the configuration has every key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from icp_training.config import Config
from tests.docs.pages import ROOT


def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    words = ["-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(tmp_path / "site")]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "site" / "reference" / "configuration.html").read_text(encoding="utf-8")
    assert [key for key in Config.model_fields if f">{key}<" not in reference] == []
