"""A project with a hand-weighted scorecard and a list, whose scores are known by hand."""

from __future__ import annotations

from pathlib import Path

WRITTEN = """
name: start
kind: weighted-scorecard
attributes:
  firmographic: {industry: category, employees: number}
  engagement: {seniority: category}
weights:
  industry: {weight: 60, rules: [{attribute: industry, exact: [Software], adjacent: [Media]}]}
  size: {weight: 20, rules: [{attribute: employees, inside: [51, 500]}]}
  person: {weight: 20, rules: [{attribute: seniority, levels: {C-level: 100, manager: 60}}]}
prospects: {id: domain}
"""
# By hand: 60 + 20 + 20, 30 + 20 + 12, 60 + 0 + 0 of which size is not read, 0, and nothing known.
LIST = """domain,industry,employees,seniority
a,Software,51,C-level
b,Media,500,manager
c,software,many,
d,Mining,9,intern
e,,,
"""
SCORES = (100, 62, 60, 0)


def write_weighted(folder: Path) -> Path:
    """start.yaml and list.csv in a folder that exists."""
    (folder / "start.yaml").write_text(WRITTEN, encoding="utf-8")
    (folder / "list.csv").write_text(LIST, encoding="utf-8")
    return folder
