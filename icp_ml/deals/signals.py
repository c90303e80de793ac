"""Signals and contacts as dated facts: what happened at an account, and who is on record there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from icp_ml.deals.as_of import Facts
from icp_ml.deals.dated_rows import RowsOfTable, Wanted, read_rows
from icp_ml.deals.point_in_time_settings import ContactsSettings, SignalsSettings
from icp_ml.deals.recipes import Recipe

VALUE = "value"


def read_signals(
    settings: SignalsSettings, root: Path, asked: frozenset[str], *, numbers: bool
) -> tuple[Facts, RowsOfTable]:
    """Signals as facts. asked: the columns of texts to be read. numbers: whether values are read as numbers.

    Raises what `read_rows` raises.
    """
    declared = {
        "type": settings.type,
        "value": settings.value,
        "source": settings.source_of,
        "party": settings.party,
        "title": settings.title,
    }
    rows = read_rows(
        "signals",
        settings,
        root,
        Wanted(
            account=settings.account,
            begin=settings.occurred,
            days={"known": settings.known} if settings.known else {},
            texts={name: column for name, column in declared.items() if column and name in asked},
            numbers={VALUE: settings.value} if settings.value and numbers else {},
        ),
    )
    known = rows.day("known", rows.days["begin"])
    return rows.facts(known=known, complete=settings.complete), rows.report


def read_contacts(settings: ContactsSettings, root: Path) -> tuple[Facts, RowsOfTable]:
    """Contacts as facts. Raises what `read_rows` raises."""
    texts = {"seniority": settings.seniority, "title": settings.title}
    wanted = Wanted(
        account=settings.account,
        begin=settings.since,
        texts={name: column for name, column in texts.items() if column},
    )
    rows = read_rows("contacts", settings, root, wanted)
    return rows.facts(known=rows.days["begin"], complete=settings.complete), rows.report


def texts_asked(kind: str, recipe: Recipe) -> set[str]:
    """The columns of texts that an attribute of signals or contacts asks about."""
    filters = {name for name in ("type", "source", "party", "seniority") if getattr(recipe, name)}
    is_text = kind in ("set", "category", "ordered") or recipe.measure == "distinct"
    return filters | ({recipe.text(kind)} if is_text else set()) | ({"title"} if recipe.role else set())


def plays_role(titles: Sequence[str], roles: Mapping[str, tuple[str, ...]], wanted: Sequence[str]) -> list[bool]:
    """Whether each title holds, as whole words and whatever the case, one of the words of a wanted role."""
    words = [word for role in wanted for word in roles[role]]
    pattern = re.compile(
        r"(?<!\w)(?:" + "|".join(re.escape(word.strip()) for word in words) + r")(?!\w)", re.IGNORECASE
    )
    return [bool(pattern.search(title)) for title in titles]
