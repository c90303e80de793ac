"""Which modules faults are put into, and which tests are about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Target:
    """A module. tests: files of tests and names of tests, those that fail soonest first; seconds, not minutes.

    interpreted: whether its loops, or what they call, are compiled, so that they have to be run as Python.
    """

    module: str
    tests: tuple[str, ...]
    interpreted: bool = False


_CELLS: Final = (
    "tests/unit/test_model_cells.py",
    "tests/properties/test_model_cell_tables.py::test_tables_say_what_lightgbm_says_of_random_trees",
    "tests/parity/test_cell_tables.py::test_cells_hold_shapley_values",
)
_LOOPS: Final = (
    *_CELLS,
    "--deselect=tests/unit/test_model_cells.py::test_machine_code_is_kept_where_it_was_asked_for",
)
_BUNDLE: Final = (
    "tests/unit/test_serve_bundle.py",
    "tests/compat/test_kept_bundles.py",
    "tests/unit/test_serve_profiles.py",
    "tests/properties/test_serve_scoring.py::test_any_byte_flipped_in_the_manifest_is_noticed",
)
_SCORING: Final = ("tests/unit/test_serve_reasons.py", "tests/unit/test_serve_scoring.py")

GROUPS: Final[Mapping[str, tuple[Target, ...]]] = {
    "deals": (
        Target("icp_ml.deals.admission", ("tests/spec/test_deals_fates.py", "tests/unit/test_deals_contract.py")),
        Target("icp_ml.deals.sufficiency", ("tests/unit/test_deals_contract.py", "tests/unit/test_deals_measuring.py")),
        Target("icp_ml.deals.grading", ("tests/spec/test_ideal_grades.py", "tests/unit/test_deals_measuring.py")),
        Target("icp_ml.deals.parsing", ("tests/spec/test_deals_texts.py", "tests/unit/test_deals_contract.py")),
        Target("icp_ml.deals.deal_types", ("tests/spec/test_deals_left_out.py",)),
    ),
    "model": (
        Target("icp_ml.model.splits", ("tests/unit/test_model_splits.py", "tests/properties/test_model_splits.py")),
        Target("icp_ml.model.metrics", ("tests/unit/test_model_metrics.py", "tests/properties/test_model_numbers.py")),
        Target("icp_ml.model.skill", ("tests/unit/test_model_skill.py", "tests/properties/test_model_numbers.py")),
        Target("icp_ml.model.levels", ("tests/unit/test_model_intervals.py", "tests/unit/test_serve_levels.py")),
        Target(
            "icp_ml.model.scorecard",
            (
                "tests/unit/test_model_scorecard.py",
                "tests/unit/test_model_monotone.py",
                "tests/properties/test_model_numbers.py",
            ),
        ),
    ),
    "tiers": (
        Target(
            "icp_ml.model.tier_cuts",
            (
                "tests/unit/test_model_tiers.py",
                "tests/spec/test_tier_objectives.py",
                "tests/properties/test_model_tiers.py",
            ),
        ),
        Target(
            "icp_ml.model.tiers",
            (
                "tests/unit/test_model_tiers.py",
                "tests/spec/test_tier_objectives.py",
                "tests/properties/test_model_tiers.py",
            ),
        ),
    ),
    "bundle": (
        Target("icp_ml.serve.manifests", _BUNDLE),
        Target("icp_ml.serve.folder", _BUNDLE),
        Target("icp_ml.serve.bundle", _BUNDLE),
    ),
    "scoring": (
        Target("icp_ml.model.cells.codes", _CELLS),
        Target("icp_ml.model.cells.program", _CELLS),
        Target("icp_ml.model.cells.kernel", _LOOPS, interpreted=True),
        Target("icp_ml.model.cells.leaves", _LOOPS, interpreted=True),
        Target("icp_ml.serve.scoring", (*_SCORING, "tests/unit/test_serve_levels.py")),
        Target("icp_ml.serve.reasons", _SCORING),
        Target("icp_ml.serve.incoming", _SCORING),
        Target("icp_ml.serve.outgoing", _SCORING),
    ),
}
