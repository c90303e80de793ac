"""The table of Spark's pace: rates are rows over median seconds, and ratios are of rates."""

from __future__ import annotations

import pytest

pytest.importorskip("pyspark")

from benchmarks.spark_pace import ALONE, FIRST_PASS, LIST, OUTPUT, SECOND_PASS, table_of


def test_rates_and_ratios_are_of_medians() -> None:
    seconds = {LIST: [7.0, 8.0, 90.0], OUTPUT: [4.0], FIRST_PASS: [2.0], SECOND_PASS: [10.0], ALONE: [5.0, 5.0, 5.0]}
    lines = list(table_of(1_000, seconds))
    assert f"| {LIST} | 8.0 (7.0 to 90.0) | 125 |" in lines
    assert f"| {ALONE} | 5.0 (5.0 to 5.0) | 200 |" in lines
    beside_list, beside_output = lines[-2:]
    assert "0.80 times the rate (asked for: 0.7; met), both passes together 0.67" in beside_list
    assert "0.40 times the rate (asked for: 0.7; missed), both passes together 0.33" in beside_output
