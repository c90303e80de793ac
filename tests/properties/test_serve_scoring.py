"""What holds for every list: how it is cut, ordered or typed changes no answer, and explanations add up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from icp_ml.errors import BundleInvalid
from icp_ml.serve.bundle import read_bundle
from icp_ml.serve.reasons import SMALLEST_EFFECT
from tests import serve_models
from tests.serve_models import AS_OF, raw_list, scorer

LISTS = st.builds(raw_list, st.integers(1, 25), st.integers(0, 10_000))
FEW = settings(max_examples=15)
FLIPPED_BYTES = 100


@FEW
@given(LISTS)
def test_one_row_at_a_time_equals_the_batch(table: pa.Table) -> None:
    whole = scorer().score(table, as_of=AS_OF)
    alone = [scorer().score(table.slice(row, 1), as_of=AS_OF) for row in range(table.num_rows)]
    assert pa.concat_tables(alone).equals(whole)


@FEW
@given(LISTS, st.integers(1, 30))
def test_the_size_of_batches_changes_nothing(table: pa.Table, size: int) -> None:
    whole = scorer().score(table, as_of=AS_OF)
    batches = scorer().score(iter(table.to_batches(max_chunksize=size)), as_of=AS_OF)
    assert pa.Table.from_batches(batches).equals(whole)


@FEW
@given(LISTS, st.randoms(use_true_random=False))
def test_the_order_of_columns_and_further_columns_change_nothing(table: pa.Table, random: np.random.Generator) -> None:
    names = table.schema.names
    random.shuffle(names)
    wider = table.select(names).append_column("colour", pa.array(["red"] * table.num_rows))
    assert scorer().score(wider, as_of=AS_OF).equals(scorer().score(table, as_of=AS_OF))


@FEW
@given(LISTS, st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_only_the_order_of_answers(table: pa.Table, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(table.num_rows)
    shuffled = scorer().score(table.take(pa.array(order)), as_of=AS_OF)
    assert shuffled.equals(scorer().score(table, as_of=AS_OF).take(pa.array(order)))


@FEW
@given(LISTS)
def test_contributions_and_base_add_up_to_the_log_odds_behind_the_probability(table: pa.Table) -> None:
    scored = scorer().score(table, as_of=AS_OF)
    sums = scorer().contributions(table, AS_OF).sum(axis=1).to_numpy()
    log_odds = scored["log_odds"].to_numpy()
    assert np.abs(sums - log_odds).max() <= 1e-9
    assert np.abs(expit(log_odds) - scored["probability"].to_numpy()).max() <= 1e-15
    assert ((scored["probability"].to_numpy() >= 0) & (scored["probability"].to_numpy() <= 1)).all()


@FEW
@given(LISTS)
def test_the_first_reason_is_the_strongest_contribution(table: pa.Table) -> None:
    """Rows whose set of tools is known, so that each reason is one factor."""
    known = table.filter(table["tools"].is_valid())
    if known.num_rows == 0:
        return
    scored = scorer().score(known, as_of=AS_OF, reasons=1)
    contributions = scorer().contributions(known, AS_OF).drop(columns="base").to_numpy()
    strongest = contributions.max(axis=1)
    expected = [value if value > SMALLEST_EFFECT else None for value in strongest.tolist()]
    assert scored["reason_for_1_effect"].to_pylist() == expected


def test_any_byte_flipped_anywhere_is_noticed(tmp_path: Path) -> None:
    whole = serve_models.write(tmp_path / "v1")
    places = [(path.name, offset) for path in sorted(whole.iterdir()) for offset in range(path.stat().st_size)]
    rng = np.random.default_rng(11)
    for number in rng.choice(len(places), FLIPPED_BYTES, replace=False).tolist():
        name, offset = places[number]
        assert is_refused_when_flipped(whole / name, offset, int(rng.integers(1, 256))), (name, offset)
    assert read_bundle(whole).provenance.version == 1


def test_any_byte_flipped_in_the_manifest_is_noticed(tmp_path: Path) -> None:
    """No other file vouches for the manifest: every seventh byte of it, and the line end that closes it."""
    whole = serve_models.write(tmp_path / "v1")
    size = (whole / "manifest.json").stat().st_size
    for offset in [*range(0, size - 1, 7), size - 1]:
        assert is_refused_when_flipped(whole / "manifest.json", offset, 1), offset


def is_refused_when_flipped(path: Path, offset: int, mask: int) -> bool:
    """Change one byte of a file, say whether its bundle is refused for it, and put the byte back."""
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[offset] ^= mask
    path.write_bytes(changed)
    try:
        read_bundle(path.parent)
    except BundleInvalid:
        return True
    finally:
        path.write_bytes(whole)
    return False
