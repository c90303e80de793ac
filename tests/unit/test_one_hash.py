"""The bench for one hash sees a bundle that is another one, and shuffles rows without losing any."""

from __future__ import annotations

from pathlib import Path

from benchmarks.one_hash import differing, page_of
from benchmarks.one_hash_runs import WAYS, Run, shuffle


def run_of(seed: int, content: str, **files: str) -> Run:
    return Run(
        kind="a set",
        seed=seed,
        threads=WAYS[seed - 1].threads,
        content=content,
        model="m",
        files=files,
        deals=240,
        seconds=1.0,
        beside=0.0,
    )


def test_files_differ_where_their_hashes_do_or_one_of_them_is_not_there() -> None:
    runs = [run_of(1, "x", trees="1", stack="2"), run_of(2, "y", trees="1", stack="3", extra="4"), run_of(3, "x")]
    assert differing(runs) == {"trees": 2, "stack": 3, "extra": 2}  # of the third run none is there
    assert differing(runs[:1]) == {}


def test_the_page_counts_different_bundles_and_names_their_files() -> None:
    same = [run_of(seed, "x", card=str(seed)) for seed in (1, 2)]
    other = [run_of(1, "x", trees="1"), run_of(2, "y", trees="2")]
    assert "| a set | 240 | 2 | 1 (x) | 1 (m) |" in "\n".join(page_of(same, "code"))
    assert "different card" not in "\n".join(page_of(same, "code"))
    assert "| a set | 240 | 2 | 2 (x, y) | 1 (m) |" in "\n".join(page_of(other, "code"))
    assert "a set: 2 different trees." in list(page_of(other, "code"))


def test_rows_are_shuffled_below_their_header_and_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    lines = ["deal", *map(str, range(50))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    shuffle(path, 1)
    found = path.read_text(encoding="utf-8").splitlines()
    assert found != lines
    assert (found[0], sorted(found)) == ("deal", sorted(lines))
