"""By what a company is recognised, so that two accounts of one company are seen for what they are.

company:
  domain: Website                 # a column of the deals or of a table beside them
  name: Account Name
  hosts: [our-partner-portal.com] # domains that many companies share, beside the well-known ones
"""

from __future__ import annotations

from icp_ml.deals.settings import ColumnName, Settings, Words


class CompanySettings(Settings):
    """domain, name: columns of the deals or of a table beside them.

    Without them the account's own id is read as a web address where it is written as one, and as a name where it has no
    digit. `hosts`: domains on which many companies are found, so that sharing one says nothing.
    """

    domain: ColumnName | None = None
    name: ColumnName | None = None
    hosts: Words = ()

    def columns(self) -> tuple[str, ...]:
        """The columns to be read."""
        return tuple(column for column in (self.domain, self.name) if column is not None)
