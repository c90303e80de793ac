"""What holds of every verdict, whatever the columns and the outcomes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_training.column_texts import texts_of
from icp_training.leakage.columns import Column, Facts, read_column
from icp_training.leakage.records import FAMILY_OF, ColumnVerdict
from icp_training.leakage.verdicts import IN_THE_DATA, judge_column

CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", "yes", "no", "0", "12", "3.5", "-4", "2024-02-29", "1-10", "a;b", "c", "$5M", "nan"]),
    st.integers(-(10**6), 10**6).map(str),
    st.text(max_size=3),
)
ROWS = st.lists(st.tuples(CELLS, st.booleans(), st.booleans(), st.integers(0, 9)), min_size=1, max_size=120)
NAMES = st.sampled_from(["qzx", "Loss Reason", "Deal Owner", "amount", "days"])


def judged(rows: list[tuple[str | None, bool, bool, int]], name: str) -> tuple[Column, Facts, ColumnVerdict]:
    cells, won, decided, accounts = (list(part) for part in zip(*rows, strict=True))
    is_won, is_decided = np.array(won), np.array(decided)
    opened = 19_000.0 + np.array(accounts)
    facts = Facts(
        is_won & is_decided,
        is_decided,
        ~is_decided,
        opened=opened,
        closed=opened + 30.0,
        extracted=19_100.0,
        accounts=np.array(accounts, dtype=np.int64),
        amount=opened,
        listed={},
    )
    column = read_column(texts_of(name, pa.chunked_array([pa.array(cells, pa.string())])))
    return column, facts, judge_column(column, facts)


@settings(max_examples=60, deadline=None)
@given(ROWS, NAMES)
def test_any_column_gets_a_verdict_whose_evidence_carries_it(
    rows: list[tuple[str | None, bool, bool, int]], name: str
) -> None:
    _, _, verdict = judged(rows, name)
    found = {one.code for one in verdict.evidence if one.is_found}
    assert set(verdict.codes) <= found
    assert all(np.isfinite(figure) for one in verdict.evidence for _, figure in one.figures)
    if verdict.answer == "drop":
        families = {FAMILY_OF[code] for code in verdict.codes}
        assert "L08" in verdict.codes or (len(families) > 1 and families & IN_THE_DATA)
    if verdict.answer == "use":
        assert not {one.code for one in verdict.evidence if one.is_found and one.weight == "asks"}


@settings(max_examples=30, deadline=None)
@given(ROWS, NAMES)
def test_strict_never_says_less(rows: list[tuple[str | None, bool, bool, int]], name: str) -> None:
    order = {"use": 0, "ask": 1, "drop": 2}
    column, facts, verdict = judged(rows, name)
    assert order[judge_column(column, facts, strict=True).answer] >= max(1, order[verdict.answer])


@settings(max_examples=30, deadline=None)
@given(ROWS, NAMES)
def test_more_that_is_known_never_takes_evidence_away(
    rows: list[tuple[str | None, bool, bool, int]], name: str
) -> None:
    column, facts, verdict = judged(rows, name)
    less = judge_column(column, replace(facts, listed=None, amount=None))
    assert set(less.codes) <= set(verdict.codes)
