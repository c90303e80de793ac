"""`icp demo`: a synthetic company with a planted truth, the whole line on it, and what of the truth was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from icp_ml.errors import ConfigError
from icp_ml.profile.definition import Definition
from icp_ml.profile.records import IcpAttribute, Profile
from icp_training.drafting import draft_config
from icp_training.world import Planted, Truth, World, WorldSettings, make_world, world_config, write_world

MODEL = "demo"
CONFIG = "icp.yaml"
KNOWN = "stages.csv"
SEED = 1


@dataclass(frozen=True)
class Demo:
    """Where the demo's files are, the day of the export, and what was planted in them."""

    config: Path
    prospects: Path
    extracted: date
    truth: Truth


@dataclass(frozen=True)
class Finding:
    """A planted attribute: what was planted, and what the ICP says of it, or why it says nothing."""

    planted: str
    strength: str
    found: bool
    said: str


def make_demo(folder: Path, deals: int, prospects: int) -> Demo:
    """Write the synthetic CRM and its configuration. Raises `ConfigError` where the folder holds another project."""
    if folder.exists() and not (folder / "truth.json").exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is already there and is not a demo; name an empty folder with --output")
    settings = WorldSettings(deals=deals, prospects=prospects, seed=SEED, name=MODEL)
    world = make_world(settings)
    write_world(world, folder)
    config = folder / CONFIG
    written = {**world_config(world), "known": _write_known(world, folder)}
    config.write_text(yaml.safe_dump(written, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return Demo(config, folder / "prospects.csv", settings.extracted, world.truth)


def _write_known(world: World, folder: Path) -> dict[str, object]:
    """The stages of all deals by the company's web address, which lists go by; and how the configuration names it."""
    addresses = world.accounts[["account_id", "domain"]]
    known = world.deals[["account_id", "stage"]].merge(addresses, on="account_id")[["domain", "stage"]]
    known.to_csv(folder / KNOWN, index=False)
    stages: Any = world_config(world)["deals"]
    outcome = {meaning: stages["outcome"][meaning] for meaning in ("column", "won", "open")}
    return {"source": KNOWN, "account": "domain", "outcome": outcome}


def findings(truth: Truth, profile: Profile, definition: Definition | None = None) -> tuple[Finding, ...]:
    """Each planted attribute beside what the definition says of it, or else the profile, the strong ones first."""
    criteria = {} if definition is None else {each.factor: each.words for each in definition.criteria}
    return tuple(_finding(planted, profile, criteria) for planted in truth.planted)


def _finding(planted: Planted, profile: Profile, criteria: Mapping[str, str]) -> Finding:
    factor = f"{planted.attribute}:{planted.member}" if planted.member else planted.attribute
    said = next((a for a in profile.attributes if a.factor == factor), None)
    text = planted.helps + (f" (mostly where {planted.only_where})" if planted.only_where else "")
    if said is None:
        return Finding(text, planted.strength, found=False, said="no column of the model")
    return Finding(text, planted.strength, said.presented, criteria.get(factor) or _said(said))


def _said(attribute: IcpAttribute) -> str:
    if not attribute.presented:
        return attribute.reason
    return f"{attribute.factor}: {attribute.helps[0].text}" if attribute.helps else attribute.factor


def noise_presented(truth: Truth, profile: Profile) -> tuple[str, ...]:
    """Attributes of pure noise that the profile presents all the same."""
    return tuple(a.factor for a in profile.presented() if a.attribute in truth.noise)


def leaks_asked(truth: Truth, folder: Path) -> tuple[str, ...]:
    """The planted leaks that `icp init` would have left out until somebody answered."""
    draft = draft_config(folder / "deals.csv", folder)
    return tuple(leak.name for leak in truth.leaks if leak.name in draft.asked or leak.name not in draft.used)
