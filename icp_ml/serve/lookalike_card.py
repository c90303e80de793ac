"""The card of a model of resemblance, for people who will never open its other files. Markdown, nothing computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from icp_ml.profile.lookalike_records import (
    NOT_A_PROBABILITY,
    LookalikeProfile,
    LookalikeProvenance,
    LookalikeTierTable,
    LookalikeVerdict,
    SharedState,
)
from icp_ml.profile.records import Interval
from icp_ml.profile.tiering import Policy
from icp_ml.serve.card import policy_part


def lookalike_card(
    provenance: LookalikeProvenance,
    profile: LookalikeProfile,
    verdict: LookalikeVerdict,
    tiers: LookalikeTierTable,
    policy: Policy,
) -> str:
    """The text of card.md, UTF-8, ending in a line end."""
    parts = (
        _head(provenance, profile, verdict),
        _rows(provenance),
        judgement(verdict),
        _tiers(tiers),
        _common(profile),
        policy_part(policy),
        _use(),
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def judgement(verdict: LookalikeVerdict) -> Iterator[str]:
    """How good it is, as lines; for the card and for the terminal."""
    yield "## How good it is"
    yield ""
    yield verdict.sentence
    yield ""
    yield from (f"- {line}" for line in figures(verdict))
    yield from (f"- Beware: {warning}" for warning in verdict.warnings)
    yield from (f"- {line}" for line in question_lines(verdict))


def figures(verdict: LookalikeVerdict) -> Iterator[str]:
    """The figures, one sentence each."""
    reliable = "that is reliable" if verdict.reliable else "that may be chance"
    yield (
        f"Ranking: of a won account and a company of the universe the won one resembles more in "
        f"{percent(verdict.ranking)} of pairs (99 %); {reliable}. Companies of the universe that could be won as well "
        f"keep this under 100 %."
    )
    yield f"The top fifth of the universe holds {percent(verdict.top)} of the held-out won accounts (95 %)."
    yield f"A logistic regression on the same attributes ranks {verdict.logistic:.1%} of the pairs rightly."


def question_lines(verdict: LookalikeVerdict) -> Iterator[str]:
    """What was asked about the attributes, one sentence each."""
    for each in verdict.questions:
        done = "Left out" if each.left_out else "Used, because the configuration says so"
        answer = "; if that is a difference between companies, write use: yes" if each.left_out else ""
        yield f"{done}: {each.attribute} {each.evidence}{answer}."


def percent(found: Interval) -> str:
    """A share with its interval."""
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"


def states(found: Sequence[SharedState]) -> str:
    """Values with how common they are on either side; "nothing" where there are none."""
    texts = (
        f"{each.text} ({each.share_of_won:.0%} of won accounts, {each.share_of_universe:.0%} of the universe)"
        for each in found
    )
    return ", ".join(texts) or "nothing"


def _head(provenance: LookalikeProvenance, profile: LookalikeProfile, verdict: LookalikeVerdict) -> Iterator[str]:
    yield f"# {provenance.name}, version {provenance.version}"
    yield ""
    yield (
        f"A {NOT_A_PROBABILITY}. Learned from {profile.won:,} won accounts and {profile.universe:,} companies of a "
        f"universe; no loss was needed, and none was seen. Made {provenance.created}; the lists are of "
        f"{provenance.extracted or 'a day that is not known'}. Run: {provenance.run_id or 'none'}."
    )
    yield ""
    yield verdict.assumption
    if provenance.amended_from is not None:
        yield ""
        yield f"The model is that of version {provenance.amended_from}. Changed since, without training:"
        yield from (f"- {change}" for change in provenance.changes)


def _rows(provenance: LookalikeProvenance) -> Iterator[str]:
    yield "## Rows it was made of"
    yield ""
    yield from (f"- {step}: {rows:,}" for step, rows in provenance.ledger.items())


def _tiers(table: LookalikeTierTable) -> Iterator[str]:
    yield "## Tiers, on companies that their cuts did not see"
    yield ""
    yield "| tier | score | share of the universe | won accounts | share of won accounts (90 %) | times as common |"
    yield "|---|---|---|---|---|---|"
    for row in table.rows:
        times = f"{row.times.value:.2g} [{row.times.low:.2g}, {row.times.high:.2g}]"
        yield (
            f"| {row.label} | {row.score_from:g} to {row.score_to:g} | {row.share_of_universe:.1%} | {row.won:,} | "
            f"{percent(row.share_of_won)} | {times} |"
        )
    yield ""
    yield table.objective
    yield from (f"- {note}" for note in table.notes)


def _common(profile: LookalikeProfile) -> Iterator[str]:
    yield "## What won accounts have in common"
    yield ""
    for each in profile.presented():
        yield (
            f"- **{each.factor}** ({each.layer}): more common {states(each.more_common)}; less common "
            f"{states(each.less_common)}"
        )
    if not profile.presented():
        yield "No single attribute stands up given all the others."


def _use() -> Iterator[str]:
    yield "## How to read it"
    yield ""
    yield (
        "`resemblance` is the share of the universe, in per cent, that resembles the won accounts less. It orders a "
        "list; it is no chance to win, and no base rate makes it one. Reasons add up to the log-odds of standing in "
        "the list of won accounts rather than in the universe; their level means nothing, their differences order."
    )
