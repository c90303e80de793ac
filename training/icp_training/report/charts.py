"""The figures of the page as Plotly draws them. Colours are told apart by the colour-blind (Okabe and Ito 2008).

Backgrounds are clear and texts take the page's colour, so that a figure is read by day, by night and on paper.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import plotly.graph_objects as go

from icp_ml.profile.dependence_records import Dependence, FactorDependence, StateContribution
from icp_ml.profile.records import Interval, ReliabilityBin

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#7A7A7A"
ROW: Final = 34
"""Pixels that one row of a chart of rows takes."""
ROOM: Final = 90
"""Pixels for the axis and its title."""
WIDE, LINES = 38, 3
"""Characters of a line of a row's name, and how many lines it has."""
MARGIN: Final = 0.02
"""Beyond 0 and 1, so that a mark there is whole."""
PAIR: Final = ((BLUE, "circle"), (ORANGE, "diamond"))
"""Colour and mark of each of two things that are compared."""
SCALE: Final = [[0.0, BLUE], [0.5, "#B5A8C9"], [1.0, ORANGE]]


@dataclass(frozen=True)
class Bar:
    """One row: a figure with its interval. beside: what is told on hover."""

    label: str
    found: Interval
    beside: str = ""


@dataclass(frozen=True)
class Series:
    """Rows of one colour."""

    name: str
    colour: str
    bars: Sequence[Bar]


def label(text: str) -> str:
    """A name as a figure shows it: in lines, and escaped, because Plotly reads a text as markup."""
    lines = textwrap.wrap(text, WIDE) or [""]
    kept = lines if len(lines) <= LINES else [*lines[: LINES - 1], f"{lines[LINES - 1][: WIDE - 1]}…"]
    return "<br>".join(map(escape, kept))


def height_of(rows: int) -> int:
    """Pixels for a chart with so many rows."""
    return ROOM + ROW * max(rows, 2)


def intervals(series: Sequence[Series], axis: str, *, line: float | None = None, as_share: bool = True) -> go.Figure:
    """A dot with its interval for each row, the first row on top. line: where the whole stands."""
    chart = go.Figure()
    for each in series:
        values = [bar.found.value for bar in each.bars]
        chart.add_scatter(
            x=values,
            y=[label(bar.label) for bar in each.bars],
            mode="markers",
            name=each.name,
            marker={"color": each.colour, "size": 10},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [bar.found.high - bar.found.value for bar in each.bars],
                "arrayminus": [bar.found.value - bar.found.low for bar in each.bars],
                "color": each.colour,
                "thickness": 1.5,
            },
            customdata=[[bar.found.low, bar.found.high, label(bar.beside)] for bar in each.bars],
            hovertemplate=_hover(".1%" if as_share else ".3f"),
        )
    if line is not None:
        chart.add_vline(x=line, line={"color": GREY, "dash": "dot", "width": 1.5})
    chart.update_layout(showlegend=len(series) > 1, yaxis={"autorange": "reversed", "automargin": True})
    chart.update_xaxes(title=axis, tickformat=".0%" if as_share else None)
    return chart


def _hover(form: str) -> str:
    bounds = f"%{{customdata[0]:{form}}} to %{{customdata[1]:{form}}}"
    return f"%{{y}}<br>%{{x:{form}}} ({bounds})<br>%{{customdata[2]}}<extra></extra>"


def bars(labels: Sequence[str], values: Sequence[float], axis: str) -> go.Figure:
    """Shares as bars, the first on top."""
    chart = go.Figure(
        go.Bar(
            x=list(values),
            y=[label(each) for each in labels],
            orientation="h",
            marker={"color": BLUE},
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    chart.update_layout(showlegend=False, yaxis={"autorange": "reversed", "automargin": True})
    chart.update_xaxes(title=axis, tickformat=".0%")
    return chart


def pairs(labels: Sequence[str], found: Mapping[str, Sequence[float]], axis: str) -> go.Figure:
    """Two shares in each row, joined by a line, the first row on top. found: by the name of each of the two."""
    chart = go.Figure()
    texts = [label(each) for each in labels]
    for text, *ends in zip(texts, *found.values(), strict=True):
        line = {"color": GREY, "width": 2}
        chart.add_scatter(x=ends, y=[text, text], mode="lines", line=line, showlegend=False, hoverinfo="skip")
    for (name, values), (colour, symbol) in zip(found.items(), PAIR, strict=True):
        chart.add_scatter(
            x=list(values),
            y=texts,
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 10},
            hovertemplate=f"%{{y}}: %{{x:.1%}} of {name}<extra></extra>",
        )
    chart.update_layout(yaxis={"autorange": "reversed", "automargin": True, "type": "category"})
    chart.update_xaxes(title=axis, tickformat=".0%", range=[-MARGIN, 1 + MARGIN])
    return chart


def reliability(bins: Sequence[ReliabilityBin]) -> go.Figure:
    """What was predicted beside what happened; on the line both are the same."""
    chart = go.Figure()
    top = max([each.predicted for each in bins] + [each.win_rate.high for each in bins])
    chart.add_scatter(
        x=[0, top],
        y=[0, top],
        mode="lines",
        name="predicted is observed",
        line={"color": GREY, "dash": "dot"},
        hoverinfo="skip",
    )
    chart.add_scatter(
        x=[each.predicted for each in bins],
        y=[each.win_rate.value for each in bins],
        mode="markers",
        name="deals of about the same probability",
        marker={"color": BLUE, "size": 9},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [each.win_rate.high - each.win_rate.value for each in bins],
            "arrayminus": [each.win_rate.value - each.win_rate.low for each in bins],
            "color": BLUE,
            "thickness": 1.5,
        },
        customdata=[[each.won, each.deals] for each in bins],
        hovertemplate="predicted %{x:.1%}, won %{y:.1%}<br>%{customdata[0]} of %{customdata[1]} deals<extra></extra>",
    )
    chart.update_xaxes(title="predicted share won", tickformat=".0%", rangemode="tozero")
    chart.update_yaxes(title="share won", tickformat=".0%", rangemode="tozero")
    return chart


