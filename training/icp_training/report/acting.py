"""How attributes act: what the model says by value, which layers carry it, and fit beside intent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from icp_ml.profile.dependence_records import Dependence, FactorDependence, QuadrantRow
from icp_ml.profile.layers_added import LayerStep
from icp_ml.profile.records import Profile
from icp_ml.serve.bundle import Bundle
from icp_training.report import charts
from icp_training.report.numbers import count, figure, parts_at, percent, rate, share, won_of
from icp_training.report.parts import Cell, Chart, Part, Row, Section, Table, Words, rows_of

SWARMED: Final = 12
DRAWN, DRAWN_OTHERWISE = 10, 4
"""Factors of the ICP with a picture of their own, and factors where the ICP has none; the tables have them all."""
STATES: Final = 14
"""Values that a picture shows, the commonest; its table has them all."""
QUADRANT_NAMES: Final = {"both": "fit and intent", "fit": "fit alone", "intent": "intent alone", "neither": "neither"}


def acting(bundle: Bundle) -> Section:
    """What each attribute adds to a company's odds, and what carries the whole."""
    return Section(
        "attributes", "How attributes act", tuple(_parts(bundle)), terms=("contribution", "log-odds", "layer")
    )


def _parts(bundle: Bundle) -> Iterator[Part]:
    profile = bundle.profile
    yield _shares(profile)
    yield _layers(profile)
    found = bundle.dependence
    if found is None or not found.factors:
        yield Words(
            "How contributions follow from values was not kept when this model was made; train it anew to see it."
        )
    else:
        yield _swarm(found)
        yield from (_dependence(each, place) for place, each in enumerate(_drawn(found, profile)))
        if found.quadrants:
            yield _quadrants(found.quadrants)
    if len(bundle.tiering.table.layers) > 1:
        yield _added(bundle.tiering.table.layers)


def _drawn(found: Dependence, profile: Profile) -> tuple[FactorDependence, ...]:
    presented = {each.factor for each in profile.presented()}
    chosen = tuple(each for each in found.factors if each.factor in presented)[:DRAWN]
    return chosen or found.factors[:DRAWN_OTHERWISE]


def _shares(profile: Profile) -> Chart:
    shown = profile.attributes[:SWARMED]
    chart = charts.bars([each.factor for each in shown], [each.share for each in shown], "share of the explanation")
    rows = [
        (
            each.factor,
            share(each.share),
            f"{each.layer}, {each.axis}",
            "; ".join(c.text for c in each.helps),
            "; ".join(c.text for c in each.hurts),
            each.reason,
        )
        for each in profile.attributes
    ]
    numbers = Table(
        f"All {len(rows)} factors",
        ("factor", "share", "layer, axis", "values that help", "values that hurt", "in the ICP or why not"),
        rows_of(rows),
        frozenset({1}),
    )
    first = profile.attributes[0]
    top = sum(each.share for each in profile.attributes[:5])
    finding = (
        f"{first.factor} carries most, {percent(first.share)} of the explanation; the first five carry {percent(top)}."
    )
    return Chart("shares", finding, chart, numbers, charts.height_of(len(shown)))


def _layers(profile: Profile) -> Chart:
    parts = [
        *((f"{name} (layer)", value) for name, value in sorted(profile.layer_shares.items(), key=lambda e: -e[1])),
        *((f"{name} (axis)", value) for name, value in sorted(profile.axis_shares.items(), key=lambda e: -e[1])),
    ]
    chart = charts.bars([name for name, _ in parts], [value for _, value in parts], "share of the explanation")
    numbers = Table("Layers and axes", ("part", "share"), rows_of([(n, share(v)) for n, v in parts]), frozenset({1}))
    largest = max(profile.layer_shares.items(), key=lambda entry: entry[1])
    finding = f"Of the four layers the {largest[0]} one carries most, {percent(largest[1])}."
    return Chart("layers", finding, chart, numbers, charts.height_of(len(parts)))


