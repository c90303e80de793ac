"""Resemblance where the truth is known: what the benchmark counts, by hand, and one world of each kind, small.

`training/benchmarks/lookalike.py` judges 340 worlds by the same functions; docs/lookalike.md has the figures.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.lookalike import Row, expected_auc, null_world, share_in_top, table_of


def test_the_area_is_that_over_all_pairs_by_their_true_chances() -> None:
    chance, log_odds = np.array([0.9, 0.5, 0.2]), np.array([3.0, 1.0, 2.0])
    right = total = 0.0
    for won in range(3):
        for lost in range(3):
            weight = chance[won] * (1 - chance[lost])
            total += weight
            right += weight * (1.0 if log_odds[won] > log_odds[lost] else 0.5 if won == lost else 0.0)
    assert expected_auc(log_odds, chance) == pytest.approx(right / total)


def test_the_top_fifth_holds_its_share_of_the_wins_to_be_had() -> None:
    chance = np.array([0.1, 0.1, 0.1, 0.1, 0.6])
    assert share_in_top(np.arange(5.0), chance) == pytest.approx(0.6)
    assert share_in_top(-np.arange(5.0), chance) == pytest.approx(0.1)


def test_won_accounts_that_were_drawn_from_the_list_are_refused() -> None:
    row = null_world(2)
    assert not row.accepted
    assert row.low < 0.5


def test_the_table_has_a_line_for_each_size_and_figure_and_one_for_the_null_worlds() -> None:
    figures = {"resemblance": 0.7, "bags": 0.6, "with losses": 0.8, "truth": 0.9}
    rows = [Row(kind="30", seed=seed, auc=figures, top=figures) for seed in (1, 2)]
    lines = list(table_of([*rows, Row(kind="null", seed=1, accepted=True), Row(kind="null", seed=2)]))
    assert lines[2] == "| 30 | 2 | auc | 0.700 ± 0.000 | 0.600 ± 0.000 | 0.800 ± 0.000 | 0.900 ± 0.000 |"
    assert lines[3].startswith("| 30 | 2 | top |")
    assert lines[4] == "\nNull worlds: 1 of 2 accepted; 0 attributes asked about."
