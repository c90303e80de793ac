"""Where a hand-weighted scorecard comes from, as a frozen record that is read and written as JSON."""

from __future__ import annotations

from typing import Final

from icp_ml.profile.records import Record

NOT_A_PROBABILITY: Final = "hand-weighted scorecard, not a probability"
"""What it is called wherever its answers are shown."""


class WeightedProvenance(Record):
    """A configuration and nothing else: nothing was learned, so there are no deals, no target and no run.

    created: ISO date and time. notes: what was done to the weights as written, in words. amended_from: the version
    whose weights these are, where tiers, rules or actions were changed since; changes: what, and why, in words.
    """

    name: str
    version: int
    created: str
    code_version: str
    config_hash: str
    notes: tuple[str, ...] = ()
    amended_from: int | None = None
    changes: tuple[str, ...] = ()

    @property
    def target(self) -> None:
        """Nothing is predicted: always None, so that pages which name a target can ask any provenance."""
        return None
