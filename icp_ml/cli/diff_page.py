"""What the terminal shows of what changed between two models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.records import Provenance
    from icp_ml.watch.definition_diff import CriterionThen, DefinitionDiff
    from icp_ml.watch.list_moves import ListMoves

SHOWN: Final = 20
"""Moved accounts on the page; all of them are in --json and in the output file."""


def diff_page(
    old: Provenance, new: Provenance, diff: DefinitionDiff | None, moves: ListMoves | None
) -> Iterator[RenderableType]:
    """The definition first, the largest change on top, then who changes tier."""
    from rich.text import Text

    yield Text(f"{old.name} version {old.version} -> {new.name} version {new.version}", style="bold")
    if old.target != new.target:
        yield f"ATTENTION: the old model predicts '{old.target}', the new one '{new.target}'."
    if diff is None:
        yield "One of the two models was made before there was a definition: criteria cannot be compared."
    else:
        yield from _definition_page(diff)
    if moves is not None:
        yield from _moves_page(moves)


def _definition_page(diff: DefinitionDiff) -> Iterator[RenderableType]:
    from rich.text import Text

    from icp_ml.watch.diff_words import changed_sentence, criterion_sentence, level_sentence, rule_sentence

    for place, change in enumerate(diff.changed()):
        yield Text(criterion_sentence(change), style="bold" if not place else "")
    yield changed_sentence(diff)
    yield level_sentence(diff)
    yield from (rule_sentence(rule) for rule in diff.rules)
    yield _criteria_table(diff)


def _criteria_table(diff: DefinitionDiff) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    table = plain_table("Every criterion, the largest change first", "", "then", "", "now", "", "change")
    for change in diff.criteria:
        add_row(table, change.kind, *_cells(change.before), *_cells(change.after), f"{change.change:.2f}")
    return table


def _cells(criterion: CriterionThen | None) -> tuple[str, str]:
    from icp_ml.cli.pages import percent

    if criterion is None:
        return "", ""
    inside = "" if criterion.inside is None else f", {percent(criterion.inside.win_rate)} won"
    return criterion.words, f"{criterion.points} points{inside}"


def _moves_page(moves: ListMoves) -> Iterator[RenderableType]:
    from icp_ml.watch.diff_words import moves_sentences

    yield from moves_sentences(moves)
    if not moves.moves:
        return
    yield _causes_table(moves)
    yield _paths_table(moves)
    yield _accounts_table(moves)


def _causes_table(moves: ListMoves) -> Table:
    from icp_ml.cli.pages import add_row, plain_table
    from icp_ml.watch.diff_words import tier_words

    counts = moves.counts
    table = plain_table("Why accounts moved, and what each step did to the tiers", "cause", "accounts", "tiers")
    table.columns[1].justify = "right"
    for cause, count in counts.by_cause.items():
        net = ", ".join(f"{tier_words(label)} {change:+,}" for label, change in counts.net[cause].items())
        add_row(table, cause, f"{count:,}", net)
    add_row(table, "all", f"{counts.moved:,}", "")
    return table


def _paths_table(moves: ListMoves) -> Table:
    from icp_ml.cli.pages import add_row, plain_table
    from icp_ml.watch.diff_words import tier_words

    table = plain_table("From tier to tier", "from", "to", "accounts")
    table.columns[2].justify = "right"
    for (before, after), count in sorted(moves.counts.by_path.items(), key=lambda entry: (-entry[1], entry[0])):
        add_row(table, tier_words(before), tier_words(after), f"{count:,}")
    return table


def _accounts_table(moves: ListMoves) -> Table:
    from icp_ml.cli.pages import add_row, plain_table
    from icp_ml.watch.diff_words import tier_words

    shown = moves.moves[:SHOWN]
    title = "Accounts that moved" if len(shown) == len(moves.moves) else f"{SHOWN} of them; --output writes all"
    table = plain_table(title, "account", "from", "to", "cause", "because of")
    for move in shown:
        by = "" if move.by is None else f" ({move.by:+.2f})"
        add_row(table, move.id, tier_words(move.before), tier_words(move.after), move.cause, f"{move.because}{by}")
    return table
