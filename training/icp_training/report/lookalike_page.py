"""The page of a model of resemblance: what won accounts have in common, and how far that can be believed.

No loss was seen, so nothing on it is a chance to win: shares of won accounts stand beside shares of the universe.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from icp_ml.profile.lookalike_records import LookalikeAttribute, LookalikeTierTable, LookalikeVerdict, SharedState
from icp_ml.profile.records import Interval
from icp_ml.serve.lookalike_bundle import LookalikeBundle, StoredLookalike
from icp_ml.serve.lookalike_card import figures, question_lines
from icp_training.report import charts
from icp_training.report.acting import SWARMED
from icp_training.report.answer import tier_name
from icp_training.report.anti_icp import rules_in_force
from icp_training.report.model_card import LIMITS, facts_of
from icp_training.report.numbers import count, percent, rate, share
from icp_training.report.page import Heading, page
from icp_training.report.parts import Chart, Listed, Part, Section, Table, Words, rows_of
from icp_training.report.prospects import Beside, prospects
from icp_training.report.trust import missing, rows_made_of


def lookalike_report(stored: StoredLookalike, scored: Path | None = None) -> str:
    """The page. scored: an output of `icp score` of this model, whose best rows are shown too.

    Raises `InputError` where it is none.
    """
    bundle = stored.bundle
    beside = Beside(
        stored.content_hash,
        tuple((row.label, row.share_of_universe) for row in bundle.tiering.table.rows),
        "of the universe",
    )
    sections = (
        Section("answer", "The answer", tuple(_answer(bundle)), terms=("tier", "interval")),
        *([] if scored is None else [prospects(beside, scored)]),
        Section("attributes", "What won accounts have in common", tuple(_common(bundle)), terms=("contribution",)),
        Section("anti-icp", "Whom to leave alone", (rules_in_force(bundle.policy),)),
        Section("tiers", "Tiers", tuple(_tiers(bundle.tiering.table)), terms=("tier", "score")),
        Section("trust", "Can it be trusted?", tuple(_trust(bundle)), terms=("AUC", "interval")),
        Section("card", "Where it comes from", tuple(_card(stored)), terms=("bundle", "content hash")),
    )
    return page(_heading(bundle), sections)


def _heading(bundle: LookalikeBundle) -> Heading:
    made, profile = bundle.provenance, bundle.profile
    return Heading(
        f"Who resembles your customers: {made.name}, version {made.version}",
        f"Learned from {profile.won:,} won accounts beside {profile.universe:,} other companies; made "
        f"{made.created[:10]}. It orders companies by resemblance, which is no chance to win.",
    )


def _answer(bundle: LookalikeBundle) -> Iterator[Part]:
    yield usable(bundle.verdict)
    yield from (Words(warning, "warning") for warning in bundle.verdict.warnings)
    shown = [f"{each.factor}: {_named(each.more_common)}" for each in bundle.profile.presented() if each.more_common]
    if shown:
        yield Words("More common among won accounts than among other companies:")
        yield Listed(tuple(shown))
    else:
        yield Words("No single attribute tells won accounts from other companies surely enough to be named.")
    yield _tier_chart(bundle.tiering.table)


def usable(verdict: LookalikeVerdict) -> Words:
    """May this be used? In words that nobody has to look up."""
    pairs = round(100 * verdict.ranking.value)
    told = (
        f"Tried on {verdict.won:,} won accounts and {verdict.universe:,} other companies that were kept aside, it put "
        f"the won one first in {pairs} of 100 pairs"
    )
    if not verdict.reliable:
        return Words(f"This may not be used to choose companies. {told}, and that may be chance.", "bad")
    return Words(
        f"This may be used to put companies in an order. {told}; chance would be 50. How likely a win is, it does not "
        "say.",
        "good",
    )


def _tier_chart(table: LookalikeTierTable) -> Chart:
    rows = table.rows
    bars = [charts.Bar(tier_name(each.label), each.share_of_won, f"{each.won:,} won accounts") for each in rows]
    universe = [
        charts.Bar(tier_name(each.label), _exact(each.share_of_universe), f"{each.universe:,} companies")
        for each in rows
    ]
    series = [
        charts.Series("won accounts", charts.BLUE, bars),
        charts.Series("other companies", charts.ORANGE, universe),
    ]
    figure = charts.intervals(series, "share that is in the tier (bars: 90 %)")
    first = rows[0]
    finding = (
        f"{tier_name(first.label).capitalize()} holds {percent(first.share_of_won.value)} of the won accounts and "
        f"{percent(first.share_of_universe)} of the other companies."
    )
    return Chart("tiers-answer", finding, figure, _tier_table(table), charts.height_of(len(rows)))


def _exact(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)


def _tier_table(table: LookalikeTierTable) -> Table:
    rows = [
        (
            tier_name(each.label),
            f"{each.score_from:g} to {each.score_to:g}",
            count(each.universe),
            share(each.share_of_universe),
            count(each.won),
            rate(each.share_of_won),
            f"{each.times.value:.2g} ({each.times.low:.2g} to {each.times.high:.2g})",
        )
        for each in table.rows
    ]
    headers = (
        *("tier", "score", "other companies", "of all", "won accounts", "of all (90 %)"),
        "times as common (90 %)",
    )
    return Table("Tiers on companies not learned from", headers, rows_of(rows), frozenset({2, 3, 4, 5, 6}))


def _common(bundle: LookalikeBundle) -> Iterator[Part]:
    attributes = bundle.profile.attributes
    if not attributes:
        yield Words("The model uses no attribute.")
        return
    shown = attributes[:SWARMED]
    figure = charts.bars([each.factor for each in shown], [each.share for each in shown], "share of the explanation")
    first = attributes[0]
    finding = f"{first.factor} carries most, {percent(first.share)} of the explanation."
    yield Chart("shares", finding, figure, _factors(attributes), charts.height_of(len(shown)))
    for each in bundle.profile.presented():
        yield _states(each)


def _factors(attributes: tuple[LookalikeAttribute, ...]) -> Table:
    rows = [
        (each.factor, share(each.share), f"{each.layer}, {each.axis}", percent(each.stability), each.reason)
        for each in attributes
    ]
    headers = ("factor", "share", "layer, axis", "found again", "shown or why not")
    return Table(f"All {len(rows)} factors", headers, rows_of(rows), frozenset({1, 3}))


def _states(each: LookalikeAttribute) -> Table:
    rows = [
        (said.text, count(said.won), share(said.share_of_won), count(said.universe), share(said.share_of_universe))
        for said in (*each.more_common, *each.less_common)
    ]
    headers = ("value", "won accounts", "of them", "other companies", "of them")
    caption = f"{each.factor}, among won accounts and other companies"
    return Table(caption, headers, rows_of(rows), frozenset({1, 2, 3, 4}))


def _named(states: tuple[SharedState, ...]) -> str:
    return "; ".join(
        f"{each.text} ({percent(each.share_of_won)} of won accounts, {percent(each.share_of_universe)} of others)"
        for each in states
    )


def _tiers(table: LookalikeTierTable) -> Iterator[Part]:
    yield Words(table.objective)
    yield _tier_table(table)
    if table.notes:
        yield Listed(table.notes)


def _trust(bundle: LookalikeBundle) -> Iterator[Part]:
    yield rows_made_of(bundle.provenance.ledger)
    yield Words(bundle.verdict.sentence)
    yield Words(bundle.verdict.assumption, "warning")
    yield Listed((*figures(bundle.verdict), *question_lines(bundle.verdict)))
    yield from missing(bundle.reference, "companies")


def _card(stored: StoredLookalike) -> Iterator[Part]:
    bundle = stored.bundle
    yield Listed(LIMITS[1:])
    if bundle.provenance.changes:
        yield Words(f"Changed since version {bundle.provenance.amended_from}, without training:")
        yield Listed(bundle.provenance.changes)
    yield Table(
        "Provenance", ("fact", "value"), rows_of(facts_of(bundle.provenance, stored.content_hash, stored.model_hash))
    )
