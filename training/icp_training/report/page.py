"""Sections as one HTML file that opens from the disk, asks nobody for anything, and shows names as names.

Every text is escaped by the template. The content-security policy names the two scripts by their hashes, and allows
nothing from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from icp_training.report.parts import Chart, Listed, Part, Prospects, Section, Table, Words
from icp_training.report.words import TERMS

TEMPLATE: Final = files("icp_training.report") / "template"


@dataclass(frozen=True)
class Heading:
    """What stands above all sections."""

    title: str
    subtitle: str


def page(heading: Heading, sections: Sequence[Section]) -> str:
    """The whole file as text."""
    scripts = (Markup(get_plotlyjs()), Markup(_file("page.js")))
    return _template().render(
        heading=heading,
        sections=sections,
        terms=TERMS,
        style=Markup(_file("page.css")),
        plotly=scripts[0],
        script=scripts[1],
        policy=_policy(scripts),
        figures=Markup(_figures(sections)),
        kind=kind,
    )


def kind(part: Part) -> str:
    """Which macro of the template draws a part."""
    names: dict[type[Part], str] = {
        Table: "table",
        Chart: "chart",
        Words: "words",
        Listed: "listed",
        Prospects: "prospects",
    }
    return names[type(part)]


def _figures(sections: Sequence[Section]) -> str:
    """Every figure by its name, as JSON that cannot end the element that holds it."""
    charts = {chart.name: chart.figure.to_plotly_json() for chart in _charts(sections)}
    shown = {name: {"data": _drawable(each["data"]), "layout": _lean(each["layout"])} for name, each in charts.items()}
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _drawable(value: object) -> object:
    """The same without numbers that are none, which JSON does not have and Plotly leaves out where they are null."""
    if isinstance(value, dict):
        return {name: _drawable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_drawable(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lean(layout: dict[str, object]) -> dict[str, object]:
    """Without the template of styles that Plotly adds to every figure: the page has one of its own."""
    return {name: value for name, value in layout.items() if name != "template"}


def _charts(sections: Sequence[Section]) -> Iterator[Chart]:
    yield from (part for section in sections for part in section.parts if isinstance(part, Chart))


def _policy(scripts: Sequence[str]) -> str:
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in scripts
    )
    # Plotly sets its figures by a style sheet that it adds to the page.
    allowed = f"script-src {hashes}; style-src 'unsafe-inline'; img-src data:"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_file("page.html"))


def _file(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8")
