"""Whom to leave alone: rules in force, and rules that the deals suggest and nobody has approved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from icp_ml.profile.condition_words import rule_words
from icp_ml.profile.definition import Proposal
from icp_ml.profile.tiering import Policy
from icp_ml.serve.bundle import Bundle
from icp_training.report import charts
from icp_training.report.numbers import parted, percent, rate, won_of
from icp_training.report.parts import Cell, Chart, Part, Section, Table, Words, rows_of


def anti_icp(bundle: Bundle) -> Section:
    """Exclusions and the market's boundary."""
    return Section("anti-icp", "Whom to leave alone", tuple(_parts(bundle)), terms=("exclusion", "boundary"))


def _parts(bundle: Bundle) -> Iterator[Part]:
    yield rules_in_force(bundle.policy)
    proposals = () if bundle.definition is None else bundle.definition.proposals
    exclusions = [each for each in proposals if each.kind == "exclusion"]
    if exclusions:
        yield _chart(exclusions, bundle)
    else:
        yield Words("The deals suggest no exclusion: no kind of company wins too little for it to be chance.")
    boundaries = [each for each in proposals if each.kind == "boundary"]
    if boundaries:
        rows = rows_of([(each.rule.name, Cell(each.why, counts=parted(each.won, each.deals))) for each in boundaries])
        yield Table("Boundaries of the market that the deals suggest", ("boundary", "why"), rows)
    if proposals:
        yield Words("A suggested rule counts once a person has approved it: icp amend --approve NAME --reason WHY.")


def rules_in_force(policy: Policy) -> Table | Words:
    """Exclusions and the market's boundary, as people decided them."""
    in_force = [("excluded", rule) for rule in policy.exclusions] + [("only within", rule) for rule in policy.boundary]
    if not in_force:
        return Words("No rule is in force: nobody is left out by a rule.")
    rows = rows_of([(kind, rule.name, rule_words(rule), rule.reason) for kind, rule in in_force])
    return Table("Rules in force", ("what it does", "rule", "condition", "why"), rows)


def _chart(exclusions: Sequence[Proposal], bundle: Bundle) -> Chart:
    bars = [
        charts.Bar(rule_words(each.rule), each.win_rate, f"{each.won:,} of {each.deals:,} won") for each in exclusions
    ]
    whole = bundle.profile.win_rate.value
    figure = charts.intervals(
        [charts.Series("win rate", charts.ORANGE, bars)], "share of deals won (bars: 95 %)", line=whole
    )
    rows = [
        (each.rule.name, rule_words(each.rule), won_of(each.won, each.deals), rate(each.win_rate), each.why)
        for each in exclusions
    ]
    numbers = Table(
        "Suggested exclusions, none in force",
        ("rule", "condition", "all such deals", "win rate on deals that did not choose it (95 %)", "why"),
        rows_of(rows),
        frozenset({3}),
    )
    worst = min(exclusions, key=lambda each: each.win_rate.high)
    finding = (
        f"{len(exclusions)} kinds of company win surely less than the {percent(whole)} of all deals; the surest, "
        f"{rule_words(worst.rule)}, at most {percent(worst.win_rate.high)}."
    )
    return Chart("exclusions", finding, figure, numbers, charts.height_of(len(bars)))
