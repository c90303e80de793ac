"""A small project to spoil, its bundles made by the tests' own models in the place of trainings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from benchmarks.fuzz.cases import FAULTS, Outcome
from benchmarks.fuzz.project import (
    ANSWERED,
    ANSWERS,
    BUNDLE,
    KINDS,
    WEIGHTED,
    make_bundle,
    write_answers,
    write_tables,
)
from icp_ml.deals.settings import ProspectsSettings, parse_settings
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_ml.serve.bundle import write_bundle
from icp_ml.serve.golden import make_golden
from icp_ml.serve.weighted_bundle import write_weighted
from icp_training.weighing import weighted_bundle_of
from tests import profiled_bundles, serve_models

PATHS = {
    "employees": "site.staff",
    "industry": "motion",
    "founded": "site.since",
    "funded": "site.read",
    "size": "site.band",
    "tools": "tools",
    "demo": "seen.trigger",
}
"""Where the project's answers hold what the tests' attributes ask for."""


def write(folder: Path) -> Path:
    """Deals, a list, a configuration and a bundle in a folder that exists; and within it the project of answers."""
    write_tables(folder, np.random.default_rng(1))
    settings = ProspectsSettings(id="account", map={"revenue": "annual_revenue"})
    write_bundle(replace(serve_models.bundle(), prospects=settings), folder / BUNDLE)
    (folder / ANSWERS).mkdir()
    write_answers(folder / ANSWERS, np.random.default_rng(1))
    _write_answering(folder / ANSWERS / BUNDLE)
    return folder


def _write_answering(folder: Path) -> None:
    attributes = tuple(
        replace(each, column=ANSWERED, answer=PATHS.get(each.name, f"read.{each.name}"))
        for each in serve_models.ATTRIBUTES
    )
    golden = make_golden(serve_models.win_model(), attributes, serve_models.AS_OF, 7, serve_models.calibration().band)
    settings = ProspectsSettings(id="account")
    write_bundle(replace(serve_models.bundle(), attributes=attributes, prospects=settings, golden=golden), folder)


def write_kinds(folder: Path) -> Path:
    """In a folder that exists bundles of the other kinds; that of resemblance is trained, which takes some seconds."""
    for name in KINDS:
        (folder / name).mkdir()
    weighted = weighted_bundle_of(parse_settings(WeightedSettings, yaml.safe_load(WEIGHTED)), 1, "2025-06-30T00:00:00Z")
    write_weighted(weighted, folder / "weighted" / BUNDLE)
    write_bundle(profiled_bundles.bundle(2), folder / "profiled" / BUNDLE)
    make_bundle(folder / "lookalike", KINDS["lookalike"], np.random.default_rng(1))
    return folder


def faults(found: list[tuple[int, Outcome]]) -> list[str]:
    """The cases that ended in neither an answer nor a sentence."""
    return [f"{case}: {outcome.fate}: {outcome.words}" for case, outcome in found if outcome.fate in FAULTS]
