"""A small project to spoil, its bundle made by the tests' own model in the place of a training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.fuzz.cases import FAULTS, Outcome
from benchmarks.fuzz.project import BUNDLE, write_tables
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.serve.bundle import write_bundle
from tests import serve_models


def write(folder: Path) -> Path:
    """Deals, a list, a configuration and a bundle in a folder that exists."""
    write_tables(folder, np.random.default_rng(1))
    settings = ProspectsSettings(id="account", map={"revenue": "annual_revenue"})
    write_bundle(replace(serve_models.bundle(), prospects=settings), folder / BUNDLE)
    return folder


def faults(found: list[tuple[int, Outcome]]) -> list[str]:
    """The cases that ended in neither an answer nor a sentence."""
    return [f"{case}: {outcome.fate}: {outcome.words}" for case, outcome in found if outcome.fate in FAULTS]
