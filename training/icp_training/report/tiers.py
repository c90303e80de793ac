"""The tiers: what they won, beside the field's working figures, in money, and what is done in each."""

from __future__ import annotations

from collections.abc import Iterator

from icp_ml.profile.potential import MoneyRow, PotentialRecord
from icp_ml.profile.several import ProfilesRecord
from icp_ml.profile.tiers import TierTable
from icp_ml.serve.bundle import Bundle
from icp_training.report.answer import tier_name
from icp_training.report.numbers import count, figure, percent, rate
from icp_training.report.parts import Cell, Listed, Part, Section, Table, Words, rows_of


def tiers(bundle: Bundle) -> Section:
    """What the tiers were worth on deals that had no part in drawing them."""
    return Section("tiers", "Tiers", tuple(_parts(bundle)), terms=("tier", "score", "odds ratio"))


def _parts(bundle: Bundle) -> Iterator[Part]:
    table = bundle.tiering.table
    yield Words(table.objective)
    yield from (Words(warning, "warning") for warning in table.warnings)
    yield _table(bundle)
    if table.notes:
        yield Listed(table.notes)
    yield from _yardsticks(table)
    if bundle.potential is not None:
        yield from _money(bundle.potential.record)
    yield _actions(bundle)
    if bundle.profiles is not None:
        yield _profiles(bundle.profiles.record)


def _table(bundle: Bundle) -> Table:
    rows = []
    for each in bundle.tiering.table.rows:
        odds = Cell("") if each.odds_ratio_to_next is None else figure(each.odds_ratio_to_next, 2)
        sizes = (count(each.deals), count(each.accounts), count(each.won, of=each.deals))
        wins = (rate(each.win_rate), Cell(percent(each.share_of_deals)), Cell(percent(each.share_of_wins)), odds)
        rows.append((tier_name(each.label), f"{each.score_from:g} to {each.score_to:g}", *sizes, *wins))
    headers = (
        *("tier", "score", "deals", "accounts", "won", "win rate (90 %)", "of all deals", "of all wins"),
        "odds against the next tier (90 %)",
    )
    return Table("Tiers on deals not learned from", headers, rows_of(rows), frozenset({2, 3, 4, 5, 6, 7, 8}))


def _yardsticks(table: TierTable) -> Iterator[Part]:
    if table.yardsticks is None:
        return
    yield Words("Beside the field's working figures:")
    yield Listed((*(each.sentence for each in table.yardsticks.yardsticks), *table.yardsticks.notes))


def _money(found: PotentialRecord) -> Iterator[Part]:
    said = [each.sentence for each in found.outcomes()]
    said += [each.range_sentence for each in found.outcomes() if each.range_sentence]
    yield Listed((*said, *found.notes))
    if found.tiers:
        unit = found.acv.unit if found.acv is not None else ""
        headers = ("tier", "deals", "won", "value won", "pipeline value", "expected value", "mean ACV (90 %)")
        caption = f"Tiers in money ({unit})" if unit else "Tiers in money"
        yield Table(caption, headers, rows_of(list(map(_money_row, found.tiers))), frozenset({1, 2, 3, 4, 5, 6}))


def _money_row(each: MoneyRow) -> tuple[Cell | str, ...]:
    mean = Cell("too few") if each.mean_acv is None else _amount(each.mean_acv.value)
    values = map(_amount, (each.won_value, each.pipeline_value, each.expected_value))
    return tier_name(each.label), count(each.deals), count(each.won, of=each.deals), *values, mean


def _amount(value: float) -> Cell:
    return Cell(f"{value:,.0f}", f"{value!r}")


def _actions(bundle: Bundle) -> Table:
    actions = bundle.policy.actions
    rows = []
    for each in bundle.tiering.table.rows:
        texts = [actions.action(each.label, quadrant) for quadrant in ("both", "fit", "intent", "neither")]
        rows.append((tier_name(each.label), *texts))
    headers = ("tier", "fit and intent high", "fit alone", "intent alone", "neither")
    return Table("What is done in each tier", headers, rows_of(rows), folded=True)


def _profiles(found: ProfilesRecord) -> Listed:
    return Listed((*(each.sentence for each in found.profiles), *found.notes))
