"""Tables of dated rows beside the deals, and what their columns mean.

tables:
  technologies: {source: technologies.csv, account: account, tool: tool, category: category,
                 first_seen: first_seen, last_seen: last_seen}
  signals: {source: signals.csv, account: account, type: type, occurred: occurred, known: known, value: value}
  contacts: {source: contacts.csv, account: account, seniority: seniority, since: since}
  account_history: {source: account_history.csv, id: AccountId, field: Field, changed: CreatedDate, old: OldValue}

How attributes are made of them is in `recipes`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from icp_ml.deals.settings import ColumnName, DateOrder, FileSettings, Settings, TablesSettings, Word, Words
from icp_ml.deals.source_settings import Source
from icp_ml.deals.sources import Declared
from icp_ml.deals.taxonomy import ToolEntry

Roles = dict[Word, Words]
Renamed = dict[Word, ColumnName]


def _form_of_tools(value: object) -> str:
    return "[tools]" if isinstance(value, list | tuple) else "[path]"


Tools = Annotated[
    Annotated[Word, Tag("[path]")] | Annotated[tuple[ToolEntry, ...], Tag("[tools]")], Discriminator(_form_of_tools)
]

LAPSE_DAYS = 90
"""Days after the last sighting of a tool for which it still counts as in use. We chose it: technology vendors look
at a site every few weeks, and a tool that was not seen for a quarter is gone."""


class DatedSettings(FileSettings):
    """What every table of dated rows has.

    `account`: which account a row is about, as `deals.account` names it. `date_order`: how days are written.
    `complete`: every account was watched all the time, so that no row means none; otherwise an account without a row
    known by the day is one of which nothing is known.
    """

    source: Source
    account: ColumnName
    date_order: DateOrder = "iso"
    complete: bool = False


class SignalsSettings(DatedSettings):
    """Dated signals, one a row.

    `occurred`: the day on which it happened. `known`: the day on which it became known; by default the same day.
    `value`: how much, or which. `source_of`: where it was seen. `party`: "first" or "third".
    `title`: a text in which the words of `roles` are looked for, such as the title of a job posting; `roles`: words by
    role.
    """

    type: ColumnName | None = None
    occurred: ColumnName
    known: ColumnName | None = None
    value: ColumnName | None = None
    source_of: ColumnName | None = None
    party: ColumnName | None = None
    title: ColumnName | None = None
    roles: Roles = Field(default={})


class TechnologiesSettings(DatedSettings):
    """Tools seen at accounts, one a row; each counts from `first_seen` to `lapse` days after `last_seen`.

    `last_seen` empty: still in use. `known`: the day on which the row became known; by default `first_seen`.
    `contract_end`: the day on which the contract ends, where it is known. `category`: wins over the taxonomy.
    `taxonomy`: a file of tools (see `taxonomy`) that adds to the shipped ones and wins over them, or the tools
    themselves. `shipped`: whether the shipped tools are used.
    """

    tool: ColumnName
    category: ColumnName | None = None
    first_seen: ColumnName
    last_seen: ColumnName | None = None
    known: ColumnName | None = None
    contract_end: ColumnName | None = None
    lapse: Annotated[int, Field(ge=0)] = LAPSE_DAYS
    taxonomy: Tools | None = None
    shipped: bool = True


class ContactsSettings(DatedSettings):
    """People at accounts, one a row. `since`: the day from which the contact was on record."""

    since: ColumnName
    seniority: ColumnName | None = None
    title: ColumnName | None = None
    roles: Roles = Field(default={})


class HistorySettings(FileSettings):
    """What a record said before each change, one change of one field a row.

    `id`: which record. `field`: which column of the record. `changed`: when. `old`: what it said until then.
    `fields`: names that the history has for columns that are called otherwise.
    """

    source: Source
    id: ColumnName
    field: ColumnName
    changed: ColumnName
    old: ColumnName
    date_order: DateOrder = "iso"
    fields: Renamed = Field(default={})


class DatedTables(Settings):
    """The tables that attributes are made of, which a bundle carries so that prospects are read alike."""

    technologies: TechnologiesSettings | None = None
    signals: SignalsSettings | None = None
    contacts: ContactsSettings | None = None


class JoinedTables(TablesSettings, DatedTables):
    """All tables beside the deals. The histories rewind what accounts and deals say today to the opening."""

    account_history: HistorySettings | None = None
    deal_history: HistorySettings | None = None

    def declared(self) -> tuple[Declared, ...]:
        """Every table that is declared, accounts first."""
        dated = (self.technologies, self.signals, self.contacts)
        every = (self.accounts, *self.lookups, self.rates, *dated, self.account_history, self.deal_history)
        return tuple(table for table in every if table is not None)

    def taxonomy_file(self, root: Path) -> Path | None:
        """The company's own file of tools, where there is one."""
        own = None if self.technologies is None else self.technologies.taxonomy
        return root / own if isinstance(own, str) else None

    def dated(self) -> DatedTables:
        """Those that prospects have too."""
        return DatedTables(technologies=self.technologies, signals=self.signals, contacts=self.contacts)
