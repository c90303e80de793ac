"""A boundary that the deals suggest: named beside each row that is known to lie outside, and nothing is taken away."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.errors import ConfigError
from icp_ml.profile.definition import Proposal
from icp_ml.profile.tiering import Policy
from icp_ml.serve.scoring import OUTSIDE, Scorer
from tests import icp_bundles, serve_models
from tests.definitions import interval
from tests.serve_models import AS_OF

ROWS = 200
TRADES = RuleSettings.model_validate({"name": "our trades", "attribute": "industry", "is": ["Software", "Retail"]})
SIZES = RuleSettings.model_validate({"name": "our sizes", "attribute": "employees", "under": 300})


def proposing(*rules: RuleSettings, policy: Policy | None = None) -> Scorer:
    made = icp_bundles.of(icp_bundles.SIZE, icp_bundles.INDUSTRY)
    proposals = tuple(
        Proposal(rule=rule, kind="boundary", deals=400, won=140, win_rate=interval(0.35), why="nearly all")
        for rule in rules
    )
    definition = made.model_copy(update={"proposals": proposals})
    return Scorer(replace(serve_models.bundle(), definition=definition, policy=policy or Policy()))


def test_the_first_rule_that_a_row_is_known_not_to_meet_is_named() -> None:
    """By hand: another trade, else 300 employees or more; what is not known is not outside."""
    frame = serve_models.frame(ROWS, 5)
    found = proposing(TRADES, SIZES).score(frame, as_of=AS_OF)
    employees = frame["employees"].str.replace(",", "").astype(float)
    for row in range(ROWS):
        expected = None
        if employees[row] >= 300:
            expected = "our sizes"
        if frame["industry"][row] in ("Energy", "Health"):
            expected = "our trades"
        told = found[OUTSIDE][row]
        assert (None if pd.isna(told) else told) == expected
    assert found[OUTSIDE].nunique() == 2


def test_nothing_else_changes_and_without_a_proposal_there_is_no_column() -> None:
    frame = serve_models.frame(ROWS, 5)
    plain = proposing().score(frame, as_of=AS_OF)
    assert OUTSIDE not in plain.columns
    told = proposing(TRADES).score(frame, as_of=AS_OF)
    pd.testing.assert_frame_equal(told.drop(columns=OUTSIDE).astype(object), plain.astype(object))


def test_an_approved_rule_is_a_mark_and_no_proposal_any_more() -> None:
    found = proposing(TRADES, policy=Policy(boundary=(TRADES,))).score(serve_models.frame(ROWS, 5), as_of=AS_OF)
    assert OUTSIDE not in found.columns
    assert "outside the market: our trades" in set(found["status"])


def test_an_id_column_of_the_same_name_is_refused() -> None:
    made = proposing(TRADES)
    named = made.bundle.prospects.model_copy(update={"id": OUTSIDE})
    clashing = Scorer(replace(made.bundle, prospects=named))
    frame = serve_models.frame(5, 1).rename(columns={"domain": OUTSIDE})
    with pytest.raises(ConfigError, match=f"the id column is called '{OUTSIDE}', and so is a column of the output"):
        clashing.score(frame, as_of=AS_OF)
