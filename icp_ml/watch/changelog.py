"""An entry for a changelog, drafted from what changed: for a person to cut down and to say what follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from icp_ml.profile.records import Provenance
from icp_ml.watch.definition_diff import DefinitionDiff
from icp_ml.watch.diff_words import (
    changed_sentence,
    criterion_sentence,
    level_sentence,
    moves_sentences,
    rule_sentence,
    tier_words,
)
from icp_ml.watch.list_moves import ListMoves

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~])")


def changelog_entry(old: Provenance, new: Provenance, diff: DefinitionDiff | None, moves: ListMoves | None) -> str:
    """Markdown, ending in a line break. diff, moves: None where there are none to tell of."""
    lines = [f"## {_plain(new.name)} version {new.version} ({new.created[:10]})", "", _since(old, new)]
    if diff is not None:
        lines += ["", *_criteria(diff)]
        lines += (
            ["", "### Rules", "", *(f"- {_plain(rule_sentence(each))}" for each in diff.rules)] if diff.rules else []
        )
    if moves is not None:
        lines += ["", *_tiers(moves)]
    return "\n".join(lines) + "\n"


def _since(old: Provenance, new: Provenance) -> str:
    then, now = (each.extracted or "no dates" for each in (old, new))
    return f"Since {_plain(old.name)} version {old.version}. Deals until {then} then, until {now} now."


def _criteria(diff: DefinitionDiff) -> Iterator[str]:
    yield from ("### Criteria", "", changed_sentence(diff), "")
    yield from (f"- {_plain(criterion_sentence(each))}" for each in diff.changed())
    yield f"- {_plain(level_sentence(diff))}"


def _tiers(moves: ListMoves) -> Iterator[str]:
    yield from ("### Tiers", "")
    yield from (_plain(sentence) for sentence in moves_sentences(moves))
    if moves.counts.by_path:
        yield from ("", "| from | to | accounts |", "|---|---|---|")
    ordered = sorted(moves.counts.by_path.items(), key=lambda entry: (-entry[1], entry[0]))
    for (before, after), count in ordered:
        yield f"| {_plain(tier_words(before))} | {_plain(tier_words(after))} | {count:,} |"


def _plain(text: str) -> str:
    """Text that somebody's data may have written, without any meaning in Markdown and in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
