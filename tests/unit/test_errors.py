"""A sentence is one line that a terminal shows and does not obey, however strange the name is that it repeats."""

from __future__ import annotations

import pytest

from icp_ml.errors import LONGEST_SENTENCE, ConfigError, IcpError


@pytest.mark.parametrize(
    ("repeated", "shown"),
    [
        ("Größe 数 é", "Größe 数 é"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nb\rc", r"a\nb\rc"),
        ("a\x00b", r"a\x00b"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u00a0b", r"a\xa0b"),
        ("a\ud800b", r"a\ud800b"),
    ],
)
def test_what_is_not_printable_is_shown_as_an_escape(repeated: str, shown: str) -> None:
    error = ConfigError(f"expected a column, found '{repeated}'; rename it")
    assert error.sentence == str(error) == f"expected a column, found '{shown}'; rename it"


def test_a_long_sentence_keeps_what_it_expected_and_what_to_do() -> None:
    sentence = IcpError(f"expected a name, found '{'x' * 1_000_000}'; rename it").sentence
    assert sentence.startswith("expected a name, found 'xxx")
    assert sentence.endswith("xxx'; rename it")
    assert len(sentence) <= LONGEST_SENTENCE
    assert IcpError("x" * LONGEST_SENTENCE).sentence == "x" * LONGEST_SENTENCE
    escaped = IcpError(f"expected a name, found '{chr(0xE0001) * (LONGEST_SENTENCE - 50)}'; rename it").sentence
    assert len(escaped) <= LONGEST_SENTENCE
    assert escaped.endswith("'; rename it")
