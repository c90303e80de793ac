"""A project in a place of its own that can be filled, locked and taken away, and is put back for each fault.

    ROOM/project      deals, lists, a bundle that is live, one that is not, outputs of an earlier day
    ROOM/elsewhere    where commands are typed: the project is named by whole paths, as a network share is

As root the room is a small file system in memory, so that a full disk and a read-only one are real.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from icp_training.world import World, make_strong_world, world_config
from tests import forked_cli
from tests.cli_projects import Outcome, as_csv, deal_rows

SIZE: Final = 256 << 20
"""Bytes of the room's file system: ten times what the project takes."""
ROWS: Final = 24_000
AS_OF: Final = "2024-06-30"
SEED, DEALS = 3, 160
NAME: Final = "strong"
SCORECARD: Final = """\
name: points
kind: weighted-scorecard
attributes: {firmographic: {ownership: category}, behavioural: {research_score: number}}
weights:
  owner: {weight: 60, rules: [{attribute: ownership, exact: [private]}]}
  research: {weight: 40, rules: [{attribute: research_score, inside: [20, 60]}]}
prospects: {id: domain}
"""
TRAINS: Final = ("train", "@/icp.yaml", "--trials", "1")
ARMS: Final = ("--by", "ownership", "--arms", "private,public", "--list", "@/list.parquet")
PLANS: Final = ("plan", "@/scored.parquet", *ARMS, "--rate", "0.1", "--per-arm", "200")
SCORES: Final = ("score", "@/list.parquet", "--as-of", AS_OF, "--model", f"@/models/{NAME}/v1", "--threads", "1")


@dataclass(frozen=True)
class Room:
    """The place. is_mounted: whether it is a file system of its own."""

    place: Path
    is_mounted: bool

    @property
    def project(self) -> Path:
        """Where every fault finds the project."""
        return self.place / "project"

    @property
    def away(self) -> Path:
        """Where the project is while its share is lost."""
        return self.place / "away"

    @property
    def ballast(self) -> Path:
        """What fills the disk."""
        return self.place / "ballast"

    @property
    def elsewhere(self) -> Path:
        """The folder in which commands are typed."""
        return self.place / "elsewhere"

    def kept(self, state: str) -> Path:
        """A copy of the project in a state, on another file system."""
        return self.place.with_name(f"{self.place.name}-{state}")

    def words(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words of a command with the project's whole path in them."""
        return tuple(word.replace("@", str(self.project)) if word.startswith("@/") else word for word in words)

    def put_back(self, state: str) -> None:
        """The project as it was kept, and nothing else in the room."""
        for left in self.place.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()
        shutil.copytree(self.kept(state), self.project)
        self.elsewhere.mkdir()

    def keep(self, state: str) -> None:
        """Keep the project as it is now."""
        shutil.rmtree(self.kept(state), ignore_errors=True)
        shutil.copytree(self.project, self.kept(state))

    def free(self) -> int:
        """Bytes that can still be written."""
        return shutil.disk_usage(self.place).free

    def remount(self, how: str) -> None:
        """Make the file system "ro" or "rw"."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.place)], check=True)


@contextmanager
def made_room(place: Path) -> Iterator[Room]:
    """An empty room, which is gone afterwards with what was kept of it."""
    place.mkdir(parents=True)
    is_mounted = os.name == "posix" and os.geteuid() == 0
    if is_mounted:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "faults", str(place)], check=True)
    try:
        yield Room(place, is_mounted)
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)
        for left in place.parent.glob(f"{place.name}*"):
            shutil.rmtree(left, ignore_errors=True)


def at_home(project: Path) -> None:
    """What every command finds in its environment; called in its process."""
    os.environ["ICP_HOME"] = str(project)
    for name in ("MLFLOW_TRACKING_URI", "TZ"):
        os.environ.pop(name, None)


def done(room: Room, words: Sequence[str]) -> Outcome:
    """A command that nothing disturbs and that has to succeed."""
    found = forked_cli.run(room.elsewhere, room.words(words), partial(at_home, room.project))
    if found.code != 0:
        raise RuntimeError(f"icp {' '.join(words)} ended with {found.code}: {found.err}")
    return found


def furnish(room: Room, trained: Path) -> None:
    """Keep the project in its states: "bare" has nothing trained, of "live" v1 is live, of "newer" v2 after v1.

    trained: the bundle of an undisturbed training, which is made where it is not there.
    """
    room.project.mkdir()
    room.elsewhere.mkdir()
    _write_sources(room.project)
    room.keep("bare")
    first = room.project / "models" / NAME / "v1"
    if not trained.exists():
        done(room, TRAINS)
        trained.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(first, trained)
        room.put_back("bare")
    shutil.copytree(trained, first)
    done(room, ("promote", f"{NAME}/v1"))
    done(room, ("amend", f"{NAME}/v1", "--cut", "1=0.6", "--reason", "fewer in tier 1"))
    for output in ("@/scored.parquet", "@/old-parts"):
        more = ("--part-rows", "6000") if output == "@/old-parts" else ()
        done(room, (*SCORES, "-o", output, "--unusable", f"{output}.csv", "--reasons", "1", *more))
    done(room, ("report", f"{NAME}/v1", "-o", "@/report.html"))
    done(room, ("export", f"{NAME}/v1", "-o", "@/exports", "--all"))
    done(room, (*PLANS, "-o", "@/plan.csv", "--seed", "1"))
    (room.project / "rejected.csv").write_text("line,deal,reason\n", encoding="utf-8")
    (room.project / "list.sql").write_text("select * from companies order by domain", encoding="utf-8")
    room.keep("live")
    done(room, ("promote", f"{NAME}/v2"))
    room.keep("newer")


def _write_sources(project: Path) -> None:
    world = make_strong_world(SEED, deals=DEALS)
    rows = deal_rows(world)
    broken = [{**row, "opened_at": "soon"} if place % 40 == 7 else row for place, row in enumerate(rows)]
    (project / "deals.csv").write_text(as_csv(broken), encoding="utf-8")
    (project / "icp.yaml").write_text(yaml.safe_dump(_config(world), sort_keys=False), encoding="utf-8")
    (project / "points.yaml").write_text(SCORECARD, encoding="utf-8")
    pq.write_table(_long_list(world), project / "list.parquet")


def _config(world: World) -> dict[str, object]:
    """Three attributes, so that a training takes half a minute."""
    full = world_config(world)
    layers = full["attributes"]
    assert isinstance(layers, dict)
    planted = {one.attribute for one in world.truth.planted} - {"tools"}
    chosen = {layer: {name: kind for name, kind in of.items() if name in planted} for layer, of in layers.items()}
    return {**full, "attributes": {layer: of for layer, of in chosen.items() if of}, "prospects": {"id": "domain"}}


def _long_list(world: World) -> pa.Table:
    """The world's prospects again and again, each time under other names; one in fifty has none."""
    once = world.prospects.astype({"domain": "string"})
    times = -(-ROWS // len(once))
    table = pa.Table.from_pandas(once, preserve_index=False)
    long = pa.concat_tables([table] * times).slice(0, ROWS)
    names = [None if row % 50 == 49 else f"c{row}.example" for row in range(ROWS)]
    return long.set_column(long.schema.get_field_index("domain"), "domain", pa.array(names, pa.string()))
