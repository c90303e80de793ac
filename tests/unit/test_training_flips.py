"""Tiers under the error of bought figures: none without error, more with more of it."""

from __future__ import annotations

import numpy as np

from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_training.flips import TierFlips, tier_flips
from tests import serve_models


def listed(rows: int = 300) -> ParsedTable:
    day = np.full(rows, np.datetime64(serve_models.AS_OF))
    return parse_attributes(serve_models.raw_list(rows, 4), serve_models.ATTRIBUTES, day)


def flips(error: float, name: str = "employees") -> TierFlips | None:
    return tier_flips(serve_models.scorer().bundle, listed(), {name: error}, 7)


def test_more_error_turns_more_tiers_and_hardly_any_error_turns_none() -> None:
    found = [flips(error) for error in (1e-9, 0.1, 0.9)]
    assert all(each is not None for each in found)
    shares = [each.share for each in found if each is not None]
    assert shares[0] == 0.0
    assert shares[0] <= shares[1] < shares[2] <= 1.0


def test_the_share_lies_in_its_interval_and_is_told_with_the_attribute() -> None:
    found = flips(0.3)
    assert found is not None
    assert 0.0 <= found.low <= found.share <= found.high <= 1.0
    assert "300 prospects" in found.sentence
    assert "employees (off by 30%)" in found.sentence


def test_an_attribute_that_the_model_does_not_use_turns_nothing() -> None:
    assert flips(0.3, "nothing of ours") is None
    assert tier_flips(serve_models.scorer().bundle, listed(), {}, 7) is None


def test_an_error_of_what_is_no_number_turns_nothing() -> None:
    """A category has none that could be told in per cent."""
    found = flips(0.9, "industry")
    assert found is not None
    assert (found.share, found.low, found.high) == (0.0, 0.0, 0.0)
