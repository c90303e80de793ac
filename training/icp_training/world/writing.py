"""A world as a folder of files, and the configuration that reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from icp_training.world.catalogue import LAYERS, Attribute
from icp_training.world.deals import IGNORED_STAGES, IN_PROCESS, LOST, OPEN_STAGES, WON
from icp_training.world.world import ON_DEAL_ROW, World

_TABLES = ("accounts", "technologies", "signals", "contacts", "campaigns", "customers", "prospects")
# Deals open over the span and close after: the window reaches past both.
_WINDOW_MARGIN_MONTHS = 12

AttributeEntry = str | dict[str, str | list[str]]


def write_world(world: World, folder: Path) -> None:
    """Writes deals.csv (wide), the other tables, truth.json, and the true probabilities as truth_*.csv.

    The folder is made where it is missing; files of the same name are replaced. Empty cells are missing
    values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_csv(world.deal_rows(), folder / "deals.csv")
    for name in _TABLES:
        _write_csv(getattr(world, name), folder / f"{name}.csv")
    _write_csv(world.truth.deals, folder / "truth_deals.csv")
    _write_csv(world.truth.prospects, folder / "truth_prospects.csv")
    text = json.dumps(world.truth.as_json(), indent=2, sort_keys=True) + "\n"
    (folder / "truth.json").write_text(text, encoding="utf-8", newline="\n")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    """No value of a world holds a comma, a quote or a line break, so nothing is quoted."""
    options = csv.WriteOptions(quoting_style="none", quoting_header="none")
    csv.write_csv(pa.Table.from_pandas(table, preserve_index=False), path, options)


def world_config(world: World) -> dict[str, object]:
    """The configuration for the folder that `write_world` makes, as plain values that YAML can hold.

    Leaks and in-process columns are not among the attributes; the latter are named as outcome fields.
    """
    config: dict[str, object] = {
        "name": world.settings.name,
        "deals": {
            "source": "deals.csv",
            "id": "deal_id",
            "account": "account_id",
            "opened": "opened_at",
            "closed": "closed_at",
            "outcome": {
                "column": "stage",
                "won": [WON],
                "lost": [LOST],
                "open": list(OPEN_STAGES),
                "ignore": list(IGNORED_STAGES),
            },
            "window": {"months": world.settings.months + _WINDOW_MARGIN_MONTHS},
        },
        "attributes": _attribute_entries(world.attributes),
        "outcome_fields": list(IN_PROCESS),
        "seed": world.settings.seed,
    }
    if len(world.prospects):
        config["prospects"] = {"source": "prospects.csv", "id": "domain"}
    return config


def _attribute_entries(attributes: tuple[Attribute, ...]) -> dict[str, dict[str, AttributeEntry]]:
    entries = {layer: {one.name: _entry(one) for one in attributes if one.layer == layer} for layer in LAYERS}
    return {layer: fields for layer, fields in entries.items() if fields}


def _entry(attribute: Attribute) -> AttributeEntry:
    if attribute.kind == "ordered":
        return {"kind": "ordered", "order": list(attribute.levels)}
    if attribute.name in ON_DEAL_ROW:
        return {"kind": attribute.kind, "known": "at_open"}
    return attribute.kind
