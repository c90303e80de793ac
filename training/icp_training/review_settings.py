"""What a review shows besides opportunities and wins, and where it stands.

refresh:
  review:
    channel: lead_source                  # columns of the deals
    representative: owner
    outreach:                             # one row for each time that an account was contacted
      source: outreach.csv
      account: domain                     # the same kind of id as the lists have
      contacted: sent_on                  # the day
      replied: replied_on                 # a day, or yes and no as of the deals' export; blank is no
      meeting: met_on
      channel: channel
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from icp_ml.deals.settings import ColumnName, DateOrder, FileSettings, Settings
from icp_ml.deals.source_settings import Source


class OutreachSettings(FileSettings):
    """Contacts. `account`: the id as lists have it. `contacted`: the day. `replied`, `meeting`: whether, or when; one
    of them at least. `channel`: by what. `date_order`: of all days.
    """

    source: Source
    account: ColumnName
    contacted: ColumnName
    replied: ColumnName | None = None
    meeting: ColumnName | None = None
    channel: ColumnName | None = None
    date_order: DateOrder = "iso"

    @model_validator(mode="after")
    def _says_what_came_of_it(self) -> Self:
        if self.replied is None and self.meeting is None:
            raise ValueError("expected 'replied' or 'meeting', found neither; name one of them")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """All that is read, each once."""
        named = (self.account, self.contacted, self.replied, self.meeting, self.channel)
        return tuple(dict.fromkeys(each for each in named if each is not None))


class ReviewSettings(Settings):
    """`channel`, `representative`: columns of the deals. `outreach`: who was contacted, and what came of it."""

    channel: ColumnName | None = None
    representative: ColumnName | None = None
    outreach: OutreachSettings | None = None

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns of the deals that are read."""
        return tuple(dict.fromkeys(each for each in (self.channel, self.representative) if each is not None))
