"""Repeats that are found on disk are those that a set of ids finds; memory is a bit a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.errors import InputError
from icp_ml.serve import repeats as module
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.known import Seen, id_hashes
from icp_ml.serve.placed import Passed, placed_in
from icp_ml.serve.repeats import Repeats, find_repeats

IDS = [f"c{number}.example" for number in np.random.default_rng(1).integers(0, 4000, 8000)]


def by_a_set(ids: list[str]) -> list[bool]:
    met: set[str] = set()
    found = []
    for text in ids:
        found.append(text in met)
        met.add(text)
    return found


def found_in(ids: list[str | None], rows: int, about: int, folder: Path) -> Repeats:
    pieces = (ids[start : start + rows] for start in range(0, len(ids), rows))
    return find_repeats((id_hashes(pa.array(piece, pa.string())) for piece in pieces), about, folder)


@pytest.mark.parametrize("rows", [1, 37, 8000])
@pytest.mark.parametrize("about", [0, 8000, 10**9])
def test_neither_batches_nor_a_wrong_guess_at_the_rows_changes_what_repeats(
    rows: int, about: int, tmp_path: Path
) -> None:
    found = found_in(list(IDS), rows, about, tmp_path)
    assert found.at(0, 8000).tolist() == by_a_set(IDS)
    assert found.bits.nbytes == 1000
    assert not list(tmp_path.iterdir())


def test_any_stretch_of_rows_can_be_asked_for(tmp_path: Path) -> None:
    found, expected = found_in(list(IDS[:100]), 100, 100, tmp_path), by_a_set(IDS[:100])
    for first in range(100):
        assert found.at(first, 100 - first).tolist() == expected[first:]
        assert found.at(first, min(3, 100 - first)).tolist() == expected[first : first + 3]
    with pytest.raises(InputError, match=r"100 rows .* has grown"):
        found.at(98, 3)


def test_spellings_meet_and_a_blank_id_is_nobodys(tmp_path: Path) -> None:
    ids = ["acme.com", "", None, " ACME.com", "https://acme.com/x", None, ""]
    assert found_in(ids, 2, 7, tmp_path).at(0, 7).tolist() == [False, False, False, True, True, False, False]


def test_a_list_scored_with_repeats_found_first_is_told_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the other route: ids remembered as they pass."""
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 500)
    batches = [
        NamedBatch(pa.record_batch({"id": IDS[start : start + 700]}), "id", frozenset())
        for start in range(0, len(IDS), 700)
    ]
    first = Passed(repeats=found_in(list(IDS), 700, 8000, tmp_path))
    found = list(placed_in(batches, first))
    assert [each.first_row for each in found] == list(range(1, 8001, 700))
    seen = Seen()
    for placed, batch in zip(found, batches, strict=True):
        expected, seen = seen.meet(batch.records.column("id"))
        assert placed.repeated.tolist() == expected.tolist()
