"""Which modules faults are put into, which tests are about each, and which of them each draw is over.

Draws 1 and 2 are over the same modules, so that the second says what tests were worth that were added for the first.
Draws 3 and 4 are each over other modules, and over these alone: a module more among those of an earlier draw would
have moved the shares of all others.
"""

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


Groups = Mapping[str, tuple[Target, ...]]


@dataclass(frozen=True)
class Draw:
    """Faults drawn by lot, with a seed that is the draw's number. groups: the modules that it is over.

    each: faults of each group, about, shared out by the lines of its modules that can have one.
    """

    groups: Groups
    each: int


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
_MOVES: Final = ("tests/unit/test_watch_definition_diff.py", "tests/properties/test_tier_moves.py")
_SIGNED: Final = tuple(
    f"tests/unit/test_serve_signatures.py::{name}"
    for name in (
        "test_what_another_key_signed_opens_by_none",
        "test_a_signature_copied_from_another_bundle_is_refused_though_the_key_is_trusted",
        "test_no_field_of_a_signature_can_be_made_to_fit",
        "test_a_key_that_signs_in_the_name_of_another_is_refused",
        "test_a_hostile_signature_file_is_refused_in_one_sentence",
        "test_any_key_of_a_folder_may_have_signed",
        "test_a_rule_that_cannot_be_read_opens_nothing",
        "test_a_new_key_is_for_its_owner_alone_and_takes_no_files_place",
        "test_an_encrypted_key_opens_by_its_passphrase_alone",
    )
)
_HOSTILE: Final = tuple(
    f"tests/properties/test_hostile_bundles.py::{name}"
    for name in (
        "test_files_that_are_too_large_together_are_refused",
        "test_json_that_is_too_deep_is_refused",
        "test_half_of_a_character_is_refused_and_a_text_that_looks_like_one_is_not",
    )
)

