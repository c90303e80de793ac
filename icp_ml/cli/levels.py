"""The level and the intervals of probabilities, as they are asked for on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_ml.serve.loading import AnyScorer


def at_level(scorer: AnyScorer, base_rate: float | None, *, intervals: bool) -> AnyScorer:
    """The scorer with a stated base rate and intervals, where they are asked for.

    Raises `ConfigError` where its model has no probability, or was made before there were any.
    """
    from icp_ml.serve.scoring import Scorer

    if base_rate is None and not intervals:
        return scorer
    if not isinstance(scorer, Scorer):
        raise ConfigError(
            "--base-rate and --intervals speak of a probability, and this kind of model has none; leave both out"
        )
    return scorer.with_level(base_rate, intervals=intervals)
