"""The two models of `tests/two_quarters.py` with made-up definitions, as bundles in folders, and lists for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from icp_ml.deals.known_settings import KnownSettings
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.profile.definition import Definition, LeftOut
from icp_ml.profile.tiering import Policy
from icp_ml.serve.bundle import Bundle, write_bundle
from tests import serve_models, two_quarters
from tests.definitions import criterion, definition

SIZE = criterion("size", {"attribute": "employees", "at_least": 51, "under": 501}, 40)
INDUSTRY = criterion("industry", {"attribute": "industry", "is": ["Software"]}, 35)
DEMO = criterion("demo", {"attribute": "demo", "is": ["yes"]}, 25)
LATER_SIZE = criterion("size", {"attribute": "employees", "at_least": 51, "under": 1000}, 42)
VISITS_WORDS = "uses HubSpot"
TOOL = criterion(VISITS_WORDS, {"attribute": "tools", "is": ["HubSpot"]}, 23)
EXCLUDED = RuleSettings.model_validate(
    {"name": "no energy", "attribute": "industry", "is": ["Energy"], "reason": "policy"}
)
KNOWN = {"source": "deals.csv", "account": "site", "outcome": {"column": "stage", "won": ["Won"], "open": ["Open"]}}


def of(*criteria: object, left_out: tuple[LeftOut, ...] = ()) -> Definition:
    """A definition with these criteria of which two make a match."""
    made = definition()
    assert made.match is not None
    match = made.match.model_copy(update={"least": 2})
    changed = {"criteria": criteria, "match": match, "proposals": (), "left_out": left_out}
    return made.model_copy(update=changed)


def earlier() -> Bundle:
    """Size, industry, demo; customers and open deals stand in deals.csv."""
    policy = Policy(known=parse_settings(KnownSettings, KNOWN))
    return replace(serve_models.bundle(), definition=of(SIZE, INDUSTRY, DEMO), policy=policy)


def later() -> Bundle:
    """Size up to 1,000, industry, a tool in the place of demo; and an exclusion."""
    gone = LeftOut(factor="demo", reason="chance explains it")
    made = of(LATER_SIZE, INDUSTRY, TOOL, left_out=(gone,))
    return replace(two_quarters.later_bundle(), definition=made, policy=Policy(exclusions=(EXCLUDED,)))


def write_project(folder: Path, rows: int = 60) -> Path:
    """models/planted/v1 and v2, list.csv of c0.example and so on, deals.csv with a customer and an open deal."""
    write_bundle(earlier(), folder / "models" / "planted" / "v1")
    write_bundle(later(), folder / "models" / "planted" / "v2")
    serve_models.frame(rows, 5).to_csv(folder / "list.csv", index=False)
    (folder / "deals.csv").write_text("site,stage\nhttps://www.C1.example/,Won\nc2.example,Open\n", encoding="utf-8")
    (folder / "mailed.csv").write_text("who\nc3.example\nC4.EXAMPLE\nc1.example\n", encoding="utf-8")
    return folder