FIRST: Final[Groups] = {
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

LATER: Final[Groups] = {
    "deals": (
        Target("icp_ml.deals.row_order", ("tests/unit/test_deals_row_order.py",)),
        Target(
            "icp_ml.deals.histories", ("tests/unit/test_deals_histories.py", "tests/unit/test_deals_dated_sources.py")
        ),
        Target(
            "icp_ml.deals.as_of",
            (
                "tests/spec/test_as_of_days.py",
                "tests/unit/test_deals_recipes.py",
                "tests/parity/test_as_of.py",
                "tests/properties/test_as_of_laws.py",
            ),
        ),
        Target("icp_ml.deals.personal", ("tests/spec/test_personal_columns.py",)),
        Target("icp_ml.deals.date_orders", ("tests/unit/test_deals_date_orders.py",)),
    ),
    "model": (
        Target("icp_ml.model.correction", ("tests/unit/test_model_correction.py",)),
        Target("icp_ml.model.stack", ("tests/unit/test_model_stack.py", "tests/properties/test_model_numbers.py")),
        Target("icp_ml.model.intervals", ("tests/unit/test_model_intervals.py", "tests/unit/test_serve_levels.py")),
        Target("icp_ml.model.trees", ("tests/unit/test_model_trees.py", "tests/unit/test_model_monotone.py")),
        Target("icp_ml.model.monotone", ("tests/unit/test_model_monotone.py",)),
    ),
    "tiers": (
        Target("icp_ml.model.tier_rates", ("tests/unit/test_model_tiers.py",)),
        Target(
            "icp_ml.model.tier_outcomes",
            ("tests/unit/test_model_tier_outcomes.py", "tests/spec/test_tier_yardsticks.py"),
        ),
        Target("icp_ml.profile.tiers", ("tests/unit/test_profile_tiers.py",)),
        Target("icp_ml.profile.yardsticks_of_tiers", ("tests/spec/test_tier_yardsticks.py",)),
    ),
    "bundle": (
        Target("icp_ml.serve.documents", ("tests/unit/test_serve_bundle.py", *_HOSTILE)),
        Target("icp_ml.serve.plain_files", ("tests/unit/test_serve_bundle.py", *_HOSTILE, *_SIGNED)),
        Target("icp_ml.serve.golden", ("tests/unit/test_serve_golden.py", "tests/unit/test_serve_bundle.py")),
        Target("icp_ml.serve.tree_text", ("tests/unit/test_serve_tree_text.py",)),
        Target("icp_ml.serve.calibration_file", ("tests/unit/test_serve_levels.py",)),
        Target("icp_ml.serve.signatures", _SIGNED),
    ),
    "scoring": (
        Target("icp_ml.model.cells.compiling", _CELLS),
        Target("icp_ml.model.cells.filling", _LOOPS, interpreted=True),
        Target("icp_ml.model.cells.grouping", _CELLS),
        Target("icp_ml.model.cells.merging", _LOOPS, interpreted=True),
        Target("icp_ml.model.cells.tables", _CELLS),
        Target("icp_ml.model.cells.tree_shape", _CELLS),
        Target("icp_ml.serve.learned_scoring", _SCORING),
        Target("icp_ml.serve.repeats", ("tests/unit/test_serve_repeats.py",)),
    ),
}

NEWER: Final[Groups] = {
    "deals": (
        Target(
            "icp_ml.deals.csv_files", ("tests/unit/test_deals_csv_as_it_comes.py", "tests/unit/test_deals_reading.py")
        ),
        Target("icp_ml.deals.workbook_texts", ("tests/unit/test_deals_excel_files.py",)),
        Target("icp_ml.deals.workbook_members", ("tests/unit/test_deals_workbook_members.py",)),
        Target(
            "icp_ml.deals.sheet_spans",
            ("tests/unit/test_deals_workbook_members.py", "tests/unit/test_deals_excel_files.py"),
        ),
        Target("icp_ml.deals.companies", ("tests/spec/test_deals_companies.py", "tests/unit/test_deals_joining.py")),
    ),
    "model": (
        Target(
            "icp_ml.model.win_model", ("tests/unit/test_model_win_model.py", "tests/unit/test_model_masked_copies.py")
        ),
        Target("icp_ml.model.potential", ("tests/unit/test_model_potential.py", "tests/unit/test_serve_potential.py")),
        Target("icp_ml.model.borrowing", ("tests/unit/test_model_borrowing.py",)),
        Target("icp_ml.model.relevance", ("tests/unit/test_model_relevance.py",)),
        Target("icp_ml.model.held_up", ("tests/unit/test_model_held_up.py",)),
        Target("icp_ml.model.judgement", ("tests/unit/test_model_judgement.py",)),
    ),
    "tiers": (
        Target("icp_ml.watch.carried_cuts", ("tests/properties/test_tier_moves.py",)),
        Target("icp_ml.watch.tier_moves", _MOVES),
        Target("icp_ml.watch.list_moves", _MOVES),
        Target("icp_ml.serve.policy_files", ("tests/unit/test_serve_tiers.py", "tests/unit/test_serve_bundle.py")),
    ),
    "bundle": (
        Target("icp_ml.serve.bundle_parts", _BUNDLE),
        Target("icp_ml.serve.model_files", _BUNDLE),
        Target("icp_ml.serve.loading", (*_BUNDLE, "tests/unit/test_serve_weighted.py", *_SIGNED)),
    ),
    "scoring": (
        Target("icp_ml.serve.list_scorer", (*_SCORING, "tests/unit/test_serve_repeats.py")),
        Target("icp_ml.serve.known", ("tests/unit/test_serve_known.py", "tests/unit/test_serve_repeats.py")),
        Target("icp_ml.serve.parts", ("tests/unit/test_serve_parts.py",)),
        Target("icp_ml.serve.writing", ("tests/unit/test_serve_writing.py",)),
        Target("icp_ml.serve.output_rows", ("tests/unit/test_serve_output_rows.py",)),
    ),
}

DRAWS: Final[Mapping[int, Draw]] = {1: Draw(FIRST, 24), 2: Draw(FIRST, 12), 3: Draw(LATER, 18), 4: Draw(NEWER, 14)}
