"""How long training and scoring take, and how much memory they need. Prints a table; asserts nothing.

    train, evaluation included   2,000 deals x 40 attributes, 30 trials    target: under 150 seconds
    score with reasons           200,000 rows by that model                no target yet
    --full: train                78,025 deals, 30 trials                   target: under 12 minutes and 4 GiB
    --full: score with reasons   the same 78,025 rows                      no target yet

Each part is one `icp` command in a process of its own, in a folder that is removed afterwards: seconds are wall
seconds with starting and importing, CPU seconds are of all its threads (on a busy machine they tell what wall seconds
do not), memory is the most that the process ever held. The deals of --full are a
third-party set that is expected beside the project, in ../shared/data.

    python training/benchmarks/speed.py [--full] [--only-full] [--trials 30]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FULL_CONFIG = ROOT / "training" / "configs" / "ibm-deal.yaml"
DEALS, ATTRIBUTES, PROSPECTS, TRIALS = 2_000, 40, 200_000, 30
NOISE = 16
"""Noise attributes with which the world has 40 attributes in all."""
FULL_ROWS = 78_025
BYTES_A_UNIT = 1 if sys.platform == "darwin" else 1024
"""What one unit of `ru_maxrss` is."""


@dataclass(frozen=True)
class Cost:
    """What one process took: wall seconds, CPU seconds of all threads, and the most memory it ever held, in MiB."""

    seconds: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Part:
    """One line of the table. rows: deals learned from, or rows scored. target: in words."""

    what: str
    rows: int
    target: str
    words: tuple[str, ...]


def cost_of(words: Sequence[str], folder: Path) -> Cost:
    """Run `icp` with these words in `folder`; leaves with its exit code where that is not 0.

    This process must stay small: a child inherits its parent's memory as the least that it is said to have held.
    """
    start = time.perf_counter()
    with (folder / "said.txt").open("w+", encoding="utf-8") as said:
        command = [sys.executable, "-m", "icp_ml.cli.main", *words]
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"icp {' '.join(words)} ended with {process.returncode}:\n{said.read()}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * BYTES_A_UNIT / 2**20)


def synthetic_parts(folder: Path, trials: int) -> Iterator[Part]:
    """Train on the synthetic world that was written to `folder`, and score its list."""
    yield Part(
        f"train, {ATTRIBUTES} attributes, {trials} trials",
        DEALS,
        "under 150 s",
        ("train", "icp.yaml", "--trials", str(trials)),
    )
    yield Part("score with reasons", PROSPECTS, "none yet", ("score", "prospects.csv", "-o", "scored.parquet"))


def full_parts(folder: Path, trials: int) -> Iterator[Part]:
    """Train on the real set of 78,025 deals by its own configuration, moved to `folder`, and score all of it."""
    config = write_moved(FULL_CONFIG, folder)
    yield Part(
        f"train, {sum(map(len, config['attributes'].values()))} attributes, {trials} trials",
        FULL_ROWS,
        "under 720 s and 4,096 MiB",
        ("train", "icp.yaml", "--trials", str(trials)),
    )
    yield Part(
        "score with reasons", FULL_ROWS, "none yet", ("score", config["deals"]["source"], "-o", "scored.parquet")
    )


def write_moved(path: Path, folder: Path) -> dict[str, Any]:
    """A configuration as icp.yaml of another folder, its deals named from there; what stands in it."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    source = (path.parent / config["root"] / config["deals"]["source"]).resolve()
    moved: dict[str, Any] = {**config, "root": ".", "deals": {**config["deals"], "source": str(source)}}
    (folder / "icp.yaml").write_text(yaml.safe_dump(moved, sort_keys=False), encoding="utf-8")
    return moved


def write_synthetic(folder: Path) -> None:
    """The synthetic deals, list and configuration; in a process of its own, so that this one stays small."""
    subprocess.run([sys.executable, __file__, "--write-world", str(folder)], check=True)


def write_world_here(folder: Path) -> None:
    """What `write_synthetic` starts."""
    from icp_training.world import WorldSettings, make_world, world_config, write_world  # noqa: PLC0415 - heavy

    world = make_world(WorldSettings(deals=DEALS, prospects=PROSPECTS, noise=NOISE, seed=1, name="speed"))
    config = world_config(world)
    attributes = config["attributes"]
    found = sum(map(len, attributes.values())) if isinstance(attributes, dict) else 0
    if found != ATTRIBUTES:
        sys.exit(f"the synthetic world was expected to have {ATTRIBUTES} attributes and has {found}; change NOISE")
    write_world(world, folder)
    (folder / "icp.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def print_parts(parts: Iterator[Part], folder: Path) -> None:
    """Run the parts one after the other, a line for each as soon as it is done."""
    for part in parts:
        cost = cost_of(part.words, folder)
        print(
            f"| {part.what} | {part.rows:,} | {cost.seconds:.1f} | {cost.cpu:.1f} | {part.rows / cost.seconds:,.0f} "
            f"| {cost.memory:,.0f} | {part.target} |",
            flush=True,
        )


def measure(*, small: bool, full: bool, trials: int) -> None:
    """Print the table."""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}\n")
    print("| what | rows | seconds | CPU seconds | rows a second | peak MiB | target |")
    print("|---|---|---|---|---|---|---|", flush=True)
    if small:
        with tempfile.TemporaryDirectory() as folder:
            write_synthetic(Path(folder))
            print_parts(synthetic_parts(Path(folder), trials), Path(folder))
    if full:
        with tempfile.TemporaryDirectory() as folder:
            print_parts(full_parts(Path(folder), trials), Path(folder))


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also the set of 78,025 deals")
    parser.add_argument("--only-full", action="store_true", help="that set and nothing else")
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--write-world", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.write_world is not None:
        write_world_here(asked.write_world)
        return
    wanted = asked.full or asked.only_full
    is_there = (ROOT.parent / "shared" / "data").is_dir()
    measure(small=not asked.only_full, full=wanted and is_there, trials=asked.trials)
    if wanted and not is_there:
        print("\nThe set of 78,025 deals is expected in ../shared/data beside the project, and is not there: left out.")


if __name__ == "__main__":
    main()
