"""The other tables of the CRM: accounts, technologies, signals, contacts and campaigns.

`accounts` holds what is known today; the others are dated rows from which any earlier day can be
reconstructed. Each keeps to the accounts that the CRM knows, and each row's account is one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from icp_training.world.accounts import NEVER, Population
from icp_training.world.catalogue import FUNDING_STAGES, TOOL_CATEGORIES, TOOL_NAMES
from icp_training.world.deals import Book
from icp_training.world.events import KINDS
from icp_training.world.observing import Gap, Rows, missing_on, seen_frame
from icp_training.world.streams import stream
from icp_training.world.text import Bools, Column, Ints, frame, iso_dates, levels_of, numbered, yes_no
from icp_training.world.winning import WinModel

_NAMES = (
    "Quorfin", "Belvarth", "Tindroke", "Osmerley", "Pralvex", "Hundrowe", "Kestivar", "Molvanta", "Fennimax",
    "Drovella", "Ulbrecka", "Sarnvick", "Wexholm", "Yarrovia", "Grintash", "Loquarde", "Nefarlin",
    "Cindrovan", "Vastmeer", "Jorbleck", "Ambrovex", "Ettlesworn", "Zopfhaus", "Ruvenlac",
)  # fmt: skip
_SUFFIXES = ("Labs", "Group", "Works", "Systems", "Partners", "Industries", "Trading", "Services")
_TITLES = (
    ("Chief Executive", "C-level"), ("Chief Financial Officer", "C-level"), ("VP Sales", "VP"),
    ("VP Operations", "VP"), ("Director of IT", "Director"), ("Director of Marketing", "Director"),
    ("Sales Operations Manager", "Manager"),
    ("IT Manager", "Manager"), ("Analyst", "Individual"), ("Specialist", "Individual"),
)  # fmt: skip
_WAVES = 12


@dataclass(frozen=True)
class Customers:
    """The accounts in the CRM: `account` indexes the population in ascending order; account n has id A-n."""

    account: Ints

    def ids_of(self, account: Ints) -> Column:
        """The ids of accounts that are all in the CRM."""
        return numbered("A", np.searchsorted(self.account, account) + 1, 7)

    def place(self, account: npt.NDArray[np.integer], size: int) -> Bools:
        """Whether each account is in the CRM; `size` is that of the population."""
        inside = np.zeros(size, dtype=np.bool_)
        inside[self.account] = True
        placed: Bools = inside[account]
        return placed


def company_columns(account: Ints) -> dict[str, Column]:
    """Invented names and domains, distinct for distinct accounts."""
    mixed = (account * 7919 + 13) % (len(_NAMES) * len(_SUFFIXES))
    words = levels_of(_NAMES, mixed % len(_NAMES))
    suffixes = levels_of(_SUFFIXES, mixed // len(_NAMES))
    numbers = numbered("", account + 1, 4)
    return {
        "company": pc.binary_join_element_wise(words, suffixes, numbers, " "),
        "domain": pc.binary_join_element_wise(pc.utf8_lower(words), "-", numbers, ".example", ""),
    }


def account_frame(
    population: Population, customers: Customers, names: Sequence[str], gaps: Mapping[str, Gap]
) -> pd.DataFrame:
    """`account_id`, `company`, `domain`, and the attributes as the CRM has them on the extract date."""
    rows = Rows(customers.account, np.full(len(customers.account), population.today))
    keys = frame({"account_id": customers.ids_of(customers.account), **company_columns(customers.account)})
    return pd.concat([keys, seen_frame(population, names, rows, gaps, "crm")], axis=1)


def technology_frame(population: Population, customers: Customers, gap: Gap) -> pd.DataFrame:
    """`account`, `tool`, `category`, `first_seen`, `last_seen`; no rows for accounts whose stack nobody
    looked at.
    """
    today = Rows(customers.account, np.full(len(customers.account), population.today))
    looked_at = customers.account[~missing_on(population, "tools", today, gap, "crm")]
    first, last = population.tool_first[looked_at], population.tool_last[looked_at]
    rows, tools = np.nonzero(first != NEVER)
    return frame(
        {
            "account": customers.ids_of(looked_at[rows]),
            "tool": levels_of(TOOL_NAMES, tools),
            "category": levels_of(TOOL_CATEGORIES, tools),
            "first_seen": iso_dates(first[rows, tools]),
            "last_seen": iso_dates(last[rows, tools]),
        }
    )


def signal_frame(seed: int, population: Population, customers: Customers, book: Book) -> pd.DataFrame:
    """`account`, `type`, `occurred`, `known`, `value`, `source`, `party`; only what is known on the extract
    date.
    """
    parts = [_events(population, customers, name) for name in KINDS]
    parts += [_funding(population, customers), _mails(stream(seed, "mails"), customers, population, book)]
    return pd.concat(parts, ignore_index=True)


def _events(population: Population, customers: Customers, name: str) -> pd.DataFrame:
    events, kind = population.events[name], KINDS[name]
    kept = customers.place(events.account, population.size) & (events.known <= population.today)
    return frame(
        {
            "account": customers.ids_of(events.account[kept].astype(np.int64)),
            "type": _constant(name, int(kept.sum())),
            "occurred": iso_dates(events.occurred[kept]),
            "known": iso_dates(events.known[kept]),
            "value": pa.array(events.value[kept]),
            "source": levels_of(kind.sources, events.source[kept]),
            "party": _constant(kind.party, int(kept.sum())),
        }
    )


def _funding(population: Population, customers: Customers) -> pd.DataFrame:
    days, known = population.rounds[customers.account], population.rounds_known[customers.account]
    rows, rounds = np.nonzero(known <= population.today)
    return frame(
        {
            "account": customers.ids_of(customers.account[rows]),
            "type": _constant("funding_round", len(rows)),
            "occurred": iso_dates(days[rows, rounds]),
            "known": iso_dates(known[rows, rounds]),
            "value": pa.array((1 + rounds).astype(np.float64)),
            "source": levels_of(FUNDING_STAGES, 1 + rounds),
            "party": _constant("third", len(rows)),
        }
    )


def _mails(rng: np.random.Generator, customers: Customers, population: Population, book: Book) -> pd.DataFrame:
    """Opened mails while a deal runs, more where it will be won: they leak if nobody looks at the dates."""
    counts = np.where(book.state == 0, rng.poisson(np.where(book.won == 1, 2.0, 0.8)), 0)
    deal = np.repeat(np.arange(len(counts)), counts)
    ran = np.minimum(book.closed, population.today) - book.opened
    day = book.opened[deal] + np.floor(rng.random(len(deal)) * (ran[deal] + 1)).astype(np.int64)
    return frame(
        {
            "account": customers.ids_of(book.account[deal]),
            "type": _constant("email_open", len(deal)),
            "occurred": iso_dates(day),
            "known": iso_dates(day),
            "value": pa.array(np.ones(len(deal))),
            "source": _constant("mail", len(deal)),
            "party": _constant("first", len(deal)),
        }
    )


def _constant(text: str, size: int) -> Column:
    return pa.repeat(pa.scalar(text, pa.string()), size)


def contact_frame(seed: int, population: Population, customers: Customers) -> pd.DataFrame:
    """`account`, `contact_id`, `title`, `seniority`, `since`, `last_activity` (empty where none)."""
    rng = stream(seed, "contacts")
    account = np.repeat(customers.account, 1 + rng.poisson(1.5, len(customers.account)))
    size = len(account)
    title = rng.integers(0, len(_TITLES), size)
    since = population.today - rng.integers(0, 8 * 365, size)
    active = since + np.floor(rng.random(size) * (population.today - since + 1)).astype(np.int64)
    return frame(
        {
            "account": customers.ids_of(account),
            "contact_id": numbered("C", np.arange(1, size + 1), 7),
            "title": levels_of([title for title, _ in _TITLES], title),
            "seniority": levels_of([seniority for _, seniority in _TITLES], title),
            "since": iso_dates(since),
            "last_activity": iso_dates(active, rng.random(size) < 0.4),
        }
    )


def campaign_frame(seed: int, population: Population, customers: Customers, model: WinModel) -> pd.DataFrame:
    """`account`, `campaign`, `sent`, `replied`, `meeting`; likely buyers reply more often."""
    rng = stream(seed, "campaigns")
    account = np.repeat(customers.account, rng.poisson(0.8, len(customers.account)))
    wave = rng.integers(0, _WAVES, len(account))
    spacing = (population.today - population.start) // _WAVES
    sent = population.start + wave * spacing + rng.integers(0, max(1, spacing // 2), len(account))
    chance = model.probability(population, Rows(account, sent))
    replied = rng.random(len(account)) < 0.02 + 0.25 * chance
    meeting = replied & (rng.random(len(account)) < 0.4)
    return frame(
        {
            "account": customers.ids_of(account),
            "campaign": numbered("wave-", wave + 1, 2),
            "sent": iso_dates(sent),
            "replied": yes_no(replied.astype(np.int64)),
            "meeting": yes_no(meeting.astype(np.int64)),
        }
    )