def _swarm(found: Dependence) -> Chart:
    shown = found.factors[:SWARMED]
    rows = []
    for each in shown:
        low = min(each.states, key=lambda state: state.contributions[2])
        high = max(each.states, key=lambda state: state.contributions[2])
        ends = (Cell(low.text, counts=(low.deals,)), Cell(high.text, counts=(high.deals,)))
        rows.append((each.factor, ends[0], _odds(low.contributions[2]), ends[1], _odds(high.contributions[2])))
    headers = ("factor", "speaks most against at", "median", "speaks most for at", "median")
    numbers = Table("Where each factor speaks most against and for", headers, rows_of(rows), frozenset({2, 4}))
    finding = (
        "Each dot is deals to which a factor adds about as much: blue low values, orange high ones, grey no order."
    )
    counts = tuple(deals for each in shown for deals in each.swarm.counts if deals)
    return Chart("swarm", finding, charts.swarms(found, shown), numbers, charts.height_of(len(shown)), counts)


def _odds(value: float) -> Cell:
    return Cell(f"{value:+.2f}", f"{value!r}")


def _dependence(each: FactorDependence, place: int) -> Chart:
    best = max(each.states, key=lambda state: state.contributions[2])
    worst = min(each.states, key=lambda state: state.contributions[2])
    rows: list[Row] = [
        (
            state.text,
            count(state.deals),
            won_of(state.won, state.deals),
            rate(state.win_rate),
            *map(_odds, state.contributions),
        )
        for state in each.states
    ]
    headers = ("value", "deals", "won", "win rate (95 %)", "5 %", "25 %", "median", "75 %", "95 %")
    numbers = Table(f"{each.factor}: contributions by value", headers, rows_of(rows), frozenset({1, 3, 4, 5, 6, 7, 8}))
    common = sorted(each.states, key=lambda state: -state.deals)[:STATES]
    shown = [state for state in each.states if state in common]
    finding = f"{each.factor}: {best.text} speaks for winning most, {worst.text} against it."
    return Chart(f"dependence-{place}", finding, charts.dependence(shown), numbers, charts.height_of(len(shown)))


def _quadrants(found: tuple[QuadrantRow, ...]) -> Chart:
    standing = [each for each in found if each.deals]
    bars = [
        charts.Bar(QUADRANT_NAMES[each.quadrant], each.win_rate, f"{each.won:,} of {each.deals:,} deals won")
        for each in standing
    ]
    rows = [(QUADRANT_NAMES[each.quadrant], won_of(each.won, each.deals), rate(each.win_rate)) for each in standing]
    numbers = Table("Fit beside intent", ("what is high", "deals", "win rate (95 %)"), rows_of(rows), frozenset({2}))
    by_name = {each.quadrant: each.win_rate.value for each in standing}
    finding = "Fit is what a company is, intent what it does; high is above the average deal."
    if {"fit", "intent"} <= set(by_name):
        finding += f" Fit alone won {percent(by_name['fit'])}, intent alone {percent(by_name['intent'])}."
    chart = charts.intervals([charts.Series("win rate", charts.BLUE, bars)], "share of deals won (bars: 95 %)")
    return Chart("quadrants", finding, chart, numbers, charts.height_of(len(bars)))


def _added(steps: tuple[LayerStep, ...]) -> Table:
    rows = [
        (
            step.layer,
            figure(step.auc),
            figure(step.auc_gained, 2),
            figure(step.log_loss),
            count(step.above),
            rate(step.win_rate, parts_at(step.win_rate, step.above)),
        )
        for step in steps
    ]
    headers = ("up to", "AUC (95 %)", "gained", "log loss", "deals above tier 1's cut", "of them won")
    return Table(
        "What each layer adds to those above it, on deals not learned from",
        headers,
        rows_of(rows),
        frozenset({1, 2, 3, 4, 5}),
        folded=True,
    )
