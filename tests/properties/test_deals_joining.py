"""Whatever stands in the tables: rows and deals add up, and each deal finds what a plain search finds."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.deals.accounts import join_table, respelled
from icp_ml.deals.settings import LookupSettings
from icp_ml.deals.texts import encode_texts

KEYS = st.sampled_from(["", "a", "A", "a b", "ab", "b", " b ", "c"])


@settings(max_examples=60, deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=12), st.lists(KEYS, min_size=1, max_size=12))
def test_a_join_is_a_plain_search_that_loses_no_deal(named: list[str], ids: list[str]) -> None:
    respell = len(ids) % 2 == 0
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "t.csv").open("w", newline="", encoding="utf-8") as file:
            # Rows of one id agree, so that a repeated one is harmless.
            csv.writer(file).writerows([["id", "value"], *([key, f"value of {key.strip()}"] for key in ids)])
        known = {key.strip() for key in ids} - {""}
        spelled = {"c": sorted(known)[0]} if respell and known else {}
        lookup = LookupSettings(source="t.csv", column="key", id="id", spelled=spelled)
        references = respelled(encode_texts(pa.array(named)), spelled)
        joined = join_table(pa.table({"key": named}), references, lookup, ["value"], Path(folder), on="key")
    wanted = [spelled.get(text.strip(), text.strip()) for text in named]
    found = [f"value of {key}" if key in known else None for key in wanted]
    assert joined.deals.column("value").to_pylist() == found
    assert joined.unmatched.tolist() == [key != "" and key not in known for key in wanted]
    ledger = joined.ledger
    ledger.check()
    assert (ledger.read, ledger.deals) == (len(ids), len(named))
    assert ledger.referenced == len(known & set(wanted))
    assert sum(name.deals for name in ledger.unmatched_names) == ledger.unmatched == int(joined.unmatched.sum())
