"""Small projects for the command line, and the command line itself, run in this process as a person would run it."""

from __future__ import annotations

import contextlib
import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

import yaml

from icp_ml.cli.main import main
from icp_training.world import World, make_null_world, make_strong_world, world_config
from tests.empty_records import copy_empty_records

NOISE_KEPT = 2
"""Attributes of noise beside the planted ones: enough for a training that takes seconds."""

RECORDING = ("train", "demo", "quarter", "backtest")
"""Verbs that make a record of runs where there is none."""

PLAIN_DEALS = {
    "source": "deals.csv",
    "id": "deal",
    "account": "account",
    "opened": "opened",
    "closed": "closed",
    "outcome": {"column": "stage", "won": ["Won"], "lost": ["Lost"]},
}
"""An export of deals that tests write by themselves, with the columns called as what they are."""

Row = dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """What a command left with and said."""

    code: int
    out: str
    err: str


def icp(*words: object) -> Outcome:
    """Run `icp` with these words. A traceback, which no mistake of a person may cause, fails the test."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    if words and words[0] in RECORDING:
        copy_empty_records()
    argv = patch.object(sys, "argv", ["icp", *map(str, words)])
    with argv, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return Outcome(code, out.getvalue(), err.getvalue())


def refusal(*words: object) -> tuple[int, str]:
    """The exit code and the one sentence of a command that must refuse."""
    done = icp(*words)
    said = [line for line in done.err.splitlines() if line.startswith("icp: ")]
    assert len(said) == 1, done.err
    assert done.err.rstrip().endswith(said[0])
    return done.code, said[0].removeprefix("icp: ")


@cache
def strong() -> World:
    """A world whose planted attributes rank deals well."""
    return make_strong_world(3, deals=240)


@cache
def null() -> World:
    """A world where no attribute has anything to do with winning."""
    return make_null_world(3, deals=200)


def deal_rows(world: World) -> tuple[Row, ...]:
    """The rows of deals.csv, every cell a text."""
    frame = world.deal_rows()
    return tuple(csv.DictReader(io.StringIO(frame.to_csv(index=False))))


def config(world: World) -> dict[str, object]:
    """The configuration of the world for deals.csv alone, with the planted attributes and a little noise."""
    full = world_config(world)
    kept = {*(one.attribute for one in world.truth.planted), *world.truth.noise[:NOISE_KEPT]}
    layers = full["attributes"]
    assert isinstance(layers, dict)
    chosen = {layer: {name: kind for name, kind in of.items() if name in kept} for layer, of in layers.items()}
    return {**full, "attributes": {layer: of for layer, of in chosen.items() if of}, "prospects": {"id": "domain"}}


def write_config(folder: Path, values: object) -> None:
    (folder / "icp.yaml").write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")


def as_csv(rows: Sequence[Row], delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def changed(rows: Sequence[Row], column: str, change: Callable[[int, str], str]) -> list[Row]:
    """The rows with each cell of a column replaced by what `change` makes of its place and its text."""
    return [{**row, column: change(place, row[column])} for place, row in enumerate(rows)]


def write_project(folder: Path, world: World) -> Path:
    """deals.csv, prospects.csv and icp.yaml in a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "deals.csv").write_text(as_csv(deal_rows(world)), encoding="utf-8")
    world.prospects.to_csv(folder / "prospects.csv", index=False)
    write_config(folder, config(world))
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
