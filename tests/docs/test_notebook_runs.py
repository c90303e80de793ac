"""The notebook runs from its first cell to its last in a kernel of its own, and is kept without what it answered."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.docs.pages import ROOT

NOTEBOOK = ROOT / "notebooks" / "start.ipynb"
LONGEST = 300  # seconds for one cell, on a machine that does other work


def kept() -> nbformat.NotebookNode:
    """The notebook as it is kept."""
    text = NOTEBOOK.read_text(encoding="utf-8")
    return nbformat.reads(text, as_version=4)  # type: ignore[no-any-return,no-untyped-call]


def test_the_notebook_is_kept_without_answers() -> None:
    notebook = kept()
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)


def test_the_notebook_runs_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ICP_HOME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = kept()
    NotebookClient(
        notebook, timeout=LONGEST, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = [output for cell in code for output in cell.outputs]
    assert [each for each in shown if each.output_type == "error"] == []
    pictures = [each for each in shown if "image/png" in each.get("data", {})]
    assert len(pictures) == 1
    assert (tmp_path / "made_up" / "scored.csv").is_file()
    assert len(list((tmp_path / "made_up" / "models").rglob("report.html"))) == 1
