"""The file tree is the diagram: these tests hold the tree to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.layout import laws

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "law",
    [
        laws.imports_against_the_flow,
        laws.modules_without_a_room,
        laws.wrong_ways_into_training,
        laws.import_cycles,
        laws.libraries_below_the_edge,
        laws.questions_to_the_machine,
        laws.code_that_runs_when_opened,
        laws.ties_of_the_world,
        laws.rooms_for_anything,
        laws.long_files,
        laws.long_functions,
    ],
    ids=lambda law: law.__name__,
)
def test_the_tree_keeps_the_law(law: Callable[[Path], list[str]]) -> None:
    assert law(ROOT) == []


@pytest.mark.parametrize("module", ["icp_ml", "icp_ml.cli.main"])
def test_importing_is_light(module: str) -> None:
    assert laws.heavy_libraries_loaded_by(module) == []
