"""A small project to spoil: deals, a list of prospects, a configuration, and the bundle that `icp train` makes of them.

Every kind of attribute has a column, and every optional file of a bundle is there, so that each reader has something to
read. The rows are made up, the same for every run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from icp_ml.serve.bundle import read_bundle, write_bundle

BUNDLE = "bundle"
DEALS = 240
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


def make_project(folder: Path) -> Path:
    """Write the project into the new folder `folder` and train a bundle in it, `BUNDLE`. It takes a minute."""
    rng = np.random.default_rng(1)
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    write_tables(partial, rng)
    words = [sys.executable, "-m", "icp_ml.cli.main", "train", "icp.yaml", "--trials", "1"]
    done = subprocess.run(words, cwd=partial, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the project to be spoilt could not be trained: {done.stderr[-2000:]}")
    # The page for people is five megabytes that nothing reads.
    write_bundle(read_bundle(partial / "models" / "fuzz" / "v1"), partial / BUNDLE)
    for left in ("models", "mlruns", "mlflow.db"):
        shutil.rmtree(partial / left, ignore_errors=True)
    partial.rename(folder)
    return folder


def write_tables(folder: Path, rng: np.random.Generator) -> None:
    """deals.csv, prospects.csv and icp.yaml."""
    (folder / "icp.yaml").write_text(CONFIGURATION, encoding="utf-8")
    deals = [_deal(place, rng) for place in range(DEALS)]
    header = ("deal", "account", "opened", "closed", "stage", "acv", *HEADER)
    (folder / "deals.csv").write_text(_csv(header, deals), encoding="utf-8")
    listed = [(f"p{place}.example", *_company(rng)) for place in range(LISTED)]
    (folder / "prospects.csv").write_text(_csv(("account", *HEADER), listed), encoding="utf-8")


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"{','.join(row)}\n" for row in (header, *rows))


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
