"""How long a version holds.

refresh: {expires_after_days: 91}     # then its successor need not be better, only not worse
"""

from __future__ import annotations

from pydantic import Field

from icp_ml.deals.settings import Settings
from icp_ml.watch.gates import EXPIRES_AFTER


class RefreshSettings(Settings):
    """`expires_after_days`: after so many days live a version gives way to one that is no better, but not worse."""

    expires_after_days: int = Field(default=EXPIRES_AFTER, ge=1)