def over_time(labels: Sequence[str], found: Sequence[Interval], axis: str, *, as_share: bool = True) -> go.Figure:
    """Figures with intervals, the oldest first."""
    chart = go.Figure(
        go.Scatter(
            x=[label(each) for each in labels],
            y=[each.value for each in found],
            mode="lines+markers",
            line={"color": BLUE},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [each.high - each.value for each in found],
                "arrayminus": [each.value - each.low for each in found],
                "thickness": 1.5,
            },
            hovertemplate="%{x}: %{y:.1%}<extra></extra>" if as_share else "%{x}: %{y:.4f}<extra></extra>",
        )
    )
    chart.update_xaxes(automargin=True)
    chart.update_yaxes(title=axis, tickformat=".0%" if as_share else None, automargin=True)
    return chart


def learning_curve(curve: Sequence[tuple[float, float]], who: str) -> go.Figure:
    """Log loss on other accounts by how many accounts were learned from."""
    chart = go.Figure(
        go.Scatter(
            x=[accounts for accounts, _ in curve],
            y=[loss for _, loss in curve],
            mode="lines+markers",
            line={"color": BLUE},
            hovertemplate="%{x:.0f} accounts: %{y:.4f}<extra></extra>",
        )
    )
    chart.update_xaxes(title=f"accounts with a {who} deal that were learned from", rangemode="tozero")
    chart.update_yaxes(title="log loss on others", automargin=True)
    return chart


def swarms(found: Dependence, shown: Sequence[FactorDependence]) -> go.Figure:
    """Each factor's contributions as dots: larger where more deals stand, coloured by how high their values are."""
    chart = go.Figure()
    width = (found.high - found.low) / max(len(each.swarm.counts) for each in shown)
    most = max(max(each.swarm.counts) for each in shown)
    for each in shown:
        here = [k for k, deals in enumerate(each.swarm.counts) if deals]
        heights = [each.swarm.height[k] for k in here]
        ordered = any(height is not None for height in heights)
        chart.add_scatter(
            x=[found.low + (k + 0.5) * width for k in here],
            y=[label(each.factor)] * len(here),
            mode="markers",
            showlegend=False,
            marker={
                "size": [4 + 20 * (each.swarm.counts[k] / most) ** 0.5 for k in here],
                "color": [0.5 if height is None else height for height in heights] if ordered else GREY,
                "colorscale": SCALE if ordered else None,
                "cmin": 0,
                "cmax": 1,
                "opacity": 0.85,
                "line": {"width": 0},
            },
            customdata=[each.swarm.counts[k] for k in here],
            hovertemplate="%{y}: %{x:+.2f} log-odds, %{customdata:,} deals<extra></extra>",
        )
    chart.add_vline(x=0, line={"color": GREY, "width": 1})
    chart.update_layout(yaxis={"autorange": "reversed", "automargin": True})
    chart.update_xaxes(title="contribution to the log-odds of winning: against, left; for, right")
    return chart


def dependence(states: Sequence[StateContribution]) -> go.Figure:
    """The contributions of each state: the middle half of the deals as a bar, their median as a dot."""
    texts = [label(each.text) for each in states]
    parts = [each.contributions for each in states]
    chart = go.Figure()
    chart.add_scatter(
        x=[each[2] for each in parts],
        y=texts,
        mode="markers",
        marker={"color": [BLUE if each[2] >= 0 else ORANGE for each in parts], "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [each[3] - each[2] for each in parts],
            "arrayminus": [each[2] - each[1] for each in parts],
            "thickness": 4,
            "width": 0,
            "color": GREY,
        },
        customdata=[[each.deals, each.won] for each in states],
        hovertemplate="%{y}: %{x:+.2f} log-odds<br>%{customdata[1]:,} of %{customdata[0]:,} deals won<extra></extra>",
    )
    chart.add_vline(x=0, line={"color": GREY, "width": 1})
    chart.update_layout(showlegend=False, yaxis={"autorange": "reversed", "automargin": True, "type": "category"})
    chart.update_xaxes(title="contribution to the log-odds of winning")
    return chart
