"""What the formats are given in tests: the made-up definition with its rules, of a third version."""

from __future__ import annotations

from icp_ml.deals.settings import ProspectsSettings
from icp_ml.profile.definition import Definition
from icp_ml.profile.tiering import Policy
from icp_ml.serve.exports.stamp import Exported
from tests.definitions import ATTRIBUTES, boundary, definition, exclusions

LIST_NAMES = {"Headcount": "Employees", "Stack": "Tools"}
"""From two columns of the list to the columns of the attributes employees and tools."""


def exported(of: Definition | None = None) -> Exported:
    """The export of a definition, by default the made-up one."""
    return Exported(
        definition=of or definition(),
        policy=Policy(exclusions=exclusions(), boundary=boundary()),
        attributes=ATTRIBUTES,
        prospects=ProspectsSettings(map=LIST_NAMES),
        name="icp",
        version=3,
        content_hash="5f2c",
        created="2025-06-30T09:00:00+00:00",
    )
