"""A small project to spoil: deals, a list of prospects, a configuration, and the bundle that `icp train` makes of them.

Every kind of attribute has a column, and every optional file of a bundle is there, so that each reader has something to
read. Within it lie projects whose bundles are of other kinds, made of the same companies: a hand-weighted scorecard, a
model of resemblance, one with several profiles; and one that reads answers in JSON. The rows are made up, the same for
every run.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TypeAlias

import numpy as np

from icp_ml.serve.loading import open_any, write_any

BUNDLE = "bundle"
ANSWERS = "answers"
"""The folder of the project that reads answers in JSON."""
ANSWERED = "AI Research"
"""The column of its tables that holds them."""
DEALS = 240
WON = 60
LISTED = 8
TOOLS = ("HubSpot", "Marketo", "Slack", "Jira")
AS_OF = date(2025, 6, 30)
HEADER = ("employees", "revenue", "industry", "founded", "funded", "size", "tools", "demo")
CONFIGURATION = """\
name: fuzz
deals:
  source: deals.csv
  id: deal
  account: account
  opened: opened
  closed: closed
  outcome: {column: stage, won: [Won], lost: [Lost], open: [Open]}
attributes:
  firmographic:
    employees: number
    revenue: {kind: number, ranges: midpoint}
    industry: category
    founded: year
    funded: date
    size: {kind: ordered, order: [small, medium, large]}
  technographic:
    tools: set
  behavioural:
    demo: flag
outcome_fields: [acv]
potential: {amount: acv}
prospects: {source: prospects.csv, id: account, map: {Headcount: employees}}
exclusions:
  - {name: no energy, attribute: industry, is: [Energy], reason: policy}
neighbours: yes
seed: 7
"""


WEIGHTED = """\
name: fuzz
kind: weighted-scorecard
attributes:
  firmographic: {industry: category, employees: number, founded: year}
  technographic: {tools: set}
  behavioural: {demo: flag}
weights:
  industry: {weight: 50, rules: [{attribute: industry, exact: [Software], adjacent: [Retail]}]}
  size: {weight: 20-30, rules: [{attribute: employees, inside: [51, 500]}]}
  demo: {weight: 20, rules: [{attribute: demo, levels: {"yes": 100, "no": 20}}]}
prospects: {id: account, map: {Headcount: employees}}
exclusions:
  - {name: no energy, attribute: industry, is: [Energy], reason: policy}
"""
LOOKALIKE = """\
name: fuzz
kind: lookalike
won: {source: won.csv, id: account}
universe: {source: universe.csv, id: account}
as_of: 2025-06-30
attributes:
  firmographic: {employees: number, industry: category, founded: year}
  technographic: {tools: set}
  behavioural: {demo: flag}
prospects: {id: account, map: {Headcount: employees}}
tiers: {objective: capacity, capacity: {1: 0.1, 2: 0.3, 3: 0.6}}
seed: 7
"""
PROFILED = f"""\
{CONFIGURATION}profiles:
  - {{name: large, where: [{{attribute: employees, at_least: 60}}]}}
  - {{name: small, where: [{{attribute: employees, under: 200}}]}}
"""
DECLARED = CONFIGURATION[: CONFIGURATION.index("attributes:")]
ANSWERING = f"""\
{DECLARED}attributes:
  firmographic:
    employees: number
    motion:
      kind: category
      column: {ANSWERED}
      answer: motion
      phrases: {{sales-led: [enterprise sales, field sales], product-led: [PLG, self serve]}}
    staff: {{kind: number, column: {ANSWERED}, answer: site.staff}}
    since: {{kind: year, column: {ANSWERED}, answer: site.since}}
    band: {{kind: ordered, column: {ANSWERED}, answer: site.band, order: [small, medium, large]}}
    read on: {{kind: date, column: {ANSWERED}, answer: site.read}}
    pitch: {{kind: category, phrases: {{cheap: [low price, a bargain], safe: [no risk]}}}}
  technographic:
    tools: {{kind: set, column: {ANSWERED}, answer: tools}}
  behavioural:
    trigger: {{kind: flag, column: {ANSWERED}, answer: seen.trigger}}
