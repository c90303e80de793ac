"""Leads of a third party's simulator of B2B funnels (leadforge), with the configuration that reads them.

It lives in the environment of the peers. Its own dictionary of columns says which are attributes: not the
identifiers, not the date of creation (all fall into one month), not the target, and none with its mark of leakage.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pyarrow as pa
import yaml
from pyarrow import csv, parquet

from benchmarks.bench_model.code import ROOT
from benchmarks.bench_model.places import CACHE, PEERS_BIN
from icp_ml.errors import InputError

LEADS = 5_000
RECIPE = "b2b_saas_procurement_v1"
TASK = "converted_within_90_days"
NO_ATTRIBUTE = ("account_id", "contact_id", "lead_id", "lead_created_at", TASK)
KINDS = {"string": "category", "boolean": "flag", "Int64": "number", "Float64": "number"}
LAYERS = {"account": "firmographic"}
"""The rest of its categories tell of contacts, touches and sales: engagement."""


def simulator_is_there() -> str | None:
    """Why leads cannot be made, or None."""
    return None if (PEERS_BIN / "leadforge").exists() else "the environment of the peers is not there; run make peers"


def simulated(difficulty: str, seed: int) -> Path:
    """A folder with deals.csv and icp.yaml; made where it is not there yet."""
    folder = CACHE / "inputs" / f"leadforge-{difficulty}-{seed}"
    if not (folder / "icp.yaml").exists():
        raw = folder / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        words = ["-r", RECIPE, "--seed", str(seed), "--mode", "student_public", "--difficulty", difficulty]
        command = [str(PEERS_BIN / "leadforge"), "generate", *words, "--n-leads", str(LEADS), "--out", str(raw)]
        made = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        if made.returncode:
            said = (made.stderr.strip() or made.stdout.strip()).splitlines()
            raise InputError(f"leadforge made no leads: {said[-1] if said else 'it said nothing'}; run make peers anew")
        _write_deals(raw, folder)
    return folder


def _write_deals(raw: Path, folder: Path) -> None:
    parts = [parquet.read_table(raw / "tasks" / TASK / f"{part}.parquet") for part in ("train", "valid", "test")]
    leads = pa.concat_tables(parts, promote_options="permissive")
    csv.write_csv(leads.sort_by("lead_id"), folder / "deals.csv")
    text = yaml.safe_dump(_config(csv.read_csv(raw / "feature_dictionary.csv")), sort_keys=False)
    (folder / "icp.yaml").write_text(text, encoding="utf-8")


def _config(dictionary: pa.Table) -> dict[str, object]:
    layers: dict[str, dict[str, str]] = {"firmographic": {}, "engagement": {}}
    for row in dictionary.to_pylist():
        if row["name"] not in NO_ATTRIBUTE and not row["leakage_risk"]:
            layers[LAYERS.get(row["category"], "engagement")][row["name"]] = KINDS[row["dtype"]]
    known = {name: {"kind": kind, "known": "at_open"} for name, kind in layers["engagement"].items()}
    return {
        "name": "leadforge",
        "deals": {
            "source": "deals.csv",
            "id": "lead_id",
            "account": "account_id",
            "outcome": {"column": TASK, "won": ["true"], "lost": ["false"]},
            "window": {"months": None},
        },
        "attributes": {"firmographic": layers["firmographic"], "engagement": known},
    }
