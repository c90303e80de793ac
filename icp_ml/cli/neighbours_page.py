"""What the terminal shows of the accounts that a prospect is most like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from icp_ml.cli.pages import add_row, plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.likeness import Likeness


def neighbours_page(found: Likeness) -> Iterator[RenderableType]:
    """The nearest accounts in a table, then whether they are near at all."""
    from rich.text import Text

    yield _table(found)
    yield from (Text(sentence) for sentence in _sentences(found))


def _table(found: Likeness) -> Table:
    table = plain_table("The accounts it is most like", "account", "outcome", "distance", "alike in", "unlike in")
    for each in (*found.won, *found.lost):
        add_row(table, each.account, each.outcome, f"{each.distance:.2f}", _lines(each.alike), _lines(each.unlike))
    return table


def _lines(texts: tuple[str, ...]) -> str:
    return "\n".join(texts) or "nothing that counts"


def _sentences(found: Likeness) -> Iterator[str]:
    if found.resembles_nothing:
        yield (
            f"It resembles nothing that was sold to before: the nearest account is {found.distance:.2f} away in "
            f"log-odds, and 99 of 100 accounts have one within {found.limit:.2f}."
            f" Behind it: {'; '.join(found.because)}."
        )
    elif found.limit is None:
        yield f"{found.accounts:,} accounts are too few to say what resembles nothing; that takes 99."
    else:
        yield (
            f"The nearest account is {found.distance:.2f} away in log-odds; 99 of 100 accounts have one within "
            f"{found.limit:.2f}."
        )
    if found.never_seen and not found.resembles_nothing:
        yield f"No account had this, and the model takes it for what is nearest: {'; '.join(found.never_seen)}."
    if found.accounts < found.of_accounts:
        yield f"Compared with {found.accounts:,} accounts drawn from {found.of_accounts:,}."