prospects: {{source: prospects.csv, id: account}}
neighbours: yes
seed: 7
"""
Making: TypeAlias = Callable[[Path, np.random.Generator], None]


def make_project(folder: Path) -> Path:
    """Write the projects into the new folder `folder` and train a bundle in each. It takes some minutes."""
    rng = np.random.default_rng(1)
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    make_bundle(partial, write_tables, rng)
    make_bundle(partial / ANSWERS, write_answers, rng)
    for name, write in KINDS.items():
        make_bundle(partial / name, write, rng)
    partial.rename(folder)
    return folder


def make_bundle(folder: Path, write: Making, rng: np.random.Generator) -> None:
    """Write a project into a folder, which may be new, and train its bundle there by the command line, `BUNDLE`."""
    folder.mkdir(exist_ok=True)
    write(folder, rng)
    words = [sys.executable, "-m", "icp_ml.cli.main", "train", "icp.yaml", "--trials", "1"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the project {folder.name} could not be trained: {done.stderr[-2000:]}")
    # The page for people is five megabytes that nothing reads.
    write_any(open_any(folder / "models" / "fuzz" / "v1").bundle, folder / BUNDLE)
    for left in ("models", "mlruns", "mlflow.db"):
        shutil.rmtree(folder / left, ignore_errors=True)


def write_tables(folder: Path, rng: np.random.Generator) -> None:
    """deals.csv, prospects.csv and icp.yaml."""
    (folder / "icp.yaml").write_text(CONFIGURATION, encoding="utf-8")
    deals = [_deal(place, rng) for place in range(DEALS)]
    header = ("deal", "account", "opened", "closed", "stage", "acv", *HEADER)
    (folder / "deals.csv").write_text(csv_of(header, deals), encoding="utf-8")
    _write_companies(folder / "prospects.csv", LISTED, "p", rng)


def write_answers(folder: Path, rng: np.random.Generator) -> None:
    """The same where most of what is known of a company was read by an agent, which wrote it down as JSON."""
    (folder / "icp.yaml").write_text(ANSWERING, encoding="utf-8")
    deals = [_deal(place, rng) for place in range(DEALS)]
    names = ("deal", "account", "opened", "closed", "stage", "employees", "pitch", ANSWERED)
    rows = [(*deal[:5], deal[6], *_answered(deal[6:], rng)) for deal in deals]
    (folder / "deals.csv").write_text(csv_of(names, rows), encoding="utf-8")
    companies = [_company(rng) for _ in range(LISTED)]
    listed = [(f"p{n}.example", company[0], *_answered(company, rng)) for n, company in enumerate(companies)]
    (folder / "prospects.csv").write_text(csv_of(("account", *names[5:]), listed), encoding="utf-8")


def _answered(company: Sequence[str], rng: np.random.Generator) -> tuple[str, str]:
    """A pitch, and what an agent answered about a company: `HEADER` says what its cells are."""
    staff, _, industry, since, read, band, tools, trigger = company
    motion = {"Software": ("PLG", "self-serve"), "": ("unknown", "by pigeon")}.get(industry, ("Field sales", "other"))
    answer = {
        "motion": motion[int(rng.random() < 0.2)],
        "site": {"staff": int(staff or 0) or None, "since": since, "band": band, "read": read or None},
        "tools": [tool for tool in tools.split(";") if tool],
        "seen": {"trigger": trigger == "yes" if trigger else None},
        "why": "read on their pages",
    }
    written = json.dumps(answer)
    pitch = str(rng.choice(["low price", "no risk", "A bargain!", "safe", "new"]))
    return pitch, f"```json\n{written}\n```" if rng.random() < 0.2 else written


def _write_weighted(folder: Path, _rng: np.random.Generator) -> None:
    (folder / "icp.yaml").write_text(WEIGHTED, encoding="utf-8")


def _write_lookalike(folder: Path, rng: np.random.Generator) -> None:
    (folder / "icp.yaml").write_text(LOOKALIKE, encoding="utf-8")
    _write_companies(folder / "universe.csv", DEALS, "u", rng)
    _write_companies(folder / "won.csv", WON, "w", rng, alike=True)


def _write_profiled(folder: Path, rng: np.random.Generator) -> None:
    write_tables(folder, rng)
    (folder / "icp.yaml").write_text(PROFILED, encoding="utf-8")


KINDS: Mapping[str, Making] = {
    "weighted": _write_weighted,
    "lookalike": _write_lookalike,
    "profiled": _write_profiled,
}
"""The folders of projects whose bundles are of other kinds, and what writes what they are trained on."""


def _write_companies(path: Path, count: int, prefix: str, rng: np.random.Generator, *, alike: bool = False) -> None:
    """alike: whether they are all software firms that asked for a demonstration."""
    listed = [(f"{prefix}{place}.example", *_company(rng)) for place in range(count)]
    if alike:
        listed = [(*row[:3], "Software", *row[4:8], "yes") for row in listed]
    path.write_text(csv_of(("account", *HEADER), listed), encoding="utf-8")


def csv_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as text, its fields quoted where they have to be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((header, *rows))
    return text.getvalue()


def _deal(place: int, rng: np.random.Generator) -> tuple[str, ...]:
    company = _company(rng)
    opened = AS_OF - timedelta(days=int(rng.integers(60, 700)))
    closed = opened + timedelta(days=int(rng.integers(10, 50)))
    score = 1.8 * (company[2] == "Software") + 1.5 * (company[7] == "yes") + ("HubSpot" in company[6]) - 1.6
    won = rng.random() < 1 / (1 + np.exp(-score))
    days = opened.isoformat(), closed.isoformat()
    acv = str(int(rng.integers(5, 90)) * 1000) if won else ""
    return f"d{place}", f"a{place}.example", *days, "Won" if won else "Lost", acv, *company


def _company(rng: np.random.Generator) -> tuple[str, ...]:
    cells = (
        str(int(np.exp(rng.normal(4.5, 1.4)))),
        f"{rng.integers(10, 5000)}000",
        str(rng.choice(["Software", "Retail", "Energy", "Health"], p=[0.4, 0.3, 0.2, 0.1])),
        str(rng.integers(1950, 2024)),
        (AS_OF - timedelta(days=int(rng.integers(800, 4000)))).isoformat(),
        str(rng.choice(["small", "medium", "large"])),
        ";".join(tool for tool in TOOLS if rng.random() < 0.4),
        str(rng.choice(["yes", "no"])),
    )
    return tuple("" if rng.random() < 0.08 else cell for cell in cells)
