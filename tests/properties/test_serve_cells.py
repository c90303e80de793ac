"""Whatever a text is, its cell does not begin as a formula, and the text can be had back."""

from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from icp_ml.serve.exports.cells import safe_text, safe_texts

TEXTS = st.text(max_size=12) | st.builds(
    str.__add__, st.sampled_from(list("=+-@\t\r\n \0\uff1d\uff0b")), st.text(max_size=8)
)
NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")


@given(text=TEXTS)
def test_a_cell_does_not_begin_as_a_formula(text: str) -> None:
    cell = safe_text(text)
    first = cell.lstrip(" \t\r\n\f\v")[:1]
    assert first not in set("=+-@\0\uff1d\uff0b\uff0d\uff20") or first == "" or NUMBER.fullmatch(cell)
    assert not cell.startswith(("\t", "\r", "\n"))


@given(text=TEXTS)
def test_only_an_apostrophe_is_added_and_only_once(text: str) -> None:
    cell = safe_text(text)
    assert cell in (text, f"'{text}")
    assert safe_text(cell) == cell


@given(texts=st.lists(st.none() | TEXTS, max_size=6))
def test_a_column_is_its_cells(texts: list[str | None]) -> None:
    found = safe_texts(pa.array(texts, pa.string())).to_pylist()
    assert found == [None if text is None else safe_text(text) for text in texts]


def test_words_and_numbers_stay() -> None:
    kept = ("Acme, Inc.", "-12.5", "+4930123", "5", "", "a=b", "'=x", "industry: Software")
    assert [safe_text(text) for text in kept] == list(kept)
