"""Where it stands which companies are customers already, or are being talked to.

known:
  source: deals.csv
  account: Website                                # what the list's id column refers to
  outcome: {column: Stage, won: [Closed Won], open: [Discovery, Proposal]}
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from icp_ml.deals.settings import Answers, ColumnName, FileSettings, Settings
from icp_ml.deals.source_settings import Source


class KnownOutcomeSettings(Settings):
    """Which values of the outcome column mean a customer and which an open deal; all others mean neither.

    Values are compared without regard to case or outer space.
    """

    column: ColumnName
    won: Answers = ()
    open: Answers = ()

    @model_validator(mode="after")
    def _each_value_means_one_thing(self) -> Self:
        if not (self.won or self.open):
            raise ValueError("expected at least one value in 'won' or 'open', found none")
        won = {value.strip().casefold() for value in self.won}
        for value in self.open:
            if value.strip().casefold() in won:
                raise ValueError(f"expected '{value}' to mean one thing, found it under 'won' and 'open'")
        return self


class KnownSettings(FileSettings):
    """The deals in which customers and open deals are recognised.

    account: the column with the same kind of id that the lists have, such as the web address.
    """

    source: Source
    account: ColumnName
    outcome: KnownOutcomeSettings
