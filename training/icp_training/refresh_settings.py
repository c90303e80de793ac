"""How long a version holds, and what makes it time for the next one.

refresh:
  every_days: 91                        # a young company may want 30
  expires_after_days: 91                # then a successor need not be better, only not worse
  events: [{on: 2025-06-02, what: launch of the starter plan}]
  heed_turns: true                      # learn only from deals since, where what is live began to order them wrongly
  scored: scored/*.parquet              # lists as they were given, for the review
  review: {representative: owner}       # what the review shows besides (review_settings.py)
"""

from __future__ import annotations

from datetime import date

from pydantic import Field

from icp_ml.deals.settings import Settings
from icp_ml.watch.gates import EXPIRES_AFTER
from icp_training.review_settings import ReviewSettings


class EventSettings(Settings):
    """Something that may have changed who buys. `on`: the day. `what`: in words."""

    on: date
    what: str = Field(min_length=1)


class RefreshSettings(Settings):
    """`every_days`: from one version to the next. `expires_after_days`: after so many days live a version gives way to
    one that is no better, but not worse. `events`: each makes a version due. `heed_turns`: leave out the
    deals of before a turn (`icp_training.turning`). `scored`: files below the project's root,
    with `*` for any text, that the review of a quarter reads. `review`: what it reads besides.
    """

    every_days: int = Field(default=EXPIRES_AFTER, ge=1)
    expires_after_days: int = Field(default=EXPIRES_AFTER, ge=1)
    events: tuple[EventSettings, ...] = ()
    heed_turns: bool = True
    scored: str | None = None
    review: ReviewSettings = ReviewSettings()
