"""The card: what a bundle is, for people who will never open its other files. Markdown, and nothing computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from icp_ml.profile.honesty import calibration_told, which_to_believe
from icp_ml.profile.ideal_wins import ideal_sentence
from icp_ml.profile.potential import PotentialRecord
from icp_ml.profile.records import Interval, Profile, Provenance, Verdict
from icp_ml.profile.several import ProfilesRecord
from icp_ml.profile.tiering import Policy, Tiering
from icp_ml.profile.tiers import TierTable
from icp_ml.serve.calibration_file import level_sentence


@dataclass(frozen=True)
class Beside:
    """What not every bundle has. base_rate: that was stated. defined: the lines about the ICP as a definition.

    profiles: several ICPs, each a bundle below this one.
    """

    potential: PotentialRecord | None = None
    base_rate: float | None = None
    defined: tuple[str, ...] = ()
    profiles: ProfilesRecord | None = None


NOTHING_BESIDE: Final = Beside()


def card(
    provenance: Provenance,
    profile: Profile,
    verdict: Verdict,
    tiering: Tiering,
    policy: Policy,
    *,
    beside: Beside = NOTHING_BESIDE,
) -> str:
    """The text of card.md, UTF-8, ending in a line end."""
    parts = (
        _head(provenance, profile),
        _rows(provenance),
        _judgement(verdict),
        _tiers(tiering.table),
        *([] if beside.potential is None else [_potential(beside.potential)]),
        *([] if not beside.defined else [beside.defined]),
        *([] if beside.profiles is None else [_profiles(beside.profiles)]),
        _icp(profile),
        policy_part(policy),
        _use(provenance, beside.base_rate),
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(provenance: Provenance, profile: Profile) -> Iterator[str]:
    yield f"# {provenance.name}, version {provenance.version}"
    yield ""
    yield (
        f"Learned from {profile.deals:,} deals of {profile.accounts:,} accounts, {_percent(profile.win_rate)} of them "
        f"won. Target: `{provenance.target}`. Made {provenance.created}; the data reach to "
        f"{provenance.extracted or 'a day that is not known'}. Run: {provenance.run_id or 'none'}."
    )
    if provenance.ideal:
        yield ""
        yield from (f"- {note}" for note in provenance.ideal)
    if provenance.amended_from is not None:
        yield ""
        yield f"The model is that of version {provenance.amended_from}. Changed since, without training:"
        yield from (f"- {change}" for change in provenance.changes)
    if provenance.refreshed:
        yield ""
        yield provenance.refreshed[0]
        yield from (f"- {change}" for change in provenance.refreshed[1:])


def _rows(provenance: Provenance) -> Iterator[str]:
    yield "## Rows it was made of"
    yield ""
    yield from (f"- {step}: {rows:,}" for step, rows in provenance.ledger.items())


def _judgement(verdict: Verdict) -> Iterator[str]:
    yield "## How good it is"
    yield ""
    yield verdict.sentence
    yield ""
    own, base = verdict.figures.get("icp-ml", {}), verdict.figures.get("base rate", {})
    for name in own:
        beside = f" (base rate: {base[name].value:.3f})" if name in base else ""
        yield f"- {name.replace('_', ' ')}: {_figure(own[name])}{beside}"
    if verdict.adapted is not None:
        yield f"- {verdict.adapted.sentence}"
    if verdict.ideal is not None:
        yield f"- {ideal_sentence(verdict.ideal)}"
    yield from (f"- Beware: {warning}" for warning in verdict.warnings)
    rates = verdict.base_rates
    told = (calibration_told(verdict), which_to_believe(verdict), None if rates is None else rates.sentence)
    sentences = [sentence for sentence in told if sentence and sentence not in verdict.warnings]
    yield from ("", *sentences) if sentences else ()
    if verdict.reliability:
        yield from ("", "| predicted | deals | won | observed (95 %) |", "|---|---|---|---|")
    for each in verdict.reliability:
        yield f"| {each.predicted:.1%} | {each.deals:,} | {each.won:,} | {_percent(each.win_rate)} |"


def _tiers(table: TierTable) -> Iterator[str]:
    yield "## Tiers, on deals that their cuts did not see"
    yield ""
    yield "| tier | score | deals | won | win rate (90 %) | share of wins | odds against the next tier |"
    yield "|---|---|---|---|---|---|---|"
    for row in table.rows:
        odds = "" if row.odds_ratio_to_next is None else _figure(row.odds_ratio_to_next)
        yield (
            f"| {row.label} | {row.score_from:g} to {row.score_to:g} | {row.deals:,} | {row.won:,} | "
            f"{_percent(row.win_rate)} | {row.share_of_wins:.0%} | {odds} |"
        )
    yield ""
    yield table.objective
    yield from (f"- {note}" for note in (*table.notes, *table.warnings))
    yield from (
        f"- Tier {row.label}: {row.share:.0%} of the wins of grade A; {_percent(row.rate)} (90 %) of its deals are one."
        for row in table.ideal
    )


def _potential(potential: PotentialRecord) -> Iterator[str]:
    yield "## What a win brings, beside the score"
    yield ""
    for outcome in potential.outcomes():
        yield f"- {outcome.sentence}"
        if outcome.range_sentence:
            yield f"- {outcome.range_sentence}"
    if potential.tiers:
        yield ""
        yield "| tier | deals | won | value won | pipeline value | expected value | mean ACV (90 %) |"
        yield "|---|---|---|---|---|---|---|"
    for row in potential.tiers:
        mean = "too few" if row.mean_acv is None else _money(row.mean_acv)
        yield (
            f"| {row.label} | {row.deals:,} | {row.won:,} | {row.won_value:,.0f} | {row.pipeline_value:,.0f} | "
            f"{row.expected_value:,.0f} | {mean} |"
        )
    if potential.notes:
        yield ""
    yield from (f"- {note}" for note in potential.notes)


def _money(found: Interval) -> str:
    return f"{found.value:,.0f} [{found.low:,.0f}, {found.high:,.0f}]"


def _profiles(profiles: ProfilesRecord) -> Iterator[str]:
    yield "## Several ICPs"
    yield ""
    yield "What stands above and below is of all deals. Each profile has a card of its own in `profiles/NAME`."
    yield ""
    yield from (f"- {each.sentence}" for each in profiles.profiles)
    yield from (f"- Beware: {note}" for note in profiles.notes)


def _icp(profile: Profile) -> Iterator[str]:
    yield "## What is looked for"
    yield ""
    for attribute in profile.presented():
        helps = _conditions([condition.text for condition in attribute.helps])
        hurts = _conditions([condition.text for condition in attribute.hurts])
        asked = f" ({attribute.asked})" if attribute.asked else ""
        yield f"- **{attribute.factor}** ({attribute.layer}): helps {helps}; hurts {hurts}{asked}"
    if not profile.presented():
        yield "No single attribute stands up given all the others."


def _conditions(texts: Sequence[str]) -> str:
    return ", ".join(texts) or "nothing"


def policy_part(policy: Policy) -> Iterator[str]:
    """The lines about exclusions and boundary, which a card of any kind has."""
    yield "## Rules"
    yield ""
    rules = [
        *(f"- excluded: {rule.name}{_why(rule.reason)}" for rule in policy.exclusions),
        *(f"- in the market only: {rule.name}{_why(rule.reason)}" for rule in policy.boundary),
    ]
    yield from rules or ["None."]


def _why(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _use(provenance: Provenance, base_rate: float | None) -> Iterator[str]:
    yield "## How to read it"
    yield ""
    yield (
        f"The probability is that of `{provenance.target}` for an opportunity that was opened and closes. For "
        "companies that nobody talks to yet the order is supported by the deals, and the level is an assumption. "
        "Reasons add up to the log-odds that order the list; they say what the model uses, not what causes a win."
    )
    if base_rate is not None:
        yield ""
        yield level_sentence(base_rate)


def _figure(found: Interval) -> str:
    return f"{found.value:.3g} [{found.low:.3g}, {found.high:.3g}]"


def _percent(found: Interval) -> str:
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"
