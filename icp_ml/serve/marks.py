"""Rows that no tier is given, whatever their score: they are marked, never dropped.

In this order: a customer, an open deal, excluded by a rule, outside the market, an account met before on the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.policy import EXCLUDED, OUT_OF_SCOPE
from icp_ml.deals.rules import Rule, bind_rules, first_hit, outside
from icp_ml.profile.tiering import Policy
from icp_ml.serve.known import CUSTOMER, MARK_TEXTS, OPEN_DEAL, KnownAccounts
from icp_ml.serve.tier_book import LEAVE, NONE, SEE_FIRST

Arrow: TypeAlias = Any
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Marker:
    """exclusions, boundary: rules bound to attributes. known: None where nobody said who is a customer."""

    exclusions: tuple[Rule, ...]
    boundary: tuple[Rule, ...]
    known: KnownAccounts | None = None

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The status that each mark stands for."""
        return (
            MARK_TEXTS[CUSTOMER],
            MARK_TEXTS[OPEN_DEAL],
            *(f"excluded: {rule.settings.name}" for rule in self.exclusions),
            *(f"outside the market: {rule.settings.name}" for rule in self.boundary),
            "repeated account",
        )

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """For each text the tier whose action is taken, or the action itself."""
        rules = [EXCLUDED] * len(self.exclusions) + [OUT_OF_SCOPE] * len(self.boundary)
        return (LEAVE, LEAVE, *rules, SEE_FIRST)

    def codes(self, parsed: ParsedTable, ids: Arrow | None, repeated: NDArray[np.bool_], as_of: date | None) -> Codes:
        """int32[n]: places in `texts`, -1 where a row has no mark. ids: None where rows are only numbered."""
        codes = np.full(parsed.n_rows, NONE, dtype=np.int32)
        codes[repeated] = len(self.texts) - 1
        out = outside(self.boundary, parsed, as_of)
        codes = np.where(out >= 0, 2 + len(self.exclusions) + out, codes)
        hit = first_hit(self.exclusions, parsed, as_of)
        codes = np.where(hit >= 0, 2 + hit, codes)
        if self.known is not None and ids is not None:
            marks = self.known.marks(ids)
            codes = np.where(marks == OPEN_DEAL, 1, codes)
            codes = np.where(marks == CUSTOMER, 0, codes)
        return codes.astype(np.int32)


def make_marker(policy: Policy, attributes: Sequence[Attribute], known: KnownAccounts | None = None) -> Marker:
    """Raises `ConfigError` where a rule's attribute is not among `attributes`."""
    return Marker(bind_rules(policy.exclusions, attributes), bind_rules(policy.boundary, attributes), known)
