"""Every claim of the threat model names a test that is there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.pages import ROOT, page

NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", page("docs/threat-model.md"))))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_what_is_named_as_showing_it_is_there(file: str, test: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = {
        each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
    }
    assert tests
    assert not test or test in tests


def test_every_row_of_its_tables_names_one() -> None:
    rows = [line for line in page("docs/threat-model.md").splitlines() if line.startswith("| ") and "---" not in line]
    heads = [row for row in rows if row.endswith("| shown by |")]
    assert heads
    assert all("`tests/" in row for row in rows if row not in heads)
